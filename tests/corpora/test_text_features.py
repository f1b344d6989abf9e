"""Transcripts as a modality: counts that depend on nobody else's words, read by name and refused by name."""

import numpy as np
import pandas as pd
import pytest

from avbaselines.corpora.modalities import ModalityOptions, read_modality
from avbaselines.corpora.text_features import letter_counts
from avbaselines.errors import InputError

IDS = np.array(["007", "b", "c", "d"])
SAID = ["so good, SO good", "awful", None, "  "]


@pytest.fixture
def table(tmp_path):
    pd.DataFrame({"clip_id": IDS, "said": SAID, "score": [1.0, 2, 3, 4]}).to_csv(tmp_path / "clips.csv", index=False)
    return tmp_path


def read(folder, **options):
    options = ModalityOptions(path="clips.csv", **options)
    return read_modality("words", options, IDS, None, folder)


def test_a_row_depends_on_its_own_words_alone():
    alone, columns = letter_counts(["so good"], 64)
    together, _ = letter_counts(["awful", "so good", "never"], 64)
    assert (alone[0] == together[1]).all() and len(columns) == 64
    assert np.linalg.norm(alone[0]) == pytest.approx(1, abs=1e-6)
    assert (letter_counts(["SO good "], 64)[0] == alone).all()
    # Words that share letters are nearer than words that share none.
    near, far = (letter_counts([word], 2048)[0][0] @ letter_counts(["lovely"], 2048)[0][0] for word in ("loved", "bad"))
    assert near > 0.2 > abs(far)


def test_the_counts_stay_the_same_between_versions():
    found = np.flatnonzero(letter_counts(["ab"], 1024)[0][0])
    assert found.tolist() == [161, 638, 678, 824, 833, 911]


def test_a_column_of_a_table_is_read_by_id(table):
    modality = read(table, text="said", width=128)
    assert modality.X.shape == (4, 128) and modality.info.text == "said" and modality.info.width == 128
    assert modality.present.tolist() == [True, True, False, False]
    assert (modality.X[0] == letter_counts([SAID[0]], 128)[0][0]).all()


@pytest.mark.parametrize(
    ("options", "words"), [({"text": "siad"}, "siad.*said"), ({"text": "score"}, "score.*numbers, not what was said")]
)
def test_what_is_no_transcript_is_refused_by_name(table, options, words):
    with pytest.raises(InputError, match=words):
        read(table, **options)


def test_text_of_an_npz_is_refused():
    with pytest.raises(ValueError, match="text names a column of a csv or parquet table"):
        ModalityOptions(path="words.npz", text="said")
