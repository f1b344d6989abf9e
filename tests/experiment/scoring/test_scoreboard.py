"""Sums and differences of rows on one list of groups."""

from dataclasses import replace

import numpy as np
import pytest
from small_board import AROUSAL, EMOTION, SPLITS, VALENCE, corpus, scored

from avbaselines.evaluation.combined import Combined
from avbaselines.evaluation.comparison import compare_means
from avbaselines.evaluation.intervals import interval_of_mean, mean_value
from avbaselines.experiment.scoring.scoreboard import Scoreboard


@pytest.mark.parametrize("target", [AROUSAL, VALENCE, replace(VALENCE, metric="mae"), EMOTION])
def test_a_positive_difference_means_that_the_first_is_better_whatever_the_metric(target):
    board = Scoreboard(corpus(target), SPLITS)
    close, far = scored("close", board.corpus, 0.2 if not target.classes else 1), scored("far", board.corpus, 3)
    assert compare_means(board.paired(close, far, target)).difference > 0
    assert compare_means(board.paired(far, close, target)).difference < 0
    assert board.paired_mean(close, far)[0][0] is board.paired(close, far, target)[0][0]


def test_the_mean_over_targets_sets_their_differences_side_by_side():
    board = Scoreboard(corpus(AROUSAL, VALENCE), SPLITS)
    close, far = scored("close", board.corpus, 0.2), scored("far", board.corpus, 1.0)
    ccc, mse = (compare_means(board.paired(close, far, target)).difference for target in (AROUSAL, VALENCE))
    assert compare_means(board.paired_mean(close, far)).difference == pytest.approx((ccc + mse) / 2)
    assert compare_means(board.paired_overall(close, far)).difference == pytest.approx((ccc + mse) / 2)


def test_where_there_is_a_combined_score_systems_are_compared_by_it():
    board = Scoreboard(corpus(EMOTION, VALENCE, combined=Combined("mood", "valence", "accuracy")), SPLITS)
    close, far = scored("close", board.corpus, 1), scored("far", board.corpus, 2)
    [(metric, a, b)] = board.paired_overall(close, far)
    difference = metric.value(a.sum(axis=0)) - metric.value(b.sum(axis=0))
    # 11 of 12 against 10 of 12 moods, mean squared errors of 1 and 4.
    assert difference == pytest.approx(1 / 12 + 0.25 * 3) and metric.name == "combined"


@pytest.mark.parametrize(("once", "aggregate", "parts"), [(True, None, 1), (False, None, 2), (True, "mean", 2)])
def test_splits_are_pooled_where_every_clip_is_tested_once(once, aggregate, parts):
    target = replace(VALENCE, aggregate=aggregate)
    board = Scoreboard(corpus(target, once=once), SPLITS)
    row = scored("row", board.corpus, 0.5)
    assert len(board.parts(row, target)) == parts and mean_value(board.parts(row, target)) == pytest.approx(0.25)
    assert len(board.parts(row, target, "mae")) == parts


def test_a_split_without_labels_has_no_part_and_counts_no_clips():
    board = Scoreboard(corpus(VALENCE, once=False), SPLITS)
    board.corpus.y = {"valence": np.where(np.arange(12) < 6, np.nan, board.corpus.y["valence"])}
    row = scored("row", board.corpus, 0.5)
    assert board.sums(row, VALENCE, "mse", SPLITS[:1]) is None and len(board.parts(row, VALENCE)) == 1
    assert board.extent(["valence"], SPLITS) == (6, 2)


def test_the_study_s_own_metric_comes_first_and_recordings_are_needed_for_theirs():
    without = Scoreboard(corpus(VALENCE, EMOTION), SPLITS)
    assert without.metrics(VALENCE) == ["mse", "ccc", "pcc", "rmse", "mae"]
    assert without.metrics(EMOTION)[:2] == ["accuracy", "uar"] and without.combined_parts(None) == []
    recorded = Scoreboard(corpus(VALENCE, recordings=np.repeat(list("abcd"), 3)), SPLITS)
    assert "ccc_per_recording" in recorded.metrics(VALENCE)
    assert recorded.parts(scored("row", recorded.corpus, 0.1), VALENCE, "ccc_per_recording")


@pytest.mark.parametrize(
    ("splits", "once", "measured", "training"),
    [(1, True, True, "fixed"), (2, True, True, "folds"), (2, False, True, "shared"), (2, True, False, "shared")],
)
def test_scores_of_several_fits_reckon_with_shared_training_clips(splits, once, measured, training):
    board = Scoreboard(corpus(AROUSAL, VALENCE, once=once), SPLITS[:splits])
    assert board.training([AROUSAL, VALENCE], SPLITS[:splits], measured) == training


def test_a_mean_of_pooled_and_of_averaged_targets_is_not_freed_of_lean():
    board = Scoreboard(corpus(AROUSAL, replace(VALENCE, aggregate="mean")), SPLITS)
    assert board.training(board.corpus.targets, SPLITS) == "shared"
    assert board.training([AROUSAL], SPLITS) == "folds" and board.training([AROUSAL], SPLITS[:1]) == "fixed"


def test_a_system_of_several_seeds_scores_the_mean_of_their_scores():
    board = Scoreboard(corpus(AROUSAL, VALENCE), SPLITS)
    a, b, ours = (scored(name, board.corpus, error) for name, error in (("a", 0.2), ("b", 1.0), ("ours", 0.5)))
    both = replace(a, seeds=[a.test, b.test])
    mse = [mean_value(board.parts(row, VALENCE)) for row in (a, b, both)]
    assert mse[2] == pytest.approx((mse[0] + mse[1]) / 2) and mse[0] != mse[1]
    differences = [compare_means(board.paired(ours, row, VALENCE)).difference for row in (a, b, both)]
    assert differences[2] == pytest.approx((differences[0] + differences[1]) / 2)
    backwards = compare_means(board.paired(both, ours, VALENCE))
    assert backwards.difference == pytest.approx(-differences[2])
    # Two such systems: every seed of one against every seed of the other.
    assert len(board.paired(both, both, VALENCE)) == 4
    assert compare_means(board.paired(both, both, VALENCE)).difference == pytest.approx(0)


def test_recalls_are_freed_of_lean_fold_by_fold():
    emotion = replace(EMOTION, metric="uar")
    board = Scoreboard(corpus(emotion), SPLITS)
    parts = board.parts(scored("row", board.corpus, 3), emotion)
    expected = interval_of_mean(parts, training="folds", folds=[0, 0, 1, 1])
    assert board.folds.tolist() == [0, 0, 1, 1]
    assert board.interval(parts, [emotion]) == pytest.approx(expected)
    assert board.interval(parts, [emotion], SPLITS[:1]) == pytest.approx(interval_of_mean(parts))


def test_repeats_test_a_group_in_several_folds():
    splits = [*SPLITS, *(replace(split, name=f"again{split.name}", repeat=1) for split in SPLITS)]
    assert Scoreboard(corpus(AROUSAL), splits).folds is None
