"""Ridge regression with each group left out in turn, from sufficient statistics that are summed once.

The Gram matrix without a group is the total less the group's share: no second pass over the data. It is also close to
the total, so that one eigen-decomposition of the total preconditions conjugate gradients for every group left out, all
targets and all penalties at once: about ten steps reach a relative error of 1e-10. Means and deviations follow from the
same sums: columns are scaled by the rows that are kept, exactly as a fit on those rows alone would scale them.

With 40,032 rows, 1,404 columns, 28 groups, 3 targets and 20 penalties all this takes 2 to 4 times as long as one
``sklearn.linear_model.Ridge`` fit of one target and penalty (benchmarks/group_ridge.py).

Meant for up to a few thousand columns, and groups of many rows (recordings with frames, not speakers with ten clips).
"""

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from avbaselines.errors import InputError
from avbaselines.estimators.linear.group_sums import GroupSums, NearbySolver, RowNumbers, as_slice

__all__ = ["GroupRidge", "labelled_patterns", "leave_group_out"]


def leave_group_out(
    X: ArrayLike,
    Y: ArrayLike,
    groups: ArrayLike,
    penalties: Sequence[float],
    *,
    standardise: bool = True,
    fit_intercept: bool = True,
) -> np.ndarray:
    """Predictions for every group by ridge regressions that have not seen it.

    Parameters
    ----------
    X : array-like of shape (n, d)
        No missing values; float32 is accepted, the sums are made in float64.
    Y : array-like of shape (n,) or (n, T)
        NaN = not labelled; such rows are predicted all the same.
    groups : array-like of shape (n,)
    penalties : sequence of float
        Greater than 0; see :class:`GroupRidge`.
    standardise, fit_intercept : bool
        As for :class:`GroupRidge`.

    Returns
    -------
    ndarray of shape (n, T, len(penalties))

    Examples
    --------
    >>> X = np.arange(6.0)[:, None]
    >>> predictions = leave_group_out(X, 2 * X[:, 0], ["a", "a", "b", "b", "c", "c"], penalties=[1e-9])
    >>> predictions[:, 0, 0].round(3).tolist()
    [0.0, 2.0, 4.0, 6.0, 8.0, 10.0]
    """
    ridge = GroupRidge(penalties, standardise=standardise, fit_intercept=fit_intercept).fit(X, Y, groups)
    predictions = np.empty((ridge.n_rows_, ridge.n_targets_, len(ridge.penalties)))
    for _, rows, predicted in ridge.leave_one_out():
        predictions[rows] = predicted
    return predictions


def labelled_patterns(Y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Which rows are labelled, once for targets that share them.

    Returns
    -------
    patterns : ndarray of bool, shape (n, number of patterns)
    pattern_of : ndarray of int, shape (T,)

    Examples
    --------
    >>> patterns, pattern_of = labelled_patterns(np.array([[1.0, 1.0, 1.0], [1.0, np.nan, 1.0]]))
    >>> patterns.T.tolist(), pattern_of.tolist()
    ([[True, True], [True, False]], [0, 1, 0])
    """
    labelled = ~np.isnan(Y)
    if labelled.all():
        return labelled[:, :1], np.zeros(Y.shape[1], dtype=int)
    # As columns of bytes: comparing (n,) columns of a wide table by numpy's unique is slow where n is large.
    names = [column.tobytes() for column in np.packbits(labelled, axis=0).T]
    order = {name: number for number, name in enumerate(dict.fromkeys(names))}
    first = [names.index(name) for name in order]
    return labelled[:, first], np.array([order[name] for name in names])


class GroupRidge:
    """Ridge regressions on all groups but some, for all targets and penalties.

    Minimises ``sum((y - Z w - b)**2) + penalty * sum(w**2)`` as ``sklearn.linear_model.Ridge(alpha=penalty)`` does, on
    columns Z scaled like ``sklearn.preprocessing.StandardScaler`` scales the same rows.

    Parameters
    ----------
    penalties : sequence of float
        Greater than 0.
    standardise : bool, default=True
        Bring the columns to zero mean and unit variance over the rows that are kept; a column that is constant there
        gets the weight 0.
    fit_intercept : bool, default=True
        The intercept is not penalised.
    memory : float, default=2e9
        Bytes that the groups' Gram matrices may take. Where they need more they are made anew from X when asked for,
        which about doubles the cost of a pass.

    Attributes
    ----------
    groups_ : ndarray of shape (G,)
        Names of the groups, sorted.
    n_rows_, n_columns_, n_targets_ : int

    Examples
    --------
    >>> ridge = GroupRidge([1e-9]).fit([[0.0], [1.0], [2.0], [5.0]], [0.0, 2.0, 4.0, 0.0], ["a", "a", "b", "c"])
    >>> coef, intercept = ridge.solve(without=["c"])
    >>> coef.round(6).tolist(), abs(intercept.round(6)).tolist()
    ([[[2.0]]], [[0.0]])
    """

    def __init__(
        self, penalties: Sequence[float], *, standardise: bool = True, fit_intercept: bool = True, memory: float = 2e9
    ):
        self.penalties = np.atleast_1d(np.asarray(penalties, float))
        if not len(self.penalties) or not (np.isfinite(self.penalties) & (self.penalties > 0)).all():
            raise InputError(f"penalties: numbers greater than 0 are needed, got {penalties}")
        self.standardise, self.fit_intercept, self.memory = standardise, fit_intercept, memory

    def fit(self, X: ArrayLike, Y: ArrayLike, groups: ArrayLike) -> Self:
        """Sum the statistics of every group.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Kept by reference: predictions of left-out groups need it.
        Y : array-like of shape (n,) or (n, T)
            NaN = not labelled. Targets labelled on different rows have sums of their own.
        groups : array-like of shape (n,)

        Raises
        ------
        InputError
            With missing or infinite values in X, rows that do not fit together, or a single group.
        """
        X, Y = np.asarray(X), np.asarray(Y, float)
        Y = Y.reshape(len(Y), -1)
        self.groups_, codes = np.unique(np.asarray(groups), return_inverse=True)
        if X.ndim != 2 or not len(X) == len(Y) == len(codes):
            raise InputError(f"X of shape {X.shape}, {len(Y)} rows of Y and {len(codes)} groups do not fit together")
        if len(self.groups_) < 2:
            raise InputError("groups: at least two are needed to leave one out")
        if np.isinf(Y).any():
            raise InputError("Y: infinite values")
        mean = X.mean(axis=0, dtype=np.float64)
        if not np.isfinite(mean).all():
            raise InputError(f"X: column {int((~np.isfinite(mean)).argmax())} has missing or infinite values")
        self.n_rows_, self.n_columns_, self.n_targets_ = len(X), X.shape[1], Y.shape[1]
        order = np.argsort(codes, kind="stable")
        ends = np.cumsum(np.bincount(codes))
        self._rows = [as_slice(order[start:end]) for start, end in zip([0, *ends[:-1]], ends, strict=True)]
        self._X = X
        patterns, pattern_of = labelled_patterns(Y)
        share = self.memory / patterns.shape[1]
        self._parts = []
        for number, labelled in enumerate(patterns.T):
            targets = np.flatnonzero(pattern_of.reshape(-1) == number)
            sums = GroupSums(X, Y[:, targets], labelled, self._rows, mean, share)
            self._parts.append((targets, sums, NearbySolver(self._equations(sums, [])[0])))
        return self

    def solve(self, without: Sequence[Any] = ()) -> tuple[np.ndarray, np.ndarray]:
        """Solutions on all groups but some.

        Parameters
        ----------
        without : sequence
            Names of the groups to leave out.

        Returns
        -------
        coef : ndarray of shape (len(penalties), d, T)
            For the columns of X as they were given.
        intercept : ndarray of shape (len(penalties), T)
        """
        coef = np.empty((len(self.penalties), self.n_columns_, self.n_targets_))
        intercept = np.empty((len(self.penalties), self.n_targets_))
        without = [self._code(name) for name in without]
        for targets, sums, basis in self._parts:
            gram, cross, scale, mean, y_mean = self._equations(sums, without)
            weights = basis.solve_near(gram, cross, self.penalties) * scale[:, None]
            coef[:, :, targets] = weights
            intercept[:, targets] = (y_mean if self.fit_intercept else 0.0) - mean @ weights
        return coef, intercept

    def predict(self, name: Any, coef: np.ndarray, intercept: np.ndarray) -> tuple[RowNumbers, np.ndarray]:
        """Predictions for the rows of a group by :meth:`solve`'s solutions.

        Returns
        -------
        rows : ndarray of int or slice
            The group's rows of X, in their order.
        predictions : ndarray of shape (rows, T, len(penalties))
        """
        rows = self._rows[self._code(name)]
        P, d, T = coef.shape
        predicted = self._X[rows].astype(np.float64) @ coef.transpose(1, 2, 0).reshape(d, T * P)
        return rows, predicted.reshape(-1, T, P) + intercept.T

    def leave_one_out(self) -> Iterator[tuple[Any, RowNumbers, np.ndarray]]:
        """For each group, what the others say about it.

        Yields
        ------
        name, rows, predictions
            See :meth:`predict`.
        """
        for name in self.groups_:
            yield name, *self.predict(name, *self.solve([name]))

    def leave_two_out(
        self,
    ) -> Iterator[tuple[tuple[Any, Any], tuple[RowNumbers, np.ndarray], tuple[RowNumbers, np.ndarray]]]:
        """For each pair of groups, what the others say about both: the inner folds of nested leave-one-group-out.

        With group a as the outer test group, the predictions for all other groups b are out-of-fold predictions for
        its training rows; the same G (G - 1) / 2 solutions serve b as the outer test group.

        Yields
        ------
        (a, b), (rows of a, predictions), (rows of b, predictions)
            See :meth:`predict`.
        """
        for a, b in combinations(self.groups_, 2):
            solution = self.solve([a, b])
            yield (a, b), self.predict(a, *solution), self.predict(b, *solution)

    def _code(self, name: Any) -> int:
        code = int(np.searchsorted(self.groups_, name))
        if code == len(self.groups_) or self.groups_[code] != name:
            raise InputError(f"groups: no group {name!r} was fitted")
        return code

    def _equations(
        self, sums: GroupSums, without: Sequence[int]
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """X'X and X'Y of the scaled columns, their scale, and the means of X and Y."""
        mean, y_mean, gram, cross, variance = sums.moments(without, self.standardise or self.fit_intercept)
        scale = np.ones(len(mean))
        if self.standardise:
            scale = np.divide(1.0, np.sqrt(variance), out=np.zeros_like(variance), where=variance > 0)
            gram *= scale
            gram *= scale[:, None]
            cross *= scale[:, None]
        return gram, cross, scale, mean, y_mean
