"""Rows that are parts of files."""

import numpy as np
import pandas as pd
import pytest

from avbaselines.corpora import segments
from avbaselines.corpora.segments import RowParts, part_columns, row_parts, seconds, stack_steps
from avbaselines.errors import InputError


@pytest.mark.parametrize(
    "values",
    [
        pd.to_timedelta([1.5, None], unit="s").to_series(),
        pd.Series(["0 days 00:00:01.500000000", ""]),
        pd.Series(["0 days 00:00:01.5", "NaT"]),
        pd.Series([1.5, None]),
        pd.Series(["1.5", None]),
    ],
)
def test_times_in_every_writing_are_seconds(values):
    np.testing.assert_allclose(seconds(values, "x.csv"), [1.5, np.nan])


def test_parts_of_files_have_ids_of_their_own():
    table = pd.DataFrame({"file": ["a", "a", "b"], "start": [0, 1.25, None], "end": [1.25, None, None]})
    parts = row_parts(table, "x.csv")
    assert parts.ids.tolist() == ["a@0.000-1.250", "a@1.250-", "b@0.000-"]
    assert all(segments.is_segment_id(clip) for clip in parts.ids)
    assert parts.segments["a@1.250-"] == ("a", 1.25, None)


def test_whole_files_go_by_their_names():
    parts = RowParts(np.array(["a", "b"]), np.zeros(2), np.full(2, np.nan))
    assert parts.ids.tolist() == ["a", "b"] and parts.segments == {}
    cut = parts._replace(starts=np.array([0.0, 2.0]))
    assert cut.ids.tolist() == ["a", "b"] and cut.segments["b"] == ("b", 2.0, None)


def test_tables_without_the_three_columns_have_no_parts():
    assert row_parts(pd.DataFrame({"file": ["a"], "start": [0]}), "x.csv") is None
    with pytest.raises(InputError, match="row 3 has no file"):
        row_parts(pd.DataFrame({"file": ["a", None], "start": [0, 0], "end": [1, 1]}), "x.csv")


def test_columns_of_time_are_no_features_of_such_tables_alone():
    names = ["name", "frameTime", "frameIndex", "start", "class", "F0"]
    table = pd.DataFrame(columns=names)
    assert part_columns(table, "name", is_arff=True) == ["frameTime", "frameIndex", "class"]
    assert part_columns(table, "file", is_arff=False) == [] and part_columns(table, "clip_id", is_arff=False) == []


def test_steps_are_stacked_in_time_and_small_enough(monkeypatch):
    ids, X = stack_steps(np.array(["b", "a", "b"]), np.array([[1.0], [2.0], [3.0]]), np.array([2.0, 0.0, 1.0]), "x")
    assert ids.tolist() == ["b", "a"] and X.dtype == np.float32
    np.testing.assert_array_equal(X[:, :, 0], [[3.0, 1.0], [2.0, np.nan]])
    monkeypatch.setattr(segments, "MOST_BYTES", 8)
    with pytest.raises(InputError, match="2 clips of up to 2 steps and 1 features take more than"):
        stack_steps(np.array(["b", "a", "b"]), np.zeros((3, 1)), None, "x")
