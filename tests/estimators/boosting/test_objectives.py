"""Gradients of the objectives, and boosting under them."""

import numpy as np
import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from avbaselines.errors import InputError
from avbaselines.estimators.boosting.binned_data import LightGBMData, XGBoostData
from avbaselines.estimators.boosting.concordance import BoostedConcordanceRegressor
from avbaselines.estimators.boosting.early_stopping import _correlations
from avbaselines.estimators.boosting.objectives import OBJECTIVES, Surrogate
from avbaselines.evaluation.metrics import score

QUICK = {"rounds": 60, "every": 10, "learning_rate": 0.2, "cv": 3}
LIBRARIES = ("lightgbm", "xgboost")
NOT_REPEATED = {
    "check_sample_weight_equivalence_on_dense_data": "bins, folds and leaf sizes count rows, whatever their weight"
}


@parametrize_with_checks(
    [
        BoostedConcordanceRegressor(library=library, rounds=60, every=20, learning_rate=0.2, cv=2)
        for library in LIBRARIES
    ],
    expected_failed_checks=lambda estimator: NOT_REPEATED,
)
def test_scikit_learn(estimator, check):
    check(estimator)


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


def test_a_fold_is_not_stretched_by_its_own_labels():
    rng = np.random.default_rng(0)
    folds, Y, oof = np.arange(60) % 3, rng.normal(size=(60, 2)), rng.normal(size=(60, 2))
    before, after = (_correlations(labels, oof, folds)[1] for labels in (Y, np.where(folds[:, None] == 1, -Y, Y)))
    np.testing.assert_allclose(before[1], after[1])
    assert np.abs(before[0] - after[0]).min() > 1e-3
    np.testing.assert_allclose(before[1][0], np.corrcoef(Y[folds != 1, 0], oof[folds != 1, 0])[0, 1])
    used = []

    class Watched(BoostedConcordanceRegressor):
        def _member(self, *arguments):
            member = super()._member(*arguments)
            grow = member.grow
            member.grow = lambda rounds, rho: used.append(rho) or grow(rounds, rho)
            return member

    X, y, groups = corpus(120)
    Watched(**QUICK).fit(X, y, groups=groups)
    assert len({float(rho[0]) for rho in used[3:6]}) == 3


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


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("rate", [0.1, 1.0])
def test_training_concordance_never_falls(library, rate):
    rng = np.random.default_rng(3)
    X = rng.normal(size=(120, 5))
    y = (X[:, :1] * X[:, 1:2] + rng.normal(size=(120, 1))) * 3
    y[::7] = np.nan
    if library == "lightgbm":
        data = LightGBMData(X, {"learning_rate": rate, "num_leaves": 5, "min_data_in_leaf": 3, "num_threads": 1})
    else:
        data = XGBoostData(X, {"learning_rate": rate, "max_depth": 2, "max_bin": 32, "nthread": 1})
    ensemble = data.ensemble((y - np.nanmean(y)) / np.nanstd(y), objective="ccc")
    values = [0.0]
    for _ in range(60):
        ensemble.grow(1)
        values.append(float(ensemble.loss.concordance(ensemble.fitted())[0]))
    assert (np.diff(values) >= -1e-6).all() and values[-1] > 0.6


def corpus(n=240, n_groups=40, noise=1.5, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 12))
    return X, 3 + X[:, 0] + X[:, 1] * X[:, 2] + noise * rng.normal(size=n), np.arange(n) % n_groups


@pytest.mark.parametrize("library", LIBRARIES)
def test_unfitted_rho_gives_predictions_their_spread(library):
    X, y, groups = corpus(400)
    X_test, y_test, _ = corpus(1500, seed=1)
    ccc = {}
    for name, parameters in {
        "squared": {"objective": "squared"},
        "training": {"objective": "ccc", "rho": "training"},
        "out-of-fold": {"objective": "ccc"},
    }.items():
        model = BoostedConcordanceRegressor(library=library, rounds=120, learning_rate=0.1, **parameters)
        ccc[name] = score("ccc", y_test, model.fit(X, y, groups=groups).predict(X_test))
    assert ccc["out-of-fold"] > max(ccc["training"], ccc["squared"]) + 0.03, ccc


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("objective", OBJECTIVES)
def test_learns_out_of_fold_and_ignores_unlabelled_rows(library, objective):
    X, y, groups = corpus(noise=0.5)
    y[::6] = np.nan
    model = BoostedConcordanceRegressor(objective=objective, library=library, **QUICK | {"cv": 5})
    model.fit(X, y, groups=groups)
    assert score("ccc", y, model.oof_prediction_) > 0.5
    assert np.isfinite(model.oof_prediction_).all()
    X_test, y_test, _ = corpus(1000, noise=0, seed=1)
    predicted = model.predict(X_test)
    assert score("ccc", y_test, predicted) > 0.6
    assert 0.5 < predicted.std() / y_test.std() < 1.5


def test_labels_in_one_group_only():
    X, y, groups = corpus(120, n_groups=12)
    model = BoostedConcordanceRegressor(**QUICK).fit(X, np.where(groups == 0, y, np.nan), groups=groups)
    assert np.isfinite(model.predict(X)).all()


def test_weight_zero_is_as_if_absent():
    X, y, groups = corpus(noise=0.3)
    wrong = np.arange(len(y)) % 2 == 0
    spoilt = np.where(wrong, 20 - 5 * y, y)
    weighted = BoostedConcordanceRegressor(objective="squared", matching=False, **QUICK)
    weighted.fit(X, spoilt, groups=groups, sample_weight=1.0 * ~wrong)
    X_test, y_test, _ = corpus(500, noise=0, seed=1)
    assert score("ccc", y_test, weighted.predict(X_test)) > 0.4
    plain = BoostedConcordanceRegressor(objective="squared", matching=False, **QUICK).fit(X, spoilt, groups=groups)
    assert score("ccc", y_test, plain.predict(X_test)) < 0.2


def test_stops_where_out_of_fold_is_best():
    X, y, groups = corpus(n=120, noise=3)
    model = BoostedConcordanceRegressor(rounds=400, every=5, patience=20, learning_rate=0.3).fit(X, y, groups=groups)
    best = int(np.nanargmax(model.oof_scores_[:, 0]))
    assert model.best_params_[0]["rounds"] == 5 * (best + 1)
    assert len(model.oof_scores_) == best + 1 + 4 < 80


@pytest.mark.parametrize("library", LIBRARIES)
def test_group_identity_does_not_leak(library):
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(24), 10)
    y = rng.normal(size=24)[groups] + 0.1 * rng.normal(size=240)
    X = np.hstack([np.eye(24)[groups], rng.normal(size=(240, 3))])
    parameters = QUICK | {"cv": 6, "min_leaf": 1}
    grouped = BoostedConcordanceRegressor(library=library, **parameters).fit(X, y, groups=groups)
    assert score("pcc", y, grouped.oof_prediction_) < 0.25
    assert score("pcc", y, BoostedConcordanceRegressor(library=library, **parameters).fit(X, y).oof_prediction_) > 0.5


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ({"objective": "mse"}, "objective: one of squared, pcc, ccc is needed, got 'mse'"),
        ({"library": "catboost"}, "library: 'lightgbm' or 'xgboost'"),
        ({"rho": "dev"}, "rho: 'training' or 'out-of-fold'"),
        ({"rho_min": 0}, "rho_min: a number above 0"),
        ({"patience": 0}, "patience: 1 or more"),
    ],
)
def test_named_errors(bad, message):
    X, y, _ = corpus()
    with pytest.raises(InputError, match=message):
        BoostedConcordanceRegressor(**QUICK | bad).fit(X, y)


def test_constant_target_and_bad_weights():
    X, y, _ = corpus()
    with pytest.raises(InputError, match="target 0 is constant"):
        BoostedConcordanceRegressor().fit(X, np.ones(len(X)))
    for weight in (-np.ones(len(X)), np.zeros(len(X)), np.ones(3)):
        with pytest.raises(InputError, match="sample_weight: "):
            BoostedConcordanceRegressor(**QUICK).fit(X, y, sample_weight=weight)
