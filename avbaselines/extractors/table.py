"""The table that every recipe makes: one feature row a clip, and how each row came to be."""

import json
import os
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from avbaselines.errors import InputError

OK, PARTIAL, FAILED = "ok", "partial", "failed"
FORMATS = (".parquet", ".csv", ".npz")

_METADATA = b"avbaselines"


@dataclass
class FeatureTable:
    """Features of clips with a status row for each.

    Attributes
    ----------
    clip_id : ndarray of str, shape (n,)
    X : ndarray of float32, shape (n, d)
        A failed clip is a row of NaN; it is never dropped.
    columns : list of str, length d
    status : DataFrame, shape (n, ...)
        Indexed by ``clip_id``: ``status`` (ok, partial, failed), ``reason`` (empty where ok), ``duration`` (seconds of
        the whole recording), ``detection_rate`` (share of frames with a face, 0 to 1; NaN for audio) and
        ``several_faces`` (share of frames with more than one). A windowed table also has ``recording`` and ``time``
        (seconds, the window's centre).
    info : dict
        ``recipe``, ``extractor``, ``version``, ``options`` and, for faces, ``scale`` of the intensities and, of
        videos, the ``detector``.
    """

    clip_id: np.ndarray
    X: np.ndarray
    columns: list
    status: pd.DataFrame
    info: dict = field(default_factory=dict)

    def __post_init__(self):
        self.clip_id = np.asarray(self.clip_id, dtype=str)
        self.columns = list(self.columns)
        expected = (len(self.clip_id), len(self.columns))
        if self.X.shape != expected:
            raise ValueError(f"X has shape {self.X.shape}; clip_id and columns say {expected}")
        if not np.array_equal(self.status.index.to_numpy(dtype=str), self.clip_id):
            raise ValueError("the rows of status are not those of clip_id, in the same order")

    @property
    def failed(self):
        """Status rows of the clips that have no features, a DataFrame."""
        return self.status[self.status["status"] == FAILED]

    def frame(self):
        """The features as a DataFrame indexed by ``clip_id``."""
        return pd.DataFrame(self.X, index=pd.Index(self.clip_id, name="clip_id"), columns=self.columns)

    def save(self, path):
        """Write the table as parquet, csv or npz, by the suffix; a killed write leaves no half file.

        Parquet keeps status and info in the schema's metadata, npz in arrays of their own (``status_<column>`` and
        ``info``), so that readers of ``clip_id`` and features see nothing else; beside a csv they are written to
        ``<name>.status.json``.

        Raises
        ------
        InputError
            Unknown suffix, or the folder cannot be written.
        """
        path = Path(path)
        if path.suffix.lower() not in FORMATS:
            raise InputError(f"{path}: unknown table format {path.suffix!r}; use one of {', '.join(FORMATS)}")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            if path.suffix.lower() == ".csv":
                _replace(
                    _status_path(path), lambda part: part.write_text(json.dumps(self._account()), encoding="utf-8")
                )
            _replace(path, getattr(self, f"_to_{path.suffix.lower()[1:]}"))
        except OSError as error:
            raise InputError(f"{path}: cannot be written ({error.strerror or error})") from None

    @classmethod
    def load(cls, path):
        """Read a table written by :meth:`save`.

        Raises
        ------
        InputError
            Missing file, unknown suffix, or a file that :meth:`save` did not write.
        """
        path = Path(path)
        if path.suffix.lower() not in FORMATS:
            raise InputError(f"{path}: unknown table format {path.suffix!r}; use one of {', '.join(FORMATS)}")
        try:
            return getattr(cls, f"_from_{path.suffix.lower()[1:]}")(path)
        except FileNotFoundError as error:
            raise InputError(f"{error.filename}: no such file") from None
        except (OSError, KeyError, ValueError) as error:
            raise InputError(f"{path}: not a feature table of this package ({error}); extract it again") from None

    def _account(self):
        return {"info": self.info, "status": json.loads(self.status.to_json(orient="split", double_precision=15))}

    def _to_parquet(self, part):
        import pyarrow as pa
        import pyarrow.parquet as pq

        arrays = {"clip_id": pa.array(self.clip_id.tolist(), type=pa.string())}
        arrays |= {name: pa.array(self.X[:, i]) for i, name in enumerate(self.columns)}
        table = pa.table(arrays)
        metadata = {**(table.schema.metadata or {}), _METADATA: json.dumps(self._account()).encode()}
        with open(part, "wb") as stream:
            pq.write_table(table.replace_schema_metadata(metadata), stream)

    @classmethod
    def _from_parquet(cls, path):
        import pyarrow.parquet as pq

        table = pq.read_table(path, partitioning=None)
        account = json.loads((table.schema.metadata or {})[_METADATA])
        columns = table.column_names[1:]
        X = np.empty((table.num_rows, len(columns)), np.float32)
        for i, name in enumerate(columns):
            X[:, i] = table[name].to_numpy()
        return cls(np.array(table["clip_id"].to_pylist(), dtype=str), X, columns, *_restore(account))

    def _to_csv(self, part):
        # float32 needs 9 significant digits to come back bit for bit
        self.frame().to_csv(part, float_format="%.9g")

    @classmethod
    def _from_csv(cls, path):
        account = json.loads(_status_path(path).read_text(encoding="utf-8"))
        frame = pd.read_csv(path, dtype={"clip_id": str}, keep_default_na=False, na_values=[""]).set_index("clip_id")
        X = frame.to_numpy(dtype=np.float32)
        return cls(frame.index.to_numpy(dtype=str), X, list(frame.columns), *_restore(account))

    def _to_npz(self, part):
        status = {f"status_{name}": _plain(self.status[name]) for name in self.status}
        with open(part, "wb") as stream:
            np.savez(
                stream,
                clip_id=self.clip_id,
                X=self.X,
                columns=np.array(self.columns, dtype=str),
                info=np.array(json.dumps(self.info)),
                **status,
            )

    @classmethod
    def _from_npz(cls, path):
        with np.load(path, allow_pickle=False) as stored:
            status = {k.removeprefix("status_"): stored[k] for k in stored.files if k.startswith("status_")}
            status = pd.DataFrame(status, index=pd.Index(stored["clip_id"], name="clip_id"))
            return cls(
                stored["clip_id"], stored["X"], stored["columns"].tolist(), status, json.loads(str(stored["info"]))
            )


def _plain(column):
    """Array of a status column without Python objects, which npz could only pickle."""
    return column.to_numpy(dtype=float) if pd.api.types.is_numeric_dtype(column) else column.to_numpy(dtype=str)


def _restore(account):
    stored = account["status"]
    status = pd.DataFrame(stored["data"], index=pd.Index(stored["index"], name="clip_id"), columns=stored["columns"])
    for name in ("duration", "detection_rate", "several_faces", "time"):
        if name in status:
            status[name] = status[name].astype(float)
    return status, account["info"]


def _status_path(path):
    return path.with_name(path.stem + ".status.json")


def _replace(path, write):
    """Call ``write`` with a temporary path beside ``path``, then put the whole file in place."""
    part = path.with_name(f".{path.stem}.{os.getpid()}{path.suffix}")
    try:
        write(part)
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)
