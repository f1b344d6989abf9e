"""Linear support vector regression with the squared epsilon-insensitive loss, solved directly in the primal.

``1/2 |w|^2 + C sum(max(0, |y - w.x| - epsilon)^2)`` has a generalised Hessian that is a Gram matrix: with epsilon = 0
one Newton step from anywhere is the solution (a ridge with the penalty 1 / (2 C)), else a few are (Keerthi & DeCoste
2005, A Modified Finite Newton Method for Fast Solution of Large Scale Linear SVMs, JMLR 6). The Gram matrix of all rows
is made once for all targets and all C.
"""

import warnings

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from sklearn.base import BaseEstimator, MultiOutputMixin, RegressorMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_array, check_consistent_length
from sklearn.utils.validation import check_is_fitted, validate_data

from avbaselines.errors import InputError

__all__ = ["PrimalLinearSVR"]

ROWS_AT_ONCE = 8192
MAX_STEPS = 100


class PrimalLinearSVR(MultiOutputMixin, RegressorMixin, BaseEstimator):
    """What ``sklearn.svm.LinearSVR(loss="squared_epsilon_insensitive", dual=False)`` converges to.

    As there, the intercept is the weight of one more column with the value `intercept_scaling`, and penalised.

    Parameters
    ----------
    C : float, default=1.0
        Weight of the loss, greater than 0.
    epsilon : float, default=0.0
        Errors up to this size cost nothing.
    fit_intercept : bool, default=True
    intercept_scaling : float, default=1.0
        The larger, the less the intercept is penalised.

    Attributes
    ----------
    coef_ : ndarray of shape (d,) or (T, d)
    intercept_ : float or ndarray of shape (T,)
    n_iter_ : int
        Newton steps of the target that took most.

    Examples
    --------
    >>> PrimalLinearSVR(C=1e6).fit([[0.0], [1.0], [2.0]], [1.0, 3.0, 5.0]).predict([[3.0]]).round(3).tolist()
    [7.0]
    """

    def __init__(self, C=1.0, epsilon=0.0, fit_intercept=True, intercept_scaling=1.0):
        self.C = C
        self.epsilon = epsilon
        self.fit_intercept = fit_intercept
        self.intercept_scaling = intercept_scaling

    def fit(self, X, y, groups=None):
        """Fit all targets.

        Parameters
        ----------
        X : array-like of shape (n, d)
        y : array-like of shape (n,) or (n, T)
            NaN = not labelled.
        groups : ignored
            Nothing is tuned here.

        Returns
        -------
        self
        """
        X, Y, single = self._validate(X, y)
        coef, intercept, self.n_iter_ = self._path(X, Y, [self.C])
        self.coef_, self.intercept_ = (coef[0, 0], float(intercept[0, 0])) if single else (coef[0], intercept[0])
        return self

    def path(self, X, y, Cs):
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
        """
        X, Y, _ = self._validate(X, y, reset=False)
        return self._path(X, Y, Cs)[:2]

    def predict(self, X):
        """Predictions (n,) or (n, T) for X (n, d)."""
        check_is_fitted(self)
        X = validate_data(self, X, dtype=[np.float64, np.float32], reset=False)
        return X.astype(np.float64, copy=False) @ self.coef_.T + self.intercept_

    def _validate(self, X, y, reset=True):
        if reset:
            X = validate_data(self, X, dtype=[np.float64, np.float32])
        else:
            X = check_array(X, dtype=[np.float64, np.float32])
        if y is None:
            raise InputError("fit requires y to be passed, but the target y is None")
        Y = check_array(y, ensure_2d=False, dtype=np.float64, ensure_all_finite="allow-nan", input_name="y")
        check_consistent_length(X, Y)
        return X, Y.reshape(len(Y), -1), Y.ndim == 1

    def _path(self, X, Y, Cs):
        for name, values in (("C", Cs), ("intercept_scaling", [self.intercept_scaling])):
            if not (np.asarray(values, float) > 0).all():
                raise InputError(f"{name}: a number greater than 0 is needed, got {values}")
        if self.epsilon < 0:
            raise InputError(f"epsilon: 0 or more is needed, got {self.epsilon}")
        d, T = X.shape[1], Y.shape[1]
        bias = self.intercept_scaling if self.fit_intercept else None
        weights, most = np.zeros((len(Cs), T, d + self.fit_intercept)), 0
        patterns, pattern_of = np.unique(~np.isnan(Y), axis=1, return_inverse=True)
        for number, labelled in enumerate(patterns.T):
            if not labelled.any():
                raise InputError("y: a target has no labelled row")
            targets = np.flatnonzero(pattern_of.reshape(-1) == number)
            design = _Design(X if labelled.all() else X[labelled], bias)
            gram = design.gram(np.arange(design.n))
            y = Y[np.ix_(labelled, targets)]
            moments = design.transposed(y)
            for c, C in enumerate(Cs):
                weights[c, targets] = _solve(gram, moments, C).T
                if self.epsilon > 0:
                    for place, target in enumerate(targets):
                        w, steps = _newton(design, y[:, place], weights[c, target], C, self.epsilon, gram)
                        weights[c, target], most = w, max(most, steps)
        if not self.fit_intercept:
            return weights, np.zeros((len(Cs), T)), 1 + most
        return weights[..., :d], weights[..., d] * bias, 1 + most

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        return tags


class _Design:
    """The columns of X and, for an intercept, one more of a constant; products in float64, rows in chunks."""

    def __init__(self, X, bias):
        self.X, self.bias, self.n = X, bias, len(X)

    def rows(self, rows):
        Z = self.X[rows].astype(np.float64, copy=False)
        return Z if self.bias is None else np.column_stack([Z, np.full(len(Z), self.bias)])

    def gram(self, rows):
        """Z'Z over some rows (their numbers)."""
        width = self.X.shape[1] + (self.bias is not None)
        total = np.zeros((width, width))
        for start in range(0, len(rows), ROWS_AT_ONCE):
            Z = self.rows(rows[start : start + ROWS_AT_ONCE])
            total += Z.T @ Z
        return total

    def times(self, w):
        """Z w, of shape (n,)."""
        d = self.X.shape[1]
        out = np.empty(self.n)
        for start in range(0, self.n, ROWS_AT_ONCE):
            rows = slice(start, start + ROWS_AT_ONCE)
            out[rows] = self.X[rows].astype(np.float64, copy=False) @ w[:d]
        return out if self.bias is None else out + self.bias * w[d]

    def transposed(self, V):
        """Z' V, for V of shape (n, k)."""
        chunks = [slice(start, start + ROWS_AT_ONCE) for start in range(0, self.n, ROWS_AT_ONCE)]
        return sum(self.rows(rows).T @ V[rows] for rows in chunks)


def _solve(gram, moments, C):
    """w of (1 / (2 C) + gram) w = moments."""
    A = gram.copy()
    A[np.diag_indices_from(A)] += 1 / (2 * C)
    return cho_solve(cho_factor(A, lower=True, overwrite_a=True, check_finite=False), moments, check_finite=False)


def _newton(design, y, w, C, epsilon, gram):
    """Minimiser of the objective from `w` on, and the number of steps.

    The objective is quadratic while the same rows lie outside the insensitive tube on the same side: a full step that
    changes none of them has arrived.
    """

    def objective(error, w):
        return 0.5 * w @ w + C * np.sum(np.maximum(np.abs(error) - epsilon, 0) ** 2)

    active, gram = np.ones(len(y), bool), gram.copy()
    error = y - design.times(w)
    value = objective(error, w)
    for steps in range(1, MAX_STEPS + 1):
        side = np.where(np.abs(error) > epsilon, np.sign(error), 0.0)
        # Only rows that entered or left the tube change the Gram matrix.
        outside = side != 0
        gram += design.gram(np.flatnonzero(outside & ~active)) - design.gram(np.flatnonzero(active & ~outside))
        active = outside
        target = _solve(gram, design.transposed((np.where(outside, y, 0.0) - epsilon * side)[:, None])[:, 0], C)
        full = y - design.times(target)
        if np.array_equal(np.where(np.abs(full) > epsilon, np.sign(full), 0.0), side):
            return target, steps
        share, slope = 1.0, (w + 2 * C * _gradient_of_loss(design, error, epsilon)) @ (target - w)
        while True:
            tried = error + share * (full - error)
            new = objective(tried, w + share * (target - w))
            if new <= value + 1e-4 * share * slope:
                break
            share /= 2
            if share < 1e-10:
                return w, steps
        w, error, value = w + share * (target - w), tried, new
    warnings.warn(f"not converged after {MAX_STEPS} Newton steps", ConvergenceWarning, stacklevel=2)
    return w, MAX_STEPS


def _gradient_of_loss(design, error, epsilon):
    """Half the gradient of the summed loss in w: -Z' of what exceeds the tube."""
    excess = np.sign(error) * np.maximum(np.abs(error) - epsilon, 0)
    return -design.transposed(excess[:, None])[:, 0]
