"""Searches by Optuna: storages that cannot be used, failed and hopeless trials, and starting anew."""

import os
import time
from pathlib import Path

import numpy as np
import pytest

from avbaselines.errors import InputError
from avbaselines.estimators.tuned.search_space import Choice, Real
from avbaselines.experiment.fitting.optuna_search import Search, check_storage, drop_damaged, search
from avbaselines.experiment.fitting.tuned import stored_trial

SPACE = {"x": Real(0.1, 10.0, 1.0), "kind": Choice({"a": 1, "b": 2})}


@pytest.mark.parametrize("storage", ["{folder}", "nosuch://user:secret@host/db", "sqlite:////nowhere/at/all/x.db"])
def test_a_storage_that_cannot_be_used_is_named(tmp_path, storage):
    with pytest.raises(InputError, match="--storage .*cannot be used.*give a path") as error:
        check_storage(storage.format(folder=tmp_path))
    assert "secret" not in str(error.value)


def test_what_is_no_journal_is_no_storage(tmp_path):
    (tmp_path / "notes.txt").write_text("dear diary\nof two lines\n")
    with pytest.raises(InputError, match="notes.txt"):
        check_storage(str(tmp_path / "notes.txt"))


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


def value(drawn, watch):
    return -abs(np.log(drawn.values.get("x", 1.0)))


def outcome(trials):
    return [(trial.value, trial.params) for trial in trials]


def test_a_changed_trial_is_done_again_to_the_same_end(tmp_path):
    where = Search("s", str(tmp_path / "j"))
    trials = search(where, SPACE, 6, 0, value)
    journal = tmp_path / "j"
    for changed in (trials[2].value, trials[4].params["x"]):
        text = journal.read_text()
        assert repr(changed) in text
        journal.write_text(text.replace(repr(changed), repr(changed + 0.001)))
        assert outcome(search(where, SPACE, 6, 0, value)) == outcome(trials)


def test_a_journal_that_cannot_be_read_is_begun_anew(tmp_path):
    journal = tmp_path / "j"
    where = Search("s", str(journal))
    trials = search(where, SPACE, 4, 0, value)
    assert not drop_damaged(journal) and not drop_damaged(tmp_path / "none")
    lines = journal.read_bytes().splitlines(keepends=True)
    for damaged in (b"".join([*lines[:2], b"{\n", *lines[3:]]), b"\0" * 100 + b"\n\n"):
        journal.write_bytes(damaged)
        assert drop_damaged(journal) and not journal.exists()
        assert outcome(search(where, SPACE, 4, 0, value)) == outcome(trials)
    journal.write_bytes(lines[-1])  # it can be read, and says nothing
    assert outcome(search(where, SPACE, 4, 0, value)) == outcome(trials)
    journal.write_bytes(b"".join(lines)[:-9])  # a kill in the middle of writing: the last trial alone is lost
    assert not drop_damaged(journal)
    assert outcome(search(where, SPACE, 4, 0, value)) == outcome(trials)


@pytest.mark.parametrize("leave", [Path.touch, lambda path: path.symlink_to("no/such/journal")])
def test_a_dead_process_lock_holds_nobody_up_for_long(tmp_path, leave, monkeypatch):
    monkeypatch.chdir(tmp_path)
    search(Search("s", "j"), SPACE, 1, 0, value)
    leave(tmp_path / "j.lock")
    began = time.monotonic()
    assert len(search(Search("s", "j"), SPACE, 2, 0, value)) == 2
    assert time.monotonic() - began < 20 and sorted(os.listdir(tmp_path)) == ["j"]
