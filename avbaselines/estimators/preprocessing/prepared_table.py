"""A table of features seen from several of its rows: what fits to some of them share is made once."""

from collections.abc import Callable, Sequence
from functools import cached_property, partial

import numpy as np

from avbaselines.estimators.preprocessing.column_ranks import ColumnRanks
from avbaselines.estimators.preprocessing.preparation import (
    Blocks,
    Preparation,
    column_blocks,
    narrow_columns,
    present_blocks,
    weights_of_blocks,
)
from avbaselines.estimators.preprocessing.row_parts import Rows
from avbaselines.estimators.preprocessing.screening import screening_order
from avbaselines.estimators.tuned.shared_work import SharedWork, rows_key

__all__ = ["PreparedFold", "PreparedTable"]

# Values of a table whose columns are ranked once and whose scores are made at once (64 MiB of float32); larger ones are
# sorted anew for each fold, and made in parts.
RANKED = 2**24


class PreparedTable:
    """A table whose rows are scaled by what some of them show.

    Parameters
    ----------
    X : ndarray of shape (n, n_features)
    blocks
        The columns of each modality, see `Preparation`.
    shared : SharedWork
        Of fits to this table alone.

    Examples
    --------
    >>> table = PreparedTable(np.array([[0.0], [2.0], [3.0]]), None, SharedWork())
    >>> table.fold("standard", np.array([0, 1])).rows(np.array([2])).whole().tolist()
    [[2.0]]
    """

    def __init__(self, X: np.ndarray, blocks: Blocks, shared: SharedWork):
        self.X, self.shared = X, shared
        self.blocks = column_blocks(blocks, X.shape[1])
        self._last: tuple[bytes, dict[tuple[str, int], np.ndarray]] = (b"none", {})

    def fold(self, scaling: str, rows: np.ndarray | None) -> "PreparedFold":
        """The table as one who knows some rows alone sees it; None is all."""
        return PreparedFold(self, scaling, rows)

    def products(self, rows: bytes, scaling: str, block: int, make: Callable[[], np.ndarray]) -> np.ndarray:
        """Inner products of a block's columns, kept until others than these rows are known: joined scalings add them.

        Parameters
        ----------
        rows : bytes
            Key of the known rows.
        scaling
        block : int
        make
        """
        if self._last[0] != rows:
            self._last = (rows, {})
        kept = self._last[1]
        if (scaling, block) not in kept:
            kept[scaling, block] = self.shared.get(("products", scaling, rows, block), make)
        return kept[scaling, block]

    @cached_property
    def ranks(self) -> ColumnRanks | None:
        """Ranks of the columns; None where they would take much room."""
        if self.X.size > RANKED:
            return None
        return self.shared.get("ranks", lambda: ColumnRanks(self.X), always=True)

    @cached_property
    def present(self) -> np.ndarray:
        """Which blocks each row has, (n, blocks)."""
        return self.shared.get("present", lambda: present_blocks(np.isnan(self.X), self.blocks), always=True)


class PreparedFold:
    """A table prepared as `Preparation` fitted to some rows prepares it, before columns and blocks are weighed.

    Weights are left to the learner's options, so that trials which differ in them share the rest. Columns of presence
    (1 present, 0 missing) come last, as there; of joined scalings, doubled columns come first and are both over the
    root of 2.

    Parameters
    ----------
    table : PreparedTable
    scaling : {'standard', 'quantile', 'joined'}
    rows : ndarray of int, optional
        The rows that are known; None is all.

    Attributes
    ----------
    width : int
        Columns, those of presence included.

    Examples
    --------
    >>> X = np.array([[0.0, 1.0], [2.0, 1.0], [3.0, 0.0]])
    >>> fold = PreparedTable(X, None, SharedWork()).fold("standard", np.array([0, 1]))
    >>> fold.products(np.array([0.5, 1.0])).tolist()
    [[0.25, -0.25, -0.5], [-0.25, 0.25, 0.5], [-0.5, 0.5, 1.0]]
    """

    def __init__(self, table: PreparedTable, scaling: str, rows: np.ndarray | None):
        self.table, self.scaling, self.known = table, scaling, rows
        self._key = (scaling, rows_key(rows))
        present = table.present if rows is None else table.present[rows]
        self._indicated = np.flatnonzero(present.any(axis=0) & ~present.all(axis=0))
        self._doubled = narrow_columns(table.blocks) if scaling == "joined" else np.array([], int)
        self.width = len(self._doubled) + table.X.shape[1] + len(self._indicated)

    def rows(self, numbers: np.ndarray | None = None) -> Rows:
        """Some rows of the table, prepared and not weighed; None is all."""
        size = len(self.table.X) * self.width * self.table.X.itemsize
        if self._ranks is not None or self.table.shared.has_room(self._key, size):
            return Rows(self._values, numbers)
        return self._preparation.rows(self.table.X, numbers)

    @cached_property
    def _values(self) -> np.ndarray:
        return self.table.shared.get(self._key, self._prepared)

    def _prepared(self) -> np.ndarray:
        X, ranks = self.table.X, self._ranks
        if ranks is None:
            return self._preparation.rows(X).whole()
        scores = ranks.scores(self.known, None, X.dtype)
        if len(self._doubled):
            narrow = X[:, self._doubled]
            standard = Preparation(balance=False).fit(narrow, rows=self.known).transform(narrow)[:, : narrow.shape[1]]
            scores[:, self._doubled] /= np.sqrt(2)
            scores = np.hstack([standard / np.sqrt(2).astype(X.dtype), scores])
        present = self.table.present[:, self._indicated].astype(X.dtype)
        return np.hstack([scores, present]) if len(self._indicated) else scores

    @property
    def _ranks(self) -> ColumnRanks | None:
        return None if self.scaling == "standard" else self.table.ranks

    @cached_property
    def _preparation(self) -> Preparation:
        return Preparation(self.table.blocks, self.scaling, balance=False).fit(self.table.X, rows=self.known)

    def weights(
        self, targets: np.ndarray, column_share: float = 1.0, block_weights: Sequence[float] | None = None
    ) -> np.ndarray:
        """Weights of the columns, (width,), 0 for those that do not count; see `Preparation`.

        Parameters
        ----------
        targets : ndarray
            Of the known rows.
        column_share, block_weights
        """
        Preparation(scaling=self.scaling, column_share=column_share).check_parameters()
        weights, of_blocks = np.zeros(self.table.X.shape[1]), weights_of_blocks(block_weights, len(self.table.blocks))
        for number, (columns, block_weight) in enumerate(zip(self.table.blocks, of_blocks, strict=True)):
            own = columns
            if column_share < 1:
                key = ("order", self._key[1], number)
                order = self.table.shared.get(key, partial(self._order, number, targets), always=True)
                own = columns[order[: max(1, round(column_share * len(columns)))]]
            weights[own] = block_weight / np.sqrt(max(len(own), 1))
        return self._laid_out(weights)

    def _laid_out(self, weights: np.ndarray) -> np.ndarray:
        """Weights of features (n_features,) as weights of prepared columns (width,)."""
        return np.concatenate([weights[self._doubled], weights, np.ones(len(self._indicated))])

    def _order(self, block: int, targets: np.ndarray) -> np.ndarray:
        return screening_order(self.table.X[:, self.table.blocks[block]], targets, self.known)

    def weighed(self, weights: np.ndarray, numbers: np.ndarray | None = None) -> Rows:
        """Some rows, prepared, times the weights; columns without a weight are left out."""
        kept = np.flatnonzero(weights)
        chosen = slice(None) if len(kept) == self.width else kept
        factors = weights[kept].astype(self.table.X.dtype)
        return self.rows(numbers).then(lambda part: part[:, chosen] * factors, len(kept))

    def as_by(self, preparation: Preparation) -> Rows:
        """The known rows as a `Preparation` that was fitted to them gives them."""
        weights = preparation.weight_.copy()
        weights[self._doubled] *= np.sqrt(2)
        factors = self._laid_out(weights).astype(self.table.X.dtype)
        return self.rows(self.known).then(lambda part: part * factors, self.width)

    def products(self, weights: np.ndarray) -> np.ndarray:
        """Inner products of all rows of the table, prepared and weighed, (n, n)."""
        if len(self._doubled):
            return self._joined_products(weights)
        n_features = self.table.X.shape[1]
        parts = [*self.table.blocks, np.arange(n_features, self.width)]
        n_rows, dtype = len(self.table.X), self.table.X.dtype
        total = np.zeros((n_rows, n_rows), dtype)
        for number, columns in enumerate(parts):
            own = weights[columns]
            if not own.any():
                continue
            if (own == own[0]).all():
                alike = self.table.products(self._key[1], self.scaling, number, partial(self._products, columns))
                total += (own[0] ** 2).astype(dtype) * alike
            else:
                kept = columns[own != 0]
                total += self._products(kept, weights[kept].astype(dtype))
        return total

    def _joined_products(self, weights: np.ndarray) -> np.ndarray:
        """The sum of the products of both scalings: of the doubled columns half of each."""
        standard, quantile = (self.table.fold(scaling, self.known) for scaling in ("standard", "quantile"))
        of_scores, of_standard = weights[len(self._doubled) :].copy(), np.zeros(standard.width)
        of_scores[self._doubled] /= np.sqrt(2)
        of_standard[self._doubled] = weights[: len(self._doubled)] / np.sqrt(2)
        return standard.products(of_standard) + quantile.products(of_scores)

    def _products(self, columns: np.ndarray, factors: np.ndarray | None = None) -> np.ndarray:
        Z = self._values if len(columns) == self.width else self._values[:, columns]
        if factors is not None:
            Z = Z * factors
        return Z @ Z.T
