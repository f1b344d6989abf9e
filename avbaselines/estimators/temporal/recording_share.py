"""Drawing predictions towards the mean of their recording: what is said in one video or talk is of one mood."""

import numpy as np
from numpy.typing import ArrayLike

__all__ = ["toward_recording"]


def toward_recording(values: np.ndarray, recordings: ArrayLike, share: float | None) -> np.ndarray:
    """Mix each clip's prediction with the mean prediction of its recording.

    Parameters
    ----------
    values : ndarray of shape (n, width)
        Values, or posteriors of classes (rows that sum to 1 still do); NaN rows where there is no prediction.
    recordings : array-like of shape (n,)
    share : float
        Of the mean, 0 to 1; 0 changes nothing.

    Returns
    -------
    ndarray of shape (n, width)
        NaN rows stay, and have no part in the means.

    Examples
    --------
    >>> toward_recording(np.array([[0.0], [2.0], [5.0]]), ["a", "a", "b"], share=0.5).ravel().tolist()
    [0.5, 1.5, 5.0]
    """
    if not share:
        return values
    _, codes = np.unique(np.asarray(recordings), return_inverse=True)
    known = ~np.isnan(values).any(axis=1)
    sums = np.zeros((codes.max(initial=-1) + 1, values.shape[1]))
    np.add.at(sums, codes[known], values[known])
    counts = np.bincount(codes[known], minlength=len(sums))
    means = sums / np.maximum(counts, 1)[:, None]
    return (1 - share) * values + share * means[codes]
