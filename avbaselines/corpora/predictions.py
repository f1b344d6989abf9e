"""Predictions of other systems, imported by a study and joined to the clips by id."""

from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pydantic import model_validator

from avbaselines.corpora.corpus import ImportedPrediction, Split, Target
from avbaselines.corpora.feature_tables import clip_ids, npz_array
from avbaselines.corpora.formats.avec_csv import read_folder
from avbaselines.corpora.id_matching import match_ids
from avbaselines.corpora.numbers import decimal_mark, to_numbers
from avbaselines.corpora.tables import id_column, read_table
from avbaselines.corpora.text_form import as_text, folded, plain
from avbaselines.corpora.text_tables import refuse_pointer
from avbaselines.errors import InputError
from avbaselines.schema import Section, locate, nearest


class PredictionOptions(Section):
    """One entry of ``[predictions]``.

    Attributes
    ----------
    path : str
        csv or parquet: an id column, one column a regression target, one column a class (its posterior or score; named
        by the class, or ``<target>=<class>``) or one column with the predicted label named by the target; a column
        ``seed`` tells seeds of the one model apart. npz: arrays ``clip_id``, ``classes`` and the one named by ``key``.
        Where the name holds ``*``, each file that matches is a seed of the one model.
    id, key : str
        Id column of a table; array of an npz file.
    fuse : bool
        Whether a ``*`` among the inputs of a fusion takes it, too. A run never fuses so what it knows no predictions
        of training clips of.

    Examples
    --------
    >>> PredictionOptions.model_validate("deep.csv").id
    'clip_id'
    """

    path: str
    id: str = "clip_id"
    key: str = "X"
    fuse: bool = True

    @model_validator(mode="before")
    @classmethod
    def _path_alone(cls, value: Any) -> Any:
        return {"path": value} if isinstance(value, str) else value


# Of a posterior's sum: what float32 leaves of 1.
ROUNDING = 1e-5


def read_prediction(
    name: str,
    options: PredictionOptions,
    ids: np.ndarray,
    targets: list[Target],
    root: Path | None,
    folder: Path,
    splits: Sequence[Split] = (),
    frames: pd.DataFrame | None = None,
    y: dict[str, np.ndarray] | None = None,
    elsewhere: Collection[str] = (),
) -> ImportedPrediction:
    """Read the predictions of one outside system.

    Class scores of 0 or more (posteriors, shares in per cent, votes) are divided by their sum; where any is negative,
    all are put through a softmax. Predictions are needed for the labelled clips that are evaluated; rows of clips that
    no split takes are not looked at.

    Parameters
    ----------
    name : str
    options : PredictionOptions
    ids : ndarray of str, shape (n_clips,)
    targets : list of Target
    root, folder : Path
        What ``${data}`` stands for, and the study file's folder.
    splits : list of Split
        Their names are what a ``fold`` column may name.
    frames : pandas.DataFrame, optional
        Columns recording and time of the clips, for folders with a table a recording.
    y : dict of str to ndarray, shape (n_clips,), optional
        Labels (NaN = not labelled), by default all labelled.
    elsewhere : collection of str
        Ids of clips that the study leaves out.

    Raises
    ------
    InputError
        Missing file or column, values out of a target's range, evaluated clips without a prediction.

    Examples
    --------
    >>> import tempfile
    >>> mood = Target("mood", "uar", ("glad", "sad"))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = Path(folder, "deep.csv").write_text("clip_id,glad,sad\\nc1,.33,.66\\n")
    ...     options = PredictionOptions(path="deep.csv")
    ...     deep = read_prediction("deep", options, np.array(["c1"]), [mood], None, Path(folder))
    >>> deep.values["mood"].round(3).tolist(), deep.notes
    ([[0.333, 0.667]], ('deep: class scores of mood sum to 0.99 to 0.99 and were divided by their sum',))
    """
    path, key = locate(options.path, root, folder), f"predictions.{name}"
    tables = [one for file in _files(path, key) for one in _by_seed(file, options, frames, ids, targets, key)]
    read = [_joined(name, *one, ids, targets, splits, y, elsewhere) for one in tables]
    return read[0] if len(read) == 1 else _mean_of_seeds(name, read, key)


def _files(path: Path, key: str) -> list[Path]:
    """The file named, or those that match it."""
    if "*" not in path.name or path.exists():
        return [path]
    found = sorted(path.parent.glob(path.name))
    if not found:
        raise InputError(f"{key}: no file matches {path}")
    return found


def _by_seed(
    path: Path, options: PredictionOptions, frames: pd.DataFrame | None, ids: np.ndarray, targets: list[Target],
    key: str,
) -> list[tuple[Path, pd.DataFrame]]:
    """A file's table, or one for each of its seeds."""
    if path.is_dir():
        table = _folder_as_table(path, frames, ids, targets, key)
    elif path.suffix.lower() == ".npz":
        table = _npz_as_table(path, options, key)
    else:
        table = _table(path, options, key)
    if "seed" not in table.columns:
        return [(path, table)]
    seeds = as_text(table["seed"]).to_numpy(str)
    return [(path, table[seeds == seed].drop(columns="seed")) for seed in dict.fromkeys(seeds.tolist())]


def _mean_of_seeds(name: str, read: Sequence[ImportedPrediction], key: str) -> ImportedPrediction:
    folds = [tuple(one.by_fold or ()) for one in read]
    if len(set(folds)) > 1:
        raise InputError(f"{key}: the seeds name different folds; each needs the same")

    def mean(parts: Sequence[dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
        return {target: np.mean([part[target] for part in parts], axis=0) for target in parts[0]}

    by_fold = {fold: mean([one.by_fold[fold] for one in read if one.by_fold]) for fold in folds[0]}
    notes = dict.fromkeys(note for one in read for note in one.notes)
    return ImportedPrediction(name, mean([one.values for one in read]), by_fold or None, tuple(notes), tuple(read))


def _joined(
    name: str,
    path: Path,
    table: pd.DataFrame,
    ids: np.ndarray,
    targets: list[Target],
    splits: Sequence[Split],
    y: dict[str, np.ndarray] | None,
    elsewhere: Collection[str],
) -> ImportedPrediction:
    """A table of predictions over the clips."""
    key = f"predictions.{name}"
    folds = as_text(table["fold"]).to_numpy(str) if "fold" in table.columns else np.full(len(table), "")
    whole = "fold" not in table.columns
    unknown = sorted(set(folds.tolist()) - {split.name for split in splits})
    if unknown and not whole:
        raise InputError(
            f"{key}: {path}: fold {unknown[0]!r} is no split of this study "
            f"({', '.join(split.name for split in splits[:8])})"
        )
    twice = table.index[pd.MultiIndex.from_arrays([table.index, folds]).duplicated()]
    if len(twice):
        raise InputError(f"{key}: {path}: clip id {twice[0]!r} occurs more than once")
    clips, notes = _clips_of(table.index, ids, splits, f"{key}: {path}", elsewhere, name)
    table, clips, folds = table[clips >= 0], clips[clips >= 0], folds[clips >= 0]
    scores = {}
    for target in targets:
        scores[target.name], said = _scores(table, target, key, path, name)
        notes += said
    if whole:
        values, by_fold = _over_clips(scores, clips, len(ids)), None
    else:
        by_fold = {}
        for fold in dict.fromkeys(folds.tolist()):
            own = folds == fold
            by_fold[fold] = _over_clips({target: part[own] for target, part in scores.items()}, clips[own], len(ids))
        values = {target.name: np.full((len(ids), target.width), np.nan) for target in targets}
        for split in splits:
            for target in targets if split.name in by_fold else []:
                values[target.name][split.test] = by_fold[split.name][target.name][split.test]
    for split in splits:
        for target in targets:
            tested = split.test if y is None else split.test[~np.isnan(y[target.name][split.test])]
            lacking = np.isnan(values[target.name][tested]).any(axis=1)
            if lacking.any():
                raise InputError(
                    f"{key}: {path}: has no {target.name} for {int(lacking.sum())} evaluated clips, such as "
                    f"'{ids[tested][lacking][0]}'; a comparison needs the same clips for all systems"
                )
    return ImportedPrediction(name, values, by_fold, tuple(notes))


def knows_training(prediction: ImportedPrediction, splits: Iterable[Split]) -> bool:
    """Whether there are predictions of clips to learn from in every split, without which no fusion can weigh them.

    Examples
    --------
    >>> deep = ImportedPrediction("deep", {"arousal": np.array([[np.nan], [0.5]])})
    >>> first, second, nobody = np.array([0]), np.array([1]), np.array([], int)
    >>> [knows_training(deep, [Split("x", *rows)]) for rows in ((first, nobody, second), (second, nobody, first))]
    [False, True]
    """
    return all(
        not np.isnan(values[split.fit]).all() for split in splits for values in prediction.of(split.name).values()
    )


def _clips_of(
    index: pd.Index, ids: np.ndarray, splits: Sequence[Split], source: str, elsewhere: Collection[str], name: str
) -> tuple[np.ndarray, list[str]]:
    """Which clip each row is of (-1 = none that a split takes), and what to say of ids that are spelt otherwise."""
    taken = np.ones(len(ids), bool)
    if len(splits):
        taken[:] = False
        for split in splits:
            taken[split.fit] = taken[split.test] = True
    if len(index) == len(ids) and np.array_equal(np.asarray(index, str), ids):  # as tables made for these clips have it
        return np.where(taken, np.arange(len(ids)), -1), []
    offered = list(dict.fromkeys(index))
    match = match_ids(ids.tolist(), offered, source, elsewhere)
    clip_of = {offered[row]: clip for clip, row in enumerate(match.rows) if row >= 0 and taken[clip]}
    return np.array([clip_of.get(their, -1) for their in index], dtype=int), list(filter(None, [match.note(name)]))


def _over_clips(scores: dict[str, np.ndarray], clips: np.ndarray, n_clips: int) -> dict[str, np.ndarray]:
    """Scores of some clips over all of them, NaN elsewhere."""
    values = {}
    for target, part in scores.items():
        values[target] = np.full((n_clips, part.shape[1]), np.nan)
        values[target][clips] = part
    return values


def _folder_as_table(
    path: Path, frames: pd.DataFrame | None, ids: np.ndarray, targets: list[Target], key: str
) -> pd.DataFrame:
    if frames is None or any(target.kind == "classes" for target in targets):
        raise InputError(f"{key}: {path} is a folder, which only regressed corpora with recordings and times can read")
    X, columns = read_folder(path, frames, columns=[target.name for target in targets], key=key)
    return pd.DataFrame(X, index=ids, columns=columns)


def _table(path: Path, options: PredictionOptions, key: str) -> pd.DataFrame:
    table = read_table(path, key=key, ids=[options.id], codes=True)
    found = id_column(table, options.id)
    if found is None:
        raise InputError(f"{key}: {path}: no id column {options.id!r}; name it by {key}.id")
    return table.set_axis(clip_ids(table[found], f"{key}: {path}", 2), axis=0).drop(columns=found)


def _npz_as_table(path: Path, options: PredictionOptions, key: str) -> pd.DataFrame:
    if not path.is_file():
        raise InputError(f"{key}: no file {path}")
    refuse_pointer(path)
    try:
        with np.load(path, allow_pickle=False) as stored:
            if options.key not in stored:
                raise InputError(f"{key}: {path}: no array {options.key!r}{nearest(options.key, stored.files)}")
            columns = npz_array(stored, "classes" if "classes" in stored else "columns", path)
            ids = clip_ids(npz_array(stored, "clip_id", path), f"{key}: {path}", 1)
            return pd.DataFrame(npz_array(stored, options.key, path), index=ids, columns=[plain(c) for c in columns])
    except (OSError, KeyError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{key}: {path}: cannot be read as predictions ({error})") from None


def _scores(table: pd.DataFrame, target: Target, key: str, path: Path, name: str) -> tuple[np.ndarray, list[str]]:
    """Values or class shares of the table's rows, (n, width), NaN where it has none; and what was done to them."""
    if target.kind == "regression":
        return _values(table, target, key, path), []
    columns = _class_columns(table, target)
    if columns:
        return _shares(table[columns].set_axis(list(target.classes), axis=1), target, key, path, name)
    if target.name not in table.columns:
        raise InputError(
            f"{key}: {path}: neither a column {target.name!r} nor one for each class ({', '.join(target.classes)})"
        )
    labels = as_text(table[target.name])
    labels = labels.where(labels != "")
    alike = {folded(label): label for label in target.classes}
    unknown = labels.notna() & ~labels.map(lambda label: folded(str(label)) in alike)
    if unknown.any():
        label = labels[unknown].iloc[0]
        raise InputError(f"{key}: {path}: {label!r} is no class of {target.name}{nearest(label, target.classes)}")
    otherwise = labels[labels.notna() & ~labels.isin(target.classes)]
    notes = [f"{name}: labels of {target.name} such as {label!r} are spelt otherwise" for label in otherwise[:1]]
    codes = labels.map(lambda label: np.nan if pd.isna(label) else target.classes.index(alike[folded(label)]))
    shares = (codes.to_numpy(float)[:, None] == np.arange(target.width)).astype(float)
    shares[labels.isna().to_numpy()] = np.nan
    return shares, notes


def _values(table: pd.DataFrame, target: Target, key: str, path: Path) -> np.ndarray:
    if target.name not in table.columns:
        raise InputError(f"{key}: {path}: no column {target.name!r}{nearest(target.name, table.columns)}")
    values, strange = to_numbers(table[target.name], decimal_mark(table[column] for column in table.columns))
    wrong = np.flatnonzero(np.isinf(values)).tolist() if strange is None else [strange.row]
    if wrong:
        reason = f": {strange.reason}" if strange is not None and strange.reason else ""
        raise InputError(
            f"{key}: {path}: {target.name} of clip {table.index[wrong[0]]!r} is no finite number{reason}"
        )
    if target.range is not None:
        # A prediction may overshoot a scale a little; one that is a scale away was made for other units.
        low, high = target.range
        outside = (values < low - (high - low)) | (values > high + (high - low))
        if outside.any():
            row = int(outside.argmax())
            raise InputError(
                f"{key}: {path}: {target.name} of clip {table.index[row]!r} is {values[row]:g}, far outside "
                f"[{low:g}, {high:g}]; bring the predictions to the target's scale"
            )
    return values[:, None]


def _class_columns(table: pd.DataFrame, target: Target) -> list[str]:
    """The table's columns of scores in the order of the classes; empty where it has not one for each."""
    for names in ([f"{target.name}={label}" for label in target.classes], target.classes):
        by_form: dict[str, list[str]] = {}
        for column in table.columns:
            by_form.setdefault(plain(column), []).append(column)
        if not set(names) <= set(by_form):
            by_form = {}
            for column in table.columns:
                by_form.setdefault(folded(plain(column)), []).append(column)
            names = [folded(label) for label in names]
        if all(len(by_form.get(label, [])) == 1 for label in names):
            return [by_form[label][0] for label in names]
    return []


def _shares(
    table: pd.DataFrame, target: Target, key: str, path: Path, name: str
) -> tuple[np.ndarray, list[str]]:
    mark = decimal_mark(table[column] for column in table.columns)
    read = [to_numbers(table[column], mark) for column in table.columns]
    scores = np.column_stack([values for values, _ in read])
    none = np.isnan(scores).all(axis=1) & table.isna().all(axis=1).to_numpy()
    wrong = ~np.isfinite(scores).all(axis=1) & ~none
    if wrong.any():
        clip = table.index[wrong][0]
        raise InputError(f"{key}: {path}: a class score of clip {clip!r} is no finite number")
    if (scores[~none] < 0).any():
        from scipy.special import softmax  # a study is read without it

        scores[~none] = softmax(scores[~none], axis=1)
        return scores, [f"{name}: class scores of {target.name} hold negative values and were put through a softmax"]
    total = scores.sum(axis=1)
    if (total[~none] == 0).any():
        zeros = ~none & (total == 0)
        raise InputError(
            f"{key}: {path}: all class scores of clip {table.index[zeros][0]!r} are 0 ({int(zeros.sum())} such clips); "
            f"leave the row empty where there is no prediction of {target.name}"
        )
    scored = total[~none]
    if not len(scored) or np.abs(scored - 1).max() <= ROUNDING:
        return scores, []
    shown = f"{name}: class scores of {target.name} sum to {scored.min():.4g} to {scored.max():.4g} and"
    return scores / total[:, None], [f"{shown} were divided by their sum"]
