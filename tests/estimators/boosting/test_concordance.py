"""Boosting towards concordance."""

import numpy as np
import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from avbaselines.errors import InputError
from avbaselines.estimators.boosting.concordance import BoostedConcordanceRegressor
from avbaselines.estimators.boosting.objectives import OBJECTIVES
from avbaselines.evaluation.metrics import score

QUICK = {"rounds": 60, "every": 10, "learning_rate": 0.2, "cv": 3}

LIBRARIES = ("lightgbm", "xgboost")

NOT_REPEATED = {
    "check_sample_weight_equivalence_on_dense_data": "bins, folds and leaf sizes count rows, whatever their weight"
}


def corpus(n=240, n_groups=40, noise=1.5, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 12))
    return X, 3 + X[:, 0] + X[:, 1] * X[:, 2] + noise * rng.normal(size=n), np.arange(n) % n_groups


@parametrize_with_checks(
    [
        BoostedConcordanceRegressor(library=library, rounds=60, every=20, learning_rate=0.2, cv=2)
        for library in LIBRARIES
    ],
    expected_failed_checks=lambda estimator: NOT_REPEATED,
)
def test_scikit_learn(estimator, check):
    check(estimator)


@pytest.mark.parametrize("library", LIBRARIES)
def test_unfitted_rho_gives_predictions_their_spread(library):
    """As means over corpora: one alone hangs on the number of rounds that it happens to choose."""
    X_test, y_test, _ = corpus(1500, seed=1)
    ccc, spread = {}, {}
    for name, parameters in {
        "squared": {"objective": "squared"},
        "training": {"objective": "ccc", "rho": "training"},
        "out-of-fold": {"objective": "ccc"},
    }.items():
        predicted = []
        for seed in (10, 11, 12):
            X, y, groups = corpus(400, seed=seed)
            model = BoostedConcordanceRegressor(library=library, rounds=120, learning_rate=0.1, **parameters)
            predicted.append(model.fit(X, y, groups=groups).predict(X_test))
        ccc[name] = np.mean([score("ccc", y_test, p) for p in predicted])
        spread[name] = np.mean([p.std() for p in predicted]) / y_test.std()
    assert spread["out-of-fold"] > max(0.9, spread["training"] + 0.2, spread["squared"] + 0.2), spread
    assert ccc["out-of-fold"] > max(ccc["training"], ccc["squared"] + 0.03), ccc


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
