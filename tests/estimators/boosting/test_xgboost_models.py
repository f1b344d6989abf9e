"""XGBoost is loaded when it is needed."""

import builtins

import numpy as np
import pytest

from avbaselines.estimators.boosting.lightgbm_models import LightGBMRegressor
from avbaselines.estimators.boosting.xgboost_models import XGBoostRegressor

X = np.random.default_rng(0).normal(size=(60, 4))
Y = X[:, :2] + X[:, 2:]


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
