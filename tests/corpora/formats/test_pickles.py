"""Pickles are refused, and what the documentation says instead works."""

import pickle
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from avbaselines.corpora.clip_tables import read_clips
from avbaselines.corpora.feature_tables import read_features
from avbaselines.corpora.formats.pickles import refuse_pickle
from avbaselines.errors import InputError

PAGE = Path(__file__).resolve().parents[3] / "docs" / "formats.md"


def snippets(word):
    """The page's Python lines that hold a word."""
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    return [block for block in blocks if word in block]


@pytest.mark.parametrize("name", ["x.pkl", "x.PICKLE", "x.pk"])
def test_pickles_are_refused_by_their_names(name):
    with pytest.raises(InputError, match="is a pickle"):
        refuse_pickle(Path(name), "corpus.clips")
    refuse_pickle(Path("x.npz"), "corpus.clips")


def test_a_pickled_container_is_converted_by_the_lines_of_the_page(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    parts = {
        part: {
            "id": [f"{part}$_$0", f"{part}$_$1"],
            "raw_text": np.array(["well", "good"]),
            "audio": np.random.default_rng(0).normal(size=(2, 5, 3)),
            "regression_labels": [0.5, -1.0],
            "audio_lengths": [5, 4],
        }
        for part in ("train", "valid", "test")
    }
    Path("mosi.pkl").write_bytes(pickle.dumps(parts))
    (code,) = snippets("pickle.load")
    exec(compile(code, str(PAGE), "exec"), {})
    found = read_clips(Path("mosi.npz"), "id")
    assert found.clips["partition"].value_counts().to_dict() == {"train": 2, "valid": 2, "test": 2}
    assert found.clips["regression_labels"].tolist() == [0.5, -1.0] * 3
    audio = read_features(Path("mosi.npz"), "modalities.audio", "id", array="audio")
    assert audio.X.shape == (6, 5, 3) and audio.ids[0] == "train$_$0"


def test_a_pickled_frame_is_converted_by_the_lines_of_the_page(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    index = pd.MultiIndex.from_arrays(
        [["a.wav", "b.wav"], pd.to_timedelta([0, 0], unit="s"), pd.to_timedelta([1, 1], unit="s")],
        names=["file", "start", "end"],
    )
    pd.DataFrame({"F0": [1.0, 2.0]}, index=index).to_pickle("features.pkl")
    (code,) = snippets("read_pickle")
    exec(compile(code, str(PAGE), "exec"), {})
    assert read_features(Path("features.parquet"), "modalities.audio").ids.tolist() == ["a.wav", "b.wav"]
