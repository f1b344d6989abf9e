"""The same fits on a real Dask cluster of two processes, with a worker killed half-way, and what is refused."""

import os
import signal
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from small_study import SmallRun, small_release

from avbaselines.errors import InputError
from avbaselines.experiment.fitting import dask_backend as cluster_module
from avbaselines.experiment.fitting import scheduler
from avbaselines.experiment.fitting.dask_backend import check_cluster
from avbaselines.run import main

distributed = pytest.importorskip("distributed")
OVERRIDES = ["systems.transductive=[]", "tuning.trials=3", "tuning.systems=['ridge-audio']"]


@pytest.fixture(scope="module")
def local_cluster():
    options = {"n_workers": 2, "threads_per_worker": 1, "processes": True, "dashboard_address": None}
    with distributed.LocalCluster(**options) as made:
        yield made


@pytest.fixture(scope="module")
def release(tmp_path_factory):
    return small_release(tmp_path_factory.mktemp("release"), speakers=9, clips=8)


@pytest.fixture(scope="module")
def local(release):
    return release.run(*OVERRIDES)


def run_there(release, address, out, progress=None) -> SmallRun:
    return release.run(*OVERRIDES, out=out, cluster=address, progress=progress)


def scores(run: SmallRun) -> pd.DataFrame:
    return run.results().drop(columns="seconds")


def test_a_cluster_gives_the_same_leaderboard(release, local, local_cluster):
    there = run_there(release, local_cluster.scheduler_address, "there")
    assert not there.result.failed and there.computed == local.computed > 0
    pd.testing.assert_frame_equal(scores(there), scores(local))
    pd.testing.assert_frame_equal(there.predictions(), local.predictions())
    assert run_there(release, local_cluster.scheduler_address, "there").computed == 0


def test_a_worker_killed_half_way_loses_no_finished_fit(release, local, local_cluster):
    killed, kept = [], {}
    work = release.folder / "killed" / "work"

    def progress(done, total, what):
        if done >= total // 2 and not killed:
            kept.update({path: path.stat().st_mtime_ns for path in work.glob("*.npz") if path.name[0] != "."})
            with distributed.Client(local_cluster.scheduler_address, set_as_default=False) as client:
                killed.append(next(iter(client.run(os.getpid).values())))
            os.kill(killed[0], signal.SIGKILL)

    run = run_there(release, local_cluster.scheduler_address, "killed", progress)
    assert killed and kept and not run.result.failed
    assert {path: path.stat().st_mtime_ns for path in kept} == kept  # none was fitted a second time
    pd.testing.assert_frame_equal(scores(run), scores(local))


def test_features_of_an_earlier_run_are_used_where_they_are_whole(tmp_path):
    X = np.arange(12.0).reshape(4, 3)
    path = Path(cluster_module._written(X, tmp_path))
    before = path.stat().st_mtime_ns
    assert cluster_module._written(X, tmp_path) == str(path) and path.stat().st_mtime_ns == before
    whole = path.read_bytes()
    for damaged in (b"", whole[:-8], whole[:-8] + bytes(8)):
        path.write_bytes(damaged)
        np.testing.assert_array_equal(np.load(cluster_module._written(X, tmp_path)), X)


def test_a_worker_that_dies_as_it_is_asked_is_left_out():
    class Client:
        def run(self, function, on_error):
            assert on_error == "return"
            return {"a": (1, 2), "b": distributed.comm.CommClosedError("closed"), "c": (3, 4)} | self.more

    asked = Client()
    asked.more = {}
    assert cluster_module._told(asked, None) == {"a": (1, 2), "c": (3, 4)}
    asked.more = {"d": ModuleNotFoundError("No module named 'avbaselines'")}
    with pytest.raises(InputError, match="worker d cannot.*avbaselines"):
        cluster_module._told(asked, None)


def test_workers_with_other_code_are_refused(release, local_cluster, monkeypatch):
    own = os.getpid()
    monkeypatch.setattr(scheduler, "code_digest", _code_by_process(own))
    with pytest.raises(InputError, match="runs other code"):
        run_there(release, local_cluster.scheduler_address, "other")


def _code_by_process(own):
    def code():
        import os

        return "ours" if os.getpid() == own else "theirs"

    return code


def test_what_is_wrong_with_a_cluster_is_named(release, capsys, monkeypatch, tmp_path):
    monkeypatch.setattr(cluster_module, "PATIENCE", 1)
    study = str(release.path)
    assert main([study, "--cluster", "tcp://127.0.0.1:9", "--out", str(tmp_path / "out")]) == 2
    assert "no scheduler answers" in capsys.readouterr().err and not (tmp_path / "out").exists()
    with distributed.LocalCluster(n_workers=0, dashboard_address=None) as empty:
        with pytest.raises(InputError, match="no workers"):
            check_cluster(empty.scheduler_address)
    monkeypatch.setitem(sys.modules, "distributed", None)
    assert main([study, "--cluster", "tcp://127.0.0.1:9", "--out", str(tmp_path / "out")]) == 2
    assert "avbaselines[cluster]" in capsys.readouterr().err
