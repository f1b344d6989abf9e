"""Numbers as people write them: decimal commas, thousands marks, other minus signs; durations and dates as seconds."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from avbaselines.corpora.text_form import MISSING, as_text, plain

Mark = Literal[".", ",", "both", ""]

_MINUS = re.compile("^[\u2212\u2012\u2013\ufe63\uff0d]")
_SPACED = re.compile(r"(?<=\d)[\u00a0\u202f\u2009 '\u2019](?=\d{3}(?!\d))")
_PLAIN = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|[+-]?inf(inity)?", re.IGNORECASE)
_DECIMAL_COMMA = re.compile(r"[+-]?(\d{1,3}(\.\d{3})+|\d*),\d+([eE][+-]?\d+)?")
_THOUSANDS_COMMA = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?")
_THOUSANDS_POINT = re.compile(r"[+-]?\d{1,3}(\.\d{3}){2,}(,\d+)?")
_DURATION = re.compile(r"(\d+ days?,? ?)?(\+?\d{1,3}:\d{2}:\d{2}([.,]\d+)?)|\d+ days?")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}([.,]\d+)?)?)?(Z|[+-]\d{2}:?\d{2})?")


@dataclass(frozen=True)
class Unreadable:
    """The first value of a column that is no number.

    Attributes
    ----------
    row : int
        From 0.
    value : str
    reason : str
        What it is; empty for a word.
    count : int
        How many of its kind the column has.
    share : float
        Of the given values of the column, how many are no numbers.
    """

    row: int
    value: str
    reason: str
    count: int
    share: float


def kind_of(column: pd.Series) -> str:
    """What a column holds in place of numbers by its type: ``durations``, ``dates``, or nothing of the kind.

    Examples
    --------
    >>> kind_of(pd.Series(pd.to_timedelta([1.0], unit="s"))), kind_of(pd.Series([1.0]))
    ('durations', '')
    """
    if pd.api.types.is_timedelta64_dtype(column.dtype):
        return "durations"
    return "dates" if pd.api.types.is_datetime64_any_dtype(column.dtype) else ""


def marked(column: pd.Series, value: str | int | float) -> np.ndarray:
    """Rows that hold a mark, as text or as a number; bool, shape (n,).

    Examples
    --------
    >>> marked(pd.Series(["-5", "-5.0", "x"]), -5).tolist()
    [True, True, False]
    """
    rows = (as_text(column) == plain(value)).to_numpy(bool, copy=True)
    number = pd.to_numeric(pd.Series([value]), errors="coerce").iloc[0]
    if not np.isnan(number) and not kind_of(column):
        rows |= (pd.to_numeric(column, errors="coerce") == number).to_numpy(bool, na_value=False)
    return rows


def decimal_mark(columns: Iterable[pd.Series]) -> Mark:
    """The decimal mark of a table, as its columns prove it; empty where nothing does.

    Examples
    --------
    >>> decimal_mark([pd.Series(["1,5", "1,234"])]), decimal_mark([pd.Series(["1,234.5"])])
    (',', '.')
    >>> decimal_mark([pd.Series(["1,234"])])
    ''
    """
    comma = point = False
    for column in columns:
        if not _is_words(column):
            point |= pd.api.types.is_float_dtype(column.dtype) and bool((column.dropna() % 1 != 0).any())
            continue
        for text in map(_bare, column.dropna().unique()):
            if _THOUSANDS_POINT.fullmatch(text):
                comma = True
            elif "," not in text:
                point |= bool("." in text and _PLAIN.fullmatch(text))
            elif _THOUSANDS_COMMA.fullmatch(text) and ("." in text or text.count(",") > 1):
                point = True
            elif _DECIMAL_COMMA.fullmatch(text) and not _may_be_either(text):
                comma = True
    return "both" if comma and point else "," if comma else "." if point else ""


def to_numbers(column: pd.Series, mark: Mark = "") -> tuple[np.ndarray, Unreadable | None]:
    """Values of a column as numbers.

    Parameters
    ----------
    column : pandas.Series
        Numbers, or texts of numbers.
    mark : {".", ",", "both", ""}
        Decimal mark of the table, see `decimal_mark`; a column that proves one of its own goes by that.

    Returns
    -------
    values : ndarray of float64, shape (n,)
        NaN where nothing is given (empty, NA, nan, None, null) or the value is no number.
    unreadable : Unreadable or None
        The first value that is no number.

    Examples
    --------
    >>> values, unreadable = to_numbers(pd.Series(["0,5", "\\u22121,25", "n/a"]), ",")
    >>> values.tolist()[:2], unreadable
    ([0.5, -1.25], None)
    """
    kind = kind_of(column)
    if kind:
        first = int(column.notna().to_numpy().argmax())
        shown, count = str(column.iloc[first]), int(column.notna().sum())
        return np.full(len(column), np.nan), Unreadable(first, shown, f"the column holds {kind}", count, 1.0)
    if not _is_words(column):
        return pd.to_numeric(column, errors="coerce").to_numpy(float, na_value=np.nan), None
    mark = decimal_mark([column]) or mark
    values = pd.to_numeric(column, errors="coerce").to_numpy(float, na_value=np.nan, copy=True)
    given = column.notna().to_numpy(copy=True)
    for row in np.flatnonzero(given & np.isnan(values)):
        values[row], given[row] = _number(plain(column.iloc[row]), mark)
    wrong = np.flatnonzero(given & np.isnan(values))
    if not len(wrong):
        return values, None
    text = plain(column.iloc[wrong[0]])
    share = len(wrong) / max(1, len(wrong) + int((~np.isnan(values)).sum()))
    same = sum(plain(column.iloc[row]) == text for row in wrong)
    return values, Unreadable(int(wrong[0]), text, _what_is(text), same, share)


def to_seconds(column: pd.Series, recordings: np.ndarray | None = None) -> tuple[np.ndarray, str]:
    """Times in seconds.

    Parameters
    ----------
    column : pandas.Series
        Numbers (seconds), durations (also ``00:00:01.5``), or dates with times of day.
    recordings : ndarray of str, shape (n,), optional
        Of dates: seconds count from the first of each recording, else from the first of all.

    Returns
    -------
    seconds : ndarray of float, shape (n,)
        NaN where the column has nothing.
    remark : str
        What was turned into seconds; empty for numbers.

    Raises
    ------
    ValueError
        Texts that are none of these.

    Examples
    --------
    >>> to_seconds(pd.Series(["00:00:01.5", "00:01:00"]))[0].tolist()
    [1.5, 60.0]
    """
    texts = [plain(value) for value in column.dropna()] if _is_words(column) else []
    if texts and all(_DURATION.fullmatch(text) for text in texts):
        column = pd.to_timedelta(column.map(lambda value: value if pd.isna(value) else plain(value).replace(",", ".")))
    elif texts and all(_DATE.fullmatch(text) for text in texts):
        column = pd.to_datetime(column, format="ISO8601", utc=True)
    kind = kind_of(column)
    if kind == "durations":
        return column.dt.total_seconds().to_numpy(float), "durations"
    if kind == "dates":
        owner = pd.Series(np.zeros(len(column)) if recordings is None else recordings, index=column.index)
        since = column - column.groupby(owner).transform("min")
        return since.dt.total_seconds().to_numpy(float), "dates"
    values, unreadable = to_numbers(column, decimal_mark([column]))
    if unreadable is not None:
        raise ValueError(unreadable.value)
    return values, ""


def _is_words(column: pd.Series) -> bool:
    return not pd.api.types.is_numeric_dtype(column.dtype) and not kind_of(column)


def _bare(value: object) -> str:
    return _SPACED.sub("", _MINUS.sub("-", plain(value)))


def _may_be_either(text: str) -> bool:
    """Whether a text such as ``1,234`` may be a thousand or one and a bit."""
    return re.fullmatch(r"[+-]?[1-9]\d{0,2},\d{3}", text) is not None


def _number(text: str, mark: Mark) -> tuple[float, bool]:
    """The number that a text stands for, and whether it stands for anything."""
    if text.lower() in MISSING:
        return np.nan, False
    bare = _bare(text)
    if mark == "," and (_DECIMAL_COMMA.fullmatch(bare) or _THOUSANDS_POINT.fullmatch(bare)):
        bare = bare.replace(".", "").replace(",", ".")
    elif mark == "." and _THOUSANDS_COMMA.fullmatch(bare):
        bare = bare.replace(",", "")
    return (float(bare), True) if _PLAIN.fullmatch(bare) else (np.nan, True)


def _what_is(text: str) -> str:
    bare = _bare(text)
    if _may_be_either(bare):
        return f"it may be {bare.replace(',', '.')} or {bare.replace(',', '')}; write it without the comma"
    if _DECIMAL_COMMA.fullmatch(bare) or _THOUSANDS_COMMA.fullmatch(bare) or _THOUSANDS_POINT.fullmatch(bare):
        return "decimal commas and points stand side by side; write all with points"
    if _DURATION.fullmatch(text):
        return "a duration; write it in seconds"
    return "a date" if _DATE.fullmatch(text) else ""
