"""Numbers of rounds, read off one ensemble."""

import lightgbm
import numpy as np
import pytest
from sklearn.model_selection import PredefinedSplit

from avbaselines.errors import InputError
from avbaselines.estimators.boosting.lightgbm_models import LightGBMClassifier, LightGBMRegressor
from avbaselines.estimators.boosting.xgboost_models import XGBoostClassifier, XGBoostRegressor
from avbaselines.estimators.tuned.shared_work import SharedWork

RNG = np.random.default_rng(0)

X = RNG.normal(size=(200, 6)).astype(np.float32)

Y = np.column_stack([X[:, 0] * X[:, 1], X[:, 2]]) + 0.1 * RNG.normal(size=(200, 2))

CODES = np.digitize(Y[:, 1], [-0.4, 0.4])


@pytest.mark.parametrize("learner", [LightGBMRegressor, XGBoostRegressor])
def test_staged_values_are_those_of_ensembles_cut_there(learner):
    fitted = learner(rounds=(5, 12, 20), final="all", cv=3).fit(X, Y)
    ((columns, boosters, *_),) = fitted.model_
    part = fitted._bin(X).part(np.arange(150), np.arange(150, 200))
    ensemble = part.ensemble(Y[:150, :1], fitted._growing(150, 6), objective="squared")
    staged, _ = fitted._staged(ensemble)
    for stage, rounds in zip(staged, (5, 12, 20), strict=True):
        read = fitted._margins(ensemble.booster, X[150:], rounds)
        np.testing.assert_allclose(stage[:, 0], read, atol=1e-5)
    assert len(boosters) == 2 and columns.tolist() == list(range(6))


@pytest.mark.parametrize("learner", [LightGBMClassifier, XGBoostClassifier])
@pytest.mark.parametrize("n_classes", [2, 3])
def test_margins_are_log_posteriors_of_the_library(learner, n_classes):
    codes = np.minimum(CODES, n_classes - 1)
    fitted = learner(rounds=(10,), final="all", cv=3).fit(X, codes)
    booster = fitted.model_[0][1]
    margins = fitted._outputs(fitted.model_, X)
    ours = np.exp(margins) / np.exp(margins).sum(axis=1, keepdims=True)
    if isinstance(booster, lightgbm.Booster):
        theirs = booster.predict(X)
    else:
        theirs = booster.inplace_predict(X)
    np.testing.assert_allclose(ours[:, 1:] if n_classes == 2 else ours, theirs.reshape(len(X), -1), atol=1e-5)


@pytest.mark.parametrize("learner", [LightGBMRegressor, XGBoostRegressor])
def test_nothing_that_was_binned_is_kept_after_the_fit(learner):
    fitted = learner(rounds=(5,), cv=3).fit(X, Y)
    assert fitted._shared is None


@pytest.mark.parametrize("learner", [LightGBMRegressor, XGBoostRegressor, LightGBMClassifier])
def test_trials_of_a_search_share_the_bins_of_equal_bounds(learner, monkeypatch):
    y = CODES if learner is LightGBMClassifier else Y
    shared, binned, original = SharedWork(), [], learner._bin

    def counted(self, table):
        binned.append(self.max_bin)
        return original(self, table)

    monkeypatch.setattr(learner, "_bin", counted)
    trials = [
        learner(rounds=(5, 10), cv=3, learning_rate=rate, max_bin=bins).cross_predict(X, y, shared=shared)
        for rate, bins in ((0.1, 31), (0.2, 31), (0.1, 15), (0.1, 31))
    ]
    assert binned == [31, 15]
    assert np.array_equal(trials[0].oof_prediction_, trials[3].oof_prediction_)
    assert not np.array_equal(trials[0].oof_prediction_, trials[1].oof_prediction_)
    alone = learner(rounds=(5, 10), cv=3, learning_rate=0.2, max_bin=31).fit(X, y)
    assert np.array_equal(trials[1].oof_prediction_, alone.oof_prediction_)


@pytest.mark.parametrize("learner", [LightGBMRegressor, XGBoostRegressor])
def test_screened_tables_hold_the_columns_that_a_fold_chooses(learner):
    fitted = learner(rounds=(5, 10), max_columns=2, cv=3).fit(X, Y)
    assert len(fitted.model_[0][0]) == 2 and 2 in fitted.model_[0][0]
    assert np.corrcoef(fitted.oof_prediction_[:, 1], Y[:, 1])[0, 1] > 0.5


FINAL = {"rounds": (3, 6, 12), "final": "folds"}


@pytest.mark.parametrize("learner", [LightGBMRegressor, XGBoostRegressor])
def test_the_mean_of_the_fits_without_each_fold_is_that_of_the_fits_that_tell_out_of_fold(learner):
    """By hand: a learner of one fold's rows, in units of its targets."""
    folds, y = np.arange(200) % 3, 7 + 3 * Y
    y[folds == 1, 0] = np.nan
    y[(folds != 2), 1] = 5.0  # constant without fold 2: its mean is the answer
    fitted = learner(cv=PredefinedSplit(folds), **FINAL).fit(X, y)
    rounds, parts = [chosen["rounds"] for chosen in fitted.best_params_], []
    data = fitted._bin(X)
    for fold in range(3):
        rows = np.flatnonzero(folds != fold)
        part, predicted = data.part(rows), np.empty((200, 2))
        for t in range(2):
            known = y[rows, t]
            mean, scale = np.nanmean(known), np.nanstd(known)
            predicted[:, t] = mean
            if scale > 0:
                growing = fitted._growing(len(rows), 6)
                ensemble = part.ensemble((known - mean)[:, None] / scale, growing, objective="squared")
                ensemble.grow(rounds[t])
                predicted[:, t] += scale * fitted._margins(ensemble.booster, X, rounds[t])
        parts.append(predicted)
        held = folds == fold
        np.testing.assert_allclose(fitted.oof_prediction_[held], predicted[held], atol=1e-4)
    np.testing.assert_allclose(fitted.predict(X), np.mean(parts, axis=0), atol=1e-4)


@pytest.mark.parametrize("learner", [LightGBMClassifier, XGBoostClassifier])
@pytest.mark.parametrize("n_classes", [2, 3])
def test_classes_are_told_by_the_mean_of_the_fits_without_each_fold(learner, n_classes):
    codes, folds = np.minimum(CODES, n_classes - 1), np.arange(200) % 3
    codes[(folds != 1) & (codes == n_classes - 1)] = 0  # in fold 1 alone: one fit has not seen it
    fitted = learner(cv=PredefinedSplit(folds), **FINAL).fit(X, codes)
    assert [len(present) for *_, present in fitted.model_] == ([2, 2] if n_classes == 2 else [3, 2, 3])
    assert fitted.predict_proba(X).shape == (200, n_classes)
    one = learner(cv=PredefinedSplit(folds), rounds=(3, 6, 12), final="all").fit(X, codes)
    assert np.array_equal(one.oof_prediction_, fitted.oof_prediction_)
    assert np.mean(fitted.predict(X) == one.predict(X)) > 0.8


@pytest.mark.parametrize("learner", [LightGBMRegressor, XGBoostRegressor])
def test_fits_without_folds_are_used_up_by_the_refit(learner):
    fitted = learner(cv=3, **FINAL).cross_predict(X, Y)
    fitted.refit(X, Y)
    assert fitted._grown is None and len(fitted.model_) == 3
    with pytest.raises(InputError, match="fit again"):
        fitted.refit(X, Y)
