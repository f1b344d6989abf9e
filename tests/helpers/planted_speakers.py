"""Clips of planted speakers, shared by the tests of what tells and erases them."""

import numpy as np

N_SPEAKERS, N_CLIPS = 12, 40


def planted(shared=False, speaker_size=2.0, seed=0):
    """Emotion in columns 0 and 1; speakers in columns 2 to 7, and in 0 and 1 too where the two share directions.

    Returns features (n, 20), speakers, emotions and contents; each speaker says each of four contents alike often.
    """
    rng = np.random.default_rng(seed)
    speakers = np.repeat(np.arange(N_SPEAKERS), N_CLIPS)
    clip = np.tile(np.arange(N_CLIPS), N_SPEAKERS)
    emotion, content = clip % 2, clip // 2 % 4
    X = rng.normal(size=(len(clip), 20))
    for name in range(N_SPEAKERS):
        for half in range(2):
            # No mean of a speaker's noise: emotion and speaker lie at right angles in the clips, not in theory alone.
            rows = (speakers == name) & (emotion == half)
            X[rows] -= X[rows].mean(axis=0)
    X[:, :2] += np.array([[0, 0], [2, 2]])[emotion]
    places = slice(0, 8) if shared else slice(2, 8)
    offsets = rng.normal(size=(N_SPEAKERS, 20))[:, places]
    X[:, places] += speaker_size * offsets[speakers]
    return X, speakers, np.array(["calm", "angry"])[emotion], content
