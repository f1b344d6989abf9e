"""Faces seen in the pictures of a clip: kept for every recipe to come, and brought down to one person's series."""

import hashlib
import json
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from avbaselines.extractors.cache import FeatureCache
from avbaselines.extractors.face_tables import FaceFrames
from avbaselines.extractors.face_tracks import follow
from avbaselines.extractors.media import MediaError, Segment
from avbaselines.extractors.recipe import FilmOptions
from avbaselines.extractors.rows import Rows

BOX = ("left", "top", "width", "height")
POSE = ("pitch", "yaw", "roll")
_COMMON = ("frame", "time", "score", *BOX)


class Seen(NamedTuple):
    """What a detector saw in the pictures of a segment.

    Attributes
    ----------
    table
        A row for each face of each frame, and one of NaN for a frame without a face: ``frame``, ``time`` (seconds since
        the beginning of the segment), ``score`` (0 to 1), ``left``, ``top``, ``width``, ``height`` (original pixels),
        the detector's measures, ``pitch``, ``yaw`` and ``roll`` (degrees).
    remark
        What was found broken while decoding; empty where nothing was.
    duration
        Seconds of the segment that were decoded.

    Examples
    --------
    >>> Seen(faces_table([[0, 0.0, 0.9, 1, 2, 3, 4, 0.5, 0, 0, 0]], ["AU12"]), "", 0.04).table["AU12"].tolist()
    [0.5]
    """

    table: pd.DataFrame
    remark: str
    duration: float


def seen_before(look: Callable[[], Seen], segment: Segment, options: FilmOptions, settings: dict[str, Any]) -> Seen:
    """What the cache holds of a segment's frames; else what ``look`` sees, put there.

    Seeing the faces costs hours where the statistics cost seconds, so frames are kept whatever windows, person or gaps
    a recipe asks for.

    Parameters
    ----------
    look
        Does the work.
    settings
        ``store`` (a FeatureCache or None), ``content`` (the recording's sha256) and ``version`` of the detector.

    Examples
    --------
    >>> from pathlib import Path
    >>> look = lambda: Seen(faces_table([], ["AU12"]), "nothing there", 0.0)
    >>> seen_before(look, Segment(Path("a.mp4")), FilmOptions(), {"store": None}).remark
    'nothing there'
    """
    store: FeatureCache | None = settings.get("store")
    content = settings.get("content")
    if store is None or not content:
        return look()
    about = {"version": settings.get("version"), **options.seeing}
    group = f"frames-{hashlib.sha256(json.dumps(about).encode()).hexdigest()[:16]}"
    key = content + part_of(segment)
    rows = store.get(group, key)
    if rows is None:
        seen = look()
        X = seen.table.to_numpy(dtype=np.float32)
        rows = Rows(X, list(seen.table.columns), None, seen.remark, seen.duration, np.nan, {})
        store.put(group, key, rows, {"recipe": "faces seen in frames", **about})
    return Seen(pd.DataFrame(rows.X.astype(float), columns=list(rows.columns)), rows.remark, rows.duration)


def part_of(segment: Segment) -> str:
    """What a cache key says of a segment; empty for a whole recording.

    Examples
    --------
    >>> from pathlib import Path
    >>> film = Path("a.mp4")
    >>> part_of(Segment(film)), part_of(Segment(film, 1.5)), part_of(Segment(film, 1.5, 2.0))
    ('', '@1.5-', '@1.5-2')
    """
    if (segment.start, segment.end) == (0.0, None):
        return ""
    return f"@{segment.start:g}-{'' if segment.end is None else format(segment.end, 'g')}"


def person_series(seen: Seen, options: FilmOptions, info: dict[str, Any]) -> FaceFrames:
    """The series of the person that the recipe follows.

    Parameters
    ----------
    info
        ``tool``, ``scale`` and whatever else shall stand in the table.

    Raises
    ------
    MediaError
        No frame was seen at all.

    Examples
    --------
    >>> box, pose = [0, 0, 50, 50], [1, 2, 3]
    >>> table = faces_table([[0, 0.0, 0.9, *box, 0.5, *pose], [1, 0.04, *[np.nan] * 9]], ["AU12"])
    >>> series = person_series(Seen(table, "", 0.08), FilmOptions(), {"tool": "py-feat", "scale": "0-1"})
    >>> series.present.tolist(), series.pose[0].tolist()
    ([True, False], [1.0, 2.0, 3.0])
    """
    table = seen.table
    if not len(table):
        raise MediaError("no picture in the file")
    number, first = np.unique(table["frame"].to_numpy(dtype=float), return_index=True)
    names = [name for name in table if name not in (*_COMMON, *POSE)]
    boxes = table[list(BOX)].to_numpy(dtype=float)
    values = table[names].to_numpy(dtype=float)
    score = table["score"].to_numpy(dtype=float)
    # a score that is not a number compares as False: no face
    faces = np.flatnonzero((score >= options.min_confidence) & np.isfinite(values).all(axis=1))
    at = table["time"].to_numpy(dtype=float)[first]
    step = float(np.median(np.diff(number))) if len(number) > 1 else 1.0
    lost = max(round(1.0 / float(np.median(np.diff(at)))), 1) * step if len(at) > 1 else 1.0
    frame = table["frame"].to_numpy(dtype=float)[faces]
    weight = score[faces] * boxes[faces, 2] * boxes[faces, 3]
    chosen = faces[follow(frame, boxes[faces], weight, options.person, max_gap=lost)] if len(faces) else faces
    place = np.searchsorted(number, table["frame"].to_numpy(dtype=float)[chosen])
    series = np.full((len(number), len(names)), np.nan)
    pose = np.full((len(number), 3), np.nan)
    series[place], pose[place] = values[chosen], table[list(POSE)].to_numpy(dtype=float)[chosen]
    present = np.zeros(len(number), bool)
    present[place] = True
    _, counts = np.unique(frame, return_counts=True)
    several = np.count_nonzero(counts > 1) / len(number)
    remarks = [seen.remark] if seen.remark else []
    return FaceFrames(at, names, series, present, pose, float(present.mean()), info, remarks, several)


def faces_table(records: Sequence[Sequence[float]], measures: Sequence[str]) -> pd.DataFrame:
    """The table of :class:`Seen` from its rows.

    Examples
    --------
    >>> faces_table([[0, 0.0, 0.9, 1, 2, 3, 4, 0.5, 0, 0, 0]], ["AU12"]).columns.tolist()[-4:]
    ['AU12', 'pitch', 'yaw', 'roll']
    """
    return pd.DataFrame(records, columns=[*_COMMON, *measures, *POSE], dtype=float)
