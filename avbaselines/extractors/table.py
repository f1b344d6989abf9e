"""Feature tables: one row of features a clip, and the status of each row."""

import json
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd

from avbaselines.errors import InputError
from avbaselines.safe_text import as_cells, from_cell

OK, PARTIAL, FAILED = "ok", "partial", "failed"
FORMATS = (".parquet", ".csv", ".npz")

_METADATA = b"avbaselines"


@dataclass
class FeatureTable:
    """Features of clips with a status row for each.

    Attributes
    ----------
    clip_id : str, shape (n,)
    X : float32, shape (n, d)
        A failed clip is a row of NaN; it is never dropped.
    status : shape (n, ...)
        Indexed by ``clip_id``: ``status`` (ok, partial, failed), ``reason`` (empty where ok), ``duration`` (seconds of
        the whole recording), ``detection_rate`` (share of frames with a face, 0 to 1; NaN for audio) and
        ``several_faces`` (share of frames with more than one). A windowed table also has ``recording`` and ``time``
        (seconds, the window's centre).
    info
        ``recipe``, ``extractor``, ``version``, ``options`` and, for faces, ``scale`` of the intensities and, of
        videos, the ``detector``.

    Examples
    --------
    >>> status = pd.DataFrame({"status": ["ok", "failed"]}, index=["c1", "c2"])
    >>> table = FeatureTable(["c1", "c2"], np.array([[1.0], [np.nan]], np.float32), ["energy"], status)
    >>> table.frame().loc["c1", "energy"].item(), list(table.failed.index)
    (1.0, ['c2'])
    """

    clip_id: np.ndarray
    X: np.ndarray
    columns: list[str]
    status: pd.DataFrame
    info: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.clip_id = np.asarray(self.clip_id, dtype=str)
        self.columns = list(self.columns)
        expected = (len(self.clip_id), len(self.columns))
        if self.X.shape != expected:
            raise ValueError(f"X has shape {self.X.shape}; clip_id and columns say {expected}")
        if not np.array_equal(self.status.index.to_numpy(dtype=str), self.clip_id):
            raise ValueError("the rows of status are not those of clip_id, in the same order")

    @property
    def failed(self) -> pd.DataFrame:
        """Status rows of the clips that have no features.

        Examples
        --------
        >>> status = pd.DataFrame({"status": ["ok", "failed"]}, index=["c1", "c2"])
        >>> table = FeatureTable(["c1", "c2"], np.array([[1.0], [np.nan]], np.float32), ["energy"], status)
        >>> list(table.failed.index)
        ['c2']
        """
        return self.status[self.status["status"] == FAILED]

    def frame(self) -> pd.DataFrame:
        """The features as a DataFrame indexed by ``clip_id``.

        Examples
        --------
        >>> status = pd.DataFrame({"status": ["ok", "failed"]}, index=["c1", "c2"])
        >>> table = FeatureTable(["c1", "c2"], np.array([[1.0], [np.nan]], np.float32), ["energy"], status)
        >>> table.frame().shape
        (2, 1)
        """
        return pd.DataFrame(self.X, index=pd.Index(self.clip_id, name="clip_id"), columns=self.columns)

    def save(self, path: str | Path) -> None:
        """Write the table as parquet, csv or npz, by the suffix; a killed write leaves no half file.

        Parquet keeps status and info in the schema's metadata, npz in arrays of their own (``status_<column>`` and
        ``info``), so that readers of ``clip_id`` and features see nothing else; beside a csv they are written to
        ``<name>.status.json``.

        Raises
        ------
        InputError
            Unknown suffix, or the folder cannot be written.

        Examples
        --------
        >>> import tempfile
        >>> status = pd.DataFrame({"status": ["ok"]}, index=["c1"])
        >>> path = Path(tempfile.mkdtemp(), "energy.parquet")
        >>> FeatureTable(["c1"], np.ones((1, 1), np.float32), ["energy"], status).save(path)
        >>> FeatureTable.load(path).columns
        ['energy']
        """
        path = _known_format(path)
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
    def load(cls, path: str | Path) -> Self:
        """Read a table written by :meth:`save`.

        Raises
        ------
        InputError
            Missing file, unknown suffix, or a file that :meth:`save` did not write.

        Examples
        --------
        >>> FeatureTable.load("energy.txt")
        Traceback (most recent call last):
        avbaselines.errors.InputError: energy.txt: unknown table format '.txt'; use one of .parquet, .csv, .npz
        """
        path = _known_format(path)
        try:
            return getattr(cls, f"_from_{path.suffix.lower()[1:]}")(path)
        except FileNotFoundError as error:
            raise InputError(f"{error.filename}: no such file") from None
        except (OSError, KeyError, ValueError) as error:
            raise InputError(f"{path}: not a feature table of this package ({error}); extract it again") from None

    def _account(self) -> dict[str, Any]:
        return {"info": self.info, "status": json.loads(self.status.to_json(orient="split", double_precision=15))}

    def _to_parquet(self, part: Path) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        arrays = {"clip_id": pa.array(self.clip_id.tolist(), type=pa.string())}
        arrays |= {name: pa.array(self.X[:, i]) for i, name in enumerate(self.columns)}
        table = pa.table(arrays)
        metadata = {**(table.schema.metadata or {}), _METADATA: json.dumps(self._account()).encode()}
        with open(part, "wb") as stream:
            pq.write_table(table.replace_schema_metadata(metadata), stream)

    @classmethod
    def _from_parquet(cls, path: Path) -> Self:
        import pyarrow.parquet as pq

        table = pq.read_table(path, partitioning=None)
        account = json.loads((table.schema.metadata or {})[_METADATA])
        columns = table.column_names[1:]
        X = np.empty((table.num_rows, len(columns)), np.float32)
        for i, name in enumerate(columns):
            X[:, i] = table[name].to_numpy()
        return cls(np.array(table["clip_id"].to_pylist(), dtype=str), X, columns, *_restore(account))

    def _to_csv(self, part: Path) -> None:
        # float32 needs 9 significant digits to come back bit for bit
        as_cells(self.frame()).to_csv(part, float_format="%.9g")

    @classmethod
    def _from_csv(cls, path: Path) -> Self:
        account = json.loads(_status_path(path).read_text(encoding="utf-8"))
        frame = pd.read_csv(path, dtype={"clip_id": str}, keep_default_na=False, na_values=[""]).set_index("clip_id")
        X, ids = frame.to_numpy(dtype=np.float32), np.array([from_cell(clip) for clip in frame.index], dtype=str)
        return cls(ids, X, [from_cell(name) for name in frame.columns], *_restore(account))

    def _to_npz(self, part: Path) -> None:
        status: dict[str, Any] = {f"status_{name}": _plain(self.status[name]) for name in self.status}
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
    def _from_npz(cls, path: Path) -> Self:
        with np.load(path, allow_pickle=False) as stored:
            columns = {k.removeprefix("status_"): stored[k] for k in stored.files if k.startswith("status_")}
            status = pd.DataFrame(columns, index=pd.Index(stored["clip_id"], name="clip_id"))
            return cls(
                stored["clip_id"], stored["X"], stored["columns"].tolist(), status, json.loads(str(stored["info"]))
            )


def _known_format(path: str | Path) -> Path:
    path = Path(path)
    if path.suffix.lower() not in FORMATS:
        raise InputError(f"{path}: unknown table format {path.suffix!r}; use one of {', '.join(FORMATS)}")
    return path


def _plain(column: pd.Series) -> np.ndarray:
    """Array of a status column without Python objects, which npz could only pickle."""
    return column.to_numpy(dtype=float) if pd.api.types.is_numeric_dtype(column) else column.to_numpy(dtype=str)


def _restore(account: dict[str, Any]) -> tuple[pd.DataFrame, dict[str, Any]]:
    stored = account["status"]
    status = pd.DataFrame(stored["data"], index=pd.Index(stored["index"], name="clip_id"), columns=stored["columns"])
    for name in ("duration", "detection_rate", "several_faces", "time"):
        if name in status:
            status[name] = status[name].astype(float)
    return status, account["info"]


def _status_path(path: Path) -> Path:
    return path.with_name(path.stem + ".status.json")


def _replace(path: Path, write: Callable[[Path], object]) -> None:
    """Call ``write`` with a temporary path beside ``path``, then put the whole file in place."""
    part = path.with_name(f".{path.stem}.{os.getpid()}{path.suffix}")
    try:
        write(part)
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)
