"""Ridge regression from inner products of rows alone: what it costs does not depend on the number of columns."""

from collections.abc import Sequence

import numpy as np
from scipy.linalg import LinAlgError, cho_factor, cho_solve

from avbaselines.estimators.linear.group_sums import NearbySolver, solve_alone

__all__ = ["dual_lines", "dual_ridge", "dual_weights"]

# So many penalties are solved by a decomposition each before one of eigenvectors, of 9 n^3 for n^3 / 3, is cheaper.
FEW = 4
# Of the largest eigenvalue: penalties that single precision can tell from 0.
SINGLE = 3e-7


def dual_weights(gram: np.ndarray, y: np.ndarray, penalties: Sequence[float] | np.ndarray) -> np.ndarray:
    """Solutions (P, n, T) of (gram + penalty) a = y for all penalties.

    Eigenvectors in single precision, which cost half as much, precondition a few steps of conjugate gradients in double
    precision, up to a relative error of 1e-10.

    Parameters
    ----------
    gram : ndarray of shape (n, n), float64
        Rounding may have left it slightly indefinite.
    y : ndarray of shape (n, T)
    penalties : sequence of float

    Examples
    --------
    >>> dual_weights(np.diag([1.0, 3.0]), np.ones((2, 1)), [1.0]).ravel().round(3).tolist()
    [0.5, 0.25]
    """
    tried = np.asarray(penalties, float)
    if len(tried) <= FEW:
        try:
            return np.array([_solved(gram, y, penalty) for penalty in tried])
        except LinAlgError:
            return solve_alone(gram, y, tried)
    near = NearbySolver(gram.astype(np.float32))
    if tried.min() < SINGLE * near.squares.max():
        return solve_alone(gram, y, tried)
    return near.solve_near(gram, y, tried)


def _solved(gram: np.ndarray, y: np.ndarray, penalty: float) -> np.ndarray:
    damped = gram + penalty * np.eye(len(gram))
    return cho_solve(cho_factor(damped, lower=True, overwrite_a=True, check_finite=False), y, check_finite=False)


def dual_lines(
    products: np.ndarray, Y: np.ndarray, penalties: Sequence[float] | np.ndarray, weights: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Ridge regressions with an intercept as lines on the inner products with the rows that are learnt from.

    Targets that are labelled on the same rows share one decomposition.

    Parameters
    ----------
    products : ndarray of shape (n, n)
        Inner products of the rows, or the values of a kernel.
    Y : ndarray of shape (n, T)
        NaN = not labelled.
    penalties : sequence of float
    weights : ndarray of shape (n,), optional
        Of each row's squared error.

    Returns
    -------
    slopes : ndarray of shape (len(penalties), n, T)
    offsets : ndarray of shape (len(penalties), T)

    Examples
    --------
    >>> x = np.array([[0.0], [1.0], [2.0]])
    >>> slopes, offsets = dual_lines(x @ x.T, 1 + 2 * x, [1e-9])
    >>> (np.array([[3.0]]) @ x.T @ slopes[0] + offsets[0]).round(3).tolist()
    [[7.0]]
    """
    slopes = np.zeros((len(penalties), *Y.shape))
    offsets = np.empty((len(penalties), Y.shape[1]))
    alike: dict[bytes, list[int]] = {}
    for target, labelled in enumerate(~np.isnan(Y).T):
        alike.setdefault(labelled.tobytes(), []).append(target)
    for targets in alike.values():
        rows = np.flatnonzero(~np.isnan(Y[:, targets[0]]))
        y = Y[np.ix_(rows, np.array(targets))]
        own = np.ones(len(rows)) if weights is None else weights[rows]
        mean, shares, root = np.average(y, axis=0, weights=own), own / own.sum(), np.sqrt(own)[:, None]
        gram = products[np.ix_(rows, rows)].astype(np.float64)
        with_center = gram @ shares
        away = with_center - shares @ with_center
        # Taken from the rows' mean by their shares.
        gram -= with_center[:, None]
        gram -= away
        if weights is not None:
            gram *= root * root.T
        solutions = root * dual_weights(gram, root * (y - mean), penalties)
        # What a row has in common with the mean is no matter: its products less their mean, times the solutions.
        together = solutions.sum(axis=1, keepdims=True)
        own_slopes = np.zeros((len(penalties), len(Y), len(targets)))
        own_slopes[:, rows] = solutions - shares[:, None] * together
        slopes[:, :, targets] = own_slopes
        offsets[:, targets] = mean - away @ solutions
    return slopes, offsets


def dual_ridge(
    products: np.ndarray,
    train: np.ndarray,
    Y: np.ndarray,
    test: np.ndarray,
    penalties: Sequence[float],
    weights: np.ndarray | None = None,
) -> np.ndarray:
    """Predictions of the test rows by ridge regressions on the training rows, see `dual_lines`.

    Parameters
    ----------
    products : ndarray of shape (n, n)
        Inner products of all rows.
    train, test : ndarray of int
    Y : ndarray of shape (len(train), T)
        NaN = not labelled.
    penalties : sequence of float
    weights : ndarray of shape (len(train),), optional

    Returns
    -------
    ndarray of shape (len(penalties), len(test), T)

    Examples
    --------
    >>> x = np.array([[0.0], [1.0], [2.0], [3.0]])
    >>> dual_ridge(x @ x.T, np.array([0, 1, 2]), 1 + 2 * x[:3], np.array([3]), [1e-9]).round(3).ravel().tolist()
    [7.0]
    """
    slopes, offsets = dual_lines(products[np.ix_(train, train)], Y, penalties, weights)
    return products[np.ix_(test, train)].astype(np.float64) @ slopes + offsets[:, None]
