import numpy as np
import pytest
from sklearn.linear_model import Ridge

from avbaselines.estimators.linear import dual_ridge as module
from avbaselines.estimators.linear.dual_ridge import dual_ridge, dual_weights

RNG = np.random.default_rng(0)
Z = RNG.normal(size=(70, 150)) + 1
Y = Z[:, :3] + RNG.normal(size=(70, 3))
Y[:9, 1] = np.nan
TRAIN, TEST = np.arange(10, 70), np.arange(10)
PENALTIES = (0.01, 0.1, 1.0, 10.0, 100.0)


@pytest.mark.parametrize("penalties", [PENALTIES, PENALTIES[:2]])
@pytest.mark.parametrize("weights", [None, 0.1 + RNG.random(60)])
def test_predictions_are_scikit_learns_ridge_for_each_target_and_penalty(penalties, weights):
    y = Y[TRAIN].copy()
    y[::5, 2] = np.nan
    found = dual_ridge(Z @ Z.T, TRAIN, y, TEST, penalties, weights)
    for number, penalty in enumerate(penalties):
        for target in range(3):
            rows = ~np.isnan(y[:, target])
            own = None if weights is None else weights[rows]
            expected = Ridge(penalty).fit(Z[TRAIN][rows], y[rows, target], own).predict(Z[TEST])
            np.testing.assert_allclose(found[number, :, target], expected, atol=1e-8)


def test_a_row_that_is_named_twice_weighs_twice():
    twice = dual_ridge(Z @ Z.T, np.append(TRAIN, TRAIN[:5]), Y[np.append(TRAIN, TRAIN[:5])], TEST, PENALTIES)
    weights = np.where(np.arange(60) < 5, 2.0, 1.0)
    np.testing.assert_allclose(twice, dual_ridge(Z @ Z.T, TRAIN, Y[TRAIN], TEST, PENALTIES, weights), atol=1e-7)


def test_steps_in_single_precision_reach_the_solution_without_the_solver_from_scratch(monkeypatch):
    gram = Z @ Z.T
    expected = [np.linalg.solve(gram + penalty * np.eye(70), Z[:, :2]) for penalty in PENALTIES]
    monkeypatch.setattr(module, "solve_alone", None)
    np.testing.assert_allclose(dual_weights(gram, Z[:, :2], PENALTIES), expected, atol=1e-7)


def test_penalties_below_single_precision_and_indefinite_matrices_are_solved_from_scratch():
    gram = np.diag([1.0, 1e-12, -1e-9])
    for penalties in ([1e-10], [1e-10, 0.1, 1.0, 2.0, 3.0]):
        found = dual_weights(gram.copy(), np.ones((3, 1)), penalties)
        assert np.isfinite(found).all()
        np.testing.assert_allclose(found[0].ravel(), [1, 1 / (1e-12 + 1e-10), 1e10], rtol=1e-4)
