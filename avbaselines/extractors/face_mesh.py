"""The extractor ``face-mesh``: functionals of the geometry of faces in videos, by a mesh whose models come with pip."""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from avbaselines.extractors import mesh_models
from avbaselines.extractors.clip_progress import ClipProgress
from avbaselines.extractors.face_rows import face_rows
from avbaselines.extractors.face_video import Seen, faces_table, person_series, seen_before
from avbaselines.extractors.media import Segment
from avbaselines.extractors.mesh_geometry import MEASURES, measure
from avbaselines.extractors.mesh_models import Face, FaceMesh
from avbaselines.extractors.pictures import Picture, Pictures
from avbaselines.extractors.recipe import FaceMeshOptions
from avbaselines.extractors.rows import Rows

REVISION = 1
"""Raised whenever the measures or the functionals change what a recording yields, so that no cache answers for it."""

# what the detector is sure enough of is kept with the frames; a recipe may ask for more
_MIN_SCORE = 0.1


def prepare(options: FaceMeshOptions, paths: Sequence[Path], settings: dict[str, Any]) -> str:
    """Versions that shape the features.

    Raises
    ------
    InputError
        A package of the extra ``[mesh]``, or the one that carries the models, is missing.

    Examples
    --------
    >>> import pytest
    >>> if not mesh_models.available():
    ...     pytest.skip("the packages of face-mesh are not installed")
    >>> prepare(FaceMeshOptions(), [], {}).endswith("face mesh revision 1")
    True
    """
    return f"{mesh_models.check()}, face mesh revision {REVISION}"


def extract_one(segment: Segment, options: FaceMeshOptions, settings: dict[str, Any]) -> Rows:
    """Functionals of the measures and the head pose of one recording.

    Parameters
    ----------
    settings
        ``store``, ``content`` and ``version`` as in :func:`avbaselines.extractors.face_video.seen_before`; ``watch``,
        where progress within the clip is told.

    Raises
    ------
    MediaError
        Nothing can be extracted; the reason is for the status row.

    Examples
    --------
    >>> extract_one(Segment(Path("nowhere.mp4")), FaceMeshOptions(), {})
    Traceback (most recent call last):
    avbaselines.extractors.media.MediaError: cannot be opened: No such file or directory
    """
    seen = seen_before(lambda: _look(segment, options, settings), segment, options, settings)
    detector = str(settings.get("version", "face mesh")).rpartition(",")[0]
    return face_rows(
        person_series(seen, options, {"tool": "face-mesh", "scale": "face", "detector": detector}), options
    )


def _look(segment: Segment, options: FaceMeshOptions, settings: dict[str, Any]) -> Seen:
    pictures = Pictures(segment, options.output_size, options.skip_frames, options.fps)
    records: list[list[float]] = []
    mesh = _mesh()
    with ClipProgress(settings.get("watch"), Path(segment.path).name, pictures.expected) as progress:
        for done, picture in enumerate(pictures, 1):
            faces = mesh.find(picture.pixels, _MIN_SCORE)
            records += [_record(picture, face) for face in faces] or [_without_face(picture)]
            progress.report(done)
    return Seen(faces_table(records, MEASURES), "; ".join(pictures.remarks), pictures.end)


def _record(picture: Picture, face: Face) -> list[float]:
    low, high = face.points[:, :2].min(axis=0), face.points[:, :2].max(axis=0)
    box = np.concatenate([low, high - low]) / picture.shrunk
    geometry = measure(face.points)
    return [picture.number, picture.at, face.score, *box, *geometry.measures, *geometry.pose]


def _without_face(picture: Picture) -> list[float]:
    return [picture.number, picture.at, *[np.nan] * (5 + len(MEASURES) + 3)]


@lru_cache(maxsize=1)
def _mesh() -> FaceMesh:
    """This process' models; loading them takes longer than a short clip."""
    return FaceMesh()
