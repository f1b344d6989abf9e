"""Ensembles grown on binned rows."""

import numpy as np
import pytest

from avbaselines.estimators.boosting.binned_data import LightGBMData, XGBoostData
from avbaselines.estimators.boosting.objectives import Surrogate

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


@pytest.mark.parametrize("n_targets", [1, 2])
@pytest.mark.parametrize(("objective", "rho"), [("squared", None), ("ccc", [0.2, 0.7])])
def test_a_given_stretch_is_left_to_xgboost_with_the_same_trees_to_the_bit(monkeypatch, objective, rho, n_targets):
    """As a squared error towards stretched targets, which costs what a plain one does."""
    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(200, 5)), rng.normal(size=(200, n_targets))
    if n_targets == 1:
        Y[::7] = np.nan
    parameters = {"nthread": 1, "max_bin": 32, "subsample": 0.7, "seed": 0}
    if n_targets > 1:
        parameters["multi_strategy"] = "multi_output_tree"
    weight, margins, called = rng.uniform(0.5, 2, 200), [], []
    labelled = ~np.isnan(Y)
    Y -= [np.average(y[known], weights=weight[known]) for y, known in zip(Y.T, labelled.T, strict=True)]
    rho = None if rho is None else np.array(rho[:n_targets])
    call = Surrogate.__call__
    monkeypatch.setattr(Surrogate, "__call__", lambda *arguments: called.append(1) or call(*arguments))
    for _ in range(2):
        data = XGBoostData(X, parameters, X[:20])
        ensemble = data.ensemble(Y, objective=objective, sample_weight=weight)
        ensemble.grow(4, rho)
        ensemble.grow(3, None if rho is None else rho + 0.1)
        margins.append((ensemble.fitted(), ensemble.held()))
        assert len(called) == (0, 7)[len(margins) - 1]
        monkeypatch.setattr(Surrogate, "as_squared_error", lambda *_: None)
    assert all(np.array_equal(native, ours) for native, ours in zip(*margins, strict=True))
    assert np.ptp(margins[0][0]) > 0.1


def test_ensembles_of_several_targets_grow_in_turns_on_the_same_rows():
    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(80, 3)), rng.normal(size=(80, 2))
    data = XGBoostData(X, {"nthread": 1, "max_bin": 32})
    alone = [data.ensemble(Y[:, [t]], objective="squared") for t in range(2)]
    for ensemble in alone:
        ensemble.grow(4)
    turns = [data.ensemble(Y[:, [t]], objective="squared") for t in range(2)]
    for _ in range(4):
        for ensemble in turns:
            ensemble.grow(1)
    assert all(np.array_equal(a.fitted(), b.fitted()) for a, b in zip(alone, turns, strict=True))


def test_what_no_squared_error_is_has_no_such_form():
    Y = np.array([[0.0, 1.0], [1.0, np.nan], [2.0, 0.0]])
    assert Surrogate("ccc", Y[:, :1]).as_squared_error() is None
    assert Surrogate("pcc", Y[:, :1]).as_squared_error(np.ones(1)) is None
    assert Surrogate("squared", Y).as_squared_error() is None  # the second target lacks a row that the first one has
    assert Surrogate("squared", Y[:, :1], target_weights=[2.0]).as_squared_error()[1].tolist() == [2, 2, 2]
