"""The CreativeIT reader: its stated layout, clips of annotations, groups of sessions, and folders that are broken."""

import numpy as np
import pandas as pd
import pytest
from releases import make_creativeit

from avbaselines.corpora.readers import creativeit
from avbaselines.errors import InputError


@pytest.fixture
def folder(tmp_path):
    return make_creativeit(tmp_path / "creativeit", seconds=4.0)


def read(folder, **options):
    return creativeit.read(creativeit.Options(**options), folder)


def test_clips(folder):
    release = read(folder)
    clips = release.clips
    assert (release.group, release.recording, release.time) == ("group", "recording", "time")
    assert len(clips) == 16 * 8 and clips.index.is_unique
    clip = clips.loc["s2r1_M2@1.50"]
    said = clip[["recording", "interaction", "actor", "session"]].tolist()
    assert said == ["s2r1_M2", "s2r1", "M2", "session2"]
    assert clip["kind"] == "improvisation" and clip["time"] == 1.5 and clip["group"] == "session2"
    assert any("layout of this suite's own" in note for note in release.notes)


def test_annotation_is_averaged_around_each_clip(folder):
    table = pd.read_csv(folder / "annotations" / "s1r2_F1.csv")
    clips = read(folder, hop=1.0).clips
    expected = table.loc[table["time"].between(1.5, 2.45), "valence"].mean()
    assert clips.loc["s1r2_F1@2.00", "valence"] == pytest.approx(expected)
    first = table.loc[table["time"] < 0.45, "valence"].mean()
    assert clips.loc["s1r2_F1@0.00", "valence"] == pytest.approx(first)
    assert clips.loc[clips["recording"] == "s1r2_F1", "time"].tolist() == [0.0, 1.0, 2.0, 3.0]


def test_both_actors_of_a_session_are_one_group(folder):
    clips = read(folder).clips
    assert clips.groupby("group")["actor"].nunique().tolist() == [2, 2, 2, 2]


def test_sessions_that_share_an_actor_are_one_group(folder):
    for take in (1, 2):
        (folder / "annotations" / f"s4r{take}_F4.csv").rename(folder / "annotations" / f"s4r{take}_F1.csv")
    release = read(folder)
    groups = release.clips.groupby("session")["group"].unique().map(list).to_dict()
    assert groups["session1"] == groups["session4"] == ["session1+session4"]
    assert groups["session2"] == ["session2"]
    assert any("sessions session1+session4 share an actor" in note for note in release.notes)


def test_raters_are_kept(folder):
    path = folder / "annotations" / "s1r1_F1.csv"
    table = pd.read_csv(path)
    table.assign(activation_r1=table["activation"] + 0.1).to_csv(path, index=False)
    clips = read(folder).clips
    own = clips[clips["recording"] == "s1r1_F1"]
    np.testing.assert_allclose(own["activation_r1"], own["activation"] + 0.1)
    assert clips["activation_r1"].notna().sum() == len(own)


@pytest.mark.parametrize(
    "change, message",
    [
        (lambda table: table.drop(columns="dominance"), "no column 'dominance'"),
        (lambda table: table.iloc[[0, 2, 1]], r"line 4: time 0\.1 does not follow"),
        (lambda table: table.assign(time=table["time"] - 1), "line 2: time -1 does not follow"),
        (lambda table: table.astype(object).assign(valence=[0, 0, 0, "high"] + [0] * 36), "line 5: valence is 'high'"),
    ],
)
def test_broken_annotations(folder, change, message):
    path = folder / "annotations" / "s1r1_F1.csv"
    change(pd.read_csv(path)).to_csv(path, index=False)
    with pytest.raises(InputError, match=message) as raised:
        read(folder)
    assert "s1r1_F1.csv" in str(raised.value)


def test_recordings_and_annotations_belong_together(folder):
    (folder / "annotations" / "s1r1_F1.csv").rename(folder / "annotations" / "s9r1_F1.csv")
    with pytest.raises(InputError, match=r"s9r1_F1\.csv: is to be named <recording>_<actor>\.csv"):
        read(folder)
    (folder / "annotations" / "s9r1_F1.csv").unlink()
    (folder / "annotations" / "s1r1_M1.csv").unlink()
    with pytest.raises(InputError, match=r"has no file of recording 's1r1', which recordings\.csv lists"):
        read(folder)


@pytest.mark.parametrize(
    "text, message",
    [
        ("recording\na\n", "no column 'session'"),
        ("recording,session\na,1\na,2\n", "recording 'a' has two rows"),
        ("recording,session\na,\n", "line 2: no session"),
        ("recording,session,time\na,1,2\n", "column 'time' is one that the reader makes"),
    ],
)
def test_broken_recordings(folder, text, message):
    (folder / "recordings.csv").write_text(text)
    with pytest.raises(InputError, match=message):
        read(folder)


def test_nothing_there(tmp_path):
    with pytest.raises(InputError, match=r"recordings\.csv: no such file; needed is USC CreativeIT.*none "):
        read(tmp_path)
    with pytest.raises(InputError, match="AVBASELINES_CREATIVEIT"):
        read(None)
    (tmp_path / "recordings.csv").write_text("recording,session\na,1\n")
    with pytest.raises(InputError, match="has no csv files"):
        read(tmp_path)
