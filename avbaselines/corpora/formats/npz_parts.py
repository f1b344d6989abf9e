"""Containers of named arrays in one npz: ``name``, or ``part/name`` with the parts of a split."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd

from avbaselines.corpora.formats.arrow_folder import PART
from avbaselines.corpora.formats.object_arrays import load_objects
from avbaselines.corpora.text_tables import refuse_pointer
from avbaselines.errors import InputError
from avbaselines.schema import nearest

__all__ = ["npz_array", "opened_npz", "read_npz_parts", "read_npz_table"]


@contextmanager
def opened_npz(path: Path, key: str) -> Iterator[np.lib.npyio.NpzFile]:
    """An npz opened without pickle; what goes wrong inside is told of the file.

    Raises
    ------
    InputError
        No such file, or it cannot be read.

    Examples
    --------
    >>> with opened_npz(Path("nowhere.npz"), "modalities.audio"):
    ...     pass
    Traceback (most recent call last):
    avbaselines.errors.InputError: modalities.audio: no file nowhere.npz
    """
    if not path.is_file():
        raise InputError(f"{key}: no file {path}")
    refuse_pointer(path)
    try:
        with np.load(path, allow_pickle=False) as stored:
            yield stored
    except InputError:
        raise
    except Exception as error:  # zip, npy and pickle refusals differ in kind
        raise InputError(f"{key}: {path}: cannot be read as npz without pickle ({error})") from None


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
        _refuse_no_text(array, name)
        return array
    if all(isinstance(entry, np.ndarray) and entry.ndim == 2 for entry in objects.flat):
        longest = max(len(entry) for entry in objects.flat)
        padded = [np.pad(entry, ((0, longest - len(entry)), (0, 0)), constant_values=np.nan) for entry in objects.flat]
        return np.stack(padded)
    if name == "X" or all(isinstance(entry, int | float | np.number) for entry in objects.flat):
        return objects.astype(float)
    return objects


def _refuse_no_text(array: np.ndarray, name: str) -> None:
    """numpy reads numbers that stand for no sign as text, and fails where the text is used."""
    if array.dtype.kind == "U" and array.size:
        signs = np.frombuffer(array.tobytes(), np.dtype(np.uint32).newbyteorder(array.dtype.byteorder))
        if (signs > 0x10FFFF).any() or ((signs >= 0xD800) & (signs <= 0xDFFF)).any():
            raise ValueError(f"array {name!r} holds text that is no Unicode")


def read_npz_parts(path: Path, key: str, names: list[str]) -> list[np.ndarray]:
    """Arrays by their names, those of all parts one after the other.

    Raises
    ------
    InputError
        A name that is not there, or parts that do not fit together.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "x.npz")
    ...     np.savez(path, **{"train/id": ["a"], "test/id": ["b"]})
    ...     read_npz_parts(path, "modalities.audio", ["id"])[0].tolist()
    ['a', 'b']
    """
    with opened_npz(path, key) as stored:
        parts = _parts(list(stored))
        found = []
        for name in names:
            lacking = [part for part, own in parts.items() if name not in own]
            if lacking:
                known = dict.fromkeys(own for names_of in parts.values() for own in names_of)
                place = f" in part {lacking[0]!r}" if lacking[0] else ""
                raise InputError(
                    f"{key}: {path}: has no array {name!r}{place}{nearest(name, known)}; it has {', '.join(known)}"
                )
            arrays = [npz_array(stored, own[name], path) for own in parts.values()]
            if len({array.shape[1:] for array in arrays}) > 1:
                raise InputError(f"{key}: {path}: {name!r} has other shapes in other parts")
            found.append(np.concatenate(arrays))
    return found


def read_npz_table(path: Path, key: str) -> tuple[pd.DataFrame, list[str]]:
    """One-dimensional arrays of an npz as the columns of a table; the column ``partition`` names the part of a row.

    Returns
    -------
    table : DataFrame
    notes : list of str
        What was left out.

    Raises
    ------
    InputError
        Arrays of different lengths, or parts with other arrays.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "x.npz")
    ...     np.savez(path, **{"train/id": ["a"], "train/label": [0.5], "test/id": ["b"], "test/label": [1.5]})
    ...     read_npz_table(path, "corpus.clips")[0].to_dict("list")
    {'id': ['a', 'b'], 'label': [0.5, 1.5], 'partition': ['train', 'test']}
    """
    tables: list[pd.DataFrame] = []
    left_out: dict[str, None] = {}
    with opened_npz(path, key) as stored:
        for part, names in _parts(list(stored)).items():
            arrays = {name: npz_array(stored, own, path) for name, own in names.items()}
            columns = {name: array for name, array in arrays.items() if array.ndim == 1}
            left_out |= dict.fromkeys(name for name in arrays if name not in columns)
            if len({len(array) for array in columns.values()}) != 1:
                lengths = ", ".join(f"{name} {len(array)}" for name, array in columns.items()) or "none"
                place = f" in {part}" if part else ""
                raise InputError(f"{key}: {path}: needs arrays of one length as columns{place}, has {lengths}")
            table = pd.DataFrame(columns)
            tables.append(table.assign(**{PART: part}) if part else table)
    if len({tuple(table.columns) for table in tables}) > 1:
        raise InputError(f"{key}: {path}: its parts have other columns")
    notes = [f"{path.name}: {', '.join(left_out)} left out of the clips, which are no columns"] if left_out else []
    return pd.concat(tables, ignore_index=True), notes


def _parts(names: list[str]) -> dict[str, dict[str, str]]:
    """By part (empty where there are none), names of arrays and what they are called in the file."""
    parts: dict[str, dict[str, str]] = {}
    for name in names:
        part, _, own = name.rpartition("/")
        parts.setdefault(part, {})[own] = name
    return parts
