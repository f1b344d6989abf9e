"""Targets of a study: attributes to regress and class labels, read from the clips table."""

from collections.abc import Sequence
from typing import Literal, Self

import numpy as np
import pandas as pd
from pydantic import field_validator, model_validator

from avbaselines.corpora.corpus import Target
from avbaselines.corpora.numbers import Mark as DecimalMark
from avbaselines.corpora.numbers import decimal_mark, marked, to_numbers
from avbaselines.corpora.raters import RaterColumns, VoteColumns
from avbaselines.corpora.text_form import as_text, spelt_twice
from avbaselines.errors import InputError
from avbaselines.evaluation.metrics import CLASSES, METRICS
from avbaselines.schema import Section, nearest

Mark = str | int | float
# Of the labels; where more are words, the target has classes.
MOSTLY = 0.5


class TargetOptions(Section):
    """One entry of ``[targets]``.

    Attributes
    ----------
    metric : str
        The metric the study is judged by; a class metric makes the target a class label.
    range : (float, float), optional
        Lowest and highest possible value; a label outside is an error.
    column : str, optional
        Column of the clips table; by default the target's name.
    reverse : bool, optional
        Turn the scale round within ``range`` (for labels in which low means much).
    aggregate : {"pooled", "mean"}, optional
        How splits are put together in the ``all`` rows.
    votes : str, optional
        What precedes the class in the names of the columns that hold the raters' votes, such as ``vote_`` for
        ``vote_angry``: shares or counts; needed for ``soft``.
    soft : {"weights", "targets"}, optional
        Single learners take votes of training clips as weights of the labels (the share that agrees with the label),
        or as targets (each clip stands for every class that was voted for, by its share). Tuning, calibration and
        scores go by the labels.
    missing : list of str or number, optional
        Marks of missing labels, in place of ``corpus.missing``.
    raters : str, list of str, or table, optional
        Where the single raters' votes or ratings stand, to tell what the labels themselves allow: a column a rater
        (``"rater_*"`` or a list), or votes by class (``{ votes = "vote_", number = "raters" }``, see `VoteColumns`).

    Examples
    --------
    >>> TargetOptions(metric="ccc", range=(1, 5), missing=[-1]).missing
    [-1]
    """

    metric: str
    range: tuple[float, float] | None = None
    column: str | None = None
    reverse: bool = False
    aggregate: Literal["pooled", "mean"] | None = None
    votes: str | None = None
    soft: Literal["weights", "targets"] | None = None
    missing: list[Mark] | None = None
    raters: RaterColumns | None = None

    @model_validator(mode="after")
    def _votes_of_classes(self) -> Self:
        if self.soft is not None and self.votes is None:
            raise ValueError("soft needs votes = 'what precedes the class in the columns of votes'")
        if self.metric in CLASSES and (self.range is not None or self.reverse):
            raise ValueError(f"range and reverse go with an attribute, not with classes ({self.metric})")
        if self.votes is not None and self.metric not in CLASSES:
            raise ValueError(f"votes go with a class metric ({', '.join(CLASSES)}), not with {self.metric}")
        if isinstance(self.raters, VoteColumns) and self.metric not in CLASSES:
            raise ValueError(f"raters.votes go with a class metric, not with {self.metric}; name a column a rater")
        return self

    @field_validator("metric")
    @classmethod
    def _known(cls, value: str) -> str:
        if value not in METRICS:
            raise ValueError(f"unknown metric {value!r}{nearest(value, METRICS)}; known: {', '.join(METRICS)}")
        return value

    @field_validator("range")
    @classmethod
    def _ordered(cls, value: tuple[float, float] | None) -> tuple[float, float] | None:
        if value is not None and not value[0] < value[1]:
            raise ValueError("the lower end of a range must lie below the upper one")
        return value


def read_targets(
    options: dict[str, TargetOptions], clips: pd.DataFrame, source: str, missing: Sequence[Mark] = ()
) -> tuple[list[Target], dict[str, np.ndarray], list[str]]:
    """Targets and their values from the clips table.

    Parameters
    ----------
    options : dict of str to TargetOptions
    clips : pandas.DataFrame
        Indexed by clip id.
    source : str
        What to name in errors (the clips table).
    missing : sequence of str or number
        Marks of missing labels, for targets that have none of their own.

    Returns
    -------
    targets : list of Target
    y : dict of str to ndarray of float, shape (n_clips,)
        Values or class codes; NaN = not labelled.
    notes : list of str
        How many labels were marked as missing.

    Raises
    ------
    InputError
        Missing column, labels that are no numbers or out of range, classes that are spelt in two ways.

    Examples
    --------
    >>> clips = pd.DataFrame({"arousal": ["2,5", "4", "?"]}, index=["a", "b", "c"])
    >>> targets, y, notes = read_targets({"arousal": TargetOptions(metric="ccc")}, clips, "clips", ["?"])
    >>> y["arousal"].tolist(), notes
    ([2.5, 4.0, nan], ["1 of 3 labels of arousal are marked as missing ('?')"])
    """
    targets, y, notes, unused = [], {}, [], set(missing)
    mark = decimal_mark(clips[column] for column in clips.columns)
    for name, option in options.items():
        column = option.column or name
        if column not in clips.columns:
            raise InputError(f"{source}: no column {column!r} for targets.{name}{nearest(column, clips.columns)}")
        marks = missing if option.missing is None else option.missing
        where = {value: marked(clips[column], value) for value in marks}
        used = {value: rows for value, rows in where.items() if rows.any()}
        unused -= set(used)
        if used:
            count = int(np.any(list(used.values()), axis=0).sum())
            shown = ", ".join(map(repr, used))
            notes.append(f"{count} of {len(clips)} labels of {name} are marked as missing ({shown})")
        labels = _labels(name, option, clips, missing)
        if option.metric in CLASSES:
            target, values = _classes(name, option, labels, source)
        else:
            target, values = _values(name, option, labels, source, mark)
        if np.isnan(values).all():
            raise InputError(f"{source}: column {column!r} (targets.{name}) has no label at all")
        targets.append(target)
        y[name] = values
    notes += [f"no label is {value!r} (corpus.missing)" for value in missing if value in unused]
    return targets, y, notes


def _labels(name: str, option: TargetOptions, clips: pd.DataFrame, missing: Sequence[Mark]) -> pd.Series:
    """The column of a target, its marks of missing labels replaced by nothing."""
    column = clips[option.column or name]
    marks = missing if option.missing is None else option.missing
    if not len(marks):
        return column
    rows = np.any([marked(column, value) for value in marks], axis=0)
    return column.astype(object).mask(rows).infer_objects()


def _classes(name: str, option: TargetOptions, column: pd.Series, source: str) -> tuple[Target, np.ndarray]:
    labels = as_text(column)
    labels = labels.where(labels != "")
    classes = tuple(sorted(labels.dropna().unique(), key=_natural))
    if len(classes) == 1:
        raise InputError(f"{source}: targets.{name} has a single class {classes[0]!r}; nothing can be learnt from it")
    for spellings in spelt_twice(classes):
        clips = ", ".join(repr(labels.index[labels == spelling][0]) for spelling in spellings)
        raise InputError(
            f"{source}: targets.{name}: classes {' and '.join(map(repr, spellings))} differ only by letter case, "
            f"accents, leading zeros or '.0' (clips {clips}); write them alike"
        )
    if len(classes) > min(100, max(10, labels.notna().sum() / 2)):
        raise InputError(
            f"{source}: targets.{name} has {len(classes)} different labels; {option.metric!r} is for classes - "
            "for a continuous attribute use ccc, pcc, rmse or mae"
        )
    codes = labels.map({label: code for code, label in enumerate(classes)}).to_numpy(float, na_value=np.nan)
    return Target(name, option.metric, classes, aggregate=option.aggregate, soft=option.soft), codes


def read_votes(
    options: dict[str, TargetOptions],
    targets: list[Target],
    clips: pd.DataFrame,
    source: str,
    missing: Sequence[Mark] = (),
) -> dict[str, np.ndarray]:
    """Shares of the raters' votes for the class targets that use them.

    Parameters
    ----------
    options : dict of str to TargetOptions
    targets : list of Target
    clips : pandas.DataFrame
        Indexed by clip id.
    source : str
        What to name in errors (the clips table).
    missing : sequence
        Marks of missing labels, as for `read_targets`.

    Returns
    -------
    dict of str to ndarray, shape (n_clips, n_classes)
        Rows sum to 1, votes for other classes left aside; NaN where a clip has no votes.

    Raises
    ------
    InputError
        A column is missing, a vote is negative or no number, or a labelled clip has votes for none of the classes.

    Examples
    --------
    >>> options = {"mood": TargetOptions(metric="uar", votes="n_", soft="weights")}
    >>> clips = pd.DataFrame({"mood": ["sad", "glad"], "n_glad": [1, 3], "n_sad": [3, 1]}, index=["a", "b"])
    >>> read_votes(options, read_targets(options, clips, "clips")[0], clips, "clips")["mood"].tolist()
    [[0.25, 0.75], [0.75, 0.25]]
    """
    found: dict[str, np.ndarray] = {}
    for target in targets:
        option = options[target.name]
        if target.soft is None:
            continue
        columns = [f"{option.votes}{label}" for label in target.classes]
        for column in columns:
            if column not in clips.columns:
                raise InputError(
                    f"{source}: no column {column!r} for targets.{target.name}.votes{nearest(column, clips.columns)}"
                )
        shares = clips[columns].apply(pd.to_numeric, errors="coerce").to_numpy(float)
        unknown, total = np.isnan(shares).all(axis=1), np.nansum(shares, axis=1)
        labelled = _labels(target.name, option, clips, missing).notna().to_numpy()
        wrong = ~unknown & (np.isnan(shares).any(axis=1) | (np.nan_to_num(shares) < 0).any(axis=1))
        wrong |= ~unknown & labelled & (total <= 0)
        if wrong.any():
            clip = clips.index[wrong][0]
            raise InputError(
                f"{source}: votes of clip {clip!r} for targets.{target.name} are {shares[wrong][0].tolist()}; numbers "
                "of 0 or more are needed, not all 0"
            )
        known = ~unknown & (total > 0)
        found[target.name] = np.full(shares.shape, np.nan)
        found[target.name][known] = shares[known] / total[known, None]
    return found


def _natural(label: str) -> tuple[int, float, str]:
    """Numbers in numeric order, then words in alphabetical order."""
    try:
        return (0, float(label), "")
    except ValueError:
        return (1, 0.0, label)


def _values(
    name: str, option: TargetOptions, column: pd.Series, source: str, mark: DecimalMark
) -> tuple[Target, np.ndarray]:
    values, strange = to_numbers(column, mark)
    if strange is not None:
        clip = column.index[strange.row]
        what = f"{source}: targets.{name} is to be regressed, but clip {clip!r} has {strange.value!r}"
        if strange.reason:
            raise InputError(f"{what}: {strange.reason}")
        if strange.share > MOSTLY:
            raise InputError(f"{what}; use a class metric ({', '.join(CLASSES)}) for labels")
        raise InputError(
            f"{what}, no number ({strange.count} such); if it marks missing labels, say "
            f"corpus.missing = [{strange.value!r}]"
        )
    if np.isinf(values).any():
        raise InputError(f"{source}: targets.{name} is infinite for clip {column.index[np.isinf(values)][0]!r}")
    if option.range is not None:
        low, high = option.range
        outside = (values < low) | (values > high)
        if outside.any():
            clip = column.index[outside][0]
            raise InputError(
                f"{source}: targets.{name} is {values[outside][0]:g} for clip {clip!r}, outside its range "
                f"[{low:g}, {high:g}]; correct the label or the range"
            )
        if option.reverse:
            values = low + high - values
    elif option.reverse:
        raise InputError(f"targets.{name}: reverse needs a range to turn round")
    return Target(name, option.metric, range=option.range, aggregate=option.aggregate), values
