"""Votes and ratings of single raters, read and refused."""

import numpy as np
import pandas as pd
import pytest

from avbaselines.corpora.numbers import marked
from avbaselines.corpora.raters import Ratings, VoteColumns, Votes, read_raters
from avbaselines.corpora.targets import TargetOptions
from avbaselines.errors import InputError

CLIPS = pd.DataFrame(
    {
        "r1": ["1", "2,5", "?"], "r2": ["2", "3", "4"],
        "mood_1": ["glad", "sad", None], "mood_2": ["sad", "sad", "odd"],
        "n_glad": [3, 0, 1], "n_sad": [1, 2, 1], "p_glad": [0.75, 0.0, 0.5], "p_sad": [0.25, 1.0, 0.5],
        "raters": [4, 2, 2], "acted": ["a", "b", "a"],
    },
    index=["x", "y", "z"],
)  # fmt: skip


def read(raters, classes=(), missing=()):
    return read_raters(raters, CLIPS, classes, "targets.t.raters", "clips.csv", missing)


@pytest.mark.parametrize("raters", ["r[12]", ["r1", "r2"]])
def test_a_column_a_rater_by_pattern_or_by_name(raters):
    ratings = read(raters, missing=["?"])
    assert isinstance(ratings, Ratings)
    assert np.array_equal(ratings.values, [[1, 2], [2.5, 3], [np.nan, 4]], equal_nan=True)


def test_classes_chosen_by_raters_are_counted_and_others_left_aside():
    votes = read("mood_*", ("glad", "sad"))
    assert isinstance(votes, Votes) and votes.counts.tolist() == [[1, 1], [0, 2], [0, 0]]


def test_votes_by_class_are_counts_or_shares_of_a_number():
    counts = read(VoteColumns(votes="n_"), ("glad", "sad")).counts
    assert counts.tolist() == [[3, 1], [0, 2], [1, 1]]
    shares = read(VoteColumns(votes="p_", number="raters", kinds="acted"), ("glad", "sad"))
    assert shares.counts.tolist() == counts.tolist() and shares.kinds.tolist() == [0, 1, 0]


@pytest.mark.parametrize(
    ("raters", "classes", "said"),
    [
        ("r?x", (), "targets.t.raters = 'r?x' names 0 columns; give two raters or more"),
        (["r1"], (), "names 1 column; give two raters"),
        (["r1", "r3"], (), "no column 'r3' for targets.t.raters"),
        (["r1", "r2"], (), "column 'r1' (targets.t.raters) has '?' for clip 'z'"),
        (VoteColumns(votes="p_"), ("glad", "sad"), "votes of clip 'x' for targets.t.raters are 0.75, 0.25"),
        (VoteColumns(votes="q_"), ("glad", "sad"), "no column 'q_glad'"),
    ],
)
def test_what_cannot_be_read_is_refused(raters, classes, said):
    with pytest.raises(InputError, match="clips.csv") as refused:
        read(raters, classes)
    assert said in str(refused.value)


def test_votes_by_class_go_with_a_class_metric():
    assert TargetOptions(metric="uar", raters={"votes": "n_"}).raters == VoteColumns(votes="n_")
    with pytest.raises(ValueError, match="raters.votes go with a class metric"):
        TargetOptions(metric="ccc", raters={"votes": "n_"})


def test_a_mark_is_found_as_text_and_as_number():
    assert marked(pd.Series(["-5", "-5.0", "x", None]), -5).tolist() == [True, True, False, False]
    assert marked(pd.Series([-5.0, 5.0]), "-5").tolist() == [True, False]
