"""Tables of clips as people have them: one file or several, a container of arrays, a saved data set."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
from pydantic import PlainValidator, ValidationInfo

from avbaselines.corpora.formats.arrow_folder import PART, arrow_table, is_arrow_folder
from avbaselines.corpora.formats.npz_parts import read_npz_table
from avbaselines.corpora.segments import row_parts
from avbaselines.corpora.tables import id_column, index_by_id, read_table, with_id
from avbaselines.errors import InputError
from avbaselines.schema import located

__all__ = ["ClipFiles", "ClipTable", "first_file", "read_clips"]

ClipFiles = Path | list[Path] | dict[str, Path]
"""A table of clips, several that are parts of one, or one a part of the split."""

Segments = Mapping[str, tuple[str, float, float | None]]
"""File, start and end in seconds (None = its end) by clip id."""


def _files(value: Any, info: ValidationInfo) -> ClipFiles:
    if isinstance(value, str | Path):
        return located(value, info)
    if isinstance(value, list) and value and all(isinstance(item, str | Path) for item in value):
        return [located(item, info) for item in value]
    if isinstance(value, dict) and value and all(isinstance(item, str | Path) for item in value.values()):
        return {str(name): located(item, info) for name, item in value.items()}
    raise ValueError('must be a path, a list of paths, or a table such as { train = "train.csv", test = "test.csv" }')


LocatedFiles = Annotated[ClipFiles, PlainValidator(_files)]


@dataclass(frozen=True)
class ClipTable:
    """Clips by id, and what was noticed on the way.

    Attributes
    ----------
    clips : DataFrame
        Indexed by clip id.
    segments : mapping of str to (str, float, float or None)
        Of clips that are parts of files: file, start and end in seconds; empty where clips are whole files.
    notes : list of str

    Examples
    --------
    >>> ClipTable(pd.DataFrame(index=["a"])).segments
    {}
    """

    clips: pd.DataFrame
    segments: Segments = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def first_file(files: ClipFiles) -> Path:
    """The file, or the first of several.

    Examples
    --------
    >>> first_file({"train": Path("train.csv"), "test": Path("test.csv")}).name
    'train.csv'
    """
    if isinstance(files, Path):
        return files
    return next(iter(files.values() if isinstance(files, dict) else files))


def read_clips(files: ClipFiles, id_name: str, key: str = "corpus.clips") -> ClipTable:
    """Read clips: csv, parquet or ARFF; an npz of arrays; a data set saved to disk; or several of these.

    Parameters
    ----------
    files
        Of several, the rows follow one another; by name, the column ``partition`` holds the names.
    id_name : str
        Column of the ids. Where it is not there, a column that is known to hold ids is taken; rows with file, start and
        end are parts of files and get ids of these.
    key
        For errors.

    Raises
    ------
    InputError
        Missing or unreadable files, no ids, or ids that are empty or repeated.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     parts = {name: Path(folder, f"{name}.csv") for name in ("train", "test")}
    ...     for name, path in parts.items():
    ...         _ = path.write_text(f"clip_id,arousal\\n{name}1,3\\n")
    ...     read_clips(parts, "clip_id").clips["partition"].to_dict()
    {'train1': 'train', 'test1': 'test'}
    """
    table, notes = _joined(files, id_name, key)
    source = first_file(files)
    parts = None if id_name in table.columns else row_parts(table, source)
    if parts is not None:
        table = table.assign(**{id_name: parts.ids})
        notes.append(f"ids are made of {'file' if parts.whole else 'file, start and end'}: there is no {id_name!r}")
    elif id_name not in table.columns:
        notes.append(f"ids are read from column {id_column(table, id_name)!r}: there is no {id_name!r}")
    clips = index_by_id(with_id(table, id_name, source, "corpus.id"), id_name, source)
    return ClipTable(clips, {} if parts is None else parts.segments, notes)


def _joined(files: ClipFiles, id_name: str, key: str) -> tuple[pd.DataFrame, list[str]]:
    """The rows of all files; where these are named, with their names in the column `PART`."""
    if isinstance(files, Path):
        return _read(files, id_name, key)
    named: list[tuple[str | None, Path]]
    named = [*files.items()] if isinstance(files, dict) else [(None, path) for path in files]
    tables, notes = [], []
    for name, place in named:
        table, said = _read(place, id_name, key)
        if name is not None:
            if PART in table.columns and (table[PART].astype(str) != name).any():
                raise InputError(f"{place}: has a column {PART!r} with other values than {name!r}; rename it")
            table = table.assign(**{PART: name})
        tables.append(table)
        notes += said
    every = dict.fromkeys(column for table in tables for column in table.columns)
    for (_, place), table in zip(named, tables, strict=True):
        lacking = [str(column) for column in every if column not in table.columns]
        if lacking:
            notes.append(f"{place.name} has no column {', '.join(lacking[:5])}, which others have")
    return pd.concat(tables, ignore_index=True), notes


def _read(path: Path, id_name: str, key: str) -> tuple[pd.DataFrame, list[str]]:
    if path.is_dir():
        if not is_arrow_folder(path):
            raise InputError(f"{key}: {path}: is a folder without a saved data set or parquet shards; name a table")
        return arrow_table(path, key)
    if path.suffix.lower() == ".npz":
        return read_npz_table(path, key)
    return read_table(path, key=key, ids=[id_name], codes=True), []
