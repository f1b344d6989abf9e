"""Body motion: tables, gaps, speeds and energies of motions whose values are known by construction."""

import types

import numpy as np
import pandas as pd
import pytest

from avbaselines.extractors import body_motion
from avbaselines.extractors.body_motion import (
    Motion,
    describe_motion,
    fill_gaps,
    motion_series,
    read_motion,
    velocities,
)
from avbaselines.extractors.media import MediaError, Segment

AT = np.arange(0, 4, 0.01)


def options(**changed):
    return types.SimpleNamespace(**{"window": None, "hop": None, "vertical": "y", "max_gap": 0.2, **changed})


def standing(joints=4):
    """A body at rest whose joints stand one above the other, 0.5 m apart, at (1, *, 2)."""
    positions = np.zeros((len(AT), joints, 3))
    positions[:, :, 0], positions[:, :, 2] = 1.0, 2.0
    positions[:, :, 1] = 0.5 * np.arange(joints)
    return Motion(AT, [f"j{number}" for number in range(joints)], positions)


def columns(motion, **changed):
    values, names = motion_series(motion, **changed)
    return pd.DataFrame(values, columns=names)


def write(path, motion):
    table = {"time": motion.at}
    for number, joint in enumerate(motion.joints):
        table |= {f"{joint}_{axis}": motion.positions[:, number, place] for place, axis in enumerate("xyz")}
    pd.DataFrame(table).to_csv(path, index=False)
    return path


def test_a_body_at_rest():
    series = columns(standing())
    assert series["j0_height"].to_numpy() == pytest.approx(-0.75)
    assert series["j3_height"].to_numpy() == pytest.approx(0.75)
    assert series.filter(like="reach").to_numpy() == pytest.approx(0)
    assert series.filter(like="speed").to_numpy() == pytest.approx(0)
    assert series["body_energy"].to_numpy() == pytest.approx(0) and series["body_travel"].to_numpy() == pytest.approx(0)
    assert series["body_expansion"].to_numpy() == pytest.approx((0.75 + 0.25) / 2)


def test_walking_is_travel_and_changes_no_shape():
    still = standing()
    moved = still.positions.copy()
    moved[:, :, 0] += 1.5 * AT[:, None]
    series, rest = columns(Motion(AT, still.joints, moved)), columns(still)
    assert series["body_travel"].to_numpy() == pytest.approx(1.5)
    assert series["j2_speed"].to_numpy() == pytest.approx(1.5)
    assert series["body_energy"].to_numpy() == pytest.approx(1.5**2 / 2)
    for name in ("j0_height", "j1_reach", "body_expansion"):
        np.testing.assert_allclose(series[name], rest[name], atol=1e-12)


def test_turning_round_changes_nothing():
    rng = np.random.default_rng(0)
    positions = rng.normal(size=(1, 4, 3)) + 0.1 * np.sin(5 * AT[:, None, None] + rng.uniform(0, 6, (1, 4, 3)))
    turn = np.array([[np.cos(1), 0, np.sin(1)], [0, 1, 0], [-np.sin(1), 0, np.cos(1)]])
    one = columns(Motion(AT, list("abcd"), positions))
    other = columns(Motion(AT, list("abcd"), positions @ turn.T + [3, 0, -2]))
    np.testing.assert_allclose(one, other, atol=1e-9)
    tilted = columns(Motion(AT, list("abcd"), positions[:, :, [0, 2, 1]]), vertical="z")
    np.testing.assert_allclose(one, tilted, atol=1e-9)


def test_circling_hand():
    motion = standing()
    radius, turns = 0.4, 2 * np.pi
    motion.positions[:, 3, 0] += radius * np.cos(turns * AT)
    motion.positions[:, 3, 2] += radius * np.sin(turns * AT)
    series = columns(motion)
    inner = slice(1, -1)
    np.testing.assert_allclose(series["j3_speed"][inner], radius * turns, rtol=1e-3)
    np.testing.assert_allclose(series["j3_reach"], radius * 3 / 4)  # a quarter of the way the centre goes along
    np.testing.assert_allclose(series["body_energy"][inner], (radius * turns) ** 2 / 8, rtol=2e-3)


def test_functionals_of_windows():
    motion = standing()
    motion.positions[:, 3, 1] += np.where(AT < 2, 0.0, AT - 2)  # rises from the third second on
    X, names = describe_motion(motion, [0.0, 2.5, 9.0], [1.5, 4.0, 10.0])
    table = pd.DataFrame(X, columns=names)
    assert X.shape == (3, 6 * (3 * 4 + 3)) and X.dtype == np.float32
    assert table["j3_speed_mean"].tolist()[:2] == pytest.approx([0, 1], abs=1e-5)
    assert table["j3_height_slope"].tolist()[:2] == pytest.approx([0, 0.75], abs=1e-5)
    assert table.iloc[2].isna().all()


def test_short_losses_are_filled_and_long_ones_are_not():
    motion = standing()
    motion.positions[:, 3, 1] += AT
    whole = motion.positions.copy()
    motion.positions[100:110, 3] = np.nan
    motion.positions[200:260, 3] = np.nan
    filled = fill_gaps(AT, motion.positions, 0.2)
    np.testing.assert_allclose(filled[100:110], whole[100:110])
    assert np.isnan(filled[200:260, 3]).all() and np.isfinite(np.delete(filled, range(200, 260), axis=0)).all()
    series = columns(motion)
    assert series["j3_height"][200:260].isna().all() and series["j2_height"].notna().all()
    X, names = describe_motion(motion, [2.05, 0.0], [2.55, 4.0])
    table = pd.DataFrame(X, columns=names)
    assert np.isnan(table["j3_speed_mean"][0]) and table["j3_speed_mean"][1] == pytest.approx(1, abs=1e-5)
    assert table["j0_speed_mean"].notna().all()


def test_a_body_half_lost_has_no_centre():
    motion = standing()
    motion.positions[:, :3] = np.nan
    series = columns(motion)
    assert series[["j3_height", "body_expansion", "body_energy", "body_travel"]].isna().all(axis=None)
    assert series["j3_speed"].notna().all()


def test_no_speed_across_a_gap_in_time():
    at = np.concatenate([np.arange(0, 1, 0.01), np.arange(3, 4, 0.01)])
    rates = velocities(at, np.where(at < 2, 0.0, 5.0)[:, None], 0.2)
    assert np.isnan(rates[[99, 100]]).all() and (np.delete(rates, [99, 100]) == 0).all()
    assert np.isnan(velocities(np.array([0.0]), np.zeros((1, 2)), 0.2)).all()


def test_reading(tmp_path):
    motion = standing()
    motion.positions[5, 2] = np.nan
    read = read_motion(write(tmp_path / "a.csv", motion))
    assert read.joints == motion.joints
    np.testing.assert_allclose(read.at, AT)
    np.testing.assert_allclose(read.positions, motion.positions)


@pytest.mark.parametrize(
    "text, message",
    [
        ("", "empty|cannot be read|file"),
        ("time,label\n0,1\n", "has no joint"),
        ("frame,a_x,a_y,a_z\n0,1,1,1\n", "a column 'time'"),
        ("time,a_x,a_y\n0,1,1\n", "has no column 'a_z'"),
        ("time,a_x,a_y,a_z\n0,1,1,1\n0,1,1,1\n", "do not ascend"),
        ("time,a_x,a_y,a_z\n0,1,1,1\n1,1,up,1\n", "column a_y, line 3: 'up' is not a number"),
    ],
)
def test_broken_tables(tmp_path, text, message):
    path = tmp_path / "a.csv"
    path.write_text(text)
    with pytest.raises(MediaError, match=message):
        read_motion(path)


def test_extraction(tmp_path):
    motion = standing()
    motion.positions[:, 3, 1] += np.where(AT < 2, 0.0, AT - 2)
    path = write(tmp_path / "a.csv", motion)
    whole = body_motion.extract_one(Segment(path), options(), {})
    assert whole.X.shape == (1, 90) and whole.times is None and whole.remark == ""
    assert whole.duration == pytest.approx(4.0) and whole.info == {"joints": 4}
    windows = body_motion.extract_one(Segment(path), options(window=1.0, hop=0.5), {})
    assert windows.times.tolist() == [0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5]
    speed = windows.X[:, windows.columns.index("j3_speed_mean")]
    assert speed[2] == pytest.approx(0) and speed[6] == pytest.approx(1, abs=1e-4)
    part = body_motion.extract_one(Segment(path, 2.5, 3.5), options(), {})
    assert part.X[0, part.columns.index("j3_speed_mean")] == pytest.approx(1, abs=1e-4)
    with pytest.raises(MediaError, match="no frames between 7 s and the end"):
        body_motion.extract_one(Segment(path, 7.0), options(), {})


def test_what_is_lost_is_told(tmp_path):
    motion = standing()
    motion.positions[:, :3] = np.nan
    rows = body_motion.extract_one(Segment(write(tmp_path / "a.csv", motion)), options(), {})
    assert "features are not numbers" in rows.remark and "only 25% of the frames" in rows.remark
    motion.positions[:] = np.nan
    with pytest.raises(MediaError, match="no joint is seen"):
        body_motion.extract_one(Segment(write(tmp_path / "b.csv", motion)), options(), {})
