"""Reader ``table``: one's own corpus as a table with a row a clip."""

from pathlib import Path
from typing import ClassVar

from avbaselines.corpora.corpus import Release
from avbaselines.corpora.tables import index_by_id, read_table
from avbaselines.errors import InputError
from avbaselines.schema import LocatedPath, Section, nearest

ENVIRONMENT = "AVBASELINES_DATA"
NEEDS = "a csv or parquet table with a row a clip (an id, a group, targets), named by corpus.clips; see the README"


class Options(Section):
    """Keys of ``[corpus]`` for this reader.

    Attributes
    ----------
    clips : path
        csv or parquet, a row a clip.
    id : str
        Column of the clip ids.
    """

    reader: ClassVar[str] = "table"
    clips: LocatedPath
    id: str = "clip_id"


def read(options, data, progress=None):
    """Read the clips table; every column stays, ids and groups as text.

    Parameters
    ----------
    options : Options
    data : Path or None
        The corpus' root; by default the folder of the clips table.

    Raises
    ------
    InputError
        Missing or unreadable file, missing id column, empty or repeated ids.
    """
    clips = read_table(options.clips, key="corpus.clips", text=[options.id], codes=True)
    if options.id not in clips.columns:
        raise InputError(
            f"{options.clips}: corpus.id names column {options.id!r}, which is not there"
            f"{nearest(options.id, clips.columns)}; columns: {_some(clips.columns)}"
        )
    clips = index_by_id(clips, options.id, options.clips)
    return Release(clips=clips, group=None, root=data or Path(options.clips).parent)


def _some(columns, most=12):
    columns = [str(column) for column in columns]
    return ", ".join(columns[:most]) + (f" and {len(columns) - most} more" if len(columns) > most else "")
