"""Solvers of stacking against plain ones."""

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.preprocessing import StandardScaler

from avbaselines.estimators.fusion.stacking_solvers import (
    dual_svr_path,
    nonnegative_weights,
    primal_svr_path,
    ridge_on_all_rows,
    slope,
)

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 3))
Y = np.column_stack([X @ [1, 2, 0], X @ [0, -1, 1]]) + 0.1 * RNG.normal(size=(60, 2))
GAPS = np.where(np.arange(120).reshape(60, 2) < 20, np.nan, Y)


def test_ridge_is_scikit_learns_on_labelled_rows():
    coef, intercept = ridge_on_all_rows(X, GAPS, np.array([0.5, 5.0]))
    for p, penalty in enumerate((0.5, 5.0)):
        for t in range(2):
            rows = ~np.isnan(GAPS[:, t])
            scaler = StandardScaler().fit(X[rows])
            plain = Ridge(penalty).fit(scaler.transform(X[rows]), GAPS[rows, t])
            np.testing.assert_allclose(X @ coef[p, :, t] + intercept[p, t], plain.predict(scaler.transform(X)))


def test_both_support_vector_paths_follow_an_easy_target():
    for path in (primal_svr_path, dual_svr_path):
        coef, intercept = path(X, GAPS, [10.0])
        assert coef.shape == (1, 3, 2) and intercept.shape == (1, 2)
        np.testing.assert_allclose(X @ coef[0] + intercept[0], Y, atol=0.6)


def test_weights_are_least_squares_where_none_is_negative():
    weights, intercept = nonnegative_weights(X, GAPS[:, 0])
    plain = LinearRegression(positive=True).fit(X[10:], Y[10:, 0])
    np.testing.assert_allclose(weights, plain.coef_, atol=1e-3)
    assert intercept == pytest.approx(plain.intercept_, abs=1e-3)
    assert (nonnegative_weights(X, Y[:, 1])[0] >= 0).all()


def test_a_slope_is_never_negative():
    assert slope(X[:, 0], 2 * X[:, 0] + 1) == pytest.approx(2) and slope(X[:, 0], -X[:, 0]) == 0
