"""Rows of a large table a few at a time, so that memory is spent on the table once."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

__all__ = ["Rows", "column_parts", "row_parts"]

# Values of one part: 2 MiB of float32.
PART = 2**19
# Sums over fewer columns at a time are several times slower.
LEAST_COLUMNS = 16
Ready = Callable[[np.ndarray], np.ndarray]


def row_parts(n_rows: int, width: int) -> list[slice]:
    """Slices of consecutive rows: of half a million values of `width` columns, and never of less than 512 rows.

    Examples
    --------
    >>> row_parts(1000, width=2000)
    [slice(0, 512, None), slice(512, 1000, None)]
    """
    step = max(512, PART // max(width, 1))
    return [slice(first, min(first + step, n_rows)) for first in range(0, n_rows, step)]


def column_parts(X: np.ndarray, numbers: np.ndarray | None = None) -> Iterator[tuple[slice, np.ndarray]]:
    """Pairs of a slice of columns and what stands there in the numbered rows of X (None = all), a few at a time.

    Examples
    --------
    >>> [(columns.start, part.shape) for columns, part in column_parts(np.zeros((4, 3)), np.array([0, 2]))]
    [(0, (2, 3))]
    """
    n_rows = len(X) if numbers is None else len(numbers)
    step = max(LEAST_COLUMNS, PART // max(n_rows, 1))
    for first in range(0, X.shape[1], step):
        columns = slice(first, first + step)
        yield columns, X[:, columns] if numbers is None else np.take(X[:, columns], numbers, axis=0)


class Rows:
    """Some rows of a table, made ready part by part in each pass over them; few rows are made ready once and kept.

    Parameters
    ----------
    X : ndarray of shape (n, d)
    numbers : ndarray of int, optional
        Which rows; None is all.
    ready : callable, optional
        From a part (m, d) to what is wanted of it (m, width).
    width : int, optional
        Columns that `ready` gives; None is d.

    Attributes
    ----------
    width : int

    Examples
    --------
    >>> doubled = Rows(np.array([[1.0], [2.0], [3.0]]), ready=lambda part: 2 * part)
    >>> len(doubled), doubled.take(np.array([2])).whole().tolist()
    (3, [[6.0]])
    """

    def __init__(
        self, X: np.ndarray, numbers: np.ndarray | None = None, ready: Ready | None = None, width: int | None = None
    ):
        self._X, self._numbers, self._ready = X, numbers, ready
        self.width = X.shape[1] if width is None else width
        self.slices = row_parts(len(self), max(self.width, X.shape[1]))
        self._kept = self._made(self.slices[0]) if len(self.slices) == 1 else None

    def __len__(self) -> int:
        return len(self._X) if self._numbers is None else len(self._numbers)

    def __iter__(self) -> Iterator[tuple[slice, np.ndarray]]:
        """Pairs of a slice of the rows and what they are."""
        if self._kept is not None:
            return iter([(self.slices[0], self._kept)])
        return ((where, self._made(where)) for where in self.slices)

    def _made(self, where: slice) -> np.ndarray:
        part = self._X[where] if self._numbers is None else self._X[self._numbers[where]]
        return part if self._ready is None else self._ready(part)

    def take(self, numbers: np.ndarray) -> "Rows":
        """Some of these rows."""
        if self._kept is not None:
            return Rows(self._kept, numbers)
        return Rows(self._X, numbers if self._numbers is None else self._numbers[numbers], self._ready, self.width)

    def then(self, function: Ready, width: int) -> "Rows":
        """These rows with one step more, from a part to one of `width` columns."""
        if self._kept is not None:
            return Rows(self._kept, None, function, width)
        ready = self._ready
        if ready is None:
            return Rows(self._X, self._numbers, function, width)
        return Rows(self._X, self._numbers, lambda part: function(ready(part)), width)

    def whole(self, dtype: Any = None) -> np.ndarray:
        """All rows in a new array, of the given type or their own."""
        out = np.empty((len(self), self.width), dtype)
        for number, (where, part) in enumerate(self):
            if not number and dtype is None:
                out = np.empty((len(self), self.width), part.dtype)
            out[where] = part
        return out
