"""Archives and parts of model files: what skops writes of any learner passes; crafted ones are in tests/trust."""

import zipfile

import numpy as np
import pytest
import skops.io
from sklearn.linear_model import HuberRegressor

from avbaselines.experiment.bundles.model_file import check_archive, check_parts

X = np.random.default_rng(0).normal(size=(30, 2))


@pytest.fixture
def path(tmp_path):
    held = {"arousal": HuberRegressor().fit(X, X[:, 0]), "mood": [np.arange(3), ("a", {1: None})]}
    skops.io.dump(held, tmp_path / "m")
    return tmp_path / "m"


def test_what_skops_writes_passes(path):
    check_archive(path)
    check_parts(path)


def test_a_part_of_another_kind_is_told(tmp_path):
    skops.io.dump({"arousal": np.sin}, tmp_path / "m")
    check_archive(tmp_path / "m")
    with pytest.raises(ValueError, match="holds a part of kind"):
        check_parts(tmp_path / "m")


@pytest.mark.parametrize(
    ("name", "compression", "words"),
    [
        ("../1.npy", zipfile.ZIP_STORED, "holds a file"),
        ("1.bin", zipfile.ZIP_DEFLATED, "compressed"),
        ("schema.json", zipfile.ZIP_STORED, "not packed as"),
    ],
)
def test_another_packing_is_told(path, name, compression, words):
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(name, b"content", compression)
    with pytest.raises(ValueError, match=words):
        check_archive(path)
