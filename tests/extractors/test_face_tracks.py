"""Following one person among several faces."""

import numpy as np
import pandas as pd
import pytest

from avbaselines.extractors.face_tables import read_face_table
from avbaselines.extractors.face_tracks import follow
from avbaselines.extractors.face_video import Seen, faces_table, person_series
from avbaselines.extractors.media import MediaError
from avbaselines.extractors.recipe import FaceMeshOptions, FaceOptions


def face(frame, left, size, unit=0.0, score=0.99):
    return [frame, frame / 10, score, left, 0, size, size, unit, 1, 2, 3]


def nobody(frame):
    return [frame, frame / 10, *[np.nan] * 9]


def followed(rows, **options):
    seen = Seen(faces_table(rows, ["AU12"]), "", 1.0)
    frames = person_series(seen, FaceMeshOptions(**options), {"scale": "0-1"})
    return [None if not there else value for there, value in zip(frames.present, frames.values[:, 0], strict=True)]


# Left is small and seen throughout, right is larger and comes in the second frame.
TWO = [face(0, 0, 20, 0.1)]
TWO += [row for i in range(1, 6) for row in (face(i, 0, 20, 0.1), face(i, 100, 40, 0.9))]


@pytest.mark.parametrize(
    ("person", "expected"),
    [("largest", [None] + [0.9] * 5), ("first", [0.1] * 6), ("leftmost", [0.1] * 6)],
)
def test_the_person_is_chosen_for_the_whole_clip(person, expected):
    assert followed(TWO, person=person) == expected


def test_somebody_who_comes_nearer_for_a_moment_does_not_take_over():
    rows = [face(i, 0, 40, 0.1) for i in range(10)]
    rows += [face(i, 100, 60, 0.9) for i in (4, 5)]
    assert followed(sorted(rows)) == [0.1] * 10


def test_a_moving_face_is_one_person():
    rows = [face(i, 5 * i, 20, i / 10) for i in range(10)] + [face(i, 200, 15, 0.95) for i in range(10)]
    assert followed(sorted(rows)) == [i / 10 for i in range(10)]


def test_frames_without_the_person_are_without_a_face_even_if_somebody_else_is_there():
    rows = [face(i, 0, 40, 0.1) for i in (0, 1, 2, 6, 7, 8)] + [face(i, 100, 20, 0.9) for i in range(9)]
    assert followed(sorted(rows)) == [0.1] * 3 + [None] * 3 + [0.1] * 3


def test_after_a_cut_the_clip_goes_on_with_who_is_there():
    rows = [face(i, 0, 40, 0.1) for i in range(30)] + [face(i, 200, 20, 0.9) for i in range(60, 70)]
    rows += [nobody(i) for i in range(30, 60)]
    assert followed(sorted(rows, key=lambda row: row[0])) == [0.1] * 30 + [None] * 30 + [0.9] * 10


def test_the_share_of_frames_with_several_faces_counts_trusted_ones_only():
    seen = Seen(faces_table([*TWO, face(6, 0, 20), face(6, 100, 40, score=0.1)], ["AU12"]), "", 1.0)
    assert person_series(seen, FaceMeshOptions(), {"scale": "0-1"}).several_faces == pytest.approx(5 / 7)


def test_no_frame_at_all_is_an_error():
    with pytest.raises(MediaError, match="no picture"):
        person_series(Seen(faces_table([], ["AU12"]), "", 0.0), FaceMeshOptions(), {})


def test_frames_where_nobody_is_seen():
    assert followed([nobody(0), nobody(1)]) == [None, None]


@pytest.mark.parametrize("person", ["largest", "first", "leftmost"])
def test_tables_of_pyfeat_are_followed_like_videos(tmp_path, person):
    columns = ["frame", "t", "FaceScore", "FaceRectX", "FaceRectY", "FaceRectWidth", "FaceRectHeight", "AU12"]
    table = pd.DataFrame([row[:8] for row in TWO], columns=columns)
    table.to_csv(tmp_path / "t.csv", index=False)
    frames = read_face_table(tmp_path / "t.csv", FaceOptions(person=person))
    expected = {"largest": [False] + [True] * 5}.get(person, [True] * 6)
    assert frames.present.tolist() == expected
    assert frames.values[5, 0] == (0.9 if person == "largest" else 0.1)
    assert frames.several_faces == pytest.approx(5 / 6)
    assert frames.detection_rate == pytest.approx(np.mean(expected))


def test_openface_numbers_its_faces(tmp_path):
    units = ("01", "02", "04", "05", "06", "07", "09", "10", "12", "14", "15", "17", "20", "23", "25", "26", "45")
    rows = []
    for frame in range(1, 5):
        for number, (x, near, unit) in enumerate([(-200, 900.0, 1.0), (100, 400.0, 4.0)]):
            row = {"frame": frame, "face_id": number, "timestamp": frame / 25, "confidence": 0.9, "success": 1}
            row |= {"pose_Tx": x, "pose_Tz": near if frame < 4 else 500.0} | {f"AU{u}_r": unit for u in units}
            rows.append(row)
    pd.DataFrame(rows).to_csv(tmp_path / "t.csv", index=False)
    for person, unit in (("largest", 4.0), ("leftmost", 1.0)):
        frames = read_face_table(tmp_path / "t.csv", FaceOptions(person=person))
        assert frames.values[:, 0].tolist() == [unit] * 4
        assert frames.several_faces == 1.0


def test_a_long_film_is_followed_in_a_moment():
    frame = np.repeat(np.arange(5000), 2)
    boxes = np.tile([[0, 0, 20, 20], [100, 0, 40, 40]], (5000, 1))
    assert follow(frame, boxes, boxes[:, 2] ** 2).tolist() == list(range(1, 10000, 2))
