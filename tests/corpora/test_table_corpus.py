"""The table reader and what is joined to it: targets, splits, modalities, imported predictions."""


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


def test_functionals_that_a_table_cannot_have_are_named_with_the_key(release):
    X = np.arange(44, dtype=np.float32).reshape(11, 4, 1)
    np.savez(release / "audio.npz", clip_id=[f"{i:03d}" for i in range(11)], X=X, columns=["a"])
    with pytest.raises(InputError, match="modalities.audio.functionals: correlation takes 2"):
        load(release, "modalities.audio={path='audio.npz', functionals=['correlation']}")


def test_a_note_tells_of_values_that_no_extractor_means(release):
    assert "usual in their column" not in " | ".join(load(release).notes)
    with np.load(release / "audio.npz") as stored:
        X = stored["X"].astype(np.float32)
        X[2, 1], X[4, 1] = 1e30, -3e29
        np.savez(release / "audio.npz", **{**stored, "X": X})
    notes = " | ".join(load(release).notes)
    assert "2 values of audio are over 1e+09 times what is usual in their column, such as " in notes
    assert "-3e+29 of b in clip 007" in notes or "1e+30 of b in clip 009" in notes


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


def test_a_fold_column_restricts_predictions_to_its_split(release):
    frame = pd.DataFrame(
        [(f"{c:03d}", fold, fold) for fold in range(6) for c in range(12)], columns=["clip_id", "fold", "arousal"]
    )
    frame.assign(arousal=1 + frame["arousal"] / 2, glad=0.5, sad=0.5).to_csv(release / "deep.csv", index=False)
    deep = load(release, PREDICTIONS, "split={folds='speaker'}").predictions["deep"]
    assert (deep.of("3")["arousal"] == 2.5).all() and (deep.of("0")["arousal"] == 1).all()
