"""Runs killed at random moments: each goes on to the results of a run that nobody disturbed, and loses no finished fit.

Parents and workers are killed, by SIGKILL, SIGTERM and SIGINT, with one worker and with two, whatever they are at:
reading, fits, searches, writing. What a kill leaves is counted too: processes, half-written files, shared arrays.
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
from avbaselines.experiment.run_lock import UNFINISHED

OVERRIDES = ("targets={arousal={metric='ccc'}}", "systems.transductive=[]", "systems.early='none'",
             "systems.fusion=['mean']", "tuning.trials=3", "tuning.systems=['ridge-audio']")  # fmt: skip
WORKER_MARK = "popen_loky_posix"


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
    *[("parent", signal.SIGKILL, 1)] * 5,
    *[("parent", signal.SIGTERM, 1), ("parent", signal.SIGINT, 1), ("parent", signal.SIGTERM, 2)],
    *[("parent", signal.SIGKILL, 2), ("a worker", signal.SIGKILL, 2)],
)
SOON = {signal.SIGTERM: 143, signal.SIGINT: 130}
"""Exit status of signals that end a run in order, within `PATIENCE` seconds."""
PATIENCE = 30
"""Of a machine on which others work too; the command's own is 5 s."""


class Started:
    """The command in a process of its own, which hears signals as it does in a terminal."""

    def __init__(self, study: SmallStudy, out: Path, jobs: int) -> None:
        self._said = tempfile.TemporaryFile("w+")  # noqa: SIM115 - read when the process has ended
        words = [str(study.path), "--out", str(out), "--jobs", str(jobs), "--set", *OVERRIDES]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "avbaselines.run", *words],
            stdout=subprocess.DEVNULL, stderr=self._said, preexec_fn=_hears_signals,
        )  # fmt: skip
        self.pid = self._process.pid

    @property
    def is_over(self) -> bool:
        return self._process.poll() is not None

    def wait(self, seconds: float) -> tuple[int, str]:
        """Exit status (minus a signal's number), and what it said on stderr."""
        try:
            status = self._process.wait(seconds)
        finally:
            self._process.kill()
        self._said.seek(0)
        return status, self._said.read()


def _hears_signals() -> None:
    # What a shell starts in the background is deaf to SIGINT.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)


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
    began, process = time.monotonic(), Started(study, out, kill.jobs)
    workers: list[int] = []
    while not process.is_over:
        workers = children(process.pid) or workers
        if time.monotonic() - began >= kill.share * seconds and (kill.whom == "parent" or workers):
            break
        time.sleep(0.02)
    told = time.monotonic()
    ended = process.is_over
    if not ended:
        _send(workers[0] if kill.whom != "parent" else process.pid, kill.how)
    status, said = process.wait(120)
    took = time.monotonic() - told
    done = (out / "report.html").is_file() and not (out / UNFINISHED).exists()
    wrong = list(_ending(kill, status, said, took, done)) if not ended else []
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


def _ending(kill: Kill, status: int, said: str, took: float, done: bool) -> Iterator[str]:
    # joblib's process that counts semaphores may lose count of a killed worker's and say so; nothing hangs on it.
    if said.count("Traceback") > said.count("resource_tracker.py"):
        yield f"a traceback: {said.strip().splitlines()[-1]}"
    if kill.whom != "parent":
        if status != 0:
            yield f"ended with {status} although one worker was killed once"
    elif kill.how in SOON:
        # 0: it was done in this moment. While the interpreter ends, Python gives signals back to the system, which
        # ends a process at once; a shell calls that 143 and 130 too.
        if status not in (SOON[kill.how], 0) and not (done and status == -kill.how):
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
    status, said = Started(study, folder / "whole", 1).wait(300)
    assert status == 0, said
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
