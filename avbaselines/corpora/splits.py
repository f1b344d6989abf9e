"""Splits of a study: given partitions, given folds, several given splits, leave-one-out, group k-fold."""

from typing import Annotated

import numpy as np
from pydantic import BeforeValidator, Field, model_validator
from sklearn.model_selection import GroupKFold

from avbaselines.corpora.corpus import Split
from avbaselines.corpora.text_form import as_text
from avbaselines.errors import InputError
from avbaselines.schema import Section, nearest


def _labels(value):
    if isinstance(value, (str, int, float)):
        value = [value]
    return [str(part) for part in value] if isinstance(value, (list, tuple)) else value


Labels = Annotated[list[str], BeforeValidator(_labels)]


class SplitOptions(Section):
    """The ``[split]`` section: exactly one of its five ways.

    Attributes
    ----------
    column : str
        Column of partitions, with the values of ``train``, ``dev`` and ``test``.
    columns : list of str
        Several such columns, each a split of its own.
    folds : str
        Column of folds; each fold is evaluated once by systems that learnt from the others.
    leave_one_out : str
        Column whose every value is left out once.
    group_kfold : int
        Number of folds made over the groups, balanced in clips.
    other : list of str
        Values of ``column`` or ``columns`` whose clips take no part in that split.
    """

    column: str | None = None
    columns: list[str] | None = Field(default=None, min_length=1)
    folds: str | None = None
    leave_one_out: str | None = None
    group_kfold: int | None = Field(default=None, ge=2)
    train: Labels = Field(default_factory=list)
    dev: Labels = Field(default_factory=list)
    test: Labels = Field(default_factory=list)
    other: Labels = Field(default_factory=list)

    @model_validator(mode="after")
    def _one_way(self):
        ways = ("column", "columns", "folds", "leave_one_out", "group_kfold")
        given = [way for way in ways if getattr(self, way) is not None]
        if len(given) != 1:
            raise ValueError(
                f"needs exactly one of {', '.join(ways)}" + (f" (has {', '.join(given)})" if given else "")
            )
        if given[0] in {"column", "columns"}:
            if not self.train or not self.test:
                raise ValueError(f"{given[0]} needs the values that mean train and test, such as train = ['train']")
            parts = [*self.train, *self.dev, *self.test, *self.other]
            twice = {part for part in parts if parts.count(part) > 1}
            if twice:
                raise ValueError(f"value {sorted(twice)[0]!r} stands in two parts")
            if self.columns and len(set(self.columns)) < len(self.columns):
                raise ValueError(f"columns: {', '.join(self.columns)} names a split twice")
        elif self.train or self.dev or self.test or self.other:
            raise ValueError(f"train, dev, test and other go with column or columns, not with {given[0]}")
        return self


def make_splits(options, clips, groups, source, seed=0):
    """Row numbers of every split, each checked for groups on both sides.

    Parameters
    ----------
    options : SplitOptions
    clips : pandas.DataFrame
        Indexed by clip id.
    groups : ndarray of str, shape (n_clips,)
    source : str
        What to name in errors (the clips table).
    seed : int
        For ``group_kfold``.

    Returns
    -------
    splits : list of Split
    once : bool
        True where every evaluated clip is evaluated in exactly one split.
    notes : list of str

    Raises
    ------
    InputError
        Unknown values, empty parts, a group on both sides.
    """
    if options.column or options.columns:
        columns = [options.column] if options.column else options.columns
        splits = [_partition(options, column, clips, source) for column in columns]
        if options.column:
            splits = [Split("+".join(options.test), splits[0].train, splits[0].dev, splits[0].test)]
    elif options.group_kfold:
        splits = _group_kfold(options.group_kfold, groups, seed)
    else:
        splits = _each_value(options.folds or options.leave_one_out, clips, source)
    notes = []
    for split in splits:
        _refuse_shared_groups(split, groups, clips.index)
        both = set(groups[split.train]) & set(groups[split.dev])
        if both:
            notes.append(
                f"split {split.name}: {len(both)} groups are in train and dev; dev clips are predicted out-of-fold "
                "by fits that saw nobody of their group"
            )
    tested = np.bincount(np.concatenate([split.test for split in splits]), minlength=len(clips))
    return splits, bool((tested <= 1).all()), notes


def _column(column, clips, source):
    if column not in clips.columns:
        raise InputError(f"{source}: split names column {column!r}, which is not there{nearest(column, clips.columns)}")
    return as_text(clips[column])


def _partition(options, column, clips, source):
    values = _column(column, clips, source)
    known = [*options.train, *options.dev, *options.test]
    unknown = ~values.isin([*known, *options.other]).to_numpy()
    if unknown.any():
        clip = clips.index[unknown][0]
        shown = "empty" if values.isna()[clip] else repr(values[clip])
        raise InputError(
            f"{source}: {column} of clip {clip!r} is {shown}, which is none of {', '.join(known)} "
            f"({int(unknown.sum())} such clips); add it to train, dev or test, or filter such clips by corpus.where"
        )
    for part in known:
        if not (values == part).any():
            found = ", ".join(sorted(values.unique())[:12])
            raise InputError(
                f"{source}: no clip has {column} = {part!r}{nearest(part, values.unique())}; found: {found}"
            )
    rows = {part: np.flatnonzero(values.isin(getattr(options, part)).to_numpy()) for part in ("train", "dev", "test")}
    return Split(column, **rows)


def _each_value(column, clips, source):
    values = _column(column, clips, source)
    if values.isna().any():
        raise InputError(f"{source}: clip {clips.index[values.isna()][0]!r} has no {column}")
    names = sorted(values.unique(), key=lambda value: (len(value), value) if value.isdigit() else (99, value))
    if len(names) < 2:
        raise InputError(f"{source}: {column} has one value only; leaving it out leaves nobody to learn from")
    nobody = np.array([], dtype=int)
    return [
        Split(name, np.flatnonzero((values != name).to_numpy()), nobody, np.flatnonzero((values == name).to_numpy()))
        for name in names
    ]


def _group_kfold(n_folds, groups, seed):
    n_groups = len(np.unique(groups))
    if n_groups < n_folds:
        raise InputError(f"split.group_kfold = {n_folds}, but the corpus has {n_groups} groups")
    folds = GroupKFold(n_folds, shuffle=True, random_state=seed).split(groups, groups=groups)
    nobody = np.array([], dtype=int)
    return [Split(f"fold{number}", train, nobody, test) for number, (train, test) in enumerate(folds)]


def _refuse_shared_groups(split, groups, ids):
    for part in ("train", "dev"):
        rows = getattr(split, part)
        both = np.intersect1d(groups[rows], groups[split.test])
        if len(both):
            first = ids[rows[groups[rows] == both[0]][0]]
            second = ids[split.test[groups[split.test] == both[0]][0]]
            raise InputError(
                f"split {split.name}: group '{both[0]}' is on both sides (clip {first!r} in {part}, "
                f"{second!r} in test; {len(both)} such groups); split by group, or correct corpus.group"
            )
