"""Predictions of other systems, imported by a study and joined to the clips by id."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pydantic import model_validator
from scipy.special import softmax

from avbaselines.corpora.corpus import ImportedPrediction, Split, Target
from avbaselines.corpora.formats.avec_csv import read_folder
from avbaselines.corpora.tables import read_table
from avbaselines.corpora.text_form import as_text
from avbaselines.errors import InputError
from avbaselines.schema import Section, locate, nearest


class PredictionOptions(Section):
    """One entry of ``[predictions]``.

    Attributes
    ----------
    path
        csv or parquet: an id column, one column a regression target, one column a class (its posterior or score; named
        by the class, or ``<target>=<class>``) or one column with the predicted label named by the target. npz: arrays
        ``clip_id``, ``classes`` and the one named by ``key``.
    id, key
        Id column of a table; array of an npz file.

    Examples
    --------
    >>> PredictionOptions.model_validate("theirs.csv").id
    'clip_id'
    """

    path: str
    id: str = "clip_id"
    key: str = "X"

    @model_validator(mode="before")
    @classmethod
    def _path_alone(cls, value: Any) -> Any:
        return {"path": value} if isinstance(value, str) else value


def read_prediction(
    name: str,
    options: PredictionOptions,
    ids: np.ndarray,
    targets: Sequence[Target],
    root: Path | None,
    folder: Path,
    splits: Sequence[Split] = (),
    frames: pd.DataFrame | None = None,
) -> ImportedPrediction:
    """Read the predictions of one external system.

    Class scores that are no posteriors (negative, or of different sums) are put through a softmax; shares of another
    sum, such as per cent, are divided by it.

    Parameters
    ----------
    ids : str, shape (n_clips,)
    root, folder
        What ``${data}`` stands for, and the study file's folder.
    splits
        Their names are what a ``fold`` column may name.
    frames
        Columns recording and time of the clips, for folders with a table a recording.

    Raises
    ------
    InputError
        Missing file or column, values out of a target's range, evaluated clips without a prediction.

    Examples
    --------
    >>> import tempfile
    >>> arousal = Target("arousal", "ccc")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = Path(folder, "theirs.csv").write_text("clip_id,arousal\\nc2,0.5\\nc1,0.25\\n")
    ...     options = PredictionOptions(path="theirs.csv")
    ...     theirs = read_prediction("theirs", options, np.array(["c1", "c2"]), [arousal], None, Path(folder))
    >>> theirs.values["arousal"].ravel().tolist()
    [0.25, 0.5]
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
        by_fold = dict(parts)
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


def _folder_as_table(
    path: Path, frames: pd.DataFrame | None, ids: np.ndarray, targets: Sequence[Target], key: str
) -> pd.DataFrame:
    if frames is None or any(target.kind == "classes" for target in targets):
        raise InputError(f"{key}: {path} is a folder, which only regressed corpora with recordings and times can read")
    X, columns = read_folder(path, frames, columns=[target.name for target in targets], key=key)
    return pd.DataFrame(X, index=ids, columns=columns)


def _table(path: Path, options: PredictionOptions, key: str) -> pd.DataFrame:
    table = read_table(path, key=key, text=[options.id], codes=True)
    if options.id not in table.columns:
        raise InputError(f"{key}: {path}: no id column {options.id!r}; name it by {key}.id")
    return table.assign(**{options.id: as_text(table[options.id])}).set_index(options.id)


def _npz_as_table(path: Path, options: PredictionOptions, key: str) -> pd.DataFrame:
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


def _join(
    table: pd.DataFrame, ids: np.ndarray, targets: Sequence[Target], key: str, path: Path
) -> dict[str, np.ndarray]:
    """Values of every target over the clips, NaN where the file has no row."""
    if table.index.has_duplicates:
        raise InputError(f"{key}: {path}: clip id {table.index[table.index.duplicated()][0]!r} occurs more than once")
    return {
        target.name: _scores(table, target, key, path).reindex(ids).to_numpy(float, na_value=np.nan)
        for target in targets
    }


def _scores(table: pd.DataFrame, target: Target, key: str, path: Path) -> pd.DataFrame:
    if target.kind == "regression":
        return _values(table, target, key, path)
    prefixed = [f"{target.name}={label}" for label in target.classes]
    for columns in (prefixed, list(target.classes)):
        if set(columns) <= set(table.columns):
            return _posteriors(table[columns], key, path)
    return _labels(table, target, key, path)


def _values(table: pd.DataFrame, target: Target, key: str, path: Path) -> pd.DataFrame:
    """Regressed values, each a finite number near the target's scale."""
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


def _posteriors(table: pd.DataFrame, key: str, path: Path) -> pd.DataFrame:
    """Shares of the classes that add up to 1, of shares, per cent or scores."""
    scores = table.apply(pd.to_numeric, errors="coerce").to_numpy(float)
    if not np.isfinite(scores).all():
        clip = table.index[~np.isfinite(scores).all(axis=1)][0]
        raise InputError(f"{key}: {path}: a class score of clip {clip!r} is no finite number")
    total = scores.sum(axis=1, keepdims=True)
    if (scores < 0).any() or total[0] == 0 or not np.allclose(total, total[0], rtol=1e-3):
        scores = softmax(scores, axis=1)
    elif not np.allclose(total, 1, atol=1e-3):
        scores = scores / total  # per cent
    return pd.DataFrame(scores, index=table.index)


def _labels(table: pd.DataFrame, target: Target, key: str, path: Path) -> pd.DataFrame:
    """1 for the class that was predicted, 0 for the others."""
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
