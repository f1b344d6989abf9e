"""Object arrays of npz files, read without running anything that the file says.

``np.load(..., allow_pickle=True)`` runs whatever code a crafted file names. Here a pickle may build dicts, lists,
tuples, texts, numbers, and numpy arrays and scalars of them, which are put together by this module rather than by
numpy; any other name in it is refused before it is looked up.
"""

import pickle
import re
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from avbaselines.errors import InputError

_PLAIN = {f"{kind}{size}" for kind in "iuf" for size in (1, 2, 4, 8)} | {"b1"}


MOST_BYTES, MOST_PARTS, DEEPEST = 2**28, 10_000_000, 8
"""Limits of one object of labels: its bytes in the file, its parts however often one stands in it, its nesting."""


class _Type:
    """A numpy dtype as the pickle describes it."""

    __slots__ = ("name", "order")

    def __init__(self, name: str) -> None:
        self.name = name
        self.order: Any = "="

    def __setstate__(self, state: Any) -> None:
        self.order = "=" if state[1] == "|" else state[1]

    def values(self, content: bytes) -> np.ndarray:
        if self.name not in _PLAIN and not re.fullmatch(r"U\d+", self.name):
            raise pickle.UnpicklingError(f"values of type {self.name!r}")
        return np.frombuffer(content, dtype=np.dtype(self.name).newbyteorder(self.order))

    def scalar(self, content: bytes) -> object:
        return self.values(content).reshape(()).item()


class _Array:
    """An array as the pickle describes it: its entries row by row, objects or numbers."""

    __slots__ = ("by_column", "entries", "shape")

    def __setstate__(self, state: Any) -> None:
        self.entries: Any
        _, self.shape, kind, self.by_column, entries = state
        if isinstance(kind, _Type) and kind.name.startswith("O") and isinstance(entries, list):
            self.entries = entries
        elif isinstance(kind, _Type) and isinstance(entries, bytes):
            self.entries = kind.values(entries)
        else:
            raise pickle.UnpicklingError("an array of something other than objects and numbers")

    def as_numbers(self) -> np.ndarray:
        """The array of numbers, in the order of its axes."""
        if isinstance(self.entries, list):
            raise pickle.UnpicklingError("objects within objects")
        return self.entries.reshape(self.shape, order="F" if self.by_column else "C")


def _reconstruct(subtype: object, shape: object, kind: object) -> _Array:
    return _Array()


def _ndarray(*arguments: object) -> None:
    raise pickle.UnpicklingError("numpy.ndarray is called")


def _dtype(name: object, align: bool = False, copy: bool = False) -> _Type:
    return _Type(str(name))


def _scalar(kind: _Type, content: bytes) -> object:
    return kind.scalar(content)


class _Unpickler(pickle.Unpickler):
    _ADMITTED = {
        ("multiarray", "_reconstruct"): _reconstruct,
        ("multiarray", "scalar"): _scalar,
        ("numpy", "ndarray"): _ndarray,
        ("numpy", "dtype"): _dtype,
    }

    def find_class(self, module: str, name: str) -> Any:
        # numpy 2 writes numpy._core where numpy 1 wrote numpy.core
        short = "multiarray" if module in ("numpy.core.multiarray", "numpy._core.multiarray") else module
        try:
            return self._ADMITTED[short, name]
        except KeyError:
            raise pickle.UnpicklingError(f"it names {module}.{name}") from None


def load_object_arrays(path: Path, names: Sequence[str]) -> dict[str, object]:
    """Read zero-dimensional object arrays, such as ``np.savez(path, labels={...})`` makes.

    Parameters
    ----------
    path : Path
        An npz file.
    names : sequence of str
        Arrays to read.

    Returns
    -------
    dict of str to object
        The one object of each array.

    Raises
    ------
    InputError
        The file or an array cannot be read, or holds more than plain data.
    """
    found = {}
    try:
        with zipfile.ZipFile(path) as archive:
            for name in names:
                if f"{name}.npy" not in archive.namelist():
                    held = ", ".join(sorted(member.removesuffix(".npy") for member in archive.namelist()))
                    raise InputError(f"{path}: has no array {name!r}; it holds {held}")
                if archive.getinfo(f"{name}.npy").file_size > MOST_BYTES:
                    raise InputError(f"{path}: array {name!r} unpacks to more than {MOST_BYTES:,} bytes")
                with archive.open(f"{name}.npy") as file:
                    found[name] = _load(file)
                _check_size(found[name])
    except InputError:
        raise
    except Exception as error:  # zip, header and pickle fail in many ways; none is to be trusted
        raise InputError(
            f"{path}: is no npz of plain labels ({error}); nothing in it was run - take the file from its publisher"
        ) from None
    return found


def _check_size(value: object) -> None:
    """Refuse objects that would fill the memory once they are written out: lists may hold one another many times."""
    level, left = [value], MOST_PARTS
    for _ in range(DEEPEST):
        holders = [part for part in level if isinstance(part, dict | list | tuple)]
        left -= sum(len(part) for part in holders)
        if left < 0:
            raise pickle.UnpicklingError(f"it has more than {MOST_PARTS:,} parts")
        level = [entry for part in holders for entry in (part.values() if isinstance(part, dict) else part)]
    if any(isinstance(part, dict | list | tuple) for part in level):
        raise pickle.UnpicklingError(f"it is nested more than {DEEPEST} levels deep")


def load_objects(path: Path, name: str) -> np.ndarray:
    """Read an array of Python objects from an npz: texts, numbers, None, and arrays of numbers.

    Parameters
    ----------
    path : Path
    name : str
        Of the array.

    Returns
    -------
    ndarray of object
        Of the array's own shape.

    Raises
    ------
    ValueError
        It holds anything else; nothing in it was run.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "x.npz")
    ...     np.savez(path, clip_id=np.array(["a", "b"], dtype=object))
    ...     load_objects(path, "clip_id").tolist()
    ['a', 'b']
    """
    try:
        with zipfile.ZipFile(path) as archive, archive.open(f"{name}.npy") as file:
            found = _unpickled(file)
        objects = np.empty(len(found.entries), dtype=object)
        for number, entry in enumerate(found.entries):
            objects[number] = entry.as_numbers() if isinstance(entry, _Array) else entry
            if not isinstance(objects[number], str | bytes | int | float | np.ndarray | None):
                raise pickle.UnpicklingError(f"an entry of type {type(entry).__name__}")
        return objects.reshape(found.shape)
    except Exception as error:  # header and pickle fail in many ways; none is to be trusted
        raise ValueError(f"array {name!r} holds Python objects: {error}") from None


def _unpickled(file: Any) -> _Array:
    version = np.lib.format.read_magic(file)
    reader = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}[version]
    reader(file)
    array = _Unpickler(file).load()
    if not isinstance(array, _Array) or not isinstance(array.entries, list):
        raise pickle.UnpicklingError("no object array")
    return array


def _load(file: Any) -> object:
    version = np.lib.format.read_magic(file)
    reader = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}[version]
    shape, _, kind = reader(file)
    if shape != () or not kind.hasobject:
        raise pickle.UnpicklingError(f"an array of {kind} of shape {shape} where one object was expected")
    array = _Unpickler(file).load()
    if not isinstance(array, _Array) or not isinstance(array.entries, list) or len(array.entries) != 1:
        raise pickle.UnpicklingError("no object array")
    return array.entries[0]
