"""A missing system's prediction from those of the systems present."""

import numpy as np

__all__ = ["fill_gaps", "learn_gaps"]


def learn_gaps(X: np.ndarray) -> dict[str, np.ndarray]:
    """What `fill_gaps` needs: means, deviations and correlations of columns that may have gaps.

    Parameters
    ----------
    X : ndarray of shape (n, d)
        NaN = missing.

    Returns
    -------
    dict of str to ndarray
        'center' (d,), 'scale' (d,), 'correlation' (d, d). Pairs that were never seen together count as uncorrelated.

    Examples
    --------
    >>> X = np.array([[0.0, 0.0], [1.0, 2.0], [2.0, np.nan]])
    >>> learn_gaps(X)["center"].tolist()
    [1.0, 1.0]
    """
    present = ~np.isnan(X)
    counts = np.maximum(present.sum(axis=0), 1)
    center = np.where(present, X, 0).sum(axis=0) / counts
    centred = np.where(present, X - center, 0)
    scale = np.sqrt((centred**2).sum(axis=0) / counts)
    scale = np.where(scale > 1e-9 * (1 + np.abs(center)), scale, 1.0)
    Z, together = centred / scale, present.T.astype(float) @ present
    correlation = Z.T @ Z / np.maximum(together, 1)
    # Correlations of different rows need not go together: the nearest ones that do.
    values, vectors = np.linalg.eigh((correlation + correlation.T) / 2)
    return {"center": center, "scale": scale, "correlation": vectors * np.maximum(values, 0) @ vectors.T}


def fill_gaps(X: np.ndarray, gaps: dict[str, np.ndarray], penalty: float) -> np.ndarray:
    """Fill what is missing by ridge regression on what is present, for whichever columns these are.

    Parameters
    ----------
    X : ndarray of shape (n, d)
        NaN = missing.
    gaps : dict
        From `learn_gaps`.
    penalty : float
        Of the ridge, per row and in units of standardised columns.

    Returns
    -------
    ndarray of shape (n, d)
        Rows without anything stay NaN.

    Examples
    --------
    >>> X = np.array([[0.0, 0.0], [1.0, 2.0], [2.0, 4.0], [2.0, np.nan]])
    >>> fill_gaps(X, learn_gaps(X[:3]), penalty=1e-9).round(3)[3].tolist()
    [2.0, 4.0]
    """
    missing = np.isnan(X)
    patterns, of_row = np.unique(missing, axis=0, return_inverse=True)
    Z = (X - gaps["center"]) / gaps["scale"]
    for number, lacks in enumerate(patterns):
        if not lacks.any() or lacks.all():
            continue
        rows, has = np.flatnonzero(of_row.reshape(-1) == number), ~lacks
        inner = gaps["correlation"][np.ix_(has, has)] + penalty * np.eye(has.sum())
        weights = np.linalg.solve(inner, gaps["correlation"][np.ix_(has, lacks)])
        Z[np.ix_(rows, lacks)] = Z[np.ix_(rows, has)] @ weights
    return np.where(missing, gaps["center"] + gaps["scale"] * Z, X)
