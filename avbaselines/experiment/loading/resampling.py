"""The units that intervals and tests resample where these are not the groups: read, checked, and suggested."""

from collections.abc import Collection, Iterator, Sequence

import numpy as np
import pandas as pd

from avbaselines.corpora.corpus import Resampling, Split
from avbaselines.corpora.text_form import as_text
from avbaselines.errors import InputError
from avbaselines.schema import nearest

MOST_SUGGESTED = 4
LEAST_CLIPS = 2
"""Evaluated clips a unit, on average, of a column that is suggested: an id or a transcript is none."""


def read_resampling(
    column: str,
    clips: pd.DataFrame,
    groups: np.ndarray,
    recordings: np.ndarray | None,
    splits: Sequence[Split],
    source: str,
) -> tuple[Resampling, list[str]]:
    """The units of ``corpus.resample``, and a note on them.

    A unit lies within one group, or holds whole groups: else two units would share what a group shares. No unit is on
    both sides of a split, or smaller than a recording.

    Parameters
    ----------
    column
        Of `clips`.
    clips
        Indexed by clip id.
    groups, recordings : str, shape (n_clips,)
    splits
        The evaluated ones.
    source
        What to name in errors (the clips table).

    Raises
    ------
    InputError
        No such column, an evaluated clip without unit, or units that cannot be resampled.

    Examples
    --------
    >>> clips = pd.DataFrame({"actor": ["a", "a", "b", "b", "c"]}, index=["c1", "c2", "c3", "c4", "c5"])
    >>> session, nobody = np.array(["s1", "s1", "s1", "s1", "s2"]), np.array([], dtype=int)
    >>> split = Split("test", train=np.array([4]), dev=nobody, test=np.arange(4))
    >>> units, notes = read_resampling("actor", clips, session, None, [split], "clips.csv")
    >>> units.names[:4].tolist(), notes[0][:50]
    (['a', 'a', 'b', 'b'], "intervals and tests resample 'actor' (2 evaluated)")
    """
    if column not in clips.columns:
        raise InputError(
            f"{source}: corpus.resample names column {column!r}, which is not there{nearest(column, clips.columns)}"
        )
    values, tested = as_text(clips[column]).fillna("").to_numpy(str), _tested(splits)
    without = tested[values[tested] == ""]
    if len(without):
        raise InputError(
            f"{source}: clip {clips.index[without[0]]!r} is evaluated and has no {column} (corpus.resample); "
            f"corpus.where_not = {{ {column} = [''] }} leaves such clips out"
        )
    trouble = next(_troubles(values, groups, recordings, splits), "")
    if trouble:
        raise InputError(f"{source}: corpus.resample = {column!r}: {trouble}")
    n_units, n_groups = (len(np.unique(names[tested])) for names in (values, groups))
    note = f"intervals and tests resample {column!r} ({n_units} evaluated)"
    if n_units > n_groups:
        note += f", whose units within a group ({n_groups} evaluated) count as independent"
    return Resampling(column, values), [note]


def single_group_notes(
    clips: pd.DataFrame,
    groups: np.ndarray,
    recordings: np.ndarray | None,
    splits: Sequence[Split],
    taken: Collection[str],
) -> list[str]:
    """A note where all evaluated clips are of one group: that nothing can be resampled, and which columns could serve.

    Parameters
    ----------
    clips, groups, recordings, splits
        As for `read_resampling`.
    taken
        Columns that the study goes by (labels, partitions), which are no units.

    Examples
    --------
    >>> clips = pd.DataFrame({"actor": ["a", "a", "b", "b", "c"]}, index=["c1", "c2", "c3", "c4", "c5"])
    >>> session, nobody = np.array(["s1", "s1", "s1", "s1", "s2"]), np.array([], dtype=int)
    >>> split = Split("test", train=np.array([4]), dev=nobody, test=np.arange(4))
    >>> single_group_notes(clips, session, None, [split], taken=[])[0][-74:]
    'corpus.resample may name a column whose units lie within groups: actor (2)'
    """
    tested = _tested(splits)
    if len(np.unique(groups[tested])) != 1:
        return []
    serving = []
    for column in clips.columns.difference(list(taken), sort=False):
        values = as_text(clips[column]).fillna("").to_numpy(str)
        n_units = len(np.unique(values[tested]))
        if (values[tested] == "").any() or _measured(clips[column]) or LEAST_CLIPS * n_units > len(tested):
            continue
        if next(_troubles(values, groups, recordings, splits), None) is None:
            serving.append((n_units, str(column)))
    found = ", ".join(f"{column} ({n_units})" for n_units, column in sorted(serving)[:MOST_SUGGESTED])
    remedy = (
        f"corpus.resample may name a column whose units lie within groups: {found}"
        if found
        else "no column of the clips has units within groups (speakers, dialogues, recordings) for corpus.resample"
    )
    one = f"all evaluated clips are of one group ({groups[tested[0]]})"
    return [f"{one}, so there are no intervals or tests; {remedy}"]


def _tested(splits: Sequence[Split]) -> np.ndarray:
    return np.unique(np.concatenate([split.test for split in splits]))


def _measured(column: pd.Series) -> bool:
    """Whether a column holds measurements, not names or numbers of something."""
    return pd.api.types.is_float_dtype(column) and bool((column.dropna() % 1 != 0).any())


def _troubles(
    values: np.ndarray, groups: np.ndarray, recordings: np.ndarray | None, splits: Sequence[Split]
) -> Iterator[str]:
    """Why units cannot be resampled, the first reason first."""
    tested = _tested(splits)
    pairs = pd.DataFrame({"unit": values, "group": groups})[values != ""].drop_duplicates()
    several = pairs[pairs.duplicated("unit", keep=False)]
    mixed = several[several["group"].isin(pairs["group"][pairs.duplicated("group", keep=False)])]
    if len(mixed):
        unit, group = mixed.iloc[0]
        yield (
            f"'{unit}' holds clips of several groups, and of group '{group}' not all; units lie within one group, or "
            "hold whole groups (if numbers start anew in each group, make the names unique)"
        )
    for split in splits:
        both = np.setdiff1d(np.intersect1d(values[split.fit], values[split.test]), [""])
        if len(both):
            yield (
                f"'{both[0]}' is on both sides of split {split.name}; what is resampled as one unit must "
                "not be learnt from, so it should be corpus.group"
            )
    if recordings is not None:
        parts = pd.DataFrame({"recording": recordings[tested], "unit": values[tested]}).drop_duplicates()
        broken = parts["recording"][parts.duplicated("recording")]
        if len(broken):
            yield f"recording '{broken.iloc[0]}' holds several units; nothing finer than a recording is independent"
    n_units = len(np.unique(values[tested]))
    if n_units == len(tested) > len(np.unique(groups[tested])):
        yield "every evaluated clip is a unit of its own, and clips of one speaker are not independent"
    if n_units == 1:
        yield f"all evaluated clips are of one unit ('{values[tested[0]]}'), so there is nothing to resample"
