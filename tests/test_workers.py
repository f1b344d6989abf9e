"""Worker processes that are killed, and those whose parent is."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from avbaselines.errors import InputError
from avbaselines.workers import Died, in_workers

PARENT = """
import os, sys, time
from pathlib import Path
from avbaselines.workers import in_workers

def idle(folder):
    Path(folder, str(os.getpid())).touch()
    time.sleep(60)

if __name__ == "__main__":
    list(in_workers(idle, [(sys.argv[1],)] * 2, 2))
"""


def squared(number: int, folder: Path, fatal: int = -1) -> int:
    """The square; a fatal number kills its process, a number of `once` below it only the first time."""
    if number == fatal:
        os.kill(os.getpid(), signal.SIGKILL)
    once = folder / f"once-{number}"
    if once.exists():
        once.unlink()
        os.kill(os.getpid(), signal.SIGKILL)
    return number**2


def test_all_calls_are_answered_and_large_arrays_lie_in_the_folder_named(tmp_path):
    table = np.ones((200, 200))
    answers = dict(in_workers(np.sum, [(table * 0,), (table,)], 2, tmp_path / "shared"))
    assert answers == {0: 0, 1: 40_000} and list((tmp_path / "shared").iterdir()) == []
    assert list(in_workers(np.sum, [], 2, tmp_path)) == []


def test_a_call_that_kills_its_worker_costs_that_call_alone(tmp_path):
    answers = dict(in_workers(squared, [(number, tmp_path, 3) for number in range(8)], 2))
    assert answers.pop(3) == Died(("SIGKILL",)) and answers == {n: n**2 for n in range(8) if n != 3}
    assert "more memory than there is" in Died(("SIGKILL",)).reason and "somebody" in Died(("SIGTERM",)).reason


def test_a_worker_killed_once_costs_nothing(tmp_path):
    for number in (1, 4):
        (tmp_path / f"once-{number}").touch()
    answers = dict(in_workers(squared, [(number, tmp_path) for number in range(6)], 2))
    assert answers == {number: number**2 for number in range(6)}


def test_what_a_call_raises_is_raised(tmp_path):
    for jobs in (1, 2):
        with pytest.raises(ZeroDivisionError):
            list(in_workers(divmod, [(1, 1), (1, 0)], jobs))


@pytest.mark.skipif(sys.platform == "win32", reason="limits the size of files")
def test_a_full_disk_is_one_error(tmp_path):
    import resource

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
    try:
        with pytest.raises(InputError, match=f"^{tmp_path}: what worker processes share cannot be written there .OSE"):
            list(in_workers(np.sum, [(np.ones(100_000),)], 2, tmp_path))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_workers_end_with_their_parent(how, tmp_path):
    (tmp_path / "parent.py").write_text(PARENT)
    parent = subprocess.Popen([sys.executable, str(tmp_path / "parent.py"), str(tmp_path)])
    while len(pids := [int(path.name) for path in tmp_path.iterdir() if path.name.isdigit()]) < 2:
        assert parent.poll() is None
        time.sleep(0.05)
    parent.send_signal(how)
    parent.wait()
    until = time.monotonic() + 20
    while any(map(_lives, pids)):
        assert time.monotonic() < until
        time.sleep(0.1)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{pid}/status")
    return not (status.is_file() and "State:\tZ" in status.read_text())
