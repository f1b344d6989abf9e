"""Rows binned by LightGBM."""

import lightgbm
import numpy as np
import pytest

from avbaselines.estimators.boosting.lightgbm_data import LightGBMData
from avbaselines.estimators.boosting.lightgbm_models import LightGBMRegressor
from avbaselines.estimators.boosting.objectives import Surrogate


def test_rows_are_binned_once_for_all_folds_and_targets(monkeypatch):
    """Folds copy bins: of the features, one copy is read, and that once."""
    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(60, 6)).astype(np.float32), rng.normal(size=(60, 3))
    binned, start = [], lightgbm.Dataset.__init__

    def counted(self, data, *arguments, **options):
        if data is not None:
            binned.append(data.nbytes)
        start(self, data, *arguments, **options)

    monkeypatch.setattr(lightgbm.Dataset, "__init__", counted)
    LightGBMRegressor(rounds=(2, 4), cv=5).fit(X, Y)
    assert binned == [X.nbytes]


@pytest.mark.parametrize(("objective", "rho"), [("squared", None), ("ccc", 0.4)])
@pytest.mark.parametrize("weighted", [False, True])
def test_a_given_stretch_is_left_to_lightgbm_with_the_same_trees(monkeypatch, objective, rho, weighted):
    """As a squared error towards stretched targets; LightGBM takes margins in double precision, we do not."""
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(200, 5)), rng.normal(size=(200, 1))
    y[::7] = np.nan
    weight = rng.uniform(0.5, 2, 200) if weighted else None
    y -= np.average(y[~np.isnan(y)], weights=None if weight is None else weight[~np.isnan(y[:, 0])])
    rho = None if rho is None else np.array([rho])
    growing, margins, called = {"bagging_fraction": 0.7, "bagging_freq": 1, "num_leaves": 5}, [], []
    call = Surrogate.__call__
    monkeypatch.setattr(Surrogate, "__call__", lambda *arguments: called.append(1) or call(*arguments))
    for _ in range(2):
        part = LightGBMData(X, max_bin=32).part(np.arange(200), held=np.arange(20))
        ensemble = part.ensemble(y, growing, objective=objective, sample_weight=weight)
        ensemble.grow(4, rho)
        ensemble.grow(3, None if rho is None else rho + 0.1)
        margins.append(np.vstack([ensemble.fitted(), ensemble.held()]))
        assert len(called) == (0, 7)[len(margins) - 1]
        monkeypatch.setattr(Surrogate, "as_squared_error", lambda *_: None)
    np.testing.assert_allclose(margins[0], margins[1], rtol=0, atol=1e-5)
    assert np.ptp(margins[0]) > 0.1


def test_targets_grow_in_turns_on_the_same_rows_and_weights_stay_with_their_ensemble():
    rng = np.random.default_rng(0)
    X, Y, weight = rng.normal(size=(80, 3)), rng.normal(size=(80, 2)), rng.uniform(0.1, 3, 80)
    part = LightGBMData(X, max_bin=32).part()

    def ensembles():
        weighted = part.ensemble(Y[:, [0]], {"num_leaves": 5}, objective="squared", sample_weight=weight)
        return [weighted, *(part.ensemble(Y[:, [t]], {"num_leaves": 5}, objective="squared") for t in range(2))]

    alone, turns = ensembles(), ensembles()
    for ensemble in alone:
        ensemble.grow(4)
    for _ in range(4):
        for ensemble in turns:
            ensemble.grow(1)
    assert all(np.array_equal(a.fitted(), b.fitted()) for a, b in zip(alone, turns, strict=True))
    assert not np.allclose(alone[0].fitted(), alone[1].fitted())
