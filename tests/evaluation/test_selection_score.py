"""The one selection score, of plain arrays."""

from types import SimpleNamespace

import numpy as np
import pytest

from avbaselines.evaluation.combined import Combined
from avbaselines.evaluation.selection_score import selection_score

VALENCE = SimpleNamespace(name="valence", metric="mse", kind="regression", width=1)
MOOD = SimpleNamespace(name="mood", metric="accuracy", kind="classes", width=2)
TRUTH = {"valence": np.array([0.0, 2.0, np.nan]), "mood": np.array([0.0, 1.0, 1.0])}
PREDICTIONS = {"valence": np.array([[1.0], [2.0], [9.0]]), "mood": np.array([[0.9, 0.1], [0.8, 0.2], [0.3, 0.7]])}


def test_an_error_counts_reversed_in_units_of_the_labelled_truth_s_deviation():
    assert selection_score([VALENCE], TRUTH, PREDICTIONS) == pytest.approx(-0.5)
    wider = {"valence": np.array([0.0, 4.0, np.nan])}, {"valence": np.array([[1.0], [4.0], [9.0]])}
    assert selection_score([VALENCE], *wider) == pytest.approx(-0.25)


def test_targets_count_alike():
    assert selection_score([VALENCE, MOOD], TRUTH, PREDICTIONS) == pytest.approx((2 / 3 - 0.5) / 2)


def test_of_a_combined_score_each_target_gives_its_term():
    combined = Combined("mood", "valence", weight=0.25)
    assert selection_score([VALENCE, MOOD], TRUTH, PREDICTIONS, combined=combined) == pytest.approx(2 / 3 - 0.125)
    other = SimpleNamespace(name="arousal", metric="mse", kind="regression", width=1)
    more = {"arousal": TRUTH["valence"]}, {"arousal": PREDICTIONS["valence"]}
    everything = selection_score([VALENCE, MOOD, other], TRUTH | more[0], PREDICTIONS | more[1], combined=combined)
    assert everything == pytest.approx(2 / 3 - 0.125)


def test_recordings_are_handed_on():
    target = SimpleNamespace(name="arousal", metric="ccc_per_recording", kind="regression", width=1)
    y = np.array([1.0, 2.0, 1.0, 2.0])
    value = selection_score([target], {"arousal": y}, {"arousal": y[:, None]}, recording_codes=np.array([0, 0, 1, 1]))
    assert value == pytest.approx(1.0)
