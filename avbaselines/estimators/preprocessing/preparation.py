"""Bring the columns of all modalities to one scale, with a defined answer for what is missing."""

from collections.abc import Callable, Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import TransformerMixin
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted

from avbaselines.errors import InputError
from avbaselines.estimators.preprocessing.normal_scores import MAX_REFERENCES, score_table, thinned_positions
from avbaselines.estimators.preprocessing.row_parts import Rows, column_parts
from avbaselines.estimators.preprocessing.screening import screened_columns
from avbaselines.estimators.tuned.parameter_checks import CheckedParameters, OneOf, Within
from avbaselines.estimators.tuned.validation import GapTolerant

__all__ = ["Blocks", "Preparation", "column_blocks", "narrow_columns", "present_blocks", "weights_of_blocks"]

Blocks = Sequence[Any] | np.ndarray | None
"""What `blocks` may be: index lists or slices, or a block number per column; None = one block."""

IN_ANY_ORDER = 200

LEAST_LIMIT = 10.0
"""Deviations that a standardised value may always be away; further only as far as fitted values are.

A column that hardly varies among the fitted rows (a unit that is silent for almost everybody, a constant but for
rounding) would put a new value thousands of deviations away.
"""

NARROW = 500
"""Columns of a block up to which both scalings of it are joined: a line over more columns bends enough."""


def column_blocks(blocks: Blocks, n_columns: int) -> list[np.ndarray]:
    """Resolve a `blocks` parameter into one array of column indices per block.

    Parameters
    ----------
    blocks : None, sequence of index lists, index arrays or slices, or a block number per column
    n_columns : int

    Returns
    -------
    list of ndarray of int
        Together they name each column exactly once.

    Raises
    ------
    InputError
        If a column is named twice or not at all.

    Examples
    --------
    >>> [columns.tolist() for columns in column_blocks([0, 1, 0], 3)]
    [[0, 2], [1]]
    """
    if blocks is None:
        return [np.arange(n_columns)]
    if len(blocks) == n_columns and all(np.ndim(b) == 0 and not isinstance(b, slice) for b in blocks):
        numbers = np.asarray(blocks)
        return [np.flatnonzero(numbers == number) for number in np.unique(numbers)]
    try:
        everything = np.arange(n_columns)
        columns = [np.atleast_1d(everything[b if isinstance(b, slice) else np.asarray(b, int)]) for b in blocks]
    except IndexError as error:
        raise InputError(f"blocks: a column outside the {n_columns} columns of X is named ({error})") from None
    if not np.array_equal(np.sort(np.concatenate(columns)), np.arange(n_columns)):
        raise InputError(f"blocks: each of the {n_columns} columns of X must be in exactly one block")
    return columns


class Preparation(TransformerMixin, CheckedParameters, GapTolerant):
    """Scale columns, fill what is missing and balance the blocks.

    Parameters
    ----------
    blocks : None, sequence of index lists or slices, or a block number per column; default=None
        The columns of each modality; None is one block. An all-NaN block in a row means the modality is missing there.
    scaling : {'standard', 'quantile', 'joined'}, default='standard'
        'standard' subtracts the mean and divides by the standard deviation; values further away than every fitted one
        and than 10 deviations are brought to that limit. 'quantile' replaces a value by the normal score of its
        mid-rank among the fitted values, within +-3: no outlier is further away than that. 'joined' has these scores
        and beside them the standardised columns of narrow blocks (up to 500 columns), so that a linear model may bend
        each; a block weighs what it does otherwise.
    balance : bool, default=True
        Divide each block by the square root of its number of columns, so that each modality has about the same say in
        distances and inner products whatever its width.
    column_share : float in (0, 1], default=1.0
        Share of each block's columns that count: those that follow the targets best in the fitted rows, see
        `screened_columns`. The others become 0.
    block_weights : tuple of float, optional
        Further weight of each block's columns; None weighs all the same.

    Attributes
    ----------
    blocks_ : list of ndarray
        Column indices of each block.
    doubled_ : ndarray of int
        Columns that stand standardised before the scores of all; none unless joined.
    indicated_ : ndarray of int
        Blocks with a presence column (1 present, 0 missing): those missing for some but not all fitted rows.

    Notes
    -----
    Statistics of a column come from the rows that have a value. Constant columns become 0, and so do NaN cells and
    missing blocks after scaling. float32 input gives float32 output. Beyond 2,000 rows the quantile references are
    2,000 evenly spaced order statistics.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.array([[0.0, 1.0], [2.0, np.nan]])
    >>> Preparation(blocks=[[0], [1]]).fit_transform(X).tolist()
    [[-1.0, 0.0, 1.0], [1.0, 0.0, 0.0]]
    """

    constraints = {"scaling": OneOf("standard", "quantile", "joined"), "column_share": Within(0, 1, open_low=True)}

    def __init__(
        self,
        blocks: Blocks = None,
        scaling: str = "standard",
        balance: bool = True,
        column_share: float = 1.0,
        block_weights: Sequence[float] | None = None,
    ):
        self.blocks = blocks
        self.scaling = scaling
        self.balance = balance
        self.column_share = column_share
        self.block_weights = block_weights

    def fit(self, X: ArrayLike, y: np.ndarray | None = None, rows: np.ndarray | None = None) -> Self:
        """Learn the statistics of some rows.

        Parameters
        ----------
        X : array-like of shape (n, n_features)
            NaN allowed.
        y : ndarray, optional
            Targets or codes of the rows learnt from, as `screened_columns` takes them; they only screen columns.
        rows : ndarray of int, optional
            The rows to learn from, which saves a copy of them; None is all.
        """
        self.check_parameters()
        X = self._validated(X, reset=True)
        self.blocks_ = column_blocks(self.blocks, X.shape[1])
        counts = sum(present_blocks(np.isnan(part), self.blocks_).sum(axis=0) for _, part in Rows(X, rows))
        self.indicated_ = np.flatnonzero((counts > 0) & (counts < (len(X) if rows is None else len(rows))))
        self.doubled_ = narrow_columns(self.blocks_) if self.scaling == "joined" else np.array([], int)
        if self.scaling != "standard":
            self.references_, self.counts_ = _gathered(_references, X, rows)
        if self.scaling == "standard" or len(self.doubled_):
            # All columns are those of X itself, of which no copy is made.
            table = X[:, self.doubled_] if 0 < len(self.doubled_) < X.shape[1] else X
            self.center_, self.scale_, self.limit_ = _gathered(_mean_scale_and_limit, table, rows)
        self.weight_ = self._weights(X, y, rows)
        return self

    def _weights(self, X: np.ndarray, y: np.ndarray | None, rows: np.ndarray | None) -> np.ndarray:
        if self.column_share < 1 and y is None:
            raise InputError("column_share: columns can be screened only by targets; give y")
        block_weights = weights_of_blocks(self.block_weights, len(self.blocks_))
        weights = np.zeros(X.shape[1])
        for columns, block_weight in zip(self.blocks_, block_weights, strict=True):
            if self.column_share < 1 and y is not None:
                kept = max(1, round(self.column_share * len(columns)))
                columns = columns[screened_columns(X[:, columns], y, kept, rows)]
            weights[columns] = block_weight / (np.sqrt(max(len(columns), 1)) if self.balance else 1)
        weights[self.doubled_] /= np.sqrt(2)
        return weights

    def transform(self, X: ArrayLike) -> np.ndarray:
        """Prepare rows.

        Parameters
        ----------
        X : array-like of shape (n, n_features)

        Returns
        -------
        ndarray of shape ``(n, n_features + len(indicated_))``
            Where they are 'joined', of narrow blocks twice the features.
        """
        check_is_fitted(self)
        X = self._validated(X)
        return self.rows(X).whole()

    def rows(self, X: np.ndarray, numbers: np.ndarray | None = None) -> Rows:
        """What `transform` gives, part by part: for tables of which no second copy is wanted.

        Parameters
        ----------
        X : ndarray of shape (n, n_features)
        numbers : ndarray of int, optional
            Which rows; None is all.

        Returns
        -------
        Rows
            Made anew in each pass. Ranks, which take long to find and little room, are kept.
        """
        width = X.shape[1] + len(self.indicated_)
        if self.scaling == "standard":

            def standard(part: np.ndarray) -> np.ndarray:
                return self._indicated(self._standard(part, self.weight_), lambda: np.isnan(part))

            return Rows(X, numbers, standard, width)
        ranks = Rows(X, numbers, lambda part: _ranks(part, self.references_, self.counts_)).whole()

        def scored(part: np.ndarray, *beside: np.ndarray) -> np.ndarray:
            Z = np.hstack([*beside, self._scores(part, X.dtype)]) if beside else self._scores(part, X.dtype)
            return self._indicated(Z, lambda: part == 2 * self.counts_ + 1)

        if not len(self.doubled_):
            return Rows(ranks, None, scored, width)
        taken, weight = np.arange(len(X)) if numbers is None else numbers, self.weight_[self.doubled_]

        def joined(places: np.ndarray) -> np.ndarray:
            standard = self._standard(X[np.ix_(taken[places[:, 0]], self.doubled_)], weight)
            return scored(ranks[places[:, 0]], standard)

        return Rows(np.arange(len(taken))[:, None], None, joined, width + len(self.doubled_))

    def _standard(self, X: np.ndarray, weight: np.ndarray) -> np.ndarray:
        Z = X - self.center_.astype(X.dtype)
        Z *= (weight / self.scale_).astype(X.dtype)
        limit = (self.limit_ * weight).astype(X.dtype)
        np.clip(Z, -limit, limit, out=Z)
        missing = np.isnan(Z)
        Z[missing] = 0.0
        return Z

    def _scores(self, ranks: np.ndarray, dtype: Any) -> np.ndarray:
        tables = {count: score_table(count, dtype) for count in np.unique(self.counts_)}
        weights = self.weight_.astype(dtype)
        if len(tables) == 1:
            return next(iter(tables.values()))[ranks] * weights
        Z = np.empty(ranks.shape, dtype)
        for column, (count, weight) in enumerate(zip(self.counts_, weights, strict=True)):
            Z[:, column] = tables[count][ranks[:, column]] * weight
        return Z

    def _indicated(self, Z: np.ndarray, missing: Callable[[], np.ndarray]) -> np.ndarray:
        """Prepared rows followed by the presence columns; `missing` tells which of their cells are."""
        if not len(self.indicated_):
            return Z
        return np.hstack([Z, present_blocks(missing(), self.blocks_)[:, self.indicated_].astype(Z.dtype)])

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


def weights_of_blocks(block_weights: Sequence[float] | None, n_blocks: int) -> np.ndarray:
    """The weight of each block; None weighs all the same.

    Raises
    ------
    InputError
        With another number of weights than blocks.

    Examples
    --------
    >>> weights_of_blocks(None, 2).tolist()
    [1.0, 1.0]
    """
    weights = np.ones(n_blocks) if block_weights is None else np.asarray(block_weights)
    if len(weights) != n_blocks:
        raise InputError(f"block_weights: {n_blocks} are needed, got {len(weights)}")
    return weights


def present_blocks(missing: np.ndarray, blocks: Sequence[np.ndarray]) -> np.ndarray:
    """Which blocks each row has, (n, blocks), from which values are missing, (n, n_features).

    Examples
    --------
    >>> present_blocks(np.array([[True, False, True]]), [np.array([0, 1]), np.array([2])]).tolist()
    [[True, False]]
    """
    return np.column_stack([~missing[:, columns].all(axis=1) for columns in blocks])


def narrow_columns(blocks: Sequence[np.ndarray]) -> np.ndarray:
    """Rising numbers of the columns that joined scalings double.

    Examples
    --------
    >>> narrow_columns([np.arange(2, 900), np.array([0, 1])]).tolist()
    [0, 1]
    """
    return np.sort(np.concatenate([np.array([], int), *(block for block in blocks if len(block) <= NARROW)]))


def _gathered(
    statistics: Callable[[np.ndarray], tuple[np.ndarray, ...]], X: np.ndarray, rows: np.ndarray | None
) -> list[np.ndarray]:
    """Statistics of all columns over some rows, with one copy of a few columns at a time."""
    found = (statistics(part) for _, part in column_parts(X, rows))
    return [np.concatenate(values) for values in zip(*found, strict=True)]


def _mean_scale_and_limit(X: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean and deviation of each column over its values, and how many deviations other values may be away at most.

    A constant column gets an infinite scale, so that it becomes 0. The limit is the furthest fitted value, at least 10
    deviations: fits are untouched by it, and no new value counts for more than the column has shown.
    """
    has = ~np.isnan(X)
    counts = np.maximum(has.sum(axis=0), 1)
    filled = X if has.all() else np.where(has, X, 0)
    mean = filled.sum(axis=0, dtype=np.float64) / counts
    residuals = (filled - mean.astype(X.dtype)) * has
    variance = np.einsum("ij,ij->j", residuals, residuals, dtype=np.float64) / counts
    scale = np.sqrt(variance)
    rounding = 10 * np.finfo(X.dtype).eps * np.abs(filled).max(axis=0)
    scale = np.where(scale > rounding, scale, np.inf)
    return mean, scale, np.maximum(LEAST_LIMIT, np.abs(residuals).max(axis=0) / scale)


def _references(X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Sorted values of each column, a row a column (NaN last), thinned to MAX_REFERENCES, and how many are values."""
    values = np.sort(np.ascontiguousarray(X.T), axis=1)
    counts = (~np.isnan(values)).sum(axis=1)
    if values.shape[1] <= MAX_REFERENCES:
        return values, counts
    thinned = np.take_along_axis(values, thinned_positions(counts[:, None]), axis=1)
    return thinned, np.where(counts > 0, MAX_REFERENCES, 0)


def _ranks(X: np.ndarray, references: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Twice the mid-rank of each value, which lies between two references' where it does; 2 count + 1 for NaN."""
    ranks = np.empty(X.shape, np.uint16)
    for column, (known, count, values) in enumerate(zip(references, counts, np.ascontiguousarray(X.T), strict=True)):
        known = known[:count]
        # Many values are found faster in their order.
        order = np.argsort(values) if len(values) > IN_ANY_ORDER else slice(None)
        ordered = values[order]
        ranks[order, column] = known.searchsorted(ordered, side="left") + known.searchsorted(ordered, side="right")
    # The middle rank of a column without differences scores 0.
    furthest = np.take_along_axis(references, np.maximum(counts - 1, 0)[:, None], axis=1)[:, 0]
    constant = (counts == 0) | (references[:, 0] == furthest)
    ranks[:, constant] = counts[constant]
    np.copyto(ranks, (2 * counts + 1).astype(np.uint16), where=np.isnan(X))
    return ranks
