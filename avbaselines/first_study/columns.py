"""Which columns of a clips table hold the id, the group, the recording and the time."""

from collections.abc import Collection, Iterable
from typing import NamedTuple

import pandas as pd

from avbaselines.corpora.numbers import to_numbers
from avbaselines.corpora.tables import id_column
from avbaselines.corpora.text_form import as_text
from avbaselines.first_study.words import ABOUT, ATTRIBUTES, CLASSES, DYAD, ID, RECORDING, SPEAKER, TIME, words_of

FEWEST_GROUPS = 3
FRAMES = 10
"""Rows a recording from which on a column of times makes a corpus continuous in time."""


class Role(NamedTuple):
    """A column, why it is taken for what it is, and whether its name says so."""

    column: str
    why: str
    sure: bool = True


def find_id(table: pd.DataFrame) -> Role | None:
    """The column of clip ids: by its name, else the index a table was written with, else the first unique texts.

    Examples
    --------
    >>> find_id(pd.DataFrame({"speaker": ["a", "a"], "utt": ["u1", "u2"]})).column
    'utt'
    """
    for name in ID:
        for column in table.columns:
            if str(column).lower() == name and _is_unique(table[column]):
                return Role(str(column), "named like an id, and no two rows share one")
    for column in table.columns:
        words = words_of(column)
        if words and (words[-1] in ("id", "name") or words[0] in ("file", "utterance")) and _is_unique(table[column]):
            if not set(words) & set(SPEAKER) or len(words) > 2:
                return Role(str(column), "named like an id, and no two rows share one")
    index = id_column(table, ID[0])
    if index is not None and _is_unique(table[index]):
        return Role(index, "the index that the table was written with")
    for column in table.columns:
        if not pd.api.types.is_numeric_dtype(table[column].dtype) and _is_unique(table[column]):
            values = as_text(table[column])
            if not values.str.contains(" ").any():
                return Role(str(column), "the first column of texts of which no two rows share one")
    return None


def _is_unique(column: pd.Series) -> bool:
    values = as_text(column)
    return bool(values.notna().all() and (values != "").all() and values.is_unique)


def find_group(clips: pd.DataFrame, taken: Collection[str] = ()) -> tuple[Role | None, list[str]]:
    """The column of what must not be on both sides of a split.

    By name (speaker, subject ...), for dyads the session; else a column whose values recur and stand in the ids.

    Parameters
    ----------
    clips : pandas.DataFrame
        Indexed by clip id.
    taken : collection of str
        Columns that are something else.

    Returns
    -------
    role : Role or None
    doubts : list of str
        What a person has to look at.

    Examples
    --------
    >>> clips = pd.DataFrame({"SpkrID": [1, 1, 2, 2], "sex": list("mmff")}, index=list("abcd"))
    >>> find_group(clips)[0].why
    'named like a speaker: 2 of them in 4 clips'
    """
    columns = [str(column) for column in clips.columns if column not in taken]
    dyads = [name for name in columns if set(words_of(name)) & set(DYAD) and _recurs(clips[name], len(clips))]
    speakers = sorted(
        (name for name in columns if _is_speaker(name) and clips[name].notna().any()),
        key=lambda name: (not _recurs(clips[name], len(clips)), _rank(name, SPEAKER)),
    )
    if not speakers:
        return _without_speaker(clips, columns, dyads)
    speaker = speakers[0]
    count, doubts = as_text(clips[speaker]).nunique(), []
    if len(speakers) > 1:
        doubts.append(f"{', '.join(speakers[1:])} may be speakers, too: the group is {speaker}")
    for dyad in dyads:
        if dyad != speaker and _holds_several(clips, dyad, speaker):
            n = as_text(clips[dyad]).nunique()
            if n < FEWEST_GROUPS:
                doubts.append(f"several speakers share each of {n} values of {dyad}: too few to split by")
                continue
            why = f"{n} of them, each with several values of {speaker}: who is heard together stays together"
            return Role(dyad, why), doubts
    if count == len(clips):
        doubts.append(f"every clip has a {speaker} of its own: right only if nobody is in two clips")
    return Role(speaker, f"named like a speaker: {count} of them in {len(clips)} clips"), doubts


def _is_speaker(name: str) -> bool:
    words = set(words_of(name)) - {"id", "name", "no", "nr", "number", "code"}
    return bool(words & set(SPEAKER)) and len(words) <= 2 and not words & (ABOUT | ATTRIBUTES | CLASSES)


def _rank(name: str, names: tuple[str, ...]) -> int:
    return min(names.index(word) for word in words_of(name) if word in names)


def _recurs(column: pd.Series, n: int) -> bool:
    values = as_text(column)
    return bool(values.notna().all()) and 2 <= values.nunique() <= n / 2


def _holds_several(clips: pd.DataFrame, outer: str, inner: str) -> bool:
    """Whether each value of the inner column is in one of the outer, and most of the outer have several inner ones."""
    pairs = clips[[outer, inner]].astype(str).drop_duplicates()
    per_outer = pairs.groupby(outer)[inner].nunique()
    return bool(pairs[inner].is_unique and (per_outer > 1).mean() > 0.5)


def _without_speaker(clips: pd.DataFrame, columns: list[str], dyads: list[str]) -> tuple[Role | None, list[str]]:
    """A group where no column is named like one."""
    doubts = []
    ids = [str(clip) for clip in clips.index]
    other = [name for name in columns if _recurs(clips[name], len(clips)) and _may_name_people(name)]
    other.sort(key=lambda name: -as_text(clips[name]).nunique())
    for name in other:
        values = as_text(clips[name])
        if values.nunique() >= FEWEST_GROUPS and all(value in clip for value, clip in zip(values, ids, strict=True)):
            doubts.append(f"is {name} who speaks (or is seen)? No column is named like a speaker; make sure")
            why = f"recurs ({values.nunique()} values in {len(clips)} clips) and stands in the ids"
            return Role(name, why, sure=False), doubts
    for name in dyads:
        n = as_text(clips[name]).nunique()
        doubts.append(f"who is in several values of {name} is on both sides of splits: add a column of speakers")
        why = f"no column is named like a speaker; clips of one {name} stay together ({n} of them)"
        return Role(name, why, sure=False), doubts
    if other:
        doubts.append(f"columns whose values recur and may be the group: {', '.join(other[:5])}")
    start = _beginnings(ids)
    if start:
        doubts.append(
            f"the ids begin with {start[0]} recurring parts such as {start[1]!r}: if these are speakers, write them "
            "into a column speaker of the clips table"
        )
    return None, doubts


def _may_name_people(name: str) -> bool:
    return not set(words_of(name)) & (ABOUT - {"id", "session"} | ATTRIBUTES | CLASSES)


def _beginnings(ids: list[str]) -> tuple[int, str] | None:
    """How many first parts of ids recur, and one of them."""
    for sign in "_-./":
        parts = [clip.split(sign, 1)[0] for clip in ids if sign in clip]
        if len(parts) == len(ids) and FEWEST_GROUPS <= len(set(parts)) <= len(ids) / 2:
            return len(set(parts)), parts[0]
    return None


def find_recording(clips: pd.DataFrame, group: str | None, taken: Collection[str] = ()) -> Role | None:
    """The column of the recording that several clips were cut from; each lies within one group.

    Examples
    --------
    >>> clips = pd.DataFrame({"speaker": ["a"] * 4, "video": ["v", "v", "w", "w"]}, index=list("abcd"))
    >>> find_recording(clips, "speaker").column
    'video'
    """
    names = [str(name) for name in clips.columns if name not in taken and _is_recording(str(name))]
    for name in sorted(names, key=lambda name: _rank(name, RECORDING)):
        if _recurs(clips[name], len(clips)) and (group is None or _within(clips, name, group)):
            n = as_text(clips[name]).nunique()
            return Role(name, f"named like a recording: {n} of them, {len(clips) / n:.1f} clips each")
    return None


def same_parts(clips: pd.DataFrame, one: str, other: str) -> bool:
    """Whether two columns part the clips in the same way.

    Examples
    --------
    >>> same_parts(pd.DataFrame({"speaker": ["a", "b"], "session": [1, 2]}), "speaker", "session")
    True
    """
    return _within(clips, one, other) and _within(clips, other, one)


def _is_recording(name: str) -> bool:
    words = set(words_of(name)) - {"id", "name", "no", "nr", "instance"}
    return bool(words & set(RECORDING)) and len(words) == 1


def _within(clips: pd.DataFrame, inner: str, outer: str) -> bool:
    return bool(clips[[outer, inner]].astype(str).drop_duplicates()[inner].is_unique) if inner != outer else True


def find_time(clips: pd.DataFrame, recording: str) -> Role | None:
    """The column of the time within the recording, of corpora with a row a frame.

    Examples
    --------
    >>> clips = pd.DataFrame({"video": ["v"] * 12, "time": [0.1 * step for step in range(12)]})
    >>> find_time(clips, "video").column
    'time'
    """
    if len(clips) < FRAMES * as_text(clips[recording]).nunique():
        return None
    for name in _named(clips, TIME):
        seconds, strange = to_numbers(clips[name])
        rows = pd.DataFrame({"recording": as_text(clips[recording]).to_numpy(), "time": seconds})
        if strange is None and rows["time"].notna().all() and not rows.duplicated().any():
            return Role(name, "increases within each recording; taken for seconds")
    return None


def _named(clips: pd.DataFrame, names: Iterable[str]) -> list[str]:
    wanted = set(names)
    return [str(name) for name in clips.columns if "".join(words_of(name)) in wanted or str(name).lower() in wanted]
