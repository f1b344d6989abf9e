"""One order of clips for every study, whatever the order of the rows in its tables."""

import numpy as np

from avbaselines.corpora.text_form import natural

__all__ = ["clip_order"]


def clip_order(ids: np.ndarray, recordings: np.ndarray | None = None, times: np.ndarray | None = None) -> np.ndarray:
    """Positions of the clips in the order in which a study works on them.

    Folds, subsamples and sums of floats follow the order of rows, and the order of rows in a table says nothing: two
    tables of the same clips must give the same results. Clips are ordered by id, numbers in ids by their value; frames
    of recordings by recording and time, as context, delay and smoothing need them.

    Parameters
    ----------
    ids : ndarray of str, shape (n_clips,)
        Without repetitions.
    recordings : ndarray of str, shape (n_clips,), optional
    times : ndarray of float, shape (n_clips,), optional
        Seconds; they count only where `recordings` are given too.

    Returns
    -------
    ndarray of int, shape (n_clips,)

    Examples
    --------
    >>> clip_order(np.array(["c10", "c2", "c1"])).tolist()
    [2, 1, 0]
    >>> clip_order(np.array(["x", "y", "z"]), np.array(["b", "a", "a"]), np.array([0.0, 0.4, 0.0])).tolist()
    [2, 1, 0]
    """
    if recordings is None or times is None:
        return _ranks(ids).argsort()
    return np.lexsort((ids, times, _ranks(recordings)))


def _ranks(names: np.ndarray) -> np.ndarray:
    """The place of each name among all different names."""
    unique, codes = np.unique(names, return_inverse=True)
    rank = np.empty(len(unique), int)
    rank[sorted(range(len(unique)), key=lambda code: natural(str(unique[code])))] = np.arange(len(unique))
    return rank[codes.reshape(-1)]
