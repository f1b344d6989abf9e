"""The one interface of fitted models, held by every kind of model that an experiment fits."""

import numpy as np
import pytest
from sklearn.model_selection import PredefinedSplit

from avbaselines.estimators.boosting.concordance import BoostedConcordanceRegressor
from avbaselines.estimators.ensemble.fold_average import Averaged, FoldAveraged
from avbaselines.estimators.fusion.averages import GreedyFusionClassifier, GreedyFusionRegressor
from avbaselines.estimators.fusion.missing_inputs import MissingFusionRegressor
from avbaselines.estimators.fusion.stacking import MetaRegressor
from avbaselines.estimators.linear.ridge import RidgeClassifier, RidgeRegressor
from avbaselines.estimators.multitarget.chain import ChainRegressor
from avbaselines.estimators.multitarget.joint import JointBoostingRegressor
from avbaselines.estimators.temporal.delay import DelayedRegressor
from avbaselines.estimators.tuned.interface import TargetModel, as_columns
from avbaselines.estimators.tuned.remarks import ChosenDelays, ChosenOrder

N, FOLDS = 60, PredefinedSplit(np.arange(60) % 3)


def data():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(N, 4))
    values = X[:, :2] + 0.5 * rng.normal(size=(N, 2))
    classes = np.where(X[:, 2] > 0.4, 2, np.where(X[:, 2] > -0.4, 1, 0))
    return X, values, classes


def fitted(kind):
    """A fitted model of a kind, and the width of each of its outputs."""
    X, values, classes = data()
    ridge, ridge_classes = RidgeRegressor(cv=FOLDS), RidgeClassifier(cv=FOLDS)
    posteriors = np.abs(X @ np.ones((4, 6)) + np.arange(6))
    both = np.column_stack([values[:, 0], classes])
    chain = ChainRegressor(ridge, ridge_classes, class_targets=(1,), order="search", n_orders=2, cv=FOLDS)
    return {
        "tuned": lambda: (ridge.fit(X, values), [1, 1]),
        "one target": lambda: (ridge.fit(X, values[:, 0]), [1]),
        "classes": lambda: (ridge_classes.fit(X, classes), [3]),
        "boosted": lambda: (BoostedConcordanceRegressor(rounds=5, cv=FOLDS).fit(X, values), [1, 1]),
        "joint": lambda: (JointBoostingRegressor(rounds=5, cv=FOLDS).fit(X, values), [1, 1]),
        "chain": lambda: (chain.fit(X, both), [1, 3]),
        "fold average": lambda: (FoldAveraged(chain, FOLDS).fit(X, both), [1, 3]),
        "average": lambda: (Averaged([chain.fit(X, both)] * 2), [1, 3]),
        "delay": lambda: (DelayedRegressor(cv=FOLDS).fit(X, values), [1, 1]),
        "fusion": lambda: (GreedyFusionRegressor(cv=FOLDS).fit(X, values[:, 0]), [1]),
        "fusion of classes": lambda: (GreedyFusionClassifier(cv=FOLDS).fit(posteriors, classes), [3]),
        "missing inputs": lambda: (MissingFusionRegressor(cv=FOLDS).fit(X, values[:, 0]), [1]),
        "stacking": lambda: (MetaRegressor(cv=FOLDS).fit(X, values), [1, 1]),
    }[kind]()


KINDS = ("tuned", "one target", "classes", "boosted", "joint", "chain", "fold average", "average", "delay")
FUSIONS = ("fusion", "fusion of classes", "missing inputs", "stacking")


@pytest.mark.parametrize("kind", KINDS + FUSIONS)
def test_every_model_answers_per_target(kind):
    model, widths = fitted(kind)
    assert isinstance(model, TargetModel)
    X = np.abs(np.random.default_rng(1).normal(size=(7, 6 if kind == "fusion of classes" else 4)))
    assert [values.shape for values in model.outputs(X)] == [(7, width) for width in widths]
    assert [values.shape for values in model.oof_outputs_] == [(N, width) for width in widths]
    assert all(np.isfinite(values).all() for values in [*model.outputs(X), *model.oof_outputs_])
    assert [1 if classes is None else len(classes) for classes in model.target_classes_] == widths
    assert (model.input_weights_ is not None) == (kind in FUSIONS)
    assert model.needs_whole_recordings == (kind in ("delay", "stacking"))
    assert all(remark.text(["x"] * len(widths)) in model.note_ for remark in model.remarks_)


def test_outputs_are_the_predictions():
    X, values, classes = data()
    model, _ = fitted("tuned")
    np.testing.assert_array_equal(np.hstack(model.outputs(X)), model.predict(X))
    np.testing.assert_array_equal(np.hstack(model.oof_outputs_), model.oof_prediction_)
    model, _ = fitted("classes")
    np.testing.assert_array_equal(model.outputs(X)[0], model.predict_proba(X))


def test_remarks_are_those_of_the_models_inside():
    X, values, _ = data()
    chain = ChainRegressor(order="search", n_orders=2, cv=FOLDS)
    assert chain.fit(X, values).remarks_ == [ChosenOrder(2)]
    still = ChosenDelays((0.0, 0.0), (0.0, 0.0))
    assert DelayedRegressor(chain, cv=FOLDS).fit(X, values).remarks_ == [still, ChosenOrder(2)]
    assert ChosenOrder(2) in FoldAveraged(chain, FOLDS).fit(X, values).remarks_


def test_models_that_cannot_stop_half_way_are_fitted_whole():
    X, values, _ = data()
    called = []
    chain = ChainRegressor(cv=FOLDS).cross_predict(X, values, groups=None, watch=called.append)
    before = chain.predict(X)
    assert not called and np.array_equal(chain.refit(X, values).predict(X), before)


def test_a_single_target_is_one_column():
    assert [column.shape for column in as_columns(np.zeros(3))] == [(3, 1)]
