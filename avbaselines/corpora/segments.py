"""Rows that are parts of files: their ids, and parts in time stacked into steps."""

import re
from typing import NamedTuple

import numpy as np
import pandas as pd

from avbaselines.corpora.text_form import as_text
from avbaselines.errors import InputError

__all__ = ["FRAME", "SEGMENT", "RowParts", "is_segment_id", "part_columns", "row_parts", "seconds", "stack_steps"]

SEGMENT = ("file", "start", "end")
"""Columns that say which part of which file a row is of, as audformat and openSMILE's Python package write them."""
FRAME = ("name", "frameTime")
"""Columns in the files of openSMILE itself that say which frame of which recording a row is of."""
NOT_FEATURES = {SEGMENT[0]: SEGMENT[1:], FRAME[0]: ("frameTime", "frameIndex")}

_ID = re.compile(r".+@\d+\.\d{3}-(\d+\.\d{3})?")
LONGEST_HOURS = 24.0
MOST_BYTES = 4 * 2**30


class RowParts(NamedTuple):
    """Which part of which file each row of a table is of.

    Attributes
    ----------
    files : ndarray of str, shape (n,)
    starts, ends : ndarray of float, shape (n,)
        Seconds; NaN = to the end of the file.

    Examples
    --------
    >>> parts = RowParts(np.array(["a.wav", "a.wav"]), np.array([0.0, 1.5]), np.array([1.5, np.nan]))
    >>> parts.ids.tolist(), parts.whole
    (['a.wav@0.000-1.500', 'a.wav@1.500-'], False)
    """

    files: np.ndarray
    starts: np.ndarray
    ends: np.ndarray

    @property
    def ids(self) -> np.ndarray:
        """An id of each part: its file where no other row is of that file, else file, start and end."""
        if len(set(self.files)) == len(self.files):
            return self.files
        return self.by_time

    @property
    def by_time(self) -> np.ndarray:
        """File, start and end of each part as one text."""
        named = zip(self.files, self.starts, self.ends, strict=True)
        return np.array([f"{f}@{a:.3f}-{'' if np.isnan(b) else f'{b:.3f}'}" for f, a, b in named], dtype=str)

    @property
    def segments(self) -> dict[str, tuple[str, float, float | None]]:
        """File, start and end (None = its end) by id; empty where every row is of a whole file."""
        if self.whole:
            return {}
        ends = (None if np.isnan(end) else float(end) for end in self.ends)
        rows = zip(self.ids, self.files, self.starts, ends, strict=True)
        return {str(clip): (str(name), float(start), end) for clip, name, start, end in rows}

    @property
    def whole(self) -> bool:
        """Whether every row is of a whole file."""
        return bool((self.starts == 0).all() and np.isnan(self.ends).all())


def is_segment_id(clip: str) -> bool:
    """Whether an id is of a part of a file, as `RowParts.ids` writes it.

    Examples
    --------
    >>> is_segment_id("a.wav@0.000-1.500"), is_segment_id("a.wav")
    (True, False)
    """
    return _ID.fullmatch(clip) is not None


def row_parts(table: pd.DataFrame, source: object) -> RowParts | None:
    """The parts that the rows of a table are of; None where it has no columns file, start and end.

    Raises
    ------
    InputError
        A row without file, or times that are none.

    Examples
    --------
    >>> table = pd.DataFrame({"file": ["a"], "start": ["0 days 00:00:01"], "end": [None]})
    >>> row_parts(table, "x.csv").starts.tolist()
    [1.0]
    """
    if not set(SEGMENT) <= set(table.columns):
        return None
    files = as_text(table["file"])
    missing = (files.isna() | (files == "")).to_numpy()
    if missing.any():
        raise InputError(f"{source}: row {int(missing.argmax()) + 2} has no file")
    starts, ends = (seconds(table[name], f"{source}: column {name!r}") for name in SEGMENT[1:])
    starts = np.nan_to_num(starts)
    wrong = (ends <= starts) | (starts < 0)
    if wrong.any():
        raise InputError(
            f"{source}: row {int(wrong.argmax()) + 2} goes from {starts[wrong][0]:g} to {ends[wrong][0]:g} s; needed "
            "is a start of 0 or more and an end after it"
        )
    return RowParts(np.asarray(files.tolist(), dtype=str), starts, ends)


def seconds(values: pd.Series, source: str) -> np.ndarray:
    """Times as seconds, NaN where there is none: of timedeltas, texts such as ``0 days 00:00:01.5``, or seconds.

    Raises
    ------
    InputError
        A value that is no time, or so large that it must count milliseconds or samples.

    Examples
    --------
    >>> seconds(pd.Series(["0 days 00:00:01.500000", None]), "x.csv").tolist()
    [1.5, nan]
    """
    if pd.api.types.is_timedelta64_dtype(values.dtype):
        return values.dt.total_seconds().to_numpy(float)
    numbers = pd.to_numeric(values, errors="coerce")
    given = values.notna() & (values.astype(str).str.strip() != "") & (values.astype(str) != "NaT")
    if numbers.notna().sum() == given.sum():
        times = numbers.to_numpy(float, na_value=np.nan)
    else:
        try:
            times = pd.to_timedelta(values.where(given)).dt.total_seconds().to_numpy(float)
        except ValueError as error:
            raise InputError(f"{source}: holds no times ({error})") from None
    if np.nanmax(times, initial=0.0) > LONGEST_HOURS * 3600:
        raise InputError(f"{source}: {np.nanmax(times):g} s is over {LONGEST_HOURS:g} hours; write seconds")
    return times


def part_columns(table: pd.DataFrame, id_name: str, is_arff: bool) -> list[str]:
    """Columns beside the ids that are no features: where a row lies in its file, and openSMILE's class in ARFF.

    Examples
    --------
    >>> part_columns(pd.DataFrame(columns=["name", "frameTime", "F0"]), "name", is_arff=False)
    ['frameTime']
    """
    named = [name for name in NOT_FEATURES.get(id_name, ()) if name in table.columns]
    if id_name == SEGMENT[0] and len(named) < len(SEGMENT) - 1:
        named = []
    return named + (["class"] if is_arff and "class" in table.columns else [])


def stack_steps(
    ids: np.ndarray, X: np.ndarray, times: np.ndarray | None, source: str
) -> tuple[np.ndarray, np.ndarray]:
    """Rows of one id as the steps of a clip, in the order of their times; shorter clips end in steps of NaN.

    Parameters
    ----------
    ids : ndarray of str, shape (n,)
    X : ndarray, shape (n, d)
    times : ndarray of float, shape (n,), or None
        None leaves rows in their order.
    source : str
        For errors.

    Returns
    -------
    ids : ndarray of str, shape (m,)
        Each once, in order of appearance.
    X : ndarray of float32, shape (m, most steps, d)

    Raises
    ------
    InputError
        Where that takes more than 4 GiB.

    Examples
    --------
    >>> ids, X = stack_steps(np.array(["a", "b", "a"]), np.array([[2.0], [5.0], [1.0]]), np.array([1.0, 0.0, 0.0]), "x")
    >>> ids.tolist(), X[:, :, 0].tolist()
    (['a', 'b'], [[1.0, 2.0], [5.0, nan]])
    """
    clips, first, number = np.unique(ids, return_index=True, return_inverse=True)
    order = np.lexsort((np.arange(len(ids)) if times is None else times, number))
    counts = np.bincount(number)
    most = int(counts.max())
    if 4 * len(clips) * most * X.shape[1] > MOST_BYTES:
        raise InputError(
            f"{source}: {len(clips)} clips of up to {most} steps and {X.shape[1]} features take more than 4 GiB; "
            "summarise the steps first, or extract functionals"
        )
    stacked = np.full((len(clips), most, X.shape[1]), np.nan, np.float32)
    step = np.concatenate([np.arange(count) for count in counts])
    stacked[number[order], step] = X[order]
    appearance = np.argsort(first)
    return clips[appearance], stacked[appearance]
