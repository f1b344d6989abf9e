"""Containers of arrays; more are in the table of inputs."""

import numpy as np
import pytest

from avbaselines.corpora.formats.npz_parts import read_npz_parts, read_npz_table
from avbaselines.errors import InputError


def test_parts_come_one_after_the_other(tmp_path):
    path = tmp_path / "x.npz"
    train = {"train/id": ["a", "b"], "train/audio": np.ones((2, 4, 3))}
    np.savez(path, **train, **{"test/id": ["c"], "test/audio": np.zeros((1, 4, 3))})
    ids, audio = read_npz_parts(path, "modalities.audio", ["id", "audio"])
    assert ids.tolist() == ["a", "b", "c"] and audio.shape == (3, 4, 3) and audio[-1].sum() == 0
    table, notes = read_npz_table(path, "corpus.clips")
    assert table.to_dict("list") == {"id": ["a", "b", "c"], "partition": ["train", "train", "test"]}
    assert notes == ["x.npz: audio left out of the clips, which are no columns"]


def test_parts_that_do_not_fit_are_refused(tmp_path):
    path = tmp_path / "x.npz"
    np.savez(path, **{"train/x": np.ones((2, 3)), "test/x": np.ones((2, 4)), "train/y": [1, 2]})
    with pytest.raises(InputError, match="'x' has other shapes in other parts"):
        read_npz_parts(path, "modalities.audio", ["x"])
    np.savez(path, **{"train/x": [1], "test/y": [1]})
    with pytest.raises(InputError, match="its parts have other columns"):
        read_npz_table(path, "corpus.clips")
    path.write_bytes(b"no zip")
    with pytest.raises(InputError, match="cannot be read as npz without pickle"):
        read_npz_table(path, "corpus.clips")
