"""Finished work on disk: one file a fit, named by the content it was made from, written whole or not at all."""

import hashlib
import io
import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

from avbaselines.errors import InputError
from avbaselines.experiment.fitting.sealed import LONGEST, is_whole, seal, unsealed

__all__ = ["MODEL", "PARTIAL", "Fitted", "Store", "Trial", "digest", "file_digest", "replacing"]

MODEL = ".skops"
"""Suffix of the file that holds a fit's estimators."""
PARTIAL = ".part-"
"""How the names of files begin that are not written to their end."""
PLAIN = ("weights", "selected", "shares", "note", "trials", "importance", "seconds")
"""Fields of a fit that are stored as JSON; the others are arrays."""


@dataclass(frozen=True)
class Trial:
    """One trial of a search.

    Attributes
    ----------
    number : int
        0 is the defaults.
    value : float or None
        Its out-of-fold score, larger is better; None where it did not end: a score of some folds alone is no value.
    state : {"complete", "pruned", "failed"}
    params : dict of str to (float, int or str)
        Values drawn.
    reason : str
        Why it failed.

    Examples
    --------
    >>> Trial(0, 0.41, "complete", {}).state
    'complete'
    """

    number: int
    value: float | None
    state: Literal["complete", "pruned", "failed"]
    params: dict[str, Any]
    reason: str = ""


@dataclass
class Fitted:
    """What one system predicts in one split, before matching.

    Attributes
    ----------
    oof, test : dict of str to ndarray, shape (n_fit, width) and (n_test, width)
        Per target: values, or posteriors of the classes. NaN rows where the system has nothing to go by (its modality
        is missing there).
    masked : dict of str to dict
        By mask (what evaluated clips keep), test predictions by target where the mask changes them.
    weights : dict of str to list of float
        Per target, the weight of each input of a fusion.
    selected : dict of str to list of str
        Per target, the inputs that a fusion of the best few takes; empty for other systems.
    shares : dict of str to float
        Per target, the share of a fused prediction that is its recording's mean; empty for other systems.
    note : str
        Remarks of its models, and what the fit chose, in words.
    trials : list of Trial
        Of a search.
    importance : dict of str to float
        Of a search: the share of each searched parameter in what sets good trials apart.
    seconds : float
        Time of the fit that made it.

    Examples
    --------
    >>> fitted = Fitted(test={"arousal": np.array([[1.0]])}, masked={"face": {"arousal": np.array([[2.0]])}})
    >>> fitted.under("face").test["arousal"].tolist(), fitted.under("audio").test["arousal"].tolist()
    ([[2.0]], [[1.0]])
    """

    oof: dict[str, np.ndarray] = field(default_factory=dict)
    test: dict[str, np.ndarray] = field(default_factory=dict)
    masked: dict[str, dict[str, np.ndarray]] = field(default_factory=dict)
    weights: dict[str, list[float]] = field(default_factory=dict)
    selected: dict[str, list[str]] = field(default_factory=dict)
    shares: dict[str, float] = field(default_factory=dict)
    note: str = ""
    trials: list[Trial] = field(default_factory=list)
    importance: dict[str, float] = field(default_factory=dict)
    seconds: float = 0.0

    def under(self, mask: str) -> "Fitted":
        """The same with the test predictions under a mask ('' = none)."""
        return replace(self, test=self.masked.get(mask, self.test))


def digest(*parts: Any) -> str:
    """Hex digest of arrays and JSON-able values, in order.

    Examples
    --------
    >>> digest(np.array([1.0]), "ridge") == digest(np.array([1.0]), "svr")
    False
    """
    total = hashlib.sha256()
    for part in parts:
        if isinstance(part, np.ndarray):
            total.update(f"{part.dtype.str}{part.shape}".encode())
            total.update(np.ascontiguousarray(part).data if part.dtype.kind in "biufc" else "\0".join(part).encode())
        else:
            total.update(json.dumps(part, sort_keys=True, default=str).encode())
        total.update(b"|")
    return total.hexdigest()


def file_digest(path: str | Path) -> str:
    """sha256 of a file, in hexadecimal digits.

    Examples
    --------
    >>> file_digest(__file__) == file_digest(Path(__file__))
    True
    """
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


@contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """A temporary path beside ``path`` that takes its place only when the block ends well.

    Examples
    --------
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with replacing(f"{folder}/a.txt") as temporary:
    ...         _ = temporary.write_text("whole")
    ...     Path(folder, "a.txt").read_text()
    'whole'
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=PARTIAL, suffix=path.suffix)
    os.close(handle)
    try:
        yield Path(temporary)
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    finally:
        Path(temporary).unlink(missing_ok=True)


class Store:
    """Finished work in a folder: a file each, sealed by a checksum.

    Attributes
    ----------
    folder : Path
    damaged : list of Path
        Files found by `has` and `has_model` to be broken off, changed, or of another key; their work counts as not
        done.

    Examples
    --------
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     Store(folder).save("a1", Fitted(test={"arousal": np.array([[1.0]])}))
    ...     Store(folder).load("a1").test["arousal"].tolist()
    [[1.0]]
    """

    def __init__(self, folder: str | Path):
        self.folder = Path(folder)
        self.damaged: list[Path] = []

    @property
    def shared(self) -> Path:
        """Folder of what worker processes share while they work; what is left there after a run is rubbish."""
        return self.folder / "shared"

    def path(self, key: str, suffix: str = ".npz") -> Path:
        """Where the result (or with another suffix the model) of a key lies."""
        return self.folder / f"{key}{suffix}"

    def has(self, key: str, suffix: str = ".npz") -> bool:
        """Whether a key's work is done: its file is there, and whole."""
        return self._checked(self.path(key, suffix), is_whole(self.path(key, suffix), key))

    def has_model(self, key: str) -> bool:
        """Whether the estimators of a key whose work is done are stored, as they were when the work was done."""
        path = self.path(key, MODEL)
        checksum = json.loads(str(self._arrays(key)["plain"]))["model"]
        if checksum is None:
            return False
        return self._checked(path, path.is_file() and file_digest(path) == checksum)

    def _checked(self, path: Path, whole: bool) -> bool:
        if not whole and path.is_file() and path not in self.damaged:
            self.damaged.append(path)
        return whole

    def put(self, key: str, content: bytes, suffix: str = ".npz") -> None:
        """Write the content of a key's file, whole or not at all."""
        with replacing(self.path(key, suffix)) as temporary:
            temporary.write_bytes(seal(content, key))

    def get(self, key: str, suffix: str = ".npz") -> bytes:
        """Read the content of a key's file.

        Raises
        ------
        InputError
            The file is damaged, by a full disk or a copy that broke off.
        """
        path = self.path(key, suffix)
        try:
            return unsealed(path.read_bytes(), key)
        except ValueError:
            raise InputError(f"{path}: finished work that is damaged; the same command does it again") from None

    def put_arrays(self, key: str, arrays: Mapping[str, np.ndarray]) -> None:
        """Write arrays under a key, whole or not at all."""
        content: dict[str, Any] = dict(arrays)
        buffer = io.BytesIO()
        np.savez(buffer, **content)
        self.put(key, buffer.getvalue())

    def get_arrays(self, key: str) -> dict[str, np.ndarray]:
        """Read what `put_arrays` wrote; see `get` for what it raises."""
        with self._arrays(key) as stored:
            return dict(stored)

    def seal_of(self, key: str) -> str:
        """The first line of a key's file, which changes whenever its content does."""
        with open(self.path(key), "rb") as stream:
            return stream.readline(LONGEST).decode(errors="replace")

    def _arrays(self, key: str) -> Any:
        return np.load(io.BytesIO(self.get(key)), allow_pickle=False)

    def save(self, key: str, fitted: Fitted, *, with_model: bool = False) -> None:
        """Write a result, whole or not at all; out-of-fold predictions, of which there are many, as float32.

        A model is written before its result, which keeps the model's checksum.
        """
        arrays = {f"oof/{name}": value.astype(np.float32) for name, value in fitted.oof.items()}
        arrays |= {f"test/{name}": value for name, value in fitted.test.items()}
        for mask, values in fitted.masked.items():
            arrays |= {f"masked/{mask}/{name}": value for name, value in values.items()}
        plain = {name: getattr(fitted, name) for name in PLAIN} | {"trials": [asdict(trial) for trial in fitted.trials]}
        plain["model"] = file_digest(self.path(key, MODEL)) if with_model else None
        self.put_arrays(key, {"plain": np.array(json.dumps(plain)), **arrays})

    def load(self, key: str) -> Fitted:
        """Read a result back; see `get` for what it raises."""
        arrays, fitted = self.get_arrays(key), Fitted()
        plain = json.loads(str(arrays.pop("plain")))
        for name in PLAIN:
            setattr(fitted, name, [Trial(**trial) for trial in plain[name]] if name == "trials" else plain[name])
        for key_, values in arrays.items():
            part, _, name = key_.partition("/")
            if part == "masked":
                mask, _, name = name.partition("/")
                fitted.masked.setdefault(mask, {})[name] = values.astype(float)
            else:
                getattr(fitted, part)[name] = values.astype(float)
        return fitted
