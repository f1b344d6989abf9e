"""Reader ``table``: one's own corpus as a table with a row a clip."""

from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

from avbaselines.corpora.corpus import Release
from avbaselines.corpora.tables import id_column, index_by_id, read_table, with_id
from avbaselines.schema import LocatedPath, Section

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


def read(options: Options, data: Path | None, progress: Callable | None = None) -> Release:
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

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "clips.csv")
    ...     _ = path.write_text("clip_id,speaker\\nc01,s1\\n")
    ...     read(Options(clips=path), None).clips["speaker"].to_dict()
    {'c01': 's1'}
    """
    table = read_table(options.clips, key="corpus.clips", ids=[options.id], codes=True)
    clips = index_by_id(with_id(table, options.id, options.clips, "corpus.id"), options.id, options.clips)
    notes = []
    if options.id not in table.columns:
        notes.append(f"ids are read from column {id_column(table, options.id)!r}: there is no {options.id!r}")
    return Release(clips=clips, group=None, root=data or Path(options.clips).parent, notes=notes)
