"""What a corpus is refused for, and what is said of it."""

import numpy as np
import pytest

from avbaselines.corpora.corpus import ImportedPrediction, Split, Target
from avbaselines.errors import InputError
from avbaselines.experiment.loading import checks

GROUPS = np.repeat(["a", "b", "c", "d"], 5)
NOBODY = np.array([], int)
SPLIT = Split("s", np.arange(15), NOBODY, np.arange(15, 20))
AROUSAL = np.random.default_rng(0).normal(size=20)
TARGETS = [Target("arousal", "ccc")]


def refuse(y=AROUSAL, split=SPLIT, groups=GROUPS, targets=TARGETS):
    checks.refuse_unlearnable([split], groups, targets, {targets[0].name: np.array(y, float)})


def test_labels_that_vary_over_two_groups_can_be_learnt():
    refuse()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"y": np.where(np.arange(20) < 15, np.nan, 1.0)}, "split s: targets.arousal has no label in the training"),
        ({"y": np.where(np.arange(20) < 15, 2.0, AROUSAL)}, "is constant in the training part .15 labels."),
        ({"y": np.where(np.arange(20) < 5, AROUSAL, np.nan)}, "targets.arousal: the labels .* all of group 'a'"),
        ({"y": np.where(np.arange(20) < 15, AROUSAL, np.nan)}, "no label in any test part"),
        ({"split": Split("all", SPLIT.train, NOBODY, SPLIT.test)}, "split all: results know no split of this name"),
        ({"split": Split("final", SPLIT.train, NOBODY, SPLIT.test)}, "split final: results know no split"),
    ],
)
def test_what_cannot_be_learnt_is_named(changes, words):
    with pytest.raises(InputError, match=words):
        refuse(**changes)


def test_a_concordance_per_recording_needs_recordings():
    per_recording = [Target("arousal", "ccc_per_recording")]
    checks.refuse_without_recordings(per_recording, GROUPS)
    checks.refuse_without_recordings(TARGETS, None)
    with pytest.raises(InputError, match="targets.arousal: ccc_per_recording needs the recording of each clip"):
        checks.refuse_without_recordings(per_recording, None)


def notes(y, target=TARGETS[0], groups=GROUPS, split=SPLIT):
    return checks.label_notes([split], groups, [target], {target.name: np.array(y, float)})


def test_notes_on_labels_that_are_missing_unseen_or_all_the_same():
    assert notes(AROUSAL) == ["all evaluated clips are of group d: there are no intervals and no tests over groups"]
    two = np.repeat(["a", "b", "c", "d", "e"], 4)
    assert notes(AROUSAL, groups=two) == []
    assert "1 of 20 clips have no label of arousal" in notes(np.where(np.arange(20) == 0, np.nan, AROUSAL))[0]
    assert notes(np.where(np.arange(20) < 15, AROUSAL, 0.5), groups=two) == [
        "all evaluated clips are 0.5 in arousal: scores of it say nothing"
    ]
    mood = Target("mood", "uar", ("glad", "sad", "mad"))
    (note,) = notes(np.r_[np.tile([0, 1], 8)[:15], [0, 1, 2, 2, 0]], mood, two)
    assert note.startswith("2 evaluated clips are of a class of mood that nobody") and "mad in split s" in note


def test_predictions_that_equal_the_labels_are_told():
    mood = Target("mood", "uar", ("glad", "sad"))
    y = {"arousal": AROUSAL, "mood": np.arange(20) % 2.0}
    values = {"arousal": AROUSAL[:, None].copy(), "mood": np.eye(2)[np.arange(20) % 2]}

    def told():
        return checks.truth_notes(ImportedPrediction("deep", values), [TARGETS[0], mood], y, [SPLIT])

    assert [note.split(" equals")[0] for note in told()] == ["deep: its arousal", "deep: its mood"]
    values["mood"] = values["mood"] * 0.98 + 0.01  # right throughout, and not sure of it
    values["arousal"][SPLIT.test[0]] += 0.1
    assert told() == []
