"""Rows that a study takes."""

import pandas as pd

from avbaselines.experiment.loading.row_filters import filter_clips

CLIPS = pd.DataFrame({"part": ["Train", "train", "test", None], "take": [1, 2, 1, 1]}, index=list("abcd"))


def test_where_and_where_not_go_together():
    clips, notes = filter_clips(CLIPS, {"take": [1]}, {"part": ["Train"]}, "x")
    assert clips.index.tolist() == ["c", "d"] and not notes


def test_a_value_of_two_spellings_stands_for_neither():
    clips, notes = filter_clips(CLIPS, {"part": ["TRAIN", "test"]}, {}, "x")
    assert clips.index.tolist() == ["c"] and notes == ["no clip has part = TRAIN (corpus.where)"]


def test_an_empty_text_is_a_missing_value():
    assert filter_clips(CLIPS, {}, {"part": [""]}, "x")[0].index.tolist() == ["a", "b", "c"]
