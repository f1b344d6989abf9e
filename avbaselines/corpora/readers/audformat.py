"""Reader ``audformat``: databases in audformat, ``db.yaml`` with its tables as csv or parquet.

The header and the tables are read here: audformat's own loader prefers pickled tables, and a YAML loader that makes any
Python object; both run code that lies in the folder.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml
from pydantic import Field

from avbaselines.corpora.corpus import Progress, Release
from avbaselines.corpora.segments import RowParts, row_parts
from avbaselines.corpora.tables import index_by_id, read_table
from avbaselines.corpora.text_form import as_text
from avbaselines.errors import InputError
from avbaselines.schema import Section, nearest

ENVIRONMENT = "AUDFORMAT_DATA"
NEEDS = "the folder of an audformat database, with db.yaml and its tables as csv or parquet"

HEADER, SPLIT, SPEAKER = "db.yaml", "split", "speaker"
TYPES = {"filewise": ["file"], "segmented": ["file", "start", "end"]}


class Options(Section):
    """Keys of ``[corpus]`` for this reader.

    Attributes
    ----------
    tables
        Tables whose rows are the clips, all filewise or all segmented; by default all where that is so.

    Examples
    --------
    >>> Options(tables=["emotion.train", "emotion.test"]).tables
    ['emotion.train', 'emotion.test']
    """

    tables: list[str] | None = Field(default=None, min_length=1)


def recognise(root: Path) -> dict[str, str] | None:
    """No keys where the folder holds a database's header, else None.

    Examples
    --------
    >>> recognise(Path("nowhere")) is None
    True
    """
    return {} if (root / HEADER).is_file() else None


def read(options: Options, data: Path | None, progress: Progress | None = None) -> Release:
    """Read the tables of a database: a row a file or segment, a column a column of the tables.

    A column whose scheme has labels with properties (of speakers, say) is followed by these, ``speaker.gender``. The
    column ``split`` is the type of a table's split (train, dev, test).

    Parameters
    ----------
    options
    data
        Folder of the database.
    progress
        Not called.

    Raises
    ------
    InputError
        No database, a table that is missing or pickled, tables of both types, or rows that contradict one another.

    Examples
    --------
    >>> read(Options(), Path("nowhere"))
    Traceback (most recent call last):
    avbaselines.errors.InputError: nowhere/db.yaml: no such file; needed is the folder of an audformat database, with \
db.yaml and its tables as csv or parquet
    """
    if data is None:
        raise InputError(f"the database's folder is not known; give it with --data DIR; needed is {NEEDS}")
    header = _header(data / HEADER)
    names = _chosen(header, options.tables, data / HEADER)
    parts = [_table(data, name, header) for name in names]
    merged = _merged(parts, names, data)
    rows = _parts(merged.reset_index(), data)
    clips = index_by_id(merged.reset_index().assign(clip_id=rows.ids), "clip_id", data)
    notes = [f"clips are the rows of {', '.join(names)}"] if len(names) > 1 or options.tables is None else []
    if SPLIT in clips and clips[SPLIT].isna().any():
        notes.append(f"{int(clips[SPLIT].isna().sum())} clips are of a table without split")
    return Release(
        clips=clips.drop(columns="clip_id"),
        group=SPEAKER if SPEAKER in clips else None,
        root=data,
        notes=notes,
        segments=rows.segments,
    )


def _header(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise InputError(f"{path}: no such file; needed is {NEEDS}")
    try:
        header = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise InputError(f"{path}: cannot be read ({str(error).splitlines()[0]})") from None
    if not isinstance(header, dict) or not isinstance(header.get("tables"), dict) or not header["tables"]:
        raise InputError(f"{path}: has no tables; is it the header of an audformat database?")
    return header


def _chosen(header: dict[str, Any], wanted: list[str] | None, path: Path) -> list[str]:
    types = {name: str(table.get("type")) for name, table in header["tables"].items()}
    for name in wanted or ():
        if name not in types:
            known = ", ".join(types)
            raise InputError(f"{path}: corpus.tables: no table {name!r}{nearest(name, types)}; known: {known}")
    names = wanted or list(types)
    if len({types[name] for name in names}) > 1 or types[names[0]] not in TYPES:
        shown = ", ".join(f"{name} ({types[name]})" for name in names)
        raise InputError(f"{path}: which tables are the clips? Say it in corpus.tables; all of one type: {shown}")
    return names


def _table(folder: Path, name: str, header: dict[str, Any]) -> pd.DataFrame:
    """One table, indexed by file (and start and end), with what labels say of themselves as further columns."""
    described = header["tables"][name]
    index = TYPES[described["type"]]
    table = _read(folder, name, index)
    lacking = [column for column in index if column not in table.columns]
    if lacking:
        raise InputError(f"{folder}: table {name!r} lacks column {lacking[0]!r} of its index")
    for column, meaning in (described.get("columns") or {}).items():
        scheme = (header.get("schemes") or {}).get((meaning or {}).get("scheme_id"), {})
        if column in table.columns:
            table = _with_properties(table, column, scheme.get("labels"), folder, header)
    split = described.get("split_id")
    if split is not None and SPLIT not in table.columns:
        kind = ((header.get("splits") or {}).get(split) or {}).get("type", split)
        table = table.assign(**{SPLIT: str(kind)})
    times = {column: pd.to_timedelta(table[column]) for column in index[1:]}
    return table.assign(**times).set_index(index)


def _read(folder: Path, name: str, ids: list[str]) -> pd.DataFrame:
    found = [folder / f"db.{name}.{ending}" for ending in ("parquet", "csv")]
    path = next((path for path in found if path.is_file()), None)
    if path is None:
        pickled = (folder / f"db.{name}.pkl").is_file()
        what = "is there as a pickle alone, which is not read: save the database as csv or parquet" if pickled else (
            f"is missing: needed is {found[0].name} or {found[1].name}"
        )
        raise InputError(f"{folder}: table {name!r} {what}")
    return read_table(path, key="corpus.tables", ids=ids[:1], codes=True)


def _with_properties(
    table: pd.DataFrame, column: str, labels: Any, folder: Path, header: dict[str, Any]
) -> pd.DataFrame:
    """The table with the properties of a column's labels: of a misc table, or written into the scheme."""
    if isinstance(labels, str) and labels in (header.get("misc_tables") or {}):
        level = list(header["misc_tables"][labels].get("levels") or {"": ""})
        if len(level) != 1:
            return table
        properties = _read(folder, labels, level).set_index(level[0])
    elif isinstance(labels, dict) and all(isinstance(value, dict) for value in labels.values()):
        properties = pd.DataFrame.from_dict(labels, orient="index")
    else:
        return table
    properties.index = properties.index.astype(str)
    added = {
        f"{column}.{name}": table[column].astype(str).map(properties[name])
        for name in properties.columns
        if f"{column}.{name}" not in table.columns
    }
    return table.assign(**added)


def _merged(tables: list[pd.DataFrame], names: list[str], folder: Path) -> pd.DataFrame:
    """All rows and columns; a row of several tables may not say two things of one column."""
    merged = tables[0]
    for table, name in zip(tables[1:], names[1:], strict=True):
        both = merged.index.intersection(table.index)
        for column in merged.columns.intersection(table.columns):
            ours, theirs = merged.loc[both, column], table.loc[both, column]
            unlike = ours.notna() & theirs.notna() & (ours.astype(str) != theirs.astype(str))
            if unlike.any():
                said, other = theirs[unlike].iloc[0], ours[unlike].iloc[0]
                raise InputError(
                    f"{folder}: table {name!r} says {said!r} of {column!r} for {both[unlike][0]}, another table "
                    f"{other!r}; name the tables of the clips in corpus.tables"
                )
        order = merged.index.append(table.index.difference(merged.index, sort=False))
        merged = merged.combine_first(table).reindex(order)
    return merged


def _parts(table: pd.DataFrame, folder: Path) -> RowParts:
    parts = row_parts(table, folder)
    if parts is None:
        files = np.asarray(as_text(table["file"]).tolist(), dtype=str)
        parts = RowParts(files, np.zeros(len(files)), np.full(len(files), np.nan))
    return parts
