"""Searches of base systems: cut and resumed, counted over all calls, never below the defaults."""

import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import optuna
import pytest
from small_task import small_task

from avbaselines.corpora.corpus import Target
from avbaselines.estimators.preprocessing import prepared_table
from avbaselines.estimators.preprocessing.column_ranks import ColumnRanks
from avbaselines.estimators.tuned.search_space import NOTHING
from avbaselines.experiment.fitting import tuned as fitting_tuned
from avbaselines.experiment.fitting.base import fit_base
from avbaselines.experiment.fitting.clip_context import Frames
from avbaselines.experiment.fitting.optuna_search import Search
from avbaselines.experiment.fitting.split_task import SplitTask
from avbaselines.experiment.fitting.store import Fitted
from avbaselines.experiment.fitting.tuned import (
    Objective,
    _drawn_to_defaults,
    drawn_again,
    fit_tuned,
    out_of_fold_score,
)
from avbaselines.experiment.planning import learners as registry
from avbaselines.experiment.planning.system import BaseSystem, Timing
from avbaselines.systems import Tuning

TRIALS = 12
TUNING = Tuning(trials=TRIALS, search=["learner", "scaling", "features", "order", "weights"], average=1)


def tuned(folder, trials=TRIALS, learner="ridge", seed=0, name="search", storage=None, test=None, average=1):
    task, X = small_task(seed)
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
import test_tuned

left, call = [int(sys.argv[2])], fit_tuned.Objective.__call__

def dying(self, drawn, watch):
    left[0] -= 1
    def watched(step, score):
        watch(step, score)
        if not left[0]:
            os.kill(os.getpid(), signal.SIGKILL)
    return call(self, drawn, watched)

fit_tuned.Objective.__call__ = dying
test_tuned.tuned(Path(sys.argv[1]))
"""


def test_a_search_killed_three_times_ends_as_if_it_had_never_been(tmp_path, whole):
    script = tmp_path / "killed.py"
    script.write_text(KILLED.format(tests=[str(Path(__file__).parent), str(Path(__file__).parents[2] / "helpers")]))
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3]), "OMP_NUM_THREADS": "1"}
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


@pytest.mark.parametrize(("learner", "trials"), [("ridge", 8), ("svr", 3)])
def test_the_choice_is_never_worse_out_of_fold_than_the_defaults(tmp_path, learner, trials):
    fitted, task, X = tuned(tmp_path, learner=learner, trials=trials)
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
    task, X = small_task()
    system = BaseSystem(name="tuned", raw_label="tuned-raw", modalities=("audio",), learner="ridge", tuning=TUNING)
    drawn = drawn_again(system, task, [X], whole.trials)
    again, _ = fit_base(system, task, [X], [X[:1]], drawn)
    assert drawn.values
    assert drawn_again(system, task, [X], whole.trials[:1]) == drawn_again(system, task, [X], []) == NOTHING
    np.testing.assert_array_equal(again.oof["arousal"], whole.oof["arousal"])


def test_the_best_trials_are_drawn_to_the_defaults_unless_these_score_better():
    task, _ = small_task()
    y, rng = task.y["arousal"], np.random.default_rng(2)

    def fit(noise):
        return Fitted({"arousal": (y + noise)[:, None]}, {"arousal": rng.normal(size=(1, 1))}), {"arousal": object()}

    defaults, *best = [fit(rng.normal(size=len(y))) for _ in range(4)]  # errors of their own: the more the better
    fitted, models, averaged = _drawn_to_defaults(best, defaults, task, True)
    first, mean = models["arousal"].models
    assert averaged and first is defaults[1]["arousal"] and len(mean.models) == 3
    for part in ("oof", "test"):
        own, *others = [getattr(item, part)["arousal"] for item, _ in (defaults, *best)]
        np.testing.assert_allclose(getattr(fitted, part)["arousal"], (own + np.mean(others, axis=0)) / 2)
    worse = [fit(5 * rng.normal(size=len(y))) for _ in range(4)]
    fitted, models, averaged = _drawn_to_defaults(worse, defaults, task, True)
    assert not averaged and fitted is defaults[0] and models is defaults[1]


@pytest.mark.parametrize("learner", ["ridge", "svr"])
def test_chosen_trials_are_refitted_without_another_cross_prediction(tmp_path, learner, monkeypatch):
    called, cls = [], type(registry.estimator(learner, "regression"))
    original = cls.cross_predict
    monkeypatch.setattr(cls, "cross_predict", lambda *given, **more: called.append(1) or original(*given, **more))
    _, X = small_task()
    fitted, _, _ = tuned(tmp_path, trials=6, learner=learner, test=X[:9] + 1, average=4)
    assert len(called) == 6
    # The journal is full now, so that the best are fitted from the start.
    resumed, _, _ = tuned(tmp_path, trials=6, learner=learner, test=X[:9] + 1, average=4)
    complete = sorted((row for row in fitted.trials if row.value is not None), key=lambda row: -row.value)
    assert len(called) == 6 + len({0, *(row.number for row in complete[:4])})
    for part in ("oof", "test"):
        np.testing.assert_array_equal(getattr(resumed, part)["arousal"], getattr(fitted, part)["arousal"])


@pytest.mark.parametrize("learner", ["ridge", "svr"])
def test_trials_and_refits_of_a_search_sort_the_columns_once(tmp_path, learner, monkeypatch):
    made = []
    monkeypatch.setattr(prepared_table, "ColumnRanks", lambda X: made.append(1) or ColumnRanks(X))
    tuned(tmp_path, trials=4, learner=learner, average=2)
    assert len(made) == 1


@pytest.mark.parametrize("learner", ["ridge", "svr"])
def test_trials_that_share_nothing_come_to_the_same_end(tmp_path, learner, monkeypatch):
    shared, _, _ = tuned(tmp_path / "shared", trials=4, learner=learner)
    monkeypatch.setattr(fitting_tuned, "SEARCH_LIMIT", 0)
    alone, _, _ = tuned(tmp_path / "alone", trials=4, learner=learner)
    assert alone.trials == shared.trials
    np.testing.assert_array_equal(alone.oof["arousal"], shared.oof["arousal"])


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


def test_half_a_line_at_the_end_of_a_journal_is_dropped(tmp_path, whole):
    tuned(tmp_path, trials=4)
    path = tmp_path / "trials.journal"
    path.write_bytes(path.read_bytes() + b'{"op_code":4,"wor')
    assert tuned(tmp_path)[0].trials == whole.trials


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
