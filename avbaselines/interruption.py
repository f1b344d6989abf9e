"""SIGINT and SIGTERM: an end within seconds, without a traceback, that leaves finished work as it is."""

import os
import select
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

__all__ = ["PATIENCE", "Terminated", "leave_at_once", "leaving_at_once", "raising"]

PATIENCE = 5.0
"""Seconds in which a process may end by itself once it was told to."""
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Terminated(BaseException):
    """The process was told to end by SIGTERM, as KeyboardInterrupt is of SIGINT.

    Examples
    --------
    >>> issubclass(Terminated, Exception)
    False
    """


def leave_at_once() -> None:
    """From now on the signals end this process with a line and no traceback: for when there is nothing to lose yet.

    Raised in the middle of an import, an interruption comes out as whatever the library makes of it.
    """
    if threading.current_thread() is threading.main_thread():
        for number in _heeded():
            signal.signal(number, _leave)


@contextmanager
def leaving_at_once() -> Iterator[None]:
    """As `leave_at_once`, for a while.

    Examples
    --------
    >>> with leaving_at_once():
    ...     import json
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in _heeded()}
    leave_at_once()
    try:
        yield
    finally:
        _restore(before)


@contextmanager
def raising(last_words: str) -> Iterator[None]:
    """SIGINT raises KeyboardInterrupt and SIGTERM `Terminated`; who has not ended after `PATIENCE` is ended.

    Python runs handlers between its own instructions only: a long call of a library would keep them waiting.

    Parameters
    ----------
    last_words
        Printed where the process has to be ended.

    Examples
    --------
    >>> try:
    ...     with raising("ended"):
    ...         signal.raise_signal(signal.SIGTERM)
    ... except Terminated:
    ...     print("in order")
    in order
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, _raise) for number in _heeded()}
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    previous = signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    over = threading.Event()
    watcher = threading.Thread(target=_watch, args=(reading, over, last_words), daemon=True, name="ends on signals")
    watcher.start()
    try:
        yield
    finally:
        over.set()
        signal.set_wakeup_fd(previous)
        _restore(before)
        os.close(writing)  # which wakes the watcher
        watcher.join()
        os.close(reading)


def _heeded() -> list[signal.Signals]:
    """The signals but those that this process was started to ignore, as shells start work in the background."""
    return [number for number in _SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]


def _restore(handlers: dict) -> None:
    for number, handler in handlers.items():
        signal.signal(number, signal.SIG_DFL if handler is None else handler)


def _raise(number: int, frame: FrameType | None) -> None:
    leave_at_once()  # for the next one, while the first is dealt with
    raise KeyboardInterrupt if number == signal.SIGINT else Terminated


def _leave(number: int, frame: FrameType | None) -> None:
    _end(number, "interrupted" if number == signal.SIGINT else "terminated")


def _watch(reading: int, over: threading.Event, last_words: str) -> None:
    """Wait for a signal's number in the pipe, and then for the end."""
    while numbers := _read(reading):
        told = next((number for number in numbers if number in _heeded()), None)
        if told is not None:
            if not over.wait(PATIENCE):
                _end(told, last_words)
            return


def _read(reading: int) -> bytes:
    select.select([reading], [], [])
    return os.read(reading, 64)


def _end(number: int, words: str) -> None:
    try:
        os.write(2, f"{words}\n".encode(errors="replace"))
    finally:
        os._exit(128 + number)
