"""Steps of chains, each fitted once."""

import numpy as np
import pytest

from avbaselines.errors import InputError
from avbaselines.estimators.linear.ridge import RidgeClassifier, RidgeRegressor
from avbaselines.estimators.multitarget.chain_steps import ChainSetting, ChainSteps, ConstantModel

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 3))
FOLDS = np.arange(60) % 3


def steps_of(Y, classes=None, inputs="predictions"):
    regression = {"metric": "ccc", "matching": True}
    setting = ChainSetting(RidgeRegressor(), RidgeClassifier(), classes or {}, inputs, None, regression, 0)
    return ChainSteps(setting, X, Y, FOLDS, None)


def test_a_step_is_fitted_once_and_forgets_the_rows():
    steps = steps_of(X[:, :2])
    first = steps.oof((0, 1))
    assert steps.oof((0, 1)) is first and set(steps.steps) == {(0,), (1,), (0, 1)}
    before = steps.outputs((0, 1), X, {})
    steps.forget([(0, 1)])
    np.testing.assert_array_equal(steps.outputs((0, 1), X, {}), before)
    assert all(step.oof is None for step in steps.steps.values())


def test_a_target_that_is_constant_here_is_its_mean():
    Y = np.column_stack([X[:, 0], np.full(60, 2.5)])
    steps = steps_of(Y, inputs="features")
    assert (steps.oof((1,)) == 2.5).all() and (steps.outputs((1,), X, {}) == 2.5).all()
    assert steps.best_params((1,)) == {}


def test_a_class_that_is_alone_here_is_certain():
    Y = np.column_stack([X[:, 0], np.ones(60)])
    Y[::4, 1] = np.nan
    steps = steps_of(Y, {1: np.array([0.0, 1.0])})
    assert steps.oof((1,)).tolist() == [[0.0, 1.0]] * 60


def test_labels_in_one_fold_alone_are_refused():
    Y = np.column_stack([X[:, 0], np.where(np.arange(60) % 6 == 1, np.arange(60) % 4 > 1, np.nan)])
    with pytest.raises(InputError, match="all labels of class target 1 lie in one fold"):
        steps_of(Y, {1: np.array([0.0, 1.0])}).oof((1,))


def test_a_constant_model_answers_as_any_other():
    model = ConstantModel(np.array([0.2, 0.8]), np.array([0, 1])).fit(X, None)
    assert model.outputs(X[:2])[0].tolist() == [[0.2, 0.8]] * 2 and model.target_classes_[0].tolist() == [0, 1]
    assert model.oof_outputs_[0].shape == (0, 2)
