"""One order of clips, whatever the order of rows in the tables."""

import numpy as np

from avbaselines.experiment.loading.clip_order import clip_order


def test_every_order_of_rows_gives_the_same_clips():
    ids = np.array([f"{speaker}_{clip}" for speaker in ("ann", "b2", "b10") for clip in ("1", "01", "2", "x")])
    shuffled = np.random.default_rng(0).permutation(ids)
    assert ids[clip_order(ids)].tolist() == shuffled[clip_order(shuffled)].tolist()


def test_numbers_in_ids_count_by_their_value():
    ids = np.array(["c10", "c9", "c09", "c", "c0", "9" * 5000, "8" * 5000 + "0"])
    expected = ["9" * 5000, "8" * 5000 + "0", "c", "c0", "c09", "c9", "c10"]
    assert ids[clip_order(ids)].tolist() == expected


def test_frames_go_by_recording_and_time_not_by_the_text_of_their_ids():
    ids = np.array(["r10@0.4", "r2@10.0", "r2@9.6", "r10@0.0"])
    recordings, times = np.array(["r10", "r2", "r2", "r10"]), np.array([0.4, 10.0, 9.6, 0.0])
    assert clip_order(ids, recordings, times).tolist() == [2, 1, 3, 0]
