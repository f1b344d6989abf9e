"""Finished work on disk: one file a fit, named by the content it was made from, written whole or not at all."""

import hashlib
import json
import os
import tempfile
import zipfile
import zlib
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from avbaselines.errors import InputError

MODEL = ".skops"
"""Suffix of the file that holds a fit's estimators."""


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
    trials : list of dict
        Of a search: trial, value, state, params, reason.
    importance : dict of str to float
        Of a search: the share of each searched parameter in what sets good trials apart.
    seconds : float
        Time of the fit that made it.
    """

    oof: dict = field(default_factory=dict)
    test: dict = field(default_factory=dict)
    masked: dict = field(default_factory=dict)
    weights: dict = field(default_factory=dict)
    selected: dict = field(default_factory=dict)
    shares: dict = field(default_factory=dict)
    note: str = ""
    trials: list = field(default_factory=list)
    importance: dict = field(default_factory=dict)
    seconds: float = 0.0

    def under(self, mask):
        """The same with the test predictions under a mask ('' = none)."""
        return replace(self, test=self.masked.get(mask, self.test))


def digest(*parts):
    """Hex digest of arrays and JSON-able values, in order."""
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
def replacing(path):
    """A temporary path beside ``path`` that takes its place only when the block ends well."""
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

    Parameters
    ----------
    folder : Path
    """

    def __init__(self, folder):
        self.folder = Path(folder)

    def path(self, key, suffix=".npz"):
        """Where the result (or with another suffix the model) of a key lies."""
        return self.folder / f"{key}{suffix}"

    def has(self, key):
        """Whether a key's work is done."""
        return self.path(key).is_file()

    def save(self, key, fitted):
        """Write a result, whole or not at all; out-of-fold predictions, of which there are many, as float32."""
        arrays = {f"oof/{name}": value.astype(np.float32) for name, value in fitted.oof.items()}
        arrays |= {f"test/{name}": value for name, value in fitted.test.items()}
        for mask, values in fitted.masked.items():
            arrays |= {f"masked/{mask}/{name}": value for name, value in values.items()}
        names = ("weights", "selected", "shares", "note", "trials", "importance", "seconds")
        plain = {name: getattr(fitted, name) for name in names}
        with replacing(self.path(key)) as temporary:
            np.savez(temporary, plain=np.array(json.dumps(plain)), **arrays)

    def load(self, key):
        """Read a result back.

        Raises
        ------
        InputError
            The file is damaged, by a full disk or a copy that broke off.
        """
        try:
            return self._load(key)
        except (EOFError, KeyError, ValueError, zipfile.BadZipFile, zlib.error):
            raise InputError(
                f"{self.path(key)}: a finished fit that is damaged; delete the file, and the same command does it again"
            ) from None

    def _load(self, key):
        fitted = Fitted()
        with np.load(self.path(key), allow_pickle=False) as stored:
            for name, value in json.loads(str(stored["plain"])).items():
                setattr(fitted, name, value)
            for key_ in stored.files:
                part, _, name = key_.partition("/")
                if part == "masked":
                    mask, _, name = name.partition("/")
                    fitted.masked.setdefault(mask, {})[name] = stored[key_].astype(float)
                elif name:
                    getattr(fitted, part)[name] = stored[key_].astype(float)
        return fitted
