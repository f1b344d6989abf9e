"""Per-speaker normalisation of features, which reads every clip of the speaker it normalises."""

import numpy as np
from numpy.typing import ArrayLike


def standardise_per_group(X: np.ndarray, groups: ArrayLike) -> np.ndarray:
    """Features standardised within each group by that group's own unlabelled clips.

    Applied to evaluated speakers this is transductive: it reads their other evaluated clips (never a label).

    Parameters
    ----------
    X : ndarray, shape (n_clips, n_features)
        NaN = missing; stays missing and is left out of the statistics.
    groups : ndarray, shape (n_clips,)

    Returns
    -------
    ndarray of float32, shape (n_clips, n_features)
        Mean 0 and standard deviation 1 within each group; a feature constant within a group becomes 0 there.

    Examples
    --------
    >>> standardise_per_group(np.array([[1.0], [3.0], [10.0], [14.0]]), ["a", "a", "b", "b"]).ravel().tolist()
    [-1.0, 1.0, -1.0, 1.0]
    """
    standardised = np.full(X.shape, np.nan, dtype=np.float32)
    _, codes = np.unique(groups, return_inverse=True)
    for code in range(codes.max() + 1):
        rows = codes == code
        part = X[rows].astype(np.float64)
        known = ~np.isnan(part)
        count = np.maximum(known.sum(axis=0), 1)
        mean = np.where(known, part, 0).sum(axis=0) / count
        centred = np.where(known, part - mean, 0)
        spread = np.sqrt((centred**2).sum(axis=0) / count)
        scaled = centred / np.where(spread > 1e-6 * np.maximum(np.abs(mean), 1), spread, np.inf)
        standardised[rows] = np.where(known, scaled, np.nan)
    return standardised
