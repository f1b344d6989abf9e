"""The figure of clips that each side wins."""

import pandas as pd

from avbaselines.reports.flips import draw_flips


def table(groups):
    rows = [("s1", "theirs"), ("s1", "theirs"), ("s1", "ours"), ("s2", "ours"), ("s2", "neither")] * groups
    names = [f"{name}-{number // 5}" for number, (name, _) in enumerate(rows)] if groups > 1 else [n for n, _ in rows]
    return pd.DataFrame({"group": names, "better": [won for _, won in rows], "system": "deep", "target": "mood"})


def test_each_group_shows_what_share_each_side_wins():
    drawing = draw_flips(table(1), "deep", "mood", "svr")
    assert drawing.svg and drawing.title == "mood: clips won by deep and by svr"
    assert drawing.alt == "Share of clips won in each of 2 groups; deep wins most in s1 (.67), svr in s2 (.50)."
    assert drawing.caption.startswith("deep wins 2 clips, svr 2 of 5; deep wins more clips than it loses in 1 of 2")
    assert ">s1<" in drawing.svg


def test_many_groups_go_without_names_and_no_clips_without_figure():
    assert ">s1-0<" not in draw_flips(table(30), "deep", "mood", "svr").svg
    assert draw_flips(table(1), "net", "mood", "svr").caption == "not applicable: no clips of net"
