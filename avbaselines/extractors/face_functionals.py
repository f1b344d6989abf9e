"""Statistics of action units and head pose over a clip or a window."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from avbaselines.extractors.face_tables import FaceFrames

PERCENTILES = (10, 50, 90)
PAIRS = (("AU06", "AU12"), ("AU01", "AU04"))
"""Pairs whose co-occurrence means something: AU6 with AU12 is the felt smile, AU1 with AU4 the sad brow."""

POSE = ("pitch", "yaw", "roll")

# A unit is active from intensity 1 of 5 ("trace" in FACS) or a probability of one half; a peak stands out by 1/10.
# Of measures in units of the face, which have no activity, 0.02 is three times the standard deviation by which the lips
# of a still face tremble in a shaken, noisy picture, and nine times that of brows and lids.
_ACTIVE = {"0-5": 1.0, "0-1": 0.5, "face": np.inf}
_PROMINENCE = {"0-5": 0.5, "0-1": 0.1, "face": 0.02}


class FaceSeries(NamedTuple):
    """Action units made ready for statistics: gaps filled, steps and peaks found once for all windows.

    Attributes
    ----------
    at : shape (t,)
    names
    values : shape (t, u)
    known : bool, shape (t,)
        Frames with a face, or within a gap short enough to be interpolated.
    present : bool, shape (t,)
    rates : shape (t, u)
        Change per second from the frame before; NaN where that is not known.
    peaks : bool, shape (t, u)
    pose : shape (t, 3)
    turning : shape (t, 3)
        Absolute change of the pose, degrees per second.
    scale
    """

    at: np.ndarray
    names: list
    values: np.ndarray
    known: np.ndarray
    present: np.ndarray
    rates: np.ndarray
    peaks: np.ndarray
    pose: np.ndarray | None
    turning: np.ndarray | None
    scale: str


def prepare_series(frames: FaceFrames, max_gap: float) -> FaceSeries:
    """Fill short gaps, and find steps and peaks.

    Parameters
    ----------
    frames
    max_gap
        A gap is filled where the frames with a face on its two sides are at most so many seconds apart: intensities and
        pose by straight lines, presences by the value before the gap.

    Returns
    -------
    FaceSeries
    """
    from scipy.signal import find_peaks  # slow to import, and workers that hear no face need none of it

    at, present = frames.at, frames.present
    held = np.array([name.endswith("_c") for name in frames.names])
    values, pose = frames.values.copy(), None if frames.pose is None else frames.pose.copy()
    known = present.copy()
    faces = np.flatnonzero(present)
    for before, after in zip(faces[:-1], faces[1:], strict=True):
        if after - before > 1 and at[after] - at[before] <= max_gap + 1e-9:
            gap = slice(before + 1, after)
            share = ((at[gap] - at[before]) / (at[after] - at[before]))[:, None]
            filled = values[before] + share * (values[after] - values[before])
            values[gap] = np.where(held, values[before], filled)
            if pose is not None:
                pose[gap] = pose[before] + share * (pose[after] - pose[before])
            known[gap] = True
    values[~known] = np.nan
    step = np.diff(at, prepend=np.nan)[:, None]
    neighbours = known & np.append(False, known[:-1])
    neighbours &= np.diff(at, prepend=at[0]) <= max(max_gap, 1.5 * np.median(np.diff(at)) if len(at) > 1 else 0.0)
    rates = np.where(neighbours[:, None], np.diff(values, axis=0, prepend=np.nan) / step, np.nan)
    turning = None
    if pose is not None:
        pose[~known] = np.nan
        turning = np.where(neighbours[:, None], np.abs(np.diff(pose, axis=0, prepend=np.nan)) / step, np.nan)
    peaks = np.zeros(values.shape, bool)
    for first, last in _runs(known):
        for unit in np.flatnonzero(~held):
            found, _ = find_peaks(values[first:last, unit], prominence=_PROMINENCE[frames.info["scale"]])
            peaks[first + found, unit] = True
    scale = frames.info["scale"]
    return FaceSeries(at, frames.names, values, known, present, rates, peaks, pose, turning, scale)


def describe_face(
    series: FaceSeries, begins: Sequence[float] | np.ndarray, ends: Sequence[float] | np.ndarray
) -> tuple[np.ndarray, list[str]]:
    """One row of statistics for each window.

    For an intensity: mean, standard deviation, 10th, 50th and 90th percentile, peaks per second, mean rise and mean
    fall (per second, over the frames that rise or fall; 0 where none does). For a presence: share of frames and onsets
    per second. For the pairs of ``PAIRS``: share of frames with both active. For the head: mean, standard deviation and
    mean speed (degrees per second) of pitch, yaw and roll. Last the share of frames with a face.

    Parameters
    ----------
    series
    begins, ends : length k
        Seconds; the end is not included.

    Returns
    -------
    ndarray of float32, shape (k, d)
        A window without a known frame is NaN but for the share of faces.
    columns : length d
    """
    columns = _columns(series)
    X = np.full((len(begins), len(columns)), np.nan, np.float32)
    first, last = np.searchsorted(series.at, begins), np.searchsorted(series.at, ends)
    for row, (a, b) in enumerate(zip(first, last, strict=True)):
        if b == a:
            continue
        X[row, -1] = series.present[a:b].mean()
        known = np.flatnonzero(series.known[a:b]) + a
        if len(known):
            X[row, :-1] = _row(series, known)
    return X, columns


def _columns(series: FaceSeries) -> list[str]:
    columns = []
    for name in series.names:
        if name.endswith("_c"):
            columns += [f"{name}_share", f"{name}_onset_rate"]
        else:
            statistics = ("mean", "std", *(f"p{p}" for p in PERCENTILES), "peak_rate", "onset_slope", "offset_slope")
            columns += [f"{name}_{statistic}" for statistic in statistics]
    columns += [f"{a}_{b}_together" for a, b, _, _ in _pairs(series)]
    if series.pose is not None:
        columns += [f"{angle}_{statistic}" for angle in POSE for statistic in ("mean", "std", "speed")]
    return [*columns, "face_share"]


def _row(series: FaceSeries, known: np.ndarray) -> list[float]:
    """Statistics of the frames ``known`` (indices), in the order of :func:`_columns`."""
    values, rates = series.values[known], series.rates[known]
    # The frames known times the usual step: time that was really seen, whatever gaps lie between.
    seconds = len(known) * (np.median(np.diff(series.at)) if len(series.at) > 1 else np.inf)
    mean, std = values.mean(axis=0), values.std(axis=0)
    percentiles = np.percentile(values, PERCENTILES, axis=0)
    peaks = series.peaks[known].sum(axis=0) / seconds
    onsets = (np.nan_to_num(rates) > 0).sum(axis=0) / seconds
    rise, fall = _mean_where(rates, rates > 0), -_mean_where(rates, rates < 0)
    row = []
    for unit, name in enumerate(series.names):
        if name.endswith("_c"):
            row += [mean[unit], onsets[unit]]
        else:
            row += [mean[unit], std[unit], *percentiles[:, unit], peaks[unit], rise[unit], fall[unit]]
    active = values >= _ACTIVE[series.scale]
    row += [(active[:, i] & active[:, j]).mean() for _, _, i, j in _pairs(series)]
    if series.pose is not None and series.turning is not None:
        pose, turning = series.pose[known], series.turning[known]
        speed = _mean_where(turning, np.isfinite(turning))
        # Py-Feat has frames with action units and without a pose
        pose = pose[np.isfinite(pose).all(axis=1)]
        mean, std = (pose.mean(axis=0), pose.std(axis=0)) if len(pose) else (np.full(3, np.nan),) * 2
        row += np.column_stack([mean, std, speed]).ravel().tolist()
    return row


def _pairs(series: FaceSeries) -> list[tuple[str, str, int, int]]:
    """``(unit, unit, column, column)`` of the pairs that the table has intensities for."""
    place = {name.removesuffix("_r"): i for i, name in enumerate(series.names) if not name.endswith("_c")}
    return [(a, b, place[a], place[b]) for a, b in PAIRS if a in place and b in place]


def _mean_where(values: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """Column means over the chosen entries, 0 where there are none."""
    return np.where(chosen, values, 0.0).sum(axis=0) / np.maximum(chosen.sum(axis=0), 1)


def _runs(known: np.ndarray) -> Iterator[tuple[int, int]]:
    """Bounds of the runs of True, ``(first, past the last)``."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], known, [False]]).astype(int)))
    return zip(edges[::2], edges[1::2], strict=True)
