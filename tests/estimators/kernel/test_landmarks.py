"""Kernels, landmarks and machines in the primal."""

import numpy as np
import pytest
from sklearn.metrics.pairwise import rbf_kernel
from sklearn.svm import LinearSVC, LinearSVR

from avbaselines.estimators.kernel.landmarks import (
    kernel_values,
    mean_squared_distance,
    squared_loss_machines,
    whitening,
)

RNG = np.random.default_rng(0)

X = RNG.normal(size=(90, 5))

Y = np.column_stack([np.sin(X[:, 0]) + X[:, 1], X[:, 2] ** 2]) + 0.1 * RNG.normal(size=(90, 2))


def test_kernel_values_and_mean_distance():
    assert kernel_values(X, X[:3], 0.3) == pytest.approx(rbf_kernel(X, X[:3], 0.3))
    assert kernel_values(X, X[:3], 0) == pytest.approx(X @ X[:3].T)
    assert mean_squared_distance(X) == pytest.approx(np.square(X[:, None] - X).sum(axis=2).mean())


def test_all_rows_as_landmarks_give_the_kernel():
    features = kernel_values(X, X, 0.2) @ whitening(X, 0.2)
    np.testing.assert_allclose(features @ features.T, kernel_values(X, X, 0.2), atol=1e-4)


def test_primal_machines_reach_liblinears_optimum():
    y = (Y - Y.mean(axis=0)) / Y.std(axis=0)
    gaps = y.copy()
    gaps[:30, 1] = np.nan
    weights, offsets = squared_loss_machines(X, gaps, [0.5, 0.5], epsilon=0.1, max_iter=3000, tol=1e-8)
    options = {"C": 0.5, "dual": False, "tol": 1e-8, "max_iter": 10000, "intercept_scaling": 1e4}
    for t, rows in enumerate((slice(None), slice(30, None))):
        plain = LinearSVR(loss="squared_epsilon_insensitive", epsilon=0.1, **options).fit(X[rows], y[rows, t])
        np.testing.assert_allclose(weights[:, t], plain.coef_, atol=1e-3)
        assert offsets[t] == pytest.approx(plain.intercept_[0], abs=1e-3)
    sign = np.sign(y[:, :1])
    weights, offsets = squared_loss_machines(X, sign, [0.5], max_iter=3000, tol=1e-8)
    plain = LinearSVC(**options).fit(X, sign[:, 0])
    np.testing.assert_allclose(weights[:, 0], plain.coef_[0], atol=1e-3)
