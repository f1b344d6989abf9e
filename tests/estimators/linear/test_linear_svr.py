"""The primal linear SVR against liblinear."""

import numpy as np
import pytest
from sklearn.svm import LinearSVR
from sklearn.utils.estimator_checks import parametrize_with_checks

from avbaselines.errors import InputError
from avbaselines.estimators.linear import linear_svr
from avbaselines.estimators.linear.linear_svr import PrimalLinearSVR


@parametrize_with_checks([PrimalLinearSVR()])
def test_scikit_learn(estimator, check):
    check(estimator)


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(80, 8)) * np.arange(1, 9)
    return X, X[:, 0] - 0.2 * X[:, 3] + rng.normal(size=80) + 2


@pytest.mark.parametrize("C", [1e-3, 0.1, 10.0])
def test_equals_liblinear(data, C):
    X, y = data
    theirs = LinearSVR(C=C, loss="squared_epsilon_insensitive", dual=False, tol=1e-12, max_iter=100_000).fit(X, y)
    ours = PrimalLinearSVR(C).fit(X, y)
    np.testing.assert_allclose(ours.coef_, theirs.coef_, rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(ours.intercept_, theirs.intercept_[0], rtol=1e-5)
    # The gradient of |w|^2 / 2 + C sum(error^2), intercept included, is 0.
    error = y - ours.predict(X)
    np.testing.assert_allclose(ours.coef_ - 2 * C * X.T @ error, 0, atol=1e-7 * max(C, 1))
    assert ours.intercept_ - 2 * C * error.sum() == pytest.approx(0, abs=1e-7 * max(C, 1))


def test_targets_and_costs_share_their_sums_and_gaps_are_left_out(data):
    X, y = data
    Y = np.column_stack([y, -y + X[:, 1], y**2 / 10])
    Y[::3, 1] = np.nan
    coef, intercept = PrimalLinearSVR().path(X, Y, [0.01, 1.0])
    assert coef.shape == (2, 3, 8) and intercept.shape == (2, 3)
    for c, C in enumerate([0.01, 1.0]):
        together = PrimalLinearSVR(C).fit(X, Y)
        np.testing.assert_allclose(together.coef_, coef[c])
        for target in range(3):
            rows = ~np.isnan(Y[:, target])
            alone = PrimalLinearSVR(C).fit(X[rows], Y[rows, target])
            np.testing.assert_allclose(coef[c, target], alone.coef_, atol=1e-9)
            np.testing.assert_allclose(intercept[c, target], alone.intercept_, atol=1e-9)
            np.testing.assert_allclose(together.predict(X)[:, target], alone.predict(X), atol=1e-9)


def test_rows_are_taken_in_chunks(data, monkeypatch):
    X, y = data
    expected = PrimalLinearSVR().fit(X, y).coef_
    monkeypatch.setattr(linear_svr, "ROWS_AT_ONCE", 11)
    np.testing.assert_allclose(PrimalLinearSVR().fit(X, y).coef_, expected, atol=1e-9)


def test_single_precision_is_summed_in_double(data):
    X, y = data
    X = X.astype(np.float32)
    expected = PrimalLinearSVR().fit(X.astype(float), y).coef_
    np.testing.assert_allclose(PrimalLinearSVR().fit(X, y).coef_, expected, rtol=1e-12)


def test_bad_input_is_refused(data):
    X, y = data
    with pytest.raises(InputError, match="C: a number greater than 0"):
        PrimalLinearSVR(C=0.0).fit(X, y)
    with pytest.raises(InputError, match="no labelled row"):
        PrimalLinearSVR().fit(X, np.column_stack([y, np.full(80, np.nan)]))
