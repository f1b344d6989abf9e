"""Following one person through frames that show several faces, by the overlap of the faces' boxes."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np

Person = Literal["largest", "first", "leftmost"]

_MIN_OVERLAP = 0.3  # intersection over union from one frame to the next


class _Track(NamedTuple):
    """Rows of one face, in the order of frames, all of them indices."""

    rows: list[int]


def follow(
    frame: np.ndarray, boxes: np.ndarray, weight: np.ndarray, person: Person = "largest", max_gap: float = 30.0
) -> np.ndarray:
    """Rows of one person among the faces of all frames.

    A face goes on with the track whose last box it overlaps most. Of the tracks one is chosen; where it ends (the
    person was lost, or the camera cut) the best of those that run beside none chosen before goes on.

    Parameters
    ----------
    frame : shape (n,)
        Number of the frame each face was seen in, ascending.
    boxes : shape (n, 4)
        Left, top, width and height.
    weight : shape (n,)
        How much a face counts, for instance its area times its confidence.
    person
        The track with the largest sum of weights, the one that begins first (of several the largest), or the one whose
        middle is furthest left on average.
    max_gap
        A track is lost after so many frames without its face.

    Returns
    -------
    ndarray of int
        Indices of the chosen rows, at most one a frame, ascending.

    Examples
    --------
    >>> frame = np.array([0, 0, 1, 1])
    >>> boxes = np.array([[0, 0, 10, 10], [50, 0, 20, 20], [51, 0, 20, 20], [1, 0, 10, 10]])
    >>> size = boxes[:, 2] * boxes[:, 3]
    >>> follow(frame, boxes, size).tolist(), follow(frame, boxes, size, "leftmost").tolist()
    ([1, 2], [0, 3])
    """
    tracks = _tracks(np.asarray(frame), np.asarray(boxes, dtype=float), max_gap)
    order = sorted(tracks, key=lambda track: _rank(track, frame, boxes, weight, person))
    chosen: list[int] = []
    taken: list[tuple[float, float]] = []
    for track in order:
        first, last = frame[track.rows[0]], frame[track.rows[-1]]
        if all(last < a or first > b for a, b in taken):
            chosen += track.rows
            taken.append((first, last))
    return np.sort(np.array(chosen, dtype=int))


def _rank(track: _Track, frame: np.ndarray, boxes: np.ndarray, weight: np.ndarray, person: Person) -> tuple:
    """Tracks in the order of preference have ascending ranks."""
    size = -float(weight[track.rows].sum())
    if person == "first":
        return frame[track.rows[0]], size
    if person == "leftmost":
        return float((boxes[track.rows, 0] + boxes[track.rows, 2] / 2).mean()), size
    return size, frame[track.rows[0]]


def _tracks(frame: np.ndarray, boxes: np.ndarray, max_gap: float) -> list[_Track]:
    done: list[_Track] = []
    running: list[_Track] = []
    starts = np.flatnonzero(np.diff(frame, prepend=np.nan) != 0)
    for first, last in zip(starts, [*starts[1:], len(frame)], strict=True):
        lost = [track for track in running if frame[first] - frame[track.rows[-1]] > max_gap]
        done += lost
        running = [track for track in running if track not in lost]
        rows = list(range(first, last))
        for row, track in _matches(rows, running, boxes):
            track.rows.append(row)
            rows.remove(row)
        running += [_Track([row]) for row in rows]
    return done + running


def _matches(rows: Sequence[int], running: Sequence[_Track], boxes: np.ndarray) -> list[tuple[int, _Track]]:
    """Pairs of a row and the track it goes on with, those that overlap most first."""
    if not rows or not running:
        return []
    overlaps = overlap(boxes[list(rows)], boxes[[track.rows[-1] for track in running]])
    pairs = []
    while overlaps.max() >= _MIN_OVERLAP:
        i, j = divmod(int(np.argmax(overlaps)), len(running))
        pairs.append((rows[i], running[j]))
        overlaps[i], overlaps[:, j] = -1.0, -1.0
    return pairs


def overlap(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Intersection over union of every box with every other.

    Parameters
    ----------
    a, b : shape (m, 4)
        Left, top, width and height.

    Returns
    -------
    ndarray, shape (m, n)
        0 to 1.

    Examples
    --------
    >>> overlap(np.array([[0, 0, 2, 2]]), np.array([[1, 0, 2, 2], [5, 5, 1, 1]])).round(2).tolist()
    [[0.33, 0.0]]
    """
    a, b = np.asarray(a, dtype=float)[:, None], np.asarray(b, dtype=float)[None]
    corner = np.maximum(a[..., :2], b[..., :2])
    inner = np.minimum(a[..., :2] + a[..., 2:], b[..., :2] + b[..., 2:]) - corner
    inner = np.nan_to_num(np.prod(np.maximum(inner, 0.0), axis=-1))
    union = np.prod(a[..., 2:], axis=-1) + np.prod(b[..., 2:], axis=-1) - inner
    return np.divide(inner, union, out=np.zeros_like(inner), where=union > 0)
