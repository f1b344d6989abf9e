"""Ensembles stopped where their out-of-fold predictions are best."""

import numpy as np
import pytest

from avbaselines.errors import InputError
from avbaselines.estimators.boosting.concordance import BoostedConcordanceRegressor
from avbaselines.estimators.boosting.early_stopping import _correlations
from avbaselines.evaluation.metrics import score

QUICK = {"rounds": 60, "every": 10, "learning_rate": 0.2, "cv": 3}

LIBRARIES = ("lightgbm", "xgboost")


def corpus(n=240, n_groups=40, noise=1.5, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 12))
    return X, 3 + X[:, 0] + X[:, 1] * X[:, 2] + noise * rng.normal(size=n), np.arange(n) % n_groups


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


def test_constant_target_and_bad_weights():
    X, y, _ = corpus()
    with pytest.raises(InputError, match="target 0 is constant"):
        BoostedConcordanceRegressor().fit(X, np.ones(len(X)))
    for weight in (-np.ones(len(X)), np.zeros(len(X)), np.ones(3)):
        with pytest.raises(InputError, match="sample_weight: "):
            BoostedConcordanceRegressor(**QUICK).fit(X, y, sample_weight=weight)
