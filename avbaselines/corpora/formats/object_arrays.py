"""Object arrays of npz files, read without running anything that the file says.

``np.load(..., allow_pickle=True)`` runs whatever code a crafted file names. Here a pickle may build dicts, lists,
tuples, texts, numbers, and numpy arrays and scalars of them, which are put together by this module rather than by
numpy; any other name in it is refused before it is looked up.
"""

import pickle
import zipfile

import numpy as np

from avbaselines.errors import InputError

_PLAIN = {f"{kind}{size}" for kind in "iuf" for size in (1, 2, 4, 8)} | {"b1"}


class _Type:
    """A numpy dtype as the pickle describes it."""

    __slots__ = ("name", "order")

    def __init__(self, name):
        self.name, self.order = name, "="

    def __setstate__(self, state):
        self.order = "=" if state[1] == "|" else state[1]

    def scalar(self, content):
        if self.name not in _PLAIN:
            raise pickle.UnpicklingError(f"a scalar of type {self.name!r}")
        values = np.frombuffer(content, dtype=np.dtype(self.name).newbyteorder(self.order))
        return values.reshape(()).item()


class _Array:
    """An object array as the pickle describes it: its entries, row by row."""

    __slots__ = ("entries", "shape")

    def __setstate__(self, state):
        _, self.shape, kind, _, self.entries = state
        if not isinstance(kind, _Type) or not kind.name.startswith("O") or not isinstance(self.entries, list):
            raise pickle.UnpicklingError("an array of something other than objects")


def _reconstruct(subtype, shape, kind):
    return _Array()


def _ndarray(*arguments):
    raise pickle.UnpicklingError("numpy.ndarray is called")


def _dtype(name, align=False, copy=False):
    return _Type(str(name))


def _scalar(kind, content):
    return kind.scalar(content)


class _Unpickler(pickle.Unpickler):
    _ADMITTED = {
        ("multiarray", "_reconstruct"): _reconstruct,
        ("multiarray", "scalar"): _scalar,
        ("numpy", "ndarray"): _ndarray,
        ("numpy", "dtype"): _dtype,
    }

    def find_class(self, module, name):
        # numpy 2 writes numpy._core where numpy 1 wrote numpy.core
        short = "multiarray" if module in ("numpy.core.multiarray", "numpy._core.multiarray") else module
        try:
            return self._ADMITTED[short, name]
        except KeyError:
            raise pickle.UnpicklingError(f"it names {module}.{name}") from None


def load_object_arrays(path, names):
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
                with archive.open(f"{name}.npy") as file:
                    found[name] = _load(file)
    except InputError:
        raise
    except Exception as error:  # zip, header and pickle fail in many ways; none is to be trusted
        raise InputError(
            f"{path}: is no npz of plain labels ({error}); nothing in it was run - take the file from its publisher"
        ) from None
    return found


def _load(file):
    version = np.lib.format.read_magic(file)
    reader = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}[version]
    shape, _, kind = reader(file)
    if shape != () or not kind.hasobject:
        raise pickle.UnpicklingError(f"an array of {kind} of shape {shape} where one object was expected")
    array = _Unpickler(file).load()
    if not isinstance(array, _Array) or len(array.entries) != 1:
        raise pickle.UnpicklingError("no object array")
    return array.entries[0]
