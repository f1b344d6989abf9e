"""Spaces of kernel machines: prepared rows seen through a kernel, exactly or by landmarks, and the machines kept."""

from itertools import combinations
from typing import Self

import numpy as np
from sklearn.svm import SVC

from avbaselines.estimators.kernel.landmarks import kernel_values, whitening
from avbaselines.estimators.preprocessing.preparation import Preparation
from avbaselines.estimators.preprocessing.row_parts import Rows

__all__ = ["KernelSpace", "class_decisions", "machine_values", "pairwise_machines"]


class KernelSpace:
    """A kernel over prepared rows, and machines that live in it.

    Parameters
    ----------
    preparation : Preparation or None
        Fitted; None where rows will come prepared.
    vectors : ndarray of shape (m, d)
        Prepared training rows: all, or the landmarks that stand for them.
    gamma : float
        See `kernel_values`.
    exact : bool
        Whether the vectors are all rows.

    Examples
    --------
    >>> preparation = Preparation(balance=False).fit(np.array([[0.0], [2.0]]))
    >>> space = KernelSpace(preparation, np.array([[-1.0], [1.0]]), 0.0, exact=True)
    >>> space.compact(np.array([[0.0], [3.0]]), np.array([0.5])).decide(np.array([[2.0]])).tolist()
    [[3.5]]
    """

    vectors: np.ndarray | None
    weights: np.ndarray
    offsets: np.ndarray

    def __init__(self, preparation: Preparation | None, vectors: np.ndarray, gamma: float, exact: bool):
        self.preparation, self.vectors, self.gamma, self.exact = preparation, vectors, gamma, exact
        self.whitening = None if exact else whitening(vectors, gamma)

    @property
    def dtype(self) -> np.dtype:
        """Precision of the vectors."""
        assert self.vectors is not None
        return self.vectors.dtype

    def kernel(self, Z: Rows) -> Rows:
        """Kernel values of Rows with the vectors, as Rows."""
        vectors = self.vectors
        assert vectors is not None  # of a compact linear space alone
        return Z.then(lambda part: kernel_values(part, vectors, self.gamma), len(vectors))

    def compact(self, weights: np.ndarray, offsets: np.ndarray) -> Self:
        """Keep the machines and only the rows that they need; a linear machine needs its column weights alone."""
        if self.whitening is not None:
            weights = self.whitening @ weights
        supports = np.flatnonzero(weights.any(axis=1))
        assert self.vectors is not None
        vectors, self.weights, self.offsets = self.vectors[supports], weights[supports], offsets
        self.vectors, self.whitening = vectors, None
        if self.gamma == 0:
            self.vectors, self.weights = None, (vectors.T @ self.weights.astype(vectors.dtype)).astype(weights.dtype)
        return self

    def decide(self, X: np.ndarray) -> np.ndarray:
        """Values of the kept machines, of shape (n, machines), for rows of X (n, n_features)."""
        assert self.preparation is not None
        Z = self.preparation.rows(X)
        return machine_values(Z if self.vectors is None else self.kernel(Z), self.weights, self.offsets)


def machine_values(basis: Rows, weights: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """Values of machines, of shape (n, machines), for Rows of what their weights multiply.

    Examples
    --------
    >>> machine_values(Rows(np.array([[1.0], [2.0]])), np.array([[3.0]]), np.array([1.0])).tolist()
    [[4.0], [7.0]]
    """
    values = np.empty((len(basis), len(offsets)))
    for part, rows in basis:
        values[part] = rows @ weights.astype(rows.dtype) + offsets
    return values


def pairwise_machines(svc: SVC, codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Weights (rows, pairs) and offsets of the pairwise machines of a fitted SVC, positive for the first of a pair.

    Row r of `dual_coef_` holds, for a support vector of class c, its weight against class r (r < c) or r + 1.

    Examples
    --------
    >>> X, codes = np.array([[-1.0], [1.0]]), np.array([0, 1])
    >>> weights, offsets = pairwise_machines(SVC(kernel="precomputed").fit(X @ X.T, codes), codes)
    >>> weights.round(2).tolist()
    [[0.5], [-0.5]]
    """
    n_classes = len(svc.n_support_)
    pairs = list(combinations(range(n_classes), 2))
    weights = np.zeros((len(codes), len(pairs)))
    # Support vectors come class by class.
    ends = np.cumsum(svc.n_support_)
    of_class = [slice(end - size, end) for end, size in zip(ends, svc.n_support_, strict=True)]
    # With two classes scikit-learn turns the signs round: positive is the second class.
    sign = -1 if n_classes == 2 else 1
    for column, (first, second) in enumerate(pairs):
        for one, row in ((first, second - 1), (second, first)):
            own = of_class[one]
            weights[svc.support_[own], column] = sign * svc.dual_coef_[row, own]
    return weights, sign * svc.intercept_


def class_decisions(pairwise: bool, values: np.ndarray) -> np.ndarray:
    """Decision values of K classes (n, K) from those of pairs (n, K (K - 1) / 2); others pass unchanged.

    Examples
    --------
    >>> class_decisions(True, np.array([[0.5, 2.0, -0.2]])).round(1).tolist()
    [[1.5, -0.7, -0.8]]
    """
    if not pairwise:
        return values
    n_classes = int((1 + np.sqrt(1 + 8 * values.shape[1])) / 2)
    decisions = np.zeros((len(values), n_classes))
    for column, (first, second) in enumerate(combinations(range(n_classes), 2)):
        vote = np.clip(values[:, column], -1, 1)
        decisions[:, first] += vote
        decisions[:, second] -= vote
    return decisions
