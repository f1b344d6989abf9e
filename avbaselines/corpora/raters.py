"""Votes and ratings of the single raters behind the targets of a study, from the clips table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

import numpy as np
import pandas as pd

from avbaselines.corpora.numbers import marked, to_numbers
from avbaselines.corpora.text_form import as_text
from avbaselines.errors import InputError
from avbaselines.schema import Section, nearest


class VoteColumns(Section):
    """Columns that hold how many raters voted for each class.

    Attributes
    ----------
    votes
        What precedes the class in their names, such as ``vote_`` for ``vote_angry``: counts, or shares with `number`.
    number
        Column with the number of raters of a clip, where the votes are shares of them.
    kinds
        Column whose values set clips of different expected votes apart, such as the emotion that was acted.

    Examples
    --------
    >>> VoteColumns(votes="voice_", number="voice_raters").kinds is None
    True
    """

    votes: str
    number: str | None = None
    kinds: str | None = None


RaterColumns = str | list[str] | VoteColumns
"""A column a rater (a pattern such as ``rater_*``, or names), or votes by class."""


@dataclass(frozen=True)
class Votes:
    """Raters' votes for classes.

    Attributes
    ----------
    counts : ndarray of float, shape (n_clips, n_classes)
        Whole numbers; zeros where nobody voted.
    kinds : ndarray of int, shape (n_clips,), or None
        Kinds of clips whose votes may differ.

    Examples
    --------
    >>> Votes(np.array([[3.0, 1.0]])).kinds is None
    True
    """

    counts: np.ndarray
    kinds: np.ndarray | None = None


@dataclass(frozen=True)
class Ratings:
    """Raters' own values of an attribute.

    Attributes
    ----------
    values : ndarray of float, shape (n_clips, raters)
        NaN = not rated.

    Examples
    --------
    >>> Ratings(np.array([[3.0, np.nan]])).values.shape
    (1, 2)
    """

    values: np.ndarray


def rater_columns(
    raters: RaterColumns, clips: pd.DataFrame, classes: Sequence[str], key: str, source: str
) -> list[str]:
    """Names of the columns that hold votes or ratings.

    Raises
    ------
    InputError
        A column is missing, or there are fewer than two raters.

    Examples
    --------
    >>> rater_columns("r*", pd.DataFrame(columns=["r1", "r2", "arousal"]), (), "targets.arousal.raters", "clips")
    ['r1', 'r2']
    """
    if isinstance(raters, VoteColumns):
        wanted = [f"{raters.votes}{label}" for label in classes]
        wanted += [column for column in (raters.number, raters.kinds) if column]
    elif isinstance(raters, str):
        wanted = [str(column) for column in clips.columns if fnmatchcase(str(column), raters)]
    else:
        wanted = list(raters)
    for column in wanted:
        if column not in clips.columns:
            raise InputError(f"{source}: no column {column!r} for {key}{nearest(column, clips.columns)}")
    if len(wanted) < 2:
        raise InputError(
            f"{source}: {key} = {raters!r} names {len(wanted)} column{'s' * (len(wanted) != 1)}; give two raters or "
            "more, by their columns or a pattern such as 'rater_*'"
        )
    return wanted


def read_raters(
    raters: RaterColumns,
    clips: pd.DataFrame,
    classes: Sequence[str],
    key: str,
    source: str,
    missing: Sequence[str | int | float] = (),
) -> Votes | Ratings:
    """Votes or ratings of one target.

    Parameters
    ----------
    raters
    clips
        Indexed by clip id.
    classes
        Of the target; none for an attribute.
    key, source
        What to name in errors: the key of the study file, and the clips table.
    missing
        Marks of missing labels.

    Raises
    ------
    InputError
        A column is missing, a rating is no number, or votes are no whole numbers.

    Examples
    --------
    >>> clips = pd.DataFrame({"r1": ["sad", "glad"], "r2": ["sad", None]}, index=["a", "b"])
    >>> read_raters(["r1", "r2"], clips, ("glad", "sad"), "targets.mood.raters", "clips").counts.tolist()
    [[0.0, 2.0], [1.0, 0.0]]
    """
    columns = rater_columns(raters, clips, classes, key, source)
    if isinstance(raters, VoteColumns):
        return _votes(raters, clips, classes, key, source)
    given = {column: _unmarked(clips[column], missing) for column in columns}
    if classes:
        chosen = [as_text(values).to_numpy(object) for values in given.values()]
        return Votes(np.column_stack([np.sum([one == label for one in chosen], axis=0) for label in classes]) * 1.0)
    return Ratings(np.column_stack([_numbers(values, column, key, source) for column, values in given.items()]))


def _unmarked(column: pd.Series, missing: Sequence[str | int | float]) -> pd.Series:
    for mark in missing:
        column = column.astype(object).mask(marked(column, mark)).infer_objects()
    return column


def _numbers(column: pd.Series, name: str, key: str, source: str) -> np.ndarray:
    values, strange = to_numbers(column)
    if strange is not None or np.isinf(values).any():
        row = int(np.isinf(values).argmax()) if strange is None else strange.row
        raise InputError(f"{source}: column {name!r} ({key}) has {column.iloc[row]!r} for clip {column.index[row]!r}")
    return values


def _votes(raters: VoteColumns, clips: pd.DataFrame, classes: Sequence[str], key: str, source: str) -> Votes:
    columns = [f"{raters.votes}{label}" for label in classes]
    votes = np.column_stack([_numbers(clips[column], column, key, source) for column in columns])
    votes = np.where(np.isnan(votes).all(axis=1, keepdims=True), 0.0, votes)
    if raters.number:
        number = _numbers(clips[raters.number], raters.number, key, source)
        votes = votes * np.nan_to_num(number)[:, None]
    counts = np.rint(votes)
    wrong = ~((np.abs(votes - counts) < 0.1) & (counts >= 0)).all(axis=1)
    if wrong.any():
        shown = [f"{value:g}" for value in votes[wrong][0]]
        raise InputError(
            f"{source}: votes of clip {clips.index[wrong][0]!r} for {key} are {', '.join(shown)}, no whole numbers; "
            "where they are shares, name the column with the number of raters by number"
        )
    kinds = None if not raters.kinds else pd.factorize(as_text(clips[raters.kinds]).fillna(""))[0]
    return Votes(counts, kinds)


def raters_of(
    options: Mapping[str, RaterColumns],
    classes: Mapping[str, Sequence[str]],
    clips: pd.DataFrame,
    source: str,
    missing: Mapping[str, Sequence[str | int | float]],
) -> dict[str, Votes | Ratings]:
    """`read_raters` of each target that names any.

    Examples
    --------
    >>> clips = pd.DataFrame({"r1": [1, 2], "r2": [1, 3]}, index=["a", "b"])
    >>> raters_of({"arousal": "r*"}, {"arousal": ()}, clips, "clips", {"arousal": ()})["arousal"].values.tolist()
    [[1.0, 1.0], [2.0, 3.0]]
    """
    return {
        name: read_raters(columns, clips, classes[name], f"targets.{name}.raters", source, missing[name])
        for name, columns in options.items()
    }
