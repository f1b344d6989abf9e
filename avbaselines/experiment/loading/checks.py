"""Faults of labels and splits that leave nothing to learn or to score, and notes on what the scores cannot say."""

import numpy as np

from avbaselines.corpora.corpus import ImportedPrediction, Split, Target
from avbaselines.errors import InputError
from avbaselines.evaluation.metrics import METRICS
from avbaselines.experiment.planning.reserved_names import FINAL, INNER
from avbaselines.results_table import ALL, Aggregate

# Clips of a class that is called tiny, and of how many times more the usual class has.
HANDFUL, USUAL = 5, 5


def refuse_unlearnable(
    splits: list[Split], groups: np.ndarray, targets: list[Target], y: dict[str, np.ndarray]
) -> None:
    """Every split needs labels that vary, of two groups where it has two; every target labels to be scored by.

    Parameters
    ----------
    splits : list of Split
    groups : ndarray of str, shape (n_clips,)
    targets : list of Target
    y : dict of str to ndarray, shape (n_clips,)

    Raises
    ------
    InputError
        Naming split and target.

    Examples
    --------
    >>> split = Split("test", np.array([0, 1]), np.array([], int), np.array([2]))
    >>> y = {"arousal": np.array([1.0, 2.0, 3.0])}
    >>> refuse_unlearnable([split], np.array(list("abc")), [Target("arousal", "ccc")], y)
    """
    for split in splits:
        kept = (ALL, FINAL, *(one.value for one in Aggregate))
        if split.name in kept or INNER in split.name:
            raise InputError(
                f"split {split.name}: results know no split of this name ({', '.join(map(repr, kept))} and any with "
                f"'{INNER}' are kept); rename the value in its column of the clips table"
            )
    for target in targets:
        values = y[target.name]
        for split in splits:
            rows = split.fit[~np.isnan(values[split.fit])]
            where = f"split {split.name}: targets.{target.name}"
            if len(rows) == 0:
                raise InputError(f"{where} has no label in the training part")
            if (values[rows] == values[rows][0]).all():
                raise InputError(
                    f"{where} is constant in the training part ({len(rows)} labels); nothing can be learnt from it"
                )
            if len(np.unique(groups[split.fit])) > 1:
                _refuse_one_group(groups[rows], f"{where}: the labels")
        if all(np.isnan(values[split.test]).all() for split in splits):
            raise InputError(f"targets.{target.name} has no label in any test part; there is nothing to score")


def truth_notes(
    outside: ImportedPrediction, targets: list[Target], y: dict[str, np.ndarray], splits: list[Split]
) -> list[str]:
    """Notes on predictions of others that equal the labels of all evaluated clips, as those of a label file do.

    Examples
    --------
    >>> y = {"arousal": np.array([1.0, 2.0, 3.0])}
    >>> deep = ImportedPrediction("deep", {"arousal": y["arousal"][:, None]})
    >>> split = Split("test", np.array([0]), np.array([], int), np.array([1, 2]))
    >>> truth_notes(deep, [Target("arousal", "ccc")], y, [split])
    ['deep: its arousal equals the labels of all 2 evaluated clips, a perfect score; are these its own predictions?']
    """
    tested = np.unique(np.concatenate([split.test for split in splits]))
    notes = []
    for target in targets:
        labelled = tested[~np.isnan(y[target.name][tested])]
        truth, given = y[target.name][labelled], outside.values[target.name][labelled]
        if target.classes:
            said = given.argmax(axis=1) if (np.nanmax(given, axis=1, initial=0) == 1).all() else np.full(len(truth), -1)
        else:
            said = given[:, 0]
        if len(truth) > 1 and np.allclose(said, truth, rtol=1e-6, atol=1e-9):
            notes.append(
                f"{outside.name}: its {target.name} equals the labels of all {len(truth)} evaluated clips, a perfect "
                "score; are these its own predictions?"
            )
    return notes


def refuse_without_recordings(targets: list[Target], recordings: np.ndarray | None) -> None:
    """A concordance per recording needs to know the recordings.

    Raises
    ------
    InputError

    Examples
    --------
    >>> refuse_without_recordings([Target("arousal", "ccc")], None)
    """
    for target in targets if recordings is None else []:
        if METRICS[target.metric].per_recording:
            raise InputError(
                f"targets.{target.name}: {target.metric} needs the recording of each clip; name its column by "
                "corpus.recording, or use ccc"
            )


def _refuse_one_group(groups: np.ndarray, what: str) -> None:
    if len(np.unique(groups)) < 2:
        raise InputError(
            f"{what} of the training part are all of group '{groups[0]}'; two groups are needed to predict "
            "out-of-fold - split otherwise, or correct corpus.group"
        )


def label_notes(
    splits: list[Split], groups: np.ndarray, targets: list[Target], y: dict[str, np.ndarray]
) -> list[str]:
    """What a reader of the scores has to know of labels that are missing, unseen or all the same.

    Parameters
    ----------
    As for `refuse_unlearnable`.

    Returns
    -------
    list of str

    Examples
    --------
    >>> split = Split("test", np.array([0, 1]), np.array([], int), np.array([2, 3]))
    >>> y = {"arousal": np.array([1.0, np.nan, 3.0, 4.0])}
    >>> label_notes([split], np.array(list("abcd")), [Target("arousal", "ccc")], y)
    ['1 of 4 clips have no label of arousal (empty, NA, None or nan)']
    """
    tested = np.unique(np.concatenate([split.test for split in splits]))
    notes = []
    for target in targets:
        values = y[target.name]
        missing = int(np.isnan(values).sum())
        if missing:
            notes.append(f"{missing} of {len(values)} clips have no label of {target.name} (empty, NA, None or nan)")
        labels = np.unique(values[tested][~np.isnan(values[tested])])
        if len(labels) == 1:
            label = target.classes[int(labels[0])] if target.classes else f"{labels[0]:g}"
            notes.append(f"all evaluated clips are {label} in {target.name}: scores of it say nothing")
        if _one_label_each(splits, groups, values):
            notes.append(
                f"each group has one label of {target.name} and is tested alone: the other groups' mean is high where "
                "its own label is low, so scores far below chance are by construction; test several groups together"
            )
        notes += [*_unseen(splits, target, values), *doubtful_labels(target, values)]
    notes += _lone_groups(splits, groups)
    names = np.unique(groups[tested])
    if len(names) == 1:
        notes.append(f"all evaluated clips are of group {names[0]}: there are no intervals and no tests over groups")
    return notes


def _lone_groups(splits: list[Split], groups: np.ndarray) -> list[str]:
    """A note on training parts of one group."""
    lone = [split for split in splits if len(np.unique(groups[split.fit])) == 1]
    if not lone:
        return []
    more = f" ({len(lone) - 1} more splits are like it)" if len(lone) > 1 else ""
    return [
        f"split {lone[0].name}: all clips of its training part are of group '{groups[lone[0].fit][0]}'{more}; what is "
        "chosen and stacked out-of-fold is judged on other clips of the same group, so out-of-fold scores are too good "
        "and the choices lean to this group; scores of evaluated clips are not touched by that"
    ]


def _one_label_each(splits: list[Split], groups: np.ndarray, values: np.ndarray) -> bool:
    """Whether each split tests one group, all of whose clips have the same label, as all other groups' have."""
    if len(splits) < 3 or any(len(np.unique(groups[split.test])) != 1 for split in splits):
        return False
    known = ~np.isnan(values)
    _, codes = np.unique(groups[known], return_inverse=True)
    pairs = np.unique(np.column_stack([codes, values[known]]), axis=0)
    return len(pairs) == codes.max(initial=-1) + 1 < known.sum()


def _unseen(splits: list[Split], target: Target, values: np.ndarray) -> list[str]:
    """A note on evaluated clips of a class that their training part lacks."""
    found = {}
    for split in splits if target.classes else []:
        labels = values[split.test]
        unseen = ~np.isnan(labels) & ~np.isin(labels, values[split.fit])
        if unseen.any():
            found[split.name] = labels[unseen]
    if not found:
        return []
    name, labels = next(iter(found.items()))
    n_clips = sum(map(len, found.values()))
    return [
        f"{n_clips} evaluated clips are of a class of {target.name} that nobody in their training part has, such as "
        f"{target.classes[int(labels[0])]} in split {name}: they count as wrong"
    ]


def doubtful_labels(target: Target, values: np.ndarray) -> list[str]:
    """Notes on classes of a handful of clips, and on a label far off the others, which may stand for a missing one.

    A label is far off where it is further from the next one than all others are from each other, or where several clips
    have it, at the end of the scale, after a gap that is wide for the others.

    Parameters
    ----------
    target : Target
    values : ndarray, shape (n_clips,)
        NaN = not labelled.

    Examples
    --------
    >>> doubtful_labels(Target("arousal", "ccc"), np.array([1, 2.5, 3, 3.5, 4, 99]))
    ['arousal: label 99 of 1 clips lies far off the others (1 to 4): if it marks missing labels, say missing = [99]']
    """
    labels, counts = np.unique(values[~np.isnan(values)], return_counts=True)
    if target.classes:
        tiny = (counts <= HANDFUL) & (counts * USUAL < np.median(counts))
        return [
            f"{target.name}: class {target.classes[int(label)]!r} has {count} of {int(counts.sum())} clips: too few to "
            "learn or to score by"
            for label, count in zip(labels[tiny], counts[tiny], strict=True)
        ]
    notes = []
    for first, rest in ((0, labels[1:]), (len(labels) - 1, labels[:-1])):
        if len(rest) < 3:
            continue
        gap, spread = abs(labels[first] - rest[0 if first == 0 else -1]), rest[-1] - rest[0]
        often = counts[first] > 2 and gap > 0.25 * spread and gap > 1.5 * np.diff(rest).max()
        if gap > spread or often:
            shown = f"{labels[first]:g}"
            notes.append(
                f"{target.name}: label {shown} of {counts[first]} clips lies far off the others ({rest[0]:g} to "
                f"{rest[-1]:g}): if it marks missing labels, say missing = [{shown}]"
            )
    return notes
