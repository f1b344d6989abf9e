"""Targets of a study: attributes to regress and class labels, read from the clips table."""

from typing import Literal

import numpy as np
import pandas as pd
from pydantic import field_validator, model_validator

from avbaselines.corpora.corpus import Target
from avbaselines.corpora.text_form import as_text
from avbaselines.errors import InputError
from avbaselines.evaluation.metrics import CLASSES, METRICS
from avbaselines.schema import Section, nearest


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
    """

    metric: str
    range: tuple[float, float] | None = None
    column: str | None = None
    reverse: bool = False
    aggregate: Literal["pooled", "mean"] | None = None
    votes: str | None = None
    soft: Literal["weights", "targets"] | None = None

    @model_validator(mode="after")
    def _votes_of_classes(self):
        if self.soft is not None and self.votes is None:
            raise ValueError("soft needs votes = 'what precedes the class in the columns of votes'")
        if self.metric in CLASSES and (self.range is not None or self.reverse):
            raise ValueError(f"range and reverse go with an attribute, not with classes ({self.metric})")
        if self.votes is not None and self.metric not in CLASSES:
            raise ValueError(f"votes go with a class metric ({', '.join(CLASSES)}), not with {self.metric}")
        return self

    @field_validator("metric")
    @classmethod
    def _known(cls, value):
        if value not in METRICS:
            raise ValueError(f"unknown metric {value!r}{nearest(value, METRICS)}; known: {', '.join(METRICS)}")
        return value

    @field_validator("range")
    @classmethod
    def _ordered(cls, value):
        if value is not None and not value[0] < value[1]:
            raise ValueError("the lower end of a range must lie below the upper one")
        return value


def read_targets(options, clips, source):
    """Targets and their values from the clips table.

    Parameters
    ----------
    options : dict of str to TargetOptions
    clips : pandas.DataFrame
        Indexed by clip id.
    source : str
        What to name in errors (the clips table).

    Returns
    -------
    targets : list of Target
    y : dict of str to ndarray of float, shape (n_clips,)
        Values or class codes; NaN = not labelled.
    """
    targets, y = [], {}
    for name, option in options.items():
        column = option.column or name
        if column not in clips.columns:
            raise InputError(f"{source}: no column {column!r} for targets.{name}{nearest(column, clips.columns)}")
        if option.metric in CLASSES:
            target, values = _classes(name, option, clips[column], source)
        else:
            target, values = _values(name, option, clips[column], source)
        if np.isnan(values).all():
            raise InputError(f"{source}: column {column!r} (targets.{name}) has no label at all")
        targets.append(target)
        y[name] = values
    return targets, y


def _classes(name, option, column, source):
    labels = as_text(column)
    labels = labels.where(labels != "")
    classes = tuple(sorted(labels.dropna().unique(), key=_natural))
    if len(classes) == 1:
        raise InputError(f"{source}: targets.{name} has a single class {classes[0]!r}; nothing can be learnt from it")
    if len(classes) > min(100, max(10, labels.notna().sum() / 2)):
        raise InputError(
            f"{source}: targets.{name} has {len(classes)} different labels; {option.metric!r} is for classes - "
            "for a continuous attribute use ccc, pcc, rmse or mae"
        )
    codes = labels.map({label: code for code, label in enumerate(classes)}).to_numpy(float, na_value=np.nan)
    return Target(name, option.metric, classes, aggregate=option.aggregate, soft=option.soft), codes


def read_votes(options, targets, clips, source):
    """Shares of the raters' votes for the class targets that use them.

    Parameters
    ----------
    options : dict of str to TargetOptions
    targets : list of Target
    clips : pandas.DataFrame
        Indexed by clip id.
    source : str
        What to name in errors (the clips table).

    Returns
    -------
    dict of str to ndarray, shape (n_clips, n_classes)
        Rows sum to 1, votes for other classes left aside; NaN where a clip has no votes.

    Raises
    ------
    InputError
        A column is missing, a vote is negative or no number, or a labelled clip has votes for none of the classes.
    """
    found = {}
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
        labelled = clips[option.column or target.name].notna().to_numpy()
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


def _natural(label):
    """Numbers in numeric order, then words in alphabetical order."""
    try:
        return (0, float(label), "")
    except ValueError:
        return (1, 0.0, label)


def _values(name, option, column, source):
    values = pd.to_numeric(column, errors="coerce").to_numpy(float, na_value=np.nan)
    text = column.notna() & np.isnan(values) & (column.astype(str).str.strip() != "")
    text &= column.astype(str).str.strip().str.lower() != "nan"
    if text.any():
        clip = column.index[text.to_numpy()][0]
        raise InputError(
            f"{source}: targets.{name} is to be regressed, but clip {clip!r} has {column[clip]!r}; "
            f"use a class metric ({', '.join(CLASSES)}) for labels"
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
