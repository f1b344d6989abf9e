"""Which columns are to be predicted, as numbers or classes, by which metric and within which range."""

import re
from collections.abc import Collection
from typing import NamedTuple

import numpy as np
import pandas as pd

from avbaselines.corpora.numbers import to_numbers
from avbaselines.corpora.text_form import as_text
from avbaselines.first_study.draft import Draft
from avbaselines.first_study.words import ABOUT, ANY_LABEL, ATTRIBUTES, CLASSES, SPEAKER, words_of

SCALES = (
    *((0, 1), (-1, 1), (1, 5), (0, 4), (-2, 2), (0, 5), (1, 7), (-3, 3), (1, 9), (1, 10), (0, 10), (-5, 5)),
    (0, 100),
)
"""Of ratings, from the narrowest."""
MOST_CLASSES, FEW_VALUES = 12, 3
MOST_DOUBTFUL = 8
"""Columns that are written as comments, one by one."""
EVEN = 1.5
"""Share of the largest class, in those of an even share, up to which accuracy is no flattery."""
MARKS = 0.5
"""Share of texts up to which a column of numbers may mark missing labels by them."""
RESERVED = ("mean", "combined", "speaker")
"""Rows of the results that are no targets."""
_OUT_OF_NAMES = re.compile(r'[/\\:*?"<>|]')


class Label(NamedTuple):
    """A column that may be a target: what a study says of it, why, and whether that is likely."""

    column: str
    options: dict
    why: str
    likely: bool


def add_targets(draft: Draft, clips: pd.DataFrame, taken: Collection[str]) -> None:
    """Add the lines of ``[targets]``: likely ones in force, doubtful ones as comments.

    Where nothing is likely, the doubtful ones are in force.

    Parameters
    ----------
    draft : Draft
    clips : pandas.DataFrame
    taken : collection of str
        Columns that are something else.

    Examples
    --------
    >>> draft = Draft("Mine")
    >>> add_targets(draft, pd.DataFrame({"arousal": [1.0, 2.5, 5.0], "age": [20, 30, 40]}), [])
    >>> [(entry.key, entry.value) for entry in draft.entries]
    [('arousal', {'metric': 'ccc', 'range': [1, 5]})]
    """
    found = find_targets(clips, taken)
    likely = any(label.likely for label in found)
    doubtful = [label for label in found if not label.likely]
    if len(doubtful) > MOST_DOUBTFUL:
        more = doubtful[MOST_DOUBTFUL:]
        draft.ask("targets", f"{len(more)} more columns are no likelier, such as {more[0].column}: name what is missed")
        found = [label for label in found if label not in more]
    for label in found:
        name = _OUT_OF_NAMES.sub("-", label.column).lstrip(".")
        name = f"{name}-label" if name in RESERVED else name
        options = label.options | ({} if name == label.column else {"column": label.column})
        draft.add("targets", name, options, label.why, active=label.likely or not likely)
    if not found:
        draft.ask("targets", 'no column looks like one to predict; name it: arousal = { metric = "ccc" }', grave=True)
    elif not likely:
        draft.ask("targets", "no column has a name of the field; strike what is not to be predicted", grave=True)


def find_targets(clips: pd.DataFrame, taken: Collection[str] = ()) -> list[Label]:
    """Columns that may be targets, in the table's order.

    Examples
    --------
    >>> clips = pd.DataFrame({"emotion": ["sad", "glad"] * 4, "sentence": ["a", "b"] * 4})
    >>> [(label.column, label.options) for label in find_targets(clips)]
    [('emotion', {'metric': 'accuracy'})]
    """
    found = []
    for column in clips.columns:
        name = str(column)
        if column not in taken and not set(words_of(name)) & {*ABOUT, *SPEAKER} and clips[column].notna().any():
            label = _number(name, clips[column]) or _classes(name, clips[column])
            if label is not None:
                found.append(label)
    return found


def _number(name: str, column: pd.Series) -> Label | None:
    """A column of numbers as an attribute; None for texts, and for a class told by few whole numbers."""
    values, strange = to_numbers(column)
    options: dict = {"metric": "ccc"}
    why = []
    if strange is not None:
        texts = as_text(column[np.isnan(values)]).dropna().unique()
        if strange.share > MARKS or len(texts) > FEW_VALUES:
            return None
        options["missing"] = [str(text) for text in texts]
        why.append("texts among numbers are taken for marks of missing labels")
    known = values[~np.isnan(values)]
    distinct = np.unique(known)
    if len(distinct) < 2:
        return None
    words = set(words_of(name))
    if words & CLASSES and len(distinct) <= MOST_CLASSES or len(distinct) == 2 and (distinct % 1 == 0).all():
        return None
    outlier = _outlier(distinct, known)
    if outlier is not None:
        options["missing"] = [*options.get("missing", []), outlier]
        why.append(f"{outlier} stands apart from all else and is taken for a mark of missing labels")
        distinct = distinct[distinct != outlier]
    low, high = distinct[0], distinct[-1]
    scale = next((scale for scale in SCALES if (low, high) == scale), None)
    if scale is not None:
        options["range"] = list(scale)
    within = next((scale for scale in SCALES if scale[0] <= low and high <= scale[1]), None)
    likely = bool(words & (ATTRIBUTES | ANY_LABEL)) or _is_rating(distinct, len(known), within)
    shown = f"{low:g} to {high:g} in {len(distinct)} values"
    why.insert(0, f"named like an attribute: {shown}" if words & ATTRIBUTES else f"numbers, {shown}")
    if scale is None and within is not None and within[1] - within[0] < 2 * (high - low):
        why.append(f"set range = {list(within)} if that is the scale")
    return Label(name, options, "; ".join(why), likely)


def _is_rating(distinct: np.ndarray, n: int, within: tuple[int, int] | None) -> bool:
    """Whether values recur and lie on a scale of ratings; shares, per cents and counts lie on others."""
    if within is None or within in ((0, 1), (0, 100)) or len(distinct) < FEW_VALUES or n <= 2 * len(distinct):
        return False
    return within[0] != 0 or bool(distinct[0] > 0 and (distinct % 1 != 0).any())


def _outlier(distinct: np.ndarray, known: np.ndarray) -> float | int | None:
    """A whole number below all else by more than the width of all else, that several clips have."""
    if len(distinct) < 2 * FEW_VALUES:
        return None
    lowest, rest = distinct[0], distinct[1:]
    apart = lowest < 0 and rest[0] - lowest > rest[-1] - rest[0] and (known == lowest).sum() > 1
    return int(lowest) if apart and lowest % 1 == 0 else None


def _classes(name: str, column: pd.Series) -> Label | None:
    values = as_text(column).dropna()
    values = values[values != ""]
    counts = values.value_counts()
    if len(counts) < 2 or len(counts) > MOST_CLASSES or counts.iloc[0] < 2:
        return None
    largest = counts.iloc[0] / counts.sum() * len(counts)
    metric = "accuracy" if largest <= EVEN else "uar"
    words = set(words_of(name))
    likely = bool(words & (CLASSES | ATTRIBUTES | ANY_LABEL))
    shown = ", ".join(map(str, counts.index[:4])) + (" ..." if len(counts) > 4 else "")
    even = "about equally many of each" if metric == "accuracy" else f"uneven, most are {counts.index[0]}"
    return Label(name, {"metric": metric}, f"{len(counts)} classes ({shown}), {even}", likely)
