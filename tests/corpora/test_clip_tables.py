"""Tables of clips in one file or several; what people have is in the table of inputs."""

from pathlib import Path

import pandas as pd
import pytest
from small_study import people, write_study

from avbaselines.corpora.clip_tables import first_file, read_clips
from avbaselines.corpora.readers.table import Options
from avbaselines.errors import InputError
from avbaselines.schema import validate


def test_paths_are_located_wherever_they_stand(tmp_path):
    context = {"data": Path("/corpus"), "folder": Path("/study")}
    for given, first in (("a.csv", "/study/a.csv"), (["${data}/a.csv", "b.csv"], "/corpus/a.csv"),
                         ({"train": "${data}/a.csv"}, "/corpus/a.csv")):  # fmt: skip
        options = validate(Options, {"clips": given}, "study.toml", context=context)
        assert first_file(options.clips).as_posix() == first
    with pytest.raises(InputError, match="must be a path, a list of paths"):
        validate(Options, {"clips": []}, "study.toml", context=context)


def test_paths_may_not_leave_the_corpus(tmp_path):
    outside, audio = {"clips": {"train": "${data}/../x.csv"}}, {"audio": ["${data}/a.csv", "a.csv"]}
    targets = {"fold": {"metric": "mae"}}
    study = write_study(tmp_path, people(6, 2), corpus=outside, modalities=audio, targets=targets)
    with pytest.raises(InputError, match=r"\.\."):
        study.load()


def test_segments_are_handed_on(tmp_path):
    path = tmp_path / "clips.csv"
    path.write_text("file,start,end,arousal\na.wav,0,1,3\na.wav,1,,2\n")
    found = read_clips(path, "clip_id")
    assert found.clips.index.tolist() == ["a.wav@0.000-1.000", "a.wav@1.000-"]
    assert found.segments["a.wav@1.000-"] == ("a.wav", 1.0, None)
    named = read_clips(path, "arousal")
    assert named.clips.index.tolist() == ["3", "2"] and named.segments == {}


def test_a_folder_without_a_data_set_is_refused(tmp_path):
    with pytest.raises(InputError, match="is a folder without a saved data set or parquet shards"):
        read_clips(tmp_path, "clip_id")
    pd.DataFrame({"x": [1]}).to_csv(tmp_path / "x.csv", index=False)
    with pytest.raises(InputError, match="names column 'clip_id', which is not there"):
        read_clips([tmp_path / "x.csv"], "clip_id")
