"""Steps and padding."""

import numpy as np
import pytest

from avbaselines.corpora.sequences import padding_side, step_notes, summarise_steps
from avbaselines.errors import InputError


@pytest.mark.parametrize("side", ["front", "end"])
def test_padding_changes_no_functional(side):
    rng = np.random.default_rng(0)
    steps = rng.normal(size=(5, 7, 2))
    steps[:, 3] = 0  # within the clip: a step
    padded = np.pad(steps, ((0, 0), (4, 0) if side == "front" else (0, 4), (0, 0)))
    functionals = ["mean", "std", "p10", "p90", "slope", "min", "max", "first", "middle", "last"]
    functionals += ["correlation", "steps"]
    assert padding_side(padded) == side
    alone, _ = summarise_steps(steps, ["a", "b"], functionals, "end")
    np.testing.assert_allclose(summarise_steps(padded, ["a", "b"], functionals)[0], alone, atol=1e-6)
    assert f"zeros at the {side}" in step_notes("x", padded, side)[0]


def test_zeros_within_count_and_nan_does_not():
    X = np.array([[[2.0], [0.0], [np.nan], [4.0]]])
    assert summarise_steps(X, ["a"], ["mean"], "end")[0].tolist() == [[2.0]]


@pytest.mark.parametrize(
    ("steps", "thirds"),
    [
        ([1, 2, 3, 4, 5, 6], [1.5, 3.5, 5.5]),
        ([1, 2, 3, 4], [1.5, 2.5, 3.5]),  # neighbours share a step
        ([1, 2], [1.0, 1.5, 2.0]),
        ([7], [7.0, 7.0, 7.0]),
    ],
)
def test_thirds_are_means_of_windows(steps, thirds):
    X = np.array(steps + [0] * (8 - len(steps)), float)[None, :, None]
    found, columns = summarise_steps(X, ["a"], ["first", "middle", "last"], "end")
    assert columns == ["a_first", "a_middle", "a_last"]
    np.testing.assert_allclose(found, [thirds])


def test_correlations_of_each_two_features():
    rng = np.random.default_rng(0)
    steps = rng.normal(size=(3, 9, 4))
    steps[1, :, 2] = 0.1  # does not move
    steps[2] = np.nan
    X, columns = summarise_steps(steps, list("abcd"), ["mean", "correlation"], "end")
    pairs = ["a_b", "a_c", "a_d", "b_c", "b_d", "c_d"]
    assert columns == [*(f"{name}_mean" for name in "abcd"), *(f"{pair}_correlation" for pair in pairs)]
    expected = np.corrcoef(steps[0].T)[np.triu_indices(4, 1)]
    np.testing.assert_allclose(X[0, 4:], expected)
    assert X[1, 4:][[1, 3, 5]].tolist() == [0, 0, 0] and (X[1, 4:][[0, 2, 4]] != 0).all()
    assert np.isnan(X[2]).all()


def test_a_gap_is_the_features_mean_in_its_clip():
    steps = np.array([[[1.0, 2.0], [2.0, np.nan], [3.0, 6.0]]])
    assert summarise_steps(steps, ["a", "b"], ["correlation"], "end")[0].tolist() == [[pytest.approx(1.0)]]


@pytest.mark.parametrize("n_features", [1, 101])
def test_correlations_of_one_feature_or_of_too_many_are_refused(n_features):
    columns = [f"f{number}" for number in range(n_features)]
    with pytest.raises(InputError, match=f"correlation takes 2 to 100 features, this table has {n_features}"):
        summarise_steps(np.ones((2, 3, n_features)), columns, ["correlation"], "end")


def test_the_number_of_steps_is_one_column():
    steps = np.array([[[1.0, 2.0], [0.0, 0.0], [3.0, 1.0], [0.0, 0.0]], [[np.nan, np.nan]] * 4])
    X, columns = summarise_steps(steps, ["a", "b"], ["steps", "mean"], "end")
    assert columns == ["steps", "a_mean", "b_mean"] and X[0].tolist() == [3.0, 4 / 3, 1.0] and np.isnan(X[1]).all()
