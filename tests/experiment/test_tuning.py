"""Searches: cut and resumed, counted over all calls, never below the defaults, blind to evaluated clips."""

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from inspect import signature
from pathlib import Path

import numpy as np
import optuna
import pandas as pd
import pytest
from small_study import small_release

from avbaselines.corpora.corpus import Target
from avbaselines.errors import InputError
from avbaselines.estimators.preprocessing.preparation_options import PreparationOptions
from avbaselines.estimators.tuned.group_folds import group_folds
from avbaselines.estimators.tuned.search_space import NOTHING, Choice, Drawn, Real
from avbaselines.experiment.bundles import bundle
from avbaselines.experiment.fitting.base import fit_base
from avbaselines.experiment.fitting.clip_context import Frames
from avbaselines.experiment.fitting.fusion import fit_fusion
from avbaselines.experiment.fitting.optuna_search import Search, check_storage, search
from avbaselines.experiment.fitting.split_task import SplitTask
from avbaselines.experiment.fitting.store import Fitted
from avbaselines.experiment.fitting.tuned import (
    Objective,
    _averaged,
    drawn_again,
    fit_tuned,
    out_of_fold_score,
    stored_trial,
)
from avbaselines.experiment.fitting.tuned_fusion import as_drawn, fit_searched_fusion, fusion_space
from avbaselines.experiment.planning import learners as registry
from avbaselines.experiment.planning.plan import plan
from avbaselines.experiment.planning.system import BaseSystem, FusionSystem, Timing
from avbaselines.run import main
from avbaselines.systems import Stage, Tuning

TRIALS = 12
TUNING = Tuning(trials=TRIALS, search=["learner", "scaling", "features", "order", "weights"], average=1)
SPACE = {"x": Real(0.1, 10.0, 1.0), "kind": Choice({"a": 1, "b": 2})}


def task_and_block(seed=0, n=90):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, 20)).astype(np.float32)
    y = X[:, 0] + 0.5 * X[:, 1] + rng.normal(size=n)
    groups = np.arange(n) // 6
    target = Target("arousal", "ccc")
    folds = group_folds(groups, 3)
    return SplitTask([target], {"arousal": y}, groups, np.array([99]), folds, matching=True, seed=seed), X


def tuned(folder, trials=TRIALS, learner="ridge", seed=0, name="search", storage=None, test=None, average=1):
    task, X = task_and_block(seed)
    tuning = TUNING.model_copy(update={"trials": trials, "average": average})
    system = BaseSystem(name="tuned", raw_label="tuned-raw", modalities=("audio",), learner=learner, tuning=tuning)
    test = X[:1] if test is None else test
    fitted, _ = fit_tuned(system, task, [X], [test], Search(name, storage or str(folder / "trials.journal")))
    return fitted, task, X


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return tuned(tmp_path_factory.mktemp("whole"))[0]


KILLED = """
import os, signal, sys
from pathlib import Path
sys.path[:0] = {tests!r}
from avbaselines.experiment.fitting import tuned as fit_tuned
import test_tuning

left, call = [int(sys.argv[2])], fit_tuned.Objective.__call__

def dying(self, drawn, watch):
    left[0] -= 1
    def watched(step, score):
        watch(step, score)
        if not left[0]:
            os.kill(os.getpid(), signal.SIGKILL)
    return call(self, drawn, watched)

fit_tuned.Objective.__call__ = dying
test_tuning.tuned(Path(sys.argv[1]))
"""


def test_a_search_killed_three_times_ends_as_if_it_had_never_been(tmp_path, whole):
    script = tmp_path / "killed.py"
    script.write_text(KILLED.format(tests=[str(Path(__file__).parent), str(Path(__file__).parents[1] / "helpers")]))
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "OMP_NUM_THREADS": "1"}
    for attempt in (1, 4, 3):
        command = [sys.executable, str(script), str(tmp_path), str(attempt)]
        done = subprocess.run(command, env=environment, capture_output=True, check=False)
        assert done.returncode == -signal.SIGKILL, done.stderr
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    journal = optuna.storages.journal.JournalFileBackend(str(tmp_path / "trials.journal"))
    storage = optuna.storages.JournalStorage(journal)
    kept = optuna.load_study(study_name="search", storage=storage).trials
    assert len(kept) == 0 + 3 + 2  # each kill loses the running trial and no other
    fitted, _, _ = tuned(tmp_path)
    assert fitted.trials == whole.trials
    np.testing.assert_array_equal(fitted.oof["arousal"], whole.oof["arousal"])
    assert fitted.importance == whole.importance and fitted.note == whole.note


def test_trials_are_counted_over_all_calls(tmp_path, whole, monkeypatch):
    first, _, _ = tuned(tmp_path, trials=5)
    assert first.trials == whole.trials[:5]
    evaluated, call = [], Objective.__call__

    def counting(self, drawn, watch):
        evaluated.append(drawn)
        return call(self, drawn, watch)

    monkeypatch.setattr(Objective, "__call__", counting)
    assert tuned(tmp_path)[0].trials == whole.trials
    assert len(evaluated) == TRIALS - 5
    assert tuned(tmp_path, trials=7)[0].trials == whole.trials[:7] and len(evaluated) == TRIALS - 5


@pytest.mark.parametrize("learner", ["ridge", "svr"])
def test_the_choice_is_never_worse_out_of_fold_than_the_defaults(tmp_path, learner):
    fitted, task, X = tuned(tmp_path, learner=learner, trials=8)
    system = BaseSystem(name="plain", raw_label="plain-raw", modalities=("audio",), learner=learner)
    plain, _ = fit_base(system, task, [X], [X[:1]])
    values = [row.value for row in fitted.trials if row.state == "complete"]
    # Trial 0 is the untuned system, and what is fitted in the end scores what its trial did.
    assert fitted.trials[0].value == pytest.approx(out_of_fold_score(plain, task), abs=1e-12)
    assert out_of_fold_score(fitted, task) == pytest.approx(max(values), abs=1e-6)
    if learner == "ridge":
        assert max(values) > values[0]
    else:  # nothing drawn here beats them, so they stay
        np.testing.assert_array_equal(fitted.oof["arousal"], plain.oof["arousal"])
    alone, _, _ = tuned(tmp_path, learner=learner, trials=1)
    np.testing.assert_array_equal(alone.oof["arousal"], plain.oof["arousal"])


def test_what_a_finished_search_chose_can_be_fitted_again(whole):
    task, X = task_and_block()
    system = BaseSystem(name="tuned", raw_label="tuned-raw", modalities=("audio",), learner="ridge", tuning=TUNING)
    drawn = drawn_again(system, task, [X], whole.trials)
    again, _ = fit_base(system, task, [X], [X[:1]], drawn)
    assert drawn.values
    assert drawn_again(system, task, [X], whole.trials[:1]) == drawn_again(system, task, [X], []) == NOTHING
    np.testing.assert_array_equal(again.oof["arousal"], whole.oof["arousal"])


def test_the_best_trials_are_averaged_where_that_scores_better():
    task, _ = task_and_block()
    y, rng = task.y["arousal"], np.random.default_rng(2)

    def fit(noise):
        return Fitted({"arousal": (y + noise)[:, None]}, {"arousal": rng.normal(size=(1, 1))}), {"arousal": object()}

    fits = [fit(rng.normal(size=len(y))) for _ in range(5)]  # errors of their own: the more the better
    fitted, models, kept = _averaged(fits, task, True)
    assert kept == 4 and len(models["arousal"].models) == 4
    for part in ("oof", "test"):
        each = [getattr(item, part)["arousal"] for item, _ in fits[:4]]
        np.testing.assert_allclose(getattr(fitted, part)["arousal"], np.mean(each, axis=0))
    worse = [fits[0], *(fit(5 * rng.normal(size=len(y))) for _ in range(4))]
    fitted, models, kept = _averaged(worse, task, True)
    assert kept == 1 and fitted is worse[0][0] and models is worse[0][1]


@pytest.mark.parametrize("learner", ["ridge", "svr"])
def test_chosen_trials_are_refitted_without_another_cross_prediction(tmp_path, learner, monkeypatch):
    called, cls = [], type(registry.estimator(learner, "regression"))
    original = cls.cross_predict
    monkeypatch.setattr(cls, "cross_predict", lambda *given, **more: called.append(1) or original(*given, **more))
    _, X = task_and_block()
    fitted, _, _ = tuned(tmp_path, trials=6, learner=learner, test=X[:9] + 1, average=4)
    assert len(called) == 6
    # The journal is full now, so that the best are fitted from the start.
    resumed, _, _ = tuned(tmp_path, trials=6, learner=learner, test=X[:9] + 1, average=4)
    assert len(called) == 6 + min(4, sum(row.state == "complete" for row in fitted.trials))
    for part in ("oof", "test"):
        np.testing.assert_array_equal(getattr(resumed, part)["arousal"], getattr(fitted, part)["arousal"])


def test_every_seed_has_trials_of_its_own(tmp_path, whole):
    other, _, _ = tuned(tmp_path, seed=1, trials=3)
    assert other.trials[0].params == whole.trials[0].params
    assert other.trials[1].params != whole.trials[1].params
    assert len({str(row.params) for row in whole.trials}) == TRIALS


def test_a_database_keeps_the_same_trials(tmp_path, whole):
    url = f"sqlite:///{tmp_path / 'trials.db'}"
    assert tuned(tmp_path, storage=url, trials=4)[0].trials == whole.trials[:4]
    assert tuned(tmp_path, storage=url)[0].trials == whole.trials
    assert not list(tmp_path.glob("*.journal"))


@pytest.mark.parametrize("storage", ["{folder}", "nosuch://user:secret@host/db", "sqlite:////nowhere/at/all/x.db"])
def test_a_storage_that_cannot_be_used_is_named(tmp_path, storage):
    with pytest.raises(InputError, match="--storage .*cannot be used.*give a path") as error:
        check_storage(storage.format(folder=tmp_path))
    assert "secret" not in str(error.value)


def test_what_is_no_journal_is_no_storage(tmp_path):
    (tmp_path / "notes.txt").write_text("dear diary\nof two lines\n")
    with pytest.raises(InputError, match="notes.txt"):
        check_storage(str(tmp_path / "notes.txt"))


def test_half_a_line_at_the_end_of_a_journal_is_dropped(tmp_path, whole):
    tuned(tmp_path, trials=4)
    path = tmp_path / "trials.journal"
    path.write_bytes(path.read_bytes() + b'{"op_code":4,"wor')
    assert tuned(tmp_path)[0].trials == whole.trials


def test_a_trial_that_raises_is_failed_with_its_reason(tmp_path):
    def evaluate(drawn, watch):
        if drawn.values.get("kind") == "b":
            raise ValueError("kind b does not work")
        return -abs(np.log(drawn.values.get("x", 1.0)))

    trials = search(Search("s", str(tmp_path / "j")), SPACE, 10, 0, evaluate)
    states = {trial.state.name for trial in trials}
    assert states == {"COMPLETE", "FAIL"} and len(trials) == 10
    failed = [trial for trial in trials if trial.state.name == "FAIL"]
    assert all(trial.user_attrs["reason"] == "ValueError: kind b does not work" for trial in failed)

    def broken(drawn, watch):
        raise RuntimeError("the defaults do not work")

    with pytest.raises(RuntimeError, match="the defaults"):
        search(Search("t", str(tmp_path / "j")), SPACE, 3, 0, broken)


@pytest.mark.parametrize("pruning", [True, False])
def test_hopeless_trials_end_early(tmp_path, pruning):
    looked = []

    def evaluate(drawn, watch):
        value = -abs(np.log(drawn.values.get("x", 1.0)))
        for step in range(1, 6):
            watch(step, value)
            looked.append(step)
        return value

    trials = search(Search("s", str(tmp_path / "j")), SPACE, 20, 0, evaluate, pruning)
    pruned = [trial for trial in trials if trial.state.name == "PRUNED"]
    assert bool(pruned) == pruning and (len(looked) < 100) == pruning
    assert all(max(trial.intermediate_values) < 5 for trial in pruned)
    for row, trial in zip(map(stored_trial, trials, range(20)), trials, strict=True):
        assert row.value == (None if trial in pruned else trial.value)


def test_a_forced_search_starts_anew(tmp_path):
    calls = []

    def evaluate(drawn, watch):
        calls.append(drawn)
        return 0.0

    where = Search("s", str(tmp_path / "j"))
    for place, expected in ((where, 3), (where, 3), (Search("s", str(tmp_path / "j"), fresh=True), 6)):
        search(place, SPACE, 3, 0, evaluate)
        assert len(calls) == expected


@pytest.mark.parametrize("learner", registry.LEARNERS)
@pytest.mark.parametrize("kind", ["regression", "classes"])
def test_every_space_holds_the_defaults(learner, kind):
    for name, dimension in registry.search_space(learner, "single", [kind], [5000], {}).items():
        model = registry.estimator(learner, kind)
        default = getattr(model, name) if hasattr(model, name) else getattr(PreparationOptions(), name)
        if isinstance(dimension, Choice):
            assert dimension.options[dimension.default] == default, name
        elif isinstance(dimension, Real) and dimension.times:
            assert dimension.low <= dimension.default == 1 <= dimension.high and isinstance(default, tuple), name
        else:
            assert dimension.low <= default == dimension.default <= dimension.high, name


def test_drawn_values_reach_the_estimators_that_know_them():
    space = registry.search_space("svr", "single", ["regression"], [10, 4], {})
    values = {"costs": 2.0, "widths": "linear", "block_weights.0": 0.5, "block_weights.1": 3.0}
    model = registry.estimator("svr", "regression", Drawn(space, values))
    default = signature(type(model)).parameters["costs"].default
    assert model.costs == tuple(2 * cost for cost in default) and model.widths == (0.0,)
    assert model.preparation.block_weights == (0.5, 3.0)
    chain_space = registry.search_space("ridge", "chain", ["regression"] * 3, [10, 4], {"order": "ensemble"})
    assert not any(name.startswith("block_weights") for name in chain_space)
    chained = registry.chain("ridge", (), Drawn(chain_space, {"order": "2-0-1", "column_share": 0.5}), order="ensemble")
    assert chained.order == [2, 0, 1] and chained.regressor.preparation.column_share == 0.5
    assert "order" not in registry.search_space("ridge", "chain", ["regression"] * 3, [10], {"order": [0, 1, 2]})
    joint = registry.search_space("xgboost", "joint", ["regression"] * 2, [10], {"target_weights": None})
    weights = Drawn(joint, {"target_weights.0": 1.0, "target_weights.1": 4.0})
    model = registry.joint("xgboost", weights, target_weights=None)
    assert model.target_weights == (1.0, 4.0) and "max_columns" not in joint
    assert registry.estimator("ridge", "regression", NOTHING).preparation is None


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
    averaged = [name for name in notes.index if "mean of the best" in notes[name] and not name.endswith("-raw")]
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


def test_a_searched_fusion_takes_what_scores_best(tmp_path):
    task, _ = task_and_block()
    y, rng = task.y["arousal"], np.random.default_rng(0)
    told = [*(y + rng.normal(size=(3, 90))), *rng.normal(size=(5, 90))]
    inputs = [Fitted({"arousal": values[:, None]}, {"arousal": np.zeros((1, 1))}) for values in told]
    tuning = TUNING.model_copy(update={"trials": 20, "search": ["fusion"]})
    system = FusionSystem(
        name="late-tuned",
        raw_label="late-tuned-raw",
        fusion=Stage(method="mean"),
        depth=1,
        parts=tuple("abcdefgh"),
        tuning=tuning,
    )
    where = Search("late", str(tmp_path / "j"))
    fitted, _ = fit_searched_fusion(system, task, inputs, [()] * 8, where)
    plain, _ = fit_fusion(replace(system, tuning=None), task, inputs)
    assert fitted.trials[0].value == pytest.approx(out_of_fold_score(plain, task), abs=1e-12)
    best = max(row.value for row in fitted.trials)
    assert out_of_fold_score(fitted, task) == best > fitted.trials[0].value + 0.05
    assert "tuned: trial" in fitted.note


def test_a_second_call_computes_nothing_and_more_trials_only_the_tuned(finished, tmp_path):
    study = finished[0].copy(tmp_path)
    assert study.run(*TUNED).computed == 0
    more = study.run("tuning.trials=5", "systems.transductive=[]")
    # Three tuned systems, four fusions of them and the searched one, that one in three inner folds too; in four splits.
    assert more.computed == 4 * (3 + 4 + 1 + 3)


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


def test_trials_of_delayed_systems_are_scored_with_their_delay(tmp_path):
    rng = np.random.default_rng(0)
    recordings, times = np.repeat(np.arange(6), 40), np.tile(np.arange(40) * 0.5, 6)
    X = np.cumsum(rng.normal(size=(240, 3)), axis=0).astype(np.float32)
    y = np.roll(X[:, 0], 4) + rng.normal(size=240)  # rated two seconds late
    frames, nobody = Frames(recordings, times), np.array([], int)
    task = SplitTask([Target("arousal", "ccc")], {"arousal": y}, recordings, nobody, recordings % 3, True, 0)
    task = replace(task, frames=frames, test_frames=Frames(nobody, nobody.astype(float)))
    timing = Timing((0.0, 2.0), (0.0,))
    plain = BaseSystem(name="plain", raw_label="plain-raw", modalities=("audio",), learner="ridge", timing=timing)
    fitted, _ = fit_base(plain, task, [X], [X[:0]])
    twin = replace(plain, name="twin", tuning=TUNING.model_copy(update={"trials": 2}))
    found, _ = fit_tuned(twin, task, [X], [X[:0]], Search("timed", str(tmp_path / "j")))
    assert found.trials[0].value == pytest.approx(out_of_fold_score(fitted, task), abs=1e-12)
    assert "delay 2 s" in found.note and found.trials[1].state == "complete"


def test_a_drawn_joint_method_reads_the_other_targets_predictions():
    system = FusionSystem(name="late-tuned", fusion=Stage(method="greedy"), depth=1, parts=("a", "b"))
    space = fusion_space("greedy", 2, ["regression", "regression"])
    drawn = as_drawn(system, Drawn(space, {"method": "joint-mean", "best": 2}))
    assert (drawn.method, drawn.fusion.targets, drawn.fusion.best) == ("joint-mean", "all", None)
    rng = np.random.default_rng(0)
    y = rng.normal(size=(2, 90))
    groups, nobody = np.arange(90) // 6, np.array([], int)
    targets = [Target("p", "ccc"), Target("q", "ccc")]
    task = SplitTask(targets, {"p": y[0], "q": y[1]}, groups, nobody, groups % 3, matching=True, seed=0)
    # Each system's prediction of q tells p, and that of p tells nothing: only joint decoding can use it.
    told = [{"p": rng.normal(size=(90, 1)), "q": (y[0] + 0.1 * rng.normal(size=90))[:, None]} for _ in range(2)]
    inputs = [Fitted(oof, {name: values[:0] for name, values in oof.items()}) for oof in told]
    joint, _ = fit_fusion(drawn, task, inputs)
    alone, _ = fit_fusion(system, task, inputs)
    assert np.corrcoef(joint.oof["p"][:, 0], y[0])[0, 1] > 0.5 > np.corrcoef(alone.oof["p"][:, 0], y[0])[0, 1]
