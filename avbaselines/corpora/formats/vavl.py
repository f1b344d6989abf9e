"""VAVL's label files: the labels and five partitions that Goncalves et al. published for CREMA-D and MSP-IMPROV.

One csv for each partition, from https://github.com/ilucasgoncalves/VAVL (MIT); a row a clip, the same clips and labels
in every file, and in ``Split_Set`` the part that the clip belongs to in that partition.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from avbaselines.corpora.tables import read_table
from avbaselines.corpora.text_form import as_text
from avbaselines.errors import InputError
from avbaselines.schema import nearest

PARTITIONS = 5
PARTS = ("Train", "Development", "Test")
SOURCE = "https://github.com/ilucasgoncalves/VAVL"


def read_vavl(folder: Path, stem: str, labels: Sequence[str], prefix: str = "") -> pd.DataFrame:
    """Read the five label files of one corpus.

    Parameters
    ----------
    folder : Path
        Holds ``<stem>_1.csv`` ... ``<stem>_5.csv``.
    stem : str
        ``label_consensus`` (CREMA-D) or ``labels_consensus`` (MSP-IMPROV).
    labels : sequence of str
        Columns of numbers to read.
    prefix : str
        Put before ``split1`` ... ``split5`` in the result.

    Returns
    -------
    DataFrame
        Indexed by clip id (``FileName`` without suffix): the labels, ``speaker`` (``SpkrID`` as text), ``gender``
        (lower case) and the five partitions (``Train``, ``Development`` or ``Test``).

    Raises
    ------
    InputError
        A file or column is missing, a clip has two rows, a label is no number, a part is unknown, or the files
        disagree about the clips or their labels.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise InputError(f"corpus.vavl: no folder {folder}; it holds {stem}_1.csv ... of {SOURCE}")
    paths = [folder / f"{stem}_{number}.csv" for number in range(1, PARTITIONS + 1)]
    for path in paths:
        if not path.is_file():
            raise InputError(f"{path}: this partition is missing; all {PARTITIONS} files of {SOURCE} belong there")
    tables = [_read(path, labels) for path in paths]
    first = tables[0]
    for path, table in zip(paths[1:], tables[1:], strict=True):
        _refuse_differences(path, table, paths[0], first, labels)
    gender = first["Gender"].str.strip().str.lower()
    joined = first[list(labels)].assign(speaker=as_text(first["SpkrID"]), gender=gender)
    for number, table in enumerate(tables, 1):
        joined[f"{prefix}split{number}"] = table["Split_Set"].reindex(first.index)
    return joined


def _read(path: Path, labels: Sequence[str]) -> pd.DataFrame:
    table = read_table(path, key="corpus.vavl", text=["FileName", "SpkrID", "Gender", "Split_Set"])
    for column in ("FileName", *labels, "SpkrID", "Gender", "Split_Set"):
        if column not in table.columns:
            raise InputError(f"{path}: no column {column!r}{nearest(column, table.columns)}; is it a file of {SOURCE}?")
    names = as_text(table["FileName"])
    if names.isna().any():
        raise InputError(f"{path}, line {int(names.isna().to_numpy().argmax()) + 2}: no FileName")
    table = table.set_index(names.map(lambda name: Path(name).stem).rename("clip_id"))
    twice = table.index.duplicated()
    if twice.any():
        raise InputError(
            f"{path}, line {int(twice.argmax()) + 2}: a second label row for clip {table.index[twice][0]!r}; remove one"
        )
    for label in labels:
        values = pd.to_numeric(table[label], errors="coerce")
        wrong = ~np.isfinite(values.to_numpy(float))
        if wrong.any():
            row = int(wrong.argmax())
            raise InputError(
                f"{path}, line {row + 2}: {label} of clip {table.index[row]!r} is {table[label].iloc[row]!r}, which "
                "is no number"
            )
        table[label] = values
    table["Split_Set"] = as_text(table["Split_Set"])
    unknown = ~table["Split_Set"].isin(PARTS).to_numpy()
    if unknown.any():
        row = int(unknown.argmax())
        raise InputError(
            f"{path}, line {row + 2}: Split_Set {table['Split_Set'].iloc[row]!r} of clip {table.index[row]!r} is none "
            f"of {', '.join(PARTS)}"
        )
    return table


def _refuse_differences(
    path: Path, table: pd.DataFrame, first_path: Path, first: pd.DataFrame, labels: Sequence[str]
) -> None:
    strangers = table.index.symmetric_difference(first.index)
    if len(strangers):
        where, not_where = (path, first_path) if strangers[0] in table.index else (first_path, path)
        raise InputError(
            f"{not_where}: has no row for clip {strangers[0]!r}, which {where.name} has; every partition holds all"
        )
    here, there = table.loc[first.index, list(labels)].to_numpy(float), first[list(labels)].to_numpy(float)
    differ = np.abs(here - there).max(axis=1) > 1e-6
    if differ.any():
        raise InputError(
            f"{path}: the labels of clip {first.index[differ][0]!r} are not those of {first_path.name}; only the "
            "partition may differ between the files"
        )
