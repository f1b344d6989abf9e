"""Body motion from motion-capture tables: functionals of joint positions, speeds and energy.

A table has a row a frame: ``time`` (seconds) and ``<joint>_x``, ``<joint>_y``, ``<joint>_z`` (metres) for every joint;
an empty cell is a joint that was lost. Everything is measured against the body's own centre, so that where in the room
somebody stands, and which way they face, does not count.
"""

import re
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from avbaselines.extractors.functionals import describe, described_columns, window_bounds
from avbaselines.extractors.media import MediaError, check_file
from avbaselines.extractors.rows import Rows

REVISION = 1
"""Raised whenever the reading or the functionals change what a recording yields, so that no cache answers for it."""

AXES = ("x", "y", "z")
BODY = ("energy", "travel", "expansion")

_COORDINATE = re.compile(r"(.+)_([xyz])")


class Motion(NamedTuple):
    """Joint positions of one person.

    Attributes
    ----------
    at : ndarray, shape (t,)
        Seconds, ascending.
    joints : list of str, length j
    positions : ndarray, shape (t, j, 3)
        Metres; NaN where a joint was lost.
    """

    at: np.ndarray
    joints: list
    positions: np.ndarray


def read_motion(path):
    """Read a motion-capture table.

    Parameters
    ----------
    path : str or Path
        csv; ``time`` and three columns for every joint. Other columns are left out.

    Returns
    -------
    Motion

    Raises
    ------
    MediaError
        The file cannot be read, lacks a column, or its times do not ascend.
    """
    check_file(path)
    try:
        table = pd.read_csv(path, skipinitialspace=True)
    except (ValueError, OSError) as error:
        raise MediaError(f"cannot be read as a table ({str(error).splitlines()[0]})") from None
    table.columns = table.columns.str.strip()
    if "time" not in table.columns or table.empty:
        raise MediaError("needs rows and a column 'time' in seconds")
    found = [match for column in table.columns if (match := _COORDINATE.fullmatch(column))]
    joints = list(dict.fromkeys(match[1] for match in found))
    if not joints:
        raise MediaError("has no joint, such as head_x, head_y, head_z")
    columns = [f"{joint}_{axis}" for joint in joints for axis in AXES]
    for column in ("time", *columns):
        if column not in table.columns:
            raise MediaError(f"has no column {column!r}; a joint has x, y and z")
        numbers = pd.to_numeric(table[column], errors="coerce")
        wrong = (numbers.isna() & table[column].notna()).to_numpy(bool)
        if wrong.any():
            line = int(wrong.argmax())
            text = str(table[column].iloc[line])[:40]
            raise MediaError(f"column {column}, line {line + 2}: {text!r} is not a number")
        table[column] = numbers
    at = table["time"].to_numpy(float)
    if not (np.diff(at) > 0).all() or not np.isfinite(at).all():
        raise MediaError("the times do not ascend")
    positions = table[columns].to_numpy(float).reshape(len(table), len(joints), 3)
    positions[~np.isfinite(positions).all(axis=2)] = np.nan
    return Motion(at, joints, positions)


def fill_gaps(at, positions, max_gap):
    """Positions with short losses filled by straight lines.

    Parameters
    ----------
    at : ndarray, shape (t,)
    positions : ndarray, shape (t, j, 3)
    max_gap : float
        A loss is filled where the joint is seen again at most so many seconds after it was last seen.

    Returns
    -------
    ndarray, shape (t, j, 3)
    """
    filled = positions.copy()
    for joint in range(positions.shape[1]):
        seen = np.flatnonzero(np.isfinite(positions[:, joint, 0]))
        if len(seen) < 2 or len(seen) == len(at):
            continue
        lost = np.setdiff1d(np.arange(seen[0], seen[-1]), seen)
        after = np.searchsorted(seen, lost)
        short = lost[at[seen[after]] - at[seen[after - 1]] <= max_gap + 1e-9]
        for axis in range(3):
            filled[short, joint, axis] = np.interp(at[short], at[seen], positions[seen, joint, axis])
    return filled


def velocities(at, positions, max_gap):
    """Velocities by central differences.

    Parameters
    ----------
    at : ndarray, shape (t,)
    positions : ndarray, shape (t, ...)
    max_gap : float
        Frames further apart than this (and than one and a half usual steps) are not neighbours.

    Returns
    -------
    ndarray, shape (t, ...)
        Units of position per second; NaN beside a loss or a gap, and for a single frame.
    """
    if len(at) < 2:
        return np.full(positions.shape, np.nan)
    rates = np.gradient(positions, at, axis=0)
    steps = np.diff(at)
    apart = steps > max(max_gap, 1.5 * np.median(steps))
    rates[np.append(apart, False) | np.append(False, apart)] = np.nan
    return rates


def motion_series(motion, vertical="y", max_gap=0.2):
    """What is described of a body in motion, frame by frame.

    Parameters
    ----------
    motion : Motion
    vertical : {"x", "y", "z"}
        Axis that points up.
    max_gap : float
        Seconds; shorter losses of a joint are filled.

    Returns
    -------
    values : ndarray, shape (t, 3 j + 3)
        For every joint ``height`` (above the body's centre, metres), ``reach`` (horizontal distance from it, metres)
        and ``speed`` (metres per second); for the body ``energy`` (kinetic energy per unit of mass, all joints alike:
        half the mean squared speed, m2/s2), ``travel`` (speed of the centre) and ``expansion`` (mean distance of the
        joints from the centre). NaN where it is not known. The centre is the mean of the joints seen, at least half of
        them.
    names : list of str
    """
    positions = fill_gaps(motion.at, motion.positions, max_gap)
    seen = np.isfinite(positions[:, :, 0])
    enough = seen.sum(axis=1) * 2 >= len(motion.joints)
    centre = _mean_seen(positions, seen, enough)
    relative = positions - centre[:, None, :]
    up = AXES.index(vertical)
    flat = [axis for axis in range(3) if axis != up]
    speed = np.linalg.norm(velocities(motion.at, positions, max_gap), axis=2)
    moving = np.isfinite(speed)
    energy = _mean_seen(speed**2 / 2, moving, moving.sum(axis=1) * 2 >= len(motion.joints))
    expansion = _mean_seen(np.linalg.norm(relative, axis=2), seen, enough)
    travel = np.linalg.norm(velocities(motion.at, centre, max_gap), axis=1)
    by_joint = np.stack([relative[:, :, up], np.linalg.norm(relative[:, :, flat], axis=2), speed], axis=2)
    values = np.column_stack([by_joint.reshape(len(motion.at), -1), energy, travel, expansion])
    names = [f"{joint}_{what}" for joint in motion.joints for what in ("height", "reach", "speed")]
    return values, [*names, *(f"body_{what}" for what in BODY)]


def describe_motion(motion, begins, ends, vertical="y", max_gap=0.2):
    """One row of functionals for each window.

    Parameters
    ----------
    motion : Motion
    begins, ends : sequence of float, length k
        Windows, seconds; the end is not included.
    vertical, max_gap
        As in :func:`motion_series`.

    Returns
    -------
    X : ndarray of float32, shape (k, 6 (3 j + 3))
        Functionals of :func:`avbaselines.extractors.functionals.describe` over the frames where a value is known; NaN
        where it is known in none.
    columns : list of str
    """
    values, names = motion_series(motion, vertical, max_gap)
    known = np.isfinite(values)
    X = np.full((len(begins), len(names), len(described_columns(["one"]))), np.nan, np.float32)
    # values that are known in the same frames are described together
    patterns, pattern_of = np.unique(known, axis=1, return_inverse=True)
    for pattern in range(patterns.shape[1]):
        rows, columns = patterns[:, pattern], np.flatnonzero(pattern_of.ravel() == pattern)
        described = describe(values[rows][:, columns], motion.at[rows], begins, ends)
        X[:, columns] = described.reshape(len(begins), len(columns), -1)
    return X.reshape(len(begins), -1), described_columns(names)


def prepare(options, paths, settings):
    """Versions that shape the features; nothing but the table is needed."""
    return f"body motion revision {REVISION}"


def extract_one(segment, options, settings):
    """Body-motion functionals of one recording.

    Parameters
    ----------
    segment : Segment
    options : object
        With ``window``, ``hop`` (seconds, or both None for one row), ``vertical`` and ``max_gap``.
    settings : dict
        Nothing is needed of it.

    Returns
    -------
    Rows

    Raises
    ------
    MediaError
        Nothing can be extracted; the reason is for the status row.
    """
    path, start, end = segment
    motion = read_motion(Path(path))
    keep = (motion.at >= start) & (motion.at < (np.inf if end is None else end))
    if not keep.any():
        raise MediaError(f"no frames between {start:g} s and {'the end' if end is None else f'{end:g} s'}")
    motion = Motion(motion.at[keep] - start, motion.joints, motion.positions[keep])
    seen = float(np.isfinite(motion.positions[:, :, 0]).mean())
    if not seen:
        raise MediaError("no joint is seen in any frame")
    step = float(np.median(np.diff(motion.at))) if len(motion.at) > 1 else 0.0
    duration = float(motion.at[-1] + step)
    if options.window is None:
        times, begins, ends = None, [-np.inf], [np.inf]
    else:
        times, begins, ends = window_bounds(duration, options.window, options.hop)
    X, columns = describe_motion(motion, begins, ends, options.vertical, options.max_gap)
    without = int(np.isnan(X).any(axis=0).sum())
    remarks = [f"{without} of {X.shape[1]} features are not numbers in some rows"] if without else []
    if seen < 0.5:
        remarks.append(f"joints are seen in only {seen:.0%} of the frames")
    return Rows(X, columns, times, "; ".join(remarks), duration, np.nan, {"joints": len(motion.joints)})


def _mean_seen(values, seen, enough):
    """Means over axis 1 of what is seen; NaN for the frames where that is not enough."""
    mask = seen.reshape(seen.shape + (1,) * (values.ndim - 2))
    counts = np.maximum(seen.sum(axis=1), 1).reshape((-1,) + (1,) * (values.ndim - 2))
    means = np.where(mask, values, 0.0).sum(axis=1) / counts
    means[~enough] = np.nan
    return means
