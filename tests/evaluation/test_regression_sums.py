import numpy as np
import pytest

from avbaselines.evaluation.regression_sums import (
    add_ccc_per_recording,
    add_errors,
    add_moments,
    concordance,
    correlation,
    mean,
    moments,
    ratio,
    root_mean,
)


def test_moments_are_those_of_numpy_in_units_of_the_truth():
    rng = np.random.default_rng(0)
    truth, prediction = rng.normal(3, 2, 50), rng.normal(1, 4, 50)
    groups = rng.integers(0, 4, 50)
    mean_t, mean_p, var_t, var_p, covariance = moments(add_moments(truth, prediction, groups, 4).sum(axis=0))
    scale = truth.std()
    assert (mean_t, var_t) == (pytest.approx(0, abs=1e-12), pytest.approx(1))
    assert mean_p == pytest.approx((prediction.mean() - truth.mean()) / scale)
    assert var_p == pytest.approx(prediction.var() / scale**2)
    assert covariance == pytest.approx(np.cov(truth, prediction, bias=True)[0, 1] / scale**2)


def test_a_constant_has_no_variance_and_no_correlation():
    sums = add_moments(np.arange(6.0), np.full(6, 1e6), np.zeros(6, dtype=int), 1)[0]
    assert moments(sums)[3] == 0.0 and concordance(sums) == 0.0 and correlation(sums) == 0.0


def test_a_recording_in_two_groups_is_refused():
    truth = np.arange(4.0)
    with pytest.raises(ValueError, match="more than one group"):
        add_ccc_per_recording(truth, truth, np.array([0, 0, 1, 1]), 2, np.array([0, 0, 0, 1]))


def test_concordances_of_recordings_add_up_in_their_group():
    truth = np.array([0.0, 1.0, 0.0, 1.0, 0.0, 1.0])
    prediction = np.array([0.0, 1.0, 1.0, 0.0, 0.5, 0.5])
    sums = add_ccc_per_recording(truth, prediction, np.array([0, 0, 0, 0, 1, 1]), 2, np.array([5, 5, 3, 3, 4, 4]))
    assert sums == pytest.approx(np.array([[2, 0], [1, 0]]), abs=1e-12)


def test_errors_of_groups():
    sums = add_errors(np.abs, np.zeros(3), np.array([1.0, -3.0, 5.0]), np.array([0, 0, 2]), 3)
    assert sums.tolist() == [[2, 4], [0, 0], [1, 5]]
    assert mean(sums)[[0, 2]].tolist() == [2, 5] and np.isnan(mean(sums)[1])
    assert root_mean(sums)[0] == pytest.approx(2**0.5)


def test_ratio_tells_nothing_of_nothing_from_nothing_present():
    assert ratio(np.array([0.0, 3.0]), np.array([0.0, 2.0]), 1.0).tolist() == [0.0, 1.5]
    assert np.isnan(ratio(np.array([0.0]), np.array([0.0]), 0.0)).all()
