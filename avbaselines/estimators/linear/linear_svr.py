"""Linear support vector regression with the squared loss and no insensitive tube, solved directly in the primal.

``1/2 |w|^2 + C sum((y - w.x)^2)`` is ridge regression with the penalty 1 / (2 C), its intercept penalised too: one
Gram matrix of all rows serves all targets and all C.
"""

from collections.abc import Sequence
from typing import Self

import numpy as np
from numpy.typing import ArrayLike
from scipy.linalg import cho_factor, cho_solve
from sklearn.base import BaseEstimator, MultiOutputMixin, RegressorMixin
from sklearn.utils import Tags, check_array, check_consistent_length
from sklearn.utils.validation import check_is_fitted, validate_data

from avbaselines.errors import InputError

__all__ = ["PrimalLinearSVR"]

ROWS_AT_ONCE = 8192


class PrimalLinearSVR(MultiOutputMixin, RegressorMixin, BaseEstimator):
    """The solution of ``sklearn.svm.LinearSVR(loss="squared_epsilon_insensitive", epsilon=0, dual=False)``.

    As there, the intercept is the weight of one more column of ones, and penalised.

    Parameters
    ----------
    C : float, default=1.0
        Weight of the loss, greater than 0.

    Attributes
    ----------
    coef_ : ndarray of shape (d,) or (T, d)
    intercept_ : float or ndarray of shape (T,)

    Examples
    --------
    >>> PrimalLinearSVR(C=1e6).fit([[0.0], [1.0], [2.0]], [1.0, 3.0, 5.0]).predict([[3.0]]).round(3).tolist()
    [7.0]
    """

    def __init__(self, C: float = 1.0):
        self.C = C

    def fit(self, X: ArrayLike, y: ArrayLike, groups: ArrayLike | None = None) -> Self:
        """Fit all targets.

        Parameters
        ----------
        X : array-like of shape (n, d)
        y : array-like of shape (n,) or (n, T)
            NaN = not labelled.
        groups : ignored
            Nothing is tuned here.
        """
        checked: np.ndarray = validate_data(self, X, dtype=[np.float64, np.float32])
        coef, intercept = self._path(checked, y, [self.C])
        single = np.asarray(y).ndim == 1
        self.coef_: np.ndarray = coef[0, 0] if single else coef[0]
        self.intercept_: float | np.ndarray = float(intercept[0, 0]) if single else intercept[0]
        return self

    def path(self, X: ArrayLike, y: ArrayLike, Cs: Sequence[float]) -> tuple[np.ndarray, np.ndarray]:
        """Solutions for several C, sharing the Gram matrix; the estimator itself stays as it is.

        Parameters
        ----------
        X, y
            As for :meth:`fit`.
        Cs : sequence of float
            Take the place of the parameter `C`.

        Returns
        -------
        coef : ndarray of shape (len(Cs), T, d)
        intercept : ndarray of shape (len(Cs), T)

        Examples
        --------
        >>> coef, intercept = PrimalLinearSVR().path([[0.0], [1.0]], [0.0, 1.0], [0.1, 1e6])
        >>> coef.round(2).ravel().tolist()
        [0.15, 1.0]
        """
        return self._path(check_array(X, dtype=[np.float64, np.float32]), y, Cs)

    def predict(self, X: ArrayLike) -> np.ndarray:
        """Predictions (n,) or (n, T) for X (n, d)."""
        check_is_fitted(self)
        checked: np.ndarray = validate_data(self, X, dtype=[np.float64, np.float32], reset=False)
        return checked.astype(np.float64, copy=False) @ self.coef_.T + self.intercept_

    def _path(self, X: np.ndarray, y: ArrayLike, Cs: Sequence[float]) -> tuple[np.ndarray, np.ndarray]:
        if y is None:
            raise InputError("fit requires y to be passed, but the target y is None")
        Y = check_array(y, ensure_2d=False, dtype=np.float64, ensure_all_finite="allow-nan", input_name="y")
        check_consistent_length(X, Y)
        Y = Y.reshape(len(Y), -1)
        if not (np.asarray(Cs, float) > 0).all():
            raise InputError(f"C: a number greater than 0 is needed, got {Cs}")
        weights = np.zeros((len(Cs), Y.shape[1], X.shape[1] + 1))
        patterns, pattern_of = np.unique(~np.isnan(Y), axis=1, return_inverse=True)
        for number, labelled in enumerate(patterns.T):
            if not labelled.any():
                raise InputError("y: a target has no labelled row")
            targets = np.flatnonzero(pattern_of.reshape(-1) == number)
            gram, moments = _products(X if labelled.all() else X[labelled], Y[np.ix_(labelled, targets)])
            for c, C in enumerate(Cs):
                weights[c, targets] = _solve(gram, moments, C).T
        return weights[..., :-1], weights[..., -1]

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        return tags


def _products(X: np.ndarray, Y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Z'Z and Z'Y, with Z the columns of X and one of ones; in float64, rows in chunks."""
    gram = np.zeros((X.shape[1] + 1, X.shape[1] + 1))
    moments = []
    for start in range(0, len(X), ROWS_AT_ONCE):
        rows = slice(start, start + ROWS_AT_ONCE)
        part = X[rows].astype(np.float64, copy=False)
        Z = np.column_stack([part, np.ones(len(part))])
        gram += Z.T @ Z
        moments.append(Z.T @ Y[rows])
    return gram, sum(moments)


def _solve(gram: np.ndarray, moments: np.ndarray, C: float) -> np.ndarray:
    """w of (1 / (2 C) + gram) w = moments."""
    A = gram.copy()
    A[np.diag_indices_from(A)] += 1 / (2 * C)
    return cho_solve(cho_factor(A, lower=True, overwrite_a=True, check_finite=False), moments, check_finite=False)
