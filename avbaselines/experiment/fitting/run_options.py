"""Options of a run that change how work is done, not what comes out."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Device = Literal["cpu", "cuda"]
Progress = Callable[[int, int, str], None]
"""``progress(done, total, what)``: told before and after each piece of work."""


@dataclass(frozen=True)
class RunOptions:
    """How a run does its work.

    Attributes
    ----------
    jobs : int
        Worker processes, one thread each. Beside them this process has the GPU, if there is one.
    device : {"cpu", "cuda"}
        For learners that know it.
    storage : str or None
        Where searches keep their trials: path of a journal file or URL of a database; by default a journal a search in
        the run folder's ``tuning``.
    cluster : str or None
        Address of a Dask scheduler whose workers do the fits instead.
    force : bool
        Fit again what is there.
    progress : callable or None

    Examples
    --------
    >>> RunOptions(jobs=2).device
    'cpu'
    """

    jobs: int = 1
    device: Device = "cpu"
    storage: str | None = None
    cluster: str | None = None
    force: bool = False
    progress: Progress | None = None

    def report(self, done: int, total: int, what: str) -> None:
        """Tell whoever watches how far the work is."""
        if self.progress is not None:
            self.progress(done, total, what)
