"""The pivot from results to leaderboard."""

import math

import pandas as pd
import pytest

from avbaselines.errors import InputError
from avbaselines.reports.board import leaderboard
from avbaselines.reports.heading import Heading


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
    results.loc[results.system == "Deep A", "system"] = "wav2vec 2.0"
    assert "wav2vec 2.0" in order(leaderboard(results, heading))


def test_columns_are_mean_and_targets_in_the_study_metric(results, heading):
    board = leaderboard(results, heading)
    assert [column[:2] for column in board.columns] == [("mean", "ccc"), ("arousal", "ccc"), ("valence", "ccc")]
    assert row(board, "late-ridge").cells["arousal", "ccc"][:3] == pytest.approx((0.67, 0.60, 0.73))
    assert board.n_clips == (480,) and board.n_groups == (24,) and board.common_note == "pooled over clips"


def test_best_is_chosen_among_measured_rows_only(results, heading):
    best = {(system, target) for _, system, target, _ in leaderboard(results, heading).best}
    assert best == {("late-ridge", "mean"), ("late-matched-mean", "arousal"), ("late-ridge", "valence")}


def test_a_resubstitution_row_is_never_best(results, heading):
    results.loc[results.system == "late-matched-mean", "note"] = "resubstitution: matching learnt on evaluated clips"
    board = leaderboard(results, heading)
    assert row(board, "late-matched-mean").labels == ("resubstitution",)
    assert not any(system == "late-matched-mean" for _, system, _, _ in board.best)


def test_only_agreeing_protocol_split_and_metric_compare(results, heading):
    results.loc[results.system == "svr-audio", "kind"] = "imported"
    board = leaderboard(results, heading)
    assert row(board, "Deep A").comparable and row(board, "svr-audio").comparable
    assert "protocol 'paper'" in row(board, "Deep_B").reason
    assert "PCC only" in row(board, "Deep C").reason
    results.loc[results.system == "Deep A", "split"] = "devel"
    assert "evaluated on 'devel'" in row(leaderboard(results, heading), "Deep A").reason


def test_a_reported_figure_of_a_measured_split_stands_on_that_board_only(results, heading):
    other = results[results.system == "late-ridge"].assign(split="split1")
    results.loc[results.system == "Deep A", "split"] = "split1"
    both = pd.concat([results, other])
    assert "Deep A" not in order(leaderboard(both, heading))
    assert order(leaderboard(both, heading, "split1")) == ["late-ridge", "Deep A"]
    with pytest.raises(InputError, match="choose one of all, split1"):
        leaderboard(both, heading, "split9")


def test_the_only_split_stands_for_all(results, heading):
    assert leaderboard(results.assign(split="test"), heading).split == "test"


def test_empty_strings_are_missing_values_and_text_is_refused(results, heading):
    blank = results.astype(object).where(results.notna(), "")
    assert order(leaderboard(blank, heading)) == order(leaderboard(results, heading))
    blank.loc[0, "value"] = "a lot"
    with pytest.raises(InputError, match="results.csv/value: not a number"):
        leaderboard(blank, heading)
    with pytest.raises(InputError, match="results.csv/status: column missing"):
        leaderboard(results.drop(columns="status"), heading)


def test_a_mean_absent_from_a_source_is_computed_without_interval(results, heading):
    cell = row(leaderboard(results, heading), "Deep A").cells["mean", "ccc"]
    assert cell.value == pytest.approx(0.62) and math.isnan(cell.low)
    assert math.isnan(row(leaderboard(results, heading), "Deep_B").cells.get(("mean", "ccc"), (math.nan,))[0])


def test_one_target_shows_its_other_metrics_and_no_mean(results):
    board = leaderboard(results[results.target == "arousal"], Heading("x", [("arousal", "ccc", "regression")]))
    assert [column.label for column in board.columns] == ["arousal CCC", "PCC", "RMSE"]
    assert order(board)[0] == "Deep_B" and order(board)[1] == "late-matched-mean"


def test_errors_rank_the_other_way_round(results):
    board = leaderboard(results, Heading("x", [("arousal", "rmse", "regression"), ("valence", "rmse", "regression")]))
    assert order(board)[0] == "late-ridge"
    assert ("honest", "late-ridge", "mean", "rmse") in board.best


def test_many_targets_show_means_of_every_metric(results):
    names = [f"trait{number}" for number in range(16)]
    parts = [results[results.target == "arousal"].assign(target=name) for name in names]
    board = leaderboard(
        pd.concat([*parts, results[results.target == "mean"]]),
        Heading("x", [(name, "ccc", "regression") for name in names]),
    )
    assert [column.label for column in board.columns] == ["mean CCC", "mean PCC", "mean RMSE"]


def test_differing_metrics_have_no_mean_and_name_their_metric(results):
    board = leaderboard(results, Heading("x", [("arousal", "ccc", "regression"), ("valence", "pcc", "regression")]))
    assert [column.label for column in board.columns] == ["arousal CCC", "valence PCC"]


def test_two_protocols_have_a_best_each(results, heading):
    paper = results[results.system == "late-mean"].assign(protocol="paper", value=0.9, note="resubstitution")
    board = leaderboard(pd.concat([results, paper]), heading)
    assert board.protocols == ("paper", "honest") and board.shows_protocol
    assert row(board, "Deep_B").comparable
    assert ("honest", "late-ridge", "mean", "ccc") in board.best


def test_frame_holds_a_row_a_system(results, heading):
    frame = leaderboard(results, heading).frame().set_index("system")
    assert frame.loc["late-ridge", "valence ccc"] == pytest.approx(0.60)
    assert frame.loc["late-ridge", "valence ccc low"] == pytest.approx(0.53)
    assert math.isnan(frame.loc["Deep C", "arousal ccc"])
