"""Which rows of a clips table a study takes: ``corpus.where`` and ``corpus.where_not``."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from avbaselines.corpora.text_form import as_text, folded, plain
from avbaselines.errors import InputError
from avbaselines.schema import nearest

Values = Mapping[str, Sequence[str | int | float | bool]]


def filter_clips(clips: pd.DataFrame, where: Values, where_not: Values, source: str) -> tuple[pd.DataFrame, list[str]]:
    """Rows whose columns have one of the values of ``where``, and none of ``where_not``.

    A value that no clip has as it is written stands for the one that differs by no more than letter case, leading zeros
    or ``.0``. An empty text stands for a missing value.

    Parameters
    ----------
    clips : pandas.DataFrame
        Indexed by clip id.
    where, where_not : mapping of str to sequence
        Values by column.
    source : str
        What to name in errors.

    Returns
    -------
    clips : pandas.DataFrame
    notes : list of str
        Values that no clip has, or that are taken for another.

    Raises
    ------
    InputError
        Unknown column, or no clip is left.

    Examples
    --------
    >>> clips = pd.DataFrame({"session": [1, 2, 2]}, index=["a", "b", "c"])
    >>> filtered, notes = filter_clips(clips, {"session": [2.0]}, {}, "clips.csv")
    >>> filtered.index.tolist(), notes
    (['b', 'c'], ["corpus.where: session = 2.0 is taken for '2'"])
    """
    notes: list[str] = []
    for key, chosen in (("corpus.where", where), ("corpus.where_not", where_not)):
        for column, values in chosen.items():
            if column not in clips.columns:
                raise InputError(f"{source}: {key} names column {column!r}{nearest(column, clips.columns)}")
            there = as_text(clips[column]).fillna("")
            rows = np.zeros(len(clips), bool)
            for value in values:
                matched, said = _rows_with(there, value, f"{key}: {column} = {value}")
                rows |= matched
                notes += said or ([] if matched.any() else [f"no clip has {column} = {value} ({key})"])
            kept = rows if key == "corpus.where" else ~rows
            if not kept.any():
                shown = ", ".join(str(value) for value in there.unique()[:12])
                what = "no clip has" if key == "corpus.where" else "corpus.where_not leaves no clip: all have"
                raise InputError(
                    f"{source}: {what} {column} in {list(values)}; found: {shown} "
                    f"(the column is read as {clips[column].dtype})"
                )
            clips = clips[kept]
    return clips, notes


def _rows_with(there: pd.Series, value: str | int | float | bool, what: str) -> tuple[np.ndarray, list[str]]:
    text = plain(value)
    exact = (there == text).to_numpy()
    if exact.any():
        return exact, []
    alike = [other for other in there.unique() if other and folded(other) == folded(text)]
    if len(alike) != 1:
        return exact, []
    return (there == alike[0]).to_numpy(), [f"{what} is taken for {alike[0]!r}"]
