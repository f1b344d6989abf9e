"""Which column splits the clips: partitions, several of them, folds; else folds made over the groups."""

import re
from collections.abc import Iterator

import numpy as np
import pandas as pd

from avbaselines.corpora.splits import SplitOptions, make_splits
from avbaselines.corpora.text_form import as_text
from avbaselines.errors import InputError
from avbaselines.first_study.draft import Draft
from avbaselines.first_study.words import words_of

PARTS = {
    "train": ("train", "training", "trn", "tr"),
    "dev": ("dev", "devel", "development", "val", "valid", "validation"),
    "test": ("test", "testing", "tst", "eval", "evaluation"),
}
MOST_FOLDS, FOLDS = 20, 5


def add_split(draft: Draft, clips: pd.DataFrame, groups: np.ndarray) -> list[str]:
    """Add the lines of ``[split]``; a column that has a group on both sides is told and not taken.

    Parameters
    ----------
    draft : Draft
    clips : pandas.DataFrame
        Indexed by clip id.
    groups : ndarray of str, shape (n_clips,)

    Returns
    -------
    list of str
        Columns that hold partitions or folds, taken or not.

    Examples
    --------
    >>> clips = pd.DataFrame({"part": ["train", "train", "test"]}, index=["a", "b", "c"])
    >>> draft = Draft("Mine")
    >>> add_split(draft, clips, np.array(["s1", "s1", "s2"]))
    ['part']
    >>> [(entry.key, entry.value) for entry in draft.entries]
    [('column', 'part'), ('train', ['train']), ('test', ['test'])]
    """
    candidates = [*_partitions(clips), *_folds(clips)]
    chosen: tuple[dict, str] | None = None
    for options, why in candidates:
        names = _columns(options)
        try:
            make_splits(SplitOptions.model_validate(options), clips, groups, "the clips table")
        except InputError as error:
            draft.ask("split", f"{' '.join(names)} cannot be taken as it is: {error}", grave="both sides" in str(error))
            continue
        if chosen is None:
            chosen = options, why
        else:
            draft.ask("split", f"{', '.join(names)} could be taken, too: {why}")
    if chosen is None:
        _made_folds(draft, groups)
    else:
        options, why = chosen
        for number, (key, value) in enumerate(options.items()):
            draft.add("split", key, value, why if number == 0 else f"the values that mean {key}")
    return list(dict.fromkeys(name for options, _ in candidates for name in _columns(options)))


def _columns(options: dict) -> list[str]:
    columns = options.get("columns") or [options.get("column") or options["folds"]]
    return [str(name) for name in columns]


def _partitions(clips: pd.DataFrame) -> Iterator[tuple[dict, str]]:
    """Columns whose values are names of parts, those of one name but for a number together."""
    families: dict[tuple[str, tuple], list[str]] = {}
    for column in clips.columns:
        values = as_text(clips[column])
        if not pd.api.types.is_numeric_dtype(clips[column].dtype) and values.nunique(dropna=False) <= 6:
            parts = _parts(values)
            if parts:
                stem = re.sub(r"\d+$", "", str(column))
                key = tuple((part, tuple(names)) for part, names in parts.items())
                families.setdefault((stem, key), []).append(str(column))
    for (_, key), columns in families.items():
        parts = {part: list(names) for part, names in key}
        if len(columns) > 1:
            yield {"columns": columns, **parts}, f"{len(columns)} columns of parts, each a split of its own"
        else:
            yield {"column": columns[0], **parts}, "its values are names of parts"


def _parts(values: pd.Series) -> dict[str, list[str]]:
    """Values of each part; empty where some are no names of parts, or there is none to learn from or to test on."""
    found: dict[str, list[str]] = {}
    for value in sorted(values.dropna().unique()):
        part = next((part for part, names in PARTS.items() if value.lower() in names), None)
        if part is None:
            return {}
        found.setdefault(part, []).append(value)
    if "train" not in found or len(found) < 2:
        return {}
    if "test" not in found:
        found["test"] = found.pop("dev")
    return {part: found[part] for part in ("train", "dev", "test") if part in found}


def _folds(clips: pd.DataFrame) -> Iterator[tuple[dict, str]]:
    for column in clips.columns:
        values = as_text(clips[column])
        if set(words_of(column)) & {"fold", "folds", "cv"} and values.notna().all() and values.nunique() >= 2:
            if values.nunique() <= MOST_FOLDS:
                yield {"folds": str(column)}, f"named like folds: {values.nunique()} of them"


def _made_folds(draft: Draft, groups: np.ndarray) -> None:
    n_groups = len(np.unique(groups))
    if n_groups < 2:
        draft.add("split", "group_kfold", FOLDS, "one group only: nobody is left to be tested on", active=False)
        draft.ask("split", "all clips are of one group; a study needs two, and better ten or more", grave=True)
        return
    folds = min(FOLDS, n_groups)
    draft.add("split", "group_kfold", folds, f"no column of parts was taken; folds are made over the {n_groups} groups")
