"""Screening of very wide tables: the columns that follow the targets best."""

import numpy as np

from avbaselines.estimators.preprocessing.row_parts import column_parts

__all__ = ["screened_columns", "screening_order"]


def screened_columns(X: np.ndarray, Y: np.ndarray, max_columns: int, rows: np.ndarray | None = None) -> np.ndarray:
    """The columns that follow the targets most closely, by share of variance explained one column at a time.

    Parameters
    ----------
    X : ndarray of shape (n, d)
        A NaN cell counts as the column's mean.
    Y : ndarray of shape (m,) of class codes 0 .. K-1, or (m, T) of targets, NaN = not labelled
        Of several targets the one that a column explains best counts.
    max_columns : int
        With no more columns than this, all are kept.
    rows : ndarray of int, shape (m,), optional
        The training rows, which Y is of; None is all.

    Returns
    -------
    ndarray of int, rising

    Examples
    --------
    >>> X = np.array([[0.0, 1.0], [1.0, 0.0], [2.0, 1.0], [3.0, 0.0]])
    >>> screened_columns(X, X[:, [0]], max_columns=1).tolist()
    [0]
    """
    if X.shape[1] <= max_columns:
        return np.arange(X.shape[1])
    return np.sort(screening_order(X, Y, rows)[:max_columns])


def screening_order(X: np.ndarray, Y: np.ndarray, rows: np.ndarray | None = None) -> np.ndarray:
    """All columns, those that follow the targets most closely first; parameters as for `screened_columns`.

    Examples
    --------
    >>> X = np.array([[0.0, 1.0], [1.0, 0.0], [2.0, 1.0], [3.0, 0.0]])
    >>> screening_order(X, X[:, [1]]).tolist()
    [1, 0]
    """
    explained = _explained_by_classes if Y.ndim == 1 else _explained_by_values
    shares = np.concatenate([explained(part, Y) for _, part in column_parts(X, rows)])
    return np.argsort(-shares, kind="stable")


def _centred(X: np.ndarray) -> np.ndarray:
    """Columns less their mean, over their deviation: 0 where NaN or constant."""
    has = ~np.isnan(X)
    mean = X.sum(axis=0, dtype=np.float64, where=has) / np.maximum(has.sum(axis=0), 1)
    Z = np.nan_to_num(X - mean.astype(X.dtype), copy=False, nan=0.0)
    spread = np.sqrt(np.einsum("ij,ij->j", Z, Z, dtype=np.float64))
    rounding = 10 * np.finfo(X.dtype).eps * np.abs(mean) * np.sqrt(len(X))
    return Z / np.where(spread > rounding, spread, np.inf).astype(X.dtype)


def _explained_by_values(X: np.ndarray, Y: np.ndarray) -> np.ndarray:
    best = np.zeros(X.shape[1], X.dtype)
    for y in Y.T:
        rows = ~np.isnan(y)
        y = (y[rows] - y[rows].mean()) / (y[rows].std() * np.sqrt(rows.sum()))
        np.maximum(best, (y.astype(X.dtype) @ _centred(X if rows.all() else X[rows])) ** 2, out=best)
    return best


def _explained_by_classes(X: np.ndarray, codes: np.ndarray) -> np.ndarray:
    member = np.eye(codes.max() + 1, dtype=X.dtype)[codes]
    return ((member.T @ _centred(X)) ** 2 / member.sum(axis=0)[:, None]).sum(axis=0)
