"""Faults of feature tables: labels among the features, values no extractor means, one row in several groups."""

from collections.abc import Iterable
from hashlib import blake2b

import numpy as np
import pandas as pd
from scipy.special import gammaln

from avbaselines.corpora.corpus import Modality, Target
from avbaselines.errors import InputError
from avbaselines.estimators.preprocessing.row_parts import column_parts

# Labels with more values than this do not equal a feature by chance.
MANY_VALUES = 10
# Times the median of a column's sizes. openSMILE's functionals of RAVDESS reach a million by themselves.
WILD = 1e9
# Chance, over all columns of a table, below which a column that goes with the labels is no feature.
BY_CHANCE = 1e-6
# Share of a label's variance that a straight line through a feature leaves where the feature is that label, rounded.
LEFT = 1e-4
# Clips that a table is searched by before whole columns are looked at.
SAMPLE = 60
# Values that a row must have for its repetition to mean the same recording; groups that share a stand-in for none.
TELLING, STAND_IN = 4, 5


def refuse_equals(
    modality: Modality, clips: pd.DataFrame, columns: list[str], regressed: list[str], source: str
) -> None:
    """A feature must not be the label itself, nor another column of the clips table that the study goes by.

    Parameters
    ----------
    modality : Modality
    clips : pandas.DataFrame
        In the order of the modality's rows.
    columns : list of str
        What the study reads of it: targets, votes, group, split and the like.
    regressed : list of str
        Columns of regressed targets, whose labels are looked for under any name.
    source : str
        What to name in errors.

    Raises
    ------
    InputError

    Examples
    --------
    >>> face = Modality("face", np.array([[1.0], [2.0]], np.float32), ["AU01"])
    >>> refuse_equals(face, pd.DataFrame({"speaker": [1, 1]}), ["speaker"], [], "modalities.face")
    """
    place = {column: number for number, column in enumerate(modality.columns)}
    for column in columns:
        values = pd.to_numeric(clips[column], errors="coerce").to_numpy(np.float32, na_value=np.nan)
        known = np.flatnonzero(~np.isnan(values))
        candidates = np.array([place[column]] if column in place else [], dtype=int)
        if column in regressed and len(np.unique(values[known])) > MANY_VALUES:
            some = known[:: max(1, len(known) // 50)]
            X = modality.X[some]
            candidates = np.flatnonzero(((X == values[some, None]) | np.isnan(X)).all(axis=0))
        for number in candidates:
            X = modality.X[known, number]
            there = ~np.isnan(X)
            if there.any() and (X == values[known])[there].all():
                raise InputError(
                    f"{source}: column {modality.columns[number]!r} is {column!r} of the clips table, no feature; "
                    "leave it out"
                )


def refuse_answers(modality: Modality, targets: list[Target], y: dict[str, np.ndarray], source: str) -> None:
    """A feature must not be a label that was rescaled, shifted, rounded, binned or coded.

    A column is taken for one where chance would make it so in less than one table in a million: it rises (or falls)
    with the label without exception, it has one value for each label, or a straight line through it leaves 1/10,000 of
    the label's variance.

    Parameters
    ----------
    modality : Modality
    targets : list of Target
    y : dict of str to ndarray, shape (n_clips,)
    source : str
        What to name in errors.

    Raises
    ------
    InputError

    Examples
    --------
    >>> label = np.arange(20.0)
    >>> face = Modality("face", (100 - label[:, None] ** 2).astype(np.float32), ["AU01"])
    >>> refuse_answers(face, [Target("arousal", "ccc")], {"arousal": label}, "face")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    avbaselines.errors.InputError: ...
    """
    for target in targets:
        labels = y[target.name]
        for number in _suspects(modality.X, labels):
            x = modality.X[:, number].astype(float)
            rows = ~np.isnan(x) & ~np.isnan(labels)
            if rows.sum() > 2 and _tells(x[rows], labels[rows], bool(target.classes), modality.X.shape[1]):
                row = int(np.flatnonzero(rows)[0])
                label = target.classes[int(labels[row])] if target.classes else f"{labels[row]:g}"
                raise InputError(
                    f"{source}: column {modality.columns[number]!r} goes one to one with the labels of {target.name} "
                    f"(such as {x[row]:g} where the label is {label}): it is no feature; leave it out"
                )


def _suspects(X: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Columns that go with the labels as far as a few clips show."""
    labelled = np.flatnonzero(~np.isnan(labels))
    ordered = labelled[np.argsort(labels[labelled], kind="stable")]
    rows = ordered[np.unique(np.linspace(0, len(ordered) - 1, min(SAMPLE, len(ordered))).astype(int))]
    part, values = X[rows].astype(float), labels[rows]
    steps, same = np.diff(part, axis=0), np.diff(values) == 0
    unknown = np.isnan(steps)
    rising = (unknown | (steps >= 0) | same[:, None]).all(axis=0)
    falling = (unknown | (steps <= 0) | same[:, None]).all(axis=0)
    coded = (unknown | (steps == 0))[same].all(axis=0) if same.any() else np.zeros(part.shape[1], bool)
    known = ~np.isnan(part)
    count = np.maximum(known.sum(axis=0), 1)
    centred = np.where(known, part - np.where(known, part, 0).sum(axis=0) / count, 0)
    target = np.where(known, values[:, None] - (known * values[:, None]).sum(axis=0) / count, 0)
    size = np.sqrt((centred**2).sum(axis=0) * (target**2).sum(axis=0))
    straight = np.abs((centred * target).sum(axis=0)) > np.sqrt(1 - 10 * LEFT) * size
    varies = np.abs(centred).max(axis=0) > 0
    return np.flatnonzero(varies & (rising | falling | coded | straight))


def _tells(x: np.ndarray, labels: np.ndarray, classes: bool, n_columns: int) -> bool:
    """Whether a column goes with the labels in a way that chance does not bring about."""
    if len(np.unique(x)) < 2:
        return False
    _, of_value, n_value = np.unique(x, return_inverse=True, return_counts=True)
    values, of_label, n_label = np.unique(labels, return_inverse=True, return_counts=True)
    n_both = np.unique(of_label * len(n_value) + of_value, return_counts=True)[1]
    # By chance: the share of the orders of the clips that go with the labels no less, label by label.
    within, among = gammaln(n_label + 1).sum() - gammaln(n_both + 1).sum(), gammaln(n_value + 1).sum()
    chance = within + among - gammaln(len(x) + 1)
    likely = np.log(BY_CHANCE / n_columns)
    lowest, highest = np.full(len(values), np.inf), np.full(len(values), -np.inf)
    np.minimum.at(lowest, of_label, x)
    np.maximum.at(highest, of_label, x)
    coded = (lowest == highest).all() and len(values) <= len(x) / 2
    if coded and chance < likely:
        return True
    if classes:
        return False
    monotone = (highest[:-1] <= lowest[1:]).all() or (lowest[:-1] >= highest[1:]).all()
    if monotone and np.log(2) + chance < likely:
        return True
    if len(values) < 3 or len(x) < MANY_VALUES:
        return False
    return bool(1 - np.corrcoef(x, labels)[0, 1] ** 2 < LEFT)


def empty_note(modality: Modality) -> str:
    """A note on a table whose rows are all the same, such as the zeros of an extractor that failed.

    Examples
    --------
    >>> empty_note(Modality("face", np.zeros((3, 2), np.float32), ["AU01", "AU02"]))
    'face: every row is the same (all values are 0); nothing can be learnt from it'
    """
    rows = modality.X[modality.present]
    if len(rows) < 2 or not all(
        ((part == part[0]) | (np.isnan(part) & np.isnan(part[0]))).all() for _, part in column_parts(rows)
    ):
        return ""
    zero = " (all values are 0)" if not np.nan_to_num(rows[0]).any() else ""
    return f"{modality.name}: every row is the same{zero}; nothing can be learnt from it"


def wild_note(modality: Modality, ids: np.ndarray) -> str:
    """A note on values so far beyond the others of their column that they must be failures of an extractor.

    One of them in an evaluated clip sends the predictions of a linear learner as far.

    Parameters
    ----------
    modality : Modality
    ids : ndarray of str, shape (n_clips,)

    Returns
    -------
    str
        Empty where all is well.

    Examples
    --------
    >>> wild_note(Modality("face", np.array([[1.0], [2.0]], np.float32), ["AU01"]), np.array(["a", "b"]))
    ''
    """
    found = []
    for columns, part in column_parts(modality.X):
        sizes = np.abs(part).astype(np.float64)
        positive = sizes > 0
        smallest = np.min(sizes, axis=0, where=positive, initial=np.inf)
        largest = np.max(sizes, axis=0, where=positive, initial=0)
        # Medians take long; few columns may need one.
        for column in np.flatnonzero(largest > WILD * smallest):
            values = sizes[:, column]
            typical = np.median(values[positive[:, column]])
            found += [(columns.start + column, row) for row in np.flatnonzero(values > WILD * typical)]
    if not found:
        return ""
    column, row = found[0]
    return (
        f"{len(found)} values of {modality.name} are over {WILD:g} times what is usual in their column, such as "
        f"{modality.X[row, column]:.3g} of {modality.columns[column]} in clip {ids[row]}: look at how they were made"
    )


def duplicates_note(modality: Modality, ids: np.ndarray, groups: np.ndarray) -> str:
    """A note on rows of features that clips of several groups share; empty where there are none.

    Examples
    --------
    >>> rows = np.array([[1, 2, 3, 4], [5, 6, 7, 8], [1, 2, 3, 4]], np.float32)
    >>> face = Modality("face", rows, list("abcd"))
    >>> duplicates_note(face, np.array(["x", "y", "z"]), np.array(["s1", "s2", "s3"]))[:62]
    '2 clips share their row of face with a clip of another group, '
    """
    shared = _shared_rows(modality, groups)
    if not shared:
        return ""
    first = shared[0][0]
    second = next(row for row in shared[0] if groups[row] != groups[first])
    return (
        f"{sum(map(len, shared))} clips share their row of {modality.name} with a clip of another group, such as "
        f"'{ids[first]}' ({groups[first]}) and '{ids[second]}' ({groups[second]}): if they are one recording, "
        "corpus.duplicates = 'merge' makes their groups one"
    )


def merge_groups(modalities: Iterable[Modality], groups: np.ndarray) -> tuple[np.ndarray, list[str]]:
    """Groups that share a row of features made one.

    Returns
    -------
    groups : ndarray of str, shape (n_clips,)
        Merged ones are called by all their names, joined by ``+``.
    notes : list of str

    Examples
    --------
    >>> rows = np.array([[1, 2, 3, 4], [5, 6, 7, 8], [1, 2, 3, 4]], np.float32)
    >>> merge_groups([Modality("face", rows, list("abcd"))], np.array(["s1", "s2", "s3"]))[0].tolist()
    ['s1+s3', 's2', 's1+s3']
    """
    parent = {str(name): str(name) for name in np.unique(groups)}

    def root(name: str) -> str:
        while parent[name] != name:
            name = parent[name]
        return name

    for modality in modalities:
        for rows in _shared_rows(modality, groups):
            for row in rows[1:]:
                parent[root(str(groups[row]))] = root(str(groups[rows[0]]))
    together: dict[str, list[str]] = {}
    for name in parent:
        together.setdefault(root(name), []).append(name)
    merged = np.array(["+".join(together[root(str(name))]) for name in groups])
    joined = [names for names in together.values() if len(names) > 1]
    if not joined:
        return groups, ["no groups share a row of features (corpus.duplicates)"]
    shown = " and ".join(joined[0][:3])
    return merged, [f"{sum(map(len, joined))} groups that share rows of features became {len(joined)}, such as {shown}"]


def _shared_rows(modality: Modality, groups: np.ndarray) -> list[list[int]]:
    """Clips with the very same row, where they are of several groups, but not of so many that it stands for nothing."""
    if modality.info.text is not None:
        return []  # two people may say the same
    same: dict[bytes, list[int]] = {}
    for number, row in enumerate(modality.X):
        same.setdefault(blake2b(row.tobytes(), digest_size=16).digest(), []).append(number)
    shared = []
    for rows in same.values():
        n_groups = len(np.unique(groups[rows])) if len(rows) > 1 else 1
        values = modality.X[rows[0]]
        if 1 < n_groups <= STAND_IN and len(np.unique(values[~np.isnan(values)])) >= TELLING:
            shared.append(rows)
    return shared
