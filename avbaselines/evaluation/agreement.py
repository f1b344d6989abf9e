"""How far raters agree: Krippendorff's alpha of classes and of numbers, with its interval over groups.

Alpha is 1 - D_o / D_e, the disagreement between raters of one clip over that between ratings of any clips: 1 is perfect
agreement, 0 what ratings dealt at random would give (K. Krippendorff 2011, Computing Krippendorff's alpha-reliability).
Both disagreements are read off sums that add up over groups, as metrics are.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from avbaselines.evaluation.intervals import interval_of_score


class Alpha(NamedTuple):
    """Krippendorff's alpha with its 95 % interval over groups (NaN where there is none), and clips rated twice or more.

    Examples
    --------
    >>> Alpha(0.27, 0.25, 0.29, 7442).value
    0.27
    """

    value: float
    low: float
    high: float
    n_clips: int


def nominal_alpha(counts: ArrayLike, groups: ArrayLike) -> Alpha:
    """Alpha of votes for classes.

    Parameters
    ----------
    counts : shape (n, K)
        Votes of each clip for each class; clips with fewer than two count for nothing.
    groups : int, shape (n,)
        Group of each clip, from 0.

    Examples
    --------
    Three clips with two raters each, who disagree on one:

    >>> round(nominal_alpha([[2, 0], [1, 1], [0, 2]], [0, 1, 2]).value, 3)
    0.444
    """
    votes = np.asarray(counts, dtype=np.float64)
    several = votes.sum(axis=1) >= 2
    votes = votes[several]
    n = votes.sum(axis=1)
    within = n - (votes**2 - votes).sum(axis=1) / (n - 1)
    return _alpha(np.column_stack([within, votes]), np.asarray(groups)[several], _nominal_between)


def interval_alpha(ratings: ArrayLike, groups: ArrayLike) -> Alpha:
    """Alpha of numbers, whose disagreement is the squared difference.

    Parameters
    ----------
    ratings : shape (n, raters)
        NaN = not rated; clips with fewer than two ratings count for nothing.
    groups : int, shape (n,)
        Group of each clip, from 0.

    Examples
    --------
    >>> round(interval_alpha([[1, 1], [2, 3], [4, 4]], [0, 1, 2]).value, 3)
    0.912
    """
    values = np.asarray(ratings, dtype=np.float64)
    several = (~np.isnan(values)).sum(axis=1) >= 2
    values = values[several] - (np.nanmean(values[several]) if several.any() else 0.0)
    n, total, squares = (~np.isnan(values)).sum(axis=1), np.nansum(values, axis=1), np.nansum(values**2, axis=1)
    within = 2 * (n * squares - total**2) / (n - 1)
    return _alpha(np.column_stack([within, n, total, squares]), np.asarray(groups)[several], _interval_between)


def _nominal_between(sums: np.ndarray) -> np.ndarray:
    n = sums[..., 1:].sum(axis=-1)
    return (n**2 - (sums[..., 1:] ** 2).sum(axis=-1)) / (n - 1)


def _interval_between(sums: np.ndarray) -> np.ndarray:
    _, n, total, squares = np.moveaxis(sums, -1, 0)
    return 2 * (n * squares - total**2) / (n - 1)


def _alpha(clips: np.ndarray, groups: np.ndarray, between: Callable[[np.ndarray], np.ndarray]) -> Alpha:
    """Alpha of a row of sums a clip, the disagreement within the clip first."""
    if not len(clips):
        return Alpha(np.nan, np.nan, np.nan, 0)
    sums = np.zeros((len(np.unique(groups)), clips.shape[1]))
    np.add.at(sums, np.unique(groups, return_inverse=True)[1], clips)

    def read(totals: list[np.ndarray]) -> np.ndarray:
        with np.errstate(divide="ignore", invalid="ignore"):
            return 1 - totals[0][..., 0] / between(totals[0])

    low, high = interval_of_score(read, [sums], (-1.0, 1.0), 0.95, 0, 0, "jackknife_t")
    return Alpha(float(read([sums.sum(axis=0)])), low, high, len(clips))
