"""Intervals against closed forms, against scores of resampled clips, and by how often they cover."""

import numpy as np
import pytest
from scipy import stats
from scipy.special import expit, logit

from avbaselines.evaluation import intervals
from avbaselines.evaluation.intervals import METHODS, interval, interval_of_mean, mean_value, resample_weights
from avbaselines.evaluation.metrics import METRICS

CCC, ACCURACY, MAE = METRICS["ccc"], METRICS["accuracy"], METRICS["mae"]


def concordance_sums(n_groups=20, clips=30, seed=0, spread=0.4, by_clip=False):
    """CCC sums of groups that differ in gain and offset; `by_clip` forgets the groups."""
    rng = np.random.default_rng(seed)
    groups = np.repeat(np.arange(n_groups), clips)
    truth = 0.6 * rng.normal(size=n_groups)[groups] + 0.8 * rng.normal(size=len(groups))
    prediction = (0.5 + spread * rng.normal(size=n_groups))[groups] * truth + spread * rng.normal(size=n_groups)[groups]
    prediction += 0.3 * rng.normal(size=len(groups))
    if by_clip:
        groups = np.arange(len(groups))
    return CCC.sums(truth, prediction, groups, groups.max() + 1)


def test_independent_clips_have_the_binomial_error():
    n, hits = 400, 280
    truth = np.zeros(n, dtype=int)
    sums = ACCURACY.sums(truth, (np.arange(n) >= hits).astype(int), np.arange(n), n)
    share, error = hits / n, np.sqrt(0.7 * 0.3 / n)
    for method in ("percentile", "expanded"):
        low, high = interval(ACCURACY, sums, method=method, n_resamples=5000)
        assert (low, high) == pytest.approx((share - 1.96 * error, share + 1.96 * error), abs=0.004)
    reach = stats.t.ppf(0.975, n - 1) * np.sqrt(0.7 * 0.3 / (n - 1)) / (0.7 * 0.3)
    expected = expit(logit(share) - reach), expit(logit(share) + reach)
    assert interval(ACCURACY, sums) == pytest.approx(expected, abs=1e-12)


def test_mean_of_groups_has_student_s_error():
    errors = np.random.default_rng(0).gamma(4, size=12)
    sums = np.column_stack([np.ones(12), errors])
    reach = stats.t.ppf(0.95, 11) * stats.sem(errors) / errors.mean()
    expected = errors.mean() * np.exp(-reach), errors.mean() * np.exp(reach)
    assert interval(MAE, sums, level=0.9) == pytest.approx(expected)
    half = stats.t.ppf(0.975, 11) * stats.sem(errors)
    low, high = interval(MAE, sums, method="expanded", n_resamples=20_000)
    assert high - low == pytest.approx(2 * half, rel=0.05)


def test_percentiles_are_those_of_the_shared_resamples():
    sums = concordance_sums()
    weights = resample_weights(20, 500, seed=3)
    assert weights.shape == (500, 20) and (weights.sum(axis=1) == 20).all()
    values = CCC.value(weights @ sums)
    assert interval(CCC, sums, n_resamples=500, seed=3, method="percentile") == pytest.approx(
        tuple(np.quantile(values, [0.025, 0.975])), abs=1e-12
    )


def test_resampling_in_blocks_changes_nothing(monkeypatch):
    sums = concordance_sums()
    whole = interval(CCC, sums, n_resamples=333, method="percentile")
    monkeypatch.setattr(intervals, "_CELLS", 20 * 50)
    assert interval(CCC, sums, n_resamples=333, method="percentile") == pytest.approx(whole, abs=1e-12)


@pytest.mark.parametrize("method", METHODS)
def test_groups_give_wider_intervals_than_their_clips(method):
    by_group = np.diff(interval(CCC, concordance_sums(), method=method))
    by_clip = np.diff(interval(CCC, concordance_sums(by_clip=True), method=method))
    assert by_group > 2 * by_clip


@pytest.mark.parametrize("method", METHODS)
def test_level_and_seed(method):
    sums = concordance_sums()
    narrow, wide = interval(CCC, sums, level=0.5, method=method), interval(CCC, sums, level=0.99, method=method)
    assert wide[0] < narrow[0] < CCC.value(sums.sum(axis=0)) < narrow[1] < wide[1]
    assert interval(CCC, sums, seed=1, method=method) == interval(CCC, sums, seed=1, method=method)
    same = interval(CCC, sums, seed=2, method=method) == interval(CCC, sums, seed=1, method=method)
    assert same == (method == "jackknife_t")


@pytest.mark.parametrize("method", METHODS)
def test_no_interval_from_fewer_than_two_groups(method):
    sums = concordance_sums(n_groups=3)
    only = np.where([[False], [True], [False]], sums, 0)
    for too_few in (sums[:1], only, sums[:0], np.zeros_like(sums)):
        assert np.isnan(interval(CCC, too_few, method=method)).all()
        assert np.isnan(interval_of_mean([(CCC, too_few), (CCC, too_few)], method=method)).all()
    assert np.isfinite(interval(CCC, sums[:2], method=method)).all()


@pytest.mark.parametrize("method", METHODS)
def test_scores_without_spread(method):
    truth, groups = np.arange(12.0), np.arange(12) // 3
    constant = CCC.sums(truth, np.full(12, 0.1), groups, 4)
    assert interval(CCC, constant, method=method) == (0, 0)
    assert np.isnan(interval(CCC, CCC.sums(truth, truth, groups, 4), method=method)).all()
    all_hit = ACCURACY.sums(truth.astype(int), truth.astype(int), groups, 4)
    assert np.isnan(interval(ACCURACY, all_hit, method=method)).all()
    assert np.isnan(interval(MAE, np.column_stack([np.ones(4), np.zeros(4)]), method=method)).all()


def test_one_group_with_all_errors_still_gives_an_interval_within_bounds():
    truth = np.zeros(50, dtype=int)
    prediction = np.r_[np.ones(4, dtype=int), np.zeros(46, dtype=int)]
    low, high = interval(ACCURACY, ACCURACY.sums(truth, prediction, np.arange(50) // 10, 5))
    assert 0 < low < 0.92 < high < 1


def test_unoccupied_groups_are_left_aside():
    sums = concordance_sums()
    scattered = np.zeros((50, 6))
    scattered[5:45:2] = sums
    for method in METHODS:
        assert interval(CCC, scattered, method=method) == interval(CCC, sums, method=method)


def test_a_huge_group_does_not_blot_out_the_rest():
    sums = concordance_sums(n_groups=4)
    sums[0] *= 1e18
    np.testing.assert_allclose(intervals.left_out(sums)[0], sums[1:].sum(axis=0), rtol=1e-12)
    np.testing.assert_allclose(intervals.left_out(sums)[2], sums[[0, 1, 3]].sum(axis=0), rtol=1e-12)


@pytest.mark.parametrize("method", METHODS)
def test_the_mean_resamples_groups_jointly(method):
    first, second = concordance_sums(seed=1), concordance_sums(seed=2)
    alone = np.diff(interval(CCC, first, method=method))
    twice = np.diff(interval_of_mean([(CCC, first), (CCC, first)], method=method))
    assert twice == pytest.approx(alone)  # the same clips twice are no new evidence
    both = np.diff(interval_of_mean([(CCC, first), (CCC, second)], method=method))
    apart = np.diff(interval(CCC, second, method=method))
    assert both == pytest.approx(np.hypot(alone, apart) / 2, rel=0.35)
    assert both < alone


def test_a_split_left_empty_drops_out_of_the_mean():
    sums = concordance_sums(n_groups=4)
    first, second = sums.copy(), sums.copy()
    first[[0, 1, 2]] = 0  # tests one speaker only
    second[3] = 0
    value = mean_value([(CCC, first), (CCC, second)])
    assert value == pytest.approx((CCC.value(sums[3]) + CCC.value(sums[:3].sum(axis=0))) / 2)
    for method in METHODS:
        low, high = interval_of_mean([(CCC, first), (CCC, second)], method=method)
        assert -1 <= low < value < high <= 1
    weights = resample_weights(4, 300, seed=0)
    values = [CCC.value(weights @ first), CCC.value(weights @ second)]
    assert np.isnan(values).any()
    expected = np.quantile(np.nanmean(values, axis=0), [0.025, 0.975])
    low_high = interval_of_mean([(CCC, first), (CCC, second)], n_resamples=300, method="percentile")
    assert low_high == pytest.approx(tuple(expected))


def test_options_are_checked():
    sums = concordance_sums()
    with pytest.raises(ValueError, match="unknown interval method 'bca'"):
        interval(CCC, sums, method="bca")
    with pytest.raises(ValueError, match="level"):
        interval(CCC, sums, level=95)
    with pytest.raises(ValueError, match="same groups"):
        interval_of_mean([(CCC, sums), (CCC, sums[1:])])


@pytest.mark.slow
def test_the_default_covers_what_it_promises():
    # Clips of 10 groups; in 600 corpora the standard error of a coverage of .95 is .009.
    true = CCC.value(concordance_sums(40_000, seed=99, spread=0.15).sum(axis=0))
    corpora = [concordance_sums(10, seed=seed, spread=0.15) for seed in range(600)]

    def covered(**options):
        ends = np.array([interval(CCC, sums, **options) for sums in corpora])
        return np.mean((ends[:, 0] <= true) & (true <= ends[:, 1]))

    assert 0.92 <= covered() <= 0.98
    assert covered(method="percentile", n_resamples=500) < 0.915
