"""Folders with one .npy a clip; right and broken ones are in the table of inputs."""

import numpy as np
import pytest

from avbaselines.corpora.formats.npy_folder import npy_files, read_npy_folder
from avbaselines.errors import InputError


def test_steps_of_shorter_clips_end_in_nan(tmp_path):
    (tmp_path / "sub").mkdir()
    np.save(tmp_path / "sub" / "long.npy", np.ones((3, 2), np.float16))
    np.save(tmp_path / "short.npy", np.zeros(2))
    np.save(tmp_path / ".hidden.npy", np.zeros(9))
    ids, X = read_npy_folder(tmp_path, "modalities.audio")
    assert ids.tolist() == ["short", "sub/long"] or ids.tolist() == ["sub/long", "short"]
    by_id = dict(zip(ids, X, strict=True))
    assert np.isnan(by_id["short"][1:]).all() and (by_id["sub/long"] == 1).all() and X.dtype == np.float32


def test_rows_keep_their_precision(tmp_path):
    np.save(tmp_path / "a.npy", np.array([[1 / 3, 2.0]]))
    ids, X = read_npy_folder(tmp_path, "modalities.audio")
    assert X.shape == (1, 2) and X[0, 0] == 1 / 3


def test_nothing_is_no_folder_of_arrays(tmp_path):
    assert npy_files(tmp_path) == []
    with pytest.raises(InputError, match=r"holds no \.npy file"):
        read_npy_folder(tmp_path, "modalities.audio")
