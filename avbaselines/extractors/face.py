"""The extractor ``face``: action-unit functionals from the tables of face tools, or from videos by py-feat."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from avbaselines.extractors import pyfeat
from avbaselines.extractors.clip_progress import ClipProgress
from avbaselines.extractors.face_rows import face_rows
from avbaselines.extractors.face_tables import FaceFrames, read_face_table
from avbaselines.extractors.face_video import Seen, person_series, seen_before
from avbaselines.extractors.images import image_sequence
from avbaselines.extractors.media import MediaError, Segment
from avbaselines.extractors.pictures import Pictures
from avbaselines.extractors.recipe import FILM_SUFFIXES, FaceOptions
from avbaselines.extractors.rows import Rows

REVISION = 2
"""Raised whenever the reading or the functionals change what a recording yields, so that no cache answers for it."""


def prepare(options: FaceOptions, paths: Sequence[Path], settings: dict[str, Any]) -> str:
    """Look for everything that the recordings will need, before the first of them is touched.

    Parameters
    ----------
    settings
        ``face_python``: interpreter that has py-feat (default: ``$AVBASELINES_FACE_PYTHON``, else this one);
        ``face_device``: ``cpu``, ``cuda``, ``mps`` or ``auto`` (default: ``$AVBASELINES_FACE_DEVICE``, else ``cpu``).

    Returns
    -------
    str
        Versions that shape the features.

    Raises
    ------
    InputError
        There are videos, and py-feat, a library it needs, its weights or the device are missing.

    Examples
    --------
    >>> prepare(FaceOptions(), [Path("clip.csv")], {})
    'face tables revision 2'
    """
    revision = f"face tables revision {REVISION}"
    if options.videos and any(_is_film(path) for path in paths):
        facts = pyfeat.check(options.detector, settings.get("face_python"), settings.get("face_device"))
        # every clip's worker asks for the device that was found here, also where it was found by "auto"
        settings["face_device"] = facts.device
        return f"{facts.detector}{'' if facts.device == 'cpu' else f' on {facts.device}'}, {revision}"
    return revision


def extract_one(segment: Segment, options: FaceOptions, settings: dict[str, Any]) -> Rows:
    """Action-unit functionals of one recording.

    Parameters
    ----------
    settings
        As in :func:`prepare`; and ``store``, ``content`` (the recording's sha256) and ``version``, under which the
        frames that py-feat saw are kept for other recipes.

    Raises
    ------
    MediaError
        Nothing can be extracted; the reason is for the status row.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp(), "clip.csv")
    >>> _ = path.write_text("frame,FaceScore,AU12\\n0,0.99,0.2\\n1,0.99,0.4\\n")
    >>> rows = extract_one(Segment(path), FaceOptions(), {})
    >>> rows.columns[0], round(rows.X[0, 0].item(), 2)
    ('AU12_mean', 0.3)
    """
    if _is_film(segment.path):
        if not options.videos:
            raise MediaError("is a video; this recipe reads tables only (use the recipe action-units)")
        seen = seen_before(lambda: _look(segment, options, settings), segment, options, settings)
        detector = str(settings.get("version", "py-feat")).partition(",")[0]
        return face_rows(
            person_series(seen, options, {"tool": "py-feat", "scale": "0-1", "detector": detector}), options
        )
    frames = read_face_table(segment.path, options)
    if segment.start or segment.end is not None:
        frames = _cut(frames, segment.start, segment.end)
    return face_rows(frames, options)


def _is_film(path: Path) -> bool:
    return Path(path).suffix.lower() in FILM_SUFFIXES or (Path(path).is_dir() and bool(image_sequence(path)))


def _look(segment: Segment, options: FaceOptions, settings: dict[str, Any]) -> Seen:
    pictures = Pictures(segment, options.output_size, options.skip_frames, options.fps)
    with ClipProgress(settings.get("watch"), Path(segment.path).name, pictures.expected) as progress:
        table = pyfeat.detect(
            pictures, options, settings.get("face_python"), settings.get("face_device"), progress.report
        )
    return Seen(table, "; ".join(pictures.remarks), pictures.end)


def _cut(frames: FaceFrames, start: float, end: float | None) -> FaceFrames:
    keep = frames.at >= start if end is None else (frames.at >= start) & (frames.at < end)
    if not keep.any():
        raise MediaError(f"no frames between {start:g} s and {'the end' if end is None else f'{end:g} s'}")
    pose = None if frames.pose is None else frames.pose[keep]
    present = frames.present[keep]
    return frames._replace(
        at=frames.at[keep] - start,
        values=frames.values[keep],
        present=present,
        pose=pose,
        detection_rate=float(np.mean(present)),
    )
