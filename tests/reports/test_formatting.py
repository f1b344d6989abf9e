"""Figures, intervals, captions and remarks as they are written."""

import math
from dataclasses import replace

import pytest
from made_results import POOLED, changed, of, result, source

from avbaselines.reports.formatting import (
    ASCII_MARKS,
    MARKS,
    caption,
    counted,
    figure,
    interval,
    name_marks,
    number,
    row_remarks,
)
from avbaselines.reports.ranking import leaderboard


def row(board, system):
    return next(row for row in board.rows if row.system == system)


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.617, ".62"), (-0.05, "-.05"), (1.2, "1.20"), (-0.001, ".00"), (float("nan"), ""), (1.0, "1.00")],
)
def test_numbers_go_without_leading_zero(value, text):
    assert number(value) == text


def test_an_interval_needs_both_ends():
    assert interval(0.1, 0.2, 3) == "[.100, .200]"
    assert interval(0.1, math.nan) == interval(math.nan, 0.2) == ""


@pytest.mark.parametrize(("numbers", "text"), [((), ""), ((480,), "480 clips"), ((46, 1480), "46 to 1,480 clips")])
def test_counts(numbers, text):
    assert counted(numbers, "clips") == text


def test_a_cell_names_another_metric_and_stands_in_parentheses_where_it_does_not_compare(results, heading):
    board = leaderboard(results, heading)
    arousal = board.columns[1]
    assert figure(board, row(board, "svr-audio"), arousal, 2, MARKS) == (".58", "[.51, .64]")
    assert figure(board, row(board, "Deep_B"), arousal, 2, MARKS) == ("(.70)", "")
    assert figure(board, row(board, "Deep C"), arousal, 2, MARKS) == ("(.72 PCC)", "")
    assert figure(board, row(board, "Deep C"), board.columns[2], 2, ASCII_MARKS) == ("-", "")
    assert figure(board, row(board, "xgboost-face"), board.columns[0], 2, MARKS) == ("failed", "")


def test_the_caption_says_metric_interval_counts_and_what_marks_mean(results, heading):
    lines = caption(leaderboard(results, heading))
    assert lines[0] == "CCC [95 % intervals by resampling speakers]; 480 clips of 24 groups; pooled over clips."
    assert lines[1] == "Protocol honest: everything is learnt on training speakers"
    assert [line.split()[0] for line in lines[2:]] == ["★", "▲", "†"]
    bold = caption(leaderboard(results, heading), MARKS | {"best": "bold"})
    assert bold[3].startswith("Bold: best measured figure")


def test_the_caption_of_a_split_without_intervals_or_choice(heading):
    rows = [result("svr", "arousal", split="test"), result("theirs", "arousal", split="test", kind="imported")]
    lines = caption(leaderboard(rows, replace(heading, protocols={}, notes=["A note."])))
    assert lines[0] == "CCC [no intervals: too few groups to resample]; split test."
    assert lines[1] == "Protocol: honest." and lines[-1] == "A note."
    assert lines[-2].startswith("‡ predictions of others")


def test_remarks_give_reasons_and_sources(results, heading):
    results = changed(results, "Deep A", remarks=())
    said = {row.system: text for row, text in row_remarks(leaderboard(results, heading))}
    assert said["xgboost-face"] == "failed: MemoryError: 12 GiB asked for"
    assert said["Deep_B"] == "not comparable: protocol 'paper' was not measured here; matching learnt on test clips"
    assert said["Deep A"] == "no source was recorded" and said["Deep C"].endswith("PCC only; Table 5")
    assert len(said) == 4
    silent = changed(results, "xgboost-face", remarks=())
    assert dict(
        (row.system, text) for row, text in row_remarks(leaderboard(silent, heading))
    )["xgboost-face"] == "failed: no reason was recorded"  # fmt: skip


def test_marks_of_names(results, heading):
    board = leaderboard(changed(results, "early", kind="imported"), heading)
    assert [name_marks(row(board, name), MARKS) for name in ("late-ridge", "early", "Deep A", "svr-face")] == [
        "★", "‡", "†", "",
    ]  # fmt: skip


def test_a_source_that_several_figures_share_is_given_once(results, heading):
    twice = of(results, kind="measured") + changed(of(results, system="Deep A"), remarks=(*source("Table 3"), POOLED))
    said = dict((row.system, text) for row, text in row_remarks(leaderboard(twice, heading)))
    assert said["Deep A"] == "Table 3; pooled over clips"
