"""Ensembles grown on binned rows."""

import numpy as np
import pytest

from avbaselines.estimators.boosting.binned_data import LightGBMData, XGBoostData

LIBRARIES = ("lightgbm", "xgboost")


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
