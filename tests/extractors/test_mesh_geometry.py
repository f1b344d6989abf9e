"""Measures and head pose of meshes whose shape and turn are known."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from avbaselines.extractors.mesh_geometry import CANONICAL, MEASURES, RIGID, measure

EYES_APART = 2 * 4.446


def mesh(**moved):
    """A frontal mesh in canonical centimetres; ``p13=(x, y, z)`` moves a point."""
    points = np.zeros((468, 3))
    points[RIGID] = CANONICAL
    face = {13: (0, -4, 5.2), 14: (0, -4.5, 5.4), 0: (0, -3.3, 5.5), 17: (0, -5.6, 5.4), 61: (-2.5, -4.3, 4.3)}
    face |= {291: (2.5, -4.3, 4.3), 2: (0, -2.0, 6.0), 152: (0, -9.4, 4.3)}
    face |= {p: (x, 5.0, 4.0) for x, brow in ((-2, (107, 66, 55, 65)), (2, (336, 296, 285, 295))) for p in brow}
    face |= {p: (x, 4.8, 3.0) for x, brow in ((-5, (70, 63, 46, 53)), (5, (300, 293, 276, 283))) for p in brow}
    face |= {p: (-3, 2.9, 3.5) for p in (160, 159, 158)} | {p: (3, 2.9, 3.5) for p in (387, 386, 385)}
    face |= {p: (-3, 2.3, 3.5) for p in (144, 145, 153)} | {p: (3, 2.3, 3.5) for p in (373, 374, 380)}
    face |= {82: (-0.5, -4, 5.2), 312: (0.5, -4, 5.2), 87: (-0.5, -4.5, 5.4), 317: (0.5, -4.5, 5.4)}
    face |= {int(name[1:]): place for name, place in moved.items()}
    for point, place in face.items():
        points[point] = place
    return points


def seen(points, pitch=0.0, yaw=0.0, roll=0.0, scale=20.0, at=(320.0, 180.0, 0.0)):
    """A mesh as the camera sees it: turned in degrees, in pixels with y down and z away."""
    # about the subject's own axes: up, to the subject's right, and tilted to the subject's right
    turned = points @ Rotation.from_euler("YXZ", [-yaw, -pitch, roll], degrees=True).as_matrix().T
    return turned * [scale, -scale, -scale] + at


@pytest.mark.parametrize("pitch", [-30, 0, 25])
@pytest.mark.parametrize("yaw", [-50, 0, 40])
@pytest.mark.parametrize("roll", [-35, 0, 20])
def test_a_turned_head_has_the_pose_it_was_turned_to(pitch, yaw, roll):
    np.testing.assert_allclose(measure(seen(mesh(), pitch, yaw, roll)).pose, [pitch, yaw, roll], atol=1e-6)


def test_signs_of_the_pose_are_those_promised():
    nose = RIGID.tolist().index(4)
    frontal, up = seen(CANONICAL)[nose], seen(CANONICAL, pitch=20)[nose]
    assert up[1] < frontal[1], "pixels count down: a nose that rises"
    # who faces the camera has the right side at the picture's left
    assert seen(CANONICAL, yaw=20)[nose][0] < frontal[0]
    top = RIGID.tolist().index(10)
    assert seen(CANONICAL, roll=20)[top][0] < seen(CANONICAL)[top][0]


@pytest.mark.parametrize("moved", [{"yaw": 30, "pitch": 10}, {"roll": 40}, {"scale": 3.0}, {"at": (5.0, 900.0, 44.0)}])
def test_measures_are_those_of_a_frontal_near_face(moved):
    np.testing.assert_allclose(measure(seen(mesh(), **moved)).measures, measure(seen(mesh())).measures, atol=1e-9)


def of(**moved):
    return dict(zip(MEASURES, measure(seen(mesh(**moved), yaw=20, pitch=-10)).measures, strict=True))


def test_measures_are_in_units_of_the_face():
    still = of()
    assert still["mouth_width"] == pytest.approx(5.0 / EYES_APART)
    assert still["eye_opening"] == pytest.approx(0.6 / EYES_APART)
    assert still["jaw_drop"] == pytest.approx(7.4 / EYES_APART)
    assert still["inner_brow_height"] == pytest.approx((5.0 - (2.664 + 2.585) / 2) / EYES_APART)
    assert still["brow_difference"] == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize(
    ("moved", "rises", "stays"),
    [
        ({p: (-2, 5.5, 4) for p in ("p107", "p66", "p55", "p65")}, "inner_brow_height", "outer_brow_height"),
        ({p: (5, 5.5, 3) for p in ("p300", "p293", "p276", "p283")}, "brow_difference", "inner_brow_height"),
        ({p: (-3, 3.5, 3.5) for p in ("p160", "p159", "p158")}, "eye_opening", "lip_gap"),
        ({p: (3, 3.5, 3.5) for p in ("p387", "p386", "p385")}, "eye_difference", "lip_gap"),
        ({"p14": (0, -5.5, 5.4)}, "lip_gap", "mouth_width"),
        ({"p17": (0, -6.5, 5.4)}, "lip_height", "jaw_drop"),
        ({"p61": (-3.5, -4.3, 4.3)}, "mouth_width", "mouth_corner_height"),
        ({"p61": (-2.5, -3.6, 4.3), "p291": (2.5, -3.6, 4.3)}, "mouth_corner_height", "mouth_corner_difference"),
        ({"p291": (2.5, -3.6, 4.3)}, "mouth_corner_difference", "lip_gap"),
        ({"p0": (0, -3.8, 5.5)}, "upper_lip_nose_distance", "jaw_drop"),
        ({"p152": (0, -11, 4.3)}, "jaw_drop", "lip_gap"),
    ],
)
def test_what_moves_in_a_face_moves_its_measure_and_no_other(moved, rises, stays):
    still, after = of(), of(**moved)
    assert after[rises] > still[rises] + 0.02
    assert after[stays] == pytest.approx(still[stays], abs=1e-9)


def test_brows_together_close_the_gap():
    closer = {p: (-1.5, 5, 4) for p in ("p107", "p66", "p55", "p65")}
    assert of(**closer)["brow_gap"] < of()["brow_gap"] - 0.02
