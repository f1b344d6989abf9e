"""Scores under masking, in Markdown, in the terminal and drawn."""

import numpy as np
import pandas as pd
import pytest
from rich.console import Console

from avbaselines.reports.masking import draw, render_markdown, render_terminal, verdict

LEFT = "best on what is left"


@pytest.fixture
def table():
    """Two systems and the reference where nothing, one source and shares of clips' sources are missing."""
    conditions = [("all", "", 0.0), ("only audio", "", np.nan)]
    conditions += [(f"{share:.0%} by clip", "clip", share) for share in (0.2, 0.5, 0.8)]
    rows = [
        {"condition": condition, "by": by, "share": share, "system": system, "target": target, "metric": "ccc",
         "picked": "yes" if system == "late" else "", "value": 0.6 - number / 10,
         "below": system == "early" and condition == "only audio" and target == "arousal"}
        for target in ("arousal", "mean")
        for number, (condition, by, share) in enumerate(conditions)
        for system in ("late", "early", LEFT)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def test_markdown_has_a_table_a_target_the_mean_last(table):
    lines = render_markdown(table, ["A note."]).splitlines()
    assert lines[:3] == ["# Missing modalities", "", "A note."]
    assert [line for line in lines if line.startswith("## ")] == ["## arousal (ccc)", "## mean (ccc)"]
    assert "| condition | late (picked) | early | best on what is left |" in lines
    assert "| only audio | .50 | .50 ! | .50 |" in lines and lines[-1] == verdict(table)


def test_the_verdict_counts_what_falls_below(table):
    assert verdict(table).endswith("(marked !): early (1 of 10 cells).")
    assert verdict(table.assign(below=False)).startswith("No system falls below")


def test_the_terminal_shows_the_mean_and_the_middle_share_alone(table):
    console = Console(width=100, color_system=None)
    with console.capture() as capture:
        console.print(render_terminal(table, []))
    text = capture.get()
    assert text.startswith("Missing modalities, mean") and "50% by clip" in text and "20% by clip" not in text
    assert next(line for line in text.splitlines() if "early" in line).split() == ["early", ".60", ".50", ".30"]


def test_a_line_a_system_over_the_share_of_clips(table):
    [drawing] = draw(table, LEFT)
    assert drawing.title == "mean: missing modalities by clip" and "late from .60 to .20" in drawing.alt
    assert drawing.caption.endswith(f"Dashed: {LEFT}.")


def test_without_random_shares_nothing_is_drawn(table):
    [drawing] = draw(table[table["by"] == ""], LEFT)
    assert not drawing.svg and "no random shares" in drawing.caption
