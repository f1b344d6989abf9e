"""What cross-validation does to a score: closed forms, and how often intervals hold where there is nothing to learn."""

import numpy as np
import pytest

from avbaselines.evaluation.cross_validation import inflation, upright_totals
from avbaselines.evaluation.intervals import interval, interval_of_mean
from avbaselines.evaluation.metrics import METRICS

CCC, PCC, MAE = METRICS["ccc"], METRICS["pcc"], METRICS["mae"]


def left_out_means(rng, n_groups, clips=8):
    """Labels that resemble each other within a group, each group predicted by the mean label of all others."""
    groups = np.repeat(np.arange(n_groups), clips)
    truth = rng.normal(size=n_groups)[groups] + rng.normal(size=len(groups))
    means = np.bincount(groups, truth) / clips
    return groups, truth, ((means.sum() - means) / (n_groups - 1))[groups]


def test_the_mean_of_the_others_is_worth_nothing_and_not_less():
    groups, truth, prediction = left_out_means(np.random.default_rng(0), 10)
    noise = np.random.default_rng(1).normal(scale=0.3, size=len(groups))
    sums = PCC.sums(truth, prediction + noise, groups, 10)
    assert PCC.value(sums.sum(axis=0)) < -0.1
    assert PCC.value(upright_totals(PCC, sums)) == pytest.approx(0, abs=0.08)


def test_the_variance_of_the_mean_is_added_to_covariance_and_both_variances():
    groups = np.repeat(np.arange(4), 2)
    truth, prediction = np.arange(8.0), np.array([3.0, 2, 5, 1, 4, 6, 2, 7])
    sums = CCC.sums(truth, prediction, groups, 4)
    spread = truth.reshape(4, 2).mean(axis=1).var(ddof=1) / 4 / truth.var()
    added = upright_totals(CCC, sums) - sums.sum(axis=0)
    assert added == pytest.approx([0, 0, 0, *[8 * spread] * 3])


def test_what_does_not_lean_stays_as_it_is():
    groups = np.repeat(np.arange(4), 2)
    errors = MAE.sums(np.arange(8.0), np.zeros(8), groups, 4)
    assert (upright_totals(MAE, errors) == errors.sum(axis=0)).all()
    constant = CCC.sums(np.arange(8.0), np.full(8, 3.5), groups, 4)
    assert (upright_totals(CCC, constant) == constant.sum(axis=0)).all()


def test_recalls_are_means_over_folds():
    uar, groups = METRICS["uar"], np.array([0, 0, 0, 1, 1, 1, 1, 2, 2])
    truth, prediction = np.array([0, 0, 1, 0, 1, 1, 1, 1, 1]), np.array([0, 1, 1, 0, 0, 0, 1, 0, 1])
    sums = uar.sums(truth, prediction, groups, 3, n_classes=2)
    # Class 0: 1 of 2 and 1 of 1; class 1: 1 of 1, and 2 of 5 in the fold of the last two groups.
    upright = upright_totals(uar, sums, [0, 1, 1])
    assert float(uar.value(upright)) == pytest.approx((0.75 + 0.7) / 2)
    assert upright.reshape(2, 2).sum(axis=1).tolist() == [3, 6]
    assert (upright_totals(uar, sums) == sums.sum(axis=0)).all()


def test_groups_without_clips_are_left_out_of_the_folds_too():
    uar, groups = METRICS["uar"], np.array([0, 0, 0, 0, 2, 2, 2, 2])
    truth, prediction = np.array([0, 0, 0, 1, 0, 1, 1, 1]), np.array([0, 1, 0, 1, 0, 0, 1, 1])
    empty = interval(uar, uar.sums(truth, prediction, groups, 3), training="folds", folds=[0, 5, 1])
    assert empty == interval(uar, uar.sums(truth, prediction, groups // 2, 2), training="folds", folds=[0, 1])
    assert empty != interval(uar, uar.sums(truth, prediction, groups // 2, 2), training="shared")


def test_shared_training_clips_double_the_variance():
    rng = np.random.default_rng(0)
    groups, truth = np.repeat(np.arange(12), 6), rng.normal(size=72)
    sums = MAE.sums(truth, truth + rng.normal(size=72), groups, 12)
    fixed, shared = (np.log(interval(MAE, sums, training=kind)) for kind in ("fixed", "shared"))
    assert np.diff(shared) == pytest.approx(2**0.5 * np.diff(fixed))
    assert inflation("folds") == inflation("shared") == 2**0.5


def test_the_interval_of_folds_is_laid_about_the_upright_score_and_holds_the_score():
    groups, truth, prediction = left_out_means(np.random.default_rng(0), 10)
    sums = CCC.sums(truth, prediction, groups, 10)
    value = float(CCC.value(sums.sum(axis=0)))
    low, high = interval(CCC, sums, training="folds")
    assert interval(CCC, sums, training="shared")[1] < 0 < high
    assert low <= value
    noisy = CCC.sums(truth, truth + np.random.default_rng(1).normal(size=len(truth)), groups, 10)
    low, high = np.arctanh(interval(CCC, noisy, training="folds"))
    assert np.tanh((low + high) / 2) == pytest.approx(float(CCC.value(upright_totals(CCC, noisy))))


def test_a_mean_over_targets_is_freed_of_each_target_s_lean():
    rng = np.random.default_rng(0)
    parts = []
    for _ in range(2):
        groups, truth, prediction = left_out_means(rng, 10)
        parts.append((CCC, CCC.sums(truth, prediction + rng.normal(scale=0.5, size=len(truth)), groups, 10)))
    low, high = np.arctanh(interval_of_mean(parts, training="folds"))
    upright = np.mean([CCC.value(upright_totals(CCC, sums)) for _, sums in parts])
    assert np.tanh((low + high) / 2) == pytest.approx(upright)


@pytest.mark.parametrize("method", ["percentile", "expanded"])
def test_bootstrap_intervals_are_refused(method):
    sums = MAE.sums(np.zeros(6), np.arange(6.0), [0, 0, 1, 1, 2, 2], 3)
    with pytest.raises(ValueError, match="shared? training clips; use jackknife_t"):
        interval(MAE, sums, method=method, training="folds")


def regressed(rng, n_groups, n_folds, clips=6, features=6):
    """Group sums of least squares on features that say nothing, one fit a fold."""
    groups = np.repeat(np.arange(n_groups), clips)
    X = 0.5 * rng.normal(size=(n_groups, features))[groups] + rng.normal(size=(len(groups), features))
    X = np.column_stack([np.ones(len(groups)), X])
    y = 0.6 * rng.normal(size=n_groups)[groups] + 0.8 * rng.normal(size=len(groups))
    fold, predicted = groups % n_folds, np.empty(len(groups))
    for number in range(n_folds):
        rest = fold != number
        predicted[~rest] = X[~rest] @ np.linalg.lstsq(X[rest], y[rest], rcond=None)[0]
    return CCC.sums(y, predicted, groups, n_groups)


def test_intervals_of_folds_hold_chance_where_intervals_of_fixed_predictions_do_not():
    rng = np.random.default_rng(0)
    corpora = [regressed(rng, 12, 6) for _ in range(300)]
    held = {}
    for training in ("fixed", "folds"):
        ends = np.array([interval(CCC, sums, training=training) for sums in corpora])
        held[training] = np.mean((ends[:, 0] <= 0) & (ends[:, 1] >= 0))
    assert held["fixed"] < 0.88
    assert held["folds"] > 0.93
