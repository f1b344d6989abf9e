"""Share of a recording's mean: the smallest of the best score, by target."""

from dataclasses import replace

import numpy as np
import pytest

from avbaselines.corpora.corpus import Target
from avbaselines.experiment.fitting.clip_context import Frames
from avbaselines.experiment.fitting.recording_pooling import drawn_to_recordings, shares_note
from avbaselines.experiment.fitting.split_task import SplitTask
from avbaselines.experiment.planning.system import FusionSystem
from avbaselines.systems import Stage

RECORDINGS = np.repeat(np.arange(12), 10)


@pytest.fixture
def task():
    """Arousal is the recording's, valence the clip's own."""
    rng = np.random.default_rng(0)
    y = {"arousal": rng.normal(size=12)[RECORDINGS], "valence": rng.normal(size=120)}
    targets, groups = [Target("arousal", "ccc"), Target("valence", "ccc")], RECORDINGS // 2
    frames = Frames(RECORDINGS)
    return SplitTask(targets, y, groups, groups[:0], groups % 3, matching=True, seed=0, frames=frames)


def late(*shares):
    stage = Stage(method="mean", recording_share=list(shares))
    return FusionSystem(name="late", raw_label="late-raw", fusion=stage, depth=1, parts=("a", "b"))


def test_each_target_is_drawn_as_far_as_pays(task):
    rng = np.random.default_rng(1)
    oof = {name: (y + rng.normal(size=120))[:, None] for name, y in task.y.items()}
    shares, pooled = drawn_to_recordings(late(0.9, 0.0), task, oof)
    assert shares == {"arousal": 0.9, "valence": 0.0}
    np.testing.assert_array_equal(pooled["valence"], oof["valence"])
    mean = oof["arousal"][:10].mean()
    np.testing.assert_allclose(pooled["arousal"][:10], 0.1 * oof["arousal"][:10] + 0.9 * mean)


def test_of_equals_the_smallest_share_is_taken(task):
    y = RECORDINGS.astype(float)  # shares that computers know exactly change nothing in it
    oof = dict.fromkeys(task.y, y[:, None])
    shares, _ = drawn_to_recordings(late(0.5, 0.25), replace(task, y=dict.fromkeys(task.y, y)), oof)
    assert set(shares.values()) == {0.25}


def test_nothing_is_drawn_unless_asked(task):
    oof = {"arousal": np.zeros((120, 1))}
    assert drawn_to_recordings(late(), task, oof) == ({}, oof)


def test_shares_in_words():
    assert shares_note({}) == "" and shares_note({"a": 0.5, "b": 0.5}) == "share of the recording's mean: 0.5"
    assert shares_note({"a": 0.5, "b": 0.3}) == "share of the recording's mean: a 0.5, b 0.3"
