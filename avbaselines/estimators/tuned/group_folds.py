"""Folds that never split a group, and the check that somebody else's do not either."""

import warnings
from collections.abc import Iterable
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike
from sklearn.model_selection import BaseCrossValidator, PredefinedSplit

from avbaselines.errors import InputError

__all__ = ["Folds", "group_folds", "resolve_cv"]

Folds: TypeAlias = int | BaseCrossValidator | Iterable[tuple[Any, Any]] | None
"""What `cv` may be: a number of folds, a scikit-learn splitter, or pairs of training and test rows; None means 5."""


def group_folds(groups: ArrayLike, n_folds: int = 5, labels: ArrayLike | None = None, seed: int = 0) -> np.ndarray:
    """Deal groups into folds of about equal size.

    The groups are taken from the largest to the smallest (in a seeded order among equals), each into the fold where it
    disturbs the balance of sizes, and of classes where labels are given, least.

    Parameters
    ----------
    groups : array-like of shape (n,)
        The group of each row; a group is never divided.
    n_folds : int, default=5
        Number of folds; with fewer groups than that, as many folds as groups.
    labels : array-like of shape (n,), optional
        Class labels whose shares are balanced over the folds.
    seed : int, default=0
        Orders groups of equal size.

    Returns
    -------
    ndarray of int, shape (n,)
        The fold of each row, from 0 to the number of folds less one.

    Raises
    ------
    InputError
        With fewer than two groups, or fewer than two folds.

    Examples
    --------
    >>> group_folds(["a", "a", "b", "c"], n_folds=2).tolist()
    [0, 0, 1, 1]
    """
    names, codes = np.unique(np.asarray(groups), return_inverse=True)
    codes = codes.reshape(-1)
    if len(names) < 2:
        raise InputError(f"groups: at least two are needed to make folds, got {len(names)} (n_samples={len(codes)})")
    if n_folds < 2:
        raise InputError(f"cv: at least two folds are needed, got {n_folds}")
    n_folds = min(int(n_folds), len(names))
    counts = np.bincount(codes, minlength=len(names)).astype(float)[:, None]
    if labels is not None:
        classes = np.unique(np.asarray(labels), return_inverse=True)[1].reshape(-1)
        by_class = np.zeros((len(names), classes.max() + 1))
        np.add.at(by_class, (codes, classes), 1)
        counts = np.hstack([counts, by_class])
    shares = counts / counts.sum(axis=0)
    order = np.random.default_rng(seed).permutation(len(names))
    order = order[np.argsort(-counts[order, 0], kind="stable")]
    filled = np.zeros((n_folds, shares.shape[1]))
    fold_of_group = np.empty(len(names), dtype=int)
    for group in order:
        # Adding s to a fold holding f raises the sum of squares by 2 f.s + s.s: the least f.s keeps folds most equal.
        overlap = filled @ shares[group]
        best = np.flatnonzero(overlap <= overlap.min() + 1e-12)
        fold = best[np.argmin(filled[best, 0])]
        fold_of_group[group] = fold
        filled[fold] += shares[group]
    used = np.unique(fold_of_group[codes], return_inverse=True)[1]
    first_seen = np.argsort(np.argsort([np.flatnonzero(used == k)[0] for k in range(used.max() + 1)]))
    return first_seen[used]


def resolve_cv(
    cv: Folds, X: np.ndarray, y: ArrayLike | None = None, groups: ArrayLike | None = None, classes: bool = False
) -> np.ndarray:
    """Turn whatever `cv` is into one fold number per row, and refuse folds that split a group.

    Parameters
    ----------
    cv : int, scikit-learn splitter, or iterable of (train, test) index arrays; None means 5
        An int makes folds over the groups; without groups each row is its own group.
    X : array-like of shape (n, ...)
    y : array-like, optional
        Targets; with ``classes=True`` an int `cv` balances them over the folds.
    groups : array-like of shape (n,), optional
    classes : bool, default=False

    Returns
    -------
    ndarray of int, shape (n,)
        The fold in which a row is evaluated; -1 for a row that is never evaluated (it trains in every fold).

    Raises
    ------
    InputError
        If a group is on both sides of a fold, a row is evaluated twice, or a fold's training rows are not all others.
    ValueError
        From a splitter that needs groups and got none.

    Examples
    --------
    >>> resolve_cv(2, np.zeros((4, 1)), groups=["a", "a", "b", "c"]).tolist()
    [0, 0, 1, 1]
    """
    n = len(X)
    if groups is not None:
        groups = np.asarray(groups)
        if groups.shape != (n,):
            raise InputError(f"groups: one group per row is needed, got shape {groups.shape} for {n} rows")
    cv = 5 if cv is None else cv
    if isinstance(cv, (int, np.integer)) and not isinstance(cv, bool):
        folds = group_folds(np.arange(n) if groups is None else groups, int(cv), labels=y if classes else None)
    else:
        folds = _given_folds(cv, X, y, groups)
    if groups is not None:
        _refuse_split_groups(folds, groups)
    return folds


def _given_folds(cv: Any, X: np.ndarray, y: ArrayLike | None, groups: np.ndarray | None) -> np.ndarray:
    n = len(X)
    if isinstance(cv, PredefinedSplit) and len(cv.test_fold) == n and cv.get_n_splits():
        # Who trains and who does not follows from one number a row: nothing can repeat or be left out.
        return np.where(cv.test_fold < 0, -1, np.searchsorted(cv.unique_folds, cv.test_fold))
    if hasattr(cv, "split") and not isinstance(cv, str):
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="The groups parameter is ignored")
            pairs = list(cv.split(X, y, groups))
    elif hasattr(cv, "__iter__") and not isinstance(cv, str):
        pairs = list(cv)
    else:
        raise InputError(f"cv: an int, a splitter or (train, test) pairs are needed, got {cv!r}")
    if not pairs:
        raise InputError("cv: it makes no folds")
    folds = np.full(n, -1)
    for number, (_, test) in enumerate(pairs):
        test = _as_indices(test, n)
        if len(test) == 0 or (folds[test] >= 0).any() or len(np.unique(test)) != len(test):
            raise InputError(f"cv: fold {number} is empty or repeats a row; each row may be evaluated once")
        folds[test] = number
    for number, (train, _) in enumerate(pairs):
        if not np.array_equal(np.unique(_as_indices(train, n)), np.flatnonzero(folds != number)):
            if groups is not None:
                _refuse_overlap(_as_indices(train, n), np.flatnonzero(folds == number), groups, number)
            raise InputError(f"cv: fold {number} must train on all rows that it does not evaluate")
    return folds


def _as_indices(rows: Any, n: int) -> np.ndarray:
    rows = np.asarray(rows)
    return np.flatnonzero(rows) if rows.dtype == bool else np.arange(n)[rows]


def _refuse_split_groups(folds: np.ndarray, groups: np.ndarray) -> None:
    for number in np.unique(folds[folds >= 0]):
        _refuse_overlap(np.flatnonzero(folds != number), np.flatnonzero(folds == number), groups, number)


def _refuse_overlap(train: np.ndarray, test: np.ndarray, groups: np.ndarray, number: int) -> None:
    both = np.intersect1d(groups[train], groups[test])
    if len(both):
        raise InputError(
            f"cv: group '{both[0]}' is both trained on and evaluated in fold {number} ({len(both)} such groups); "
            "use folds that keep each group on one side"
        )
