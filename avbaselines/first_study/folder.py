"""Everything that lies in a folder: tables, folders with a table a clip, and media."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from avbaselines.corpora.tables import column_names
from avbaselines.errors import InputError
from avbaselines.extractors.recipe import AUDIO_SUFFIXES, VIDEO_SUFFIXES

TABLES = (".csv", ".tsv", ".parquet", ".pq", ".arff", ".npz")
MOST_FILES = 500_000
SERIES = 3
"""Tables of the same columns in one folder from which on they are one a clip or recording."""
PARTS = {"train", "dev", "devel", "val", "valid", "validation", "development", "test"}


@dataclass
class Contents:
    """Files of a folder, by what they may be.

    Attributes
    ----------
    tables : list of Path
        Each to be read by itself.
    series : dict of Path to list of str
        Folders with a table a clip (or recording), and the columns of these tables.
    audio, video : dict of Path to int
        Folders below which media lie, and how many.
    arrays : list of Path
        npy files, which no study reads.
    """

    root: Path
    tables: list[Path] = field(default_factory=list)
    series: dict[Path, list[str]] = field(default_factory=dict)
    audio: dict[Path, int] = field(default_factory=dict)
    video: dict[Path, int] = field(default_factory=dict)
    arrays: list[Path] = field(default_factory=list)

    def name(self, path: Path) -> str:
        """A path as a study names it: below ``${data}``.

        Examples
        --------
        >>> Contents(Path("/corpus")).name(Path("/corpus/audio"))
        '${data}/audio'
        """
        below = path.relative_to(self.root).as_posix()
        return "${data}" if below == "." else f"${{data}}/{below}"


def look(root: Path) -> Contents:
    """Look through a folder; hidden files and folders are left out.

    Raises
    ------
    InputError
        No such folder, nothing in it that a study could read, or too much.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> (folder / "a.wav").touch(), (folder / "clips.csv").write_text("clip_id,arousal\\n")
    (None, 16)
    >>> found = look(folder)
    >>> [path.name for path in found.tables], list(found.audio.values())
    (['clips.csv'], [1])
    """
    if not root.is_dir():
        raise InputError(f"{root}: no such folder; name the folder that holds your tables or recordings")
    root = root.resolve()
    files = list(_files(root))
    found = Contents(root, arrays=[path for path in files if path.suffix.lower() == ".npy"])
    sound = set(AUDIO_SUFFIXES) - set(VIDEO_SUFFIXES)
    found.audio = _places(root, [path for path in files if path.suffix.lower() in sound])
    found.video = _places(root, [path for path in files if path.suffix.lower() in VIDEO_SUFFIXES])
    for path in set(found.audio) & set(found.video):
        del found.audio[path]  # the sound is in the videos, and both by one name could not be told apart
    _sort_tables([path for path in files if _is_table(path)], found)
    if not (found.tables or found.series or found.audio or found.video):
        known = ", ".join((*TABLES, *AUDIO_SUFFIXES[:3], *VIDEO_SUFFIXES[:2]))
        raise InputError(f"{root}: holds no table and no recording ({known} ...); see the README on your own tables")
    return found


def _files(root: Path) -> Iterator[Path]:
    count = 0
    for parent, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            if not name.startswith("."):
                count += 1
                yield Path(parent, name)
        if count > MOST_FILES:
            raise InputError(f"{root}: holds over {MOST_FILES} files; name the folder of one corpus")


def _is_table(path: Path) -> bool:
    return path.suffix.lower() in TABLES or path.name.lower().endswith(".csv.gz")


def _places(root: Path, files: Iterable[Path]) -> dict[Path, int]:
    """For each folder right below the root the narrowest folder that holds all of its files, with their number."""
    together: dict[str, list[Path]] = {}
    for path in files:
        below = path.relative_to(root).parts
        together.setdefault(below[0] if len(below) > 1 else "", []).append(path.parent)
    places = {Path(os.path.commonpath(folders)): len(folders) for folders in together.values()}
    if root in places:  # the files of the folders below would be read with those of the root
        return {root: sum(places.values())}
    return places


def _sort_tables(files: list[Path], found: Contents) -> None:
    by_folder: dict[Path, list[Path]] = {}
    for path in files:
        by_folder.setdefault(path.parent, []).append(path)
    for folder, paths in by_folder.items():
        texts = [path for path in paths if path.suffix.lower() in (".csv", ".tsv", ".arff")]
        columns = _columns_in_common(texts)
        if columns is not None:
            found.series[folder] = columns
        found.tables += [path for path in paths if columns is None or path not in texts]


def _columns_in_common(paths: list[Path]) -> list[str] | None:
    """Columns of tables that all have the same ones, judged by the first few and the last; else None."""
    if len(paths) < SERIES or any(path.stem.lower() in PARTS for path in paths):
        return None
    try:
        first, *others = [column_names(path) for path in (*paths[:SERIES], paths[-1])]
    except InputError:
        return None
    return first if all(columns == first for columns in others) else None
