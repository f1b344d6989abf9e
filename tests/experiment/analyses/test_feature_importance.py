"""What each family is worth: the one that knows the target, and the one that does not."""

import numpy as np
import pandas as pd
import pytest
from small_study import people, write_study

from avbaselines.experiment.analyses import feature_importance


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """One column knows arousal, another the error; some clips lack the modality."""
    rng, clips = np.random.default_rng(0), people(12, 15)
    X = rng.normal(size=(len(clips), 4))
    knows = X[:, :2] + 0.5 * rng.normal(size=(2, len(clips))).T
    columns = ["F0final_a", "mfcc_b", "jitter_c", "jitter_d"]
    return write_study(
        tmp_path_factory.mktemp("importance"), clips.assign(arousal=knows[:, 0], error=knows[:, 1]),
        {"audio.csv": pd.DataFrame(X, index=clips["clip_id"], columns=columns).iloc[5:]},
        targets={"arousal": {"metric": "ccc"}, "error": {"metric": "rmse"}}, systems={"fusion": []}, importance=True,
    )  # fmt: skip


@pytest.fixture(scope="module")
def finished(study):
    return study.run()


def test_the_family_that_knows_is_missed_and_the_others_are_not(finished):
    table = finished.table("importance.csv").set_index(["family", "target"])
    for knows, target in (("prosody", "arousal"), ("spectrum", "error")):
        row = table.loc[f"audio: {knows}", target]
        assert row["ci_low"] > 0.2 and row["n_groups"] == 12
        idle = table.loc["audio: voice quality", target]
        assert idle["n_features"] == 2 and abs(idle["loss"]) < 0.1 < row["loss"]
    both = table.loc["audio: prosody"]
    assert both.loc["mean", "loss"] == pytest.approx(both.loc[["arousal", "error"], "loss"].mean())
    # The fits done again are those of the run: what they score untouched is what the leaderboard says.
    said = finished.results(split="all", system="ridge-audio").set_index(["target", "metric"])["value"]
    for target, metric in (("arousal", "ccc"), ("error", "rmse")):
        assert table.loc[("audio: prosody", target), "score"] == pytest.approx(said[target, metric], abs=1e-9)
    assert "What ridge-audio takes from each family" in finished.text("report.html")


def test_again_nothing_is_computed_and_without_it_the_table_goes(study, finished, tmp_path, monkeypatch):
    study = study.copy(tmp_path)
    monkeypatch.setattr(feature_importance, "permute_and_store", None)
    assert study.run().computed == 0
    study.run("importance=false")
    assert not (tmp_path / "run" / "importance.csv").exists()
