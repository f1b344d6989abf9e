"""Folders with one ``.npy`` a clip: a row of features, or the steps of a sequence."""

from pathlib import Path

import numpy as np

from avbaselines.corpora.segments import stack_steps
from avbaselines.errors import InputError

__all__ = ["npy_files", "read_npy_folder"]


def npy_files(folder: Path) -> list[Path]:
    """The ``.npy`` files in and below a folder, hidden ones left out.

    Examples
    --------
    >>> npy_files(Path("nowhere"))
    []
    """
    found = (path for path in folder.rglob("*.npy") if path.is_file())
    return sorted(path for path in found if not any(part.startswith(".") for part in path.relative_to(folder).parts))


def read_npy_folder(folder: Path, key: str) -> tuple[np.ndarray, np.ndarray]:
    """Ids and features of the clips in a folder.

    Arrays of shape (d,) or (1, d) are rows; where any clip has more steps, (steps, d), all are sequences.

    Parameters
    ----------
    folder
        Its files are named after clips; those of files in folders below it begin with these.
    key
        For errors.

    Returns
    -------
    ids : ndarray of str, shape (n,)
    X : ndarray, shape (n, d) or (n, most steps, d)
        Steps that a shorter clip lacks are NaN.

    Raises
    ------
    InputError
        A file that cannot be read without running code, of other features than the others, or of no numbers.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as name:
    ...     np.save(Path(name, "a.npy"), np.ones((2, 3)))
    ...     np.save(Path(name, "b.npy"), np.zeros((4, 3)))
    ...     ids, X = read_npy_folder(Path(name), "modalities.audio")
    >>> ids.tolist(), X.shape
    (['a', 'b'], (2, 4, 3))
    """
    paths = npy_files(folder)
    if not paths:
        raise InputError(f"{key}: {folder}: holds no .npy file")
    arrays = [_read(path, key) for path in paths]
    width = arrays[0].shape[1]
    for path, array in zip(paths, arrays, strict=True):
        if array.shape[1] != width:
            raise InputError(
                f"{key}: {path}: has {array.shape[1]} features where {paths[0].name} has {width}; are steps the rows?"
            )
    ids = np.array([path.relative_to(folder).with_suffix("").as_posix() for path in paths], dtype=str)
    lengths = [len(array) for array in arrays]
    if max(lengths) == 1:
        return ids, np.concatenate(arrays)
    return stack_steps(np.repeat(ids, lengths), np.concatenate(arrays), None, f"{key}: {folder}")


def _read(path: Path, key: str) -> np.ndarray:
    """An array of shape (steps, d)."""
    try:
        array = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise InputError(f"{key}: {path}: cannot be read as npy without pickle ({error})") from None
    if array.ndim not in (1, 2) or array.dtype.kind not in "iuf" or array.size == 0:
        raise InputError(
            f"{key}: {path}: must be numbers (features,) or (steps, features), not {array.dtype} {array.shape}"
        )
    return array.reshape(-1, array.shape[-1])
