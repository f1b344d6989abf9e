"""Splits of a study: given partitions, given folds, several given splits, leave-one-out, group k-fold."""

from collections.abc import Sequence
from typing import Annotated, Any, Self

import numpy as np
import pandas as pd
from pydantic import BeforeValidator, Field, model_validator

from avbaselines.corpora.corpus import Split
from avbaselines.corpora.text_form import as_text
from avbaselines.errors import InputError
from avbaselines.schema import Section, nearest


def _labels(value: Any) -> Any:
    if isinstance(value, (str, int, float)):
        value = [value]
    return [str(part) for part in value] if isinstance(value, (list, tuple)) else value


Labels = Annotated[list[str], BeforeValidator(_labels)]


class SplitOptions(Section):
    """The ``[split]`` section: exactly one of its five ways.

    Attributes
    ----------
    column
        Column of partitions, with the values of ``train``, ``dev`` and ``test``.
    train, dev, test
        Values of ``column`` or ``columns`` that mean each part; systems learn from train and dev, test is evaluated.
    columns
        Several such columns, each a split of its own.
    folds
        Column of folds; each fold is evaluated once by systems that learnt from the others.
    leave_one_out
        Column whose every value is left out once.
    group_kfold
        Number of folds made over the groups, as many groups in each.
    repeats
        How often ``group_kfold`` deals the groups anew. A score is then the mean over repeats of what each gives over
        its pooled folds, and how far the repeats lie apart tells how much a figure owes to one lucky assignment.
    other
        Values of ``column`` or ``columns`` whose clips take no part in that split.

    Examples
    --------
    >>> SplitOptions(column="partition", train="train", test=["devel"]).train
    ['train']
    """

    column: str | None = None
    columns: list[str] | None = Field(default=None, min_length=1)
    folds: str | None = None
    leave_one_out: str | None = None
    group_kfold: int | None = Field(default=None, ge=2)
    repeats: int = Field(default=1, ge=1, le=1000)
    train: Labels = Field(default_factory=list)
    dev: Labels = Field(default_factory=list)
    test: Labels = Field(default_factory=list)
    other: Labels = Field(default_factory=list)

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        ways = ("column", "columns", "folds", "leave_one_out", "group_kfold")
        given = [way for way in ways if getattr(self, way) is not None]
        if len(given) != 1:
            raise ValueError(
                f"needs exactly one of {', '.join(ways)}" + (f" (has {', '.join(given)})" if given else "")
            )
        if self.repeats > 1 and not self.group_kfold:
            raise ValueError(f"repeats goes with group_kfold, not with {given[0]}: only made folds can be made anew")
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


def make_splits(
    options: SplitOptions, clips: pd.DataFrame, groups: np.ndarray, source: str, seed: int = 0
) -> tuple[list[Split], bool, list[str]]:
    """Row numbers of every split, each checked for groups on both sides.

    Parameters
    ----------
    clips
        Indexed by clip id.
    groups : str, shape (n_clips,)
    source
        What to name in errors (the clips table).
    seed
        For ``group_kfold``.

    Returns
    -------
    once
        True where every evaluated clip is evaluated in exactly one split (of each repeat).
    notes
        Facts that a reader of the results should know.

    Raises
    ------
    InputError
        Unknown values, empty parts, a group on both sides.

    Examples
    --------
    >>> clips = pd.DataFrame({"fold": ["a", "a", "b"]}, index=["c1", "c2", "c3"])
    >>> splits, once, notes = make_splits(SplitOptions(folds="fold"), clips, np.array(["s1", "s1", "s2"]), "clips.csv")
    >>> [(split.name, split.train.tolist(), split.test.tolist()) for split in splits], once
    ([('a', [2], [0, 1]), ('b', [0, 1], [2])], True)
    """
    if options.column:
        split = _partition(options, options.column, clips, source)
        splits = [Split("+".join(options.test), split.train, split.dev, split.test)]
    elif options.columns:
        splits = [_partition(options, column, clips, source) for column in options.columns]
    elif options.group_kfold:
        splits = _group_kfold(options.group_kfold, options.repeats, groups, seed)
    else:
        column = options.folds or options.leave_one_out
        assert column is not None  # one of the five ways is given
        splits = _each_value(column, clips, source)
    notes = []
    for split in splits:
        _refuse_shared_groups(split, groups, clips.index)
        both = set(groups[split.train]) & set(groups[split.dev])
        if both:
            notes.append(
                f"split {split.name}: {len(both)} groups are in train and dev; dev clips are predicted out-of-fold "
                "by fits that saw nobody of their group"
            )
    return splits, all(_once(part) for part in by_repeat(splits)), notes


def by_repeat(splits: Sequence[Split]) -> list[list[Split]]:
    """The splits of each repeat; all of them together where nothing is repeated.

    Examples
    --------
    >>> rows = np.arange(2)
    >>> splits = [Split(name, rows, rows, rows, repeat=repeat) for name, repeat in (("a", 0), ("b", 0), ("c", 1))]
    >>> [[split.name for split in part] for part in by_repeat(splits)]
    [['a', 'b'], ['c']]
    """
    repeats = dict.fromkeys(split.repeat for split in splits)
    return [[split for split in splits if split.repeat == repeat] for repeat in repeats]


def _once(splits: Sequence[Split]) -> bool:
    return bool((np.unique(np.concatenate([split.test for split in splits]), return_counts=True)[1] <= 1).all())


def _column(column: str, clips: pd.DataFrame, source: str) -> pd.Series:
    if column not in clips.columns:
        raise InputError(f"{source}: split names column {column!r}, which is not there{nearest(column, clips.columns)}")
    return as_text(clips[column])


def _partition(options: SplitOptions, column: str, clips: pd.DataFrame, source: str) -> Split:
    values = _column(column, clips, source)
    used = [*options.train, *options.dev, *options.test]
    unknown = ~values.isin([*used, *options.other]).to_numpy()
    if unknown.any():
        clip = clips.index[unknown][0]
        shown = "empty" if values.isna()[clip] else repr(values[clip])
        raise InputError(
            f"{source}: {column} of clip {clip!r} is {shown}, which is none of {', '.join(used)} "
            f"({int(unknown.sum())} such clips); add it to train, dev or test, or filter such clips by corpus.where"
        )
    for part in used:
        if not (values == part).any():
            occurring = ", ".join(sorted(values.unique())[:12])
            raise InputError(
                f"{source}: no clip has {column} = {part!r}{nearest(part, values.unique())}; found: {occurring}"
            )
    train, dev, test = (
        np.flatnonzero(values.isin(part).to_numpy()) for part in (options.train, options.dev, options.test)
    )
    return Split(column, train, dev, test)


def _each_value(column: str, clips: pd.DataFrame, source: str) -> list[Split]:
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


def _group_kfold(n_folds: int, repeats: int, groups: np.ndarray, seed: int) -> list[Split]:
    """Groups dealt at random into folds, as ``sklearn.model_selection.GroupKFold`` shuffles them.

    Importing that would take longer than all else that is done before a study is fitted.
    """
    names = np.unique(groups)
    if len(names) < n_folds:
        raise InputError(f"split.group_kfold = {n_folds}, but the corpus has {len(names)} groups")
    nobody = np.array([], dtype=int)
    splits = []
    for repeat in range(repeats):
        # The first repeat is what a study without repeats has, so that its fits are reused when repeats are added.
        drawn = seed if repeat == 0 else int(np.random.SeedSequence([seed, repeat]).generate_state(1)[0])
        dealt = np.array_split(np.random.RandomState(drawn).permutation(names), n_folds)
        for fold, members in enumerate(dealt):
            held = np.isin(groups, members)
            name = f"repeat{repeat}-fold{fold}" if repeats > 1 else f"fold{fold}"
            splits.append(Split(name, np.flatnonzero(~held), nobody, np.flatnonzero(held), repeat=repeat))
    return splits


def _refuse_shared_groups(split: Split, groups: np.ndarray, ids: pd.Index) -> None:
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
