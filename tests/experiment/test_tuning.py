"""Searches: cut and resumed, counted over all calls, never below the defaults, blind to evaluated clips."""

import json

import numpy as np
import pandas as pd
import pytest
from small_study import small_release

from avbaselines.experiment.bundles import bundle
from avbaselines.experiment.planning.plan import plan
from avbaselines.run import main

TUNED = ("tuning.trials=4", "systems.transductive=[]")


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    study = small_release(tmp_path_factory.mktemp("tuned"), speakers=9, clips=8)
    return study, study.run(*TUNED)


def test_tuned_systems_stand_beside_untuned_ones_and_feed_the_fusions(finished):
    study, run = finished
    systems = {s.name: s for s in plan(study.load("tuning.trials=4"), run.corpus.targets)}
    assert {"ridge-audio", "ridge-audio-tuned", "ridge-audio+face-tuned"} <= set(systems)
    assert set(systems["late-greedy"].inputs) == {"ridge-audio-tuned", "ridge-face-tuned", "ridge-audio+face-tuned"}
    assert not systems["ridge-audio-per-speaker"].tuning
    notes = run.results(split="all", system="ridge-audio-tuned")["note"]
    assert notes.str.contains("of 4 trials|of 4 ").all()
    trials = run.table("tuning.csv")
    base = trials[trials["system"].str.startswith("ridge") & ~trials["split"].str.contains("inner")]
    assert len(base) == 3 * 4 * 4 and set(base["split"]) == {"0", "1", "2", "final"}
    first = trials.query("trial == 0").set_index(["split", "system"])["value"]
    best = trials.groupby(["split", "system"])["value"].max()
    first = first.reindex(best.index)
    assert (best >= first).all() and (best > first).any()
    assert "Tuning: gain by trial" in run.text("report.html")


def test_shipped_averages_and_searched_fusions_predict_as_the_run_did(tmp_path):
    given = "split={column='fold', train=['1', '2'], test=['0']}"
    run = small_release(tmp_path).run(given, "tuning.trials=8", "systems.transductive=[]")
    notes = run.results(split="all").drop_duplicates("system").set_index("system")["note"].fillna("")
    averaged = [name for name in notes.index if "mean of the defaults" in notes[name] and not name.endswith("-raw")]
    assert averaged
    everything = run.predictions().query("part == 'test' and target == 'arousal'")
    for name in [*averaged, "late-tuned"]:
        system = bundle.load(run.folder, name)
        stored = everything.query("system == @name").set_index("clip_id")["prediction"]
        told = system.predict({key: tmp_path / f"{key}.npz" for key in system.modalities}, clips=tmp_path / "clips.csv")
        expected = stored.astype(float).to_numpy()
        assert told.loc[stored.index, "arousal"].to_numpy() == pytest.approx(expected, abs=1e-6), name


def test_the_search_of_a_fusion_starts_from_the_greedy_one(finished):
    (study, run), targets = finished, finished[1].corpus.targets
    trials = run.table("tuning.csv").query("system == 'late-tuned'")
    assert {"0~0", "0~1", "0~2"} < set(trials["split"])  # judged by searches that did not see the fold
    assert json.loads(trials.query("trial == 0")["params"].iloc[0]) == {"method": "greedy", "best": 3}
    systems = {s.name: s for s in plan(study.load("tuning.trials=4"), targets)}
    assert systems["late-tuned"].inputs == systems["late-greedy"].inputs
    names = [s.name for s in plan(study.load("tuning.trials=4", "tuning.search=['fusion']"), targets)]
    assert "late-tuned" in names and "ridge-audio-tuned" not in names
    names = [s.name for s in plan(study.load("tuning.trials=4", "tuning.search=['learner']"), targets)]
    assert "late-tuned" not in names


def test_a_second_call_computes_nothing_and_more_trials_only_the_tuned(finished, tmp_path):
    study = finished[0].copy(tmp_path)
    assert study.run(*TUNED).computed == 0
    more = study.run("tuning.trials=5", "systems.transductive=[]")
    # Three tuned systems, six fusions of them and the searched one, that one in three inner folds too; in four splits.
    assert more.computed == 4 * (3 + 6 + 1 + 3)


def test_labels_of_evaluated_clips_change_no_trial(finished, tmp_path):
    study = finished[0].copy(tmp_path)
    clips = study.clips()
    evaluated = clips["fold"] == 0
    clips.loc[evaluated, "arousal"] = np.random.default_rng(1).permutation(clips.loc[evaluated, "arousal"])
    study.change(arousal=clips["arousal"])
    runs = finished[1], study.run(*TUNED, out="changed")
    before, after = (
        run.table("tuning.csv").query("split == '0' and trial < 4").reset_index(drop=True) for run in runs
    )
    pd.testing.assert_frame_equal(before, after)
    query = "split == '0' and part == 'test' and system == 'ridge-audio-tuned'"
    before, after = (run.predictions().query(query) for run in runs)
    assert len(before) and (before["truth"].to_numpy() != after["truth"].to_numpy()).any()


def test_the_command_takes_trials_and_names_a_bad_storage(finished, capsys, tmp_path):
    study = str(finished[0].path)
    assert main([study, "--trials", "3", "--dry-run"]) == 0
    assert "ridge-audio-tuned" in capsys.readouterr().out
    bad = ["--trials", "3", "--storage", "nosuch://host/db", "--out", str(tmp_path / "out"), "--jobs", "1"]
    assert main([study, *bad]) == 2
    assert "--storage nosuch" in capsys.readouterr().err
    assert main([study, "--set", "tuning.trials=2", "tuning.systems=['rigde-*']", "--dry-run"]) == 2
    assert "tuning.systems" in capsys.readouterr().err
