"""Face tables that hold several recordings, and action units beyond their scale."""

import numpy as np
import pandas as pd
import pytest

from avbaselines.extractors.face_tables import read_face_table
from avbaselines.extractors.media import MediaError
from avbaselines.extractors.recipe import FaceOptions

UNITS = ("01", "02", "04", "05", "06", "07", "09", "10", "12", "14", "15", "17", "20", "23", "25", "26", "45")


def read(tmp_path, table, **options):
    pd.DataFrame(table).to_csv(tmp_path / "t.csv", index=False)
    return read_face_table(tmp_path / "t.csv", FaceOptions(**options))


def openface(frames, **columns):
    number = np.asarray(frames)
    table = {"frame": number, "timestamp": number / 25, "confidence": 0.9, "success": 1}
    table |= {f"AU{unit}_r": 0.5 for unit in UNITS} | {f"AU{unit}_c": 1 for unit in UNITS}
    return pd.DataFrame(table | columns)


def pyfeat(frames, **columns):
    boxes = {"FaceRectX": 0.0, "FaceRectY": 0.0, "FaceRectWidth": 10.0, "FaceRectHeight": 10.0, "FaceScore": 0.99}
    return pd.DataFrame({"frame": frames, **boxes, "AU06": 0.6, "AU12": 0.4} | columns)


def libreface(intensity):
    at = np.arange(len(intensity)) * 40
    return pd.DataFrame({"frame_time_in_ms": at, "au_1": 0, "au_12_intensity": intensity})


def test_frames_that_begin_anew_are_two_recordings(tmp_path):
    with pytest.raises(MediaError, match=r"line 5: frames begin anew \(3, then 1\): the table holds several"):
        read(tmp_path, openface([1, 2, 3, 1, 2, 3]))


def test_two_inputs_are_named_where_frames_begin_anew(tmp_path):
    with pytest.raises(MediaError, match="such as 'a.mp4' and 'b.mp4'; write a table for each"):
        read(tmp_path, pyfeat([0, 1, 0, 1], input=["a.mp4", "a.mp4", "b.mp4", "b.mp4"]))


def test_pictures_of_one_clip_are_inputs_too(tmp_path):
    assert read(tmp_path, pyfeat([0, 1, 2], input=["1.jpg", "2.jpg", "3.jpg"])).present.all()


def test_frames_of_one_numbered_face_after_the_other_are_no_restart(tmp_path):
    frames = read(tmp_path, openface([1, 2, 3, 1, 2], face_id=[0, 0, 0, 1, 1], AU12_r=[1, 1, 1, 4, 4]))
    assert frames.values[:, frames.names.index("AU12_r")].tolist() == [1, 1, 1]


def test_a_numbered_face_that_begins_anew_is_two_recordings(tmp_path):
    with pytest.raises(MediaError, match="frames begin anew"):
        read(tmp_path, openface([1, 2, 1, 2, 1, 2], face_id=[0, 0, 1, 1, 0, 0]))


def test_frames_out_of_order_are_put_in_order(tmp_path):
    assert np.diff(read(tmp_path, openface([3, 1, 2])).at).min() > 0


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (pyfeat(range(30), AU12=37.0), "30 of 30 frames .* beyond 0 to 1, the scale of py-feat here, such as AU12 37"),
        (openface(range(30), AU12_r=np.where(np.arange(30) < 5, 6.0, 1.0)), "5 of 30 .* beyond 0 to 5.*AU12_r 6"),
        (openface(range(30), AU12_r=-1.0), "such as AU12_r -1"),
        (openface(range(30), AU12_c=3), "beyond 0 to 1, the scale of openface here, such as AU12_c 3"),
        (libreface([80.0] * 30), "beyond 0 to 5, the scale of libreface here, such as AU12_r 80"),
    ],
)
def test_another_scale_is_refused(tmp_path, table, words):
    with pytest.raises(MediaError, match=words):
        read(tmp_path, table)


def test_a_frame_beyond_the_scale_is_one_without_a_face(tmp_path):
    frames = read(tmp_path, pyfeat(range(40), AU12=[0.4] * 39 + [7.0]))
    assert frames.present.tolist() == [True] * 39 + [False]
    assert frames.remarks == ["1 frames with action units beyond 0 to 1, such as AU12 7, count as without a face"]


def test_what_rounding_puts_beyond_the_scale_counts(tmp_path):
    frames = read(tmp_path, openface(range(4), AU12_r=[5.0001, -0.0001, 5, 0]))
    assert frames.present.all() and frames.remarks == []


def test_libreface_on_0_to_1_is_told_of_and_can_be_said(tmp_path):
    weak = libreface([0.1, 0.9, 0.4])
    told = read(tmp_path, weak)
    assert told.info["scale"] == "0-5" and "say scale = '0-1'" in told.remarks[0]
    said = read(tmp_path, weak, scale="0-1")
    assert said.info["scale"] == "0-1" and said.remarks == []
    assert read(tmp_path, libreface([0.1, 4.0])).remarks == []
