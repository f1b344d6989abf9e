"""Ids, groups and labels as text: the one form in which all sides of a join are compared."""

import re
import unicodedata
from collections.abc import Iterable

import numpy as np
import pandas as pd

_ZERO_WIDTH = "\ufeff\u200b\u2060"
_ACCENT = re.compile("[\u0300-\u036f]")
_POINT_ZERO = re.compile(r"^([+-]?\d+)\.0+$")
_NUMBER = re.compile("([0-9]+)")
_LEADING_ZEROS = re.compile(r"(?<![\d.])0+(?=\d)")
MISSING = frozenset({"", "na", "n/a", "#n/a", "<na>", "nan", "none", "null"})
"""Texts, in lower case, that stand for nothing in a column of labels or numbers."""


def plain(value: object) -> str:
    """One value as text, in Unicode's NFC, without blanks at its ends; bytes are UTF-8.

    Examples
    --------
    >>> plain(" e\\u0301t\\u00e9 "), plain(b"s01"), plain(7)
    ('été', 's01', '7')
    """
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
    return unicodedata.normalize("NFC", text).strip().strip(_ZERO_WIDTH).strip()


def as_text(column: Iterable) -> pd.Series:
    """Ids, groups and labels as text: whole numbers without ``.0``, missing values as missing.

    Examples
    --------
    >>> as_text([1.0, 2.0, None]).tolist()[:2], as_text([" a", 1.5]).tolist()
    (['1', '2'], ['a', '1.5'])
    """
    values: pd.Series = column if isinstance(column, pd.Series) else pd.Series(column)
    if isinstance(values.dtype, pd.CategoricalDtype):
        values = values.astype(object)
    if values.dtype == object and len(given := values.dropna()) and all(_is_number(value) for value in given):
        values = pd.to_numeric(values)
    if pd.api.types.is_integer_dtype(values) and pd.api.types.is_extension_array_dtype(values):
        return values.astype("string").astype(object)  # before pandas 3, `map` makes floats of whole numbers with gaps
    if pd.api.types.is_float_dtype(values) and (values.dropna() % 1 == 0).all():
        return values.astype("Int64").astype("string").astype(object)
    return values.map(lambda value: value if pd.isna(value) else plain(value)).astype(object)


def folded(text: str) -> str:
    """What is left of a text without letter case, accents, leading zeros, a ``.0`` and runs of blanks.

    Two groups or classes of one folded form are most likely one, spelt in two ways.

    Examples
    --------
    >>> folded("Zoë 01"), folded("zoe 1"), folded("2.0"), folded("0.5")
    ('zoe 1', 'zoe 1', '2', '0.5')
    """
    decomposed = _ACCENT.sub("", unicodedata.normalize("NFKD", text))
    return without_zeros(" ".join(unicodedata.normalize("NFC", decomposed).casefold().split()))


def without_zeros(text: str) -> str:
    """The text without ``.0`` at the end of a whole number and without zeros that lead a number.

    Examples
    --------
    >>> without_zeros("s007_010"), without_zeros("3.0"), without_zeros("0.05")
    ('s7_10', '3', '0.05')
    """
    return _LEADING_ZEROS.sub("", _POINT_ZERO.sub(r"\1", text))


def natural(text: str) -> tuple[tuple[int, str], ...]:
    """Key of an order in which numbers within texts count by their value; no two texts have the same key.

    Examples
    --------
    >>> sorted(["c10", "c2", "b", "c02"], key=natural)
    ['b', 'c02', 'c2', 'c10']
    """
    # Texts stand at even places and numbers at odd ones. A number of more digits is larger, however many there are.
    parts = _NUMBER.split(text)
    key = [(0, part) for part in parts]
    key[1::2] = [(1 + len(number), number) for number in (part.lstrip("0") for part in parts[1::2])]
    return (*key, (0, text))


def spelt_twice(values: Iterable[str]) -> list[tuple[str, ...]]:
    """Values that differ by no more than letter case, accents, leading zeros or ``.0``: a tuple for each such set.

    Examples
    --------
    >>> spelt_twice(["Ann", "ann", "Bob", "s1", "s01", "s2"])
    [('Ann', 'ann'), ('s01', 's1')]
    """
    together: dict[str, list[str]] = {}
    for value in sorted({str(value) for value in values}):
        together.setdefault(folded(value), []).append(value)
    return [tuple(spellings) for spellings in together.values() if len(spellings) > 1]


def _is_number(value: object) -> bool:
    return isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)
