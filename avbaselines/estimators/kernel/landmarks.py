"""Kernels, and what replaces a Gram matrix on large corpora: landmarks and machines in the primal."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.linalg import eigh

from avbaselines.estimators.preprocessing.row_parts import Rows

__all__ = [
    *("kernel_of_products", "kernel_values", "mean_squared_distance", "spread_of_products"),
    *("squared_loss_machines", "whitening"),
]


def kernel_values(A: np.ndarray, B: np.ndarray, gamma: float) -> np.ndarray:
    """Kernel of each row of A (n, d) with each of B (m, d): exp(-gamma |a - b|^2), or the inner product for gamma 0.

    Examples
    --------
    >>> kernel_values(np.array([[1.0, 0.0]]), np.array([[1.0, 0.0], [0.0, 2.0]]), gamma=0).tolist()
    [[1.0, 0.0]]
    """
    return kernel_of_products(A @ B.T, np.einsum("ij,ij->i", A, A), np.einsum("ij,ij->i", B, B), gamma)


def kernel_of_products(products: np.ndarray, squares: np.ndarray, others: np.ndarray, gamma: float) -> np.ndarray:
    """The kernel of `kernel_values` from inner products (n, m), which are overwritten, and squared lengths (n,), (m,).

    Examples
    --------
    >>> one, two = np.array([[1.0]]), np.array([[2.0]])
    >>> kernel_of_products(one @ two.T, np.array([1.0]), np.array([4.0]), gamma=1.0) == np.exp(-1)
    array([[ True]])
    """
    if gamma == 0:
        return products
    products *= 2
    products -= squares[:, None]
    products -= others
    np.minimum(products, 0, out=products)
    products *= gamma
    return np.exp(products, out=products)


def mean_squared_distance(Z: np.ndarray | Rows) -> float:
    """Mean of |a - b|^2 over pairs of rows of Z, (n, d) or Rows, in closed form; 1 where all rows are equal.

    Examples
    --------
    >>> mean_squared_distance(np.array([[0.0], [2.0]]))
    2.0
    """
    total: Any = 0.0
    squares = 0.0
    for _, part in Z if isinstance(Z, Rows) else Rows(Z):
        total, squares = total + part.sum(axis=0, dtype=np.float64), squares + np.square(part, dtype=np.float64).sum()
    center = total / len(Z)
    spread = 2 * (squares / len(Z) - center @ center)
    return float(spread) if spread > 1e-12 else 1.0


def spread_of_products(products: np.ndarray) -> float:
    """The mean squared distance of rows from their inner products, (n, n).

    Examples
    --------
    >>> spread_of_products(np.array([[0.0, 0.0], [0.0, 4.0]]))
    2.0
    """
    n_rows = len(products)
    center = products.sum(dtype=np.float64) / n_rows**2
    spread = 2 * (products.diagonal().sum(dtype=np.float64) / n_rows - center)
    return float(spread) if spread > 1e-12 else 1.0


def whitening(vectors: np.ndarray, gamma: float) -> np.ndarray:
    """Matrix (m, at most m) that turns kernel values with m landmarks into features whose products are the kernel's.

    Source: Williams & Seeger 2001, Using the Nystroem Method to Speed Up Kernel Machines, NeurIPS 13.

    Examples
    --------
    >>> vectors = np.array([[1.0, 0.0], [0.0, 2.0]])
    >>> features = kernel_values(vectors, vectors, 0) @ whitening(vectors, 0)
    >>> (features @ features.T).round(6).tolist()
    [[1.0, 0.0], [0.0, 4.0]]
    """
    kernel = kernel_values(vectors, vectors, gamma).astype(np.float64)
    values, directions = eigh(kernel, overwrite_a=True, check_finite=False)
    keep = values > 1e-6 * values[-1]
    return (directions[:, keep] / np.sqrt(values[keep])).astype(vectors.dtype)


def squared_loss_machines(
    K: np.ndarray | Rows,
    Y: np.ndarray,
    costs: Sequence[float] | np.ndarray,
    epsilon: float | None = None,
    max_iter: int = 200,
    tol: float = 1e-3,
    weights: np.ndarray | None = None,
    whitening: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Linear machines with squared loss in the primal, for all targets and costs at once.

    Minimises ``|w|^2 / 2 + C sum(max(0, |y - f| - epsilon)^2)`` (regression), or ``max(0, 1 - y f)^2`` in the sum where
    `epsilon` is None (classes, y = +-1). Both losses lie below a parabola of curvature 2 touching them anywhere, so
    each step is a ridge solution, and all of them share one eigen-decomposition; steps are extrapolated as in FISTA.
    Rows are passed over once for their Gram matrix and once a step.

    Parameters
    ----------
    K : ndarray of shape (n, m), or Rows
    Y : ndarray of shape (n, T)
        NaN = not labelled: such rows cost nothing.
    costs : sequence of float, shape (T,) or one per column of Y
    epsilon : float, optional
    max_iter : int, default=200
    tol : float, default=1e-3
        Stops once no prediction's root mean square change exceeds this.
    weights : ndarray of shape (n,), optional
        Of each row's loss, relative to the largest.
    whitening : ndarray of shape (m, q), optional
        Features are ``K @ whitening``, and the weights are of these; None is K.

    Returns
    -------
    weights : ndarray of shape (m or q, T)
    offsets : ndarray of shape (T,)

    Examples
    --------
    >>> X = np.array([[0.0], [1.0], [2.0]])
    >>> weights, offsets = squared_loss_machines(X, 1 + 2 * X, [1e4], epsilon=0.0, max_iter=2000, tol=1e-9)
    >>> weights.round(2).tolist(), offsets.round(2).tolist()
    ([[2.0]], [1.0])
    """
    K = K if isinstance(K, Rows) else Rows(K)
    center, gram = _moments(K)
    if whitening is not None:
        center, gram = center @ whitening, whitening.T @ (gram @ whitening)
    squares, V = eigh(gram, overwrite_a=True, check_finite=False)
    del gram
    squares, center = np.maximum(squares, 0)[:, None], center @ V
    # From rows to centred features whose Gram matrix is diagonal: K @ turn - center.
    turn = V if whitening is None else whitening @ V
    damping = squares + 1 / (2 * np.asarray(costs, float))
    loss = _SquaredLoss(K, Y, turn, center, epsilon, weights)
    w, b = np.zeros((len(squares), Y.shape[1])), np.zeros(Y.shape[1])
    ahead_w, ahead_b, momentum = w, b, 1.0
    for _ in range(max_iter):
        step_w, step_b = loss.pull(ahead_w, ahead_b)
        # Ridge towards predictions + step: A'(A w + step) = squares w + A'step, as A'A is diagonal here.
        new_w, new_b = (squares * ahead_w + step_w) / damping, ahead_b + step_b
        change = np.sqrt((squares * (new_w - w) ** 2).sum(axis=0) / len(K)) + np.abs(new_b - b)
        next_momentum = (1 + np.sqrt(1 + 4 * momentum**2)) / 2
        inertia = (momentum - 1) / next_momentum
        ahead_w, ahead_b = new_w + inertia * (new_w - w), new_b + inertia * (new_b - b)
        w, b, momentum = new_w, new_b, next_momentum
        if change.max() < tol:
            break
    return V @ w, b - center @ w


@dataclass(frozen=True)
class _SquaredLoss:
    """The summed loss of machines on centred features ``K @ turn - center``."""

    K: Rows
    Y: np.ndarray
    turn: np.ndarray
    center: np.ndarray
    epsilon: float | None
    weights: np.ndarray | None

    def pull(self, w: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Half the negative gradient of the loss, which predictions should move by: on features and offsets."""
        # A weight of 1 or less leaves the parabola above the loss.
        scale = None if self.weights is None else self.weights / self.weights.max()
        slope, offset = self.turn @ w, b - self.center @ w
        features, total = np.zeros(slope.shape), np.zeros(len(b))
        for part, kernel in self.K:
            y = self.Y[part]
            f = kernel @ slope.astype(kernel.dtype) + offset.astype(kernel.dtype)
            if self.epsilon is None:
                step = y * np.maximum(1 - y * f, 0)
            else:
                step = np.sign(y - f) * np.maximum(np.abs(y - f) - self.epsilon, 0)
            step = np.where(np.isnan(y), 0, step) * (1 if scale is None else scale[part, None])
            features += kernel.T @ step.astype(kernel.dtype)
            total += step.sum(axis=0)
        return self.turn.T @ features - np.outer(self.center, total), total / len(self.K)


def _moments(K: Rows) -> tuple[np.ndarray, np.ndarray]:
    """Mean of the columns, and the Gram matrix of the centred rows, in float64 as whitening divides by little."""
    total, gram = np.zeros(K.width), np.zeros((K.width, K.width))
    for _, part in K:
        part = part.astype(np.float64)
        total += part.sum(axis=0)
        gram += part.T @ part
    gram -= np.outer(total, total / len(K))
    return total / len(K), gram
