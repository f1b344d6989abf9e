import numpy as np
import pytest
from scipy.stats import norm, rankdata
from sklearn.preprocessing import StandardScaler

from avbaselines.errors import InputError
from avbaselines.estimators.preprocessing.preparation import Preparation, column_blocks

RNG = np.random.default_rng(0)
X = RNG.normal(3, 2, (60, 6))


def test_standard_is_scikit_learns():
    expected = StandardScaler().fit(X[:40]).transform(X)
    np.testing.assert_allclose(Preparation(balance=False).fit(X[:40]).transform(X), expected, atol=1e-12)


def test_blocks_weigh_the_same_whatever_their_width():
    Z = Preparation(blocks=[[0], slice(1, 6)]).fit_transform(X)
    np.testing.assert_allclose([np.square(Z[:, 0]).sum(), np.square(Z[:, 1:]).sum()], 60)


def test_quantile_gives_normal_scores_of_mid_ranks():
    column = np.r_[np.zeros(20), np.exp(RNG.normal(size=40))]
    Z = Preparation(scaling="quantile").fit_transform(column[:, None])
    expected = norm.ppf((rankdata(column) - 0.5) / 60)
    np.testing.assert_allclose(Z[:, 0], expected, atol=1e-9)


def test_quantile_bounds_unseen_outliers_and_thins_long_references():
    long = RNG.normal(size=(6001, 1))
    preparation = Preparation(scaling="quantile").fit(long)
    assert preparation.references_.shape[1] == 2000
    np.testing.assert_allclose(preparation.transform([[1e9], [-1e9]]).ravel(), [3, -3])
    np.testing.assert_allclose(
        preparation.transform(np.sort(long, axis=0)[::500]).ravel()[1:-1],
        norm.ppf((np.arange(500, 6000, 500) + 0.5) / 6001),
        atol=0.01,
    )


@pytest.mark.parametrize("scaling", ["standard", "quantile"])
def test_missing_block_and_cells(scaling):
    gaps = X.copy()
    gaps[:10, 3:] = np.nan
    gaps[20, 0] = np.nan
    preparation = Preparation(blocks=[0, 0, 0, 1, 1, 1], scaling=scaling).fit(gaps)
    Z = preparation.transform(gaps)
    assert preparation.indicated_.tolist() == [1]
    assert (Z[:10, 3:6] == 0).all() and Z[20, 0] == 0
    assert Z[:, 6].tolist() == [0] * 10 + [1] * 50
    # Statistics come from the rows that have the block.
    whole = Preparation(scaling=scaling, balance=False).fit_transform(gaps[10:, 3:])
    np.testing.assert_allclose(Z[10:, 3:6] * np.sqrt(3), whole, atol=1e-12)


@pytest.mark.parametrize("scaling", ["standard", "quantile"])
def test_constant_and_empty_columns_become_zero(scaling):
    odd = np.column_stack([np.full(30, 1e6 + 0.1), np.full(30, np.nan), np.arange(30.0)]).astype(np.float32)
    Z = Preparation(scaling=scaling).fit_transform(odd)
    assert Z.dtype == np.float32
    assert (Z[:, :2] == 0).all() and np.ptp(Z[:, 2]) > 1


def test_huge_float32_columns_are_scaled_precisely():
    wide = (1e9 * RNG.normal(size=(500, 1)) + 1e10).astype(np.float32)
    Z = Preparation().fit_transform(wide)
    np.testing.assert_allclose([Z.mean(), Z.std()], [0, 1], atol=1e-3)


@pytest.mark.parametrize("blocks", [[[0, 1], [1, 2]], [[0], [1]], [[0, 7]], [slice(0, 2)]])
def test_blocks_must_partition_the_columns(blocks):
    with pytest.raises(InputError, match="blocks"):
        column_blocks(blocks, 3)


def test_unknown_scaling_is_refused():
    with pytest.raises(InputError, match="one of standard, quantile, joined"):
        Preparation(scaling="robust").fit(X)


def test_a_column_that_is_silent_but_for_rounding_has_no_more_say_than_ten_deviations():
    X = np.random.default_rng(0).normal(size=(50, 2)) * [1.0, 1e-6]
    preparation = Preparation(balance=False).fit(X)
    Z = preparation.transform(np.array([[2.0, 5.0], [-1.0, -5.0]]))
    assert Z[:, 1].tolist() == [10.0, -10.0]
    np.testing.assert_allclose(Z[:, 0], (np.array([2.0, -1.0]) - X[:, 0].mean()) / X[:, 0].std())


def test_a_large_offset_does_not_hide_what_varies():
    small = np.linspace(-1, 1, 20)
    Z = Preparation(balance=False).fit_transform((1e6 + 0.01 * small)[:, None])
    np.testing.assert_allclose(Z[:, 0], small / small.std(), atol=1e-6)


def test_new_values_count_for_no_more_than_fitted_ones_have_shown():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(400, 2))
    X[0, 0] = 300.0  # a heavy tail among the fitted rows stays as it is
    model = Preparation(balance=False).fit(X)
    furthest = (300 - X[:, 0].mean()) / X[:, 0].std()
    assert furthest > 15
    np.testing.assert_allclose(model.transform(X), (X - X.mean(axis=0)) / X.std(axis=0))
    far = model.transform(np.array([[1e6, 1e6], [-1e6, -1e6]]))
    np.testing.assert_allclose(far, [[furthest, 10.0], [-furthest, -10.0]])


def test_joined_columns_are_both_scalings_side_by_side_and_weigh_as_one():
    gaps = X.copy()
    gaps[:10, 3:] = np.nan
    gaps[20, 0] = np.nan
    blocks, taken = [0, 0, 0, 1, 1, 1], np.r_[30:60, 0:5]
    names = ("standard", "quantile", "joined")
    fits = {name: Preparation(blocks, name).fit(gaps, rows=np.arange(50)) for name in names}
    parts = {name: fit.rows(gaps, taken).whole() for name, fit in fits.items()}
    expected = np.hstack([parts["standard"][:, :6], parts["quantile"][:, :6]]) / np.sqrt(2)
    np.testing.assert_allclose(parts["joined"][:, :12], expected, atol=1e-12)
    np.testing.assert_array_equal(parts["joined"][:, 12], parts["standard"][:, 6])
    np.testing.assert_array_equal(parts["joined"], fits["joined"].transform(gaps)[taken])


def test_joined_columns_of_many_rows_are_made_part_by_part():
    long = RNG.normal(size=(1500, 400)).astype(np.float32)
    rows = Preparation(scaling="joined").fit(long).rows(long)
    assert rows.width == 800 and len(rows.slices) > 1
    pieces = np.vstack([part for _, part in rows])
    assert pieces.dtype == np.float32
    np.testing.assert_array_equal(pieces, Preparation(scaling="joined").fit_transform(long))


def test_wide_blocks_are_not_doubled():
    wide = RNG.normal(size=(40, 503))
    blocks = [slice(0, 501), slice(501, 503)]
    Z = Preparation(blocks, "joined").fit_transform(wide)
    scores = Preparation(blocks, "quantile").fit_transform(wide)
    np.testing.assert_allclose(Z[:, :2], Preparation(blocks).fit_transform(wide)[:, 501:] / np.sqrt(2), atol=1e-12)
    np.testing.assert_allclose(Z[:, 2:], scores / np.r_[np.ones(501), np.sqrt([2, 2])], atol=1e-12)
    np.testing.assert_array_equal(Preparation(scaling="joined").fit_transform(wide[:, :501]), Preparation(
        scaling="quantile").fit_transform(wide[:, :501]))


def test_screened_columns_are_left_out_of_both_halves():
    y = X[:, [2]]
    Z = Preparation(scaling="joined", column_share=0.2).fit(X, y).transform(X)
    assert np.flatnonzero(Z.any(axis=0)).tolist() == [2, 8]
