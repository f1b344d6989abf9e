"""Base systems in one split: what they learn from, what they predict, and what they leave out."""

from dataclasses import replace

import numpy as np
import pytest
from small_task import small_task

from avbaselines.corpora.corpus import Target
from avbaselines.errors import InputError
from avbaselines.estimators.ensemble.fold_average import FoldAveraged
from avbaselines.estimators.multitarget.chain import ChainRegressor
from avbaselines.estimators.multitarget.joint import JointBoostingRegressor
from avbaselines.estimators.temporal.delay import DelayedRegressor
from avbaselines.experiment.fitting.base import batches, fit_base, hiding, new_model, soft_labels
from avbaselines.experiment.fitting.clip_context import Frames
from avbaselines.experiment.fitting.fitted_system import FittedBase
from avbaselines.experiment.planning.system import BaseSystem, Timing

AUDIO = BaseSystem(name="ridge-audio", learner="ridge", modalities=("audio",))
BOTH = replace(AUDIO, modalities=("audio", "face"))
MOOD = Target("mood", "uar", ("calm", "glad", "mad"))
EVERY = np.ones(90, bool)


@pytest.fixture
def job():
    task, X = small_task()
    return replace(task, test_groups=np.array([99, 99])), X


def with_mood(task, **changes):
    y = task.y | {"mood": np.digitize(task.y["arousal"], [-0.5, 0.5]).astype(float)}
    return replace(task, targets=[*task.targets, MOOD], y=y, **changes)


def test_predictions_are_those_of_the_models_that_ship(job):
    task, X = job
    fitted, models = fit_base(AUDIO, task, [X], [X[:2]])
    whole = FittedBase(task.targets, models, bounds=task.bounds)
    np.testing.assert_array_equal(whole.predict([X[:2]])["arousal"], fitted.test["arousal"])
    assert np.corrcoef(fitted.oof["arousal"][:, 0], task.y["arousal"])[0, 1] > 0.4 and fitted.seconds > 0


def test_clips_without_features_or_label_are_left_out(job):
    task, X = job
    few, y = X.copy(), task.y["arousal"].copy()
    few[:10], y[10:20] = np.nan, np.nan
    fitted, _ = fit_base(AUDIO, replace(task, y={"arousal": y}), [few], [np.full_like(X[:2], np.nan)])
    assert np.isnan(fitted.oof["arousal"][:20]).all() and not np.isnan(fitted.oof["arousal"][20:]).any()
    assert np.isnan(fitted.test["arousal"]).all() and "2 clips without audio: training mean" in fitted.note


def test_too_few_clips_or_classes_are_named(job):
    task, X = job
    with pytest.raises(InputError, match="1 of 90 training clips have audio and a label of arousal"):
        fit_base(AUDIO, task, [np.where(np.arange(90)[:, None] < 1, X, np.nan)], [X[:2]])
    mood = replace(task, targets=[MOOD], y={"mood": np.repeat([0.0, 1.0], 45)})
    with pytest.raises(InputError, match="all 45 training clips that have audio are of one class of mood"):
        fit_base(AUDIO, mood, [np.where(np.arange(90)[:, None] < 45, X, np.nan)], [X[:2]])


def test_masks_hide_whole_modalities(job):
    task, X = job
    masked = replace(task, masks={"face": ("audio",), "voice": ("words",)})
    assert hiding(BOTH, masked) == {"face": [0]}
    blocks = [X[:, :10], X[:, 10:]]
    fitted, models = fit_base(BOTH, masked, blocks, [block[:2] for block in blocks])
    assert list(fitted.masked) == ["face"]
    hidden = np.full((2, 10), np.nan, X.dtype)
    alone = FittedBase(task.targets, models, bounds=task.bounds).predict([hidden, blocks[1][:2]])
    np.testing.assert_array_equal(fitted.masked["face"]["arousal"], alone["arousal"])


def test_resubstitution_gives_fitted_values(job):
    task, X = job
    fitted, _ = fit_base(AUDIO, replace(task, resubstitution=True), [X], [X])
    np.testing.assert_allclose(fitted.oof["arousal"], fitted.test["arousal"])


def test_targets_of_one_metric_are_learnt_together():
    arousal, valence, error = Target("arousal", "ccc"), Target("valence", "ccc"), Target("error", "mae")
    every = [arousal, MOOD, valence, error]
    modes = ("single", "joint", "chain")
    named = {mode: [[part.name for part in batch] for batch in batches(every, mode)] for mode in modes}
    assert named["single"] == [["mood"], ["arousal", "valence"], ["error"]]
    assert named["joint"] == [["mood"], ["arousal", "valence", "error"]]
    assert named["chain"] == [["arousal", "mood", "valence", "error"]]


def test_a_task_mode_makes_its_own_model(job):
    task = with_mood(job[0], matching=True)

    def model(system, targets, **changes):
        return new_model(system, replace(task, **changes), targets, [np.arange(20)], EVERY)

    chain = model(replace(AUDIO, task="chain", chain_order=(1, 0)), task.targets)
    assert isinstance(chain, ChainRegressor) and chain.class_targets == (1,) and chain.classifier.metric == "uar"
    assert model(replace(AUDIO, task="chain", chain_order="given"), [MOOD]).metric == "ccc"
    joint = model(replace(AUDIO, learner="xgboost", task="joint"), task.targets[:1])
    assert isinstance(joint, JointBoostingRegressor)
    assert not isinstance(model(replace(AUDIO, learner="xgboost", task="joint"), [MOOD]), JointBoostingRegressor)
    assert isinstance(model(AUDIO, task.targets[:1], fits="folds"), FoldAveraged)
    assert not isinstance(model(AUDIO, task.targets[:1], fits="folds", resubstitution=True), FoldAveraged)
    timed = model(replace(AUDIO, timing=Timing((0.0,), (0.0,))), task.targets[:1])
    assert isinstance(timed, DelayedRegressor) and timed.chooser is None
    both = replace(AUDIO, task="chain", chain_order="given", timing=Timing((0.0,), (0.0,)))
    assert model(both, task.targets[:1]).chooser is not None


def test_all_frames_of_a_recording_take_part(job):
    task, X = job
    frames = Frames(task.groups, np.tile(np.arange(6) * 0.5, 15))
    timed = replace(task, frames=frames, test_frames=Frames(np.array([1, 1]), np.array([0.0, 0.5])))
    fitted, _ = fit_base(replace(AUDIO, timing=Timing((0.0,), (0.0,))), timed, [X], [X[:2]])
    assert fitted.test["arousal"].shape == (2, 1) and not np.isnan(fitted.oof["arousal"]).any()


def test_votes_weigh_clips_or_are_the_targets(job):
    votes = np.tile([0.5, 0.25, 0.25], (90, 1))
    votes[0] = np.nan
    task = with_mood(job[0], votes={"mood": votes})
    code = task.y["mood"].astype(int)

    def soft(how):
        return soft_labels(task, [replace(MOOD, soft=how)], EVERY)["soft_labels"]

    np.testing.assert_array_equal(soft("targets")[1:], votes[1:])
    np.testing.assert_array_equal(soft("weights")[1:].sum(axis=1), votes[np.arange(1, 90), code[1:]])
    assert soft("targets")[0].tolist() == soft("weights")[0].tolist() == np.eye(3)[code[0]].tolist()
    assert soft_labels(task, [MOOD], EVERY) == {} and soft_labels(task, task.targets, EVERY) == {}


@pytest.mark.parametrize("changes", [{"fits": "folds"}, {"resubstitution": True}])
def test_a_papers_own_fits_are_fits_to_all_the_clips_they_had(job, changes):
    """Not means over the fits without each inner fold, which a booster can predict by."""
    system, task = BaseSystem(name="lightgbm-audio", learner="lightgbm"), replace(job[0], **changes)
    model = new_model(system, task, task.targets, [np.arange(2)], EVERY)
    assert getattr(model, "learner", model).final == "all"
