"""Reader ``ravdess`` on a folder in the release's own layout."""

import pytest

from avbaselines.corpora.readers import ravdess
from avbaselines.errors import InputError

FILES = (
    "Actor_12/03-01-06-01-02-01-12.wav",
    "Actor_12/01-01-06-01-02-01-12.mp4",
    "Actor_12/02-01-06-01-02-01-12.mp4",
    "Actor_05/03-01-01-01-01-02-05.wav",
    "Actor_05/01-01-08-02-01-01-05.mp4",
    "Audio_Song_Actors_01-24/Actor_05/03-02-03-01-01-01-05.wav",
    "Actor_05/notes.txt",
    "Actor_05/another.wav",
)


@pytest.fixture
def data(tmp_path):
    for name in FILES:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
    return tmp_path


def test_names_are_read_as_labels(data):
    release = ravdess.read(ravdess.Options(), data)
    clips = release.clips
    assert clips.index.tolist() == ["01-01-01-01-01-02-05", "01-01-06-01-02-01-12", "01-01-08-02-01-01-05"]
    assert release.group == "speaker"
    assert release.recording is None
    assert release.root == data
    fearful = clips.loc["01-01-06-01-02-01-12"]
    assert fearful.drop(["sound_file", "picture_file"]).to_dict() == {
        "speaker": "actor12",
        "gender": "female",
        "channel": "speech",
        "emotion": "fearful",
        "intensity": "normal",
        "statement": 2,
        "repetition": 1,
        "fold": 2,
    }
    assert clips.loc["01-01-08-02-01-01-05", ["emotion", "intensity", "gender", "fold"]].tolist() == [
        "surprised", "strong", "male", 0,
    ]  # fmt: skip


def test_the_files_of_a_clip_are_put_together(data):
    clips = ravdess.read(ravdess.Options(), data).clips
    assert clips.loc["01-01-06-01-02-01-12", "sound_file"] == "Actor_12/03-01-06-01-02-01-12.wav"
    assert clips.loc["01-01-06-01-02-01-12", "picture_file"] == "Actor_12/02-01-06-01-02-01-12.mp4"
    assert clips.loc["01-01-08-02-01-01-05", "sound_file"] == "Actor_05/01-01-08-02-01-01-05.mp4"
    assert clips.loc["01-01-01-01-01-02-05", "picture_file"] == ""


def test_song_is_read_when_asked_for(data):
    assert ravdess.read(ravdess.Options(channel="song"), data).clips["channel"].tolist() == ["song"]
    assert len(ravdess.read(ravdess.Options(channel="all"), data).clips) == 4


def test_every_actor_has_one_fold():
    assert sorted(actor for actors in ravdess.FOLDS for actor in actors) == list(range(1, 25))


def test_missing_data_says_what_to_get_from_whom(tmp_path):
    for place in (None, tmp_path / "nowhere", tmp_path):
        with pytest.raises(InputError, match="zenodo.org/records/1188976.*Actor_01"):
            ravdess.read(ravdess.Options(), place)


@pytest.mark.parametrize(
    ("name", "told"),
    [("03-01-09-01-01-01-05.wav", "emotion '09'"), ("03-01-01-01-01-01-25.wav", "actor '25'")],
)
def test_a_name_that_cannot_be_right_is_told(data, name, told):
    (data / "Actor_05" / name).write_bytes(b"")
    with pytest.raises(InputError, match=told):
        ravdess.read(ravdess.Options(), data)


def test_clip_ids_of_other_files():
    assert ravdess.clip_id("02-01-06-01-02-01-12") == "01-01-06-01-02-01-12"
    assert ravdess.clip_id("anything else") is None
