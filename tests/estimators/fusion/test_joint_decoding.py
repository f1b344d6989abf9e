"""Joint decoding: what other targets' predictions add, never learnt from a held-out fold; and weights by score."""

import numpy as np
import pytest
from sklearn.model_selection import PredefinedSplit
from sklearn.utils.estimator_checks import parametrize_with_checks

from avbaselines.estimators.fusion import averages as fusion
from avbaselines.estimators.fusion import joint_decoding as fusion_joint
from avbaselines.evaluation.metrics import score

FOLDS = np.repeat(np.arange(5), 80)


@pytest.fixture
def mixed():
    """Two systems that know the class well and the value badly, or the other way round."""
    rng = np.random.default_rng(0)
    emotion = rng.integers(0, 3, 400)
    value = np.array([-1.0, 0.0, 1.0])[emotion] + rng.normal(0, 0.3, 400)
    seen = 3 * np.eye(3)[emotion] + rng.normal(0, 1, (400, 3))
    posteriors = np.exp(seen) / np.exp(seen).sum(axis=1, keepdims=True)
    vague = np.full((400, 3), 1 / 3)
    values = np.column_stack([value + rng.normal(0, 2, 400), value + rng.normal(0, 0.2, 400)])
    return emotion, value, values, [posteriors, vague]


def test_the_class_informs_the_value(mixed):
    emotion, value, values, posteriors = mixed
    cv = PredefinedSplit(FOLDS)
    alone = fusion.MeanFusionRegressor(cv=cv, matching=True).fit(values[:, :1], value)
    joint = fusion_joint.JointMeanFusionRegressor(cv=cv, others=3)
    joint.fit(np.hstack([values[:, :1], posteriors[0]]), value)
    assert score("ccc", value, joint.oof_prediction_) > score("ccc", value, alone.oof_prediction_) + 0.15
    assert joint.weights_.shape == (1,) and joint.weights_.sum() == pytest.approx(1)


def test_the_value_informs_the_class_even_one_in_the_middle(mixed):
    emotion, value, values, posteriors = mixed
    cv = PredefinedSplit(FOLDS)
    joint = fusion_joint.JointMeanFusionClassifier(cv=cv, others=1)
    joint.fit(np.hstack([posteriors[1], values[:, [1]]]), emotion)
    hits = joint.oof_prediction_.argmax(axis=1) == emotion
    assert hits.mean() > 0.8 and hits[emotion == 1].mean() > 0.7
    np.testing.assert_allclose(joint.predict_proba(np.hstack([posteriors[1], values[:, [1]]])).sum(axis=1), 1)


@pytest.mark.parametrize("name", ["Mean", "Greedy", "ScoreWeighted"])
def test_nothing_of_a_held_out_fold_is_learnt(mixed, name):
    emotion, value, values, posteriors = mixed
    X = np.hstack([values[:, :1], posteriors[0], values[:, 1:], posteriors[1]])
    cls = getattr(fusion_joint, f"Joint{name}FusionRegressor")
    before = cls(cv=PredefinedSplit(FOLDS), others=3).fit(X, value).oof_prediction_
    held = FOLDS == 2
    after = cls(cv=PredefinedSplit(FOLDS), others=3).fit(X, np.where(held, -value[::-1], value)).oof_prediction_
    np.testing.assert_array_equal(before[held], after[held])
    assert np.abs(before[~held] - after[~held]).max() > 1e-3


def test_a_missing_system_leaves_the_word_to_the_others(mixed):
    emotion, value, values, posteriors = mixed
    X = np.hstack([values[:, :1], posteriors[0], values[:, 1:], posteriors[1]])
    X[::3, :4] = np.nan
    joint = fusion_joint.JointMeanFusionRegressor(cv=PredefinedSplit(FOLDS), others=3).fit(X, value)
    assert np.isfinite(joint.predict(X)).all()
    X[0] = np.nan
    assert joint.predict(X)[0] == pytest.approx(value.mean())


def test_a_class_that_others_never_show(mixed):
    """Where a system misses all clips of a class, its translation gives that class next to nothing."""
    emotion, value, values, posteriors = mixed
    X = np.hstack([posteriors[0], values[:, [1]]])
    X[emotion == 2] = np.nan
    X[emotion == 2, :3] = 1 / 3
    X = np.hstack([X, np.hstack([posteriors[1], values[:, [0]]])])
    joint = fusion_joint.JointMeanFusionClassifier(cv=PredefinedSplit(FOLDS), others=1).fit(X, emotion)
    assert np.isfinite(joint.predict_proba(X)).all()


def test_weights_by_score_above_chance(mixed):
    emotion, value, values, posteriors = mixed
    cv = PredefinedSplit(FOLDS)
    rng = np.random.default_rng(1)
    noise = rng.normal(size=(400, 1))
    regressor = fusion.ScoreWeightedFusionRegressor(cv=cv).fit(np.hstack([values, -values[:, :1], noise]), value)
    strong, weights = regressor.weights_[1], regressor.weights_
    assert weights[2] == 0 and weights[3] < 0.1 and strong > weights[0] > 0.1 and weights.sum() == pytest.approx(1)
    # a constant guess hits a third: the vague system gets nothing, whatever it hits by chance
    classifier = fusion.ScoreWeightedFusionClassifier(cv=cv).fit(np.hstack(posteriors), emotion)
    assert classifier.weights_[0] == pytest.approx(1, abs=0.05)
    worthless = fusion.ScoreWeightedFusionRegressor(cv=cv).fit(-values, value)
    np.testing.assert_allclose(worthless.weights_, 0.5)


@parametrize_with_checks(
    [
        fusion.ScoreWeightedFusionRegressor(cv=2),
        fusion_joint.JointMeanFusionRegressor(cv=2),
        fusion_joint.JointGreedyFusionRegressor(cv=2),
        fusion_joint.JointScoreWeightedFusionRegressor(cv=2),
    ]
)
def test_scikit_learn(estimator, check):
    check(estimator)
