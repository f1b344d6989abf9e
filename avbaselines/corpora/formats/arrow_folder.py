"""Folders of Arrow or parquet files: data sets that Hugging Face ``datasets`` saved to disk, and parquet shards."""

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from avbaselines.errors import InputError
from avbaselines.schema import nearest

__all__ = ["PART", "arrow_features", "arrow_table", "is_arrow_folder"]

PART = "partition"
"""Column that says which split of a data set a row is of."""
_SHARD = re.compile(r"(?P<part>[A-Za-z][\w.]*?)-\d{5}-of-\d{5}")
_NUMBERS = (pa.types.is_integer, pa.types.is_floating, pa.types.is_boolean)


def is_arrow_folder(folder: Path) -> bool:
    """Whether a folder holds a saved data set or parquet shards.

    Examples
    --------
    >>> is_arrow_folder(Path("nowhere"))
    False
    """
    return folder.is_dir() and any(_files(folder))


def arrow_table(folder: Path, key: str) -> tuple[pd.DataFrame, list[str]]:
    """The rows of all splits as a data frame, class labels as their names, and notes on what was left out.

    The column `PART` names the split of a row where the folder has several, or one that is named.

    Raises
    ------
    InputError
        No or unreadable files, or splits of other columns.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "train-00000-of-00001.parquet")
    ...     pq.write_table(pa.table({"id": ["a"], "vector": [[1.0, 2.0]]}), path)
    ...     table, notes = arrow_table(Path(folder), "corpus.clips")
    >>> table.to_dict("records"), notes[0].partition(": ")[2]
    ([{'id': 'a', 'partition': 'train'}], 'vector left out, which is no column of single values')
    """
    table = _read(folder, key)
    nested = [field.name for field in table.schema if pa.types.is_nested(field.type) or pa.types.is_binary(field.type)]
    notes = [f"{folder.name}: {', '.join(nested)} left out, which is no column of single values"] if nested else []
    return table.drop_columns(nested).to_pandas(), notes


def arrow_features(
    folder: Path, key: str, id_name: str, column: str | None
) -> tuple[Sequence[Any], list[np.ndarray] | np.ndarray, list[str]]:
    """Ids and one column of vectors, each a row (d,) or steps (steps, d), or else all columns of numbers.

    Parameters
    ----------
    folder, key
    id_name
        Column of ids.
    column
        The column of vectors; None where there is just one, or none.

    Returns
    -------
    ids : sequence
    X : list of ndarray of shape (steps, d), or ndarray of shape (n, d)
    columns : list of str

    Raises
    ------
    InputError
        No such columns, several that it could be, or vectors of different lengths.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     pq.write_table(pa.table({"clip_id": ["a"], "vector": [[1.0, 2.0]]}), Path(folder, "x.parquet"))
    ...     ids, X, columns = arrow_features(Path(folder), "modalities.text", "clip_id", None)
    >>> ids, X.tolist(), columns
    (['a'], [[1.0, 2.0]], ['vector_0', 'vector_1'])
    """
    table, source = _read(folder, key), f"{key}: {folder}"
    if id_name not in table.column_names:
        raise InputError(
            f"{source}: no id column {id_name!r}{nearest(id_name, table.column_names)}; say in the study what it is "
            f"called (modalities.NAME.id); columns: {', '.join(table.column_names[:12])}"
        )
    lists = [field.name for field in table.schema if _is_list(field.type)]
    if column is None and len(lists) > 1:
        raise InputError(f"{source}: which of {', '.join(lists)} are the features? Say it: array = {lists[0]!r}")
    name = column or next(iter(lists), None)
    ids = table.column(id_name).to_pylist()
    if name is None:
        others = [field for field in table.schema if field.name not in (id_name, PART)]
        numbers = [field.name for field in others if any(is_(field.type) for is_ in _NUMBERS)]
        if not numbers:
            raise InputError(f"{source}: has no column of vectors or numbers")
        return ids, table.select(numbers).to_pandas().to_numpy(np.float64, na_value=np.nan), numbers
    if name not in lists:
        raise InputError(f"{source}: array = {name!r} is no column of vectors{nearest(name, lists)}")
    return ids, *_vectors(table.column(name), name, source)


def _vectors(column: pa.ChunkedArray, name: str, source: str) -> tuple[list[np.ndarray] | np.ndarray, list[str]]:
    array = column.combine_chunks()
    if isinstance(array, pa.ChunkedArray):  # of no or several chunks, by version of pyarrow
        array = pa.concat_arrays(array.chunks)
    if array.null_count:
        raise InputError(f"{source}: {array.null_count} rows of {name!r} are empty; leave them out")
    steps = _is_list(array.type.value_type)
    rows = [np.asarray(row, dtype=np.float64 if not steps else None) for row in array.to_pylist()] if not steps else [
        np.array([np.asarray(step, np.float64) for step in row]) for row in array.to_pylist()
    ]
    shapes = {row.shape[-1] if row.ndim == 1 + steps else -1 for row in rows}
    if len(shapes) != 1 or -1 in shapes or 0 in shapes:
        raise InputError(f"{source}: vectors of {name!r} have different lengths; needed are as many features each")
    columns = [f"{name}_{number}" for number in range(shapes.pop())]
    return (rows if steps else np.array(rows)), columns


def _is_list(kind: pa.DataType) -> bool:
    if pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
        inner = kind.value_type
        return any(is_(inner) for is_ in _NUMBERS) or _is_list(inner)
    return False


def _files(folder: Path) -> Iterator[tuple[str, Path]]:
    """Pairs of the name of a split (empty where it has none) and a file, in order."""
    splits = folder / "dataset_dict.json"
    if splits.is_file():
        for name in _json(splits).get("splits", []):
            yield from ((str(name), path) for _, path in _files(folder / str(name)))
    elif (folder / "state.json").is_file():
        yield from (("", folder / file["filename"]) for file in _json(folder / "state.json").get("_data_files", []))
    else:
        for place in (folder, folder / "data"):
            shards = sorted(place.glob("*.parquet"))
            for path in shards:
                named = _SHARD.fullmatch(path.stem)
                yield named["part"] if named else "", path
            if shards:
                return


def _read(folder: Path, key: str) -> pa.Table:
    source = f"{key}: {folder}"
    files = list(_files(folder))
    if not files:
        raise InputError(f"{source}: holds no saved data set (state.json with its arrow files) and no parquet shards")
    tables: list[pa.Table] = []
    for part, path in files:
        if path.resolve().parent not in {folder.resolve(), *folder.resolve().glob("*")}:
            raise InputError(f"{source}: names a file outside of it, {path.name}")
        table = _named_classes(_read_file(path, source), path.parent)
        if part:
            if PART in table.column_names:
                raise InputError(f"{source}: has a column {PART!r}, and splits of their own; rename the column")
            table = table.append_column(PART, pa.array([part] * table.num_rows))
        if tables and table.column_names != tables[0].column_names:
            raise InputError(f"{source}: {path.name} has other columns than {files[0][1].name}")
        tables.append(table)
    try:
        return pa.concat_tables(tables, promote_options="permissive")
    except pa.ArrowException as error:
        raise InputError(f"{source}: its files do not fit together ({str(error).splitlines()[0]})") from None


def _read_file(path: Path, source: str) -> pa.Table:
    try:
        if path.suffix == ".parquet":
            return pq.read_table(path, partitioning=None)
        with pa.memory_map(str(path)) as stream:
            return pa.ipc.open_stream(stream).read_all()
    except (OSError, pa.ArrowException) as error:
        raise InputError(f"{source}: {path.name} cannot be read ({str(error).splitlines()[0]})") from None


def _named_classes(table: pa.Table, folder: Path) -> pa.Table:
    """The table with the names of class labels in place of their numbers; -1 = not labelled."""
    for name, names in _class_labels(table, folder).items():
        if name not in table.column_names or not pa.types.is_integer(table.schema.field(name).type):
            continue
        known = dict(enumerate(names))
        values = pa.array([known.get(code) for code in table.column(name).to_pylist()], pa.string())
        table = table.set_column(table.column_names.index(name), name, values)
    return table


def _class_labels(table: pa.Table, folder: Path) -> dict[str, list[str]]:
    features: Any = {}
    described = (table.schema.metadata or {}).get(b"huggingface")
    if described:
        features = json.loads(described).get("info", {}).get("features", {})
    elif (folder / "dataset_info.json").is_file():
        features = _json(folder / "dataset_info.json").get("features") or {}
    return {
        name: [str(label) for label in feature["names"]]
        for name, feature in features.items()
        if isinstance(feature, dict) and feature.get("_type") == "ClassLabel" and isinstance(feature.get("names"), list)
    }


def _json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read ({error})") from None
    return content if isinstance(content, dict) else {}
