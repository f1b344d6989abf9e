"""Groups that are spelt in two ways, and groups whose name says that nobody knows them."""

import numpy as np

from avbaselines.corpora.corpus import Split
from avbaselines.corpora.text_form import spelt_twice
from avbaselines.errors import InputError

HOW = "letter case, accents, leading zeros or '.0'"
UNKNOWN = frozenset({"unknown", "unk", "n/a", "na", "none", "null", "nan", "?", "??", "-", "--", "xxx", "-1"})
"""Names, in lower case, that stand for no group in the tables of this field."""


def group_notes(groups: np.ndarray, splits: list[Split], ids: np.ndarray, column: str) -> list[str]:
    """What to say of groups whose names look wrong; those that would put one speaker on both sides are refused.

    Parameters
    ----------
    groups, ids : ndarray of str, shape (n_clips,)
    splits : list of Split
    column : str
        That holds the groups.

    Raises
    ------
    InputError
        Two spellings of one name on both sides of a split.

    Examples
    --------
    >>> rows = np.arange(4)
    >>> split = Split("test", rows[:3], rows[:0], rows[3:])
    >>> group_notes(np.array(["Ann", "ann", "Bob", "Cy"]), [split], np.array(list("wxyz")), "speaker")[0][:41]
    "groups 'Ann' and 'ann' differ only by let"
    """
    notes = []
    for spellings in spelt_twice(groups):
        shown = " and ".join(map(repr, spellings))
        for split in splits:
            _refuse_crossing(spellings, shown, split, groups, ids)
        notes.append(f"groups {shown} differ only by {HOW}: if they are one, write them alike")
    for name in np.unique(groups):
        count = int((groups == name).sum())
        if name.lower() in UNKNOWN and count > 1:
            notes.append(
                f"{count} clips are of group {str(name)!r}: if that is nobody's name, leave them out by "
                f"corpus.where_not = {{ {column} = [{str(name)!r}] }}"
            )
    return notes


def _refuse_crossing(spellings: tuple[str, ...], shown: str, split: Split, groups: np.ndarray, ids: np.ndarray) -> None:
    learnt, tested = (rows[np.isin(groups[rows], spellings)] for rows in (split.fit, split.test))
    if len(learnt) and len(tested):
        raise InputError(
            f"split {split.name}: groups {shown} differ only by {HOW} and are on both sides (clip "
            f"'{ids[learnt[0]]}' in training, '{ids[tested[0]]}' in test); write them alike if they are one, else "
            "rename one of them"
        )
