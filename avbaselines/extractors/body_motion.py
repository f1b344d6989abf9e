"""Body motion from motion-capture tables: functionals of joint positions, speeds and energy.

A table has a row a frame: ``time`` (seconds) and ``<joint>_x``, ``<joint>_y``, ``<joint>_z`` (metres) for every joint;
an empty cell is a joint that was lost. Everything is measured against the body's own centre, so that where in the room
somebody stands, and which way they face, does not count.
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from avbaselines.extractors.functionals import describe, described_columns, window_bounds
from avbaselines.extractors.media import MediaError, Segment, check_file
from avbaselines.extractors.recipe import BodyMotionOptions
from avbaselines.extractors.rows import Rows

REVISION = 1
"""Raised whenever the reading or the functionals change what a recording yields, so that no cache answers for it."""

Axis = Literal["x", "y", "z"]
AXES: tuple[Axis, ...] = ("x", "y", "z")
BODY = ("energy", "travel", "expansion")

_COORDINATE = re.compile(r"(.+)_([xyz])")


class Motion(NamedTuple):
    """Joint positions of one person.

    Attributes
    ----------
    at : shape (t,)
        Seconds, ascending.
    positions : shape (t, j, 3)
        Metres; NaN where a joint was lost.

    Examples
    --------
    >>> Motion(np.array([0.0]), ["head"], np.zeros((1, 1, 3))).joints
    ['head']
    """

    at: np.ndarray
    joints: list[str]
    positions: np.ndarray


def read_motion(path: str | Path) -> Motion:
    """Read a motion-capture table.

    Parameters
    ----------
    path
        csv; ``time`` and three columns for every joint. Other columns are left out.

    Raises
    ------
    MediaError
        The file cannot be read, lacks a column, or its times do not ascend.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp(), "motion.csv")
    >>> _ = path.write_text("time,head_x,head_y,head_z\\n0.0,0,1.7,0\\n0.1,,,\\n")
    >>> motion = read_motion(path)
    >>> motion.joints, motion.positions[:, 0, 1].tolist()
    (['head'], [1.7, nan])
    """
    check_file(path)
    try:
        table = pd.read_csv(path, skipinitialspace=True)
    except (ValueError, OSError) as error:
        raise MediaError(f"cannot be read as a table ({str(error).splitlines()[0]})") from None
    table.columns = table.columns.str.strip()
    if "time" not in table.columns or table.empty:
        raise MediaError("needs rows and a column 'time' in seconds")
    coordinates = [match for column in table.columns if (match := _COORDINATE.fullmatch(column))]
    joints = list(dict.fromkeys(match[1] for match in coordinates))
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


def fill_gaps(at: np.ndarray, positions: np.ndarray, max_gap: float) -> np.ndarray:
    """Positions with short losses filled by straight lines.

    Parameters
    ----------
    at : shape (t,)
    positions : shape (t, j, 3)
    max_gap
        A loss is filled where the joint is seen again at most so many seconds after it was last seen.

    Returns
    -------
    shape (t, j, 3)

    Examples
    --------
    >>> positions = np.array([0.0, np.nan, 2.0]).reshape(3, 1, 1) * np.ones(3)
    >>> fill_gaps(np.array([0.0, 0.1, 0.2]), positions, max_gap=0.2)[:, 0, 0].tolist()
    [0.0, 1.0, 2.0]
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


def velocities(at: np.ndarray, positions: np.ndarray, max_gap: float) -> np.ndarray:
    """Velocities by central differences.

    Parameters
    ----------
    at : shape (t,)
    positions : shape (t, ...)
    max_gap
        Frames further apart than this (and than one and a half usual steps) are not neighbours.

    Returns
    -------
    shape (t, ...)
        Units of position per second; NaN beside a loss or a gap, and for a single frame.

    Examples
    --------
    >>> velocities(np.array([0.0, 0.1, 0.2]), np.array([0.0, 0.1, 0.2]), max_gap=0.5).round(6).tolist()
    [1.0, 1.0, 1.0]
    """
    if len(at) < 2:
        return np.full(positions.shape, np.nan)
    rates = np.gradient(positions, at, axis=0)
    steps = np.diff(at)
    apart = steps > max(max_gap, 1.5 * np.median(steps))
    rates[np.append(apart, False) | np.append(False, apart)] = np.nan
    return rates


def motion_series(motion: Motion, vertical: Axis = "y", max_gap: float = 0.2) -> tuple[np.ndarray, list[str]]:
    """Heights, reaches and speeds of the joints and energy of the body, frame by frame.

    Parameters
    ----------
    vertical
        Axis that points up.
    max_gap
        Seconds; shorter losses of a joint are filled.

    Returns
    -------
    values : shape (t, 3 j + 3)
        For every joint ``height`` (above the body's centre, metres), ``reach`` (horizontal distance from it, metres)
        and ``speed`` (metres per second); for the body ``energy`` (kinetic energy per unit of mass, all joints alike:
        half the mean squared speed, m2/s2), ``travel`` (speed of the centre) and ``expansion`` (mean distance of the
        joints from the centre). NaN where it is not known. The centre is the mean of the joints seen, at least half of
        them.

    Examples
    --------
    >>> at = np.arange(4) / 10
    >>> positions = np.zeros((4, 2, 3))
    >>> positions[:, 1, 0] = at  # the second joint moves along x at 1 m/s
    >>> motion = Motion(at, ["head", "hand"], positions)
    >>> values, names = motion_series(motion)
    >>> dict(zip(names, values[1].round(3).tolist()))["hand_speed"]
    1.0
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


def describe_motion(
    motion: Motion, begins: ArrayLike, ends: ArrayLike, vertical: Axis = "y", max_gap: float = 0.2
) -> tuple[np.ndarray, list[str]]:
    """One row of functionals for each window.

    Parameters
    ----------
    begins, ends : shape (k,)
        Windows, seconds; the end is not included.
    vertical, max_gap
        As in :func:`motion_series`.

    Returns
    -------
    X : float32, shape (k, 6 (3 j + 3))
        Functionals of :func:`avbaselines.extractors.functionals.describe` over the frames where a value is known; NaN
        where it is known in none.

    Examples
    --------
    >>> at = np.arange(4) / 10
    >>> positions = np.zeros((4, 2, 3))
    >>> positions[:, 1, 0] = at  # the second joint moves along x at 1 m/s
    >>> motion = Motion(at, ["head", "hand"], positions)
    >>> X, columns = describe_motion(motion, begins=[0.0], ends=[1.0])
    >>> dict(zip(columns, X[0].round(3).tolist()))["hand_speed_mean"]
    1.0
    """
    values, names = motion_series(motion, vertical, max_gap)
    n_windows = len(np.asarray(begins))
    X = np.full((n_windows, len(names), len(described_columns(["one"]))), np.nan, np.float32)
    # values that are known in the same frames are described together
    patterns, pattern_of = np.unique(np.isfinite(values), axis=1, return_inverse=True)
    for pattern in range(patterns.shape[1]):
        rows, columns = patterns[:, pattern], np.flatnonzero(pattern_of.ravel() == pattern)
        described = describe(values[rows][:, columns], motion.at[rows], begins, ends)
        X[:, columns] = described.reshape(n_windows, len(columns), -1)
    return X.reshape(n_windows, -1), described_columns(names)


def prepare(options: BodyMotionOptions, paths: Sequence[Path], settings: Mapping[str, Any]) -> str:
    """Versions that shape the features; nothing but the table is needed.

    Examples
    --------
    >>> prepare(BodyMotionOptions(), [], {})
    'body motion revision 1'
    """
    return f"body motion revision {REVISION}"


def extract_one(segment: Segment, options: BodyMotionOptions, settings: Mapping[str, Any]) -> Rows:
    """Body-motion functionals of one recording.

    Parameters
    ----------
    options
        With ``window``, ``hop`` (seconds, or both None for one row), ``vertical`` and ``max_gap``.
    settings
        Not used.

    Raises
    ------
    MediaError
        Nothing can be extracted; the reason is for the status row.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp(), "motion.csv")
    >>> _ = path.write_text("time,head_x,head_y,head_z\\n0.0,0,1.7,0\\n0.1,0,1.7,0\\n")
    >>> rows = extract_one(Segment(path), BodyMotionOptions(), {})
    >>> rows.X.shape, rows.info
    ((1, 36), {'joints': 1})
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
    times: np.ndarray | None
    if options.window is None or options.hop is None:
        times, begins, ends = None, np.array([-np.inf]), np.array([np.inf])
    else:
        times, begins, ends = window_bounds(duration, options.window, options.hop)
    X, columns = describe_motion(motion, begins, ends, options.vertical, options.max_gap)
    without = int(np.isnan(X).any(axis=0).sum())
    remarks = [f"{without} of {X.shape[1]} features are not numbers in some rows"] if without else []
    if seen < 0.5:
        remarks.append(f"joints are seen in only {seen:.0%} of the frames")
    return Rows(X, columns, times, "; ".join(remarks), duration, np.nan, {"joints": len(motion.joints)})


def _mean_seen(values: np.ndarray, seen: np.ndarray, enough: np.ndarray) -> np.ndarray:
    """Means over axis 1 of what is seen; NaN for the frames where that is not enough."""
    mask = seen.reshape(seen.shape + (1,) * (values.ndim - 2))
    counts = np.maximum(seen.sum(axis=1), 1).reshape((-1,) + (1,) * (values.ndim - 2))
    means = np.where(mask, values, 0.0).sum(axis=1) / counts
    means[~enough] = np.nan
    return means
