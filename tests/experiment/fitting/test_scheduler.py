"""Every system in every split: what is fitted, reused and done again, and failures that do not stop a run."""

import os
import signal
from dataclasses import replace

import numpy as np
import pytest
from small_study import small_release

from avbaselines.corpora.corpus import SplitId
from avbaselines.errors import InputError
from avbaselines.experiment.fitting import scheduler
from avbaselines.experiment.fitting.run_options import RunOptions
from avbaselines.experiment.fitting.scheduler import fit_systems

DEEP = ("systems.fusion=['greedy', {method='ridge', name='top', inputs=['late-greedy', 'ridge-audio']}]",
        "systems.transductive=[]", "systems.early='none'")  # fmt: skip


@pytest.fixture(scope="module")
def release(tmp_path_factory):
    return small_release(tmp_path_factory.mktemp("release"), speakers=6, clips=5)


def test_all_is_fitted_once_and_done_again_where_forced(release, tmp_path):
    run, told = release.prepare(*DEEP), []
    options = RunOptions(progress=lambda done, total, what: told.append((done, total)))
    fitted = fit_systems(run, tmp_path, options)
    # Two base systems and two fusions in four splits; both fusions in each of three inner folds too.
    assert fitted.computed == 4 * (2 + 2 + 3 * 2) and not fitted.failures
    assert told[-1] == (fitted.computed, fitted.computed)
    inner = [split for split in fitted.splits if split.fold is not None]
    assert len(inner) == 12 and all(fitted.has(split, run.systems[-1]) for split in inner)
    assert fit_systems(run, tmp_path, RunOptions()).computed == 0
    top = run.systems[-1]
    nested = fitted.source(SplitId("0"), top).load(fitted.store).oof["arousal"]
    direct = fitted.load(SplitId("0"), top).oof["arousal"]
    assert nested.shape == direct.shape and not np.allclose(nested, direct)
    assert fit_systems(run, tmp_path, RunOptions(force=True)).computed == fitted.computed


def test_a_failure_in_an_inner_fold_fails_the_stage(release, tmp_path, monkeypatch):
    original = scheduler.work

    def broken(unit, *given):
        return (unit.key, "broken") if unit.label == "top · 0 without inner fold 1" else original(unit, *given)

    monkeypatch.setattr(scheduler, "work", broken)
    run = release.prepare(*DEEP)
    fitted = fit_systems(run, tmp_path, RunOptions())
    top = run.systems[-1]
    assert fitted.failed_splits(top) == {SplitId("0", 1): "broken", SplitId("0"): "broken"}
    assert not fitted.has(SplitId("0"), top) and fitted.has(SplitId("1"), top)


def test_a_fusion_of_what_failed_is_left_out(release, tmp_path, monkeypatch):
    monkeypatch.setattr(scheduler, "work", lambda unit, *given: (unit.key, "broken"))
    fitted = fit_systems(release.prepare("systems.fusion=['mean']"), tmp_path, RunOptions())
    reasons = {reason for (_, name), reason in fitted.failures.items() if name == "late-matched-mean"}
    assert len(reasons) == 1 and reasons.pop().startswith("fewer than two inputs left: ridge-audio")


def test_a_bad_storage_is_named_before_anything_is_fitted(release, tmp_path):
    run = release.prepare("tuning.trials=2")
    with pytest.raises(InputError, match="--storage nosuch://host/db"):
        fit_systems(run, tmp_path, RunOptions(storage="nosuch://host/db"))
    assert not list(tmp_path.rglob("*.npz"))


def test_work_goes_to_the_cluster_that_is_named(release, tmp_path, monkeypatch):
    def results(address, work, calls, folder, code):
        assert address == "tcp://host:1" and len(code()) == 64
        return ((number, work(*call)[1]) for number, call in enumerate(calls))

    monkeypatch.setattr(scheduler, "cluster_results", results)
    run = release.prepare("systems.fusion=[]", "systems.transductive=[]", "systems.early='none'")
    assert fit_systems(run, tmp_path, RunOptions(cluster="tcp://host:1")).computed == 8


def test_too_few_groups_for_choosing_are_named(tmp_path):
    fusion = "systems.fusion=[{method='greedy', best=2}]"
    overrides = ["split={group_kfold=2}", "systems.inner_folds=2", "systems.transductive=[]", fusion]
    planned = small_release(tmp_path, speakers=6, clips=4).prepare(*overrides)
    with pytest.raises(InputError, match="split fold0: .*single group is left, too few for 'late-greedy'.*inner_folds"):
        fit_systems(planned, tmp_path / "run", RunOptions())


def work_or_die(unit, *given):
    if unit.system.name == "ridge-face" and unit.split.name == "1":
        os.kill(os.getpid(), signal.SIGKILL)
    return scheduler.work(unit, *given)


@pytest.mark.slow
def test_a_fit_that_kills_its_worker_is_a_failed_row_and_the_rest_is_done(release, tmp_path, monkeypatch):
    original = scheduler.in_workers
    monkeypatch.setattr(scheduler, "in_workers", lambda function, *given: original(work_or_die, *given))
    done = release.run("systems.fusion=[]", "systems.transductive=[]", "systems.early='none'", out=tmp_path, jobs=2)
    assert done.result.failed
    failed, others = (done.results(system=name) for name in ("ridge-face", "ridge-audio"))
    assert failed["status"].tolist() == ["failed"] and set(others["status"]) == {"ok"}
    assert failed["note"].tolist() == [
        "its process was ended by SIGKILL, twice: most likely it needs more memory than there is"
    ]
    assert list((tmp_path / "work" / "shared").iterdir()) == []


@pytest.mark.filterwarnings("ignore:.*No visible GPU:UserWarning")
@pytest.mark.filterwarnings("ignore:.*couldn't find any available GPU:UserWarning")
def test_one_process_has_the_gpu_while_workers_fit_the_rest(release, tmp_path, monkeypatch):
    """No GPU is needed: XGBoost goes on without one, as it warns."""
    run = release.prepare("systems.learners=['ridge', 'xgboost']", "systems.transductive=[]", "systems.early='none'")
    run = replace(run, systems=[system for system in run.systems if system.name in ("ridge-audio", "xgboost-audio")])
    original, here = scheduler.work, []

    def noted(unit, *given):
        here.append(unit.system.name)
        return original(unit, *given)

    monkeypatch.setattr(scheduler._AloneHere, "__init__", _noting(scheduler._AloneHere.__init__, noted))
    alone = fit_systems(run, tmp_path / "alone", RunOptions(device="cuda"))
    assert not here
    beside = fit_systems(run, tmp_path / "beside", RunOptions(device="cuda", jobs=2))
    grown = [system.name for system in run.systems if getattr(system, "learner", "") == "xgboost"]
    assert grown and sorted(here) == sorted(grown * 4) and not beside.failures
    for split, name in alone.keys:
        system = next(system for system in run.systems if system.name == name)
        first, second = (fitted.load(split, system) for fitted in (alone, beside))
        for target, values in first.oof.items():
            np.testing.assert_array_equal(values, second.oof[target], f"{split} {name}")


def _noting(original, work):
    return lambda self, function, calls: original(self, work, calls)


def test_what_breaks_where_the_gpu_is_ends_the_run(release, tmp_path, monkeypatch):
    def full(*given):
        raise OSError("disk full")

    original = scheduler._AloneHere.__init__
    monkeypatch.setattr(scheduler._AloneHere, "__init__", _noting(original, full))
    run = release.prepare("systems.learners=['ridge', 'xgboost']", "systems.transductive=[]", "systems.early='none'")
    with pytest.raises(OSError, match="disk full"):
        fit_systems(run, tmp_path, RunOptions(device="cuda", jobs=2))
