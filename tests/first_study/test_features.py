"""Modalities guessed from tables and media, by the clips they are of."""

import numpy as np
import pandas as pd
import pytest

from avbaselines.first_study.draft import Draft
from avbaselines.first_study.features import Wanted, add_media, add_tables, add_texts
from avbaselines.first_study.folder import look

IDS = np.array([f"c{number}" for number in range(10)])


def table(path, ids, **columns):
    pd.DataFrame({"clip_id": ids, "f1": np.arange(len(ids)) / 7, **columns}).to_csv(path, index=False)


def tables(folder, labels=()):
    draft, found = Draft("x"), look(folder)
    add_tables(draft, found, found.tables, Wanted(IDS), set(labels))
    return draft


def test_tables_are_joined_by_id_however_it_is_spelt(tmp_path):
    table(tmp_path / "audio.csv", [f"{clip.upper()}.wav" for clip in IDS])
    np.savez(tmp_path / "face.npz", clip_id=IDS[:4], X=np.ones((4, 3, 2)))
    draft = tables(tmp_path)
    assert draft.value("modalities", "audio") == "${data}/audio.csv"
    assert draft.value("modalities", "face") == {"path": "${data}/face.npz", "max_missing": 0.6}
    assert "3 steps each" in next(entry.why for entry in draft.entries if entry.key == "face")


def test_what_is_no_features_of_these_clips_is_told(tmp_path):
    table(tmp_path / "others.csv", ["x1", "x2"])
    table(tmp_path / "words.csv", IDS, said="yes")
    np.savez(tmp_path / "bare.npz", Y=np.ones(3))
    draft = tables(tmp_path)
    assert not draft.entries
    told = " ".join(question.text for question in draft.questions)
    assert "are of no clip ('c0')" in told and "'said' is not numeric" in told and "no array 'clip_id'" in told
    assert str(tmp_path) not in told


def test_what_another_system_says_is_left_to_a_person(tmp_path):
    table(tmp_path / "model.csv", IDS, arousal=1.5)
    table(tmp_path / "deep_logits.csv", IDS)
    draft = tables(tmp_path, ["arousal"])
    assert {(entry.section, entry.key, entry.active) for entry in draft.entries} == {
        ("predictions", "model", False),
        ("modalities", "deep_logits", False),
    }


def test_texts_are_what_was_said():
    clips = pd.DataFrame({"name": IDS, "said": [f"this is what {clip} said" for clip in IDS]}, index=IDS)
    draft = Draft("x")
    add_texts(draft, "${data}/clips.csv", "name", clips, {"name"})
    assert draft.value("modalities", "words") == {"path": "${data}/clips.csv", "text": "said", "id": "name"}


def media(folder, wanted, *places):
    for place in places:
        below, _, ending = place.partition(".")
        (folder / below).mkdir(parents=True)
        for clip in IDS:
            (folder / below / f"{clip}.{ending}").write_text("frame,AU01_r,AU02_r,AU04_r\n")
    draft = Draft("x")
    add_media(draft, look(folder), wanted)
    return draft


def test_recipes_are_proposed_for_sound_and_face_tables(tmp_path):
    draft = media(tmp_path, Wanted(IDS), "wav.wav", "openface.csv")
    assert draft.value("modalities", "audio") == {"recipe": "egemaps", "media": "${data}/wav"}
    assert draft.value("modalities", "face") == {"recipe": "openface", "media": "${data}/openface"}


@pytest.mark.parametrize("has_pyfeat", [False, True])
def test_films_give_sound_and_faces_where_these_can_be_found(tmp_path, monkeypatch, has_pyfeat):
    monkeypatch.setattr("avbaselines.first_study.features.find_spec", lambda name: has_pyfeat or None)
    monkeypatch.delenv("AVBASELINES_FACE_PYTHON", raising=False)
    draft = media(tmp_path, Wanted(IDS), "film.mp4")
    assert draft.value("modalities", "audio") == {"recipe": "egemaps", "media": "${data}/film"}
    [face] = [entry for entry in draft.entries if entry.key == "face"]
    assert face.active == has_pyfeat and face.value["recipe"] == "action-units"
    assert has_pyfeat or "[face]" in face.why


def test_of_corpora_continuous_in_time_recordings_are_cut_into_windows(tmp_path):
    frames = Wanted(np.array(["c1@0", "c1@1", "c2@0"]), np.array(["c1", "c1", "c2"]))
    draft = media(tmp_path, frames, "wav.wav")
    assert draft.value("modalities", "audio")["recipe"] == "egemaps-windows"


def test_media_of_other_clips_are_told(tmp_path):
    draft = media(tmp_path, Wanted(np.array(["x"])), "wav.wav")
    assert not draft.entries and "named after none of the clips ('x')" in draft.questions[0].text
