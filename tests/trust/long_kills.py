"""Runs killed at random moments: each goes on to the results of a run that nobody disturbed, and loses no finished fit.

Parents and workers are killed, by SIGKILL, SIGTERM and SIGINT, with one worker and with two, whatever they are at:
imports, fits, searches, writing. What a kill leaves is counted too: processes, half-written files, shared arrays.
"""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from harness import Outcome
from long_order import differences
from small_study import SmallStudy, small_release

from avbaselines.experiment.fitting.store import PARTIAL

ROOT = Path(__file__).resolve().parents[2]
OVERRIDES = ("systems.learners=['ridge', 'lightgbm']", "systems.transductive=[]", "systems.early='none'",
             "systems.fusion=['mean']", "tuning.trials=3", "tuning.systems=['ridge-audio']")  # fmt: skip
WORKER_MARK = "loky"


@dataclass(frozen=True)
class Kill:
    """Who is killed, how, and when: seconds after the start, as a share of what an undisturbed run takes."""

    whom: str
    how: signal.Signals
    jobs: int
    share: float

    @property
    def case(self) -> str:
        return f"{self.whom}, {self.how.name}, {self.jobs} worker{'s' * (self.jobs > 1)}"


KINDS = (
    ("parent", signal.SIGKILL, 1),
    ("parent", signal.SIGKILL, 2),
    ("parent", signal.SIGTERM, 2),
    ("parent", signal.SIGINT, 1),
    ("a worker", signal.SIGKILL, 2),
)
SOON = {signal.SIGTERM: 143, signal.SIGINT: 130}
"""Exit status of signals that end a run in order, within `PATIENCE` seconds."""
PATIENCE = 30
"""Of a machine on which others work too; the command's own is 5 s."""


def start(study: SmallStudy, out: Path, jobs: int) -> subprocess.Popen:
    words = [sys.executable, "-m", "avbaselines.run", str(study.path), "--out", str(out), "--jobs", str(jobs)]
    return subprocess.Popen(
        [*words, "--set", *OVERRIDES],
        cwd=ROOT,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def children(pid: int) -> list[int]:
    """Worker processes of a run (where the system tells)."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(path.read_text().rpartition(")")[2].split()[1])
            if parent == pid and WORKER_MARK in (path.parent / "cmdline").read_text():
                found.append(int(path.parent.name))
        except (OSError, ValueError, IndexError):
            continue  # it has just ended
    return found


def killed(study: SmallStudy, whole: Path, kill: Kill, seconds: float) -> list[str]:
    """What went wrong with a run that is killed once and then called again."""
    out = Path(tempfile.mkdtemp(dir=study.folder, prefix="killed-"))
    began, process = time.monotonic(), start(study, out, kill.jobs)
    workers: list[int] = []
    while process.poll() is None:
        workers = children(process.pid) or workers
        if time.monotonic() - began >= kill.share * seconds and (kill.whom == "parent" or workers):
            break
        time.sleep(0.02)
    told = time.monotonic()
    ended = process.poll() is not None
    if not ended:
        _send(workers[0] if kill.whom != "parent" else process.pid, kill.how)
    _, said = process.communicate(timeout=10 * seconds + 60)
    took = time.monotonic() - told
    wrong = list(_ending(kill, process.returncode, said, took)) if not ended else []
    finished = {path.name: path.stat().st_mtime_ns for path in out.glob("work/*.npz") if path.name[0] != "."}
    wrong += _left_alive(workers) if kill.whom == "parent" else []
    again = study.run(*OVERRIDES, out=out)
    lost = [name for name, when in finished.items() if (out / "work" / name).stat().st_mtime_ns != when]
    wrong += [f"{len(lost)} of {len(finished)} finished fits were fitted again"] if lost else []
    wrong += [f"{len(again.result.damaged)} files were damaged"] if again.result.damaged else []
    wrong += [f"{path.relative_to(out)} is left behind" for path in out.rglob("*")
              if path.name.startswith(PARTIAL) or path.parent.name == "shared"]  # fmt: skip
    return wrong + differences(whole, out)


def _send(pid: int, how: signal.Signals) -> None:
    try:
        os.kill(pid, how)
    except ProcessLookupError:
        pass  # it ended by itself in this moment


def _ending(kill: Kill, status: int, said: str, took: float) -> Iterator[str]:
    # joblib's process that counts semaphores may lose count of a killed worker's and say so; nothing hangs on it.
    if said.count("Traceback") > said.count("resource_tracker.py"):
        yield f"a traceback: {said.strip().splitlines()[-1]}"
    if kill.whom != "parent":
        if status != 0:
            yield f"ended with {status} although one worker was killed once"
    elif kill.how in SOON:
        if status not in (SOON[kill.how], 0):  # 0: it was done in this moment
            yield f"ended with {status}"
        if took > PATIENCE:
            yield f"ended after {took:.0f} s"


def _left_alive(workers: list[int]) -> list[str]:
    until = time.monotonic() + PATIENCE
    while alive := [pid for pid in workers if (Path("/proc") / str(pid)).exists()]:
        if time.monotonic() > until:
            return [f"{len(alive)} workers live on"]
        time.sleep(0.1)
    return []


def undisturbed(folder: Path) -> tuple[SmallStudy, Path, float]:
    """A study, a run of it that nobody disturbed, and the seconds that such a run takes as a command."""
    study = small_release(folder, speakers=6, clips=6)
    began = time.monotonic()
    process = start(study, folder / "whole", 1)
    said = process.communicate()[1]
    assert process.returncode == 0, said
    return study, folder / "whole", time.monotonic() - began


def trial(rounds: int, seed: int) -> list[Outcome]:
    """Kill so many runs."""
    outcomes, rng = [], np.random.default_rng(seed)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        study, whole, seconds = undisturbed(Path(folder))
        for number in range(rounds):
            kill = Kill(*KINDS[number % len(KINDS)], share=float(rng.uniform(0.1, 1)))
            wrong = killed(study, whole, kill, seconds)
            detail = "; ".join(wrong) + f" (at {kill.share:.0%})" if wrong else ""
            outcomes.append(Outcome("kills", kill.case, not wrong, detail))
    return outcomes
