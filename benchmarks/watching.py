"""A command run and watched: CPU seconds and peak memory of all its processes."""

import os
import subprocess
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Watched", "watched"]

EVERY = 0.5
"""Seconds between two looks at their memory."""


@dataclass(frozen=True)
class Watched:
    """How a command ended, and what it took.

    Attributes
    ----------
    status : int
        Exit status.
    output, errors : str
    cpu : float
        Seconds of all processes.
    peak : float
        MiB, the largest sum over them that was seen; pages that they share count once.
    """

    status: int
    output: str
    errors: str
    cpu: float
    peak: float


def watched(command: list[str], **environment: str) -> Watched:
    """Run a command, with these environment variables beside all others, and watch all its processes."""
    peak, ended = 0, threading.Event()
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        process = subprocess.Popen(
            command, stdout=out, stderr=err, env=os.environ | environment, start_new_session=True
        )

        # The system's own figure of a process begins with what its parent held when it was started.
        def sample() -> None:
            nonlocal peak
            while not ended.wait(EVERY):
                peak = max(peak, sum(_memory(folder, process.pid) for folder in Path("/proc").glob("[0-9]*")))

        sampler = threading.Thread(target=sample)
        sampler.start()
        _, status, used = os.wait4(process.pid, 0)
        ended.set()
        sampler.join()
        process.returncode = os.waitstatus_to_exitcode(status)
        texts = []
        for file in (out, err):
            file.seek(0)
            texts.append(file.read())
    return Watched(process.returncode, *texts, used.ru_utime + used.ru_stime, peak / 1024)


def _memory(folder: Path, session: int) -> int:
    """KiB of a process of a session, its share of shared pages; of others 0."""
    try:
        if int((folder / "stat").read_text().rpartition(")")[2].split()[3]) != session:
            return 0
        lines = (folder / "smaps_rollup").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    except (OSError, IndexError, StopIteration):  # it has just ended
        return 0
