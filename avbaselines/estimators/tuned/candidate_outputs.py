"""Out-of-fold outputs of all candidates, until the best is known."""

from collections.abc import Callable, Iterable, Iterator
from tempfile import SpooledTemporaryFile
from typing import Self

import numpy as np

__all__ = ["CandidateOutputs", "unscaled", "with_absent"]

IN_MEMORY = 2**23
Restore = Callable[[np.ndarray], np.ndarray]


class CandidateOutputs:
    """What each candidate gave for each fold, in memory up to 8 MiB and in a temporary file beyond that.

    Dozens of candidates for several targets are larger than the features themselves where these are few. They are
    kept in the precision of the features.

    Parameters
    ----------
    n_candidates : int
    shape : (int, int)
        Rows, and values of one candidate for a row.
    dtype : dtype

    Examples
    --------
    >>> with CandidateOutputs(2, (3, 1), np.dtype(float)) as outputs:
    ...     outputs.add(np.array([0, 2]), np.array([[[1.0], [2.0]], [[3.0], [4.0]]]), restore=lambda values: values)
    ...     outputs[1].ravel().tolist()
    [3.0, nan, 4.0]
    """

    def __init__(self, n_candidates: int, shape: tuple[int, ...], dtype: np.dtype):
        self._n_candidates, self._shape, self._dtype = n_candidates, shape, dtype
        self._file = SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115
        self._folds: list[tuple[np.ndarray, int, int, Restore]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._file.close()

    def add(self, rows: np.ndarray, outputs: Iterable[np.ndarray], restore: Restore) -> None:
        """Keep the outputs of a fold.

        Parameters
        ----------
        rows : ndarray of int
            The fold's rows.
        outputs : iterable of ndarray of shape (len(rows), any)
            Of each candidate in turn.
        restore : callable
            From such outputs to values (len(rows), values of a row).
        """
        self._file.seek(0, 2)
        start = self._file.tell()
        for output in outputs:
            self._file.write(np.ascontiguousarray(output, self._dtype).data)
            width = output.shape[1]
        self._folds.append((rows, start, width, restore))

    def __iter__(self) -> Iterator[np.ndarray]:
        return (self[number] for number in range(self._n_candidates))

    def __getitem__(self, number: int) -> np.ndarray:
        """Values of one candidate for all rows, float64; NaN where no fold has been evaluated."""
        values = np.full(self._shape, np.nan)
        for rows, start, width, restore in self._folds:
            size = len(rows) * width * self._dtype.itemsize
            self._file.seek(start + number * size)
            values[rows] = restore(np.frombuffer(self._file.read(size), self._dtype).reshape(len(rows), width))
        return values


def with_absent(present: np.ndarray, n_classes: int) -> Restore:
    """A function from outputs for the present classes to decision values of all.

    A class that a fold has not seen comes last, by a margin of the size of a decision value.

    Examples
    --------
    >>> with_absent(np.array([0, 2]), 3)(np.array([[0.5, 2.0]])).tolist()
    [[0.5, -0.5, 2.0]]
    """

    def restore(outputs: np.ndarray) -> np.ndarray:
        values = np.repeat(outputs.min(axis=1, keepdims=True).astype(np.float64) - 1, n_classes, axis=1)
        values[:, present] = outputs
        return values

    return restore


def unscaled(mean: np.ndarray, scale: np.ndarray, usable: np.ndarray) -> Restore:
    """A function from outputs for the usable targets to predictions of all, the mean where nothing could be learnt.

    Examples
    --------
    >>> unscaled(np.array([10.0, 7.0]), np.array([2.0, 0.0]), np.array([0]))(np.array([[1.5]])).tolist()
    [[13.0, 7.0]]
    """

    def restore(outputs: np.ndarray) -> np.ndarray:
        values = np.tile(mean, (len(outputs), 1))
        values[:, usable] += outputs * scale[usable]
        return values

    return restore
