"""The identity table and its figure."""

import pandas as pd
import pytest
from rich.console import Console

from avbaselines.reports.identity import render_identity, render_identity_markdown, trade_off


def row(system, metric, value, *, speakers=None, erasure="raw", strength="tuned", probed="features", note=""):
    return {
        "system": system, "probed": probed, "modalities": "audio", "erasure": erasure, "strength": strength,
        "speakers": speakers, "metric": metric, "value": value, "ci_low": value - 0.1, "ci_high": value + 0.1,
        "note": note,
    }  # fmt: skip


@pytest.fixture
def table():
    erased = {"erasure": "leace"}
    rows = [
        row("audio", "emotion", 0.6),
        *(row("audio", "identity_linear", value, speakers=who) for who, value in (("seen", 0.9), ("unseen", 0.8))),
        row("audio", "eer", 0.2, speakers="unseen"),
        row("audio+leace", "emotion", 0.59, note="speakers erased by leace", **erased),
        row("audio+leace", "emotion_loss", 0.01, **erased),
        *(row("audio+leace", "identity_linear", value, speakers=who, **erased)
          for who, value in (("seen", 0.0), ("unseen", 0.4))),
        *(row("audio+leace", "disentanglement", value, speakers=who, **erased)
          for who, value in (("seen", 0.95), ("unseen", 0.5))),
        row("svr", "identity_linear", 0.3, speakers="unseen", probed="predictions"),
        {"system": "network", "probed": "reported", "metric": "eer", "value": 0.31, "note": "abstract"},
    ]  # fmt: skip
    for strength, erasure in (("0", "raw"), ("0.5", "leace"), ("1", "leace")):
        for speakers, value in (("seen", 0.9), ("unseen", 0.8)):
            left = value - float(strength) / 2
            rows.append(row("audio", "identity_linear", left, speakers=speakers, erasure=erasure, strength=strength))
        rows.append(row("audio", "emotion", 0.6 - float(strength) / 100, erasure=erasure, strength=strength))
    return pd.DataFrame(rows)


def test_markdown_has_a_column_a_figure_and_kind_of_speakers(table):
    lines = render_identity_markdown(table, "uar", ["A note."], max_loss=0.02).splitlines()
    head = "| representation | UAR | lost | linear, seen | linear, unseen | EER | cut, seen | cut, unseen |"
    assert head in lines and "| system | linear, unseen |" in lines
    figures = [".600 [.500, .700]", "", ".900 [.800, 1.000]", ".800 [.700, .900]", ".200 [.100, .300]", "", ""]
    assert f"| audio | {' | '.join(figures)} |" in lines and "- audio+leace: speakers erased by leace" in lines
    assert lines[-1] == "A note." and "† network: eer .31, reported, not comparable (abstract)  " in lines


def test_the_verdict_names_the_erasures_that_cut_enough_and_cost_little(table):
    text = render_identity_markdown(table, "uar", [], max_loss=0.02)
    assert "audio: linear identity cut by 80% or more at a loss within .02: leace (seen speakers)." in text
    assert "by no erasure" in render_identity_markdown(table, "uar", [], max_loss=0.001)


def test_the_terminal_has_seen_and_unseen_speakers_in_one_column(table):
    console = Console(width=100, color_system=None)
    with console.capture() as capture:
        console.print(render_identity(table, "uar", [], 0.02))
    lines = capture.get().splitlines()
    assert any(line.split()[:2] == ["representation", "UAR"] and "linear *" in line for line in lines)
    assert any(line.split() == ["audio", ".60", ".90/.80", ".20"] for line in lines)
    assert any(line.split() == ["audio+leace", ".59", ".01", ".00/.40", ".95/.50"] for line in lines)
    assert any(line.split() == ["svr", ".30"] for line in lines)


def test_the_trade_off_starts_from_the_features_as_they_are(table):
    [drawing] = trade_off(table, "uar")
    assert drawing.title == "audio: identity against emotion"
    assert drawing.alt.startswith("audio: as they are identity .80 of unseen and .90 of seen speakers, UAR .60; leace")
    assert [line[1] for line in drawing.table[1:]] == ["0", "0.5", "1"]
