"""The leaderboard made from result rows."""

import math
from dataclasses import replace

import pytest
from made_results import POOLED, RESUBSTITUTION, changed, of, result

from avbaselines.errors import InputError
from avbaselines.reports.heading import Heading
from avbaselines.reports.ranking import leaderboard
from avbaselines.results_table import Remark, RemarkKind


def order(board):
    return [row.system for row in board.rows]


def row(board, system):
    return next(row for row in board.rows if row.system == system)


def test_rows_are_sorted_by_mean_with_reported_interleaved_and_failed_last(results, heading):
    assert order(leaderboard(results, heading)) == [
        "Deep_B", "late-ridge", "late-matched-mean", "Deep A", "early", "late-mean", "svr-audio-by-speaker",
        "svr-audio", "svr-face", "Deep C", "xgboost-face",
    ]  # fmt: skip


def test_names_that_end_like_a_number_stay_whole(results, heading):
    assert "wav2vec 2.0" in order(leaderboard(changed(results, "Deep A", system="wav2vec 2.0"), heading))


def test_columns_are_mean_and_targets_in_the_study_metric(results, heading):
    board = leaderboard(results, heading)
    assert [column[:2] for column in board.columns] == [("mean", "ccc"), ("arousal", "ccc"), ("valence", "ccc")]
    assert row(board, "late-ridge").cells["arousal", "ccc"][:3] == pytest.approx((0.67, 0.60, 0.73))
    assert board.n_clips == (480,) and board.n_groups == (24,) and board.common == (POOLED,)


def test_best_is_chosen_among_measured_rows_only(results, heading):
    best = {(system, target) for _, system, target, _ in leaderboard(results, heading).best}
    assert best == {("late-ridge", "mean"), ("late-matched-mean", "arousal"), ("late-ridge", "valence")}


def test_a_resubstitution_row_is_never_best(results, heading):
    board = leaderboard(changed(results, "late-matched-mean", remarks=(RESUBSTITUTION,)), heading)
    assert row(board, "late-matched-mean").labels == ("resubstitution",)
    assert not any(system == "late-matched-mean" for _, system, _, _ in board.best)


def test_only_agreeing_protocol_split_and_metric_compare(results, heading):
    results = changed(results, "svr-audio", kind="imported")
    board = leaderboard(results, heading)
    assert row(board, "Deep A").comparable and row(board, "svr-audio").comparable
    assert "protocol 'paper'" in row(board, "Deep_B").reason
    assert "PCC only" in row(board, "Deep C").reason
    results = changed(results, "Deep A", split="devel")
    assert "evaluated on 'devel'" in row(leaderboard(results, heading), "Deep A").reason


def test_a_reported_figure_of_a_measured_split_stands_on_that_board_only(results, heading):
    other = changed(of(results, system="late-ridge"), split="split1")
    both = changed(results, "Deep A", split="split1") + other
    assert "Deep A" not in order(leaderboard(both, heading))
    assert order(leaderboard(both, heading, "split1")) == ["late-ridge", "Deep A"]
    with pytest.raises(InputError, match="choose one of all, split1"):
        leaderboard(both, heading, "split9")


def test_the_only_split_stands_for_all(results, heading):
    assert leaderboard(changed(results, split="test"), heading).split == "test"


def test_a_run_without_a_row_is_refused(heading):
    with pytest.raises(InputError, match="no row for 'all'; run the study first"):
        leaderboard([result("svr", "speaker", "identity_linear")], heading)


def test_a_mean_absent_from_a_source_is_computed_without_interval(results, heading):
    cell = row(leaderboard(results, heading), "Deep A").cells["mean", "ccc"]
    assert cell.value == pytest.approx(0.62) and math.isnan(cell.low)
    assert math.isnan(row(leaderboard(results, heading), "Deep_B").cells.get(("mean", "ccc"), (math.nan,))[0])


def test_one_target_shows_its_other_metrics_and_no_mean(results):
    board = leaderboard(of(results, target="arousal"), Heading("x", [("arousal", "ccc", "regression")]))
    assert [column.label for column in board.columns] == ["arousal CCC", "PCC", "RMSE"]
    assert order(board)[0] == "Deep_B" and order(board)[1] == "late-matched-mean"


def test_errors_rank_the_other_way_round(results):
    board = leaderboard(results, Heading("x", [("arousal", "rmse", "regression"), ("valence", "rmse", "regression")]))
    assert order(board)[0] == "late-ridge"
    assert ("honest", "late-ridge", "mean", "rmse") in board.best


def test_many_targets_show_means_of_every_metric(results):
    names = [f"trait{number}" for number in range(16)]
    parts = [row for name in names for row in changed(of(results, target="arousal"), target=name)]
    board = leaderboard(
        parts + of(results, target="mean"),
        Heading("x", [(name, "ccc", "regression") for name in names]),
    )
    assert [column.label for column in board.columns] == ["mean CCC", "mean PCC", "mean RMSE"]


def test_differing_metrics_have_no_mean_and_name_their_metric(results):
    board = leaderboard(results, Heading("x", [("arousal", "ccc", "regression"), ("valence", "pcc", "regression")]))
    assert [column.label for column in board.columns] == ["arousal CCC", "valence PCC"]


def test_two_protocols_have_a_best_each(results, heading):
    paper = changed(of(results, system="late-mean"), protocol="paper", value=0.9, remarks=(RESUBSTITUTION,))
    board = leaderboard(paper + results, heading)
    assert board.protocols == ("paper", "honest") and board.shows_protocol
    assert row(board, "Deep_B").comparable
    assert ("honest", "late-ridge", "mean", "ccc") in board.best


def test_a_reported_mean_over_splits_is_set_beside_the_picked_system_s_mean(results, heading):
    mean = changed(of(results, system="late-ridge", metric="ccc"), split="all-mean", value=0.5, ci_low=0.4, ci_high=0.6)
    spread = Remark(RemarkKind.SPREAD, "0.450 to 0.550 over 5 splits (deviation 0.040)")
    mean = [replace(row, remarks=(*row.remarks, spread)) for row in mean]
    board = leaderboard([*changed(results, "Deep A", split="all-mean"), *mean], heading)
    [deep] = [row for row in board.rows if row.system == "Deep A"]
    own = f"mean over splits .500 [.400, .600], {spread.text}"
    assert deep.reason == f"splits put together otherwise (picked system: {own})"
    assert len([row for row in board.rows if row.system == "late-ridge"]) == 1
    # On the board of that way it stands among those it may be compared with.
    board = leaderboard([*changed(results, "Deep A", split="all-mean"), *mean], heading, "all-mean")
    assert [row.comparable for row in board.rows if row.system == "Deep A"] == [True]
