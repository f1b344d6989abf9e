"""Databases in audformat, written by audformat itself."""

import wave
from pathlib import Path

import audformat
import numpy as np
import pandas as pd
import pytest
import tomli_w

from avbaselines.corpora.readers import audformat as reader
from avbaselines.errors import InputError
from avbaselines.experiment.loading.corpus import load_corpus
from avbaselines.study import load_study

FILES = [f"audio/{number:02d}.wav" for number in range(12)]
SPEAKERS = [f"s{number // 2}" for number in range(12)]


def database(segmented: bool = False) -> audformat.Database:
    """Emotions and arousal of twelve recordings (or of two halves of each) in a table a split; speakers' genders."""
    db = audformat.Database("mine")
    db.schemes["gender"] = audformat.Scheme(labels=["female", "male"])
    names = [f"s{number}" for number in range(6)]
    db["speaker"] = audformat.MiscTable(pd.Index(names, name="speaker", dtype="string"))
    db["speaker"]["gender"] = audformat.Column(scheme_id="gender")
    db["speaker"]["gender"].set(["female", "male"] * 3)
    db.schemes["speaker"] = audformat.Scheme("str", labels="speaker")
    db.schemes["emotion"] = audformat.Scheme(labels={"h": {"name": "happy"}, "s": {"name": "sad"}})
    db.schemes["arousal"] = audformat.Scheme("float", minimum=1, maximum=5)
    for split, rows in (("train", slice(0, 8)), ("test", slice(8, 12))):
        db.splits[split] = audformat.Split(split)
        files, speakers = FILES[rows], SPEAKERS[rows]
        index = audformat.filewise_index(files)
        if segmented:
            files, speakers = np.repeat(files, 2), np.repeat(speakers, 2)
            starts = pd.to_timedelta([0, 1] * (len(files) // 2), unit="s")
            ends = pd.Series(starts).map({pd.Timedelta(0): pd.Timedelta(seconds=1)})
            index = audformat.segmented_index(list(files), list(starts), list(ends))
        table = db[f"labels.{split}"] = audformat.Table(index, split_id=split)
        columns = {
            "speaker": list(speakers),
            "emotion": ["h", "s"] * (len(files) // 2),
            "arousal": np.linspace(1, 5, len(files)),
        }
        for column, values in columns.items():
            table[column] = audformat.Column(scheme_id=column)
            table[column].set(values)
    return db


@pytest.mark.parametrize("storage", ["csv", "parquet"])
def test_tables_of_splits_are_one_corpus(tmp_path, storage):
    database().save(str(tmp_path), storage_format=storage)
    release = reader.read(reader.Options(), tmp_path)
    clips = release.clips.loc[FILES]
    assert len(release.clips) == 12 and release.group == "speaker" and not release.segments
    assert clips["split"].tolist() == ["train"] * 8 + ["test"] * 4
    assert clips["speaker.gender"].tolist()[:4] == ["female", "female", "male", "male"]
    assert clips["emotion.name"].tolist()[:2] == ["happy", "sad"]
    assert release.notes == ["clips are the rows of labels.test, labels.train"]
    assert reader.recognise(tmp_path) == {} and reader.recognise(tmp_path / "x") is None


def test_rows_of_several_tables_are_put_together_where_they_agree(tmp_path):
    db = database()
    more = db["more"] = audformat.Table(audformat.filewise_index(FILES[:3]))
    more["arousal"] = audformat.Column(scheme_id="arousal")
    more["arousal"].set(db["labels.train"]["arousal"].get().iloc[:3].to_list())
    db.schemes["loudness"] = audformat.Scheme("float")
    more["loudness"] = audformat.Column(scheme_id="loudness")
    more["loudness"].set([1.0, 2.0, 3.0])
    db.save(str(tmp_path), storage_format="csv")
    clips = reader.read(reader.Options(), tmp_path).clips
    assert len(clips) == 12 and clips.loc[FILES[:3], "loudness"].tolist() == [1.0, 2.0, 3.0]
    more["arousal"].set([4.9, 1.0, 1.0])
    db.save(str(tmp_path), storage_format="csv")
    with pytest.raises(InputError, match=r"says .* of 'arousal' for audio/00\.wav, another table"):
        reader.read(reader.Options(), tmp_path)
    assert len(reader.read(reader.Options(tables=["labels.train", "labels.test"]), tmp_path).clips) == 12


def test_files_and_segments_do_not_mix(tmp_path):
    db = database()
    db["parts"] = audformat.Table(audformat.segmented_index(FILES[:1], ["0s"], ["1s"]))
    db.save(str(tmp_path), storage_format="csv")
    with pytest.raises(InputError, match=r"which tables are the clips\?.*parts \(segmented\)"):
        reader.read(reader.Options(), tmp_path)
    parts = reader.read(reader.Options(tables=["parts"]), tmp_path)
    assert parts.segments == {FILES[0]: (FILES[0], 0.0, 1.0)} and parts.group is None
    with pytest.raises(InputError, match="no table 'prats' .did you mean 'parts'"):
        reader.read(reader.Options(tables=["prats"]), tmp_path)


def test_nothing_that_runs_code_is_read(tmp_path):
    database().save(str(tmp_path), storage_format="pkl")
    with pytest.raises(InputError, match="is there as a pickle alone, which is not read"):
        reader.read(reader.Options(), tmp_path)
    (tmp_path / "db.yaml").write_text("tables: !!python/object/apply:os.system ['touch touched']\n")
    with pytest.raises(InputError, match=r"db\.yaml: cannot be read"):
        reader.read(reader.Options(), tmp_path)
    (tmp_path / "db.yaml").write_text("name: x\n")
    with pytest.raises(InputError, match="has no tables"):
        reader.read(reader.Options(), tmp_path)


def test_a_missing_table_is_named(tmp_path):
    database().save(str(tmp_path), storage_format="csv")
    (tmp_path / "db.labels.test.csv").unlink()
    with pytest.raises(InputError, match="table 'labels.test' is missing"):
        reader.read(reader.Options(), tmp_path)


def sounds(folder: Path) -> None:
    """Two seconds each: silence, then a tone whose loudness grows from file to file."""
    rate = 16000
    for number, name in enumerate(FILES):
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        tone = np.sin(2 * np.pi * 220 * np.arange(rate) / rate) * (number + 1) / 16
        samples = np.concatenate([np.zeros(rate), tone])
        with wave.open(str(path), "wb") as stream:
            stream.setparams((1, 2, rate, 0, "NONE", ""))
            stream.writeframes((samples * 32767).astype("<i2").tobytes())


def test_recipes_cut_segments(tmp_path, monkeypatch):
    monkeypatch.setenv("AVBASELINES_CACHE", str(tmp_path / "cache"))
    database(segmented=True).save(str(tmp_path), storage_format="csv")
    sounds(tmp_path)
    study = {
        "title": "segments",
        "corpus": {"reader": "audformat"},
        "split": {"column": "split", "train": ["train"], "test": ["test"]},
        "targets": {"arousal": {"metric": "ccc", "range": [1, 5]}},
        "modalities": {"audio": {"recipe": "egemaps", "media": "${data}"}},
    }
    (tmp_path / "study.toml").write_text(tomli_w.dumps(study))
    corpus = load_corpus(load_study(tmp_path / "study.toml"), tmp_path / "study.toml", tmp_path)
    audio = corpus.modalities["audio"]
    loud = audio.X[:, audio.columns.index("loudness_sma3_amean")]
    ids = corpus.ids.tolist()
    silent = [loud[ids.index(f"{name}@0.000-1.000")] for name in FILES]
    toned = [loud[ids.index(f"{name}@1.000-")] for name in FILES]
    assert len(ids) == 24 and max(silent) < min(toned) and np.all(np.diff(toned) > 0)
