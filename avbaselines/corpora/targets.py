"""Targets of a study: attributes to regress and class labels, read from the clips table."""

from typing import Literal

import numpy as np
import pandas as pd
from pydantic import field_validator

from avbaselines.corpora.corpus import Target
from avbaselines.corpora.table import as_text
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
    """

    metric: str
    range: tuple[float, float] | None = None
    column: str | None = None
    reverse: bool = False
    aggregate: Literal["pooled", "mean"] | None = None

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
    if len(classes) > 100:
        raise InputError(
            f"{source}: targets.{name} has {len(classes)} different labels; {option.metric!r} is for classes - "
            "for a continuous attribute use ccc, pcc, rmse or mae"
        )
    codes = labels.map({label: code for code, label in enumerate(classes)}).to_numpy(float, na_value=np.nan)
    return Target(name, option.metric, classes, aggregate=option.aggregate), codes


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
