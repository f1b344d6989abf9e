"""What stands for kernel machines on corpora too large for a Gram matrix: landmarks and machines in the primal."""

import numpy as np
from scipy.linalg import eigh

__all__ = ["kernel_values", "mean_squared_distance", "squared_loss_machines", "whitening"]


def kernel_values(A, B, gamma):
    """Kernel of each row of A (n, d) with each of B (m, d): exp(-gamma |a - b|^2), or the inner product for gamma 0."""
    products = A @ B.T
    if gamma == 0:
        return products
    products *= 2
    products -= np.einsum("ij,ij->i", A, A)[:, None]
    products -= np.einsum("ij,ij->i", B, B)
    np.minimum(products, 0, out=products)
    products *= gamma
    return np.exp(products, out=products)


def mean_squared_distance(Z):
    """Mean of |a - b|^2 over pairs of rows of Z (n, d), in closed form; 1 where all rows are equal."""
    center = Z.mean(axis=0, dtype=np.float64)
    spread = 2 * (np.square(Z, dtype=np.float64).sum() / len(Z) - center @ center)
    return float(spread) if spread > 1e-12 else 1.0


def whitening(vectors, gamma):
    """Matrix (m, at most m) that turns kernel values with m landmarks into features whose products are the kernel's.

    Source: Williams & Seeger 2001, Using the Nystroem Method to Speed Up Kernel Machines, NeurIPS 13.
    """
    values, directions = eigh(kernel_values(vectors, vectors, gamma).astype(np.float64), check_finite=False)
    keep = values > 1e-6 * values[-1]
    return (directions[:, keep] / np.sqrt(values[keep])).astype(vectors.dtype)


def squared_loss_machines(A, Y, costs, epsilon=None, max_iter=200, tol=1e-3, weights=None):
    """Linear machines with squared loss in the primal, for all targets and costs at once.

    Minimises ``|w|^2 / 2 + C sum(max(0, |y - f| - epsilon)^2)`` (regression), or ``max(0, 1 - y f)^2`` in the sum where
    `epsilon` is None (classes, y = +-1). Both losses lie below a parabola of curvature 2 touching them anywhere, so
    each step is a ridge solution, and all of them share one eigen-decomposition; steps are extrapolated as in FISTA.

    Parameters
    ----------
    A : ndarray of shape (n, m)
    Y : ndarray of shape (n, T)
        NaN = not labelled: such rows cost nothing.
    costs : sequence of float, shape (T,) or one per column of Y
    epsilon : float, optional
    max_iter : int, default=200
    tol : float, default=1e-3
        Stops once no prediction's root mean square change exceeds this.
    weights : ndarray of shape (n,), optional
        Of each row's loss, relative to the largest.

    Returns
    -------
    weights : ndarray of shape (m, T)
    offsets : ndarray of shape (T,)
    """
    center = A.mean(axis=0, dtype=np.float64).astype(A.dtype)
    A = A - center
    squares, V = eigh((A.T @ A).astype(np.float64), check_finite=False)
    A = A @ V.astype(A.dtype)
    damping = np.maximum(squares, 0)[:, None] + 1 / (2 * np.asarray(costs, float))
    labelled = ~np.isnan(Y)
    Y = np.where(labelled, Y, 0).astype(A.dtype)
    # A weight of 1 or less leaves the parabola above the loss.
    scale = np.ones(1, A.dtype) if weights is None else (weights / weights.max()).astype(A.dtype)

    def pull(f):
        """Half the negative gradient of the loss: how far each prediction should move."""
        residual = Y - f
        if epsilon is None:
            step = Y * np.maximum(1 - Y * f, 0)
        else:
            step = np.sign(residual) * np.maximum(np.abs(residual) - epsilon, 0)
        return np.where(labelled, step, 0) * scale[:, None]

    w, b = np.zeros((A.shape[1], Y.shape[1])), np.zeros(Y.shape[1])
    ahead_w, ahead_b, momentum = w, b, 1.0
    for _ in range(max_iter):
        step = pull(A @ ahead_w.astype(A.dtype) + ahead_b.astype(A.dtype))
        # Ridge towards predictions + step: A'(A w + step) = squares w + A'step, as A'A is diagonal here.
        new_w = (np.maximum(squares, 0)[:, None] * ahead_w + A.T @ step) / damping
        new_b = ahead_b + step.mean(axis=0, dtype=np.float64)
        change = np.sqrt((squares[:, None] * (new_w - w) ** 2).sum(axis=0) / len(A)) + np.abs(new_b - b)
        next_momentum = (1 + np.sqrt(1 + 4 * momentum**2)) / 2
        inertia = (momentum - 1) / next_momentum
        ahead_w, ahead_b = new_w + inertia * (new_w - w), new_b + inertia * (new_b - b)
        w, b, momentum = new_w, new_b, next_momentum
        if change.max() < tol:
            break
    w = V @ w
    return w, b - center.astype(np.float64) @ w
