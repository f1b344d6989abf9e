"""Numbers of rounds, read off one ensemble."""

import lightgbm
import numpy as np
import pytest

from avbaselines.estimators.boosting.lightgbm_models import LightGBMClassifier, LightGBMRegressor
from avbaselines.estimators.boosting.xgboost_models import XGBoostClassifier, XGBoostRegressor

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
