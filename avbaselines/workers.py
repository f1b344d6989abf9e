"""Calls in worker processes: a worker that is killed costs its own call alone, and no worker outlives its parent."""

import os
import re
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

__all__ = ["Died", "in_workers"]

Answer = TypeVar("Answer")

SHARED_FROM = "100K"
"""Arrays from this size on are written once and mapped by all workers."""
ONE_THREAD = {name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")}
_WATCH_SECONDS = 1.0
_watched: set[int] = set()


@dataclass(frozen=True)
class Died:
    """Stands for the answer of a call that killed its process twice, the second time when it was alone.

    Attributes
    ----------
    signals : tuple of str
        What ended the process, as far as it is known.

    Examples
    --------
    >>> Died(("SIGSEGV",)).reason
    'its process was ended by SIGSEGV, twice: a library that it calls crashed'
    """

    signals: tuple[str, ...] = ()

    @property
    def reason(self) -> str:
        """In words, with what it most likely means."""
        if not self.signals or "SIGKILL" in self.signals:
            why = "most likely it needs more memory than there is"
        elif {"SIGSEGV", "SIGABRT", "SIGBUS", "SIGILL", "SIGFPE"} & set(self.signals):
            why = "a library that it calls crashed"
        else:
            why = "somebody ended it"
        return f"its process was ended by {' and '.join(self.signals) or 'the system'}, twice: {why}"


def in_workers(
    function: Callable[..., Answer], calls: Sequence[tuple], jobs: int, shared: Path | None = None
) -> Iterator[tuple[int, Answer | Died]]:
    """Call a function in several processes, and yield each call's number and answer as they end.

    Where a worker is killed, by a lack of memory for one, the others' calls go on, and those that were under way are
    tried once more, one at a time and alone.

    Parameters
    ----------
    function
        Importable by its name, as its arguments' classes are.
    calls : sequence of tuple
        Arguments. A call may be made twice.
    jobs
        Processes; 1 calls the function here.
    shared
        Folder for large arrays while the calls last, made where it is not there; by default the system's. What a
        killed parent leaves in it may be deleted.

    Yields
    ------
    number : int
        Position of the call.
    answer
        What the function returned, or `Died`.

    Raises
    ------
    Exception
        What the function raises; the calls that are left are not made.

    Examples
    --------
    >>> sorted(in_workers(pow, [(2, 3), (3, 2)], jobs=1))
    [(0, 8), (1, 9)]
    """
    if jobs == 1:
        yield from ((number, function(*call)) for number, call in enumerate(calls))
        return
    if shared is not None:
        shared.mkdir(parents=True, exist_ok=True)
    left = dict(enumerate(calls))
    while left:
        with TemporaryDirectory(dir=shared, prefix="workers-", ignore_cleanup_errors=True) as folder:
            try:
                for number, answer in _pool(function, left, jobs, Path(folder)):
                    del left[number]
                    yield number, answer
                continue
            except BrokenProcessPool:
                begun = [int(path.name) for path in Path(folder, "begun").iterdir()]
        # Those that were under way; one died before it could say so where there is none.
        suspects = [number for number in begun if number in left] or [next(iter(left))]
        for number in suspects:
            yield number, _alone(function, left.pop(number))


def _pool(
    function: Callable[..., Answer], calls: dict[int, tuple], jobs: int, folder: Path
) -> Iterator[tuple[int, Answer]]:
    from joblib import Parallel, delayed, parallel_config

    begun = folder / "begun"
    begun.mkdir()
    # Before it has anything to do, a worker is to end with its parent already.
    ready: dict[str, Any] = {"initializer": _serve, "initargs": (os.getpid(),)}
    with parallel_config(backend="loky", inner_max_num_threads=1, **ready):
        workers = Parallel(
            n_jobs=jobs,
            batch_size=1,
            return_as="generator_unordered",
            pre_dispatch="2 * n_jobs",
            max_nbytes=SHARED_FROM,
            temp_folder=str(folder),
        )
        yield from workers(delayed(_noted)(function, call, number, begun) for number, call in list(calls.items()))


def _noted(function: Callable[..., Answer], call: tuple, number: int, begun: Path) -> tuple[int, Answer]:
    """In a worker: a call that leaves a file while it is under way."""
    note = begun / str(number)
    note.touch()
    answer = function(*call)
    note.unlink(missing_ok=True)
    return number, answer


def _alone(function: Callable[..., Answer], call: tuple) -> Answer | Died:
    """A call in a process of its own, which may die."""
    from joblib.externals.loky import ProcessPoolExecutor

    try:
        with ProcessPoolExecutor(1, env=ONE_THREAD, initializer=_serve, initargs=(os.getpid(),)) as executor:
            answer: Answer = executor.submit(function, *call).result()
            return answer
    except BrokenProcessPool as error:
        return Died(tuple(dict.fromkeys(re.findall(r"\bSIG[A-Z]+", str(error)))))


def _serve(parent: int) -> None:
    """Let this worker end within seconds of its parent, however that ends (on Windows: not), and never by itself."""
    if threading.current_thread() is threading.main_thread():
        # Control-C reaches all processes of a terminal; it is the parent's to deal with.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    if parent in _watched or os.name == "nt":
        return
    _watched.add(parent)

    def watch() -> None:
        # A process whose parent has ended is given another one.
        while os.getppid() == parent:
            time.sleep(_WATCH_SECONDS)
        os._exit(1)

    threading.Thread(target=watch, daemon=True, name="ends with its parent").start()


if hasattr(os, "register_at_fork"):
    # A process forked from a worker has no thread that watches.
    os.register_at_fork(after_in_child=_watched.clear)
