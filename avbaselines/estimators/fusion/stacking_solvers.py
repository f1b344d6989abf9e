"""Linear solvers of stacking: ridge, linear support vectors and non-negative weights, for all targets and penalties."""

from collections.abc import Sequence

import numpy as np
from scipy.optimize import nnls
from sklearn.svm import LinearSVR

from avbaselines.estimators.linear.group_ridge import labelled_patterns
from avbaselines.estimators.linear.linear_svr import PrimalLinearSVR

__all__ = ["dual_svr_path", "nonnegative_weights", "primal_svr_path", "ridge_on_all_rows", "slope"]

Path = tuple[np.ndarray, np.ndarray]
"""Weights of shape (penalties, columns, targets), and intercepts of shape (penalties, targets)."""


def ridge_on_all_rows(X: np.ndarray, Y: np.ndarray, penalties: np.ndarray) -> Path:
    """Ridge on standardised columns for all targets and penalties, in the form of `GroupRidge.solve`.

    Examples
    --------
    >>> import numpy as np
    >>> coef, intercept = ridge_on_all_rows(np.array([[0.0], [1.0], [2.0]]), np.array([[1.0], [3.0], [5.0]]), [1e-9])
    >>> coef.round(3).tolist(), intercept.round(3).tolist()
    ([[[2.0]]], [[1.0]])
    """
    coef = np.empty((len(penalties), X.shape[1], Y.shape[1]))
    intercept = np.empty((len(penalties), Y.shape[1]))
    patterns, pattern_of = labelled_patterns(Y)
    for number, rows in enumerate(patterns.T):
        targets = np.flatnonzero(pattern_of.reshape(-1) == number)
        Z, y = X[rows].astype(np.float64), Y[np.ix_(rows, targets)]
        mean, y_mean = Z.mean(axis=0), y.mean(axis=0)
        Z -= mean
        spread = Z.std(axis=0)
        scale = np.where(spread > 1e-9, 1 / np.maximum(spread, 1e-300), 0.0)
        Z *= scale
        squares, V = np.linalg.eigh(Z.T @ Z)
        inner = V.T @ (Z.T @ (y - y_mean))
        for p, penalty in enumerate(penalties):
            w = V @ (inner / (np.maximum(squares, 0) + penalty)[:, None]) * scale[:, None]
            coef[p][:, targets], intercept[p, targets] = w, y_mean - mean @ w
    return coef, intercept


def primal_svr_path(X: np.ndarray, Y: np.ndarray, costs: Sequence[float]) -> Path:
    """Linear support vector regressions with squared loss, see `PrimalLinearSVR`.

    Examples
    --------
    >>> import numpy as np
    >>> coef, intercept = primal_svr_path(np.array([[0.0], [1.0], [2.0]]), np.array([[1.0], [3.0], [5.0]]), [1e6])
    >>> coef.round(3).tolist(), intercept.round(3).tolist()
    ([[[2.0]]], [[1.0]])
    """
    coef, intercept = PrimalLinearSVR().path(X, Y, costs)
    return coef.transpose(0, 2, 1), intercept


def dual_svr_path(X: np.ndarray, Y: np.ndarray, costs: Sequence[float]) -> Path:
    """Linear support vector regressions with the plain epsilon-insensitive loss: minutes a fit on a large corpus.

    Examples
    --------
    >>> import numpy as np
    >>> coef, intercept = dual_svr_path(np.array([[0.0], [1.0], [2.0]]), np.array([[0.0], [2.0], [4.0]]), [100.0])
    >>> coef.round(1).tolist()
    [[[2.0]]]
    """
    coef = np.empty((len(costs), X.shape[1], Y.shape[1]))
    intercept = np.empty((len(costs), Y.shape[1]))
    for p, cost in enumerate(costs):
        for t in range(Y.shape[1]):
            rows = ~np.isnan(Y[:, t])
            svr = LinearSVR(C=cost, random_state=0, max_iter=3000).fit(X[rows], Y[rows, t])
            coef[p, :, t], intercept[p, t] = svr.coef_, svr.intercept_[0]
    return coef, intercept


def nonnegative_weights(X: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, float]:
    """Least-squares weights of 0 or more, and the intercept, of one target with NaN = not labelled.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.array([[0.0, 1.0], [1.0, 0.0], [2.0, 2.0]])
    >>> weights, intercept = nonnegative_weights(X, X[:, 0] - X[:, 1])
    >>> bool((weights >= 0).all())
    True
    """
    rows = ~np.isnan(y)
    Z, t = X[rows].astype(np.float64), y[rows]
    mean, t_mean = Z.mean(axis=0), t.mean()
    scale = np.maximum(Z.std(axis=0), 1e-12)
    Z = (Z - mean) / scale
    # The problem in its normal equations: as many rows as columns.
    gram, moment = Z.T @ Z, Z.T @ (t - t_mean)
    root = np.linalg.cholesky(gram + 1e-9 * np.trace(gram) / len(gram) * np.eye(len(gram)))
    weights = nnls(root.T, np.linalg.solve(root, moment))[0] / scale
    return weights, t_mean - mean @ weights


def slope(prediction: np.ndarray, truth: np.ndarray) -> float:
    """Least-squares slope of the truth (NaN = not labelled) on a prediction, not below 0.

    Examples
    --------
    >>> import numpy as np
    >>> slope(np.array([0.0, 1.0, 5.0]), np.array([1.0, 3.0, np.nan]))
    2.0
    """
    rows = ~np.isnan(truth)
    p, y = prediction[rows] - prediction[rows].mean(), truth[rows] - truth[rows].mean()
    return max(0.0, float(p @ y) / max(float(p @ p), 1e-12))
