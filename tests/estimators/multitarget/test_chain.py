"""Chains of targets."""

import numpy as np
import pytest
import skops.io
from sklearn.utils.estimator_checks import parametrize_with_checks

from avbaselines.errors import InputError
from avbaselines.estimators.boosting.lightgbm_models import LightGBMClassifier, LightGBMRegressor
from avbaselines.estimators.kernel.support_vectors import KernelRegressor
from avbaselines.estimators.linear.ridge import RidgeClassifier, RidgeRegressor
from avbaselines.estimators.multitarget.chain import ChainRegressor
from avbaselines.estimators.preprocessing.preparation_options import PreparationOptions
from avbaselines.evaluation.metrics import score

RIDGE = RidgeRegressor(preparation=PreparationOptions(("standard",)), penalties=(10.0, 1.0, 0.1, 0.01))
TREES = LightGBMRegressor(rounds=(20, 60), learning_rate=0.15)


@parametrize_with_checks(
    [
        ChainRegressor(RIDGE, cv=2, one_target="fit"),
        ChainRegressor(RIDGE, inputs="features", nested=False, order="ensemble", n_orders=2, cv=2, one_target="fit"),
    ]
)
def test_scikit_learn(estimator, check):
    check(estimator)


def corpus(n=300, n_groups=30, few=None, seed=0):
    """A factor, a noisy reading of it (with a share `few` of labels), its class, and a target of its own."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 12))
    factor = X[:, :3].sum(axis=1)
    noise = rng.normal(size=(n, 4)) * [0.5, 2, 0.5, 0.5]
    Y = np.column_stack([factor, 50 - 10 * factor, np.digitize(factor, [-1, 1]), X[:, 5]])
    Y[:, [0, 1, 3]] += noise[:, [0, 1, 3]] * [1, 10, 1]
    if few:
        Y[rng.random(n) > few, 1] = np.nan
    return X, Y, np.arange(n) % n_groups


def pcc(truth, prediction):
    return [score("pcc", t, p) for t, p in zip(truth.T, prediction.T, strict=True)]


@pytest.mark.parametrize("inputs", ["predictions", "features"])
@pytest.mark.parametrize(
    "learner", [RIDGE, TREES, KernelRegressor(preparation=PreparationOptions(("standard",)), widths=(1.0,))]
)
def test_works_over_any_learner(learner, inputs):
    X, Y, groups = corpus(200)
    Y = Y[:, [0, 1, 3]]
    Y[::5, 0] = np.nan
    model = ChainRegressor(learner, inputs=inputs, cv=3).fit(X, Y, groups=groups)
    assert model.oof_prediction_.shape == Y.shape and np.isfinite(model.oof_prediction_).all()
    X_test, Y_test, _ = corpus(600, seed=1)
    values = pcc(Y_test[:, [0, 1, 3]], model.predict(X_test))
    assert min(values) > 0.5
    assert pcc(Y, model.oof_prediction_) == pytest.approx(values, abs=0.2)


def test_few_labels_borrow_from_many():
    X, Y, groups = corpus(400, few=0.06)
    X_test, Y_test, _ = corpus(1500, seed=1)
    alone = RIDGE.fit(X, Y[:, 1], groups=groups).predict(X_test)
    chained = ChainRegressor(RIDGE).fit(X, Y[:, :2], groups=groups).predict(X_test)[:, 1]
    assert score("pcc", Y_test[:, 1], chained) > score("pcc", Y_test[:, 1], alone) + 0.03


def test_steps_never_see_labels():
    """Two targets of pure chance, the second a copy of the first: its labels would predict it, predictions do not."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 5))
    y = rng.normal(size=200)
    groups = np.arange(200) % 20
    for inputs in ("predictions", "features"):
        model = ChainRegressor(TREES, inputs=inputs).fit(X, np.column_stack([y, y]), groups=groups)
        assert max(pcc(np.column_stack([y, y]), model.oof_prediction_)) < 0.15


def test_nesting_reveals_what_shared_folds_hide():
    rng = np.random.default_rng(0)
    X, shared = rng.normal(size=(150, 100)), rng.normal(size=150)
    Y = shared[:, None] + 0.3 * rng.normal(size=(150, 6))
    groups = np.arange(150) % 30
    hidden, honest = (
        np.mean(pcc(Y, ChainRegressor(RIDGE, inputs="features", nested=n).fit(X, Y, groups=groups).oof_prediction_))
        for n in (False, None)
    )
    assert hidden > 0.25 and abs(honest) < 0.15
    safe = ChainRegressor(RIDGE).fit(X, Y, groups=groups)
    assert abs(np.mean(pcc(Y, safe.oof_prediction_))) < 0.15


@pytest.mark.parametrize("inputs", ["predictions", "features"])
def test_group_identity_does_not_leak(inputs):
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(24), 10)
    Y = rng.normal(size=(24, 2))[groups] + 0.1 * rng.normal(size=(240, 2))
    X = np.hstack([np.eye(24)[groups], rng.normal(size=(240, 3))])
    model = ChainRegressor(TREES.set_params(min_leaf=3), inputs=inputs, cv=6)
    assert max(pcc(Y, model.fit(X, Y, groups=groups).oof_prediction_)) < 0.2
    assert min(pcc(Y, model.fit(X, Y).oof_prediction_)) > 0.4


@pytest.mark.parametrize("order", ["given", "search", "ensemble"])
def test_shuffled_targets_score_about_zero(order):
    X, Y, groups = corpus(300)
    Y = Y[np.random.default_rng(0).permutation(len(Y))][:, [0, 1, 3]]
    model = ChainRegressor(RIDGE, order=order, n_orders=3).fit(X, Y, groups=groups)
    assert max(pcc(Y, model.oof_prediction_)) < 0.15


def test_orders():
    X, Y, groups = corpus(200)
    Y = Y[:, [3, 1, 0]]
    given = ChainRegressor(RIDGE).fit(X, Y, groups=groups)
    assert given.orders_ == [(0, 1, 2)]
    listed = ChainRegressor(RIDGE, order=[2, 1, 0]).fit(X, Y, groups=groups)
    assert listed.orders_ == [(2, 1, 0)]
    assert not np.allclose(listed.predict(X)[:, 1], given.predict(X)[:, 1])
    searched = ChainRegressor(RIDGE, order="search", n_orders=6).fit(X, Y, groups=groups)
    assert len(searched.searched_) == 6 and "among 6" in searched.note_
    assert searched.oof_scores_.mean() == pytest.approx(max(value for _, value in searched.searched_))
    both = ChainRegressor(RIDGE, order="ensemble", n_orders=6).fit(X, Y, groups=groups)
    assert len(both.orders_) == 6
    singles = [ChainRegressor(RIDGE, order=list(order)).fit(X, Y, groups=groups).predict(X) for order in both.orders_]
    np.testing.assert_allclose(both.predict(X), np.mean(singles, axis=0))
    some = ChainRegressor(RIDGE, order="ensemble", n_orders=3).fit(X, Y, groups=groups)
    assert len(set(some.orders_)) == 3 and all(sorted(order) == [0, 1, 2] for order in some.orders_)


@pytest.mark.parametrize("inputs", ["predictions", "features"])
@pytest.mark.parametrize("order", [[0, 2, 1], [2, 1, 0]])
def test_classes_and_values_mixed(inputs, order):
    X, Y, groups = corpus(240)
    Y = Y[:, :3]
    Y[::4, 2], Y[1::4, 0] = np.nan, np.nan
    classifier = RidgeClassifier(preparation=PreparationOptions(("standard",)), penalties=(1.0, 0.1))
    model = ChainRegressor(RIDGE, classifier, class_targets=[2], order=order, inputs=inputs, cv=3)
    model.fit(X, Y, groups=groups)
    assert np.isfinite(model.oof_prediction_).all()
    assert [values.shape for values in model.oof_outputs_] == [(240, 1), (240, 1), (240, 3)]
    np.testing.assert_allclose(model.oof_outputs_[2].sum(axis=1), 1)
    X_test, Y_test, _ = corpus(600, seed=1)
    predicted = model.predict(X_test)
    assert set(predicted[:, 2]) <= {0, 1, 2} and (predicted[:, 2] == Y_test[:, 2]).mean() > 0.6
    assert (model.outputs(X_test)[2].argmax(axis=1) == predicted[:, 2]).all()
    unlabelled = np.arange(240) % 4 == 0
    truth = corpus(240)[1][unlabelled, 2]
    assert (model.oof_prediction_[unlabelled, 2] == truth).mean() > 0.6


def test_chain_columns_are_a_block_of_their_own():
    X, Y, groups = corpus(200)
    blocks = [np.arange(6), np.arange(6, 12)]
    model = ChainRegressor(RIDGE, inputs="features", nested=False, blocks=blocks)
    model.fit(X, Y[:, :2], groups=groups)
    first, second = model._steps.steps[(0,)].model, model._steps.steps[(0, 1)].model
    assert [len(block) for block in first.blocks] == [6, 6]
    assert [len(block) for block in second.blocks] == [6, 6, 1]


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ({"order": "best"}, "order: 'given', 'search', 'ensemble'"),
        ({"order": [0, 0]}, "each of the targets 0 to 1 is needed once"),
        ({"inputs": "labels"}, "inputs: 'features' or 'predictions'"),
        ({"class_targets": [2]}, "class_targets: numbers from 0 to 1"),
        ({"n_orders": 0}, "n_orders: 1 or more"),
        ({"metric": "cc"}, "metric: one of"),
    ],
)
def test_named_errors(bad, message):
    X, Y, _ = corpus(60)
    with pytest.raises(InputError, match=message):
        ChainRegressor(RIDGE, **bad).fit(X, Y[:, :2])


def test_one_or_constant_target():
    X, Y, groups = corpus(60)
    with pytest.raises(InputError, match="a chain needs two targets or more"):
        ChainRegressor(RIDGE).fit(X, Y[:, :1])
    alone = ChainRegressor(RIDGE, one_target="fit").fit(X, Y[:, 0], groups=groups)
    np.testing.assert_allclose(alone.predict(X), RIDGE.fit(X, Y[:, 0], groups=groups).predict(X))
    assert "no chain" in alone.note_
    with pytest.raises(InputError, match="target 1 is constant"):
        ChainRegressor(RIDGE).fit(X, np.column_stack([Y[:, 0], np.ones(60)]))


@pytest.mark.parametrize("inputs", ["predictions", "features"])
def test_is_stored_without_pickle(inputs):
    X, Y, groups = corpus(100)
    model = ChainRegressor(RIDGE, class_targets=[2], order="ensemble", n_orders=2, inputs=inputs, nested=False, cv=2)
    stored = skops.io.dumps(model.fit(X, Y, groups=groups))
    again = skops.io.loads(stored, trusted=skops.io.get_untrusted_types(data=stored))
    np.testing.assert_array_equal(again.predict(X), model.predict(X))
    assert len(X) not in {len(v) for v in vars(model._steps).values() if isinstance(v, np.ndarray)}


@pytest.mark.parametrize("inputs", ["predictions", "features"])
def test_labels_in_few_groups(inputs):
    X, Y, groups = corpus(120, n_groups=12)
    Y[groups > 0, 1] = np.nan
    Y[groups > 5, 2] = np.nan
    model = ChainRegressor(RIDGE, class_targets=[2], inputs=inputs, cv=3).fit(X, Y[:, [0, 1, 2]], groups=groups)
    assert np.isfinite(model.predict(X)).all()
    Y[groups > 0, 2] = np.nan
    with pytest.raises(InputError, match="all labels of class target 2 lie in one fold"):
        ChainRegressor(RIDGE, class_targets=[2], inputs=inputs, cv=3).fit(X, Y[:, [0, 1, 2]], groups=groups)


def test_classes_over_trees():
    X, Y, groups = corpus(150)
    classifier = LightGBMClassifier(rounds=(20,), learning_rate=0.2)
    model = ChainRegressor(TREES, classifier, class_targets=[1], cv=3).fit(X, Y[:, [0, 2]], groups=groups)
    assert (model.oof_prediction_[:, 1] == Y[:, 2]).mean() > 0.6
