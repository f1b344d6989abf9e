"""The table reader and what is joined to it: targets, splits, modalities, imported predictions."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from avbaselines.errors import InputError
from avbaselines.experiment.loading.corpus import load_corpus
from avbaselines.study import load_study

STUDY = """
title = "mine"
[corpus]
reader = "table"
clips = "clips.csv"
group = "speaker"
[split]
column = "part"
train = ["train"]
dev = ["dev"]
test = ["test"]
[targets]
arousal = { metric = "ccc", range = [1, 5] }
mood = { metric = "uar" }
[modalities]
audio = "audio.npz"
face = "face.csv"
"""

AROUSAL = np.random.default_rng(0).uniform(1, 5, 12)[:11]


@pytest.fixture
def release(tmp_path):
    """Twelve clips of six speakers; ids with leading zeros; one clip without audio and one without face."""
    ids = [f"{number:03d}" for number in range(12)]
    rng = np.random.default_rng(0)
    clips = pd.DataFrame(
        {
            "clip_id": ids,
            "speaker": np.repeat([f"{s}" for s in range(6)], 2),
            "part": np.repeat(["train", "train", "train", "dev", "test", "test"], 2),
            "arousal": rng.uniform(1, 5, 12),
            "mood": ["sad", "glad"] * 6,
        }
    )
    clips.loc[3, ["arousal", "mood"]] = [np.nan, ""]
    np.savez(
        tmp_path / "audio.npz",
        clip_id=np.array(ids[::-1][:-1]),
        X=np.arange(11.0)[:, None] * [1, 2],
        columns=["a", "b"],
    )
    face = pd.DataFrame({"clip_id": ids[:11], "au1": np.arange(11.0), "au2": 1.0})
    clips.to_csv(tmp_path / "clips.csv", index=False)
    face.to_csv(tmp_path / "face.csv", index=False)
    (tmp_path / "study.toml").write_text(STUDY)
    return tmp_path


def load(folder, *overrides):
    path = folder / "study.toml"
    return load_corpus(load_study(path, overrides), path)


def change(folder, **columns):
    clips = pd.read_csv(folder / "clips.csv", dtype={"clip_id": str})
    clips.assign(**columns).to_csv(folder / "clips.csv", index=False)


def test_everything_is_joined_by_id(release):
    corpus = load(release)
    assert corpus.ids.tolist()[:2] == ["000", "001"]
    assert np.isnan(corpus.modalities["audio"].X[0]).all()  # the table lacks clip 000
    np.testing.assert_array_equal(corpus.modalities["audio"].X[1:, 0], np.arange(11)[::-1])  # stored in reverse
    np.testing.assert_array_equal(corpus.modalities["face"].present, [True] * 11 + [False])
    assert np.isnan(corpus.y["arousal"][3]) and np.isnan(corpus.y["mood"][3])
    assert corpus.targets[1].classes == ("glad", "sad") and corpus.y["mood"][:2].tolist() == [1, 0]
    split = corpus.splits[0]
    assert (split.name, split.train.tolist(), split.dev.tolist(), split.test.tolist()) == (
        "test", [0, 1, 2, 3, 4, 5], [6, 7], [8, 9, 10, 11],
    )  # fmt: skip


def test_codes_stay_as_they_are_written(release):
    change(release, speaker=np.repeat([f"{number:02d}" for number in range(6)], 2), part=["01"] * 8 + ["02"] * 4)
    split = "split={column='part', train=['01'], test=['02']}"
    corpus = load(release, split, "corpus.where={speaker=['00', '03', '05']}")
    assert corpus.groups.tolist() == ["00", "00", "03", "03", "05", "05"] and corpus.splits[0].test.tolist() == [4, 5]
    assert load(release, "split={leave_one_out='speaker'}").splits[5].name == "05"


def test_rows_are_filtered_by_where(release):
    corpus = load(
        release, "corpus.where={speaker = [0, 1, 2, 4, 5, 9]}", "split={column='part', train=['train'], test=['test']}"
    )
    assert len(corpus.ids) == 10 and corpus.notes[0] == "no clip has speaker = 9 (corpus.where)"


@pytest.mark.parametrize(
    ("split", "names", "once"),
    [
        ("{folds = 'speaker'}", ["0", "1", "2", "3", "4", "5"], True),
        ("{leave_one_out = 'speaker'}", ["0", "1", "2", "3", "4", "5"], True),
        ("{group_kfold = 3}", ["fold0", "fold1", "fold2"], True),
        ("{columns = ['part', 'part2'], train = ['train'], dev = ['dev'], test = ['test']}", ["part", "part2"], False),
    ],
)
def test_ways_to_split(release, split, names, once):
    change(release, part2=np.repeat(["train", "train", "dev", "train", "test", "test"], 2))
    corpus = load(release, f"split={split}")
    assert [part.name for part in corpus.splits] == names and corpus.once is once
    for part in corpus.splits:
        assert not set(corpus.groups[part.fit]) & set(corpus.groups[part.test])
        assert len(part.fit) + len(part.test) == 12


def test_steps_become_functionals_without_padding(release):
    X = np.zeros((11, 4, 2), np.float32)
    X[:, 2:, 0], X[:, 2:, 1] = [1, 3], [5, 5]  # two padding steps in front
    X[0] = 0  # a clip without any step
    np.savez(release / "audio.npz", clip_id=[f"{i:03d}" for i in range(11)], X=X, columns=["a", "b"])
    audio = load(release).modalities["audio"]
    clip = dict(zip(audio.columns, audio.X[1], strict=True))
    expected = {"a_mean": 2, "b_mean": 5, "a_std": 1, "b_std": 0, "a_slope": 2, "a_p10": 1.2, "a_p90": 2.8}
    assert {name: pytest.approx(clip[name], abs=1e-6) for name in expected} == expected
    assert not audio.present[0]


@pytest.mark.parametrize(
    ("columns", "overrides", "words"),
    [
        ({"clip_id": ["000"] * 12}, [], ["'000'", "12 times"]),
        ({"clip_id": ["000", ""] + [f"{i}" for i in range(10)]}, [], ["row 3", "no clip_id"]),
        ({}, ["corpus.id=clipid"], ["clipid", "clip_id"]),
        ({}, ["corpus.group=speakr"], ["speakr", "speaker"]),
        ({}, ["corpus.group=mood"], ["003", "no mood"]),
        ({}, ["targets.arousl={metric='ccc'}"], ["arousl", "arousal"]),
        ({"part": ["train"] * 11 + ["tset"]}, [], ["011", "'tset'"]),
        ({"part": ["train"] * 11 + [""]}, [], ["011", "empty"]),
        ({"part": np.repeat(["train", "dev"], 6)}, [], ["part = 'test'"]),
        ({"speaker": ["0"] * 12}, [], ["group '0'", "both sides", "train", "test"]),
        ({"arousal": 3.0}, [], ["arousal", "constant"]),
        ({"arousal": np.nan}, [], ["arousal", "no label"]),
        ({"arousal": [np.nan] * 8 + [1, 2, 3, 4]}, [], ["arousal", "no label in the training part"]),
        ({"arousal": [1, 2, 3, 4, 5, 4, 3, 2] + [np.nan] * 4}, [], ["arousal", "nothing to score"]),
        ({"arousal": 7.0}, [], ["outside its range"]),
        ({"arousal": ["high", "low"] * 6}, [], ["'high'", "class metric"]),
        ({}, ["targets.mood.range=[1, 5]"], ["targets.mood", "range", "not with classes"]),
        ({}, ["targets.arousal.metric=ccc_per_recording"], ["targets.arousal", "corpus.recording"]),
        ({"mood": "sad"}, [], ["single class"]),
        ({"mood": [f"m{number}" for number in range(12)]}, [], ["12 different labels", "for classes"]),
        ({"speaker": ["0"] * 8 + ["4", "4", "5", "5"]}, [], ["split test", "group '0'", "two groups are needed"]),
        ({"arousal": [1, 2] + [np.nan] * 6 + [1, 2, 3, 4]}, [], ["targets.arousal", "group '0'", "two groups"]),
        ({"fold": np.repeat(["all", "other"], 6)}, ["split={folds='fold'}"], ["split all", "rename"]),
        ({}, ["corpus.where={part = ['nowhere']}"], ["part", "nowhere"]),
        ({}, ["modalities.audio=nowhere.npz"], ["modalities.audio", "nowhere.npz"]),
        ({}, ["corpus.reader=tabel"], ["'tabel'", "'table'"]),
        ({}, ["corpus.clipz=x.csv"], ["clipz", "clips"]),
    ],
)
def test_bad_input_is_named(release, columns, overrides, words):
    change(release, **columns)
    with pytest.raises(InputError) as error:
        load(release, *overrides)
    for word in words:
        assert word in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("face", "words"),
    [
        ({"au1": [np.inf] + [0.0] * 10}, ["au1", "infinite", "000"]),
        ({"au1": ["x"] * 11}, ["au1", "not numeric"]),
        ({"clip_id": [f"c{i}" for i in range(11)]}, ["lacks 12 of 12", "'000'", "'c0'", "max_missing"]),
        ({"clip_id": ["000"] * 11}, ["occurs 11 times"]),
        ({"clip_id": [""] + [f"{i:03d}" for i in range(10)]}, ["row 2", "no clip id"]),
        ({"au1": [0.5] * 4 + ["1,5"] * 7}, ["au1", "'1,5' in row 6"]),
        ({"face": 1.0, "au1": AROUSAL}, ["'au1' is 'arousal' of the clips table", "no feature"]),
        ({"speaker": np.repeat(range(6), 2)[:11]}, ["'speaker' is 'speaker' of the clips table"]),
    ],
)
def test_bad_features_are_named(release, face, words):
    table = pd.read_csv(release / "face.csv", dtype={"clip_id": str}).assign(**face)
    table.to_csv(release / "face.csv", index=False)
    with pytest.raises(InputError) as error:
        load(release)
    for word in words:
        assert word in str(error.value)


def test_a_feature_may_have_the_name_of_a_target(release):
    table = pd.read_csv(release / "face.csv", dtype={"clip_id": str}).assign(arousal=np.arange(11) / 4)
    table.to_csv(release / "face.csv", index=False)
    assert "arousal" in load(release).modalities["face"].columns


@pytest.mark.parametrize(
    ("written", "words"),
    [
        (lambda table: table.to_csv(index=False).replace("au2", "au1").encode(), "'au1' occurs twice"),
        (lambda table: table.to_csv().encode(), "a column has no name"),
        (lambda table: table.to_csv(index=False).encode("utf-16"), "UTF-8"),
        (lambda table: table.rename(columns={"clip_id": "Clip_Id"}).to_csv(index=False).encode(), "'Clip_Id'"),
    ],
    ids=["column twice", "row numbers", "utf-16", "other id"],
)
def test_tables_that_mislead_are_named(release, written, words):
    table = pd.read_csv(release / "face.csv", dtype={"clip_id": str})
    (release / "face.csv").write_bytes(written(table))
    with pytest.raises(InputError, match=words):
        load(release)


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"clip_id": np.array([["000"], ["001"]])}, "one id a row"),
        ({"clip_id": np.array([], dtype=str), "X": np.ones((0, 2))}, "has no rows"),
        ({"X": np.ones((2, 0, 2))}, "no steps"),
        ({"columns": ["a", "a"]}, "'a' occurs twice"),
        ({"X": np.ones((2, 2), bool)}, "bool"),
    ],
)
def test_bad_arrays_are_named(release, arrays, words):
    np.savez(release / "audio.npz", **{"clip_id": np.array(["000", "001"]), "X": np.ones((2, 2))} | arrays)
    with pytest.raises(InputError, match=words):
        load(release)


def test_ids_are_read_from_bytes_and_from_a_parquet_index(release):
    before = load(release)
    with np.load(release / "audio.npz") as stored:
        np.savez(release / "audio.npz", **{**stored, "clip_id": stored["clip_id"].astype("S")})
    table = pd.read_csv(release / "face.csv", dtype={"clip_id": str}).set_index("clip_id")
    table.to_parquet(release / "face.parquet")
    after = load(release, "modalities.face=face.parquet")
    for name in ("audio", "face"):
        np.testing.assert_array_equal(before.modalities[name].X, after.modalities[name].X)


def test_notes_tell_what_scores_cannot_say(release):
    moods = ["sad", "glad"] * 4 + ["mad"] * 4
    change(release, mood=moods, arousal=[1, 2, 3, np.nan, 4, 5, 1, 2] + [3.0] * 4, speaker=list("00112233") + ["4"] * 4)
    notes = " | ".join(load(release).notes)
    for words in (
        "1 of 12 clips have no label of arousal",
        "all evaluated clips are 3 in arousal",
        "all evaluated clips are mad in mood",
        "4 evaluated clips are of a class of mood that nobody in their training part has, such as mad in split test",
        "all evaluated clips are of group 4: there are no intervals",
    ):
        assert words in notes


def test_a_note_tells_of_values_that_no_extractor_means(release):
    assert "usual in their column" not in " | ".join(load(release).notes)
    with np.load(release / "audio.npz") as stored:
        X = stored["X"].astype(np.float32)
        X[2, 1], X[4, 1] = 1e30, -3e29
        np.savez(release / "audio.npz", **{**stored, "X": X})
    notes = " | ".join(load(release).notes)
    assert "2 values of audio are over 1e+09 times what is usual in their column, such as " in notes
    assert "-3e+29 of b in clip 007" in notes or "1e+30 of b in clip 009" in notes


def test_pickled_features_are_refused(release):
    np.savez(release / "audio.npz", clip_id=np.array(["000"]), X=np.array([[Path(), 1.0]], dtype=object))
    with pytest.raises(InputError, match="without pickle"):
        load(release)


PREDICTIONS = "predictions.deep={path='deep.csv'}"


def predictions(folder, **columns):
    ids = [f"{number:03d}" for number in range(12)]
    table = pd.DataFrame({"clip_id": ids, "arousal": 3.0, "glad": 0.25, "sad": 0.75})
    table.assign(**columns).to_csv(folder / "deep.csv", index=False)


def test_imported_predictions_are_joined(release):
    predictions(release, arousal=np.arange(12) / 3)
    deep = load(release, PREDICTIONS).predictions["deep"].of("test")
    np.testing.assert_allclose(deep["arousal"][:, 0], np.arange(12) / 3)
    np.testing.assert_allclose(deep["mood"], [[0.25, 0.75]] * 12)


def test_predicted_codes_are_the_classes_of_the_clips(release):
    change(release, mood=["01", "02"] * 6)
    predictions(release, mood=["01", "02"] * 6)
    deep = load(release, PREDICTIONS).predictions["deep"].of("test")["mood"]
    np.testing.assert_array_equal(deep, [[1, 0], [0, 1]] * 6)


def test_posteriors_in_per_cent_stay_posteriors(release):
    predictions(release, glad=25.0, sad=75.0)
    deep = load(release, PREDICTIONS).predictions["deep"].of("test")["mood"]
    np.testing.assert_allclose(deep, [[0.25, 0.75]] * 12)


def test_scores_that_are_no_posteriors_are_softened(release):
    predictions(release, glad=1.0, sad=-1.0)
    deep = load(release, PREDICTIONS).predictions["deep"].of("test")["mood"]
    np.testing.assert_allclose(deep[0], np.exp([1, -1]) / np.exp([1, -1]).sum())


def test_a_fold_column_restricts_predictions_to_its_split(release):
    frame = pd.DataFrame(
        [(f"{c:03d}", fold, fold) for fold in range(6) for c in range(12)], columns=["clip_id", "fold", "arousal"]
    )
    frame.assign(arousal=1 + frame["arousal"] / 2, glad=0.5, sad=0.5).to_csv(release / "deep.csv", index=False)
    deep = load(release, PREDICTIONS, "split={folds='speaker'}").predictions["deep"]
    assert (deep.of("3")["arousal"] == 2.5).all() and (deep.of("0")["arousal"] == 1).all()


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"clip_id": [f"{i:03d}" for i in range(11)] + ["x"]}, ["1 evaluated clips", "'011'"]),
        ({"arousal": 300.0}, ["300", "[1, 5]"]),
        ({"arousal": ["?"] + ["1"] * 11}, ["'000'", "finite"]),
        ({"clip_id": ["000"] * 12}, ["more than once"]),
    ],
)
def test_bad_predictions_are_refused(release, columns, words):
    predictions(release, **columns)
    with pytest.raises(InputError) as error:
        load(release, PREDICTIONS)
    for word in words:
        assert word in str(error.value)
