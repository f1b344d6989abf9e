"""Values kept on disk: one file a value, named by the content it was made from, and checked when it is read."""

import io
import json
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np
import pandas as pd
from pydantic import TypeAdapter

from avbaselines.experiment.fitting.fingerprint import source_digest
from avbaselines.experiment.fitting.sealed import seal, unsealed
from avbaselines.experiment.fitting.store import PARTIAL, digest, file_digest, replacing

__all__ = ["UNKEPT", "Kept", "Kind", "arrays", "frame", "typed"]

T = TypeVar("T")
LIBRARIES = ("matplotlib", "numpy", "pandas", "scikit-learn", "scipy")
"""Their versions are part of every key."""
MOST_UNUSED = 64 * 2**20
"""Bytes of entries that a run did without and that stay all the same, for runs with other options."""


@dataclass(frozen=True)
class Kind(Generic[T]):
    """One sort of value: what its files are called, which code makes it, and how it is written.

    Attributes
    ----------
    name : str
        Begins the file names.
    modules : tuple of str
        Whose sources, and those of all modules they import, the value depends on.
    encode, decode : callable
        To bytes and back; ``decode(encode(value))`` equals the value.

    Examples
    --------
    >>> typed("scores", list[float], ("avbaselines.evaluation.metrics",)).name
    'scores'
    """

    name: str
    modules: tuple[str, ...]
    encode: Callable[[T], bytes]
    decode: Callable[[bytes], T]


def typed(name: str, type_: Any, modules: tuple[str, ...]) -> "Kind[Any]":
    """Values of a type made of dataclasses, lists, dicts, numbers and texts, as JSON; NaN stays NaN.

    Examples
    --------
    >>> kind = typed("scores", list[float], ())
    >>> kind.decode(kind.encode([0.1, float("nan")]))
    [0.1, nan]
    """

    def encode(value: Any) -> bytes:
        return json.dumps(_adapter(type_).dump_python(value, warnings=False), default=_plain).encode()

    return Kind(name, modules, encode, lambda content: _adapter(type_).validate_python(json.loads(content)))


@cache
def _adapter(type_: Any) -> TypeAdapter[Any]:
    return TypeAdapter(type_)


def frame(name: str, modules: tuple[str, ...]) -> "Kind[pd.DataFrame]":
    """Tables with a plain index, every column of the type it had; floats keep all their digits.

    Examples
    --------
    >>> kind = frame("masking", ())
    >>> kind.decode(kind.encode(pd.DataFrame({"share": [0.5, None], "by": ["clip", None]})))["share"].tolist()
    [0.5, nan]
    """

    def encode(table: pd.DataFrame) -> bytes:
        columns = [[column, str(table[column].dtype), table[column].tolist()] for column in table]
        return json.dumps([len(table), columns], default=_plain).encode()

    def decode(content: bytes) -> pd.DataFrame:
        n_rows, columns = json.loads(content)
        made = {column: pd.Series(values, dtype=dtype) for column, dtype, values in columns}
        return pd.DataFrame(made, index=pd.RangeIndex(n_rows))

    return Kind(name, modules, encode, decode)


def arrays(name: str, modules: tuple[str, ...]) -> "Kind[Mapping[str, np.ndarray]]":
    """Arrays of numbers by name.

    Examples
    --------
    >>> kind = arrays("sums", ())
    >>> kind.decode(kind.encode({"arousal": np.eye(2)}))["arousal"].tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """

    def encode(values: Mapping[str, np.ndarray]) -> bytes:
        stream = io.BytesIO()
        content: dict[str, Any] = dict(values)
        np.savez_compressed(stream, **content)
        return stream.getvalue()

    def decode(content: bytes) -> dict[str, np.ndarray]:
        with np.load(io.BytesIO(content), allow_pickle=False) as stored:
            return {key: stored[key] for key in stored.files}

    return Kind(name, modules, encode, decode)


def _plain(value: Any) -> Any:
    """Numbers and enumerations as JSON has them."""
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, Enum):
        return value.value
    raise TypeError(f"{type(value).__name__} cannot be kept")


class Kept:
    """Values in a folder, each made once for the same content, code and libraries.

    Parameters
    ----------
    folder : Path or None
        None: nothing is kept, every value is made.
    force : bool
        Make every value anew, and keep it.

    Examples
    --------
    >>> import tempfile
    >>> kind = typed("sum", int, ())
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     kept = Kept(Path(folder))
    ...     [kept.value(kind, [[1, 2]], lambda: sum([1, 2])) for _ in range(2)], kept.made
    ([3, 3], 1)
    """

    def __init__(self, folder: Path | None, force: bool = False):
        self.folder, self.force, self.made = folder, force, 0
        self._used: set[Path] = set()

    def value(self, kind: Kind[T], content: Sequence[Any] | None, make: Callable[[], T]) -> T:
        """The value made of some content, read where it lies there whole.

        Parameters
        ----------
        kind : Kind
        content : sequence of array or JSON-able value, or None
            All that the value depends on beside code and libraries; None: it cannot be named, so nothing is kept.
        make : callable
        """
        if self.folder is None or content is None:
            return make()
        path = self.folder / f"{kind.name}-{_key(kind, content)}"
        stored = self._stored(path)
        if stored is not None:
            return kind.decode(stored)
        value = make()
        self.made += 1
        _write(path, kind.encode(value))
        return value

    def files(
        self,
        name: str,
        modules: tuple[str, ...],
        content: Sequence[Any] | None,
        written: Callable[[], Sequence[Path]],
        write: Callable[[], None],
    ) -> None:
        """Write files, unless they lie there as they were written of the same content.

        Parameters
        ----------
        name, modules
            As of a `Kind`.
        content
            As of `value`.
        written : callable
            Paths of the files that lie there.
        write : callable
            Writes all of them.
        """
        if self.folder is None or content is None:
            return write()
        kind = typed(name, dict[str, str], modules)
        note = self.folder / f"{name}-{_key(kind, content)}"
        stored = self._stored(note)
        if stored is not None and kind.decode(stored) == self._checksums(written()):
            return None
        write()
        self.made += 1
        return _write(note, kind.encode(self._checksums(written())))

    def prune(self, most: int | None = None) -> list[Path]:
        """Delete entries that were not used here but for a few, those that were used last.

        Whoever needs a deleted one makes it again, so that nothing goes wrong where two runs share a folder.

        Parameters
        ----------
        most
            Bytes of all that stay of them; `MOST_UNUSED` by default.

        Returns
        -------
        list of Path
            The deleted ones.
        """
        if self.folder is None or not self.folder.is_dir():
            return []
        left, deleted = MOST_UNUSED if most is None else most, []
        entries = [path for path in self.folder.iterdir() if path.is_file() and not path.name.startswith(PARTIAL)]
        unused = [(path.stat(), path) for path in entries if path not in self._used]
        for status, path in sorted(unused, key=lambda entry: (-entry[0].st_mtime_ns, entry[1].name)):
            left -= status.st_size
            if left < 0:
                path.unlink(missing_ok=True)
                deleted.append(path)
        return deleted

    def _stored(self, path: Path) -> bytes | None:
        """What lies there whole, marked as used now; None where it is to be made."""
        self._used.add(path)
        stored = None if self.force else _read(path)
        if stored is not None:
            with suppress(OSError):  # of another user, or in a folder that is read alone: then it counts as old
                os.utime(path)
        return stored

    def _checksums(self, paths: Sequence[Path]) -> dict[str, str]:
        """Checksum of each file by its place, those that are not there left out."""
        sums = {}
        for path in paths:
            if path.is_file():
                sums[os.path.relpath(path, self.folder)] = file_digest(path)
        return sums


UNKEPT = Kept(None)
"""Nothing is kept: every value is made when it is asked for."""


def _key(kind: Kind[Any], content: Sequence[Any]) -> str:
    return digest(kind.name, source_digest((__name__, *kind.modules)), _versions(), *content)[:32]


@cache
def _versions() -> dict[str, str | None]:
    versions: dict[str, str | None] = {}
    for name in LIBRARIES:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            versions[name] = None
    return versions


def _write(path: Path, content: bytes) -> None:
    with replacing(path) as temporary:
        temporary.write_bytes(seal(content, path.name))


def _read(path: Path) -> bytes | None:
    """What was written; None where nothing is there, or where it is not what was written."""
    try:
        return unsealed(path.read_bytes(), path.name)
    except (OSError, ValueError):
        return None
