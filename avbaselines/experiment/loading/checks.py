"""What is wrong with a corpus for learning, said before anything is fitted, and what its scores cannot say."""

import numpy as np
import pandas as pd

from avbaselines.errors import InputError
from avbaselines.estimators.preprocessing.row_parts import column_parts
from avbaselines.evaluation.metrics import METRICS
from avbaselines.experiment.planning.reserved_names import FINAL, INNER

# Labels with more values than this do not equal a feature by chance.
MANY_VALUES = 10
# Times the median of a column's sizes. openSMILE's functionals of RAVDESS reach a million by themselves.
WILD = 1e9


def refuse_unlearnable(splits, groups, targets, y):
    """Every split needs two groups to learn from, and labels that vary; every target labels to be scored by.

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
    """
    for split in splits:
        if split.name in ("all", FINAL) or INNER in split.name:
            raise InputError(
                f"split {split.name}: results know no split of this name ('all', '{FINAL}' and any with '{INNER}' are "
                "kept); rename the value in its column of the clips table"
            )
        _refuse_one_group(groups[split.fit], f"split {split.name}: the clips")
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
            _refuse_one_group(groups[rows], f"{where}: the labels")
        if all(np.isnan(values[split.test]).all() for split in splits):
            raise InputError(f"targets.{target.name} has no label in any test part; there is nothing to score")


def refuse_without_recordings(targets, recordings):
    """A concordance per recording needs to know the recordings."""
    for target in targets if recordings is None else []:
        if METRICS[target.metric].per_recording:
            raise InputError(
                f"targets.{target.name}: {target.metric} needs the recording of each clip; name its column by "
                "corpus.recording, or use ccc"
            )


def _refuse_one_group(groups, what):
    if len(np.unique(groups)) < 2:
        raise InputError(
            f"{what} of the training part are all of group '{groups[0]}'; two groups are needed to predict "
            "out-of-fold - split otherwise, or correct corpus.group"
        )


def refuse_answers(modality, clips, columns, regressed, source):
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
    """
    place = {column: number for number, column in enumerate(modality.columns)}
    for column in columns:
        values = pd.to_numeric(clips[column], errors="coerce").to_numpy(np.float32, na_value=np.nan)
        known = np.flatnonzero(~np.isnan(values))
        candidates = [place[column]] if column in place else []
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


def wild_note(modality, ids):
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


def label_notes(splits, groups, targets, y):
    """What a reader of the scores has to know of labels that are missing, unseen or all the same.

    Parameters
    ----------
    As for `refuse_unlearnable`.

    Returns
    -------
    list of str
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
        notes += _unseen(splits, target, values)
    names = np.unique(groups[tested])
    if len(names) == 1:
        notes.append(f"all evaluated clips are of group {names[0]}: there are no intervals and no tests over groups")
    return notes


def _unseen(splits, target, values):
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
