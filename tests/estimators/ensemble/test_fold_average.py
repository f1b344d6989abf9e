"""Means over fits that each leave a fold out, and over any fits."""

import numpy as np
import pytest
from sklearn.model_selection import PredefinedSplit

from avbaselines.errors import InputError
from avbaselines.estimators.ensemble.fold_average import Averaged, FoldAveraged
from avbaselines.estimators.linear.ridge import RidgeClassifier, RidgeRegressor
from avbaselines.estimators.multitarget.joint import JointBoostingRegressor
from avbaselines.estimators.tuned.remarks import ChosenTargetWeights, MeanOverFolds, SearchedTargetWeights

FOLDS = np.arange(60) % 3
CV = PredefinedSplit(FOLDS)


def data():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 4))
    return X, X[:, :2] + 0.3 * rng.normal(size=(60, 2))


def test_new_rows_get_the_mean_and_each_fold_its_own_fit():
    X, Y = data()
    model = FoldAveraged(RidgeRegressor(), CV).fit(X, Y)
    each = [RidgeRegressor(cv=PredefinedSplit(FOLDS[FOLDS != k])).fit(X[FOLDS != k], Y[FOLDS != k]) for k in range(3)]
    np.testing.assert_allclose(np.hstack(model.outputs(X)), np.mean([one.predict(X) for one in each], axis=0))
    for k, one in enumerate(each):
        np.testing.assert_allclose(np.hstack(model.oof_outputs_)[FOLDS == k], one.predict(X[FOLDS == k]))


def test_a_class_that_one_fit_has_not_seen_gets_no_share_of_it():
    X, Y = data()
    y = np.where(Y[:, 0] > 0, "happy", "sad")
    y[(FOLDS == 1) & (X[:, 1] > 0.5)] = "angry"
    soft = 0.1 + 0.9 * (y[:, None] == ["angry", "happy", "sad"])
    soft[:, 0] = y == "angry"
    for more in ({}, {"soft_labels": soft}):
        model = FoldAveraged(RidgeClassifier(), CV).fit(X, y, **more)
        assert model.target_classes_[0].tolist() == ["angry", "happy", "sad"]
        assert (model.oof_outputs_[0][FOLDS == 1, 0] == 0).all()
        np.testing.assert_allclose(model.outputs(X)[0].sum(axis=1), 1)


def test_soft_labels_of_a_class_left_out_alone_fall_back_to_the_label():
    X, Y = data()
    y = np.where(Y[:, 0] > 0, 1, 2)
    y[FOLDS == 1] = np.where(np.arange(20) % 2, 0, y[FOLDS == 1])
    soft = 1.0 * (y[:, None] == [0, 1, 2])
    soft[0] = [1.0, 0.0, 0.0]  # voted for a class that is gone without the fold
    model = FoldAveraged(RidgeClassifier(), CV).fit(X, y, soft_labels=soft)
    assert np.isfinite(model.outputs(X)[0]).all()


def test_too_few_folds_are_refused():
    X, Y = data()
    with pytest.raises(InputError, match="three folds or more"):
        FoldAveraged(RidgeRegressor(), PredefinedSplit(FOLDS % 2)).fit(X, Y)


def test_weights_of_one_fit_are_no_remark_of_the_mean():
    X, Y = data()
    joint = JointBoostingRegressor(rounds=5, target_weights="search", trials=2)
    remarks = FoldAveraged(joint, CV).fit(X, Y).remarks_
    assert remarks[:2] == [MeanOverFolds(3), SearchedTargetWeights(2)]
    assert not any(isinstance(remark, ChosenTargetWeights) for remark in remarks)


def test_mean_of_given_models():
    X, Y = data()
    one, two = RidgeRegressor(cv=3).fit(X, Y), RidgeRegressor(penalties=(100.0,), cv=3).fit(X, Y)
    mean = Averaged([one, two]).fit(X, Y)
    np.testing.assert_allclose(np.hstack(mean.outputs(X)), (one.predict(X) + two.predict(X)) / 2)
    np.testing.assert_allclose(np.hstack(mean.oof_outputs_), (one.oof_prediction_ + two.oof_prediction_) / 2)
    assert mean.target_classes_ == [None, None] and mean.remarks_ == []
