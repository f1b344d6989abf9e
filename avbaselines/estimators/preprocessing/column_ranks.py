"""Ranks of a table's values among any of its rows, from one sorting of each column."""

import numpy as np

from avbaselines.estimators.preprocessing.normal_scores import MAX_REFERENCES, score_table, thinned_positions

__all__ = ["ColumnRanks"]

# Values of one part of the columns: what lies in a fast cache with the counts that are made of it.
PART = 2**17


class ColumnRanks:
    """Which of a column's values are smaller than which, for all rows of a table.

    The rank of a value among some rows is then a matter of counting, without sorting or searching: folds and splits of
    one table share the sorting. Scores are those of `Preparation` with ``scaling="quantile"``, to the bit.

    Parameters
    ----------
    X : ndarray of shape (n, d)
        NaN = missing.

    Attributes
    ----------
    nbytes : int
        2 bytes a value with fewer than 65,536 rows, else 4.

    Examples
    --------
    >>> ranks = ColumnRanks(np.array([[5.0], [1.0], [3.0], [np.nan]]))
    >>> ranks.scores(np.array([1, 2]), np.array([0, 1, 2, 3]), np.float64).round(2).ravel().tolist()
    [3.0, -0.67, 0.67, 0.0]
    """

    def __init__(self, X: np.ndarray):
        n_rows, n_columns = X.shape
        self._codes = np.empty((n_columns, n_rows), np.uint16 if n_rows < 2**16 else np.uint32)
        self._missing = n_rows
        for columns in self._parts():
            values = np.ascontiguousarray(X[:, columns].T)
            order = np.argsort(values, axis=1)
            ordered = np.take_along_axis(values, order, axis=1)
            codes = np.zeros(values.shape, self._codes.dtype)
            np.cumsum(ordered[:, 1:] != ordered[:, :-1], axis=1, out=codes[:, 1:], dtype=codes.dtype)
            codes[np.isnan(ordered)] = self._missing
            np.put_along_axis(self._codes[columns], order, codes, axis=1)

    @property
    def nbytes(self) -> int:
        """Bytes that are held."""
        return self._codes.nbytes

    def _parts(self) -> list[slice]:
        n_columns, n_rows = self._codes.shape
        step = max(1, PART // max(n_rows, 1))
        return [slice(first, min(first + step, n_columns)) for first in range(0, n_columns, step)]

    def scores(self, among: np.ndarray | None, numbers: np.ndarray | None, dtype: np.dtype | type) -> np.ndarray:
        """Normal scores of the mid-ranks of some rows among others.

        Parameters
        ----------
        among : ndarray of int, optional
            The rows that are ranked among; one that is named twice counts twice. None is all.
        numbers : ndarray of int, optional
            The rows to score; None is all.
        dtype

        Returns
        -------
        ndarray of shape (len(numbers), d)
            0 where a value is missing, or a column does not vary among the rows.
        """
        n_columns, n_rows = self._codes.shape
        scores = np.empty((n_rows if numbers is None else len(numbers), n_columns), dtype)
        for columns in self._parts():
            codes = self._codes[columns]
            # A place for each code of each column, the missing value's last.
            flat = codes + np.arange(len(codes))[:, None] * (self._missing + 1)
            counted = flat if among is None else flat[:, among]
            counts = np.bincount(counted.ravel(), minlength=len(codes) * (self._missing + 1))
            by_code = _scores_by_code(counts.reshape(len(codes), -1)[:, :-1], counted.shape[1], dtype)
            scores[:, columns] = by_code.ravel()[flat if numbers is None else flat[:, numbers]].T
        return scores


def _scores_by_code(counts: np.ndarray, n_ranked: int, dtype: np.dtype | type) -> np.ndarray:
    """Scores of each code's values, and 0 for the missing one, from how many ranked rows have each (columns, n)."""
    through = counts.cumsum(axis=1)
    totals = through[:, -1]
    twice = 2 * through - counts  # values below, and values up to and with this one
    varies = (totals > 0) & (counts.max(axis=1) < totals)
    by_code = np.zeros((len(counts), counts.shape[1] + 1), dtype)
    for total in np.unique(totals[varies]):
        own = varies & (totals == total)
        if n_ranked <= MAX_REFERENCES:
            by_code[own, :-1] = score_table(total, dtype)[twice[own]]
            continue
        # References are values at fixed places of the sorted column: below a value are those at places before it.
        below = np.searchsorted(thinned_positions(total), np.arange(total + 1), side="left")
        table = score_table(MAX_REFERENCES, dtype)
        by_code[own, :-1] = table[below[through[own] - counts[own]] + below[through[own]]]
    return by_code
