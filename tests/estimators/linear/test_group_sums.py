"""Sums per group, and solutions near a known one."""

import numpy as np
import pytest
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from avbaselines.estimators.linear import group_sums
from avbaselines.estimators.linear.group_ridge import leave_group_out


def plain(X, Y, kept, held, penalty, standardise=True, fit_intercept=True):
    ridge = Ridge(penalty, fit_intercept=fit_intercept)
    model = make_pipeline(StandardScaler(), ridge) if standardise else ridge
    return model.fit(X[kept].astype(float), Y[kept]).predict(X[held].astype(float)).reshape(held.sum(), -1)


@pytest.fixture(scope="module")
def data():
    """Correlated columns on very different scales, six groups of unequal size and offset, three targets."""
    rng = np.random.default_rng(0)
    groups = rng.permutation(np.repeat(list("abcdef"), [40, 60, 80, 100, 50, 30]))
    own = {name: rng.normal(size=25) for name in "abcdef"}
    X = rng.normal(size=(360, 25)) @ rng.normal(size=(25, 25)) + np.array([own[name] for name in groups])
    Y = X[:, :3] + X @ rng.normal(size=(25, 3)) + 5 * rng.normal(size=(360, 3)) + [0, 10, -50]
    return X * np.logspace(-2, 3, 25) + np.logspace(-2, 3, 25), Y, groups


PENALTIES = np.logspace(-1, 4, 9)


def test_iterations_alone_reach_the_solution(data, monkeypatch):
    """The solver from scratch is for hard cases; the preconditioned steps must do without it here."""
    monkeypatch.setattr(group_sums, "solve_alone", None)
    X, Y, groups = data
    leave_group_out(X, Y, groups, PENALTIES)


def test_solver_from_scratch(data, monkeypatch):
    X, Y, groups = data
    expected = leave_group_out(X, Y, groups, PENALTIES)
    monkeypatch.setattr(group_sums, "MAX_STEPS", 1)
    np.testing.assert_allclose(leave_group_out(X, Y, groups, PENALTIES), expected, atol=1e-6 * Y.std())


def test_large_groups_are_summed_in_chunks(data, monkeypatch):
    X, Y, groups = data
    expected = leave_group_out(X, Y, groups, [2.0])
    monkeypatch.setattr(group_sums, "ROWS_AT_ONCE", 7)
    np.testing.assert_allclose(leave_group_out(X, Y, groups, [2.0]), expected, atol=1e-8)
