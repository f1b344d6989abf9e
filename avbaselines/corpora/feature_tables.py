"""Feature tables as they stand in their files: ids, values and the names of columns."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from avbaselines.corpora.formats.object_arrays import load_objects
from avbaselines.corpora.numbers import decimal_mark, to_numbers
from avbaselines.corpora.tables import SEGMENT, id_column, is_unnamed, read_table
from avbaselines.corpora.text_features import letter_counts
from avbaselines.corpora.text_form import as_text, plain
from avbaselines.corpora.text_tables import refuse_pointer
from avbaselines.errors import InputError
from avbaselines.schema import nearest

MOST_COLUMNS = 1_000_000


class Features(NamedTuple):
    """A feature table as it stands in its file.

    Attributes
    ----------
    ids : ndarray of str, shape (n,)
        Each once.
    X : ndarray of float32, shape (n, d) or (n, steps, d)
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
    path: Path, key: str, id_name: str = "clip_id", text: str | None = None, width: int = 2048
) -> Features:
    """Read a feature table as it is.

    Parameters
    ----------
    path : Path
        npz (``clip_id``, ``X``, ``columns``), csv, parquet or ARFF (an id column and numbers).
    key : str
        What names the table, for errors.
    id_name : str
        Id column of a csv or parquet table.
    text : str, optional
        Its column of transcripts, read in place of numbers.
    width : int
        Number of columns made of these.

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
    elif path.suffix.lower() == ".npz":
        features = _read_npz(path, key)
    else:
        features = _read_columns(path, key, id_name)
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
    if not path.is_file():
        raise InputError(f"{key}: no file {path}")
    refuse_pointer(path)
    try:
        with np.load(path, allow_pickle=False) as stored:
            names = [name for name in ("clip_id", "X", "columns") if name in stored]
            arrays = {name: npz_array(stored, name, path) for name in names}
    except Exception as error:  # zip, npy and pickle refusals differ in kind
        raise InputError(f"{key}: {path}: cannot be read as npz without pickle ({error})") from None
    for name in ("clip_id", "X"):
        if name not in arrays:
            raise InputError(f"{key}: {path}: has no array {name!r}; needed are clip_id, X and (if named) columns")
    X = arrays["X"]
    if X.ndim not in (2, 3) or X.dtype.kind not in "iuf":
        raise InputError(
            f"{key}: {path}: X must be numbers (clips, features) or (clips, steps, features), not {X.dtype} {X.shape}"
        )
    if X.shape[-1] > MOST_COLUMNS:
        raise InputError(f"{key}: {path}: X has {X.shape[-1]:,} features; {MOST_COLUMNS:,} are read at most")
    if X.ndim == 3 and X.shape[1] == 0:
        raise InputError(f"{key}: {path}: X has no steps, its shape is {X.shape}")
    ids = arrays["clip_id"]
    if ids.ndim != 1:
        raise InputError(f"{key}: {path}: clip_id must be one id a row of X, not an array of shape {ids.shape}")
    ids = clip_ids(ids, f"{key}: {path}", 1)
    if len(ids) != len(X):
        raise InputError(f"{key}: {path}: {len(ids)} ids for {len(X)} rows of X")
    columns = arrays.get("columns", np.array([f"{Path(path).stem}_{i}" for i in range(X.shape[-1])]))
    if columns.ndim != 1 or len(columns) != X.shape[-1]:
        raise InputError(f"{key}: {path}: {columns.size} column names for {X.shape[-1]} features")
    return Features(ids, X.astype(np.float32), [plain(column) for column in columns], [])


def npz_array(stored: np.lib.npyio.NpzFile, name: str, path: Path) -> np.ndarray:
    """An array of an npz; one of Python objects is put together again where they are texts, numbers or sequences.

    Raises
    ------
    ValueError
        It holds other objects.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "x.npz")
    ...     np.savez(path, X=np.array([[1, 2.5]], dtype=object))
    ...     with np.load(path) as stored:
    ...         npz_array(stored, "X", path).tolist()
    [[1.0, 2.5]]
    """
    try:
        array = stored[name]
    except ValueError:
        objects = load_objects(path, name)
    else:
        if array.dtype.kind == "U" and array.size:
            signs = np.frombuffer(array.tobytes(), np.dtype(np.uint32).newbyteorder(array.dtype.byteorder))
            if (signs > 0x10FFFF).any() or ((signs >= 0xD800) & (signs <= 0xDFFF)).any():
                raise ValueError(f"array {name!r} holds text that is no Unicode")
        return array
    if all(isinstance(entry, np.ndarray) and entry.ndim == 2 for entry in objects.flat):
        longest = max(len(entry) for entry in objects.flat)
        padded = [np.pad(entry, ((0, longest - len(entry)), (0, 0)), constant_values=np.nan) for entry in objects.flat]
        return np.stack(padded)
    if name == "X":
        return objects.astype(float)
    return objects


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


def _read_columns(path: Path, key: str, id_name: str) -> Features:
    features, ids = _read_with_ids(path, key, id_name)
    about = [name for name in _no_features(features, str(ids.name), path) if name in features.columns]
    notes = [f"{path.name}: {' and '.join(about)} are no features and left out"] if about else []
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
    X = features.assign(**read).to_numpy(np.float32) if read else features.to_numpy(np.float32)
    return Features(clip_ids(ids, f"{key}: {path}", 2), X, [str(column) for column in features.columns], notes)


def _no_features(table: pd.DataFrame, id_name: str, path: Path) -> list[str]:
    """Columns that say which part of a file a row is of, and the class that openSMILE adds to an ARFF file."""
    segment = list(SEGMENT[1:]) if id_name == SEGMENT[0] and set(SEGMENT[1:]) <= set(table.columns) else []
    return segment + (["class"] if path.suffix.lower() == ".arff" else [])
