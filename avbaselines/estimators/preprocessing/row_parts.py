"""Rows of a large table a few at a time, so that memory is spent on the table once."""

import numpy as np

__all__ = ["Rows", "column_parts", "row_parts"]

# Values of one part: 2 MiB of float32.
PART = 2**19
# Sums over fewer columns at a time are several times slower.
LEAST_COLUMNS = 16


def row_parts(n_rows, width):
    """Slices of consecutive rows: of half a million values of `width` columns, and never of less than 512 rows."""
    step = max(512, PART // max(width, 1))
    return [slice(first, min(first + step, n_rows)) for first in range(0, n_rows, step)]


def column_parts(X, numbers=None):
    """Pairs of a slice of columns and what stands there in the numbered rows of X (None = all), a few at a time."""
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
    """

    def __init__(self, X, numbers=None, ready=None, width=None):
        self._X, self._numbers, self._ready = X, numbers, ready
        self.width = X.shape[1] if width is None else width
        self.slices = row_parts(len(self), max(self.width, X.shape[1]))
        self._kept = self._made(self.slices[0]) if len(self.slices) == 1 else None

    def __len__(self):
        return len(self._X) if self._numbers is None else len(self._numbers)

    def __iter__(self):
        """Pairs of a slice of the rows and what they are."""
        if self._kept is not None:
            return iter([(self.slices[0], self._kept)])
        return ((where, self._made(where)) for where in self.slices)

    def _made(self, where):
        part = self._X[where] if self._numbers is None else self._X[self._numbers[where]]
        return part if self._ready is None else self._ready(part)

    def take(self, numbers):
        """Some of these rows."""
        if self._kept is not None:
            return Rows(self._kept, numbers)
        return Rows(self._X, numbers if self._numbers is None else self._numbers[numbers], self._ready, self.width)

    def then(self, function, width):
        """These rows with one step more, from a part to one of `width` columns."""
        if self._kept is not None:
            return Rows(self._kept, None, function, width)
        if self._ready is None:
            return Rows(self._X, self._numbers, function, width)
        return Rows(self._X, self._numbers, lambda part: function(self._ready(part)), width)

    def whole(self, dtype=None):
        """All rows in a new array, of the given type or their own."""
        out = None
        for where, part in self:
            if out is None:
                out = np.empty((len(self), self.width), dtype or part.dtype)
            out[where] = part
        return out
