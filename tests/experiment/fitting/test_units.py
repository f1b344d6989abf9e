"""Units of work: keys that change with what a fit depends on, and failures that are reasons."""

from dataclasses import replace

import numpy as np
import pytest
from small_task import small_task

from avbaselines.corpora.corpus import Split, SplitId
from avbaselines.experiment.fitting.fitted_run import FittedRun
from avbaselines.experiment.fitting.store import MODEL, Fitted, Store
from avbaselines.experiment.fitting.units import Unit, to_be_done, unit_of, work
from avbaselines.experiment.planning.system import BaseSystem, FusionSystem
from avbaselines.systems import Stage, Tuning

SPLIT = Split("x", np.arange(90), np.arange(0), np.arange(5))
BASE = [BaseSystem(name=name, learner="ridge", modalities=(name,)) for name in "abc"]
LATE = FusionSystem(name="late", fusion=Stage(method="mean"), depth=1, parts=("a", "b", "c"))
SYSTEMS = [*BASE, LATE]
TUNED = replace(BASE[0], name="tuned", tuning=Tuning(trials=2))


@pytest.fixture
def fitted(tmp_path):
    task, _ = small_task()
    depths = dict.fromkeys(["a", "b", "c", "late", "tuned"], 0)
    keys = {(SPLIT.id, name): f"key-{name}" for name in "abc"}
    return FittedRun(Store(tmp_path), SPLIT.id, {SPLIT.id: SPLIT}, {SPLIT.id: task}, {}, {}, depths, keys)


def unit(system, fitted, context="c", features="f"):
    return unit_of(system, SPLIT, fitted, {SPLIT.id: context}, dict.fromkeys("abc", features), SYSTEMS)


def test_a_key_changes_with_what_the_fit_depends_on(fitted):
    own = unit(BASE[0], fitted).key
    assert own == unit(BASE[0], fitted).key and len(own) == 32
    others = [unit(BASE[1], fitted), unit(BASE[0], fitted, context="d"), unit(BASE[0], fitted, features="g")]
    assert len({own, *(other.key for other in others)}) == 4
    before = unit(LATE, fitted)
    fitted.keys[SPLIT.id, "a"] = "another"
    assert unit(LATE, fitted).key != before.key
    assert before.reads == (("a",), ("b",), ("c",)) and [source.key for source in before.sources] == [
        "key-a", "key-b", "key-c"]  # fmt: skip


def test_more_trials_are_the_same_search(fitted):
    few, many = unit(TUNED, fitted), unit(replace(TUNED, tuning=Tuning(trials=9)), fitted)
    assert few.search_name == many.search_name != "" and few.key != many.key
    fitted.tasks[SPLIT.id] = replace(fitted.tasks[SPLIT.id], strength=0.5)  # a search goes by what is scored
    assert unit(TUNED, fitted).search_name != few.search_name and unit(BASE[0], fitted).search_name == ""


def test_a_fusion_goes_on_without_what_failed(fitted):
    fitted.failures[SPLIT.id, "b"] = "broken"
    assert unit(LATE, fitted).system.parts == ("a", "c")
    fitted.failures[SPLIT.id, "c"] = "broken"
    assert unit(LATE, fitted) is None
    assert fitted.failures[SPLIT.id, "late"] == "fewer than two inputs left: b, c failed"


def test_where_a_search_keeps_its_trials(fitted, tmp_path):
    tuned = to_be_done(unit(TUNED, fitted), tmp_path, None, force=False)
    assert tuned.search.storage == str(tmp_path / "tuning" / f"{tuned.search_name}.journal") and not tuned.search.fresh
    forced = to_be_done(unit(TUNED, fitted), tmp_path, "sqlite:///x.db", force=True)
    assert forced.search.storage == "sqlite:///x.db" and forced.search.fresh and not forced.resumed
    assert to_be_done(unit(BASE[0], fitted), tmp_path, None, force=False).search is None


def test_what_is_kept_has_to_be_there(fitted):
    kept = replace(unit(BASE[0], fitted), keep_model=True)
    assert not kept.is_done(fitted.store)
    task, X = small_task()
    task = replace(task, test_groups=np.zeros(5, int))
    assert work(kept, task, [X], fitted.store) == (kept.key, None)
    assert kept.is_done(fitted.store) and fitted.store.path(kept.key, MODEL).is_file()
    fitted.store.path(kept.key, MODEL).unlink()
    assert not kept.is_done(fitted.store) and replace(kept, keep_model=False).is_done(fitted.store)


def test_every_kind_of_system_is_fitted(fitted, tmp_path):
    task, X = small_task()
    task = replace(task, test_groups=np.zeros(5, int))
    for name in "abc":
        single = replace(unit(BASE["abc".index(name)], fitted), key=f"key-{name}")
        assert work(single, task, [X], fitted.store)[1] is None
    searched = replace(LATE, tuning=Tuning(trials=1))
    for system, features in ((TUNED, [X]), (LATE, []), (searched, [])):
        done = to_be_done(unit(system, fitted), tmp_path, None, force=False)
        assert work(done, task, features, fitted.store) == (done.key, None)
        assert fitted.store.load(done.key).test["arousal"].shape == (5, 1)
        assert bool(fitted.store.load(done.key).trials) == (system.tuning is not None)


def test_a_fit_that_a_dead_process_had_finished_is_not_done_again(fitted, tmp_path):
    store = Store(tmp_path)
    store.save("key", Fitted())
    unit = Unit(BaseSystem(name="a", learner="ridge"), fitted.splits[fitted.shipped], "key")
    assert work(unit, None, [], store) == ("key", None)
    for again in (replace(unit, resumed=False), replace(unit, keep_model=True)):
        assert work(again, None, [], store)[1]  # it is tried, and there is nothing to fit


def test_a_failure_is_a_reason(fitted):
    task, X = small_task()
    key, reason = work(unit(BASE[0], fitted), task, [np.full_like(X, np.nan)], fitted.store)
    assert reason == "InputError: 0 of 90 training clips have a and a label of arousal" and not fitted.store.has(key)


def test_what_a_unit_is_called_and_reads():
    inner = Split("x", np.arange(2), np.arange(0), np.arange(0), fold=1)
    assert Unit(LATE, inner, "k").label == f"late · {SplitId('x', 1)}"
    assert Unit(LATE, inner, "k").modalities == () and Unit(BASE[0], inner, "k").modalities == ("a",)
