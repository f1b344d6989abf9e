"""Matching the ids of clips to those of a table or of files that spell them otherwise, where that is unambiguous."""

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

import numpy as np

from avbaselines.corpora.text_form import without_zeros
from avbaselines.errors import InputError

_SUFFIX = re.compile(
    r"\.(wav|wave|flac|mp3|ogg|opus|m4a|aac|aif|aiff|w64|au|sph|mp4|avi|mkv|mov|webm|flv|mpg|mpeg|m4v|wmv|csv|tsv|txt"
    r"|npy|npz|pkl|json|mat|h5|hdf5|arff|htk|pt|jpg|png)$"
)


@dataclass(frozen=True)
class IdMatch:
    """Which row of a table each clip has.

    Attributes
    ----------
    rows : ndarray of int, shape (n_clips,)
        -1 where the table has none.
    respelt : list of (str, str)
        Clip and table id of those that are spelt in two ways.
    strangers : list of str
        Ids of the table that are of no clip of the corpus.
    """

    rows: np.ndarray
    respelt: list[tuple[str, str]] = field(default_factory=list)
    strangers: list[str] = field(default_factory=list)

    def note(self, name: str) -> str:
        """A note on the clips that are spelt in two ways; empty where there are none.

        Examples
        --------
        >>> match_ids(["a1", "a2"], ["A1.wav", "A2.wav"], "audio.csv").note("audio")
        "audio: 2 of 2 clips are joined although their ids are spelt otherwise, such as 'a1' and 'A1.wav'"
        """
        if not self.respelt:
            return ""
        clip, theirs = self.respelt[0]
        return (
            f"{name}: {len(self.respelt)} of {len(self.rows)} clips are joined although their ids are spelt otherwise, "
            f"such as {clip!r} and {theirs!r}"
        )


Ids = Sequence[str] | np.ndarray


def match_ids(wanted: Ids, offered: Ids, source: str, elsewhere: Collection[str] = ()) -> IdMatch:
    """Match ids exactly, then by what is left of them without suffix, letter case, leading zeros and folder.

    Parameters
    ----------
    wanted, offered : sequence of str
        Ids of the clips and of the table, each side without repetitions.
    source : str
        What to name in errors (the table).
    elsewhere : collection of str
        Ids of clips that the study leaves out, whose rows are theirs.

    Raises
    ------
    InputError
        A clip that may be one of several rows, or the other way round.

    Examples
    --------
    >>> match_ids(["s1", "s2", "s3"], ["S02.wav", "s1"], "audio.csv").rows.tolist()
    [1, 0, -1]
    """
    position = {theirs: row for row, theirs in enumerate(offered)}
    rows = np.array([position.get(clip, -1) for clip in wanted], dtype=int)
    theirs = set(elsewhere).difference(wanted)
    candidates = [row for row, name in enumerate(offered) if name not in theirs]
    free = set(candidates).difference(rows.tolist())
    respelt: list[tuple[str, str]] = []
    left = np.flatnonzero(rows < 0).tolist()
    for form in _FORMS if left and free else ():
        clips_of, rows_of = _by_form(form, wanted, range(len(wanted))), _by_form(form, offered, candidates)
        for clip in left:
            key = form(wanted[clip])
            if len(clips_of[key]) == 1 and len(rows_of[key]) == 1 and rows_of[key][0] in free:
                rows[clip] = rows_of[key][0]
                free.discard(rows_of[key][0])
                respelt.append((str(wanted[clip]), str(offered[rows[clip]])))
        left = [clip for clip in left if rows[clip] < 0]
    if left and free:
        _refuse_ambiguous(wanted, offered, left, free, source)
    return IdMatch(rows, respelt, [str(offered[row]) for row in sorted(free)])


def _refuse_ambiguous(wanted: Ids, offered: Ids, left: list[int], free: set[int], source: str) -> None:
    loosest = _FORMS[-1]
    clips_of, rows_of = _by_form(loosest, wanted, range(len(wanted))), _by_form(loosest, offered, sorted(free))
    for clip in left:
        key = loosest(wanted[clip])
        if rows_of[key]:
            ours = " or ".join(repr(str(wanted[other])) for other in clips_of[key][:3])
            theirs = " or ".join(repr(str(offered[row])) for row in rows_of[key][:3])
            raise InputError(
                f"{source}: clip {ours} may be its {theirs}; write the ids alike on both sides"
            )


def _by_form(form: Callable[[str], str], ids: Ids, chosen: Sequence[int]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = defaultdict(list)
    for number in chosen:
        found[form(ids[number])].append(number)
    return found


def _tidy(name: str) -> str:
    """Path without quotes, suffix and capitals."""
    path = str(name).strip("'\"").replace("\\", "/").casefold()
    while path.startswith("./"):
        path = path[2:]
    return _SUFFIX.sub("", path)


def _stem(name: str) -> str:
    return _tidy(name).rstrip("/").rpartition("/")[2]


# From the closest to the loosest; a looser one is tried where a closer one has found nothing.
_FORMS: tuple[Callable[[str], str], ...] = (
    _tidy,
    lambda name: without_zeros(_tidy(name)),
    _stem,
    lambda name: without_zeros(_stem(name)),
)
