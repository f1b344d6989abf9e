"""Normal scores of ranks, and the places of the references that stand for a long column."""

import numpy as np
from scipy.special import ndtri

__all__ = ["MAX_REFERENCES", "QUANTILE_LIMIT", "score_table", "thinned_positions"]

QUANTILE_LIMIT = 3.0
MAX_REFERENCES = 2000


def score_table(count: int, dtype: np.dtype | type) -> np.ndarray:
    """Normal scores of twice the ranks 0 .. 2 count, within the limit, and 0 for NaN.

    Examples
    --------
    >>> score_table(1, float).tolist()
    [-3.0, 0.0, 3.0, 0.0]
    """
    scores = ndtri(np.arange(2 * count + 1) / (2 * count)) if count else np.zeros(1)
    return np.append(np.clip(scores, -QUANTILE_LIMIT, QUANTILE_LIMIT), 0).astype(dtype)


def thinned_positions(counts: int | np.ndarray) -> np.ndarray:
    """Places of `MAX_REFERENCES` evenly spaced order statistics among sorted values, (..., MAX_REFERENCES).

    Parameters
    ----------
    counts : int or ndarray of int, shape (..., 1)
        How many values there are.

    Examples
    --------
    >>> positions = thinned_positions(4001)
    >>> positions[:3].tolist(), int(positions[-1])
    ([0, 2, 4], 4000)
    """
    return (np.linspace(0, 1, MAX_REFERENCES) * np.maximum(np.asarray(counts) - 1, 0)).round().astype(int)
