"""The same fits on a Dask cluster that is already there; what they read and write lies on a file system all share."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from avbaselines.errors import InputError
from avbaselines.experiment.fitting.split_task import SplitTask
from avbaselines.experiment.fitting.store import Store, digest, replacing
from avbaselines.experiment.fitting.units import Unit
from avbaselines.version import __version__

if TYPE_CHECKING:  # an extra
    from distributed import Client

Work = Callable[[Unit, SplitTask, Sequence[np.ndarray], Store], tuple[str, str | None]]
"""``work(unit, task, features, store)`` gives the unit's key, and the reason where it failed."""

Answer = TypeVar("Answer")

PATIENCE = 30  # seconds until somebody answers


def check_cluster(address: str) -> None:
    """Connect once, so that what is wrong is known before anything is read.

    Raises
    ------
    InputError
        Where the extra is not installed, nobody answers, or the workers run another version.

    Examples
    --------
    >>> check_cluster("nosuch://host")
    Traceback (most recent call last):
    avbaselines.errors.InputError: ...
    """
    with _client(address):
        pass


def on_every_worker(address: str, function: Callable[[], Answer]) -> list[Answer]:
    """What a function without arguments gives on each worker.

    Examples
    --------
    >>> on_every_worker("nosuch://host", list)
    Traceback (most recent call last):
    avbaselines.errors.InputError: ...
    """
    with _client(address) as client:
        return list(_told(client, function).values())


def cluster_results(
    address: str,
    work: Work,
    calls: Sequence[tuple[Unit, SplitTask, Sequence[np.ndarray], Store]],
    folder: Path,
    code: Callable[[], str],
) -> Iterator[tuple[int, str | None]]:
    """Do work on a cluster, several times where a worker dies.

    Parameters
    ----------
    address
        Of the scheduler, such as ``tcp://host:8786``.
    work
    calls
        Unit, task, features and store. Features are arrays, or an empty list; each is written to `folder` once and
        mapped by the workers.
    folder
        Seen under the same path by all workers.
    code
        Digest of the code that fits depend on; workers with another one are refused.

    Yields
    ------
    number : int
        Position of the call.
    reason : str or None
        Of a failure.

    Raises
    ------
    InputError
        As for :func:`check_cluster`, and where a worker has other code or does not see the folder.

    Examples
    --------
    >>> list(cluster_results("tcp://host:8786", lambda *given: ("key", None), [], Path("work"), str))
    []
    """
    if not calls:
        return
    files: dict[int, str] = {}
    for _, _, features, _ in calls:
        for X in features:
            if id(X) not in files:
                files[id(X)] = _written(X, Path(folder))
    from distributed import as_completed

    with _client(address) as client:
        _refuse_other_workers(client, code(), code, next(iter(files.values()), None))
        futures = {}
        for number, (unit, task, features, store) in enumerate(calls):
            paths = [files[id(X)] for X in features]
            futures[client.submit(_mapped, work, unit, task, paths, store, retries=2, pure=False)] = number
        try:
            for future in as_completed(futures, loop=client.loop):
                error = future.exception()
                if error is None:
                    yield futures[future], future.result()[1]
                else:  # workers died under it again and again: this row's reason, and only this row's
                    yield futures[future], f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"
        finally:
            client.cancel(list(futures))


def _mapped(
    work: Work, unit: Unit, task: SplitTask, files: Sequence[str], store: Store
) -> tuple[str, str | None]:
    """On a worker, with features read from files."""
    return work(unit, task, [np.load(file, mmap_mode="r") for file in files], store)


def _written(X: np.ndarray, folder: Path) -> str:
    path = (folder / f"{digest(X)[:32]}.npy").absolute()
    if not _holds(path, X):
        with replacing(path) as temporary:
            np.save(temporary, X)
    return str(path)


def _holds(path: Path, X: np.ndarray) -> bool:
    """Whether a file of an earlier run is whole."""
    try:
        return digest(np.load(path, mmap_mode="r")) == digest(X)
    except (OSError, EOFError, ValueError):
        return False


def _client(address: str) -> "Client":
    try:
        from distributed import Client
    except ImportError:
        raise InputError("--cluster: needs the extra: pip install 'avbaselines[cluster]'") from None
    try:
        client = Client(address, timeout=PATIENCE, set_as_default=False)
    except (OSError, ValueError) as error:
        reason = " ".join(str(error).split())[:200]
        raise InputError(
            f"--cluster {address}: no scheduler answers ({reason}); start one with `dask scheduler` and give its "
            "address, such as tcp://host:8786"
        ) from None
    try:
        client.wait_for_workers(1, timeout=PATIENCE)
    except TimeoutError:
        client.close()
        raise InputError(
            f"--cluster {address}: the scheduler has no workers; start some with `dask worker {address} --nthreads 1`"
        ) from None
    return client


def _told(client: "Client", function: Callable[[], Answer]) -> dict[str, Answer]:
    """What a function gives on each worker, by its address; a worker that has just died does no fits."""
    answers: dict[str, Any] = client.run(function, on_error="return")
    for worker, answer in answers.items():
        if isinstance(answer, Exception) and not isinstance(answer, OSError):
            reason = f"{type(answer).__name__}: {' '.join(str(answer).split())[:200]}"
            raise InputError(f"--cluster: worker {worker} cannot do the fits ({reason}); install the same there")
    return {worker: answer for worker, answer in answers.items() if not isinstance(answer, OSError)}


def _refuse_other_workers(client: "Client", own: str, code: Callable[[], str], file: str | None) -> None:
    def state() -> tuple[str, str, bool]:
        return __version__, code(), file is None or Path(file).is_file()

    for worker, (version, digest_there, sees) in _told(client, state).items():
        if digest_there != own:
            raise InputError(
                f"--cluster: worker {worker} runs other code (avbaselines {version}, or other libraries); install the "
                "same on all machines"
            )
        if not sees:
            raise InputError(
                f"--cluster: worker {worker} does not see {file}; give --out a folder on a file system that all share"
            )
