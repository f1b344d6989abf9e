"""Reader ``creativeit``: continuous activation, valence and dominance of improvised theatre with motion capture.

USC CreativeIT (Metallinou et al. 2016, doi:10.1007/s10579-015-9300-0) is handed out on request, and no layout of its
files is documented in public. This reader therefore reads one layout, stated here, into which the files one holds are
to be brought; it cannot vouch for the release's own names::

    recordings.csv                            recording,session and, where known, further columns (kind, partition ...)
    annotations/<recording>_<actor>.csv       time,activation,valence,dominance and, where known, <attribute>_<rater>
    mocap/<recording>_<actor>.csv             time,<joint>_x,<joint>_y,<joint>_z ... (extractors.body_motion)
    audio/<recording>_<actor>.wav             speech of this actor

Times are seconds from the recording's beginning, positions metres. An actor is one word without ``_``.
"""

from pathlib import Path
from typing import Annotated, ClassVar

import numpy as np
import pandas as pd
from pydantic import Field

from avbaselines.corpora.corpus import Progress, Release
from avbaselines.corpora.tables import read_table
from avbaselines.corpora.text_form import as_text
from avbaselines.errors import InputError
from avbaselines.schema import Section, nearest

ENVIRONMENT = "AVBASELINES_CREATIVEIT"
NEEDS = (
    "USC CreativeIT, on request from https://sail.usc.edu/CreativeIT, brought into the one layout that is read (none "
    "is documented in public): recordings.csv (recording,session), annotations/<recording>_<actor>.csv "
    "(time,activation,valence,dominance), mocap/<recording>_<actor>.csv (time,<joint>_x,<joint>_y,<joint>_z, ...)"
)

ATTRIBUTES = ("activation", "valence", "dominance")


class Options(Section):
    """Keys of ``[corpus]`` for this reader.

    Attributes
    ----------
    hop
        Seconds between clips. The annotation is averaged over the ``hop`` seconds around each, whatever its own rate.

    Examples
    --------
    >>> Options(hop=0.1).hop
    0.1
    """

    reader: ClassVar[str] = "creativeit"
    hop: Annotated[float, Field(ge=0.01, le=60)] = 0.5


def recognise(folder: Path) -> dict[str, str] | None:
    """Keys of ``[corpus]`` for a folder that looks like this corpus (none, or where further labels lie); else None.

    Examples
    --------
    >>> recognise(Path("nowhere")) is None
    True
    """
    return {} if (folder / "recordings.csv").is_file() and (folder / "annotations").is_dir() else None



def read(options: Options, data: Path | None, progress: Progress | None = None) -> Release:
    """Read the annotations.

    Parameters
    ----------
    data
        Folder in the layout of this module.
    progress
        ``progress(done, total, recording)``.

    Returns
    -------
    Release
        A clip is called ``<recording>_<actor>@<seconds>``, as the rows of windowed feature tables are. Columns:
        ``recording`` (``<recording>_<actor>``: each actor is a series of its own), ``time``, ``interaction`` (the
        recording both actors share), ``actor``, ``session``, ``group``, ``activation``, ``valence``, ``dominance``, the
        further columns of both tables. The group is the session, for both actors of a dyad are in it; sessions that
        share an actor are one group.

    Raises
    ------
    InputError
        A file or column is missing, a recording has two rows or none, times do not ascend, or a value is no number.

    Examples
    --------
    >>> import tempfile
    >>> root = Path(tempfile.mkdtemp())
    >>> (root / "annotations").mkdir()
    >>> _ = (root / "recordings.csv").write_text("recording,session\\nr1,s1\\n")
    >>> rows = "time,activation,valence,dominance\\n0.0,0.1,0.2,0.3\\n0.1,0.3,0.2,0.3\\n"
    >>> _ = (root / "annotations" / "r1_F1.csv").write_text(rows)
    >>> clips = read(Options(hop=0.5), root).clips
    >>> clips.index.tolist(), clips["activation"].tolist()
    (['r1_F1@0.00'], [0.2])
    """
    if data is None or not Path(data).is_dir():
        raise InputError(f"{data}: no such folder; needed is {NEEDS} (give its place by --data or ${ENVIRONMENT})")
    root = Path(data)
    recordings = _recordings(root / "recordings.csv")
    paths = sorted((root / "annotations").glob("*.csv"))
    if not paths:
        raise InputError(f"{root / 'annotations'}: has no csv files; needed is {NEEDS}")
    frames = []
    for done, path in enumerate(paths, 1):
        interaction, separator, actor = path.stem.rpartition("_")
        if not separator or interaction not in recordings.index:
            raise InputError(
                f"{path}: is to be named <recording>_<actor>.csv after a recording of recordings.csv"
                f"{nearest(interaction, recordings.index)}"
            )
        frames.append(_series(path, interaction, actor, recordings.loc[interaction], options.hop))
        if progress:
            progress(done, len(paths), path.stem)
    silent = recordings.index.difference({frame["interaction"].iloc[0] for frame in frames})
    if len(silent):
        raise InputError(f"{root / 'annotations'}: has no file of recording {silent[0]!r}, which recordings.csv lists")
    clips = pd.concat(frames)
    groups, notes = _groups(clips)
    clips.insert(5, "group", clips["session"].map(groups))
    notes.insert(0, "CreativeIT: read from a layout of this suite's own; the release's is not documented in public")
    return Release(clips=clips, group="group", recording="recording", time="time", root=root, notes=notes)


def _recordings(path: Path) -> pd.DataFrame:
    if not path.is_file():
        raise InputError(f"{path}: no such file; needed is {NEEDS}")
    table = read_table(path, key="corpus", text=["recording", "session"])
    for column in ("recording", "session"):
        if column not in table.columns:
            raise InputError(f"{path}: no column {column!r}{nearest(column, table.columns)}")
        table[column] = as_text(table[column])
        if table[column].isna().any():
            raise InputError(f"{path}, line {int(table[column].isna().to_numpy().argmax()) + 2}: no {column}")
    taken = [column for column in table.columns if column in {"time", "interaction", "actor", "group", *ATTRIBUTES}]
    if taken:
        raise InputError(f"{path}: column {taken[0]!r} is one that the reader makes; rename it")
    twice = table["recording"][table["recording"].duplicated()]
    if len(twice):
        raise InputError(f"{path}: recording {twice.iloc[0]!r} has two rows; remove one")
    return table.set_index("recording")


def _series(path: Path, interaction: str, actor: str, about: pd.Series, hop: float) -> pd.DataFrame:
    """Clips of one actor in one recording."""
    table = read_table(path, key="corpus")
    for column in ("time", *ATTRIBUTES):
        if column not in table.columns:
            raise InputError(f"{path}: no column {column!r}{nearest(column, table.columns)}")
    for column in table.columns:
        values = pd.to_numeric(table[column], errors="coerce")
        wrong = ((values.isna() & table[column].notna()) | np.isinf(values.fillna(0))).to_numpy(bool)
        if wrong.any():
            row = int(wrong.argmax())
            raise InputError(f"{path}, line {row + 2}: {column} is {table[column].iloc[row]!r}, which is no number")
        table[column] = values.astype(float)
    times = table["time"].to_numpy()
    wrong = ~(np.diff(times, prepend=-np.inf) > 0) | ~(times >= 0)
    if wrong.any():
        row = int(wrong.argmax())
        raise InputError(f"{path}, line {row + 2}: time {times[row]:g} does not follow; times ascend from 0 in seconds")
    # rounding keeps a frame that falls between two clips, up to the last digit, from changing sides
    frame = np.floor(np.round(times / hop + 0.5, 6)).astype(int)
    means = table.drop(columns="time").groupby(frame).mean()
    # a window of features has its centre within the recording, and so has a clip
    step = np.median(np.diff(times)) if len(times) > 1 else hop
    means = means[np.round(means.index * hop, 6) < np.round(times[-1] + step, 6)]
    seconds = np.round(means.index.to_numpy() * hop, 6)
    digits = 2 if round(hop, 2) == hop else 3
    clips = pd.DataFrame(
        {
            "recording": path.stem,
            "time": seconds,
            "interaction": interaction,
            "actor": actor,
            **about.to_dict(),
            **{column: means[column].to_numpy() for column in means},
        }
    )
    clips.index = pd.Index([f"{path.stem}@{second:.{digits}f}" for second in seconds], name="clip_id")
    return clips


def _groups(clips: pd.DataFrame) -> tuple[dict[str, str], list[str]]:
    """Group of every session: sessions that share an actor become one, named after all of them."""
    members = {session: set(actors) for session, actors in clips.groupby("session")["actor"].unique().items()}
    joined: list[tuple[set[str], set[str]]] = []
    for session, actors in members.items():
        sessions, everybody = {session}, set(actors)
        for other in [group for group in joined if group[1] & actors]:
            joined.remove(other)
            sessions, everybody = sessions | other[0], everybody | other[1]
        joined.append((sessions, everybody))
    names = {session: "+".join(sorted(sessions)) for sessions, _ in joined for session in sessions}
    shared = sorted({name for session, name in names.items() if name != session})
    notes = [f"CreativeIT: sessions {name} share an actor and are one group" for name in shared]
    return names, notes
