"""Feature tables as they stand in their files: ids, values and the names of columns."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from avbaselines.corpora.formats.arrow_folder import arrow_features, is_arrow_folder
from avbaselines.corpora.formats.npy_folder import npy_files, read_npy_folder
from avbaselines.corpora.formats.npz_parts import npz_array, opened_npz, read_npz_parts
from avbaselines.corpora.formats.pickles import refuse_pickle
from avbaselines.corpora.numbers import decimal_mark, to_numbers
from avbaselines.corpora.segments import FRAME, part_columns, row_parts, stack_steps
from avbaselines.corpora.tables import id_column, is_unnamed, read_table
from avbaselines.corpora.text_features import letter_counts
from avbaselines.corpora.text_form import as_text, plain
from avbaselines.errors import InputError
from avbaselines.schema import nearest

MOST_COLUMNS = 1_000_000


class Features(NamedTuple):
    """A feature table as it stands in its file.

    Attributes
    ----------
    ids : ndarray of str, shape (n,)
        Each once.
    X : ndarray of numbers, shape (n, d) or (n, steps, d)
        As precise as they were read.
    columns : list of str, length d
        Without names in an npz: ``<stem of the file>_<number>``.
    notes : list of str
        What was left out of it.
    """

    ids: np.ndarray
    X: np.ndarray
    columns: list[str]
    notes: list[str]


def read_features(
    path: Path,
    key: str,
    id_name: str = "clip_id",
    text: str | None = None,
    width: int = 2048,
    array: str | None = None,
    by_segment: bool = False,
) -> Features:
    """Read a feature table as it is.

    Parameters
    ----------
    path : Path
        npz (``clip_id``, ``X``, ``columns``), csv, parquet or ARFF (an id column and numbers); a folder with one .npy a
        clip, a saved data set or parquet shards.
    key : str
        What names the table, for errors.
    id_name : str
        Id column of a csv or parquet table.
    text : str, optional
        Its column of transcripts, read in place of numbers.
    width : int
        Number of columns made of these.
    array : str, optional
        Of an npz with other names, the array of features, with the ids in the array `id_name`; of a data set, the
        column of vectors.
    by_segment : bool
        Whether rows with file, start and end are clips of their own; else those of one file are steps of one clip.

    Raises
    ------
    InputError
        Missing or unreadable file, repeated ids, text among the features.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "face.csv")
    ...     _ = path.write_text("clip_id;AU01\\nc01;0,5\\n")
    ...     read_features(path, "modalities.face").X.tolist()
    [[0.5]]
    """
    if text:
        features = _read_texts(path, key, id_name, text, width)
    elif path.is_dir():
        features = _read_folder(path, key, id_name, array)
    elif path.suffix.lower() == ".npz":
        features = _read_array(path, key, id_name, array) if array else _read_npz(path, key)
    else:
        refuse_pickle(path, key)
        features = _read_columns(path, key, id_name, by_segment)
    if len(features.ids) == 0:
        raise InputError(f"{key}: {path}: has no rows")
    values, counts = np.unique(features.ids, return_counts=True)
    if (counts > 1).any():
        raise InputError(f"{key}: {path}: clip id '{values[counts > 1][0]}' occurs {counts.max()} times")
    repeated = pd.Index(features.columns)[pd.Index(features.columns).duplicated()]
    if len(repeated):
        raise InputError(f"{key}: {path}: column {repeated[0]!r} occurs twice; rename or drop one of the two")
    return features


def _read_npz(path: Path, key: str) -> Features:
    with opened_npz(path, key) as stored:
        names = [name for name in ("clip_id", "X", "columns") if name in stored]
        arrays = {name: npz_array(stored, name, path) for name in names}
        held = list(stored)
    for name in ("clip_id", "X"):
        if name not in arrays:
            container = f"; or name one of its arrays, array = {held[0].rpartition('/')[2]!r}" if held else ""
            raise InputError(
                f"{key}: {path}: has no array {name!r}; needed are clip_id, X and (if named) columns{container}"
            )
    X = arrays["X"]
    ids = _checked_array(arrays["clip_id"], X, f"{key}: {path}", "clip_id", "X")
    columns = arrays.get("columns", np.array([f"{Path(path).stem}_{i}" for i in range(X.shape[-1])]))
    if columns.ndim != 1 or len(columns) != X.shape[-1]:
        raise InputError(f"{key}: {path}: {columns.size} column names for {X.shape[-1]} features")
    return Features(ids, X, [plain(column) for column in columns], [])


def _checked_array(ids: np.ndarray, X: np.ndarray, source: str, id_name: str, name: str) -> np.ndarray:
    """The ids as text, once an array and its ids are seen to fit together."""
    if X.ndim not in (2, 3) or X.dtype.kind not in "iuf":
        raise InputError(
            f"{source}: {name} must be numbers (clips, features) or (clips, steps, features), not {X.dtype} {X.shape}"
        )
    if X.shape[-1] > MOST_COLUMNS:
        raise InputError(f"{source}: {name} has {X.shape[-1]:,} features; {MOST_COLUMNS:,} are read at most")
    if X.ndim == 3 and X.shape[1] == 0:
        raise InputError(f"{source}: {name} has no steps, its shape is {X.shape}")
    if ids.ndim != 1:
        raise InputError(f"{source}: {id_name} must be one id a row of {name}, not an array of shape {ids.shape}")
    texts = clip_ids(ids, source, 1)
    if len(texts) != len(X):
        raise InputError(f"{source}: {len(texts)} ids for {len(X)} rows of {name}")
    return texts


def _read_array(path: Path, key: str, id_name: str, array: str) -> Features:
    """One array of a container, of all of its parts."""
    ids, X = read_npz_parts(path, key, [id_name, array])
    columns = [f"{array}_{number}" for number in range(X.shape[-1])]
    return Features(_checked_array(ids, X, f"{key}: {path}", id_name, array), X, columns, [])


def _read_folder(path: Path, key: str, id_name: str, array: str | None) -> Features:
    if is_arrow_folder(path):
        found, values, columns = arrow_features(path, key, id_name, array)
        ids = clip_ids(found, f"{key}: {path}", 1)
        if isinstance(values, np.ndarray):
            return Features(ids, values, columns, [])
        steps = np.repeat(ids, [len(rows) for rows in values])
        return Features(*stack_steps(steps, np.concatenate(values), None, f"{key}: {path}"), columns, [])
    if not npy_files(path):
        raise InputError(
            f"{key}: {path}: is a folder of neither .npy files, a saved data set nor parquet shards; folders of tables "
            "are read by corpora with recordings and times"
        )
    ids, X = read_npy_folder(path, key)
    return Features(ids, X, [f"{path.name}_{number}" for number in range(X.shape[-1])], [])


def _read_texts(path: Path, key: str, id_name: str, column: str, width: int) -> Features:
    table, ids = _read_with_ids(path, key, id_name, [column])
    if column not in table.columns:
        raise InputError(f"{key}: {path}: no text column {column!r}{nearest(column, table.columns)}")
    if table[column].isna().all():
        raise InputError(f"{key}: {path}: column {column!r} is empty")
    if pd.to_numeric(table[column], errors="coerce").notna().sum() == table[column].notna().sum():
        raise InputError(f"{key}: {path}: column {column!r} holds numbers, not what was said")
    X, columns = letter_counts(table[column].to_numpy(object), width)
    return Features(clip_ids(ids, f"{key}: {path}", 2), X, columns, [])


def clip_ids(column: Sequence | pd.Series | np.ndarray, source: str, first: int) -> np.ndarray:
    """Clip ids as text; a row without one is refused.

    Parameters
    ----------
    column : sequence
    source : str
        What to name in errors.
    first : int
        Number of the first row.

    Raises
    ------
    InputError

    Examples
    --------
    >>> clip_ids([7, 8], "face.csv", 2).tolist()
    ['7', '8']
    """
    ids = as_text(column)
    missing = (ids.isna() | (ids == "")).to_numpy()
    if missing.any():
        raise InputError(f"{source}: row {int(missing.argmax()) + first} has no clip id (empty, NA, None or nan)")
    return np.asarray(ids.tolist(), dtype=str)


def _read_with_ids(path: Path, key: str, id_name: str, text: Sequence[str] = ()) -> tuple[pd.DataFrame, pd.Series]:
    """A table without its id column, and that column."""
    table = read_table(path, key=key, text=text, ids=[id_name])
    found = id_column(table, id_name)
    if found is None:
        counted = "; its column without a name counts the rows" if is_unnamed(table.columns[0]) else ""
        raise InputError(
            f"{key}: {path}: no id column {id_name!r}{nearest(id_name, table.columns)}; rename it, or "
            f"say in the study what it is called (modalities.NAME.id){counted}"
        )
    return table.drop(columns=found), table[found]


def _read_columns(path: Path, key: str, id_name: str, by_segment: bool) -> Features:
    features, ids = _read_with_ids(path, key, id_name)
    source, notes = f"{key}: {path}", []
    parts = row_parts(features.assign(**{str(ids.name): ids}), source) if ids.name == "file" else None
    times = None if parts is None else parts.starts
    if ids.name == FRAME[0] and FRAME[1] in features.columns:
        times = features[FRAME[1]].to_numpy(float)
    about = part_columns(features, str(ids.name), path.suffix.lower() == ".arff")
    if about:
        notes.append(f"{path.name}: {' and '.join(about)} are no features and left out")
    features = features.drop(columns=about)
    mark = decimal_mark(features[column] for column in features.columns)
    read = {}
    for column in features.columns:
        if features[column].dtype.kind in "iuf":
            continue
        read[column], strange = to_numbers(features[column], mark)
        if strange is not None:
            reason = f": {strange.reason}" if strange.reason else ""
            raise InputError(
                f"{key}: {path}: column {column!r} is not numeric ({strange.value[:30]!r} in row {strange.row + 2}"
                f"{reason}); drop it or turn it into numbers"
            )
    unnamed = [column for column in features.columns if is_unnamed(column)]
    if unnamed and features[unnamed].notna().any(axis=None):
        raise InputError(
            f"{key}: {path}: a column has no name; row numbers that pandas wrote are left out by to_csv(index=False), "
            "and a feature needs a name"
        )
    if features.shape[1] == 0:
        raise InputError(f"{key}: {path}: has no feature column beside {id_name!r}")
    X = features.assign(**read).to_numpy(np.float64) if read else _numbers(features)
    columns = [str(column) for column in features.columns]
    if parts is not None and by_segment:
        return Features(parts.by_time, X, columns, notes)
    texts = clip_ids(ids, source, 2)
    if times is None or len(set(texts)) == len(texts):
        return Features(texts, X, columns, notes)
    notes.append(f"{path.name}: {len(texts)} rows of {len(set(texts))} files are taken as their steps, in time")
    return Features(*stack_steps(texts, X, times, source), columns, notes)


def _numbers(table: pd.DataFrame) -> np.ndarray:
    """Values of a table of numbers: a 32-bit table stays one."""
    small = all(dtype.kind == "f" and dtype.itemsize <= 4 for dtype in table.dtypes)
    return table.to_numpy(np.float32 if small else np.float64, na_value=np.nan)
