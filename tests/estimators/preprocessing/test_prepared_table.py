import numpy as np
import pytest

from avbaselines.errors import InputError
from avbaselines.estimators.preprocessing import prepared_table
from avbaselines.estimators.preprocessing.column_ranks import ColumnRanks
from avbaselines.estimators.preprocessing.preparation import Preparation
from avbaselines.estimators.preprocessing.prepared_table import PreparedTable
from avbaselines.estimators.tuned.shared_work import SharedWork

RNG = np.random.default_rng(0)
X = RNG.normal(3, 2, (60, 7))
X[:8, 4:] = np.nan
X[20, 0] = np.nan
Y = X[:, [1]] + RNG.normal(size=(60, 1))
BLOCKS = [[0, 1, 2, 3], [4, 5, 6]]
KNOWN, OTHERS = np.arange(5, 45), np.arange(45, 60)
OPTIONS = {"column_share": 0.5, "block_weights": (2.0, 0.5)}
SCALINGS = ["standard", "quantile", "joined"]


@pytest.mark.parametrize("options", [{}, {"block_weights": (2.0, 0.5)}, OPTIONS])
@pytest.mark.parametrize("limit", [0, 2**20])
@pytest.mark.parametrize("scaling", SCALINGS)
def test_rows_and_products_are_those_of_a_preparation_whatever_is_kept(scaling, limit, options):
    preparation = Preparation(BLOCKS, scaling, **options).fit(X, Y[KNOWN], KNOWN)
    expected = preparation.transform(X)
    table = PreparedTable(X, BLOCKS, SharedWork(limit))
    for _ in range(2):
        fold = table.fold(scaling, KNOWN)
        weights = fold.weights(Y[KNOWN], **options)
        kept = np.flatnonzero(weights)
        features = 4 if "column_share" in options else 7
        assert len(kept) == features * (1 + (scaling == "joined")) + 1
        np.testing.assert_allclose(fold.weighed(weights, OTHERS).whole(), expected[OTHERS][:, kept], atol=1e-12)
        np.testing.assert_allclose(fold.products(weights), expected @ expected.T, atol=1e-10)
        np.testing.assert_allclose(fold.as_by(preparation).whole(), expected[KNOWN], atol=1e-12)


@pytest.mark.parametrize("scaling", SCALINGS)
def test_large_tables_are_prepared_in_parts_to_the_same_end(scaling, monkeypatch):
    expected = PreparedTable(X, BLOCKS, SharedWork()).fold(scaling, KNOWN).rows(OTHERS).whole()
    monkeypatch.setattr(prepared_table, "RANKED", 10)
    table = PreparedTable(X, BLOCKS, SharedWork())
    assert table.ranks is None
    np.testing.assert_allclose(table.fold(scaling, KNOWN).rows(OTHERS).whole(), expected, atol=1e-12)


def test_columns_are_sorted_once_for_all_folds_and_multiplied_once_for_all_trials(monkeypatch):
    sorted_tables, multiplied = [], []
    monkeypatch.setattr(
        prepared_table, "ColumnRanks", lambda table: sorted_tables.append(1) or ColumnRanks(table)
    )
    original = prepared_table.PreparedFold._products
    monkeypatch.setattr(
        prepared_table.PreparedFold, "_products", lambda *given: multiplied.append(1) or original(*given)
    )
    shared = SharedWork(2**20)
    for trial in range(3):
        for rows in (KNOWN, OTHERS):
            fold = PreparedTable(X, BLOCKS, shared).fold("quantile", rows)
            fold.products(fold.weights(Y[rows], block_weights=(1.0, 1.0 + trial)))
    assert len(sorted_tables) == 1
    # Two blocks in each fold, and where the second is missing from some of its rows the column that says so.
    assert len(multiplied) == 2 * 2 + 1


def test_another_number_of_weights_than_blocks_is_refused():
    fold = PreparedTable(X, BLOCKS, SharedWork()).fold("standard", KNOWN)
    with pytest.raises(InputError, match="2 are needed, got 1"):
        fold.weights(Y[KNOWN], block_weights=(1.0,))
    with pytest.raises(InputError, match="column_share"):
        fold.weights(Y[KNOWN], column_share=1.5)


def test_products_of_joined_scalings_are_put_together_from_those_of_both(monkeypatch):
    multiplied = []
    original = prepared_table.PreparedFold._products
    monkeypatch.setattr(
        prepared_table.PreparedFold, "_products", lambda *given: multiplied.append(1) or original(*given)
    )
    table = PreparedTable(X, BLOCKS, SharedWork())
    for scaling in SCALINGS:
        fold = table.fold(scaling, KNOWN)
        fold.products(fold.weights(Y[KNOWN]))
    assert len(multiplied) == 2 * 3  # two blocks and the column of presence, standard and quantile
    assert table.fold("joined", OTHERS).products(np.ones(14)).shape == (60, 60)
    assert len(multiplied) == 2 * 3 + 4


def test_wide_blocks_have_scores_alone():
    wide = RNG.normal(size=(30, 503)).astype(np.float32)
    blocks = [slice(0, 501), slice(501, 503)]
    table, preparation = PreparedTable(wide, blocks, SharedWork()), Preparation(blocks, "joined").fit(wide)
    fold = table.fold("joined", None)
    weights, expected = fold.weights(wide), preparation.transform(wide)
    assert fold.width == 505
    np.testing.assert_allclose(fold.weighed(weights).whole(), expected, atol=1e-6)
    np.testing.assert_allclose(fold.products(weights), expected @ expected.T, atol=1e-5)
    np.testing.assert_allclose(fold.as_by(preparation).whole(), expected, atol=1e-6)
