"""Scores under masking, in each form."""

import io

import pandas as pd
import pytest
from rich.console import Console

from avbaselines.reports.masking import draw, render_markdown, render_terminal, verdict

LEFT = "best on what is left"


def rows(target, below=()):
    made = []
    for condition, share, by, values in (
        ("all", 0.0, "", (0.7, 0.6)), ("only voice", None, "", (0.4, 0.5)), ("20% by clip", 0.2, "clip", (0.6, 0.55)),
        ("80% by clip", 0.8, "clip", (0.3, 0.45)), ("80% by group", 0.8, "group", (0.5, 0.5)),
    ):  # fmt: skip
        for system, value in zip(("late-mean", LEFT), values, strict=True):
            made.append({
                "condition": condition, "share": share, "by": by, "system": system, "target": target, "metric": "ccc",
                "value": value, "below": system == "late-mean" and condition in below,
                "picked": "yes" if system == "late-mean" else "",
            })  # fmt: skip
    return made


@pytest.fixture
def table():
    return pd.DataFrame(rows("mean") + rows("arousal", below=("80% by clip",)))


def test_markdown_has_a_table_a_target_with_marks(table):
    text = render_markdown(table, ["A note."])
    assert text.index("## arousal (ccc)") < text.index("## mean (ccc)") and "A note." in text
    assert f"| condition | late-mean (picked) | {LEFT} |" in text
    assert "| 80% by clip | .30 ! | .45 |" in text and "| 80% by clip | .30 | .45 |" in text
    assert "late-mean (1 of 10 cells)" in text


def test_the_verdict_without_a_fall(table):
    assert verdict(table.assign(below=False)).startswith("No system falls below")


def test_the_terminal_shows_the_mean_and_the_middle_share(table):
    console = Console(file=io.StringIO(), width=120)
    console.print(render_terminal(table, []))
    shown = console.file.getvalue()
    assert "Missing modalities, mean" in shown and "80% by clip" in shown and "only voice" in shown
    assert "20% by clip" not in shown


def test_a_figure_for_clips_and_one_for_groups(table):
    clip, group = draw(table, LEFT)
    assert clip.title == "mean: missing modalities by clip" and group.title == "mean: missing modalities by group"
    assert "late-mean from .70 to .30" in clip.alt and f"{LEFT} from .60 to .45" in clip.alt
    assert f"Dashed: {LEFT}" in clip.caption and clip.svg.startswith("<svg")


def test_without_random_shares_there_is_no_figure(table):
    (place,) = draw(table[table["by"] == ""], LEFT)
    assert place.svg == "" and "no random shares" in place.caption
