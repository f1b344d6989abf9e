"""Matching ids of two sides."""

import numpy as np
import pytest

from avbaselines.corpora.id_matching import match_ids
from avbaselines.errors import InputError


def test_equal_ids_are_matched_before_any_other():
    match = match_ids(["a", "A"], ["A", "a", "a.wav"], "x")
    assert match.rows.tolist() == [1, 0] and not match.respelt and match.strangers == ["a.wav"]


def test_a_closer_form_goes_before_a_looser_one():
    match = match_ids(["x_1", "x_01"], ["wav/x_01.wav", "wav/x_1.wav"], "x")
    assert match.rows.tolist() == [1, 0]


def test_clips_without_a_row_are_no_error():
    match = match_ids(["a", "b"], ["a"], "x")
    assert match.rows.tolist() == [0, -1] and match.note("x") == ""


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [(["a"], ["p/a", "q/a"]), (["p/a", "q/a"], ["a"]), (["a1", "A1"], ["a01"]), (["1"], ["01", "001"])],
)
def test_what_may_be_two_is_refused_with_both_sides(ours, theirs):
    with pytest.raises(InputError) as error:
        match_ids(ours, theirs, "table.csv")
    assert all(repr(name) in str(error.value) for name in (*ours, *theirs)) and "table.csv" in str(error.value)


def test_many_ids_are_matched_in_little_time():
    ours = np.array([f"rec{number // 100:04d}_{number % 100:03d}" for number in range(40_000)])
    match = match_ids(ours, [f"{name.upper()}.wav" for name in ours[::-1]], "x")
    assert (match.rows == np.arange(40_000)[::-1]).all()
