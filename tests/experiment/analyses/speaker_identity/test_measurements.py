"""All representations of a study: what is pending, what is reused, and splits that cannot be measured."""

import numpy as np
import pytest

from avbaselines.corpora.corpus import Split
from avbaselines.errors import InputError
from avbaselines.experiment.analyses.speaker_identity.measurements import Measurements, _check_splits
from avbaselines.experiment.analyses.speaker_identity.representations import Measured, Representation

SPEAKERS = np.array(["a", "a", "b", "b", "c", "c"])
NOBODY = np.array([], dtype=int)


@pytest.mark.parametrize(
    ("fit", "test", "said"),
    [
        ([0, 1, 2], [3, 4, 5], "speaker 'b' is on both sides of split first; group by speaker"),
        ([0, 1, 2, 3], [4, 5], "split first evaluates a single speaker"),
    ],
)
def test_splits_that_cannot_be_measured_are_refused(fit, test, said):
    with pytest.raises(InputError, match=said):
        _check_splits([Split("first", np.array(fit), NOBODY, np.array(test))], SPEAKERS)


def test_splits_of_several_unseen_speakers_pass():
    _check_splits([Split("first", np.array([0, 1]), NOBODY, np.array([2, 3, 4, 5]))], SPEAKERS)


def test_measurements_are_found_by_representation_and_split():
    measurements, split = Measurements(), Split("first", NOBODY, NOBODY, NOBODY)
    for key, erasure in (("a", "raw"), ("b", "leace")):
        measurements.add(Representation(("audio",), erasure), split, Measured(key))
    assert measurements.by_split[Representation(("audio",))]["first"].key == "a"
    assert measurements.by_split[Representation(("audio",), "leace")]["first"].key == "b"
