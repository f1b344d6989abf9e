"""Work that several fits to the same rows share: kept up to a number of bytes, made again beyond."""

from collections.abc import Callable, Hashable
from typing import Any, TypeVar

import numpy as np

__all__ = ["SEARCH_LIMIT", "SharedWork", "rows_key"]

Value = TypeVar("Value")

SEARCH_LIMIT = 2**29
"""Bytes that the trials of one search may keep."""


class SharedWork:
    """What fits to the same rows and labels make once: the folds of one fit, and the trials of a search.

    What finds no room is made again each time, to the same end: results never depend on what is kept. Nothing that is
    kept gives way, for folds and trials pass in turn, and would drive out just what comes next.

    Parameters
    ----------
    limit : int, default=0
        Bytes that may be kept.

    Examples
    --------
    >>> shared, made = SharedWork(limit=100), []
    >>> [shared.get(name, lambda: made.append(1) or np.zeros(10)).shape for name in ("a", "a", "b", "b")]
    [(10,), (10,), (10,), (10,)]
    >>> len(made)
    3
    """

    def __init__(self, limit: int = 0):
        self.limit, self._held = limit, 0
        self._kept: dict[Hashable, Any] = {}

    def get(self, key: Hashable, make: Callable[[], Value], always: bool = False) -> Value:
        """The value of a key, made now if it is not kept.

        Parameters
        ----------
        key
        make : callable
            Gives an array, a tuple of them, or anything with `nbytes`; always the same for a key.
        always : bool, default=False
            Whether it is kept beside the limit: for what is of a size bounded by its maker and every fold needs.
        """
        if key in self._kept:
            return self._kept[key]
        value = make()
        size = 0 if always else _size(value)
        if self._held + size <= self.limit or always:
            self._held += size
            self._kept[key] = value
        return value

    def has_room(self, key: Hashable, size: int) -> bool:
        """Whether a value of so many bytes is kept, or would be."""
        return key in self._kept or self._held + size <= self.limit


def rows_key(rows: np.ndarray | None) -> bytes:
    """A key for some rows of a table; None is all.

    Examples
    --------
    >>> rows_key(np.array([1, 2])) == rows_key(np.array([1, 2])), rows_key(None)
    (True, b'')
    """
    return b"" if rows is None else np.asarray(rows, np.int64).tobytes()


def _size(value: Any) -> int:
    return sum(map(_size, value)) if isinstance(value, tuple) else int(value.nbytes)
