"""Drawing predictions towards those of their recording."""

import numpy as np
import pytest

from avbaselines.estimators.temporal.recording_share import toward_recording

RECORDINGS = np.array(["b", "a", "b", "a", "c"])
VALUES = np.array([1.0, 10.0, 3.0, np.nan, 7.0])[:, None]


def test_a_share_of_the_mean_of_what_the_recording_has():
    drawn = toward_recording(VALUES, RECORDINGS, 0.25)[:, 0]
    assert drawn == pytest.approx([1.25, 10.0, 2.75, np.nan, 7.0], nan_ok=True)
    assert toward_recording(VALUES, RECORDINGS, 0.0) is VALUES
    assert toward_recording(np.empty((0, 2)), [], 0.5).shape == (0, 2)


def test_posteriors_stay_posteriors():
    posteriors = np.random.default_rng(0).dirichlet([1, 1, 1], 5)
    drawn = toward_recording(posteriors, RECORDINGS, 0.6)
    assert drawn.sum(axis=1) == pytest.approx(np.ones(5))
    assert drawn[4] == pytest.approx(posteriors[4])


def test_no_other_recording_has_a_part():
    changed = VALUES.copy()
    changed[RECORDINGS == "b"] += 100
    kept = RECORDINGS != "b"
    before, after = (toward_recording(values, RECORDINGS, 0.5)[kept] for values in (VALUES, changed))
    assert after == pytest.approx(before, nan_ok=True)
