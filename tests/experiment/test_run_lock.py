"""One run at a time in a run folder, and what killed ones left there."""

import os
import subprocess
import sys

import pytest
from small_study import small_release

from avbaselines.errors import InputError
from avbaselines.experiment.fitting.store import PARTIAL, Store, replacing
from avbaselines.experiment.run_lock import UNFINISHED, held, sweep, unfinished
from avbaselines.run import main

HOLDER = """
import os, sys
from pathlib import Path
from avbaselines.experiment.run_lock import held
with held(Path(sys.argv[1]), "the first"):
    print("held", flush=True)
    sys.stdin.read()
    os._exit(9)  # without letting go
"""


def test_a_second_run_on_a_folder_is_refused_until_the_first_is_dead(tmp_path, capsys):
    study, out = small_release(tmp_path, speakers=6, clips=4), tmp_path / "run"
    first = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(out)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert first.stdout.readline() == "held\n"
    words = [str(study.path), "--out", str(out), "--only", "ridge-audio", "--jobs", "1"]
    assert main(words) == 2
    said = capsys.readouterr().err
    assert f"--out {out}: another run is at work there ('the first', process {first.pid} on " in said
    assert not list(out.glob("*.csv")) and not list(out.glob("work/*.npz"))
    first.communicate("")
    assert main(words) == 0


def test_a_folder_is_free_again_after_an_error(tmp_path):
    with pytest.raises(ZeroDivisionError), held(tmp_path, "one"):
        raise ZeroDivisionError
    with held(tmp_path, "two"), pytest.raises(InputError, match="'two', process"), held(tmp_path, "three"):
        pass


def test_what_killed_runs_left_is_swept_and_nothing_else(tmp_path):
    store = Store(tmp_path / "work")
    left = [tmp_path / f"{PARTIAL}a.csv", store.path(f"{PARTIAL}b"), store.shared / "workers-x" / "array.pkl"]
    left += [tmp_path / "models" / name / f"{PARTIAL}c.json" for name in ("svr", "")]
    kept = [tmp_path / "results.csv", store.path("a1"), tmp_path / ".hidden", tmp_path / "models" / "svr" / "card.json"]
    for path in (*left, *kept):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    sweep(tmp_path)
    assert not any(path.exists() for path in left) and all(path.exists() for path in kept)
    assert not store.shared.exists()


def test_half_written_files_go_by_the_name_that_is_swept(tmp_path):
    with replacing(tmp_path / "a.csv") as temporary:
        assert temporary.name.startswith(PARTIAL) and temporary.suffix == ".csv"


def test_a_run_that_breaks_off_while_it_writes_leaves_word_of_it(tmp_path, monkeypatch):
    study = small_release(tmp_path, speakers=6, clips=4)
    done = study.run(only=["ridge-audio"]).folder
    assert not (done / UNFINISHED).exists()
    with monkeypatch.context() as patched, pytest.raises(OSError, match="full"):
        patched.setattr(os, "replace", full_disk)
        study.run(only=["ridge-audio"])
    assert "some may still be those of an earlier run" in (done / UNFINISHED).read_text("utf-8")
    study.run(only=["ridge-audio"])
    assert not (done / UNFINISHED).exists()


def full_disk(*_):
    raise OSError("full")


def test_word_is_left_only_where_writing_ends_badly(tmp_path):
    with pytest.raises(KeyboardInterrupt), unfinished(tmp_path):
        raise KeyboardInterrupt
    assert (tmp_path / UNFINISHED).exists()
    with unfinished(tmp_path):
        assert (tmp_path / UNFINISHED).exists()
    assert not (tmp_path / UNFINISHED).exists()
