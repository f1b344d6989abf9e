"""Figures, intervals, captions and remarks as every rendering writes them."""

import math

import pandas as pd
import pytest

from avbaselines.reports import words
from avbaselines.reports.leaderboard import leaderboard


@pytest.fixture
def board(results, heading):
    return leaderboard(results, heading)


def row_of(board, system):
    return next(row for row in board.rows if row.system == system)


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [(0.617, 2, ".62"), (-0.05, 2, "-.05"), (1.2, 2, "1.20"), (-0.001, 2, ".00"), (math.nan, 2, ""), (0.5, 3, ".500")],
)
def test_a_figure_goes_without_its_leading_zero(value, digits, text):
    assert words.number(value, digits) == text


def test_an_interval_needs_both_ends(board):
    cell = next(iter(row_of(board, "late-ridge").cells.values()))
    assert words.interval(cell).startswith("[") and words.interval(cell).endswith("]")
    assert words.interval(cell._replace(low=math.nan)) == words.interval(cell._replace(high=math.nan)) == ""


@pytest.mark.parametrize(
    ("numbers", "text"), [((), ""), ((480,), "480 clips"), ((460, 480), "460 to 480 clips"), ((12000,), "12,000 clips")]
)
def test_counts_are_one_number_or_a_span(numbers, text):
    assert words.counted(numbers, "clips") == text


def test_the_caption_tells_metric_interval_counts_protocols_and_marks(board):
    text = " ".join(words.caption(board))
    assert text.startswith("CCC [95 % intervals by resampling speakers]; 480 clips of 24 groups; pooled over clips.")
    assert "Protocol honest: everything is learnt on training speakers" in text
    assert "★ the suite's answer" in text and "▲ (bold): best measured figure" in text
    assert "† reported by its authors" in text and "predictions of others" not in text
    assert "Bold: best measured figure" in " ".join(words.caption(board, words.MARKS | {"best": "bold"}))


def test_failed_and_reported_rows_have_a_line_of_their_own(board):
    lines = {row.system: text for row, text in words.remarks(board)}
    assert lines["xgboost-face"] == "failed: MemoryError: 12 GiB asked for"
    assert lines["Deep A"] == "Table 3 of Smith & Co."
    assert lines["Deep_B"].startswith("not comparable: protocol 'paper' was not measured here")
    assert "late-ridge" not in lines


def test_a_cell_says_failed_dash_value_and_what_is_not_comparable(board):
    column = board.columns[0]
    assert words.figure(board, row_of(board, "xgboost-face"), column, 2, words.MARKS) == ("failed", "")
    assert words.figure(board, row_of(board, "Deep A"), board.columns[0], 2, words.MARKS)[1] == ""
    arousal = next(column for column in board.columns if column.target == "arousal")
    assert words.figure(board, row_of(board, "late-ridge"), arousal, 2, words.MARKS) == (".67", "[.60, .73]")
    assert words.figure(board, row_of(board, "Deep_B"), arousal, 2, words.MARKS) == ("(.70)", "")
    valence = next(column for column in board.columns if column.target == "valence")
    assert words.figure(board, row_of(board, "Deep_B"), valence, 2, words.MARKS) == ("–", "")


def test_marks_stand_for_picked_reported_and_imported(board, results, heading):
    assert words.name_marks(row_of(board, "late-ridge"), words.MARKS) == "★"
    assert words.name_marks(row_of(board, "Deep A"), words.ASCII_MARKS) == "+"
    imported = pd.concat([results, results[results["system"] == "svr-face"].assign(system="wav2vec", kind="imported")])
    assert words.name_marks(row_of(leaderboard(imported, heading), "wav2vec"), words.MARKS) == "‡"


def test_heads_of_columns(board):
    heads = [words.column_heads(board, column) for column in board.columns]
    assert ["mean", "CCC"] in heads and ["arousal"] in heads and ["valence"] in heads
