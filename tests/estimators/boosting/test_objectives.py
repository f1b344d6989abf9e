"""Gradients of the objectives, and boosting under them."""

import numpy as np
import pytest

from avbaselines.estimators.boosting.objectives import OBJECTIVES, Surrogate

QUICK = {"rounds": 60, "every": 10, "learning_rate": 0.2, "cv": 3}
LIBRARIES = ("lightgbm", "xgboost")
NOT_REPEATED = {
    "check_sample_weight_equivalence_on_dense_data": "bins, folds and leaf sizes count rows, whatever their weight"
}


def loss(objective, truth, prediction, weight):
    """The textbook formula on the labelled rows."""
    rows = ~np.isnan(truth)
    t, p, w = truth[rows], prediction[rows], weight[rows] / weight[rows].sum()
    t_mean, p_mean = w @ t, w @ p
    t_var, p_var, covariance = w @ (t - t_mean) ** 2, w @ (p - p_mean) ** 2, w @ ((t - t_mean) * (p - p_mean))
    return {
        "squared": 0.5 * w @ (p - t) ** 2,
        "pcc": 1 - covariance / np.sqrt(t_var * p_var),
        "ccc": 1 - 2 * covariance / (t_var + p_var + (t_mean - p_mean) ** 2),
    }[objective]


@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("weighted", [True, False])
def test_gradient_is_the_numerical_one(objective, sign, weighted):
    rng = np.random.default_rng(0)
    truth = rng.normal(3, 2, (40, 2))
    truth[::5, 1] = np.nan
    weight = rng.random(40) + 0.2 if weighted else np.ones(40)
    prediction = 1 + sign * np.nan_to_num(truth) * 0.6 + rng.normal(size=truth.shape)
    surrogate = Surrogate(objective, truth, weight if weighted else None)
    gradient, hessian = surrogate(prediction)
    numerical = np.empty_like(prediction)
    for row, target in np.ndindex(*prediction.shape):
        step = np.zeros_like(prediction)
        step[row, target] = 1e-5
        up, down = (
            loss(objective, truth[:, target], moved[:, target], weight)
            for moved in (prediction + step, prediction - step)
        )
        numerical[row, target] = (up - down) / 2e-5
    np.testing.assert_allclose(gradient * surrogate.scale_, numerical, atol=2e-6 * np.abs(numerical).max())
    assert (gradient[::5, 1] == 0).all() and (hessian[::5, 1] == 0).all()


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_weights_multiply_rows_and_targets(objective):
    rng = np.random.default_rng(1)
    truth, prediction = rng.normal(size=(2, 30, 2))
    repeated = np.repeat(np.arange(30), 1 + np.arange(30) % 3)
    weighted = Surrogate(objective, truth, 1 + np.arange(30) % 3, [2, 0])
    plain = Surrogate(objective, truth[repeated], None, [2, 0])
    gradient, hessian = weighted(prediction)
    single = np.unique(repeated, return_index=True)[1]
    per_row = plain(prediction[repeated])[0][single] * (1 + np.arange(30) % 3)[:, None]
    np.testing.assert_allclose(gradient, per_row, atol=1e-5)
    assert (gradient[:, 1] == 0).all() and (hessian[:, 1] == 0).all() and (hessian[:, 0] > 0).all()


def test_stretch_is_bounded():
    truth = np.array([[-1.0], [0.0], [1.0]])
    nothing = np.zeros((3, 1))
    np.testing.assert_allclose(Surrogate("ccc", truth, rho_min=0.5)(nothing)[0], -2 * truth)
    np.testing.assert_allclose(Surrogate("ccc", truth, rho_min=0.5)(nothing, np.array([0.1]))[0], -2 * truth)
    np.testing.assert_allclose(Surrogate("ccc", truth, rho_min=0.1)(nothing, np.array([0.8]))[0], -truth / 0.8)


def test_surrogate_majorises():
    """A full Newton step of all rows in any direction never raises the loss."""
    rng = np.random.default_rng(2)
    for objective in ("ccc", "pcc"):
        for _ in range(200):
            truth, prediction = rng.normal(size=(2, 25, 1))
            prediction += rng.normal() * truth + rng.normal()
            surrogate = Surrogate(objective, truth)
            gradient, hessian = surrogate(prediction)
            leaf = rng.integers(0, 4, 25)
            step = -np.array([gradient[leaf == k].sum() / max(hessian[leaf == k].sum(), 1) for k in range(4)])
            moved = prediction + rng.uniform(0.01, 1) * step[leaf][:, None]
            losses = [loss(objective, truth[:, 0], p[:, 0], np.ones(25)) for p in (prediction, moved)]
            if objective == "ccc" or prediction.var() > 0.25 * truth.var():
                assert losses[1] <= losses[0] + 1e-6


def corpus(n=240, n_groups=40, noise=1.5, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 12))
    return X, 3 + X[:, 0] + X[:, 1] * X[:, 2] + noise * rng.normal(size=n), np.arange(n) % n_groups


def test_what_no_squared_error_is_has_no_such_form():
    Y = np.array([[0.0, 1.0], [1.0, np.nan], [2.0, 0.0]])
    assert Surrogate("ccc", Y[:, :1]).as_squared_error() is None
    assert Surrogate("pcc", Y[:, :1]).as_squared_error(np.ones(1)) is None
    assert Surrogate("squared", Y).as_squared_error() is None  # the second target lacks a row that the first one has
    assert Surrogate("squared", Y[:, :1], target_weights=[2.0]).as_squared_error()[1].tolist() == [2, 2, 2]
