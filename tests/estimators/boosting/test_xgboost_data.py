"""Rows binned by XGBoost, on the CPU and as a GPU has them."""

import numpy as np
import pytest
import xgboost

from avbaselines.estimators.boosting.concordance import BoostedConcordanceRegressor
from avbaselines.estimators.boosting.objectives import Surrogate
from avbaselines.estimators.boosting.xgboost_data import XGBoostData
from avbaselines.estimators.boosting.xgboost_models import XGBoostClassifier, XGBoostRegressor


@pytest.fixture
def made(monkeypatch):
    """Tables that XGBoost is given: class, bytes, and whether bounds of bins are worked out."""
    tables = []
    for cls in (xgboost.DMatrix, xgboost.QuantileDMatrix):
        start = cls.__init__

        def counted(self, data, *arguments, _start=start, _name=cls.__name__, **options):
            if type(self).__name__ == _name and isinstance(data, np.ndarray):
                tables.append((_name, data.nbytes, _name == "QuantileDMatrix" and options.get("ref") is None))
            _start(self, data, *arguments, **options)

        monkeypatch.setattr(cls, "__init__", counted)
    return tables


def drawn(n=100, targets=3):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, 6)).astype(np.float32)
    return X, X[:, :targets] + rng.normal(size=(n, targets))


@pytest.fixture
def without_gpu_warnings():
    """A 'cuda' that is not there is the CPU, as XGBoost warns on each occasion."""
    with xgboost.config_context(verbosity=0):
        yield


@pytest.mark.parametrize(
    "learner",
    [
        XGBoostRegressor(rounds=(2, 4), device="cuda"),
        XGBoostClassifier(rounds=(2, 4), device="cuda"),
        BoostedConcordanceRegressor(library="xgboost", rounds=10, device="cuda"),
    ],
    ids=["plain", "classes", "ccc"],
)
def test_a_gpu_is_sent_one_table_a_fit_for_all_folds_and_targets(made, without_gpu_warnings, learner):
    """And none to predict: neither held-out nor new rows."""
    X, Y = drawn()
    model = learner.fit(X, np.digitize(Y[:, 0], [0]) if hasattr(learner, "predict_proba") else Y)
    model.predict(X)
    assert made == [("DMatrix", X.nbytes, False)]


def test_the_cpu_works_out_bounds_once_and_lays_each_fold_out_once(made):
    X, Y = drawn()
    XGBoostRegressor(rounds=(2, 4), cv=5).fit(X, Y).predict(X)
    assert [bounds for _, _, bounds in made].count(True) == 1
    assert [name for name, _, _ in made] == ["QuantileDMatrix", *["QuantileDMatrix", "DMatrix"] * 5]
    assert sum(size for _, size, _ in made) == X.nbytes * (1 + 5)


@pytest.mark.parametrize("objective", ["squared", "ccc"])
def test_a_shared_table_grows_the_trees_of_the_fold_alone(without_gpu_warnings, objective):
    """Rows held out have no weight: trees are those of the rows that are left, bounds of bins being equal."""
    X, Y = drawn(n=200, targets=1)
    rows, held = np.flatnonzero(np.arange(200) % 4 > 0), np.flatnonzero(np.arange(200) % 4 == 0)
    rho, found = np.array([0.5]), []
    for device in ("cpu", "cuda"):
        part = XGBoostData(X, max_bin=32, device=device).part(rows, held)
        ensemble = part.ensemble(Y[rows] - Y[rows].mean(), {"max_depth": 2}, objective=objective)
        ensemble.grow(6, rho)
        found.append(ensemble.held())
    np.testing.assert_allclose(found[1], found[0], rtol=1e-4, atol=1e-5)
    assert found[0].std() > 0.1


@pytest.mark.parametrize("n_targets", [1, 2])
@pytest.mark.parametrize(("objective", "rho"), [("squared", None), ("ccc", [0.2, 0.7])])
def test_a_given_stretch_is_left_to_xgboost_with_the_same_trees_to_the_bit(monkeypatch, objective, rho, n_targets):
    """As a squared error towards stretched targets, which costs what a plain one does."""
    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(200, 5)), rng.normal(size=(200, n_targets))
    if n_targets == 1:
        Y[::7] = np.nan
    growing = {"subsample": 0.7, "seed": 0}
    if n_targets > 1:
        growing["multi_strategy"] = "multi_output_tree"
    weight, margins, called = rng.uniform(0.5, 2, 200), [], []
    labelled = ~np.isnan(Y)
    Y -= [np.average(y[known], weights=weight[known]) for y, known in zip(Y.T, labelled.T, strict=True)]
    rho = None if rho is None else np.array(rho[:n_targets])
    call = Surrogate.__call__
    monkeypatch.setattr(Surrogate, "__call__", lambda *arguments: called.append(1) or call(*arguments))
    for _ in range(2):
        part = XGBoostData(X, max_bin=32).part(np.arange(200), held=np.arange(20))
        ensemble = part.ensemble(Y, growing, objective=objective, sample_weight=weight)
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
    part = XGBoostData(X, max_bin=32).part()
    alone = [part.ensemble(Y[:, [t]], {}, objective="squared") for t in range(2)]
    for ensemble in alone:
        ensemble.grow(4)
    turns = [part.ensemble(Y[:, [t]], {}, objective="squared") for t in range(2)]
    for _ in range(4):
        for ensemble in turns:
            ensemble.grow(1)
    assert all(np.array_equal(a.fitted(), b.fitted()) for a, b in zip(alone, turns, strict=True))
