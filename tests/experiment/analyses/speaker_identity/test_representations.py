"""What was measured of a representation, written down and read back the same."""

import numpy as np
import pytest

from avbaselines.experiment.analyses.speaker_identity.probes import SpeakerShares
from avbaselines.experiment.analyses.speaker_identity.representations import (
    Measured,
    ProbeId,
    Representation,
    has_json,
)
from avbaselines.experiment.analyses.speaker_identity.verification import PairHistograms
from avbaselines.experiment.fitting.store import Fitted, Store


def test_a_measurement_is_read_back_as_it_was(tmp_path):
    store, shares = Store(tmp_path), SpeakerShares(np.array(["s1", "s2"]), np.array([0.1, 1 / 3]), 7)
    probes = {ProbeId("seen", "linear", 0.1 + 0.2): shares, ProbeId("unseen", "boosted", 1.0): shares}
    measured = Measured("key", 1.0, [{"cost": 0.5, "scaling": "rank"}], probes, seconds=1.5)
    assert not has_json(store, "key")
    measured.save(store)
    again = Measured.load(store, "key")
    assert has_json(store, "key") and again.strengths == {0.1 + 0.2, 1.0} and again.chosen == measured.chosen
    assert (again.strength, again.seconds, again.failed) == (1.0, 1.5, "")
    part = again.part("seen", "linear", 0.1 + 0.2)
    np.testing.assert_array_equal(part.shares, shares.shares)
    assert part.names.tolist() == ["s1", "s2"] and part.n_clips == 7
    with pytest.raises(KeyError):
        again.part("unseen", "linear", 1.0)


def test_predictions_and_pairs_lie_beside_it(tmp_path):
    store, measured = Store(tmp_path), Measured("key")
    for strength in (0.25, 1.0):
        measured.save_predictions(store, strength, Fitted(test={"mood": np.full((2, 1), strength)}))
    measured.save_pairs(store, PairHistograms(np.eye(2, dtype=int), np.zeros((2, 2), int), 5))
    assert measured.predictions(store, 0.25).test["mood"][0, 0] == 0.25
    assert measured.pairs(store).n_clips == 5 and measured.pairs(store).same.sum() == 2


def test_a_measurement_is_done_where_all_its_parts_are_whole(tmp_path):
    shares = SpeakerShares(np.array(["s1", "s2"]), np.array([0.1, 1 / 3]), 7)
    store, measured = Store(tmp_path), Measured("key", probes={ProbeId("seen", "linear", 0.5): shares})
    measured.save_pairs(store, PairHistograms(np.eye(2, dtype=int), np.zeros((2, 2), int), 5))
    measured.save_predictions(store, 0.5, Fitted())
    assert not Measured.is_done(store, "key")
    measured.save(store)
    assert Measured.is_done(store, "key")
    for name in ("key-pairs.npz", "key-0.5.npz", "key.json"):
        whole = (tmp_path / name).read_bytes()
        (tmp_path / name).write_bytes(whole[:-1])
        assert not Measured.is_done(store, "key")
        (tmp_path / name).write_bytes(whole)


def test_names_of_representations():
    erased = Representation(("audio", "face"), "leace")
    assert (erased.label, erased.raw.label) == ("audio+face+leace", "audio+face")
    assert erased.raw.is_raw and not erased.is_raw and erased.raw == Representation(("audio", "face"))
