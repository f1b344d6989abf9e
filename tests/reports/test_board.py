"""The rows of a board, and what their remarks make of them."""

import math

from made_results import POOLED, RESUBSTITUTION, TRANSDUCTIVE, changed, of, result, source

from avbaselines.reports.ranking import leaderboard
from avbaselines.results_table import Remark, RemarkKind


def row(board, system):
    return next(row for row in board.rows if row.system == system)


def test_labels_come_from_the_kinds_of_remarks_not_from_words(results, heading):
    word = Remark(RemarkKind.FIT, "a transductive word")
    labelled = (Remark(RemarkKind.NOT_ABOVE_MEAN, "not above the mean (m)"), RESUBSTITUTION, TRANSDUCTIVE)
    board = leaderboard(changed(results, "early", remarks=(word, *labelled)), heading)
    assert row(board, "early").labels == ("transductive", "resubstitution", "not above the mean")
    assert row(board, "svr-audio-by-speaker").labels == ("transductive",)
    words_alone = leaderboard(changed(results, "early", remarks=(word,)), heading)
    assert row(words_alone, "early").labels == ()
    reported = leaderboard(changed(results, "Deep A", remarks=source("resubstitution of test clips")), heading)
    assert row(reported, "Deep A").labels == ()


def test_remarks_that_all_measured_rows_share_are_made_once(results, heading):
    board = leaderboard(results, heading)
    assert board.common == (POOLED,) and row(board, "svr-audio").remarks == ()
    assert row(board, "svr-audio-by-speaker").note == TRANSDUCTIVE.text
    assert RemarkKind.POOLED in row(board, "svr-audio").kinds
    alone = leaderboard(of(results, system="svr-audio"), heading)
    assert alone.common == () and alone.rows[0].note == "pooled over clips"


def test_a_label_that_all_rows_share_still_stands_beside_each(results, heading):
    board = leaderboard(changed(of(results, kind="measured"), remarks=(RESUBSTITUTION,)), heading)
    assert RESUBSTITUTION in board.common and {row.labels for row in board.rows} == {("resubstitution",)}


def test_a_value_is_that_of_the_column_s_metric(results, heading):
    board = leaderboard(results, heading)
    arousal = board.columns[1]
    assert row(board, "svr-audio").value(arousal) == 0.58 and math.isnan(row(board, "Deep C").value(arousal))
    assert math.isnan(row(board, "Deep C").value(board.columns[2]))


def test_protocols_are_those_measured(results, heading):
    board = leaderboard(results, heading)
    assert board.protocols == ("honest",) and not board.shows_protocol
    both = leaderboard([*results, result("svr", "mean", protocol="paper")], heading)
    assert set(both.protocols) == {"honest", "paper"} and both.shows_protocol
