"""Which columns of a very wide table are worth a tree's time."""

import numpy as np

__all__ = ["screened_columns"]


def screened_columns(X, Y, max_columns):
    """The columns that follow the targets most closely, by share of variance explained one column at a time.

    Parameters
    ----------
    X : ndarray of shape (n, d)
        Training rows only; a NaN cell counts as the column's mean.
    Y : ndarray of shape (n,) of class codes 0 .. K-1, or (n, T) of targets, NaN = not labelled
        Of several targets the one that a column explains best counts.
    max_columns : int
        With no more columns than this, all are kept.

    Returns
    -------
    ndarray of int, rising
    """
    if X.shape[1] <= max_columns:
        return np.arange(X.shape[1])
    if Y.ndim == 1:
        shares = _explained_by_classes(X, Y)
    else:
        labelled = [~np.isnan(y) for y in Y.T]
        shares = np.max([_explained_by_values(X[rows], y[rows]) for rows, y in zip(labelled, Y.T, strict=True)], axis=0)
    return np.sort(np.argsort(-shares, kind="stable")[:max_columns])


def _centred(X):
    """Columns less their mean, over their deviation: 0 where NaN or constant."""
    has = ~np.isnan(X)
    mean = X.sum(axis=0, dtype=np.float64, where=has) / np.maximum(has.sum(axis=0), 1)
    Z = np.nan_to_num(X - mean.astype(X.dtype), copy=False, nan=0.0)
    spread = np.sqrt(np.einsum("ij,ij->j", Z, Z, dtype=np.float64))
    rounding = 10 * np.finfo(X.dtype).eps * np.abs(mean) * np.sqrt(len(X))
    return Z / np.where(spread > rounding, spread, np.inf).astype(X.dtype)


def _explained_by_values(X, y):
    y = (y - y.mean()) / (y.std() * np.sqrt(len(y)))
    return (y.astype(X.dtype) @ _centred(X)) ** 2


def _explained_by_classes(X, codes):
    member = np.eye(codes.max() + 1, dtype=X.dtype)[codes]
    return ((member.T @ _centred(X)) ** 2 / member.sum(axis=0)[:, None]).sum(axis=0)
