"""Reader ``table``: one's own corpus as a table with a row a clip."""

from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

from avbaselines.corpora.clip_tables import LocatedFiles, first_file, read_clips
from avbaselines.corpora.corpus import Release
from avbaselines.schema import Section

ENVIRONMENT = "AVBASELINES_DATA"
NEEDS = "a csv or parquet table with a row a clip (an id, a group, targets), named by corpus.clips; see the README"


class Options(Section):
    """Keys of ``[corpus]`` for this reader.

    Attributes
    ----------
    clips : path, list of paths, or table of paths
        csv, parquet or ARFF, a row a clip; an npz of arrays; a data set saved to disk or parquet shards. Several are
        parts of one table; ``{ train = "train.csv", test = "test.csv" }`` names the parts in a column ``partition``.
    id : str
        Column of the clip ids.
    """

    reader: ClassVar[str] = "table"
    clips: LocatedFiles
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
    found = read_clips(options.clips, options.id)
    root = data or first_file(options.clips).parent
    return Release(clips=found.clips, group=None, root=root, notes=list(found.notes), segments=found.segments)
