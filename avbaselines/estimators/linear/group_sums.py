"""Sums of products per group, and solutions of normal equations that are close to each other."""

from collections.abc import Iterator, Sequence

import numpy as np
from scipy.linalg import eigh

from avbaselines.errors import InputError

__all__ = ["GroupSums", "NearbySolver", "RowNumbers", "as_slice", "eigen_decomposed", "solve_alone"]

RowNumbers = np.ndarray | slice

# Relative error of a solution in the norm of its own equations (of fitted values, in the main).
TOLERANCE = 1e-10
MAX_STEPS = 40
# Relative to the variance over all rows: what subtraction leaves of a column that is constant in the kept rows.
CONSTANT = 1e-10
ROWS_AT_ONCE = 8192


def eigen_decomposed(gram: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Eigenvalues (d,) and eigenvectors (d, d), one a column, of a symmetric matrix (d, d), which is overwritten.

    By divide and conquer, the fastest where all are wanted.

    Examples
    --------
    >>> eigen_decomposed(np.array([[2.0]]))
    (array([2.]), array([[1.]]))
    """
    if len(gram) == 1:  # which older versions of SciPy cannot
        return gram.ravel(), np.ones_like(gram)
    return eigh(gram, driver="evd", overwrite_a=True, check_finite=False)


class NearbySolver:
    """Eigenvectors of one Gram matrix, to solve the equations of others that are close to it.

    Examples
    --------
    >>> gram = np.diag([1.0, 4.0])
    >>> NearbySolver(gram.copy()).solve_near(gram, np.ones((2, 1)), np.array([1.0])).round(3).tolist()
    [[[0.5], [0.2]]]
    """

    def __init__(self, gram: np.ndarray):
        squares, V = eigen_decomposed(gram)
        self.squares = np.maximum(squares, 0)[:, None]
        # Single precision is enough for a preconditioner, and halves its cost.
        self.V = V.astype(np.float32)

    def _precondition(self, B: np.ndarray, penalties: np.ndarray) -> np.ndarray:
        """About (gram + penalty) inverse times B, one penalty a column of B."""
        size = np.sqrt(np.sum(B * B, axis=0)) + np.finfo(float).tiny
        turned = (self.V.T @ (B / size).astype(np.float32)) / (self.squares + penalties)
        return (self.V @ turned.astype(np.float32)) * size

    def solve_near(self, gram: np.ndarray, cross: np.ndarray, penalties: np.ndarray) -> np.ndarray:
        """Solutions (P, d, T) of (gram + penalty) w = cross, by preconditioned conjugate gradients."""
        (d, T), P = cross.shape, len(penalties)
        each, R = np.repeat(penalties, T), np.tile(cross, (1, P))
        W = self._precondition(R, each)
        limit = TOLERANCE**2 * np.sum(R * W, axis=0)
        R = R - gram @ W - each * W
        columns, D, before = np.arange(P * T), np.zeros_like(R), np.full(P * T, np.inf)
        for _ in range(MAX_STEPS):
            Z = self._precondition(R, each)
            now = np.sum(R * Z, axis=0)
            going = now > limit
            if not going.any():
                return W.reshape(d, P, T).transpose(1, 0, 2)
            if not going.all():
                columns, each, limit, now, before = (a[going] for a in (columns, each, limit, now, before))
                R, Z, D = R[:, going], Z[:, going], D[:, going]
            D = Z + (now / before) * D
            image = gram @ D + each * D
            step = now / np.sum(D * image, axis=0)
            W[:, columns] += step * D
            R = R - step * image
            before = now
        # Too far from the total (few groups, one of them most of the data): solve from scratch.
        return solve_alone(gram, cross, penalties)


def solve_alone(gram: np.ndarray, cross: np.ndarray, penalties: np.ndarray) -> np.ndarray:
    """Solutions (P, d, T) of (gram + penalty) w = cross, by an eigen-decomposition; `gram` (d, d) is overwritten.

    Examples
    --------
    >>> solve_alone(np.diag([1.0, 3.0]), np.ones((2, 1)), np.array([1.0])).ravel().tolist()
    [0.5, 0.25]
    """
    squares, V = eigen_decomposed(gram)
    shrunk = (V.T @ cross) / (np.maximum(squares, 0)[:, None] + penalties[:, None, None])
    # All in one product, which is several times faster than one for each.
    solutions = V @ shrunk.transpose(1, 0, 2).reshape(len(V), -1)
    return solutions.reshape(len(V), len(penalties), -1).transpose(1, 0, 2)


class GroupSums:
    """Sums over the labelled rows of each group: counts, X, X'X, X'Y and Y, with X taken from the mean of all rows.

    Examples
    --------
    >>> X, Y = np.array([[0.0], [2.0], [7.0]]), np.array([[1.0], [3.0], [0.0]])
    >>> sums = GroupSums(X, Y, np.ones(3, bool), [slice(0, 2), slice(2, 3)], X.mean(axis=0), 1e9)
    >>> mean, y_mean, *_ = sums.moments(without=[1], center=True)
    >>> mean.tolist(), y_mean.tolist()
    ([1.0], [2.0])
    """

    def __init__(
        self,
        X: np.ndarray,
        Y: np.ndarray,
        labelled: np.ndarray,
        rows: list[RowNumbers],
        mean: np.ndarray,
        memory: float,
    ):
        d, G = X.shape[1], len(rows)
        self.X, self.labelled, self.rows, self.mean = X, labelled, rows, mean
        self.n, self.x, self.xx = np.zeros(G), np.zeros((G, d)), np.zeros((G, d))
        self.y, self.xy = np.zeros((G, Y.shape[1])), np.zeros((G, d, Y.shape[1]))
        self.total = np.zeros((d, d))
        self.gram = np.zeros((G, d, d)) if 8 * G * d * d <= memory else None
        for group in range(G):
            gram = np.zeros((d, d)) if self.gram is None else self.gram[group]
            for Z, kept in self._chunks(group):
                y = Y[kept]
                gram += Z.T @ Z
                self.n[group] += len(Z)
                self.x[group] += Z.sum(axis=0)
                self.y[group] += y.sum(axis=0)
                self.xy[group] += Z.T @ y
            self.xx[group] = gram.diagonal()
            self.total += gram

    def _chunks(self, group: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """The group's labelled rows, less the mean, a few at a time; and their row numbers."""
        rows = self.rows[group]
        rows = np.arange(rows.start, rows.stop) if isinstance(rows, slice) else rows
        rows = rows[self.labelled[rows]]
        for start in range(0, len(rows), ROWS_AT_ONCE):
            chunk = rows[start : start + ROWS_AT_ONCE]
            yield self.X[as_slice(chunk)] - self.mean, chunk

    def _gram(self, group: int) -> np.ndarray:
        if self.gram is not None:
            return self.gram[group]
        return sum((Z.T @ Z for Z, _ in self._chunks(group)), np.zeros_like(self.total))

    def moments(
        self, without: Sequence[int], center: bool
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Of the rows of all groups but some: means of X and Y, X'X and X'Y about the mean (or 0), variances of X.

        A variance that subtraction alone explains is given as 0.
        """
        kept = np.ones(len(self.n), bool)
        kept[without] = False
        n = self.n[kept].sum()
        if n < 1:
            raise InputError("groups: without those left out no labelled row is there to learn from")
        x, y, cross = self.x[kept].sum(axis=0), self.y[kept].sum(axis=0), self.xy[kept].sum(axis=0)
        squares = self.xx[kept].sum(axis=0) / n - (x / n) ** 2
        whole = self.xx.sum(axis=0) / self.n.sum()
        # Next to a column's size its rounding counts too: float64 of a column that is constant at a large value.
        variance = np.where(squares > CONSTANT * whole + (1e-14 * self.mean) ** 2, squares, 0.0)
        gram = self.total.copy()
        for group in np.flatnonzero(~kept):
            gram -= self._gram(int(group))
        origin = x / n if center else -self.mean
        # X'X - o x' - x o' + n o o', with o the new origin.
        gram -= np.column_stack([origin, x]) @ np.stack([x - n * origin, origin])
        cross = cross - np.outer(origin, y)
        mean = self.mean + x / n if center else np.zeros_like(x)
        return mean, y / n, gram, cross, variance


def as_slice(rows: np.ndarray) -> RowNumbers:
    """Consecutive row numbers as a slice, which takes no copy.

    Examples
    --------
    >>> as_slice(np.array([3, 4, 5])), as_slice(np.array([3, 5])).tolist()
    (slice(3, 6, None), [3, 5])
    """
    if len(rows) and rows[-1] - rows[0] == len(rows) - 1 and (np.diff(rows) == 1).all():
        return slice(int(rows[0]), int(rows[-1]) + 1)
    return rows
