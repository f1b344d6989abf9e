"""The MER 2023 reader: both layouts, missing valence, crafted files that must not run, and releases that are broken."""

import os
import pickle
import zipfile

import numpy as np
import pandas as pd
import pytest
from releases import make_mer2023

from avbaselines.corpora.formats.object_arrays import load_object_arrays
from avbaselines.corpora.readers import mer2023
from avbaselines.errors import InputError


def read(folder, **options):
    return mer2023.read(mer2023.Options(**options), folder)


@pytest.fixture
def release(tmp_path):
    return make_mer2023(tmp_path / "release")


@pytest.fixture
def processed(tmp_path):
    return make_mer2023(tmp_path / "processed", layout="processed")


def test_both_layouts_say_the_same(release, processed):
    one, other = read(release), read(processed)
    pd.testing.assert_frame_equal(one.clips, other.clips.drop(columns="sentence"))
    assert other.clips["sentence"].iloc[5] == "sentence sample_00000005"
    counts = one.clips["partition"].value_counts().to_dict()
    assert counts == {"train": 60, "test1": 12, "test2": 12, "test3": 12}
    assert set(one.clips["emotion"]) == set(mer2023.EMOTIONS)
    assert one.group is None and any("folds are random" in note for note in one.notes)


def test_test3_has_no_valence(processed):
    clips = read(processed).clips
    assert clips["valence"].isna().equals(clips["partition"] == "test3")


def test_numpy_numbers_and_texts_are_numbers(tmp_path):
    labels = {"a": {"emo": "sad", "val": np.float64(-1.5)}, "b": {"emo": "happy", "val": "2.25"}}
    labels["c"] = {"emo": "angry", "val": np.float32(0.5)}
    np.savez(tmp_path / "label-6way.npz", train_corpus=labels)
    assert read(tmp_path, parts=["train"]).clips["valence"].tolist() == [-1.5, 2.25, 0.5]


def test_parts(release):
    (release / "test2-label.csv").unlink()
    assert set(read(release, parts=["train", "test1"]).clips["partition"]) == {"train", "test1"}
    with pytest.raises(InputError, match=r"test2-label\.csv: no such file; .*leave it out of corpus\.parts"):
        read(release)


def test_bilingual_transcripts(release):
    table = pd.DataFrame({"name": ["sample_00000003"], "chinese": ["那当然啦。"], "english": ["Of course."]})
    table.to_csv(release / "transcription-engchi-polish.csv", index=False)
    clips = read(release).clips
    assert clips.loc["sample_00000003", "english"] == "Of course." and clips["chinese"].notna().sum() == 1


@pytest.mark.parametrize(
    "column, value, message",
    [
        ("discrete", "hapy", r"test1-label\.csv: emotion 'hapy' of clip 'sample_00000061' .*did you mean 'happy'"),
        ("valence", 7.5, r"valence .*7\.5.* of clip 'sample_00000061' is no number from -5 to 5"),
        ("valence", -10, "is no number from -5 to 5"),
        ("valence", "high", "valence 'high' of clip 'sample_00000061' is no number"),
        ("name", "sample_00000000", "clip id 'sample_00000000' occurs 2 times"),
        ("name", None, "no name"),
    ],
)
def test_broken_labels(release, column, value, message):
    path = release / "test1-label.csv"
    table = pd.read_csv(path).astype({column: object})
    table.loc[1, column] = value
    table.to_csv(path, index=False)
    with pytest.raises(InputError, match=message):
        read(release)


def test_a_missing_column_is_named(release):
    path = release / "train-label.csv"
    pd.read_csv(path).drop(columns="valence").to_csv(path, index=False)
    with pytest.raises(InputError, match=r"train-label\.csv: no column 'valence'"):
        read(release)


@pytest.mark.parametrize("labels", [{"a": "sad"}, {"a": {"emo": "sad"}}, {1: {"emo": "sad", "val": 1}}, {}])
def test_labels_of_another_form(tmp_path, labels):
    np.savez(tmp_path / "label-6way.npz", train_corpus=labels)
    with pytest.raises(InputError, match="train_corpus: (is no dict|has no clips)"):
        read(tmp_path, parts=["train"])


class Crafted:
    """Makes a folder when it is unpickled."""

    def __init__(self, folder):
        self.folder = folder

    def __reduce__(self):
        return os.mkdir, (str(self.folder),)


def test_a_crafted_file_runs_nothing(tmp_path):
    trap = tmp_path / "trap"
    np.savez(tmp_path / "label-6way.npz", train_corpus={"a": {"emo": "sad", "val": Crafted(trap)}})
    with pytest.raises(InputError, match="it names posix.mkdir.*nothing in it was run|it names nt.mkdir"):
        read(tmp_path, parts=["train"])
    assert not trap.exists()
    # the trap is a real one
    with np.load(tmp_path / "label-6way.npz", allow_pickle=True) as stored:
        stored["train_corpus"]
    assert trap.exists()


@pytest.mark.parametrize(
    "content",
    [
        b"cbuiltins\neval\n(S'1'\ntR.",
        b"cnumpy\nload\n.",
        b"cnumpy.testing._private.utils\nrunstring\n.",
        b"cnumpy\nndarray\n(tR.",
        b"cnumpy.core.multiarray\n_reconstruct.__globals__\n.",
        b"\x80\x04\x8c\x05numpy\x8c\x0edtype.__init__\x93.",
        pickle.dumps({"a": 1}),
        b"no pickle",
    ],
)
def test_other_pickles_are_refused(tmp_path, content):
    header = tmp_path / "header.npy"
    with open(header, "wb") as file:
        np.lib.format.write_array_header_1_0(file, {"descr": "|O", "fortran_order": False, "shape": ()})
    with zipfile.ZipFile(tmp_path / "label-6way.npz", "w") as archive:
        archive.writestr("train_corpus.npy", header.read_bytes() + content)
    with pytest.raises(InputError, match="is no npz of plain labels"):
        read(tmp_path, parts=["train"])


def test_other_arrays_are_refused(tmp_path):
    path = tmp_path / "label-6way.npz"
    np.savez(path, train_corpus=np.zeros(3), other=1)
    with pytest.raises(InputError, match="where one object was expected"):
        load_object_arrays(path, ["train_corpus"])
    with pytest.raises(InputError, match="has no array 'test1_corpus'; it holds other, train_corpus"):
        load_object_arrays(path, ["test1_corpus"])
    path.write_bytes(b"text")
    with pytest.raises(InputError, match="is no npz"):
        load_object_arrays(path, ["train_corpus"])


def test_no_folder(tmp_path):
    with pytest.raises(InputError, match="AVBASELINES_MER2023"):
        read(None)
    with pytest.raises(InputError, match=r"train-label\.csv: no such file; needed is MER 2023"):
        read(tmp_path)
    with pytest.raises(InputError, match=r"label-6way\.npz: no such file"):
        read(tmp_path, layout="processed")
