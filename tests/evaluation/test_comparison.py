"""Paired comparisons against closed forms, other libraries and their own promises."""

import itertools

import numpy as np
import pytest
from scipy import stats

from avbaselines.evaluation import comparison
from avbaselines.evaluation.comparison import compare, compare_means, holm
from avbaselines.evaluation.intervals import resample_weights
from avbaselines.evaluation.metrics import METRICS, score

CCC, MAE, UAR = METRICS["ccc"], METRICS["mae"], METRICS["uar"]


def corpus(n_groups, clips=20, seed=0):
    rng = np.random.default_rng(seed)
    groups = np.repeat(np.arange(n_groups), clips)
    truth = 0.5 * rng.normal(size=n_groups)[groups] + rng.normal(size=len(groups))
    return rng, groups, truth


def system(rng, groups, truth, noise):
    offset = 0.3 * rng.normal(size=groups.max() + 1)
    return 0.6 * truth + offset[groups] + noise * rng.normal(size=len(truth))


def pair(n_groups, noise_a=0.5, noise_b=0.5, seed=0, metric=CCC):
    """Sums of two systems of independent errors."""
    rng, groups, truth = corpus(n_groups, seed=seed)
    return [metric.sums(truth, system(rng, groups, truth, noise), groups, n_groups) for noise in (noise_a, noise_b)]


def test_all_swaps_of_clips_are_tried():
    rng, groups, truth = corpus(6)
    a, b = system(rng, groups, truth, 0.3), system(rng, groups, truth, 0.7)
    observed = score("ccc", truth, a) - score("ccc", truth, b)
    as_extreme = []
    for swap in itertools.product([False, True], repeat=6):
        swapped = np.array(swap)[groups]
        with_a, with_b = np.where(swapped, b, a), np.where(swapped, a, b)
        as_extreme.append(abs(score("ccc", truth, with_a) - score("ccc", truth, with_b)) >= abs(observed) - 1e-9)
    result = compare(CCC, CCC.sums(truth, a, groups, 6), CCC.sums(truth, b, groups, 6))
    assert result.difference == pytest.approx(observed)
    assert result.p_value == np.mean(as_extreme)
    assert 2 / 64 <= result.p_value < 1
    assert result.n_groups == 6 and result.test == "swap of groups, all 64 ways"


def test_agrees_with_scipy_for_a_mean_of_groups():
    rng = np.random.default_rng(1)
    errors = rng.gamma(3, size=(2, 11)) + [[0.8], [0]]
    sums_a, sums_b = (np.column_stack([np.ones(11), row]) for row in errors)
    expected = stats.permutation_test(
        tuple(errors), lambda a, b: np.mean(a - b), permutation_type="samples", n_resamples=np.inf
    )
    result = compare(MAE, sums_a, sums_b)
    assert result.p_value == pytest.approx(expected.pvalue)
    student = stats.ttest_rel(*errors).confidence_interval()
    assert (result.ci_low, result.ci_high) == pytest.approx((student.low, student.high))


def test_random_swaps_come_near_all_swaps(monkeypatch):
    sums = pair(10, 0.4, 0.65)
    exact = compare(CCC, *sums).p_value
    monkeypatch.setattr(comparison, "_ENUMERATE", 1)
    drawn = compare(CCC, *sums, n_permutations=20_000)
    assert 0.01 < exact < 0.9
    assert drawn.p_value == pytest.approx(exact, abs=0.015)
    assert drawn.test == "swap of groups, 20000 random ways"
    monkeypatch.setattr(comparison, "_CELLS", 10 * 999)
    assert compare(CCC, *sums, n_permutations=20_000).p_value == drawn.p_value


def test_a_clear_difference_is_found_and_never_at_zero_probability():
    result = compare(CCC, *pair(40, 0.2, 1.5), n_permutations=999)
    assert result.p_value == 1 / 1000
    assert 0 < result.ci_low < result.difference < result.ci_high


def test_exchanging_the_systems_mirrors_everything():
    a, b = pair(12, 0.4, 0.6)
    one, other = compare(CCC, a, b), compare(CCC, b, a)
    assert one.p_value == other.p_value
    mirrored = (-other.difference, -other.ci_high, -other.ci_low)
    assert (one.difference, one.ci_low, one.ci_high) == pytest.approx(mirrored)


def test_the_interval_resamples_both_systems_alike():
    a, b = pair(15, 0.4, 0.6)
    weights = resample_weights(15, 700, seed=5)
    expected = np.quantile(CCC.value(weights @ a) - CCC.value(weights @ b), [0.025, 0.975])
    result = compare(CCC, a, b, seed=5, n_resamples=700, method="percentile")
    assert (result.ci_low, result.ci_high) == pytest.approx(tuple(expected))


@pytest.mark.parametrize("n_groups", [2, 8, 30])
def test_a_system_does_not_differ_from_itself(n_groups):
    a, _ = pair(n_groups)
    result = compare(CCC, a, a)
    assert (result.difference, result.ci_low, result.ci_high, result.p_value) == (0, 0, 0, 1)


def test_the_interval_stays_within_possible_differences():
    a, b = pair(2, 0.1, 2)
    assert compare(CCC, a, b).ci_high == 2  # two groups tell next to nothing
    assert compare(CCC, b, a).ci_low == -2


def test_one_group_gives_no_interval_and_no_evidence():
    result = compare(CCC, *pair(1, 0.1, 2))
    assert np.isnan([result.ci_low, result.ci_high]).all()
    assert result.p_value == 1 and result.n_groups == 1


def test_systems_of_different_clips_cannot_be_compared():
    rng, groups, truth = corpus(8)
    a, b = (CCC.sums(truth, system(rng, groups, truth, 0.5), groups, 8) for _ in range(2))
    fewer = truth.copy()
    fewer[3] = np.nan
    with pytest.raises(ValueError, match="different clips"):
        compare(CCC, a, CCC.sums(fewer, system(rng, groups, truth, 0.5), groups, 8))
    with pytest.raises(ValueError, match="different clips"):
        compare(CCC, a, CCC.sums(np.roll(truth, 1), system(rng, groups, truth, 0.5), groups, 8))
    with pytest.raises(ValueError, match="cannot be compared"):
        compare(CCC, a, b[1:])
    classes = [UAR.sums([0, 1, 2], prediction, [0, 1, 2], 3) for prediction in ([0, 1, 1], [0, 3, 2])]
    with pytest.raises(ValueError, match="cannot be compared"):
        compare(UAR, *classes)


def test_the_mean_swaps_groups_jointly():
    first, second = pair(9, 0.5, 0.6, seed=1), pair(9, 0.5, 0.6, seed=2)
    alone = compare(CCC, *first)
    twice = compare_means([(CCC, *first), (CCC, *first)])
    assert twice.p_value == alone.p_value
    assert (twice.difference, twice.ci_low) == pytest.approx((alone.difference, alone.ci_low))
    both = compare_means([(CCC, *first), (CCC, *second)])
    assert both.difference == pytest.approx((alone.difference + compare(CCC, *second).difference) / 2)


def test_splits_that_share_speakers():
    rng, groups, truth = corpus(8)
    a, b = system(rng, groups, truth, 0.3), system(rng, groups, truth, 0.9)
    parts = []
    for tested in ([0, 1, 2, 3], [2, 3, 4, 5, 6]):
        labels = np.where(np.isin(groups, tested), truth, np.nan)
        parts.append((CCC, CCC.sums(labels, a, groups, 8), CCC.sums(labels, b, groups, 8)))
    result = compare_means(parts)
    assert result.n_groups == 7
    assert result.test == "swap of groups, all 128 ways"
    assert result.ci_low < result.difference < result.ci_high


def test_equal_systems_are_told_apart_as_often_as_promised():
    p_values = np.array([compare(CCC, *pair(8, seed=seed)).p_value for seed in range(400)])
    assert 0.02 <= np.mean(p_values <= 0.05) <= 0.08
    assert np.mean(p_values <= 0.5) == pytest.approx(0.5, abs=0.08)


def test_holm_closed_form():
    np.testing.assert_allclose(holm([0.01, 0.04, 0.03, 0.005]), [0.03, 0.06, 0.06, 0.02])
    np.testing.assert_allclose(holm([0.6, 0.5]), [1, 1])
    assert len(holm([])) == 0
    for bad in ([np.nan, 0.1], [1.1], [-0.1]):
        with pytest.raises(ValueError, match="between 0 and 1"):
            holm(bad)


def test_no_p_value_falls_below_what_so_many_groups_allow():
    for n_groups, floor in ((2, 0.5), (6, 2**-5), (12, 2**-11), (13, 2**-12), (30, 1e-4)):
        result = compare(CCC, *pair(n_groups, noise_a=0.01, noise_b=5.0))
        assert result.p_floor == pytest.approx(floor) and result.p_value >= result.p_floor
    # Groups in which the systems agree cannot be swapped.
    a, b = pair(6, noise_a=0.01, noise_b=5.0)
    b[2:] = a[2:]
    assert compare(CCC, a, b).p_floor == 0.5


def test_differences_of_fits_that_share_training_clips_have_twice_the_variance():
    rng = np.random.default_rng(3)
    groups, truth = np.repeat(np.arange(12), 5), rng.normal(size=60)
    sums = [METRICS["mae"].sums(truth, truth + error * rng.normal(size=60), groups, 12) for error in (0.6, 0.9)]
    fixed, shared = (compare(METRICS["mae"], *sums, training=kind) for kind in ("fixed", "shared"))
    assert shared.difference == fixed.difference and fixed.p_value < shared.p_value < 1
    assert shared.ci_high - shared.ci_low == pytest.approx(2**0.5 * (fixed.ci_high - fixed.ci_low))
