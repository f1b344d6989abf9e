"""Clips beside their features: hidden modalities and places in time."""

import numpy as np

from avbaselines.experiment.fitting.clip_context import ClipContext, Frames, surroundings


def test_hidden_modalities_are_absent_and_the_clips_stay_as_they_are():
    clips = ClipContext(present={"audio": np.array([True, False]), "face": np.array([True, True])})
    hidden = clips.without(["face", "words"])
    assert hidden.present["face"].tolist() == [False, False] and hidden.present["audio"].tolist() == [True, False]
    assert clips.present["face"].all()


def test_only_clips_in_time_have_surroundings():
    recordings, times = np.array([0, 0]), np.array([0.0, 0.5])
    given = surroundings(Frames(recordings, times))
    assert given["recordings"] is recordings and given["times"] is times and surroundings(None) == {}
