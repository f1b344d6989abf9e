"""Inputs of new clips: columns by name, ids, and what is refused."""

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from avbaselines.corpora.corpus import Target
from avbaselines.corpora.sequences import summarise_steps
from avbaselines.errors import InputError
from avbaselines.experiment.bundles import bundle
from avbaselines.experiment.bundles.card import CardModality, Made
from avbaselines.experiment.bundles.inputs import gather


def test_columns_are_matched_by_name(given, tmp_path):
    system = bundle.load(given / "run", "ridge-face")
    face = pd.read_csv(given / "face.csv", dtype={"clip_id": str})
    expected = system.predict({"face": given / "face.csv"})
    face[face.columns[::-1]].to_parquet(tmp_path / "turned.parquet")
    pd.testing.assert_frame_equal(system.predict({"face": tmp_path / "turned.parquet"}), expected)
    frame = face.set_index("clip_id")
    pd.testing.assert_frame_equal(system.predict({"face": frame.iloc[::-1]}).iloc[::-1], expected)
    with pytest.raises(InputError, match="face: lacks column 'f2' of the 5"):
        system.predict({"face": frame.drop(columns="f2")})
    with pytest.raises(InputError, match="face: has column 'speaker_id', which"):
        system.predict({"face": frame.assign(speaker_id=1)})
    with pytest.raises(InputError, match="face: column 'f2' occurs twice"):
        system.predict({"face": pd.concat([frame, frame[["f2"]]], axis=1)})
    with pytest.raises(InputError, match="the index must hold clip ids alone, not clip_id, f1"):
        system.predict({"face": frame.set_index("f1", append=True)})
    with pytest.raises(InputError, match="no modality 'fase'.*'face'"):
        system.predict({"fase": frame})


def test_columns_without_names_do_not_hang_on_the_file_name(given, tmp_path):
    system = bundle.load(given / "run", "ridge-audio")
    renamed = shutil.copyfile(given / "audio.npz", tmp_path / "other.npz")
    pd.testing.assert_frame_equal(system.predict({"audio": renamed}), system.predict({"audio": given / "audio.npz"}))


FACE = CardModality(columns=["f1", "f2"], dropped=["empty"], often_missing=False, made=Made(path="face.csv"))
AROUSAL = [Target("arousal", "ccc")]


def joined(tables, clips=None, outside=(), modalities=None):
    return gather({"face": FACE} if modalities is None else modalities, list(outside), AROUSAL, tables, clips)


def frame(**columns):
    return pd.DataFrame(columns, index=[f"c{number}" for number in range(len(next(iter(columns.values()))))])


def test_clips_are_those_of_the_tables_unless_they_are_named():
    face = frame(f2=[1.0, 2.0], f1=[3.0, 4.0], empty=[0.0, 0.0])
    clips = joined({"face": face})
    assert clips.ids.tolist() == ["c0", "c1"] and clips.without_input == [] and clips.groups is None
    np.testing.assert_array_equal(clips.features["face"], [[3, 1], [4, 2]])
    named = pd.DataFrame({"clip_id": ["c1", "new"], "group": ["s", "t"], "recording": ["r", None], "time": [0.5, 1]})
    clips = joined({"face": face}, named)
    assert clips.without_input == ["new"] and np.isnan(clips.features["face"][1]).all()
    assert clips.groups.tolist() == ["s", "t"] and clips.recordings is None and clips.times.tolist() == [0.5, 1.0]


def test_predictions_of_an_outside_system_are_joined_too(tmp_path):
    frame(arousal=[1.5, 2.5]).rename_axis("clip_id").to_csv(tmp_path / "deep.csv")
    clips = joined({"deep": tmp_path / "deep.csv"}, outside=["deep"])
    np.testing.assert_array_equal(clips.predictions["deep"]["arousal"], [[1.5], [2.5]])
    assert clips.without_input == [] and np.isnan(clips.features["face"]).all()


def test_sequences_are_summarised_as_the_run_summarised_them(tmp_path):
    X = np.arange(12, dtype=np.float32).reshape(2, 3, 2)
    np.savez(tmp_path / "face.npz", clip_id=["c0", "c1"], X=X, columns=["f1", "f2"])
    with pytest.raises(InputError, match="face: .*holds steps .clips, steps, features."):
        joined({"face": tmp_path / "face.npz"})
    made = Made(functionals=["mean"])
    summary = CardModality(columns=["f1_mean", "f2_mean"], dropped=[], often_missing=False, made=made)
    clips = joined({"face": tmp_path / "face.npz"}, modalities={"face": summary})
    np.testing.assert_allclose(clips.features["face"], X.mean(axis=1))
    made = Made(functionals=["last", "correlation"])
    columns = ["f1_last", "f2_last", "f1_f2_correlation"]
    summary = CardModality(columns=columns, dropped=[], often_missing=False, made=made)
    clips = joined({"face": tmp_path / "face.npz"}, modalities={"face": summary})
    np.testing.assert_allclose(clips.features["face"], summarise_steps(X, ["f1", "f2"], made.functionals)[0], rtol=1e-6)


@pytest.mark.parametrize(
    ("tables", "words"),
    [
        ({}, "nothing to predict from; this system reads face"),
        ({"fase": frame(f1=[1.0], f2=[1.0])}, "no modality 'fase'.*'face'"),
        ({"face": frame(f1=[1.0])}, "face: lacks column 'f2' of the 2"),
        ({"face": frame(f1=[1.0], f2=[1.0], f3=[1.0], f4=[1.0])}, "has columns 'f3', 'f4', which the system does not"),
        ({"face": frame(f1=[1.0], f2=[np.inf])}, "column 'f2' of clip 'c0' is infinite"),
        ({"face": frame(f1=["x"], f2=[1.0])}, "face: a column is not numeric"),
        ({"face": frame(f1=[1.0, 2.0], f2=[1.0, 2.0]).rename({"c1": "c0"})}, "clip id 'c0' occurs more than once"),
        ({"face": frame(f1=[1.0, 2.0], f2=[1.0, 2.0]).rename({"c1": None})}, "row 2 has no clip id"),
    ],
)
def test_tables_that_cannot_be_used_are_named(tables, words):
    with pytest.raises(InputError, match=words):
        joined(tables)


def test_ids_of_which_none_fits_are_a_mistake():
    with pytest.raises(InputError, match="clips: none is in face, whose ids are such as 'c0', not 'x'"):
        joined({"face": frame(f1=[1.0], f2=[1.0])}, pd.DataFrame({"clip_id": ["x"]}))
    with pytest.raises(InputError, match="face: .* is a folder; give one table"):
        joined({"face": Path(__file__).parent})


def test_predictions_of_an_outside_system_come_as_a_file():
    with pytest.raises(InputError, match="deep: give the predictions of an outside system as a file, not as DataFrame"):
        joined({"deep": frame(arousal=[1.5])}, outside=["deep"])
