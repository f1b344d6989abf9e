"""One run at a time in a run folder: its lock, what killed runs left in it, and whether its files belong together."""

import json
import os
import platform
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from avbaselines.errors import InputError
from avbaselines.experiment.fitting.store import PARTIAL, Store

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

__all__ = ["UNFINISHED", "held", "sweep", "unfinished"]

LOCK = "run.lock"
UNFINISHED = "UNFINISHED.txt"
"""Stands in a run folder while its files are partly of an earlier run."""


@contextmanager
def held(folder: Path, what: str) -> Iterator[None]:
    """Hold the run folder, so that no other run writes into it.

    The system lets go of the lock when the process ends, however it ends: a killed run blocks nobody.

    Parameters
    ----------
    folder
        Of the run, made where it is not there.
    what
        The study, for whoever finds the folder taken.

    Raises
    ------
    InputError
        Another run is at work in the folder.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder, held(Path(folder), "small"):
    ...     with held(Path(folder), "other"):
    ...         pass
    Traceback (most recent call last):
    avbaselines.errors.InputError: ... another run is at work there ('small', process ...
    """
    path = Store(folder / "work").folder / LOCK
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "a+", encoding="utf-8") as file:
        try:
            _lock(file)
        except BlockingIOError:
            raise InputError(
                f"--out {folder}: another run is at work there ({_holder(path)}); wait for it, or name another folder"
            ) from None
        except OSError:
            pass  # a file system without locks: then whoever starts two runs on one folder is not told
        file.truncate(0)
        started = datetime.now(UTC).isoformat(timespec="seconds")
        file.write(json.dumps({"study": what, "process": os.getpid(), "host": platform.node(), "since": started}))
        file.flush()
        yield
        file.truncate(0)


def _holder(path: Path) -> str:
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        return f"{told['study']!r}, process {told['process']} on {told['host']}, since {told['since']}"
    except (OSError, ValueError, KeyError, TypeError):
        return "it has not said who it is"


def _lock(file: IO[str]) -> None:
    """Take the lock of an open file, which goes with the process; BlockingIOError where another one has it."""
    if sys.platform == "win32":
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except PermissionError:
            raise BlockingIOError from None
    else:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def sweep(folder: Path) -> None:
    """Delete what killed runs left in a run folder that is held: half-written files, locks, arrays that workers shared.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     Path(folder, f"{PARTIAL}x7.csv").touch()
    ...     sweep(Path(folder))
    ...     list(Path(folder).iterdir())
    []
    """
    store = Store(folder / "work")
    shutil.rmtree(store.shared, ignore_errors=True)
    for path in (folder / "tuning").glob("*.lock*"):  # of journals that nobody else writes
        path.unlink(missing_ok=True)
    models = folder / "models"
    for place in (folder, store.folder, store.folder / "kept", folder / "tuning", models, *models.glob("*")):
        for path in place.glob(f"{PARTIAL}*"):
            path.unlink(missing_ok=True)


@contextmanager
def unfinished(folder: Path) -> Iterator[None]:
    """Say in the run folder, while its files are written, that they do not belong together yet.

    Where writing ends badly the file stays, until a run ends well.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with unfinished(Path(folder)):
    ...         print([path.name for path in Path(folder).iterdir()])
    ...     list(Path(folder).iterdir())
    ['UNFINISHED.txt']
    []
    """
    path = folder / UNFINISHED
    path.write_text(
        "The files of this folder are being written: some may still be those of an earlier run.\n"
        "Where no run is at work in it, the same command goes on from here; this file is gone when it is done.\n",
        encoding="utf-8",
    )
    yield
    path.unlink(missing_ok=True)
