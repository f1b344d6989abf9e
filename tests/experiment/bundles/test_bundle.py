"""Shipped systems predict what the run did."""

import numpy as np
import pandas as pd
import pytest
from shipped_systems import finished, inputs_of, knowing_study, stored, tables_of
from small_study import people, write_study

from avbaselines.errors import InputError
from avbaselines.experiment.bundles import bundle

SYSTEMS = [
    *("ridge-audio", "ridge-audio-raw", "lightgbm-face", "ridge-audio+face", "lightgbm-audio+face"),
    *("late-mean", "late-matched-mean", "late-greedy", "late-ridge", "all-targets"),
]


@pytest.mark.parametrize("name", SYSTEMS)
def test_predictions_are_those_of_the_run(given, name):
    system = bundle.load(given / "run", name)
    clips = pd.read_csv(given / "clips.csv")
    expected = stored(given, name, "test")
    found = system.predict(inputs_of(system, given), clips[clips["partition"] == "test"][["clip_id"]])
    assert len(found) == 24 and system.name == name
    np.testing.assert_allclose(found.loc[expected.index, expected.columns], expected, rtol=0, atol=1e-6)
    posteriors = found[["mood=glad", "mood=mad", "mood=sad"]]
    assert (found["mood"] == posteriors.idxmax(axis=1).str.removeprefix("mood=")).all()


def test_joined_scalings_are_shipped(tmp_path):
    rng, table = np.random.default_rng(0), people(9, 60)
    X = rng.normal(size=(540, 2)) ** 3
    arousal = np.sign(X[:, 0]) * np.abs(X[:, 0]) ** 0.3 + 0.3 * X[:, 0] + 0.1 * rng.normal(size=540)
    study = write_study(
        tmp_path,
        table.assign(arousal=arousal),
        {"audio": pd.DataFrame(X, index=table["clip_id"], columns=["a", "b"])},
        split={"column": "partition", "train": ["train"], "test": ["test"]},
        targets={"arousal": {"metric": "ccc"}},
        systems={"fusion": []},
    )
    finished(study)
    system = bundle.load(tmp_path / "run", "ridge-audio")
    assert system._system._models["arousal"].best_params_[0]["scaling"] == "joined"
    expected = stored(tmp_path, "ridge-audio", "test")
    found = system.predict({"audio": tmp_path / "audio.npz"})
    np.testing.assert_allclose(found.loc[expected.index, expected.columns], expected, rtol=0, atol=1e-6)


def test_a_transductive_system_needs_groups_and_is_then_the_runs(given):
    system = bundle.load(given / "run", "ridge-face-per-speaker")
    with pytest.raises(InputError, match="ridge-face-per-speaker: transductive.*clip_id and group"):
        system.predict(inputs_of(system, given))
    clips = pd.read_csv(given / "clips.csv").rename(columns={"speaker": "group"})
    expected = stored(given, "ridge-face-per-speaker", "test")
    found = system.predict(inputs_of(system, given), clips[["clip_id", "group"]])
    np.testing.assert_allclose(found.loc[expected.index, expected.columns], expected, rtol=0, atol=1e-6)


def test_a_fusion_over_time_needs_recordings_and_is_then_the_runs(tmp_path):
    study = knowing_study(tmp_path)
    study.change(recording=lambda table: table["speaker"], time=lambda t: t.groupby("speaker").cumcount() * 0.1)
    clips = study.clips()
    fusion = "[{method='ridge', name='over-time', context=[2], recording_means=true, targets='all'}]"
    columns = ("corpus.recording=recording", "corpus.time=time")
    finished(study, *columns, "systems.learners=['ridge']", "systems.transductive=[]", f"systems.fusion={fusion}")
    system = bundle.load(tmp_path / "run", "over-time")
    with pytest.raises(InputError, match="over-time: reads the frames around a frame.*recording and time"):
        system.predict(inputs_of(system, tmp_path))
    clips[clips["partition"] == "test"].to_csv(tmp_path / "test.csv", index=False)
    found = system.predict(inputs_of(system, tmp_path), tmp_path / "test.csv")
    expected = stored(tmp_path, "over-time", "test")
    np.testing.assert_allclose(found.loc[expected.index, expected.columns], expected, rtol=0, atol=1e-6)


def test_modalities_may_be_missing(given):
    fused = bundle.load(given / "run", "late-mean")
    assert sorted(fused.modalities) == ["audio", "face"] and fused.predictions == ["deep"]
    both, alone = fused.predict(tables_of(given)), fused.predict({"face": given / "face.csv"})
    assert len(both) == 72 and len(alone) == 61 and alone.notna().all(axis=None)
    assert not np.allclose(both.loc[alone.index, "arousal"], alone["arousal"])
    single = bundle.load(given / "run", "ridge-face")
    clips = pd.DataFrame({"clip_id": ["c1", "new"]})
    mean = pd.read_csv(given / "clips.csv").query("partition == 'train'")["arousal"].mean()
    found = single.predict({"face": given / "face.csv"}, clips)
    assert found.loc["new", "arousal"] == pytest.approx(mean) and found.loc["c1", "arousal"] != pytest.approx(mean)


def test_unknown_runs_and_systems_are_named(given, tmp_path):
    with pytest.raises(InputError, match="give the folder of a finished run"):
        bundle.load(tmp_path)
    with pytest.raises(InputError, match="no system 'ridge-fase'.*'ridge-face'"):
        bundle.load(given / "run", "ridge-fase")
