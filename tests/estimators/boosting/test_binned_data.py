"""Ensembles grown on binned rows, whatever the library."""

import numpy as np
import pytest

from avbaselines.estimators.boosting.lightgbm_data import LightGBMData
from avbaselines.estimators.boosting.xgboost_data import XGBoostData

LIBRARIES = {"lightgbm": LightGBMData, "xgboost": XGBoostData}
SMALL = {
    "lightgbm": {"num_leaves": 5, "min_data_in_leaf": 3},
    "xgboost": {"max_depth": 2},
}


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("rate", [0.1, 1.0])
def test_training_concordance_never_falls(library, rate):
    rng = np.random.default_rng(3)
    X = rng.normal(size=(120, 5))
    y = (X[:, :1] * X[:, 1:2] + rng.normal(size=(120, 1))) * 3
    y[::7] = np.nan
    part = LIBRARIES[library](X, max_bin=32).part()
    growing = {"learning_rate": rate, **SMALL[library]}
    ensemble = part.ensemble((y - np.nanmean(y)) / np.nanstd(y), growing, objective="ccc")
    values = [0.0]
    for _ in range(60):
        ensemble.grow(1)
        values.append(float(ensemble.loss.concordance(ensemble.fitted())[0]))
    assert (np.diff(values) >= -1e-6).all() and values[-1] > 0.6


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_part_learns_from_its_rows_alone_and_follows_those_held_out(library):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(120, 4)), rng.normal(size=(120, 1))
    rows, held = np.arange(40, 120), np.arange(40)
    data = LIBRARIES[library](X, max_bin=32)

    def grown(targets):
        ensemble = data.part(rows, held).ensemble(targets, SMALL[library], objective="squared")
        ensemble.grow(5)
        return ensemble

    ensemble = grown(y[rows])
    read = ensemble.reader([5], np.ones(1), np.zeros(1))(X)
    np.testing.assert_allclose(ensemble.held(), read[held], rtol=1e-5, atol=1e-6)
    assert np.corrcoef(read[rows, 0], y[rows, 0])[0, 1] > 0.3
    some = np.where(np.arange(80)[:, None] < 60, y[rows], np.nan)
    assert not np.array_equal(grown(some).held(), ensemble.held())


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("n_classes", [2, 3])
def test_classes_of_a_part_have_margins_as_the_finished_ensemble_has(library, n_classes):
    rng = np.random.default_rng(0)
    X, codes = rng.normal(size=(120, 4)), np.arange(120) % n_classes
    rows, held = np.repeat(np.arange(40, 120), 2), np.arange(40)  # soft labels name a row more than once
    part = LIBRARIES[library](X, max_bin=32).part(rows, held)
    ensemble = part.classes(codes[rows], SMALL[library], np.where(np.arange(160) % 2, 0.9, 0.1))
    for _ in range(2):
        ensemble.grow(3)
        margins = ensemble.held()
    booster = ensemble.booster
    if library == "xgboost":
        expected = booster.inplace_predict(X[held], predict_type="margin")
    else:
        expected = booster.predict(X[held], raw_score=True)
    assert margins.shape == (40, 1 if n_classes == 2 else n_classes)
    np.testing.assert_allclose(margins, expected.reshape(40, -1), rtol=1e-5, atol=1e-6)
