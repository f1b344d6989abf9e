"""The identity table in each form, and the figure of what an erasure costs."""

import io
import math

import pandas as pd
import pytest
from rich.console import Console

from avbaselines.reports.identity import render_identity, render_identity_markdown, trade_off

MEASURED = [
    # system, erasure, strength, metric, speakers, value
    ("audio", "raw", "tuned", "emotion", None, 0.62), ("audio", "raw", "tuned", "identity_linear", "seen", 0.8),
    ("audio", "raw", "tuned", "identity_linear", "unseen", 0.7), ("audio", "raw", "tuned", "eer", "unseen", 0.1),
    ("audio+leace", "leace", "tuned", "emotion", None, 0.61),
    ("audio+leace", "leace", "tuned", "emotion_loss", None, 0.01),
    ("audio+leace", "leace", "tuned", "identity_linear", "seen", 0.02),
    ("audio+leace", "leace", "tuned", "identity_linear", "unseen", 0.35),
    ("audio+leace", "leace", "tuned", "disentanglement", "seen", 0.975),
    ("audio+leace", "leace", "tuned", "disentanglement", "unseen", 0.5),
    *(("audio", "raw", "0", metric, speakers, value) for metric, speakers, value in
      (("emotion", None, 0.62), ("identity_linear", "seen", 0.8), ("identity_linear", "unseen", 0.7))),
    *(("audio", "leace", "1", metric, speakers, value) for metric, speakers, value in
      (("emotion", None, 0.61), ("identity_linear", "seen", 0.02), ("identity_linear", "unseen", 0.35))),
    ("audio", "leace", "0.5", "emotion", None, 0.6),
]  # fmt: skip


@pytest.fixture
def table():
    rows = [
        {"probed": "features", "modalities": "audio", "system": system, "erasure": erasure, "strength": strength,
         "metric": metric, "speakers": speakers, "value": value, "ci_low": value - 0.05, "ci_high": value + 0.05,
         "note": f"note on {system}"}
        for system, erasure, strength, metric, speakers, value in MEASURED
    ]  # fmt: skip
    reported = dict(rows[0], probed="reported", system="network", erasure="", strength="", metric="disentanglement",
                    speakers=None, value=0.13, ci_low=math.nan, ci_high=math.nan, note="abstract")  # fmt: skip
    return pd.DataFrame([*rows, reported])


def test_markdown_has_figures_intervals_verdict_and_what_others_reported(table):
    text = render_identity_markdown(table, "uar", ["A note."], 0.02)
    assert "# Who is speaking?" in text and "## Speakers told from features" in text
    assert "from the predictions" not in text
    assert "| representation | UAR | lost | linear, seen | linear, unseen | EER | cut, seen | cut, unseen |" in text
    assert "| audio+leace | .610 [.560, .660] | .010 [-.040, .060] | .020 [-.030, .070] |" in text
    assert "audio: linear identity cut by 80% or more at a loss within .02: leace (seen speakers)." in text
    assert "† network: disentanglement .13, reported, not comparable (abstract)" in text
    assert "- audio+leace: note on audio+leace" in text and "A note." in text


def test_what_costs_more_than_agreed_is_by_no_erasure(table):
    assert "at a loss within .01: leace" in render_identity_markdown(table, "uar", [], 0.01)
    assert "at a loss within .00: by no erasure" in render_identity_markdown(table, "uar", [], 0.001)


def test_the_terminal_sets_seen_beside_unseen(table):
    console = Console(file=io.StringIO(), width=100)
    console.print(render_identity(table, "uar", [], 0.02))
    shown = console.file.getvalue()
    assert ".80/.70" in shown and ".02/.35" in shown and "Intervals are in identity.md" in shown


def test_a_drawing_a_set_of_modalities_with_every_whole_strength(table):
    (drawing,) = trade_off(table, "uar")
    assert drawing.title == "audio: identity against emotion"
    assert drawing.table[1:] == [["leace", "0", ".620", ".800", ".700"], ["leace", "1", ".610", ".020", ".350"]]
    assert "leace at strength 1: identity .35 of unseen and .02 of seen speakers, UAR .61" in drawing.alt


def test_nothing_erased_nothing_drawn(table):
    assert trade_off(table[table["strength"] == "tuned"], "uar") == []
