"""Ids, groups, recordings and times guessed from the columns of a clips table."""

import numpy as np
import pandas as pd
import pytest

from avbaselines.first_study.columns import find_group, find_id, find_recording, find_time
from avbaselines.first_study.words import words_of

IDS = [f"s{number // 4}_c{number}" for number in range(24)]
SPEAKERS = [clip.split("_")[0] for clip in IDS]


def clips(**columns):
    return pd.DataFrame(columns, index=IDS)


@pytest.mark.parametrize(
    ("columns", "found"),
    [
        ({"speaker": SPEAKERS, "clip_id": IDS}, "clip_id"),
        ({"speaker": SPEAKERS, "FileName": IDS}, "FileName"),
        ({"id": SPEAKERS, "utterance": IDS}, "utterance"),  # an id that recurs is none
        ({"mood": SPEAKERS, "Dateiname": IDS}, "Dateiname"),
        ({"said": [f"a b {clip}" for clip in IDS], "mood": SPEAKERS}, None),
    ],
)
def test_ids_are_found_by_name_and_by_being_unique(columns, found):
    role = find_id(pd.DataFrame(columns))
    assert (role.column if role else None) == found


@pytest.mark.parametrize("name", ["speaker", "SpkrID", "subject_id", "Actor", "participant"])
def test_speakers_are_found_by_name(name):
    role, doubts = find_group(clips(session=["one"] * 24, **{name: SPEAKERS}, emotion=["a", "b"] * 12))
    assert role.column == name and role.sure and "6 of them in 24 clips" in role.why and not doubts


@pytest.mark.parametrize("name", ["speaker_gender", "speaker_age", "actor_valence"])
def test_what_is_said_of_speakers_is_no_group(name):
    assert find_group(clips(**{name: ["x", "y"] * 12}))[0] is None


def test_for_dyads_the_session_is_the_group():
    sessions = [f"d{number // 8}" for number in range(24)]
    role, _ = find_group(clips(speaker=SPEAKERS, session=sessions))
    assert role.column == "session" and "heard together stays together" in role.why
    role, doubts = find_group(clips(speaker=SPEAKERS, session=["d0"] * 12 + ["d1"] * 12))
    assert role.column == "speaker" and "too few to split by" in doubts[0]


def test_without_a_name_a_column_that_recurs_and_stands_in_the_ids_is_the_group_and_to_be_checked():
    role, doubts = find_group(clips(who=SPEAKERS, mood=["m", "n"] * 12))
    assert role.column == "who" and not role.sure and "make sure" in doubts[0]


def test_no_group_names_what_may_be_one():
    role, doubts = find_group(clips(where=["x", "y", "z"] * 8))
    assert role is None
    assert "where" in doubts[0] and "6 recurring parts such as 's0'" in doubts[1]


def test_speakers_of_one_clip_each_are_doubted():
    role, doubts = find_group(clips(speaker=IDS))
    assert role.column == "speaker" and "only if nobody is in two clips" in doubts[0]


def test_recordings_lie_within_groups():
    videos = [f"v{number // 2}" for number in range(24)]
    assert find_recording(clips(speaker=SPEAKERS, video=videos), "speaker").column == "video"
    assert find_recording(clips(speaker=SPEAKERS, video=[f"v{n % 6}" for n in range(24)]), "speaker") is None


def test_times_are_of_corpora_with_many_rows_a_recording():
    time = np.tile(np.arange(12) / 10, 2)
    frames = clips(video=["a"] * 12 + ["b"] * 12, frameTime=time)
    assert find_time(frames, "video").column == "frameTime"
    assert find_time(frames.assign(frameTime=0.5), "video") is None
    assert find_time(frames.assign(video=np.arange(24) // 2), "video") is None


def test_words_of_names():
    assert words_of("SpkrID") == ["spkr", "id"] and words_of("AU01_r") == ["au", "01", "r"]
