import numpy as np
import pytest

from avbaselines.estimators.preprocessing import column_ranks, normal_scores
from avbaselines.estimators.preprocessing.column_ranks import ColumnRanks
from avbaselines.estimators.preprocessing.preparation import Preparation

RNG = np.random.default_rng(0)
# Ties, gaps, a constant and an empty column, signed zeros.
X = np.column_stack(
    [RNG.normal(size=(90, 3)), RNG.integers(0, 4, 90), np.full(90, 5.0), np.full(90, np.nan), np.zeros(90)]
)
X[::7, 0] = np.nan
X[::2, 6] = -0.0
SOME = np.sort(RNG.permutation(90)[:60])


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("among", [None, SOME, np.repeat(SOME[:20], 3)])
def test_scores_are_a_preparations_to_the_bit(dtype, among, monkeypatch):
    table = X.astype(dtype)
    monkeypatch.setattr(column_ranks, "PART", 200)
    expected = Preparation(scaling="quantile", balance=False).fit(table, rows=among).transform(table)
    found = ColumnRanks(table).scores(among, None, dtype)
    assert found.dtype == dtype
    np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(ColumnRanks(table).scores(among, np.array([3, 1]), dtype), expected[[3, 1]])


def test_long_columns_are_ranked_among_as_few_references():
    table = np.column_stack([np.exp(RNG.normal(size=5001)), RNG.integers(0, 9, 5001), RNG.normal(size=5001)])
    table[: 5001 - 1500, 2] = np.nan
    rows = np.arange(900, 5001)
    assert len(rows) > normal_scores.MAX_REFERENCES
    expected = Preparation(scaling="quantile", balance=False).fit(table, rows=rows).transform(table)
    np.testing.assert_array_equal(ColumnRanks(table).scores(rows, None, float), expected)


def test_two_bytes_a_value_hold_up_to_65535_rows():
    assert ColumnRanks(X).nbytes == 2 * X.size
    long = ColumnRanks(RNG.permutation(2.0**16 + np.arange(2**16))[:, None])
    assert long.nbytes == 4 * 2**16
    scores = long.scores(None, np.array([0, 1]), float)
    assert (np.abs(scores) <= 3).all() and scores[0] != scores[1]
