"""Windows over a recording, and the statistics that turn a series into one row."""

import numpy as np

PERCENTILES = (20, 50, 80)
STATISTICS = ("mean", "std", *(f"p{p}" for p in PERCENTILES), "slope")

_FRAME, _HOP = 0.025, 0.010
_SILENCE_BELOW_LOUD_DB, _SILENCE_ABSOLUTE_DB = 35.0, 60.0


def window_bounds(duration, window, hop):
    """Centres and bounds of the windows over a recording.

    Centres are 0, hop, 2 hop ... below the duration, as continuous annotations count them; a window reaches half its
    length to either side and is cut at the recording's bounds.

    Parameters
    ----------
    duration, window, hop : float
        Seconds.

    Returns
    -------
    times, begins, ends : ndarray of float64, shape (k,)
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


def describe(values, at, begins, ends):
    """Statistics of a series within windows: mean, standard deviation, percentiles and slope of every column.

    Parameters
    ----------
    values : ndarray, shape (t, d)
        No NaN.
    at : ndarray, shape (t,)
        When each row was taken, seconds, ascending.
    begins, ends : sequence of float, length k
        Windows, seconds; the end is not included.

    Returns
    -------
    ndarray of float32, shape (k, 6 d)
        Column by column, the statistics in the order of ``STATISTICS``; the slope is per second (least squares). A
        window without a row of the series is NaN.
    """
    values = np.asarray(values, dtype=float)
    X = np.full((len(begins), values.shape[1], len(STATISTICS)), np.nan, np.float32)
    for row, (first, last) in enumerate(zip(np.searchsorted(at, begins), np.searchsorted(at, ends), strict=True)):
        if last > first:
            part = values[first:last]
            mean = part.mean(axis=0)
            percentiles = np.percentile(part, PERCENTILES, axis=0)
            X[row] = np.stack([mean, part.std(axis=0), *percentiles, slopes(part, at[first:last])], axis=1)
    return X.reshape(len(begins), -1)


def described_columns(names):
    """Names of the columns of :func:`describe` for a series with these columns."""
    return [f"{name}_{statistic}" for name in names for statistic in STATISTICS]


def slopes(values, at):
    """Least-squares slope of every column, per second; 0 for a single row.

    Parameters
    ----------
    values : ndarray, shape (t, d)
    at : ndarray, shape (t,)
        Seconds.

    Returns
    -------
    ndarray, shape (d,)
    """
    centred = at - at.mean()
    spread = centred @ centred
    return centred @ (values - values.mean(axis=0)) / spread if spread > 0 else np.zeros(values.shape[1])


def silence_ratio(samples, rate, begins, ends):
    """Share of 25 ms frames that are silent: 35 dB below the recording's loud frames (95th percentile), or -60 dBFS.

    Parameters
    ----------
    samples : ndarray of float, shape (n,)
        Full scale = 1.
    rate : int
        Hz.
    begins, ends : sequence of float, length k
        Windows, seconds.

    Returns
    -------
    ndarray of float32, shape (k,)
        0 to 1; NaN for a window without a frame.
    """
    length, hop = round(_FRAME * rate), round(_HOP * rate)
    if len(samples) < length:
        return np.full(len(begins), np.nan, np.float32)
    power = np.concatenate([[0.0], np.cumsum(np.square(samples, dtype=float))])
    starts = np.arange(0, len(samples) - length + 1, hop)
    level = 10 * np.log10((power[starts + length] - power[starts]) / length + 1e-12)
    silent = level < max(np.percentile(level, 95) - _SILENCE_BELOW_LOUD_DB, -_SILENCE_ABSOLUTE_DB)
    counts = np.concatenate([[0], np.cumsum(silent)])
    at = starts / rate
    first, last = np.searchsorted(at, begins), np.searchsorted(at, ends)
    with np.errstate(invalid="ignore"):
        return ((counts[last] - counts[first]) / (last - first)).astype(np.float32)
