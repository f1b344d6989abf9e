"""Modalities of a study: feature tables joined to the clips by id, or made by a recipe."""

import warnings
from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
from pydantic import Field, model_validator

from avbaselines.corpora.corpus import Modality, ModalityInfo
from avbaselines.corpora.formats.avec_csv import FEATURES_MAY_LACK, read_folder
from avbaselines.corpora.tables import as_text, read_table
from avbaselines.corpora.text_features import letter_counts
from avbaselines.errors import InputError
from avbaselines.schema import Section, locate, nearest

FUNCTIONALS = ("mean", "std", "p10", "p90", "slope")


class ModalityOptions(Section):
    """One entry of ``[modalities]``: a table, or a recipe with its media.

    Attributes
    ----------
    path : str
        npz (``clip_id``, ``X``, ``columns``), csv or parquet (an id column and numbers).
    id : str
        Id column of a csv or parquet table.
    functionals : list of str
        What (clips, steps, features) arrays are summarised by.
    recipe, media : str
        A recipe of ``features/`` and the folder (or file) of its media.
    window, hop : float, optional
        Seconds, for recipes over sliding windows.
    text : str, optional
        Column of a csv or parquet table with what is said in each clip, in place of numbers.
    width : int
        Number of columns that a text's letter groups are counted in, see `letter_counts`.
    max_missing : float
        Share of the clips that the table may lack before that is an error.
    """

    path: str | None = None
    id: str = "clip_id"
    functionals: list[Literal["mean", "std", "p10", "p90", "slope", "min", "max"]] = list(FUNCTIONALS)
    recipe: str | None = None
    media: str | None = None
    window: float | None = Field(default=None, gt=0)
    hop: float | None = Field(default=None, gt=0)
    text: str | None = None
    width: int = Field(default=2048, ge=16, le=65536)
    max_missing: float = Field(default=0.5, ge=0, le=1)

    @model_validator(mode="before")
    @classmethod
    def _path_alone(cls, value):
        return {"path": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _one_source(self):
        if (self.path is None) == (self.recipe is None):
            raise ValueError("needs a path to a table, or a recipe with its media")
        if self.recipe and not self.media:
            raise ValueError("a recipe needs media = 'folder of the files'")
        if self.text and (self.path is None or self.path.lower().endswith(".npz")):
            raise ValueError("text names a column of a csv or parquet table; give its path")
        return self


def read_modality(name, options, ids, root, folder, frames=None):
    """Read a feature table and join it to the clips.

    A folder holds a table a recording, as the AVEC challenges ship them, for corpora with recordings and times.

    Parameters
    ----------
    name : str
    options : ModalityOptions
        With a ``path``.
    ids : ndarray of str, shape (n_clips,)
    root, folder : Path
        What ``${data}`` stands for, and the study file's folder.
    frames : pandas.DataFrame, optional
        Columns recording and time of the clips, where the corpus has them.

    Raises
    ------
    InputError
        Missing file, repeated ids, text or infinite values, too few of the clips.
    """
    path = locate(options.path, root, folder)
    key = f"modalities.{name}"
    if path.is_dir():
        if frames is None:
            raise InputError(f"{key}: {path} is a folder, which only corpora with recordings and times can read")
        X, columns = read_folder(path, frames, key=key, may_lack=FEATURES_MAY_LACK)
        table_ids, X = ids, X.astype(np.float32)
    elif not path.suffix and not path.is_file():
        raise InputError(f"{key}: no folder {path}, which should hold a table a recording; bring it there")
    else:
        table_ids, X, columns = read_features(path, key, options.id, options.text, options.width)
    info = ModalityInfo(path.name, options.text, options.width if options.text else None)
    if X.ndim == 3:
        X, columns = summarise_steps(X, columns, options.functionals)
        info = replace(info, functionals=tuple(options.functionals))
    return join(Modality(name, X, columns, info), table_ids, ids, f"{key}: {path}", options.max_missing)


def read_features(path, key, id_column="clip_id", text=None, width=None):
    """Read a feature table as it is.

    Parameters
    ----------
    path : Path
        npz (``clip_id``, ``X``, ``columns``), csv or parquet (an id column and numbers).
    key : str
        What names the table, for errors.
    id_column : str
        Of a csv or parquet table.
    text : str, optional
        Its column of transcripts, read in place of numbers.
    width : int
        Number of columns made of these.

    Returns
    -------
    ids : ndarray of str, shape (n,)
        Each once.
    X : ndarray of float32, shape (n, d) or (n, steps, d)
    columns : list of str, length d
        Without names in an npz: ``<stem of the file>_<number>``.

    Raises
    ------
    InputError
        Missing or unreadable file, repeated ids, text among the features.
    """
    if text:
        ids, X, columns = _read_texts(path, key, id_column, text, width)
    elif path.suffix.lower() == ".npz":
        ids, X, columns = _read_npz(path, key)
    else:
        ids, X, columns = _read_columns(path, key, id_column)
    if len(ids) == 0:
        raise InputError(f"{key}: {path}: has no rows")
    values, counts = np.unique(ids, return_counts=True)
    if (counts > 1).any():
        raise InputError(f"{key}: {path}: clip id '{values[counts > 1][0]}' occurs {counts.max()} times")
    repeated = pd.Index(columns)[pd.Index(columns).duplicated()]
    if len(repeated):
        raise InputError(f"{key}: {path}: column {repeated[0]!r} occurs twice; rename or drop one of the two")
    return ids, X, columns


def join(modality, table_ids, ids, source, max_missing):
    """The modality over the corpus' clips, in their order; clips that the table lacks become NaN rows.

    Raises
    ------
    InputError
        Infinite values, or more than ``max_missing`` of the clips absent from the table.
    """
    X = modality.X
    infinite = np.isinf(X)
    if infinite.any():
        row, column = np.argwhere(infinite)[0]
        raise InputError(
            f"{source}: column {modality.columns[column]!r} of clip '{table_ids[row]}' is infinite; mend the features"
        )
    position = {clip: row for row, clip in enumerate(table_ids)}
    rows = np.array([position.get(clip, -1) for clip in ids])
    absent = rows < 0
    if absent.mean() > max_missing:
        raise InputError(
            f"{source}: lacks {int(absent.sum())} of {len(ids)} clips (such as '{ids[absent][0]}'; its ids "
            f"are such as '{table_ids[0]}'); at most {max_missing:.0%} may be "
            f"absent (modalities.{modality.name}.max_missing)"
        )
    joined = np.full((len(ids), X.shape[1]), np.nan, dtype=np.float32)
    joined[~absent] = X[rows[~absent]]
    empty = np.isnan(joined).all(axis=0)
    if empty.all():
        raise InputError(f"{source}: has no value for any clip of this study")
    dropped = tuple(column for column, gone in zip(modality.columns, empty, strict=True) if gone)
    info = replace(modality.info, absent=int(absent.sum()), dropped=dropped)
    columns = [column for column, gone in zip(modality.columns, empty, strict=True) if not gone]
    return Modality(modality.name, joined[:, ~empty], columns, info)


def _read_npz(path, key):
    if not path.is_file():
        raise InputError(f"{key}: no file {path}")
    try:
        with np.load(path, allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in ("clip_id", "X", "columns") if name in stored}
    except Exception as error:  # zip, npy and pickle refusals differ in kind
        raise InputError(f"{key}: {path}: cannot be read as npz without pickle ({error})") from None
    for name in ("clip_id", "X"):
        if name not in arrays:
            raise InputError(f"{key}: {path}: has no array {name!r}; needed are clip_id, X and (if named) columns")
    X = arrays["X"]
    if X.ndim not in (2, 3) or not np.issubdtype(X.dtype, np.number) or np.iscomplexobj(X):
        raise InputError(
            f"{key}: {path}: X must be numbers (clips, features) or (clips, steps, features), not {X.dtype} {X.shape}"
        )
    if X.ndim == 3 and X.shape[1] == 0:
        raise InputError(f"{key}: {path}: X has no steps, its shape is {X.shape}")
    ids = arrays["clip_id"]
    if ids.ndim != 1:
        raise InputError(f"{key}: {path}: clip_id must be one id a row of X, not an array of shape {ids.shape}")
    ids = _ids(np.char.decode(ids, "utf-8") if ids.dtype.kind == "S" else ids, f"{key}: {path}", 1)
    if len(ids) != len(X):
        raise InputError(f"{key}: {path}: {len(ids)} ids for {len(X)} rows of X")
    columns = arrays.get("columns", np.array([f"{Path(path).stem}_{i}" for i in range(X.shape[-1])]))
    if len(columns) != X.shape[-1]:
        raise InputError(f"{key}: {path}: {len(columns)} column names for {X.shape[-1]} features")
    return ids, X.astype(np.float32), [str(column) for column in columns]


def _read_texts(path, key, id_column, column, width):
    table = _read_with_ids(path, key, id_column, [column])
    if column not in table.columns:
        raise InputError(f"{key}: {path}: no text column {column!r}{nearest(column, table.columns)}")
    if table[column].isna().all():
        raise InputError(f"{key}: {path}: column {column!r} is empty")
    if pd.to_numeric(table[column], errors="coerce").notna().sum() == table[column].notna().sum():
        raise InputError(f"{key}: {path}: column {column!r} holds numbers, not what was said")
    X, columns = letter_counts(table[column].to_numpy(object), width)
    return _ids(table[id_column], f"{key}: {path}", 2), X, columns


def _ids(column, source, first):
    """Clip ids as text; a row without one is refused (``first`` is the number of the first row)."""
    ids = as_text(column)
    missing = (ids.isna() | (ids == "")).to_numpy()
    if missing.any():
        raise InputError(f"{source}: row {int(missing.argmax()) + first} has no clip id (empty, NA, None or nan)")
    return np.asarray(ids.tolist(), dtype=str)


def _read_with_ids(path, key, id_column, text=()):
    table = read_table(path, key=key, text=[id_column, *text])
    if id_column not in table.columns:
        raise InputError(
            f"{key}: {path}: no id column {id_column!r}{nearest(id_column, table.columns)}; rename it, or "
            "say in the study what it is called (modalities.NAME.id)"
        )
    return table


def _read_columns(path, key, id_column):
    table = _read_with_ids(path, key, id_column)
    features = table.drop(columns=id_column)
    text = [column for column in features.columns if not np.issubdtype(np.asarray(features[column]).dtype, np.number)]
    if text:
        shown = _first_text(features[text[0]])
        raise InputError(f"{key}: {path}: column {text[0]!r} is not numeric{shown}; drop it or turn it into numbers")
    unnamed = [column for column in features.columns if str(column).startswith("Unnamed: ")]
    if unnamed and features[unnamed].notna().any(axis=None):
        raise InputError(
            f"{key}: {path}: a column has no name; row numbers that pandas wrote are left out by to_csv(index=False), "
            "and a feature needs a name"
        )
    if features.shape[1] == 0:
        raise InputError(f"{key}: {path}: has no feature column beside {id_column!r}")
    ids = _ids(table[id_column], f"{key}: {path}", 2)
    return ids, features.to_numpy(np.float32), [str(column) for column in features.columns]


def _first_text(column):
    """`` ('x' in row 3)``: the first value of a column that is no number, to be found in its file."""
    strange = (pd.to_numeric(column, errors="coerce").isna() & column.notna()).to_numpy()
    return f" ({str(column[strange].iloc[0])[:30]!r} in row {int(strange.argmax()) + 2})" if strange.any() else ""


def summarise_steps(X, columns, functionals):
    """Functionals over the steps of (clips, steps, features) arrays.

    Steps that are all zero (padding, or a frame without a face) or all NaN are left out; a clip without any step left
    becomes a row of NaN. ``slope`` is the least-squares slope over the kept steps, their positions scaled to 0..1.

    Returns
    -------
    X : ndarray of float32, shape (n_clips, n_features * n_functionals)
    columns : list of str
        ``<feature>_<functional>``.
    """
    real = np.where(np.isnan(X), 0, X).any(axis=2)
    kept = np.where(real[:, :, None], X, np.nan).astype(np.float64)
    summaries = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # clips without steps: their NaN is the answer
        for functional in functionals:
            summaries.append(_summary(functional, kept, real))
    summarised = np.concatenate(summaries, axis=1).astype(np.float32)
    return summarised, [f"{column}_{functional}" for functional in functionals for column in columns]


def _summary(functional, kept, real):
    if functional == "slope":
        position = np.where(real, np.cumsum(real, axis=1) - 1.0, np.nan)
        position = position / np.maximum(np.nanmax(position, axis=1, keepdims=True), 1)
        centred = (position - np.nanmean(position, axis=1, keepdims=True))[:, :, None]
        deviation = kept - np.nanmean(kept, axis=1, keepdims=True)
        spread = np.nansum(centred**2, axis=1)
        slope = np.nansum(centred * deviation, axis=1) / np.where(spread == 0, 1, spread)
        return np.where(np.isnan(kept).all(axis=1), np.nan, slope)
    if functional.startswith("p"):
        return _percentile(kept, float(functional[1:]))
    return {"mean": np.nanmean, "std": np.nanstd, "min": np.nanmin, "max": np.nanmax}[functional](kept, axis=1)


def _percentile(kept, percent):
    """Linear-interpolation percentile over the steps that have a value (numpy's own is slow where NaN abound)."""
    ordered = np.sort(kept, axis=1)  # NaN last
    count = (~np.isnan(kept)).sum(axis=1)
    position = np.maximum(count - 1, 0) * percent / 100
    low = np.floor(position).astype(int)
    high = np.minimum(low + 1, np.maximum(count - 1, 0))
    at = [np.take_along_axis(ordered, index[:, None, :], axis=1)[:, 0, :] for index in (low, high)]
    return at[0] + (position - low) * (at[1] - at[0])
