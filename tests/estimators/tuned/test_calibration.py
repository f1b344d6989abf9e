import numpy as np
import pytest

from avbaselines.estimators.tuned.calibration import PosteriorCalibrator, cross_calibrated, softmax

RNG = np.random.default_rng(0)
TRUE = softmax(RNG.normal(size=(4000, 3)) * 1.5)
CODES = np.array([RNG.choice(3, p=p) for p in TRUE])


@pytest.mark.parametrize("factor", [0.1, 20.0])
def test_true_posteriors_are_recovered_from_scaled_ones(factor):
    posteriors = PosteriorCalibrator().fit(factor * np.log(TRUE), CODES).posteriors(factor * np.log(TRUE))
    np.testing.assert_allclose(posteriors, TRUE, atol=0.03)


def test_perfect_and_useless_decisions_stay_finite():
    perfect = np.eye(3)[CODES]
    assert (PosteriorCalibrator().fit(perfect, CODES).posteriors(perfect).max(axis=1) > 0.99).all()
    useless = np.zeros((4000, 3))
    np.testing.assert_allclose(PosteriorCalibrator().fit(useless, CODES).posteriors(useless), 1 / 3)


def test_each_fold_is_calibrated_by_the_others():
    folds = np.arange(4000) % 4 - 1
    decisions = 3 * np.log(TRUE)
    result = cross_calibrated(decisions, CODES, folds)
    others = (folds == 0) | (folds == 1)
    expected = PosteriorCalibrator().fit(decisions[others], CODES[others]).posteriors(decisions[folds == 2])
    np.testing.assert_array_equal(result[folds == 2], expected)
    assert np.isnan(result[folds == -1]).all()
    alone = cross_calibrated(decisions, CODES, np.where(folds == 0, 0, -1))
    np.testing.assert_allclose(alone[folds == 0].sum(axis=1), 1)
