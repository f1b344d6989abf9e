"""Predictions of other systems, imported by a study and joined to the clips by id."""

import numpy as np
import pandas as pd
from pydantic import model_validator
from scipy.special import softmax

from avbaselines.corpora.corpus import ImportedPrediction
from avbaselines.corpora.formats.avec_csv import read_folder
from avbaselines.corpora.tables import read_table
from avbaselines.corpora.text_form import as_text
from avbaselines.errors import InputError
from avbaselines.schema import Section, locate, nearest


class PredictionOptions(Section):
    """One entry of ``[predictions]``.

    Attributes
    ----------
    path : str
        csv or parquet: an id column, one column a regression target, one column a class (its posterior or score; named
        by the class, or ``<target>=<class>``) or one column with the predicted label named by the target. npz: arrays
        ``clip_id``, ``classes`` and the one named by ``key``.
    id, key : str
        Id column of a table; array of an npz file.
    """

    path: str
    id: str = "clip_id"
    key: str = "X"

    @model_validator(mode="before")
    @classmethod
    def _path_alone(cls, value):
        return {"path": value} if isinstance(value, str) else value


def read_prediction(name, options, ids, targets, root, folder, splits=(), frames=None):
    """Read the predictions of one outside system.

    Class scores that are no posteriors (negative, or of different sums) are put through a softmax; shares of another
    sum, such as per cent, are divided by it.

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

    Raises
    ------
    InputError
        Missing file or column, values out of a target's range, evaluated clips without a prediction.
    """
    path = locate(options.path, root, folder)
    key = f"predictions.{name}"
    if path.is_dir():
        table = _folder_as_table(path, frames, ids, targets, key)
    elif path.suffix.lower() == ".npz":
        table = _npz_as_table(path, options, key)
    else:
        table = _table(path, options, key)
    by_fold = None
    if "fold" in table.columns:
        folds = as_text(table["fold"])
        unknown = sorted(set(folds) - {split.name for split in splits})
        if unknown:
            raise InputError(
                f"{key}: {path}: fold {unknown[0]!r} is no split of this study "
                f"({', '.join(split.name for split in splits[:8])})"
            )
        parts = {fold: _join(table[(folds == fold).to_numpy()], ids, targets, key, path) for fold in folds.unique()}
        by_fold = {fold: values for fold, values in parts.items()}
        values = {target.name: np.full((len(ids), target.width), np.nan) for target in targets}
        for split in splits:
            for target in targets:
                if split.name in parts:
                    values[target.name][split.test] = parts[split.name][target.name][split.test]
    else:
        values = _join(table, ids, targets, key, path)
    for split in splits:
        for target in targets:
            lacking = np.isnan(values[target.name][split.test]).any(axis=1)
            if lacking.any():
                raise InputError(
                    f"{key}: {path}: has no {target.name} for {int(lacking.sum())} evaluated clips, such as "
                    f"'{ids[split.test][lacking][0]}'; a comparison needs the same clips for all systems"
                )
    return ImportedPrediction(name, values, by_fold)


def _folder_as_table(path, frames, ids, targets, key):
    if frames is None or any(target.kind == "classes" for target in targets):
        raise InputError(f"{key}: {path} is a folder, which only regressed corpora with recordings and times can read")
    X, columns = read_folder(path, frames, columns=[target.name for target in targets], key=key)
    return pd.DataFrame(X, index=ids, columns=columns)


def _table(path, options, key):
    table = read_table(path, key=key, text=[options.id], codes=True)
    if options.id not in table.columns:
        raise InputError(f"{key}: {path}: no id column {options.id!r}; name it by {key}.id")
    return table.assign(**{options.id: as_text(table[options.id])}).set_index(options.id)


def _npz_as_table(path, options, key):
    if not path.is_file():
        raise InputError(f"{key}: no file {path}")
    try:
        with np.load(path, allow_pickle=False) as stored:
            if options.key not in stored:
                raise InputError(f"{key}: {path}: no array {options.key!r}{nearest(options.key, stored.files)}")
            columns = stored["classes"] if "classes" in stored else stored["columns"]
            return pd.DataFrame(
                stored[options.key], index=as_text(stored["clip_id"]), columns=[str(c) for c in columns]
            )
    except (OSError, KeyError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{key}: {path}: cannot be read as predictions ({error})") from None


def _join(table, ids, targets, key, path):
    """Values of every target over the clips, NaN where the file has no row."""
    if table.index.has_duplicates:
        raise InputError(f"{key}: {path}: clip id {table.index[table.index.duplicated()][0]!r} occurs more than once")
    return {
        target.name: _scores(table, target, key, path).reindex(ids).to_numpy(float, na_value=np.nan)
        for target in targets
    }


def _scores(table, target, key, path):
    if target.kind == "regression":
        if target.name not in table.columns:
            raise InputError(f"{key}: {path}: no column {target.name!r}{nearest(target.name, table.columns)}")
        values = pd.to_numeric(table[target.name], errors="coerce")
        if values.isna().any() or np.isinf(values).any():
            clip = table.index[(values.isna() | np.isinf(values)).to_numpy()][0]
            raise InputError(f"{key}: {path}: {target.name} of clip {clip!r} is no finite number")
        if target.range is not None:
            # A prediction may overshoot a scale a little; one that is a scale away was made for other units.
            low, high = target.range
            outside = (values < low - (high - low)) | (values > high + (high - low))
            if outside.any():
                clip = table.index[outside.to_numpy()][0]
                raise InputError(
                    f"{key}: {path}: {target.name} of clip {clip!r} is {values[clip]:g}, far outside "
                    f"[{low:g}, {high:g}]; bring the predictions to the target's scale"
                )
        return values.to_frame()
    prefixed = [f"{target.name}={label}" for label in target.classes]
    for columns in (prefixed, list(target.classes)):
        if set(columns) <= set(table.columns):
            scores = table[columns].apply(pd.to_numeric, errors="coerce").to_numpy(float)
            if not np.isfinite(scores).all():
                clip = table.index[~np.isfinite(scores).all(axis=1)][0]
                raise InputError(f"{key}: {path}: a class score of clip {clip!r} is no finite number")
            total = scores.sum(axis=1, keepdims=True)
            if (scores < 0).any() or total[0] == 0 or not np.allclose(total, total[0], rtol=1e-3):
                scores = softmax(scores, axis=1)
            elif not np.allclose(total, 1, atol=1e-3):
                scores = scores / total  # per cent
            return pd.DataFrame(scores, index=table.index)
    if target.name not in table.columns:
        raise InputError(
            f"{key}: {path}: neither a column {target.name!r} nor one for each class ({', '.join(target.classes)})"
        )
    labels = as_text(table[target.name])
    unknown = ~labels.isin(target.classes)
    if unknown.any():
        label = labels[unknown].iloc[0]
        raise InputError(f"{key}: {path}: {label!r} is no class of {target.name}{nearest(label, target.classes)}")
    return pd.DataFrame({label: (labels == label).astype(float) for label in target.classes}, index=table.index)
