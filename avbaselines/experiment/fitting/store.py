"""Finished work on disk: one file a fit, named by the content it was made from, written whole or not at all."""

import hashlib
import json
import os
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

from avbaselines.errors import InputError

__all__ = ["MODEL", "Fitted", "Store", "Trial", "digest", "replacing"]

MODEL = ".skops"
"""Suffix of the file that holds a fit's estimators."""


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
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}-", suffix=path.suffix)
    os.close(handle)
    try:
        yield Path(temporary)
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    finally:
        Path(temporary).unlink(missing_ok=True)


class Store:
    """Finished fits in a folder.

    Examples
    --------
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     Store(folder).save("a1", Fitted(test={"arousal": np.array([[1.0]])}))
    ...     Store(folder).load("a1").test["arousal"].tolist()
    [[1.0]]
    """

    def __init__(self, folder: str | Path):
        self.folder = Path(folder)

    def path(self, key: str, suffix: str = ".npz") -> Path:
        """Where the result (or with another suffix the model) of a key lies."""
        return self.folder / f"{key}{suffix}"

    def has(self, key: str) -> bool:
        """Whether a key's work is done."""
        return self.path(key).is_file()

    def save(self, key: str, fitted: Fitted) -> None:
        """Write a result, whole or not at all; out-of-fold predictions, of which there are many, as float32."""
        arrays = {f"oof/{name}": value.astype(np.float32) for name, value in fitted.oof.items()}
        arrays |= {f"test/{name}": value for name, value in fitted.test.items()}
        for mask, values in fitted.masked.items():
            arrays |= {f"masked/{mask}/{name}": value for name, value in values.items()}
        names = ("weights", "selected", "shares", "note", "trials", "importance", "seconds")
        plain = {name: getattr(fitted, name) for name in names} | {"trials": [asdict(trial) for trial in fitted.trials]}
        content: dict[str, Any] = {"plain": np.array(json.dumps(plain)), **arrays}
        with replacing(self.path(key)) as temporary:
            np.savez(temporary, **content)

    def load(self, key: str) -> Fitted:
        """Read a result back.

        Raises
        ------
        InputError
            The file is damaged, by a full disk or a copy that broke off.
        """
        try:
            return self._load(key)
        except (EOFError, KeyError, TypeError, ValueError, zipfile.BadZipFile, zlib.error):
            raise InputError(
                f"{self.path(key)}: a finished fit that is damaged; delete the file, and the same command does it again"
            ) from None

    def _load(self, key: str) -> Fitted:
        fitted = Fitted()
        with np.load(self.path(key), allow_pickle=False) as stored:
            for name, value in json.loads(str(stored["plain"])).items():
                setattr(fitted, name, [Trial(**trial) for trial in value] if name == "trials" else value)
            for key_ in stored.files:
                part, _, name = key_.partition("/")
                if part == "masked":
                    mask, _, name = name.partition("/")
                    fitted.masked.setdefault(mask, {})[name] = stored[key_].astype(float)
                elif name:
                    getattr(fitted, part)[name] = stored[key_].astype(float)
        return fitted
