"""What every tuned learner promises."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import KFold, PredefinedSplit

from avbaselines.errors import InputError
from avbaselines.estimators.boosting.base import BoostedModel
from avbaselines.estimators.boosting.lightgbm_models import LightGBMClassifier, LightGBMRegressor
from avbaselines.estimators.boosting.xgboost_models import XGBoostClassifier, XGBoostRegressor
from avbaselines.estimators.kernel.support_vectors import KernelClassifier, KernelRegressor
from avbaselines.estimators.linear.ridge import RidgeClassifier, RidgeRegressor
from avbaselines.estimators.preprocessing.preparation_options import PreparationOptions
from avbaselines.evaluation.metrics import score

REGRESSORS = [
    RidgeRegressor(penalties=(1.0, 0.01)),
    KernelRegressor(widths=(0.0, 1.0), costs=(1.0,)),
    KernelRegressor(widths=(0.0, 1.0), costs=(1.0,), max_exact=40, n_landmarks=30),
    LightGBMRegressor(rounds=(10, 30), learning_rate=0.2),
    XGBoostRegressor(rounds=(10, 30), learning_rate=0.2),
]
CLASSIFIERS = [
    RidgeClassifier(penalties=(1.0, 0.01)),
    KernelClassifier(widths=(0.0, 1.0), costs=(1.0,)),
    KernelClassifier(widths=(0.0, 1.0), costs=(1.0,), max_exact=40, n_landmarks=30),
    LightGBMClassifier(rounds=(10, 30), learning_rate=0.2),
    XGBoostClassifier(rounds=(10, 30), learning_rate=0.2),
]


def name(learner):
    return type(learner).__name__ + ("-Nystroem" if getattr(learner, "max_exact", 999) < 100 else "")


regressors = pytest.mark.parametrize("learner", REGRESSORS, ids=name)
classifiers = pytest.mark.parametrize("learner", CLASSIFIERS, ids=name)
learners = pytest.mark.parametrize("learner", REGRESSORS + CLASSIFIERS, ids=name)


def data(n_groups=20, per_group=10, seed=0):
    """Two blocks of columns and two targets that follow both."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n_groups * per_group, 6)).astype(np.float32)
    Y = np.column_stack([X[:, 0] + X[:, 3], X[:, 1] - X[:, 4]]) + 0.3 * rng.normal(size=(len(X), 2))
    return X, 5 + 2 * Y, np.repeat(np.arange(n_groups), per_group)


def labels(Y):
    first, second = (Y - Y.mean(axis=0)).T
    return np.array(["calm", "happy", "sad"])[np.argmax([first, second, -first - second], axis=0)]


def target_of(learner, Y):
    return labels(Y) if hasattr(learner, "predict_proba") else Y


@regressors
def test_regression_is_learnt_and_follows_out_of_fold(learner):
    X, Y, groups = data()
    fitted = clone(learner).fit(X[:150], Y[:150], groups[:150])
    for t in range(2):
        assert score("pcc", Y[150:, t], fitted.predict(X[150:])[:, t]) > 0.8
        assert score("pcc", Y[:150, t], fitted.oof_prediction_[:, t]) > 0.8
        assert fitted.predict(X[150:])[:, t].mean() == pytest.approx(Y[:, t].mean(), abs=0.8)
    assert len(fitted.best_params_) == 2
    assert fitted.oof_scores_.shape == (len(fitted._candidates()), 2)
    assert bool(fitted.note_) == (getattr(learner, "max_exact", 999) < 100)


@classifiers
def test_classes_are_learnt_and_posteriors_are_honest(learner):
    X, Y, groups = data()
    y = labels(Y)
    fitted = clone(learner).fit(X[:150], y[:150], groups[:150])
    posteriors = fitted.predict_proba(X[150:])
    np.testing.assert_allclose(posteriors.sum(axis=1), 1)
    assert (fitted.predict(X[150:]) == y[150:]).mean() > 0.65
    assert (fitted.classes_[fitted.oof_prediction_.argmax(axis=1)] == y[:150]).mean() > 0.65
    # What is called x % likely happens in x % of cases, on the whole.
    sure = fitted.oof_prediction_.max(axis=1).mean()
    assert sure == pytest.approx((fitted.classes_[fitted.oof_prediction_.argmax(axis=1)] == y[:150]).mean(), abs=0.15)


@regressors
def test_one_target_alone_equals_that_target_among_several(learner):
    X, Y, groups = data()
    both, alone = clone(learner).fit(X, Y, groups), clone(learner).fit(X, Y[:, 1], groups)
    assert alone.oof_prediction_.shape == (len(X),)
    # The primal machines iterate until the slowest target is done.
    rtol = 2e-2 if getattr(learner, "max_exact", 999) < 100 else 1e-4
    np.testing.assert_allclose(alone.predict(X), both.predict(X)[:, 1], rtol=rtol)


@learners
def test_out_of_fold_predictions_come_from_fits_without_the_fold(learner):
    """A fold's out-of-fold predictions do not change when its own targets do, and others' do."""
    X, Y, groups = data()
    folds = groups % 4
    one_candidate = {
        "preparation": PreparationOptions(("standard",)),
        "penalties": (1.0,),
        "widths": (1.0,),
        "rounds": (20,),
    }
    learner = clone(learner)
    learner.set_params(**{k: v for k, v in one_candidate.items() if k in learner.get_params()})
    learner.set_params(cv=PredefinedSplit(folds))
    y = target_of(learner, Y)
    swapped = y.copy()
    swapped[folds == 2] = np.roll(y[folds == 2], 7, axis=0)
    before, after = (clone(learner).fit(X, t, groups).oof_prediction_ for t in (y, swapped))
    if hasattr(learner, "predict_proba"):
        # But for the one factor of the calibration, learnt on the other folds.
        before, after = np.log(before), np.log(after)
        before, after = (p - p.mean(axis=1, keepdims=True) for p in (before, after))
        before, after = (p / p[folds == 2].std() for p in (before, after))
    np.testing.assert_allclose(after[folds == 2], before[folds == 2], rtol=1e-5, atol=1e-5)
    assert np.abs(after[folds == 1] - before[folds == 1]).max() > 1e-3


@learners
def test_each_inner_fit_sees_no_group_of_its_test_rows(learner, monkeypatch):
    X, Y, groups = data()
    X[:, 5] = groups
    seen = []
    original = type(learner)._try

    def spy(self, X, train, targets, test, candidates, **weights):
        seen.append((set(X[train, 5]), set(X[test, 5])))
        outputs = np.array(list(original(self, X, train, targets, test, candidates, **weights)))
        changed = X.copy()
        # Bounds of bins come from the features of all rows, so of boosters these rows change places alone.
        boosted = isinstance(self, BoostedModel)
        changed[test[::2]] = np.roll(X[test[::2]], 1, axis=0) if boosted else 100.0
        again = np.array(list(original(self, changed, train, targets, test, candidates, **weights)))
        np.testing.assert_allclose(again[:, 1::2], outputs[:, 1::2], rtol=1e-9, atol=1e-9)
        return outputs

    monkeypatch.setattr(type(learner), "_try", spy)
    clone(learner).fit(X, target_of(learner, Y), groups)
    assert len(seen) == 5
    assert all(not train & test and len(train | test) == 20 for train, test in seen)


@learners
def test_group_identity_scores_nothing_out_of_fold(learner):
    """Random targets that are constant per speaker, and columns that give the speaker away."""
    rng = np.random.default_rng(1)
    groups = np.repeat(np.arange(60), 5)
    X = rng.normal(size=(60, 40))[groups] + 0.01 * rng.normal(size=(300, 40))
    Y = rng.normal(size=(60, 2))[groups]
    y = target_of(learner, Y)
    honest = clone(learner).fit(X, y, groups)
    leaking = clone(learner).set_params(cv=KFold(5, shuffle=True, random_state=0)).fit(X, y)
    chance = 1 / 3 if hasattr(learner, "predict_proba") else 0
    assert honest.oof_scores_.mean() < chance + 0.15
    assert leaking.oof_scores_.max() > chance + 0.35


@learners
def test_leaking_folds_are_refused(learner):
    X, Y, groups = data()
    with pytest.raises(InputError, match="group '.*' is both trained on and evaluated"):
        clone(learner).set_params(cv=KFold(5, shuffle=True, random_state=0)).fit(X, target_of(learner, Y), groups)


@learners
def test_missing_block_and_scattered_gaps(learner):
    X, Y, groups = data()
    X[::3, 3:] = np.nan
    X[5::11, 0] = np.nan
    learner = clone(learner).set_params(blocks=[[0, 1, 2], [3, 4, 5]])
    fitted = learner.fit(X, target_of(learner, Y), groups)
    assert np.isfinite(fitted.oof_prediction_).all()
    assert np.isfinite(fitted.predict_proba(X) if hasattr(fitted, "predict_proba") else fitted.predict(X)).all()
    X[0, 0] = np.inf
    with pytest.raises(ValueError, match="infinity"):
        learner.fit(X, target_of(learner, Y), groups)


@regressors
def test_unlabelled_rows_teach_nothing_but_are_predicted(learner):
    X, Y, groups = data()
    gaps = Y.copy()
    gaps[:60, 0], gaps[100:, 1] = np.nan, np.nan
    fitted = clone(learner).fit(X, gaps, groups)
    assert np.isfinite(fitted.oof_prediction_).all()
    assert score("pcc", Y[:60, 0], fitted.oof_prediction_[:60, 0]) > 0.75
    assert score("pcc", Y[100:, 1], fitted.predict(X)[100:, 1]) > 0.75


@regressors
def test_targets_that_cannot_be_learnt_are_refused(learner):
    X, Y, groups = data()
    with pytest.raises(InputError, match="target 1 has no labelled row"):
        clone(learner).fit(X, np.column_stack([Y[:, 0], np.full(len(Y), np.nan)]), groups)
    with pytest.raises(InputError, match="target 0 is constant"):
        clone(learner).fit(X, np.column_stack([np.full(len(Y), 3.0), Y[:, 0]]), groups)


@classifiers
def test_class_of_a_single_group_is_missing_from_one_inner_fit(learner):
    X, Y, groups = data()
    y = labels(Y)
    y[groups == 3] = "angry"
    fitted = clone(learner).fit(X, y, groups)
    assert fitted.classes_[0] == "angry"
    np.testing.assert_allclose(fitted.oof_prediction_.sum(axis=1), 1)
    assert (fitted.oof_prediction_[groups == 3].argmax(axis=1) != 0).all()


@learners
def test_fits_repeat_bit_for_bit(learner):
    X, Y, groups = data()
    first, second = (clone(learner).fit(X, target_of(learner, Y), groups) for _ in range(2))
    assert np.array_equal(first.oof_prediction_, second.oof_prediction_)
    method = "predict_proba" if hasattr(learner, "predict_proba") else "predict"
    assert np.array_equal(getattr(first, method)(X), getattr(second, method)(X))


@learners
def test_rows_never_evaluated_have_no_out_of_fold_prediction(learner):
    X, Y, groups = data()
    folds = np.where(groups < 5, -1, groups % 3)
    fitted = clone(learner).set_params(cv=PredefinedSplit(folds)).fit(X, target_of(learner, Y), groups)
    assert np.isnan(fitted.oof_prediction_[folds < 0]).all()
    assert np.isfinite(fitted.oof_prediction_[folds >= 0]).all()


@learners
def test_unknown_metric_is_refused(learner):
    X, Y, groups = data()
    with pytest.raises(InputError, match="metric"):
        clone(learner).set_params(metric="f1").fit(X, target_of(learner, Y), groups)


def test_selection_is_by_the_metric_and_takes_the_first_of_equals():
    X, Y, groups = data()
    raw = RidgeRegressor(penalties=(300.0, 0.1), preparation=PreparationOptions(("standard",)), matching=False).fit(
        X, Y, groups
    )
    assert [c["penalty"] for c in raw.best_params_] == [0.1, 0.1]
    errors = RidgeRegressor(penalties=(300.0, 0.1), preparation=PreparationOptions(("standard",)), metric="rmse").fit(
        X, Y, groups
    )
    assert [c["penalty"] for c in errors.best_params_] == [0.1, 0.1]
    equals = RidgeRegressor(penalties=(1.0, 1.0), preparation=PreparationOptions(("standard",))).fit(X, Y, groups)
    assert np.array_equal(equals.oof_scores_[0], equals.oof_scores_[1])
