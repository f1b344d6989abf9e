import numpy as np
import pytest
from sklearn.linear_model import Ridge
from sklearn.model_selection import PredefinedSplit
from sklearn.pipeline import make_pipeline

from avbaselines.estimators.linear.ridge import RidgeClassifier, RidgeRegressor, ridge_path
from avbaselines.estimators.preprocessing.preparation import Preparation
from avbaselines.estimators.preprocessing.preparation_options import PreparationOptions

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("shape", [(40, 6), (20, 90)], ids=["primal", "dual"])
def test_path_is_scikit_learns_ridge_for_each_target_and_penalty(shape):
    Z = RNG.normal(1, 2, shape)
    Y = RNG.normal(size=(shape[0], 3))
    Y[:5, 1] = np.nan
    weights, intercepts = ridge_path(Z, Y, (0.1, 10.0))
    for p, penalty in enumerate((0.1, 10.0)):
        for t in range(3):
            rows = ~np.isnan(Y[:, t])
            expected = Ridge(alpha=penalty).fit(Z[rows], Y[rows, t])
            np.testing.assert_allclose(weights[p, :, t], expected.coef_, atol=1e-8)
            assert intercepts[p, t] == pytest.approx(expected.intercept_)


def test_estimator_is_a_loop_over_scikit_learns_ridge():
    X, y, folds = RNG.normal(size=(60, 8)), RNG.normal(size=60), np.arange(60) % 3
    fitted = RidgeRegressor(
        preparation=PreparationOptions(("quantile",)), penalties=(2.0,), cv=PredefinedSplit(folds)
    ).fit(X, y)
    expected = np.empty(60)
    for fold in range(3):
        train = folds != fold
        expected[~train] = (
            make_pipeline(Preparation(scaling="quantile"), Ridge(alpha=2.0)).fit(X[train], y[train]).predict(X[~train])
        )
    np.testing.assert_allclose(fitted.oof_prediction_, expected, atol=1e-8)
    whole = make_pipeline(Preparation(scaling="quantile"), Ridge(alpha=2.0)).fit(X, y)
    np.testing.assert_allclose(fitted.predict(X), whole.predict(X), atol=1e-8)


def test_principal_directions_stand_in_where_both_sides_are_large():
    Z = RNG.normal(size=(120, 5)) @ RNG.normal(size=(5, 110))
    y = Z[:, :1] + 1
    exact, approximate = ridge_path(Z, y, (1.0,)), ridge_path(Z, y, (1.0,), max_exact=40)
    np.testing.assert_allclose(approximate[0], exact[0], atol=1e-6)
    fitted = RidgeRegressor(penalties=(0.01,), max_exact=40).fit(Z, y[:, 0])
    assert "20 principal directions" in fitted.note_


def test_joined_columns_let_a_line_bend_and_are_chosen_where_that_helps():
    X = RNG.normal(size=(300, 2)) ** 3
    y = np.sign(X[:, 0]) * np.abs(X[:, 0]) ** 0.3 + 0.3 * X[:, 0] + 0.1 * RNG.normal(size=300)
    fitted = RidgeRegressor().fit(X, y)
    assert fitted.best_params_[0]["scaling"] == "joined"
    plain = RidgeRegressor(preparation=PreparationOptions(("standard", "quantile"))).fit(X, y)
    assert fitted.oof_scores_.max() > plain.oof_scores_.max()
    whole = make_pipeline(Preparation(scaling="joined"), Ridge(alpha=fitted.best_params_[0]["penalty"])).fit(X, y)
    np.testing.assert_allclose(fitted.predict(X), whole.predict(X), atol=1e-8)


@pytest.mark.parametrize(("columns", "tried"), [(500, 3), (501, 2)])
def test_wide_tables_and_few_rows_are_not_joined_by_default(columns, tried):
    X = RNG.normal(size=(300, columns))
    learner = RidgeClassifier(penalties=(1.0,), cv=2)
    assert len(learner.fit(X, (X[:, 0] > 0).astype(int)).oof_scores_) == tried
    assert len(learner.fit(X[:299], (X[:299, 0] > 0).astype(int)).oof_scores_) == 2
    asked = RidgeRegressor(preparation=PreparationOptions(("joined",)), penalties=(1.0,), cv=2).fit(X, X[:, 0])
    assert asked.best_params_[0]["scaling"] == "joined"
    beside = RidgeRegressor(blocks=[slice(0, 499), slice(499, columns)], penalties=(1.0,), cv=2).fit(X, X[:, 0])
    assert len(beside.oof_scores_) == 3
