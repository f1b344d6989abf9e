"""Features that are labels, and values that no extractor means."""

import numpy as np
import pandas as pd
import pytest

from avbaselines.corpora.corpus import Modality, Target
from avbaselines.errors import InputError
from avbaselines.experiment.loading.feature_checks import refuse_answers, refuse_equals, wild_note

N = 40
AROUSAL = np.random.default_rng(0).normal(size=N)
NOISE = np.random.default_rng(1).normal(size=N)
IDS = np.array([f"c{number}" for number in range(N)])


def modality(**columns):
    return Modality("audio", np.column_stack(list(columns.values())).astype(np.float32), list(columns))


def test_a_column_of_the_clips_table_is_no_feature():
    clips = pd.DataFrame({"arousal": AROUSAL, "fold": np.arange(N) % 3})
    fold = clips["fold"].to_numpy(float)
    refuse_equals(modality(x=NOISE, y=NOISE**2), clips, ["arousal", "fold"], ["arousal"], "audio.csv")
    with pytest.raises(InputError, match="audio.csv: column 'y' is 'arousal' of the clips table, no feature"):
        refuse_equals(modality(x=NOISE, y=AROUSAL), clips, ["arousal"], ["arousal"], "audio.csv")
    # A column of few values equals a feature by chance: it is looked for by its own name alone.
    refuse_equals(modality(x=fold), clips, ["fold"], [], "audio.csv")
    with pytest.raises(InputError, match="column 'fold' is 'fold'"):
        refuse_equals(modality(fold=fold), clips, ["fold"], [], "audio.csv")


@pytest.mark.parametrize("told", [AROUSAL, 3 - 2 * AROUSAL, np.exp(AROUSAL)])
def test_a_label_among_the_features_is_refused_under_any_name_and_on_any_scale(told):
    targets, y = [Target("arousal", "ccc")], {"arousal": AROUSAL}
    refuse_answers(modality(x=NOISE, y=AROUSAL + NOISE), targets, y, "audio.csv")
    with pytest.raises(InputError, match="audio.csv: column 'y'.*arousal"):
        refuse_answers(modality(x=NOISE, y=told), targets, y, "audio.csv")


def test_values_beyond_all_others_are_told_of():
    values = np.random.default_rng(0).uniform(1, 2, N)
    assert wild_note(modality(x=values), IDS) == ""
    values[3] = 1e12
    note = wild_note(modality(x=np.ones(N), y=values), IDS)
    assert note.startswith("1 values of audio") and "1e+12 of y in clip c3" in note
