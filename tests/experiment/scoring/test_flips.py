"""Clips that an external system and the picked one win of each other."""

import numpy as np
from small_board import AROUSAL, EMOTION, SPLITS, corpus, scored

from avbaselines.experiment.planning.system import ExternalSystem
from avbaselines.experiment.scoring.flips import COLUMNS, compared, flips
from avbaselines.experiment.scoring.scoreboard import Scoreboard


def deep(board, error):
    return scored("deep", board.corpus, error, system=ExternalSystem(name="deep", source="deep"))


def test_of_classes_who_is_right_alone_wins():
    board = Scoreboard(corpus(EMOTION), SPLITS)
    table = flips(board, [scored("ours", board.corpus, 2), deep(board, 1)], "ours", "honest")
    assert tuple(table.columns) == COLUMNS
    assert table["better"].tolist() == ["neither", "theirs", *["neither"] * 10]  # the first is wrong by both
    assert table.loc[1, ["truth", "theirs", "ours"]].tolist() == ["sad", "sad", "glad"]


def test_of_attributes_who_is_closer_wins_and_unlabelled_clips_are_left_out():
    board = Scoreboard(corpus(AROUSAL), SPLITS)
    board.corpus.y["arousal"] = np.where(np.arange(12) == 3, np.nan, board.corpus.y["arousal"])
    table = flips(board, [scored("ours", board.corpus, 0.2), deep(board, 0.5)], "ours", "honest")
    assert len(table) == 11 and "c3" not in set(table["clip_id"]) and set(table["better"]) == {"ours"}
    same = flips(board, [scored("ours", board.corpus, 0.5), deep(board, -0.5)], "ours", "honest")
    assert set(same["better"]) == {"neither"}


def test_without_a_picked_or_an_external_row_there_is_nothing_to_tell():
    board = Scoreboard(corpus(AROUSAL), SPLITS)
    for rows, picked in (([deep(board, 1)], None), ([scored("ours", board.corpus, 1)], "ours")):
        assert flips(board, rows, picked, "honest").empty


def test_a_list_that_would_be_too_long_has_the_first_systems_alone():
    board = Scoreboard(corpus(AROUSAL), SPLITS)
    rows = [deep(board, 1), deep(board, 2), deep(board, 3), scored("ours", board.corpus, 1)]
    for most, listed in ((1, 1), (24, 2), (35, 2), (36, 3)):  # twelve labelled clips a system
        first, others = compared(board, rows, most)
        assert (first, others) == (rows[:listed], rows[listed:3])
