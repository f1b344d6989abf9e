"""Measures of a face mesh: how far brows, lids and lips are apart, in units of the face, and how the head is turned."""

from typing import NamedTuple

import numpy as np

# Points of the mesh that speech and expression hardly move, with their places in MediaPipe's canonical face model
# (Google, Apache-2.0), in its centimetres: x to the subject's left, y up, z out of the face. Of a pair only the point
# of the subject's right is given; its twin is mirrored.
_MIDDLE = {
    10: (0.0, 8.262, 4.482),
    151: (0.0, 6.545, 5.027),
    8: (0.0, 4.019, 5.285),
    168: (0.0, 3.271, 5.236),
    6: (0.0, 2.473, 5.789),
    197: (0.0, 1.728, 6.317),
    195: (0.0, 1.059, 6.775),
    5: (0.0, 0.366, 7.243),
    4: (0.0, -0.463, 7.587),
}
_PAIRS = {
    (127, 356): (-7.743, 2.365, -2.005),
    (234, 454): (-7.664, 0.673, -2.436),
    (33, 263): (-4.446, 2.664, 3.173),
    (133, 362): (-1.856, 2.585, 3.758),
    (21, 251): (-7.088, 5.435, 0.100),
    (54, 284): (-6.279, 6.615, 1.426),
    (67, 297): (-3.524, 8.006, 3.729),
    (103, 332): (-5.133, 7.486, 2.660),
    (109, 338): (-1.891, 8.236, 4.275),
    (162, 389): (-7.556, 4.107, -0.992),
}
RIGID = np.array([*_MIDDLE, *(point for pair in _PAIRS for point in pair)])
CANONICAL = np.array([*_MIDDLE.values(), *(place for x, y, z in _PAIRS.values() for place in ((x, y, z), (-x, y, z)))])
"""Places of the points ``RIGID``, shape (29, 3), centimetres."""

_EYES_APART = 2 * 4.446  # between the outer corners of the eyes, the unit of all measures

# of the subject's right and left
_INNER_BROW = ((107, 66, 55, 65), (336, 296, 285, 295))
_OUTER_BROW = ((70, 63, 46, 53), (300, 293, 276, 283))
_EYE_CORNERS = ((33, 133), (263, 362))
_UPPER_LID, _LOWER_LID = ((160, 159, 158), (387, 386, 385)), ((144, 145, 153), (373, 374, 380))
_MOUTH_CORNERS = (61, 291)
_UPPER_LIP_INSIDE, _LOWER_LIP_INSIDE = (82, 13, 312), (87, 14, 317)
_UPPER_LIP_EDGE, _LOWER_LIP_EDGE = 0, 17
_NOSE_BASE, _CHIN = 2, 152

MEASURES = (
    "inner_brow_height",
    "outer_brow_height",
    "brow_difference",
    "brow_gap",
    "eye_opening",
    "eye_difference",
    "lip_gap",
    "lip_height",
    "mouth_width",
    "mouth_corner_height",
    "mouth_corner_difference",
    "upper_lip_nose_distance",
    "jaw_drop",
)
"""Names of the measures. They are geometry, no action units: no one coded these faces, and a mesh sees no muscles."""


class Geometry(NamedTuple):
    """What a mesh measures.

    Attributes
    ----------
    measures : float64, shape (13,)
        In the order of ``MEASURES``, in units of the distance between the outer corners of the eyes. Heights of brows
        are above the corners of their eye, those of the mouth's corners above the upper lip's middle; ``jaw_drop`` is
        the chin below the nose, ``lip_gap`` between the lips, ``lip_height`` over both. Differences are the subject's
        left minus right.
    pose : float64, shape (3,)
        Pitch, yaw and roll in degrees: positive is up, and turned and tilted to the subject's right.

    Examples
    --------
    >>> Geometry(np.zeros(len(MEASURES)), np.array([10.0, -5.0, 0.0])).pose[0].item()
    10.0
    """

    measures: np.ndarray
    pose: np.ndarray


def measure(points: np.ndarray) -> Geometry:
    """Measures of a mesh after it was rigidly laid onto the canonical face.

    Rotation and scale are the least-squares ones over the points that expressions hardly move (Umeyama, Least-squares
    estimation of transformation parameters between two point patterns, IEEE TPAMI 13(4), 1991), so that a turned or
    distant head measures like a frontal near one, as far as the mesh's depth can be trusted.

    Parameters
    ----------
    points : shape (468, 3)
        As in :class:`avbaselines.extractors.mesh_models.Face`: y down, z smaller = nearer.

    Examples
    --------
    >>> points = np.zeros((468, 3))
    >>> points[RIGID] = CANONICAL * [20, -20, -20] + [320, 180, 0]
    >>> bool(np.allclose(measure(points).pose, 0.0))
    True
    """
    from scipy.spatial.transform import Rotation

    points = np.asarray(points, dtype=float) * [1, -1, -1]
    observed = points[RIGID]
    centre, reference = observed.mean(axis=0), CANONICAL.mean(axis=0)
    left, sizes, right = np.linalg.svd((observed - centre).T @ (CANONICAL - reference))
    mirrored = np.array([1, 1, np.sign(np.linalg.det(left @ right))])
    rotation = (left * mirrored) @ right
    scale = (sizes * mirrored).sum() / np.square(CANONICAL - reference).sum()
    aligned = (points - centre) @ rotation / (scale * _EYES_APART)
    turn, nod, tilt = Rotation.from_matrix(rotation).as_euler("YXZ", degrees=True)
    return Geometry(_measures(aligned), np.array([-nod, -turn, tilt]))


def _measures(points: np.ndarray) -> np.ndarray:
    """The measures of aligned points, in the order of ``MEASURES``."""
    inner, outer, opening = [], [], []
    for side in (0, 1):
        eye = points[list(_EYE_CORNERS[side]), 1].mean()
        inner.append(points[list(_INNER_BROW[side]), 1].mean() - eye)
        outer.append(points[list(_OUTER_BROW[side]), 1].mean() - eye)
        lids = points[list(_UPPER_LID[side])] - points[list(_LOWER_LID[side])]
        opening.append(np.linalg.norm(lids, axis=1).mean())
    ends = [points[list(brow)].mean(axis=0) for brow in _INNER_BROW]
    corners = points[list(_MOUTH_CORNERS)]
    upper_lip = points[[_UPPER_LIP_EDGE, 13], 1].mean()
    lips = points[list(_UPPER_LIP_INSIDE)] - points[list(_LOWER_LIP_INSIDE)]
    return np.array(
        [
            np.mean(inner),
            np.mean(outer),
            inner[1] + outer[1] - inner[0] - outer[0],
            _distance(*ends),
            np.mean(opening),
            opening[1] - opening[0],
            np.linalg.norm(lips, axis=1).mean(),
            _distance(points[_UPPER_LIP_EDGE], points[_LOWER_LIP_EDGE]),
            _distance(*corners),
            corners[:, 1].mean() - upper_lip,
            corners[1, 1] - corners[0, 1],
            _distance(points[_NOSE_BASE], points[_UPPER_LIP_EDGE]),
            points[_NOSE_BASE, 1] - points[_CHIN, 1],
        ]
    )


def _distance(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.linalg.norm(a - b))
