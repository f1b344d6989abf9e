"""What each family is worth: the one that knows the target, and the one that does not."""

import numpy as np
import pandas as pd
import pytest

from avbaselines.experiment.analyses import feature_importance as importance
from avbaselines.experiment.study_run import execute, prepare
from avbaselines.study import load_study

STUDY = """
title = "small"
importance = true
[corpus]
reader = "table"
clips = "clips.csv"
group = "speaker"
[split]
folds = "fold"
[targets]
arousal = { metric = "ccc" }
error = { metric = "rmse" }
[modalities]
audio = "audio.csv"
[systems]
learners = ["ridge"]
inner_folds = 3
fusion = []
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("importance")
    rng, n = np.random.default_rng(0), 180
    ids, speaker = [f"c{number}" for number in range(n)], np.repeat(np.arange(12), n // 12)
    X = rng.normal(size=(n, 4))
    arousal, error = X[:, 0] + 0.5 * rng.normal(size=n), X[:, 1] + 0.5 * rng.normal(size=n)
    clips = {"clip_id": ids, "speaker": speaker, "fold": speaker % 3, "arousal": arousal, "error": error}
    pd.DataFrame(clips).to_csv(folder / "clips.csv", index=False)
    columns = ["F0final_a", "mfcc_b", "jitter_c", "jitter_d"]
    audio = pd.DataFrame(X, columns=columns).assign(clip_id=ids)
    audio.iloc[5:].to_csv(folder / "audio.csv", index=False)  # some clips lack the modality
    (folder / "study.toml").write_text(STUDY)
    return folder


def run(folder, *overrides):
    path = folder / "study.toml"
    return execute(prepare(load_study(path, overrides), path, None, ["honest"]), folder / "run")


def test_the_family_that_knows_is_missed_and_the_others_are_not(folder):
    run(folder)
    table = pd.read_csv(folder / "run" / "importance.csv").set_index(["family", "target"])
    for knows, target in (("prosody", "arousal"), ("spectrum", "error")):
        row = table.loc[f"audio: {knows}", target]
        assert row["ci_low"] > 0.2 and row["n_groups"] == 12
        idle = table.loc["audio: voice quality", target]
        assert idle["n_features"] == 2 and abs(idle["loss"]) < 0.1 < row["loss"]
    both = table.loc["audio: prosody"]
    assert both.loc["mean", "loss"] == pytest.approx(both.loc[["arousal", "error"], "loss"].mean())
    # The fits done again are those of the run: what they score untouched is what the leaderboard says.
    results = pd.read_csv(folder / "run" / "results.csv").query("split == 'all' and system == 'ridge-audio'")
    said = results.set_index(["target", "metric"])["value"]
    for target, metric in (("arousal", "ccc"), ("error", "rmse")):
        assert table.loc[("audio: prosody", target), "score"] == pytest.approx(said[target, metric], abs=1e-9)
    page = (folder / "run" / "report.html").read_text()
    assert "What ridge-audio takes from each family" in page


def test_again_nothing_is_computed_and_without_it_the_table_goes(folder, monkeypatch):
    run(folder)
    monkeypatch.setattr(importance, "_work", None)
    assert run(folder).computed == 0
    run(folder, "importance=false")
    assert not (folder / "run" / "importance.csv").exists()


def test_clips_change_places_among_evaluated_clips_that_have_the_modality(folder):
    path = folder / "study.toml"
    corpus = prepare(load_study(path), path, None, ["honest"])[0].corpus
    donors = importance._donors(corpus, "audio", 0, 0)
    lacking = np.isnan(corpus.modalities["audio"].X).all(axis=1)
    assert sorted(donors) == list(range(180)) and (donors[lacking] == np.flatnonzero(lacking)).all()
    assert (donors != np.arange(180)).mean() > 0.9 and (donors != importance._donors(corpus, "audio", 0, 1)).any()
