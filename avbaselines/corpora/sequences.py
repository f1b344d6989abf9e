"""Features over the steps of a clip, summarised into one row; padding before or after the steps is left out."""

import warnings
from collections.abc import Sequence
from itertools import combinations
from typing import Any, Literal

import numpy as np

from avbaselines.errors import InputError

Padding = Literal["front", "end"]
THIRDS = ("first", "middle", "last")
CORRELATION = "correlation"
STEPS = "steps"
MOST_CORRELATED = 100
"""Features up to which correlations are taken: of 100 there are 4,950."""


def padding_side(X: np.ndarray) -> Padding:
    """The side on which the clips of a table are padded with zeros: the one with more of them.

    Parameters
    ----------
    X : ndarray, shape (n_clips, n_steps, n_features)

    Examples
    --------
    >>> padding_side(np.array([[[1.0], [2.0], [0.0]], [[0.0], [1.0], [2.0]], [[3.0], [0.0], [0.0]]]))
    'end'
    """
    filled = _filled(X)
    filled = filled[filled.any(axis=1)]
    front, end = filled.argmax(axis=1).sum(), filled[:, ::-1].argmax(axis=1).sum()
    return "front" if front > end else "end"


def step_notes(name: str, X: np.ndarray, padding: Padding) -> list[str]:
    """What to say of steps of zeros: how many are left out as padding, and how many count as steps.

    Parameters
    ----------
    name : str
        Of the modality.
    X : ndarray, shape (n_clips, n_steps, n_features)
    padding : {"front", "end"}

    Examples
    --------
    >>> step_notes("face", np.array([[[1.0], [0.0], [1.0], [0.0]]]), "end")[0]
    'face: 25.0% of its steps are zeros at the end of a clip, left out as padding'
    """
    filled, inside = _filled(X), _inside(X, padding)
    there = ~np.isnan(X).all(axis=2)
    padded, zeros = float((~inside & there).mean()), float((inside & ~filled & there).mean())
    notes = []
    if padded:
        notes.append(f"{name}: {padded:.1%} of its steps are zeros at the {padding} of a clip, left out as padding")
    if zeros:
        notes.append(f"{name}: {zeros:.1%} of its steps are zeros elsewhere in a clip and count as steps")
    return notes


def summarise_steps(
    X: np.ndarray, columns: Sequence[str], functionals: Sequence[str], padding: Padding | None = None
) -> tuple[np.ndarray, list[str]]:
    """Functionals over the steps of (clips, steps, features) arrays.

    Steps of zeros (or NaN) at the padded side are left out, and steps that are all NaN; zeros elsewhere are steps. A
    clip without any step left becomes a row of NaN. ``slope`` is the least-squares slope over the kept steps, their
    positions scaled to 0..1. ``first``, ``middle`` and ``last`` are means over thirds of the kept steps; neighbours
    share a step where their number is no multiple of three. ``correlation`` has a column for each two
    features: how they move together within the clip, 0 where one does not move. ``steps`` is one column: how many steps
    are kept.

    Parameters
    ----------
    X : ndarray, shape (n_clips, n_steps, n_features)
    columns : sequence of str, length n_features
    functionals : sequence of str
        Of mean, std, min, max, slope, first, middle, last, correlation, steps and percentiles such as p10.
    padding : {"front", "end"}, optional
        By default as `padding_side` tells.

    Returns
    -------
    X : ndarray of float64, shape (n_clips, n_columns)
    columns : list of str
        ``<feature>_<functional>``, ``<feature>_<other feature>_correlation``, ``steps``.

    Raises
    ------
    InputError
        Correlations of a single feature, or of so many that there would be thousands of columns.

    Examples
    --------
    >>> steps = np.array([[[1.0], [0.0], [5.0], [0.0]]])  # the third step of zeros is padding, the second one is not
    >>> X, columns = summarise_steps(steps, ["a"], ["mean", "max"], "end")
    >>> dict(zip(columns, X[0].tolist()))
    {'a_mean': 2.0, 'a_max': 5.0}
    """
    real = _inside(X, padding or padding_side(X)) & ~np.isnan(X).all(axis=2)
    kept = np.where(real[:, :, None], X, np.nan).astype(np.float64)
    summaries = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # clips without steps: their NaN is the answer
        for functional in functionals:
            summaries.append(_correlations(kept) if functional == CORRELATION else _summary(functional, kept, real))
    return np.concatenate(summaries, axis=1), [name for one in functionals for name in _names(one, columns)]


def _names(functional: str, columns: Sequence[str]) -> Sequence[str]:
    """Names of a functional's columns."""
    if functional == STEPS:
        return [STEPS]
    if functional != CORRELATION:
        return [f"{column}_{functional}" for column in columns]
    if not 2 <= len(columns) <= MOST_CORRELATED:
        raise InputError(
            f"functionals: correlation takes 2 to {MOST_CORRELATED} features, this table has {len(columns)}; leave it "
            "out"
        )
    return [f"{first}_{second}_{CORRELATION}" for first, second in combinations(columns, 2)]


def _correlations(kept: np.ndarray) -> np.ndarray:
    """Correlation of each two features over the steps of a clip, (n_clips, pairs); a gap is the feature's mean."""
    first, second = np.triu_indices(kept.shape[2], 1)
    correlations = np.full((len(kept), len(first)), np.nan)
    for clip, steps in enumerate(kept):
        steps = steps[~np.isnan(steps).all(axis=1)]
        if len(steps):
            moved = np.nan_to_num(steps - np.nanmean(steps, axis=0))
            spread = np.sqrt((moved**2).sum(axis=0))
            unit = moved / np.where(spread > 1e-6 * np.nanmax(np.abs(steps), axis=0), spread, np.inf)
            correlations[clip] = (unit.T @ unit)[first, second]
    return correlations


def _filled(X: np.ndarray) -> np.ndarray:
    """Steps with a value other than zero and NaN, (n_clips, n_steps)."""
    return np.asarray(np.where(np.isnan(X), 0, X).any(axis=2))


def _inside(X: np.ndarray, padding: Padding) -> np.ndarray:
    """Steps up to the last one with a value (from the first one on, where padding is in front), (n_clips, n_steps)."""
    filled = _filled(X)
    if padding == "front":
        return np.logical_or.accumulate(filled, axis=1)
    return np.logical_or.accumulate(filled[:, ::-1], axis=1)[:, ::-1]


def _summary(functional: str, kept: np.ndarray, real: np.ndarray) -> np.ndarray:
    if functional == "slope":
        position = np.where(real, np.cumsum(real, axis=1) - 1.0, np.nan)
        position = position / np.maximum(np.nanmax(position, axis=1, keepdims=True), 1)
        centred = (position - np.nanmean(position, axis=1, keepdims=True))[:, :, None]
        deviation = kept - np.nanmean(kept, axis=1, keepdims=True)
        spread = np.nansum(centred**2, axis=1)
        slope = np.nansum(centred * deviation, axis=1) / np.where(spread == 0, 1, spread)
        return np.where(np.isnan(kept).all(axis=1), np.nan, slope)
    if functional == STEPS:
        counts = real.sum(axis=1, keepdims=True)
        return np.where(counts > 0, counts, np.nan)
    if functional in THIRDS:
        third, position, count = THIRDS.index(functional), np.cumsum(real, axis=1) - 1, real.sum(axis=1, keepdims=True)
        inside = real & (3 * position < (third + 1) * count) & (3 * (position + 1) > third * count)
        return np.nanmean(np.where(inside[:, :, None], kept, np.nan), axis=1)
    if functional.startswith("p"):
        return _percentile(kept, float(functional[1:]))
    statistics: dict[str, Any] = {"mean": np.nanmean, "std": np.nanstd, "min": np.nanmin, "max": np.nanmax}
    return statistics[functional](kept, axis=1)


def _percentile(kept: np.ndarray, percent: float) -> np.ndarray:
    """Linear-interpolation percentile over the steps that have a value (numpy's own is slow where NaN abound)."""
    ordered = np.sort(kept, axis=1)  # NaN last
    count = (~np.isnan(kept)).sum(axis=1)
    position = np.maximum(count - 1, 0) * percent / 100
    low = np.floor(position).astype(int)
    high = np.minimum(low + 1, np.maximum(count - 1, 0))
    at = [np.take_along_axis(ordered, index[:, None, :], axis=1)[:, 0, :] for index in (low, high)]
    return at[0] + (position - low) * (at[1] - at[0])
