"""Fused predictions drawn to their recording's mean, transcripts, and an answer that the study names."""

import json

import numpy as np
import pandas as pd
import pytest
from small_study import SmallStudy, people, write_features, write_study

from avbaselines.errors import InputError
from avbaselines.experiment.bundles import bundle


def videos(folder, answer="weighed", **corpus) -> SmallStudy:
    """Each video has a level of its own, which any one clip's audio tells badly."""
    rng, clips = np.random.default_rng(0), people(12, 30)
    n, video = len(clips), np.repeat(np.arange(36), 10)
    level = rng.normal(size=36)[video]
    arousal = level + rng.normal(size=n) * 0.3
    words = np.where(arousal + rng.normal(size=n) > 0, "wonderful day", "dull and grey")
    mood = np.where(level + rng.normal(size=n) * 0.3 > 0, "up", "down")
    audio = arousal[:, None] + rng.normal(size=(n, 2)) * 2
    both = {"method": "mean", "inputs": ["ridge-audio", "ridge-words"]}
    study = write_study(
        folder, clips.assign(video=video, arousal=arousal, mood=mood, said=words),
        corpus={"recording": "video"} | corpus, split={"column": "partition", "train": ["train"], "test": ["test"]},
        targets={"arousal": {"metric": "ccc"}, "mood": {"metric": "accuracy"}},
        modalities={"audio": "audio.csv", "words": {"path": "clips.csv", "text": "said", "width": 64}},
        systems={"answer": answer, "fusion": [
            both | {"name": "alone"},
            both | {"name": "drawn", "recording_share": "search"},
            {"method": "ridge", "name": "weighed", "recording_share": [0.0, 0.5]},
        ]},
    )  # fmt: skip
    write_features(folder / "audio.csv", pd.DataFrame(audio, clips["clip_id"], ["p", "q"]))
    return study


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    return videos(tmp_path_factory.mktemp("videos")).run().folder


def results(folder):
    table = pd.read_csv(folder / "results.csv", keep_default_na=False)
    return table[table["split"] == "all"]


def value(folder, system, target, metric):
    rows = results(folder).query("system == @system and target == @target and metric == @metric")
    return float(rows["value"].iloc[0])


def test_where_recordings_are_of_one_mood_predictions_gain_by_their_mean(finished):
    assert value(finished, "drawn-matched", "arousal", "ccc") > value(finished, "alone-matched", "arousal", "ccc") + 0.1
    assert value(finished, "drawn", "mood", "accuracy") > value(finished, "alone", "mood", "accuracy")
    note = results(finished).query("system == 'drawn'")["note"].iloc[0]
    assert "share of the recording's mean" in note


def test_the_shipped_system_draws_as_the_run_did(finished):
    system = bundle.load(finished, "weighed")
    assert set(system.card.recording_share) == {"arousal", "mood"}
    place = finished.parent
    clips = pd.read_csv(place / "clips.csv").query("partition == 'test'").rename(columns={"video": "recording"})
    tables = {"audio": place / "audio.csv", "words": place / "clips.csv"}
    told = system.predict(tables, clips=clips[["clip_id", "recording"]])
    stored = pd.read_parquet(finished / "predictions.parquet")
    stored = stored.query("part == 'test' and system == 'weighed' and target == 'arousal'").set_index("clip_id")
    assert told["arousal"].to_numpy() == pytest.approx(stored.loc[told.index, "prediction"].to_numpy(float), abs=1e-6)
    with pytest.raises(InputError, match="weighed.*columns clip_id and recording"):
        system.predict(tables)


def test_transcripts_may_be_given_as_a_frame(finished):
    system, place = bundle.load(finished, "ridge-words"), finished.parent
    said = pd.read_csv(place / "clips.csv").set_index("clip_id")[["said"]]
    from_frame, from_file = system.predict({"words": said}), system.predict({"words": place / "clips.csv"})
    assert from_frame["arousal"].to_numpy() == pytest.approx(from_file.loc[from_frame.index, "arousal"].to_numpy())
    with pytest.raises(InputError, match="no column 'said'"):
        system.predict({"words": said.rename(columns={"said": "text"})})


def test_the_answer_is_the_one_the_study_names(finished, tmp_path):
    assert set(results(finished).query("picked == 'yes'")["system"]) == {"weighed"}
    assert "named by the study file" in (finished / "leaderboard.md").read_text()
    assert json.loads((finished / "models" / "index.json").read_text())["system"] == "weighed"
    other = videos(tmp_path, answer="ridge-audio").run(only=["ridge-*"]).folder
    assert set(results(other).query("picked == 'yes'")["system"]) == {"ridge-audio"}


def test_without_the_named_system_the_best_out_of_fold_is_picked(tmp_path):
    only = videos(tmp_path).run(only=["ridge-*"]).folder
    assert set(results(only).query("picked == 'yes'")["system"]) <= {"ridge-audio", "ridge-words", "ridge-audio+words"}
    assert "named by the study file" not in (only / "leaderboard.md").read_text()


def test_an_unknown_answer_is_refused_before_anything_is_fitted(tmp_path):
    study = videos(tmp_path, answer="weihged")
    with pytest.raises(InputError, match="systems.answer.*'weihged'.*weighed"):
        study.prepare()


def test_shares_need_recordings(tmp_path):
    study = videos(tmp_path, recording="")
    with pytest.raises(InputError, match="systems.fusion 'drawn'.*corpus.recording"):
        study.prepare()
