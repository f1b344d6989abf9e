"""Windows over a recording, and the statistics that turn a series into one row."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import ArrayLike

PERCENTILES = (20, 50, 80)
STATISTICS = ("mean", "std", *(f"p{p}" for p in PERCENTILES), "slope")

_FRAME, _HOP = 0.025, 0.010
_SILENCE_BELOW_LOUD_DB, _SILENCE_ABSOLUTE_DB = 35.0, 60.0


def window_bounds(duration: float, window: float, hop: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Centres and bounds of the windows over a recording.

    Centres are 0, hop, 2 hop ... below the duration, as continuous annotations count them; a window reaches half its
    length to either side and is cut at the recording's bounds.

    Parameters
    ----------
    duration, window, hop
        Seconds.

    Returns
    -------
    times, begins, ends : float64, shape (k,)
        Seconds; k is at least 1.

    Examples
    --------
    >>> times, begins, ends = window_bounds(duration=1.0, window=0.8, hop=0.5)
    >>> times.tolist(), begins.tolist(), ends.tolist()
    ([0.0, 0.5], [0.0, 0.1], [0.4, 0.9])
    """
    # rounding keeps 0.1 + 0.2 from adding a window or a digit
    times = np.round(np.arange(max(int(np.ceil(round(duration / hop, 6))), 1)) * hop, 6)
    begins = np.round(np.maximum(times - window / 2, 0.0), 6)
    ends = np.round(np.minimum(times + window / 2, duration), 6)
    return times, begins, ends


def describe(values: ArrayLike, at: np.ndarray, begins: ArrayLike, ends: ArrayLike) -> np.ndarray:
    """Statistics of a series within windows: mean, standard deviation, percentiles and slope of every column.

    Parameters
    ----------
    values : shape (t, d)
        No NaN.
    at : shape (t,)
        When each row was taken, seconds, ascending.
    begins, ends : shape (k,)
        Windows, seconds; the end is not included.

    Returns
    -------
    float32, shape (k, 6 d)
        Column by column, the statistics in the order of ``STATISTICS``; the slope is per second (least squares). A
        window without a row of the series is NaN.

    Examples
    --------
    >>> at = np.arange(4.0)
    >>> X = describe(np.column_stack([at, 2 * at]), at, begins=[0.0], ends=[4.0])
    >>> dict(zip(described_columns(["a", "b"]), X[0].round(2).tolist()))["b_slope"]
    2.0
    """
    series, n_windows = np.asarray(values, dtype=float), len(np.asarray(begins))
    X = np.full((n_windows, series.shape[1], len(STATISTICS)), np.nan, np.float32)
    for row, (first, last) in enumerate(zip(np.searchsorted(at, begins), np.searchsorted(at, ends), strict=True)):
        if last > first:
            part = series[first:last]
            mean = part.mean(axis=0)
            percentiles = np.percentile(part, PERCENTILES, axis=0)
            X[row] = np.stack([mean, part.std(axis=0), *percentiles, slopes(part, at[first:last])], axis=1)
    return X.reshape(n_windows, -1)


def described_columns(names: Iterable[str]) -> list[str]:
    """Names of the columns of :func:`describe` for a series with these columns.

    Examples
    --------
    >>> described_columns(["F0"])
    ['F0_mean', 'F0_std', 'F0_p20', 'F0_p50', 'F0_p80', 'F0_slope']
    """
    return [f"{name}_{statistic}" for name in names for statistic in STATISTICS]


def slopes(values: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Least-squares slope of every column, per second; 0 for a single row.

    Parameters
    ----------
    values : shape (t, d)
    at : shape (t,)
        Seconds.

    Returns
    -------
    shape (d,)

    Examples
    --------
    >>> slopes(np.array([[0.0], [1.0], [2.0]]), np.array([0.0, 0.5, 1.0]))
    array([2.])
    """
    centred = at - at.mean()
    spread = centred @ centred
    return centred @ (values - values.mean(axis=0)) / spread if spread > 0 else np.zeros(values.shape[1])


def silence_ratio(samples: np.ndarray, rate: int, begins: ArrayLike, ends: ArrayLike) -> np.ndarray:
    """Share of 25 ms frames that are silent: 35 dB below the recording's loud frames (95th percentile), or -60 dBFS.

    Parameters
    ----------
    samples : float, shape (n,)
        Full scale = 1.
    rate
        Hz.
    begins, ends : shape (k,)
        Windows, seconds.

    Returns
    -------
    float32, shape (k,)
        0 to 1; NaN for a window without a frame.

    Examples
    --------
    >>> samples = np.concatenate([np.zeros(16000), np.sin(np.arange(16000))])
    >>> silence_ratio(samples, 16000, begins=[0.0, 1.0], ends=[0.9, 2.0])
    array([1., 0.], dtype=float32)
    """
    length, hop = round(_FRAME * rate), round(_HOP * rate)
    if len(samples) < length:
        return np.full(len(np.asarray(begins)), np.nan, np.float32)
    power = np.concatenate([[0.0], np.cumsum(np.square(samples, dtype=float))])
    starts = np.arange(0, len(samples) - length + 1, hop)
    level = 10 * np.log10((power[starts + length] - power[starts]) / length + 1e-12)
    silent = level < max(np.percentile(level, 95) - _SILENCE_BELOW_LOUD_DB, -_SILENCE_ABSOLUTE_DB)
    counts = np.concatenate([[0], np.cumsum(silent)])
    at = starts / rate
    first, last = np.searchsorted(at, begins), np.searchsorted(at, ends)
    with np.errstate(invalid="ignore"):
        return ((counts[last] - counts[first]) / (last - first)).astype(np.float32)
