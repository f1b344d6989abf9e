"""From a folder to a draft: which table is the clips', what goes before what, and what is said loudly."""

import numpy as np
import pandas as pd
import pytest

from avbaselines.errors import InputError
from avbaselines.first_study.guess import draft_study

N = 48
IDS = [f"c{number}" for number in range(N)]
RATING = np.arange(N) % 5 + 1


def write(path, **columns):
    path.parent.mkdir(parents=True, exist_ok=True)
    pd.DataFrame(columns).to_csv(path, index=False)


def grave(draft):
    return " ".join(question.text for question in draft.questions if question.grave)


def own_corpus(folder, **columns):
    write(folder / "features.csv", clip_id=IDS, f1=np.arange(N) / 7, f2=np.arange(N) % 7)
    write(folder / "clips.csv", clip_id=IDS, arousal=RATING, **columns)
    return folder


def test_the_table_of_clips_is_told_from_those_of_features(tmp_path):
    draft = draft_study(own_corpus(tmp_path, speaker=np.arange(N) // 4, age=30))
    assert draft.value("corpus", "clips") == "${data}/clips.csv"
    assert draft.value("corpus", "group") == "speaker" and draft.value("split", "group_kfold") == 5
    assert [entry.key for entry in draft.of("modalities")] == ["features"]
    assert [entry.key for entry in draft.of("targets")] == ["arousal"]
    assert not grave(draft)


def test_no_group_is_said_loudly(tmp_path):
    draft = draft_study(own_corpus(tmp_path))
    assert draft.value("corpus", "group") is None and "NO GROUP WAS FOUND" in grave(draft)


def test_a_group_that_is_no_speaker_by_name_is_said_loudly(tmp_path):
    draft = draft_study(own_corpus(tmp_path, session=np.arange(N) // 8))
    assert draft.value("corpus", "group") == "session" and "add a column of speakers" in grave(draft)


def test_clips_of_no_known_speaker_are_left_out(tmp_path):
    speakers = [f"s{number // 4}" if number > 1 else "" for number in range(N)]
    parts = ["train" if number < 24 else "test" for number in range(N)]
    draft = draft_study(own_corpus(tmp_path, speaker=speakers, part=parts))
    assert draft.value("corpus", "where_not") == {"speaker": [""]} and draft.value("split", "column") == "part"


def test_a_session_that_is_the_speaker_is_no_recording_by_itself(tmp_path):
    speakers = np.arange(N) // 4
    draft = draft_study(own_corpus(tmp_path, speaker=speakers, session=speakers))
    assert draft.value("corpus", "recording") is None
    draft = draft_study(own_corpus(tmp_path, speaker=speakers, video=np.arange(N) // 2))
    assert draft.value("corpus", "recording") == "video"


def test_parts_in_files_of_their_own_are_told(tmp_path):
    for part in ("train", "dev", "test"):
        write(tmp_path / f"{part}.csv", clip_id=[f"{part}{clip}" for clip in IDS], speaker=IDS, arousal=RATING)
    assert "are parts of one table" in grave(draft_study(tmp_path))


def test_nothing_to_learn_from_is_told(tmp_path):
    write(tmp_path / "clips.csv", clip_id=IDS, speaker=np.arange(N) // 4, arousal=RATING)
    draft = draft_study(tmp_path)
    assert "nothing to learn from" in grave(draft) and not any(draft.of("modalities"))


def test_features_in_the_clips_table_are_told(tmp_path):
    more = {f"f{number}": np.random.default_rng(number).normal(size=N) for number in range(40)}
    draft = draft_study(own_corpus(tmp_path, speaker=np.arange(N) // 4, **more))
    assert any("40 more columns of numbers" in question.text for question in draft.questions)


def ravdess(folder):
    for actor in range(1, 5):
        for emotion in range(1, 9):
            path = folder / "wav" / f"Actor_{actor:02d}" / f"03-01-{emotion:02d}-01-01-01-{actor:02d}.wav"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
    return folder


def test_a_corpus_with_a_reader_and_no_shipped_study_is_guessed_from_what_the_reader_reads(tmp_path):
    draft = draft_study(ravdess(tmp_path))
    assert draft.value("corpus", "reader") == "ravdess" and draft.value("corpus", "group") == "speaker"
    assert draft.value("split", "folds") == "fold" and draft.value("targets", "emotion") == {"metric": "accuracy"}
    assert draft.value("modalities", "audio") == {"recipe": "egemaps", "media": "${data}/wav"}


def test_a_clips_table_with_speakers_goes_before_the_layout_of_a_reader(tmp_path):
    draft = draft_study(own_corpus(ravdess(tmp_path), speaker=np.arange(N) // 4))
    assert draft.value("corpus", "reader") == "table" and "reader ravdess" in draft.advice[0]


def test_sessions_of_dyads_are_groups_and_no_recordings(tmp_path):
    session = np.arange(N) // 8
    draft = draft_study(own_corpus(tmp_path, session=session, speaker=[f"{n // 8}{n % 2}" for n in range(N)]))
    assert draft.value("corpus", "group") == "session"
    assert {entry.key for entry in draft.entries if entry.section == "corpus"} == {"reader", "clips", "group"}
    assert [entry.key for entry in draft.entries if entry.section == "targets"] == ["arousal"]


def test_why_a_table_is_none_of_clips_is_told(tmp_path):
    write(tmp_path / "frames.csv", video=["a"] * N, arousal=RATING)
    with pytest.raises(InputError, match=r"data}/frames.csv: no column has another value in every row"):
        draft_study(tmp_path)


def test_recordings_alone_say_which_table_is_needed(tmp_path):
    (tmp_path / "a.wav").touch()
    with pytest.raises(InputError, match=r"has no table with a row a clip .* write clips.csv"):
        draft_study(tmp_path)
