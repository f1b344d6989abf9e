"""Face tables of four tools, and the functionals of action units."""

import numpy as np
import pandas as pd
import pytest

from avbaselines.extractors.face_functionals import describe_face, prepare_series
from avbaselines.extractors.face_tables import FaceFrames, read_face_table
from avbaselines.extractors.media import MediaError
from avbaselines.extractors.recipe import FaceOptions

UNITS = ("01", "02", "04", "05", "06", "07", "09", "10", "12", "14", "15", "17", "20", "23", "25", "26", "45")
OPTIONS = FaceOptions()


def written(tmp_path, table, separator=","):
    path = tmp_path / "t.csv"
    pd.DataFrame(table).to_csv(path, index=False, sep=separator)
    return path


def openface(frames=10):
    at = np.arange(frames)
    table = {
        " frame": at + 1,
        " timestamp": at * 0.04,
        " confidence": 0.9,
        " success": 1,
        " pose_Rx": 0.1,
        " pose_Ry": 0.2,
    }
    table |= {" pose_Rz": np.pi / 2, **{f" AU{u}_r": at / 10 for u in UNITS}, **{f" AU{u}_c": at % 2 for u in UNITS}}
    return pd.DataFrame(table)


def test_openface_with_spaces_in_its_header(tmp_path):
    frames = read_face_table(written(tmp_path, openface()), OPTIONS)
    assert frames.info == {"tool": "openface", "scale": "0-5"}
    assert frames.names[:2] == ["AU01_r", "AU02_r"]
    assert len(frames.names) == 34
    np.testing.assert_allclose(frames.at, np.arange(10) * 0.04)
    np.testing.assert_allclose(frames.pose[0], np.degrees([0.1, 0.2, np.pi / 2]))
    assert frames.detection_rate == 1.0


def test_avec_files_with_semicolons(tmp_path):
    table = {"name": "'x'", "frameTime": np.arange(5) * 0.1, "confidence": [0.9, 0.9, 0.1, 0.9, 0.9]}
    table |= {f"AU{u}_r": 0.5 for u in UNITS}
    frames = read_face_table(written(tmp_path, table, ";"), OPTIONS)
    assert frames.info == {"tool": "avec", "scale": "0-5"}
    assert frames.present.tolist() == [True, True, False, True, True]
    assert frames.pose is None
    np.testing.assert_allclose(frames.at, np.arange(5) * 0.1)


def test_libreface_gets_the_names_of_openface(tmp_path):
    table = {"frame_idx": range(3), "frame_time_in_ms": [0, 40, 80], "pitch": 1, "yaw": 2, "roll": 3}
    table |= {"au_1": [0, 1, 1], "au_12_intensity": [0.5, 5.0, 2.0]}
    frames = read_face_table(written(tmp_path, table), OPTIONS)
    assert frames.info == {"tool": "libreface", "scale": "0-5"}
    assert frames.names == ["AU01_c", "AU12_r"]
    np.testing.assert_allclose(frames.at, [0, 0.04, 0.08])
    np.testing.assert_allclose(frames.pose[0], [1, 2, 3])


def pyfeat(frames):
    table = {"frame": frames, "FaceRectWidth": 10.0, "FaceRectHeight": 10.0, "FaceScore": 0.99}
    return pd.DataFrame(
        {**table, "AU06": 0.6, "AU12": np.arange(len(frames)) / 10, "Pitch": 1.0, "Roll": 2.0, "Yaw": 3.0}
    )


def test_pyfeat_counts_frames_and_the_video_gives_the_rate(tmp_path):
    path = written(tmp_path, pyfeat([0, 1, 2, 3]))
    np.testing.assert_allclose(read_face_table(path, OPTIONS, fps=25).at, np.arange(4) / 25)
    np.testing.assert_allclose(read_face_table(path, OPTIONS).at, np.arange(4) / OPTIONS.fps)
    frames = read_face_table(path, OPTIONS)
    assert frames.info == {"tool": "py-feat", "scale": "0-1", "pose": "degrees, told by the values"}
    np.testing.assert_allclose(frames.pose[0], [1, 3, 2])  # pitch, yaw, roll


def test_of_several_faces_the_largest_most_confident_is_kept(tmp_path):
    table = pyfeat([0, 0, 0, 1, 1])
    table["FaceScore"] = [0.95, 0.99, 0.75, 0.99, 0.99]
    table["FaceRectWidth"] = [100.0, 10.0, 110.0, 50.0, 60.0]
    frames = read_face_table(written(tmp_path, table), OPTIONS)
    assert frames.values[:, frames.names.index("AU12")].tolist() == [0.0, 0.4]


def test_of_several_openface_faces_the_nearest_is_kept(tmp_path):
    far, near = openface(3), openface(3)
    far[" pose_Tz"], near[" pose_Tz"] = 900.0, 400.0
    near[" AU12_r"] = 4.0
    both = pd.concat([near, far]).sort_values(" frame", kind="stable")
    frames = read_face_table(written(tmp_path, both), OPTIONS)
    assert frames.values[:, frames.names.index("AU12_r")].tolist() == [4.0] * 3


def test_frames_that_a_table_leaves_out_count_as_without_a_face(tmp_path):
    frames = read_face_table(written(tmp_path, pyfeat([0, 2, 4, 6, 14, 16, 18])), OPTIONS)
    assert frames.detection_rate == pytest.approx(7 / 10)


def test_rows_without_a_face_are_not_present(tmp_path):
    table = pyfeat([0, 1, 2, 3])
    table.loc[1, ["AU06", "AU12", "FaceScore"]] = np.nan
    table.loc[2, "FaceScore"] = 0.3
    frames = read_face_table(written(tmp_path, table), OPTIONS)
    assert frames.present.tolist() == [True, False, False, True]
    assert frames.detection_rate == 0.5


def test_a_recipe_for_one_tool_refuses_the_others(tmp_path):
    with pytest.raises(MediaError, match="not a face table of openface"):
        read_face_table(written(tmp_path, pyfeat([0, 1])), FaceOptions(tables="openface"))


def frames_of(values, present=None, at=None, names=("AU06_r", "AU12_r", "AU12_c"), scale="0-5", pose=None):
    values = np.asarray(values, float)
    at = np.arange(len(values)) * 0.1 if at is None else np.asarray(at)
    present = np.ones(len(values), bool) if present is None else np.asarray(present, bool)
    return FaceFrames(at, list(names), values, present, pose, present.mean(), {"tool": "x", "scale": scale}, [])


def described(frames, max_gap=0.5, begins=(-np.inf,), ends=(np.inf,)):
    X, columns = describe_face(prepare_series(frames, max_gap), begins, ends)
    return pd.DataFrame(X, columns=columns)


def test_functionals_of_a_triangle():
    up_and_down = np.array([0, 1, 2, 3, 4, 3, 2, 1, 0, 0])
    held = np.array([0, 0, 1, 1, 1, 1, 1, 0, 0, 1])
    row = described(frames_of(np.column_stack([np.full(10, 2.0), up_and_down, held]))).iloc[0]
    assert row["AU12_r_mean"] == pytest.approx(1.6)
    assert row["AU12_r_std"] == pytest.approx(up_and_down.std())
    assert row["AU12_r_p50"] == pytest.approx(1.5)
    assert row["AU12_r_onset_slope"] == pytest.approx(10.0)
    assert row["AU12_r_offset_slope"] == pytest.approx(10.0)
    assert row["AU12_r_peak_rate"] == pytest.approx(1.0)
    assert row["AU06_r_onset_slope"] == row["AU06_r_peak_rate"] == 0.0
    assert row["AU12_c_share"] == pytest.approx(0.6)
    assert row["AU12_c_onset_rate"] == pytest.approx(2.0)
    assert row["AU06_AU12_together"] == pytest.approx(0.7)
    assert row["face_share"] == 1.0


def test_small_wiggles_are_no_peaks():
    wiggle = 1 + 0.2 * (np.arange(40) % 2)
    assert described(frames_of(wiggle[:, None], names=["AU12_r"])).iloc[0]["AU12_r_peak_rate"] == 0
    assert described(frames_of(5 * wiggle[:, None], names=["AU12_r"])).iloc[0]["AU12_r_peak_rate"] > 4


def test_short_gaps_are_interpolated_and_long_ones_left_out():
    values = np.array([0.0, 9, 9, 3, 9, 9, 9, 9, 9, 9, 5])[:, None]
    present = [1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1]
    series = prepare_series(frames_of(values, present, names=["AU12_r"]), max_gap=0.3)
    np.testing.assert_allclose(series.values[:4, 0], [0, 1, 2, 3])
    assert series.known.tolist() == [True] * 4 + [False] * 6 + [True]
    row = described(frames_of(values, present, names=["AU12_r"]), max_gap=0.3).iloc[0]
    assert row["AU12_r_mean"] == pytest.approx((0 + 1 + 2 + 3 + 5) / 5)
    assert row["AU12_r_offset_slope"] == 0
    assert row["face_share"] == pytest.approx(3 / 11)


def test_presences_are_held_not_blended_over_a_gap():
    values = np.array([[1.0], [0.0], [0.0]])
    series = prepare_series(frames_of(values, [1, 0, 1], names=["AU12_c"]), max_gap=0.5)
    assert series.values[:, 0].tolist() == [1, 1, 0]


def test_windows_without_a_face_are_nan_but_for_the_share():
    values = np.ones((20, 1))
    present = [1] * 10 + [0] * 10
    table = described(frames_of(values, present, names=["AU12_r"]), begins=[0.0, 1.0], ends=[1.0, 2.0])
    assert table.loc[0, "AU12_r_mean"] == 1
    assert np.isnan(table.loc[1].drop("face_share")).all()
    assert table["face_share"].tolist() == [1, 0]


def test_the_head_turns_at_a_known_speed():
    pose = np.column_stack([np.arange(10) * 2.0, np.zeros(10), np.full(10, 5.0)])
    row = described(frames_of(np.ones((10, 1)), names=["AU12_r"], pose=pose)).iloc[0]
    assert row["pitch_speed"] == pytest.approx(20.0)
    assert row["yaw_speed"] == 0
    assert row["roll_mean"] == 5


def test_frames_without_a_pose_do_not_spoil_it():
    pose = np.full((10, 3), 4.0)
    pose[3] = np.nan
    row = described(frames_of(np.ones((10, 1)), names=["AU12_r"], pose=pose)).iloc[0]
    assert row["pitch_mean"] == 4
    assert row["pitch_std"] == 0


def posed(tmp_path, angles, **columns):
    table = pyfeat(range(len(angles))).assign(**columns)
    table[["Pitch", "Yaw", "Roll"]] = np.column_stack([angles, np.multiply(angles, 0.5), np.multiply(angles, 0.1)])
    return written(tmp_path, table)


def test_pose_of_old_releases_is_degrees_and_of_new_ones_radians(tmp_path):
    old = read_face_table(posed(tmp_path, [0.5, -3.0, 12.0]), OPTIONS)
    np.testing.assert_allclose(old.pose[:, 0], [0.5, -3.0, 12.0])
    assert old.info["pose"] == "degrees, told by the values"
    new = read_face_table(posed(tmp_path, [0.01, -0.05, 0.4]), OPTIONS)
    np.testing.assert_allclose(new.pose[:, 0], np.degrees([0.01, -0.05, 0.4]))
    assert new.info["pose"] == "radians, told by the values"


def test_a_table_with_gaze_comes_from_a_release_that_writes_radians(tmp_path):
    frames = read_face_table(posed(tmp_path, [0.1, 2.0, 0.3], gaze_pitch=0.1), OPTIONS)
    np.testing.assert_allclose(frames.pose[1], np.degrees([2.0, 1.0, 0.2]))
    assert frames.info["pose"] == "radians, told by the columns"


@pytest.mark.parametrize(("unit", "factor"), [("degrees", 1.0), ("radians", 180 / np.pi)])
def test_the_recipe_may_say_the_unit_of_the_pose(tmp_path, unit, factor):
    frames = read_face_table(posed(tmp_path, [0.5, 0.6, 2.0]), FaceOptions(pose=unit))
    np.testing.assert_allclose(frames.pose[:, 0], np.multiply([0.5, 0.6, 2.0], factor))
    assert frames.info["pose"] == f"{unit}, as the recipe says"


def test_only_frames_with_a_face_tell_the_unit(tmp_path):
    frames = read_face_table(posed(tmp_path, [0.1, 0.2, 170.0], FaceScore=[0.99, 0.99, 0.0]), OPTIONS)
    assert frames.info["pose"] == "radians, told by the values"
