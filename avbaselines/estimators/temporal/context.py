"""Frames of a recording in their neighbourhood: context columns, annotation delay, smoothing.

All functions take the rows of several recordings at once and never look across a recording's border. The rows of a
recording must be in the order of time; they need not stand together.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from avbaselines.errors import InputError

__all__ = [
    "add_context",
    "avec_context",
    "check_order",
    "frame_numbers",
    "in_frames",
    "shift_back",
    "shift_labels",
    "smooth",
    "window_of",
]

# Of a hop: times are printed with few digits, so that equal steps differ a little.
TIME_TOLERANCE = 0.1
Runs = tuple[np.ndarray, np.ndarray, np.ndarray]


def in_frames(seconds: float, hop: float | None) -> int:
    """A delay in whole frames, the nearest; 0 where there is no hop (None).

    Examples
    --------
    >>> in_frames(2.0, hop=0.4), in_frames(2.0, hop=None)
    (5, 0)
    """
    return int(round(seconds / hop)) if hop else 0


def window_of(seconds: float, hop: float | None) -> int:
    """Width in frames of a centred window: the odd number nearest to the seconds; 1 (nothing) for 0.

    Examples
    --------
    >>> window_of(2.0, hop=0.4), window_of(0.0, hop=0.4)
    (5, 1)
    """
    return 2 * int(round(seconds / hop / 2)) + 1 if hop else 1


def add_context(
    X: ArrayLike, recordings: ArrayLike, before: int, after: int, times: ArrayLike | None = None
) -> np.ndarray:
    """Columns of the frames before and after beside a frame's own.

    Parameters
    ----------
    X : array-like of shape (n, d)
    recordings : array-like of shape (n,)
    before, after : int
        Number of frames; at a recording's border its first or last frame is repeated.
    times : array-like of shape (n,), optional
        Seconds; checked by :func:`check_order`.

    Returns
    -------
    ndarray of shape (n, d * (before + 1 + after))
        Blocks of d columns, from the earliest frame to the latest, of the type of X.

    Examples
    --------
    >>> add_context([[1], [2], [3]], ["a", "a", "b"], 1, 1).tolist()
    [[1, 1, 2], [1, 2, 2], [3, 3, 3]]
    """
    if before < 0 or after < 0:
        raise InputError(f"context: 0 or more frames are needed before and after, got {before} and {after}")
    return _blocks(X, recordings, range(-int(before), int(after) + 1), times)


def avec_context(
    X: ArrayLike, width: int, recordings: ArrayLike | None = None, times: ArrayLike | None = None
) -> np.ndarray:
    """Columns in the layout of the fusion script of AVEC 2019, which the multistage fusion of 2020 used as well.

    The frame itself, then the frames 0 to ``width`` - 1 steps back, then those 0 to ``width`` - 1 steps ahead: it
    stands there three times, and the reach is one frame less than the width. The script fits on one long sequence, so
    that context crosses recordings, and predicts file by file.
    (AudioVisualEmotionChallenge/AVEC2019, Baseline_systems/CES/fuse_results.py; there the columns are sorted by target
    first, which a linear model does not see.)

    Parameters
    ----------
    X : array-like of shape (n, d)
    width : int
    recordings : array-like of shape (n,), optional
        None treats the rows as one sequence, as that script does in fitting.
    times : array-like of shape (n,), optional
        Seconds; checked by :func:`check_order`, with `recordings`.

    Returns
    -------
    ndarray of shape (n, d * (1 + 2 * width))

    Examples
    --------
    >>> avec_context([[1], [2], [3]], 2, ["a", "a", "b"]).tolist()
    [[1, 1, 1, 1, 2], [2, 2, 1, 2, 2], [3, 3, 3, 3, 3]]
    """
    if width < 0:
        raise InputError(f"context: a width of 0 or more frames is needed, got {width}")
    if recordings is None:
        recordings, times = np.zeros(len(np.asarray(X)), int), None
    return _blocks(X, recordings, [0, *range(0, -width, -1), *range(width)], times)


def shift_labels(y: ArrayLike, recordings: ArrayLike, frames: int) -> np.ndarray:
    """Labels moved to the front by an annotation delay, for fitting.

    Raters react late: what is heard at frame i is rated at frame i + `frames`.

    Parameters
    ----------
    y : array-like of shape (n,) or (n, T)
    recordings : array-like of shape (n,)
    frames : int
        The delay, 0 or more.

    Returns
    -------
    ndarray of float, of the shape of y
        The last `frames` rows of a recording have no label then: NaN.

    Examples
    --------
    >>> shift_labels([1.0, 2.0, 3.0], ["a", "a", "a"], 1).tolist()
    [2.0, 3.0, nan]
    """
    y = np.asarray(y, float)
    rows, inside = _neighbours(recordings, _delay(frames))
    shifted = y[rows]
    shifted[~inside] = np.nan
    return shifted


def shift_back(prediction: ArrayLike, recordings: ArrayLike, frames: int) -> np.ndarray:
    """Predictions of a model fitted on shifted labels, moved back to where the labels are.

    Parameters
    ----------
    prediction : array-like of shape (n,) or (n, T)
    recordings : array-like of shape (n,)
    frames : int
        The delay given to :func:`shift_labels`.

    Returns
    -------
    ndarray of the shape of `prediction`
        The first `frames` rows of a recording repeat its first prediction.

    Examples
    --------
    >>> shift_back([2.0, 3.0, 4.0], ["a", "a", "a"], 1).tolist()
    [2.0, 2.0, 3.0]
    """
    return np.asarray(prediction)[_neighbours(recordings, -_delay(frames))[0]]


def smooth(prediction: ArrayLike, recordings: ArrayLike, frames: int) -> np.ndarray:
    """Centred moving average within each recording.

    Parameters
    ----------
    prediction : array-like of shape (n,) or (n, T)
    recordings : array-like of shape (n,)
    frames : int
        Width of the window, an odd number; 1 changes nothing. The first and last frame of a recording are repeated past
        its ends.

    Returns
    -------
    ndarray of float, of the shape of `prediction`

    Examples
    --------
    >>> smooth([0.0, 3.0, 6.0], ["a", "a", "a"], 3).tolist()
    [1.0, 3.0, 5.0]
    """
    from scipy.ndimage import uniform_filter1d  # checks of the order alone do without it

    if frames < 1 or frames % 2 == 0:
        raise InputError(f"smoothing: an odd number of frames is needed, so that the window is centred; got {frames}")
    values = np.asarray(prediction, float)
    smoothed = np.empty_like(values)
    order, starts, ends = _runs(recordings)
    for start, end in zip(starts, ends, strict=True):
        rows = order[start:end]
        smoothed[rows] = uniform_filter1d(values[rows], frames, axis=0, mode="nearest")
    return smoothed


def check_order(recordings: ArrayLike, times: ArrayLike) -> float | None:
    """Refuse rows that are not in the order of time, or not evenly spaced, within a recording.

    Parameters
    ----------
    recordings : array-like of shape (n,)
    times : array-like of shape (n,)
        Seconds.

    Returns
    -------
    float or None
        The hop in seconds; None where no recording has a second frame.

    Raises
    ------
    InputError
        Naming the recording and the times. A gap counts, for the frame before it is no neighbour.

    Examples
    --------
    >>> check_order(["a", "a", "b"], [0.0, 0.4, 0.0])
    0.4
    """
    times, recordings = np.asarray(times, float), np.asarray(recordings)
    order, starts, _ = _runs(recordings)
    steps = np.diff(times[order])
    within = np.ones(len(steps), bool)
    within[starts[1:] - 1] = False
    if not within.any():
        return None
    hop = np.median(steps[within])
    wrong = within & ((steps <= 0) | (np.abs(steps - hop) > TIME_TOLERANCE * abs(hop)))
    if wrong.any():
        row = int(wrong.argmax())
        before, after = order[row], order[row + 1]
        raise InputError(
            f"recording {str(recordings[before])!r}: a frame at {times[before]:g} s is followed by one at "
            f"{times[after]:g} s where the hop is {hop:g} s; context needs all frames, in the order of time"
        )
    return float(hop)


def frame_numbers(recordings: ArrayLike) -> np.ndarray:
    """Number of each frame (n,) within its recording, from 0.

    Examples
    --------
    >>> frame_numbers(["a", "b", "a"]).tolist()
    [0, 0, 1]
    """
    order, starts, ends = _runs(recordings)
    numbers = np.empty(len(order), int)
    numbers[order] = np.arange(len(order)) - np.repeat(starts, ends - starts)
    return numbers


def _delay(frames: float) -> int:
    if frames < 0 or frames != int(frames):
        raise InputError(f"delay: a whole number of frames, 0 or more, is needed; got {frames}")
    return int(frames)


def _runs(recordings: ArrayLike) -> Runs:
    """Row numbers sorted by recording (keeping their order inside), and where each recording starts and ends there."""
    codes = np.unique(np.asarray(recordings), return_inverse=True)[1].reshape(-1)
    order = np.argsort(codes, kind="stable")
    ends = np.cumsum(np.bincount(codes))
    return order, np.concatenate([[0], ends[:-1]]), ends


def _neighbours(recordings: ArrayLike, offset: int, runs: Runs | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Row that is `offset` frames away in the same recording, or its border's; and whether it is inside."""
    order, starts, ends = runs or _runs(recordings)
    run = np.repeat(np.arange(len(starts)), ends - starts)
    place = np.arange(len(order)) + offset
    held = np.clip(place, starts[run], ends[run] - 1)
    rows, inside = np.empty_like(order), np.empty(len(order), bool)
    rows[order], inside[order] = order[held], held == place
    return rows, inside


def _blocks(X: ArrayLike, recordings: ArrayLike, offsets: Sequence[int], times: ArrayLike | None) -> np.ndarray:
    X = np.asarray(X)
    if times is not None:
        check_order(recordings, times)
    runs, d = _runs(recordings), X.shape[1]
    if len(runs[0]) != len(X):
        raise InputError(f"context: {len(X)} rows but {len(runs[0])} names of recordings")
    wide = np.empty((len(X), d * len(offsets)), X.dtype)
    for number, offset in enumerate(offsets):
        wide[:, number * d : (number + 1) * d] = X[_neighbours(recordings, offset, runs)[0]]
    return wide
