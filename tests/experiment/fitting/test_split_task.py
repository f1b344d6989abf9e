"""Tasks of splits: bounds of predictions, what is known of clips, and the metric that learners choose by."""

from dataclasses import replace

import numpy as np
import pytest

from avbaselines.corpora.corpus import Target
from avbaselines.experiment.fitting.clip_context import Frames
from avbaselines.experiment.fitting.predictions import MARGIN
from avbaselines.experiment.fitting.split_task import SplitTask

AROUSAL = Target("arousal", "ccc")


@pytest.fixture
def task():
    folds, y = np.array([0, 0, 1, 1]), {"arousal": np.array([0.0, 1.0, 2.0, 10.0])}
    return SplitTask([AROUSAL], y, folds, np.array([7]), folds, matching=True, seed=0)


def test_a_folds_predictions_are_bounded_by_the_labels_of_the_others(task):
    wild = {"arousal": np.array([[-99.0], [99.0], [-99.0], [99.0]])}
    low, high = 2 - MARGIN * 8, 10 + MARGIN * 8
    np.testing.assert_allclose(
        task.bounded_oof(wild)["arousal"][:, 0], [low, high, -MARGIN, 1 + MARGIN]
    )
    assert wild["arousal"][0, 0] == -99
    declared = replace(task, targets=[replace(AROUSAL, range=(0, 5))])
    assert declared.bounded_oof(wild)["arousal"][:, 0].tolist() == [0, 5, 0, 5] and declared.bounds["arousal"] == (0, 5)


def test_what_is_known_of_the_clips(task):
    frames = Frames(task.groups)
    told = replace(task, frames=frames, present={"face": np.ones(4, bool)}, test_present={"face": np.zeros(1, bool)})
    assert told.context.frames is frames and told.context.groups is task.groups and told.context.present["face"].all()
    assert told.test_context.groups.tolist() == [7] and not told.test_context.present["face"].any()


def test_a_concordance_per_recording_is_chosen_by_the_pooled_one(task):
    assert task.metric(Target("a", "ccc_per_recording")) == "ccc" and task.metric(Target("a", "rmse")) == "rmse"
