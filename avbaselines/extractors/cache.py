"""Cache of features on disk, keyed by what the recording holds and how they were extracted.

One small file a clip, in a folder a recipe-and-version::

    <cache>/features/<extractor>-<digest>/about.json
                                         /columns-<digest>.json
                                         /<2 digits>/<sha256 of the recording>[@start-end].row
    <cache>/contents/<2 digits>/<digest>         sha256 of a file, known by its path, size, time and inode

Every file is known by a checksum of its whole content and of whose it is; a damaged or mistaken one counts as none.
Every file is written whole beside its place and then moved there, so that runs beside each other and killed runs leave
nothing half-written. There is no index and no lock, and therefore nothing that a network file system could break.
"""

import hashlib
import json
import os
import time
import uuid
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from avbaselines.extractors.rows import Rows

VARIABLE = "AVBASELINES_CACHE"

# A file changed again within the clock's grain would keep its time: such fresh files are hashed each time.
_FRESH_SECONDS = 2.0
_DAY = 86400.0


class Usage(NamedTuple):
    """Disk use of one recipe and version; ``last_used`` in seconds since 1970.

    Examples
    --------
    >>> Usage("egemaps (opensmile-0123)", entries=2, bytes=800, last_used=0.0).entries
    2
    """

    name: str
    entries: int
    bytes: int
    last_used: float


def default_folder() -> Path:
    """The cache's folder: ``$AVBASELINES_CACHE``, else this user's cache folder of the system.

    Examples
    --------
    >>> import os
    >>> os.environ[VARIABLE] = "features"
    >>> default_folder().name
    'features'
    >>> del os.environ[VARIABLE]
    """
    if named := os.environ.get(VARIABLE):
        return Path(named).expanduser()
    from platformdirs import user_cache_path

    return user_cache_path("avbaselines", appauthor=False)


class FeatureCache:
    """Feature rows kept by content.

    Parameters
    ----------
    folder
        Default: :func:`default_folder`.

    Examples
    --------
    >>> import tempfile
    >>> cache = FeatureCache(tempfile.mkdtemp())
    >>> cache.get("opensmile-0123", "ab12") is None
    True
    """

    def __init__(self, folder: str | Path | None = None) -> None:
        self.folder = Path(folder) if folder is not None else default_folder()

    def content(self, path: str | Path) -> str:
        """The sha256 of a file's bytes, 64 hexadecimal digits; of a folder that of its files' names and bytes.

        A file is read once: its hash is remembered by real path, size, modification time (ns) and inode, unless it was
        changed within the last two seconds. Whoever changes a file and puts all four back fools it.

        Raises
        ------
        OSError
            The file cannot be read.

        Examples
        --------
        >>> import tempfile
        >>> folder = Path(tempfile.mkdtemp())
        >>> _ = (folder / "clip.wav").write_bytes(b"sound")
        >>> FeatureCache(folder / "cache").content(folder / "clip.wav")[:8]
        'dd29442d'
        """
        real = os.path.realpath(path)
        if os.path.isdir(real):
            named = [f"{name}\0{self.content(os.path.join(real, name))}" for name in sorted(os.listdir(real))]
            return hashlib.sha256("\n".join(named).encode(errors="surrogateescape")).hexdigest()
        before = os.stat(real)
        state = hashlib.sha256(
            f"{real}\0{before.st_size}\0{before.st_mtime_ns}\0{before.st_dev}\0{before.st_ino}".encode(
                errors="surrogateescape"
            )
        ).hexdigest()
        memo = self.folder / "contents" / state[:2] / state
        try:
            text = memo.read_text(encoding="ascii")
            if text == _memo(state, text[:64]):
                return text[:64]
        except (OSError, UnicodeDecodeError):
            pass  # not remembered yet, or damaged: read the file
        with open(real, "rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        if time.time() - before.st_mtime >= _FRESH_SECONDS:
            _write(memo, _memo(state, digest).encode("ascii"))
        return digest

    def get(self, group: str, key: str) -> Rows | None:
        """Rows stored under a key, or None where there are none or the file is damaged.

        Parameters
        ----------
        group
            Extractor and digest of the recipe (see :meth:`avbaselines.extractors.recipe.Recipe.digest`).
        key
            Content and segment.

        Examples
        --------
        >>> import tempfile
        >>> FeatureCache(tempfile.mkdtemp()).get("opensmile-0123", "ab12") is None
        True
        """
        path = self._path(group, key)
        try:
            checksum, _, content = path.read_bytes().partition(b"\n")
            if checksum != _checksum(group, key, content):
                return None
            line, _, data = content.partition(b"\n")
            head = json.loads(line)
            columns = _columns(path.parents[1] / head["columns"])
            shape = head["shape"]
            X = np.frombuffer(data, "<f4", count=shape[0] * shape[1]).reshape(shape).astype(np.float32)
            times = np.frombuffer(data, "<f8", offset=X.nbytes) if head["windowed"] else None
            rate = np.nan if head["detection_rate"] is None else head["detection_rate"]
            # rows of sound, written before faces were counted, have no such entry
            several = np.nan if head.get("several_faces") is None else head["several_faces"]
            rows = Rows(X, columns, times, head["remark"], head["duration"], rate, head["info"], several)
            if time.time() - path.stat().st_mtime > _DAY:
                os.utime(path)
            return rows
        except (OSError, ValueError, KeyError):
            return None

    def put(self, group: str, key: str, rows: Rows, about: Mapping[str, Any]) -> None:
        """Store rows; a cache that cannot be written is an error, for it would silently cost every later run.

        Parameters
        ----------
        group, key
            As for `get`.
        rows
            Of one recording.
        about
            Recipe, extractor, version and options, kept beside the rows for people and the size report.

        Examples
        --------
        >>> import tempfile
        >>> cache = FeatureCache(tempfile.mkdtemp())
        >>> rows = Rows(np.ones((1, 2), np.float32), ("a", "b"), None, "", 1.5, np.nan, {})
        >>> cache.put("opensmile-0123", "ab12", rows, {"recipe": "egemaps"})
        >>> cache.get("opensmile-0123", "ab12").X
        array([[1., 1.]], dtype=float32)
        """
        folder = self.folder / "features" / group
        if not (folder / "about.json").exists():
            _write(folder / "about.json", json.dumps(about, indent=1).encode())
        columns = json.dumps(rows.columns).encode()
        named = _columns_file(columns)
        if not _holds(folder / named, columns):
            _write(folder / named, columns)
            _columns.cache_clear()
        data = rows.X.astype("<f4").tobytes()
        if rows.times is not None:
            data += rows.times.astype("<f8").tobytes()
        head = {
            "columns": named,
            "shape": rows.X.shape,
            "windowed": rows.times is not None,
            "remark": rows.remark,
            "duration": float(rows.duration),
            "detection_rate": None if np.isnan(rows.detection_rate) else float(rows.detection_rate),
            "info": rows.info,
            "several_faces": None if np.isnan(rows.several_faces) else float(rows.several_faces),
        }
        content = json.dumps(head).encode() + b"\n" + data
        _write(self._path(group, key), _checksum(group, key, content) + b"\n" + content)

    def usage(self) -> list[Usage]:
        """Disk use of every recipe and version, largest first.

        Examples
        --------
        >>> import tempfile
        >>> FeatureCache(tempfile.mkdtemp()).usage()
        []
        """
        report = []
        for folder in self._groups():
            try:
                name = json.loads((folder / "about.json").read_text(encoding="utf-8"))["recipe"]
            except (OSError, ValueError, KeyError):
                name = "?"
            files = [path.stat() for path in folder.glob("*/*.row")]
            if not files:
                continue
            size = sum(stat.st_size for stat in files)
            report.append(Usage(f"{name} ({folder.name})", len(files), size, max(s.st_mtime for s in files)))
        return sorted(report, key=lambda usage: -usage.bytes)

    def prune(self, days: float) -> tuple[int, int]:
        """Remove entries that nobody used for so many days (0 = all) and what killed runs left behind.

        Returns
        -------
        entries, bytes
            What was removed.

        Examples
        --------
        >>> import tempfile
        >>> FeatureCache(tempfile.mkdtemp()).prune(30)
        (0, 0)
        """
        limit = time.time() - days * _DAY
        removed = size = 0
        # The folders and their column lists stay: another run may be about to write into them.
        for path in (self.folder / "features").glob("*/*/*.row"):
            stat = path.stat()
            # use is noted once a day, see `get`
            if stat.st_mtime <= limit:
                path.unlink(missing_ok=True)
                removed, size = removed + 1, size + stat.st_size
        for path in (self.folder / "contents").glob("*/*"):
            if path.stat().st_mtime <= limit:
                path.unlink(missing_ok=True)
        for path in self.folder.rglob("*.part"):
            if path.stat().st_mtime <= time.time() - min(days, 1) * _DAY:
                path.unlink(missing_ok=True)
        return removed, size

    def _groups(self) -> list[Path]:
        return sorted(path for path in (self.folder / "features").glob("*") if path.is_dir())

    def _path(self, group: str, key: str) -> Path:
        return self.folder / "features" / group / key[:2] / f"{key}.row"


@lru_cache(maxsize=64)
def _columns(path: Path) -> tuple[str, ...]:
    """Names in a file that never changes, once for all rows: thousands of names a row would outweigh the numbers.

    The file is called by the digest of its content.
    """
    content = path.read_bytes()
    if path.name != _columns_file(content):
        raise ValueError("damaged")
    return tuple(json.loads(content))


def _columns_file(content: bytes) -> str:
    return f"columns-{hashlib.sha256(content).hexdigest()[:16]}.json"


def _memo(state: str, digest: str) -> str:
    """What is remembered of a file in a state: its hash, and a checksum of both."""
    return digest + hashlib.sha256(f"{state} {digest}".encode()).hexdigest()


def _checksum(group: str, key: str, content: bytes) -> bytes:
    """Of all that a file of rows holds, and of whose it is."""
    return hashlib.sha256(f"{group}/{key}\n".encode() + content).hexdigest().encode()


def _holds(path: Path, content: bytes) -> bool:
    try:
        return path.read_bytes() == content
    except OSError:
        return False


def _write(path: Path, data: bytes) -> None:
    """Put a whole file in its place, or none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{uuid.uuid4().hex}.part")
    try:
        part.write_bytes(data)
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)
