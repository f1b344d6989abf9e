import builtins

import lightgbm
import numpy as np
import pytest

from avbaselines.errors import InputError
from avbaselines.estimators.boosting.lightgbm_models import (
    LightGBMClassifier,
    LightGBMRegressor,
    XGBoostClassifier,
    XGBoostRegressor,
)
from avbaselines.estimators.preprocessing.screening import screened_columns

RNG = np.random.default_rng(0)
X = RNG.normal(size=(200, 6)).astype(np.float32)
Y = np.column_stack([X[:, 0] * X[:, 1], X[:, 2]]) + 0.1 * RNG.normal(size=(200, 2))
CODES = np.digitize(Y[:, 1], [-0.4, 0.4])


@pytest.mark.parametrize("learner", [LightGBMRegressor, XGBoostRegressor])
def test_staged_values_are_those_of_ensembles_cut_there(learner):
    fitted = learner(rounds=(5, 12, 20), cv=3).fit(X, Y)
    columns, boosters = fitted.model_
    booster = fitted._train(fitted._bin(X), Y[:, 0], 20)
    staged = fitted._staged(booster, X)
    for stage, rounds in zip(staged, (5, 12, 20), strict=True):
        np.testing.assert_allclose(stage, fitted._margins(booster, X, 0, rounds), atol=1e-5)
    assert len(boosters) == 2 and columns.tolist() == list(range(6))


@pytest.mark.parametrize("learner", [LightGBMClassifier, XGBoostClassifier])
@pytest.mark.parametrize("n_classes", [2, 3])
def test_margins_are_log_posteriors_of_the_library(learner, n_classes):
    codes = np.minimum(CODES, n_classes - 1)
    fitted = learner(rounds=(10,), cv=3).fit(X, codes)
    booster = fitted.model_[1]
    margins = fitted._outputs(fitted.model_, X)
    ours = np.exp(margins) / np.exp(margins).sum(axis=1, keepdims=True)
    if isinstance(booster, lightgbm.Booster):
        theirs = booster.predict(X)
    else:
        theirs = booster.inplace_predict(X)
    np.testing.assert_allclose(ours[:, 1:] if n_classes == 2 else ours, theirs.reshape(len(X), -1), atol=1e-5)


def test_columns_are_binned_once_for_all_targets_of_a_fold(monkeypatch):
    calls = []
    original = lightgbm.Dataset.__init__

    def count(self, data, *args, **kwargs):
        calls.append(data is not None)
        original(self, data, *args, **kwargs)

    monkeypatch.setattr(lightgbm.Dataset, "__init__", count)
    LightGBMRegressor(rounds=(5,), cv=3).fit(X, np.column_stack([Y, Y[:, ::-1]]))
    assert sum(calls) == 4


def test_number_of_threads_does_not_matter():
    one, two = (LightGBMRegressor(rounds=(20,), cv=2, n_jobs=n).fit(X, Y).predict(X) for n in (1, 2))
    np.testing.assert_array_equal(one, two)


def test_wide_tables_are_screened_on_training_rows():
    wide = np.hstack([RNG.normal(size=(200, 50)), X])
    fitted = LightGBMRegressor(rounds=(5,), cv=2, max_columns=4).fit(wide, Y[:, 1])
    assert len(fitted.model_[0]) == 4 and 52 in fitted.model_[0]


def test_screening_takes_what_explains_any_target_or_the_classes():
    noise = RNG.normal(size=(200, 30))
    noise[:, 7] = 1e6 + Y[:, 0]
    noise[:, 20] = Y[:, 1]
    noise[::5, 20] = np.nan
    noise[:, 9], noise[:, 10] = 3.0, np.nan
    gaps = Y.copy()
    gaps[:50, 0] = np.nan
    assert screened_columns(noise, gaps, 2).tolist() == [7, 20]
    assert screened_columns(noise, CODES, 1).tolist() == [20]
    assert screened_columns(noise, CODES, 30).tolist() == list(range(30))


def test_xgboost_is_imported_only_when_fitted(monkeypatch):
    original = builtins.__import__

    def refuse(name, *args, **kwargs):
        if name == "xgboost":
            raise ImportError("no xgboost here")
        return original(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", refuse)
    LightGBMRegressor(rounds=(5,), cv=2).fit(X, Y)
    with pytest.raises(ImportError, match="no xgboost"):
        XGBoostRegressor(rounds=(5,), cv=2).fit(X, Y)


def test_bad_parameters_are_refused():
    with pytest.raises(InputError, match="rounds"):
        LightGBMRegressor(rounds=(20, 10)).fit(X, Y)
    with pytest.raises(InputError, match="device"):
        XGBoostRegressor(device="tpu").fit(X, Y)
