"""Signals end a process within seconds, without a traceback."""

import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from avbaselines.command import INTERRUPTED, TERMINATED, exit_status
from avbaselines.interruption import Terminated, leaving_at_once, raising

BUSY = """
import hashlib, sys
from avbaselines import interruption
from avbaselines.command import exit_status
interruption.PATIENCE = 0.5

def work():
    print("begun", flush=True)
    sys.argv[1] == "python" and exec("while True: pass")
    hashlib.pbkdf2_hmac("sha256", b"", b"", 10**9)  # a library that does not come back to Python for minutes

sys.exit(exit_status(work, debug=False, interrupted="the same command goes on"))
"""
IMPORTING = """
from avbaselines.interruption import leaving_at_once
with leaving_at_once():
    print("begun", flush=True)
    try:
        while True: pass
    except BaseException as error:  # as libraries do that try one import after the other
        raise ImportError("no such thing") from error
"""


def ended(code: str, number: int, *words: str) -> tuple[int, str, float]:
    """Exit status, what it said on stderr, and the seconds from the signal to the end."""
    process = subprocess.Popen(
        [sys.executable, "-c", code, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        preexec_fn=hears_signals,
    )  # fmt: skip
    try:
        assert process.stdout.readline() == "begun\n"
        time.sleep(0.5)  # for what it does next to be under way
        began = time.monotonic()
        process.send_signal(number)
        _, said = process.communicate(timeout=60)
        return process.returncode, said, time.monotonic() - began
    finally:
        process.kill()


def hears_signals() -> None:
    """As a command in a terminal does; what a shell starts in the background is deaf to SIGINT."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_work_that_is_told_to_end_says_so_in_a_line(number, status):
    word = "interrupted" if number == signal.SIGINT else "terminated"
    code, said, _ = ended(BUSY, number, "python")
    assert (code, said) == (status, f"{word}; the same command goes on\n")


def test_a_library_that_does_not_come_back_is_ended():
    code, said, seconds = ended(BUSY, signal.SIGTERM, "library")
    assert (code, said) == (143, "ended; the same command goes on\n") and seconds < 20


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_imports_are_left_without_a_traceback(number, status):
    code, said, _ = ended(IMPORTING, number)
    assert code == status and said in ("interrupted\n", "terminated\n")


def test_handlers_are_as_before_afterwards_and_other_threads_leave_them_alone():
    found = [signal.signal(signal.SIGINT, signal.default_int_handler), signal.signal(signal.SIGTERM, signal.SIG_DFL)]
    try:
        handlers_come_and_go()
    finally:
        for number, handler in zip((signal.SIGINT, signal.SIGTERM), found, strict=True):
            signal.signal(number, handler)


def handlers_come_and_go():
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    assert exit_status(lambda: signal.raise_signal(signal.SIGTERM), debug=False, interrupted="") == TERMINATED
    assert exit_status(lambda: signal.raise_signal(signal.SIGINT), debug=False, interrupted="") == INTERRUPTED
    with leaving_at_once():
        assert signal.getsignal(signal.SIGINT) is not before[0]
    statuses = []

    def elsewhere():
        with leaving_at_once():
            statuses.append(exit_status(lambda: 0, debug=False, interrupted=""))

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    assert statuses == [0]
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before
    assert not [one for one in threading.enumerate() if one.name == "ends on signals"]


def test_a_signal_of_another_process_is_raised_here():
    with pytest.raises(Terminated), raising("ended"):
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(1)
