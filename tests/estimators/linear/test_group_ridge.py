"""Ridge without a group equals a ridge fitted without it."""

import numpy as np
import pytest
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from avbaselines.errors import InputError
from avbaselines.estimators.linear.group_ridge import GroupRidge, leave_group_out

PENALTIES = np.logspace(-1, 4, 9)


def plain(X, Y, kept, held, penalty, standardise=True, fit_intercept=True):
    ridge = Ridge(penalty, fit_intercept=fit_intercept)
    model = make_pipeline(StandardScaler(), ridge) if standardise else ridge
    return model.fit(X[kept].astype(float), Y[kept]).predict(X[held].astype(float)).reshape(held.sum(), -1)


@pytest.fixture(scope="module")
def data():
    """Correlated columns on very different scales, six groups of unequal size and offset, three targets."""
    rng = np.random.default_rng(0)
    groups = rng.permutation(np.repeat(list("abcdef"), [40, 60, 80, 100, 50, 30]))
    own = {name: rng.normal(size=25) for name in "abcdef"}
    X = rng.normal(size=(360, 25)) @ rng.normal(size=(25, 25)) + np.array([own[name] for name in groups])
    Y = X[:, :3] + X @ rng.normal(size=(25, 3)) + 5 * rng.normal(size=(360, 3)) + [0, 10, -50]
    return X * np.logspace(-2, 3, 25) + np.logspace(-2, 3, 25), Y, groups


@pytest.mark.parametrize("standardise", [True, False])
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_equals_the_plain_loop(data, standardise, fit_intercept):
    X, Y, groups = data
    predictions = leave_group_out(X, Y, groups, PENALTIES, standardise=standardise, fit_intercept=fit_intercept)
    assert predictions.shape == (360, 3, 9)
    for name in "abcdef":
        held = groups == name
        for p, penalty in enumerate(PENALTIES):
            expected = plain(X, Y, ~held, held, penalty, standardise, fit_intercept)
            np.testing.assert_allclose(predictions[held][:, :, p], expected, atol=1e-6 * Y.std())


def test_single_precision_gives_the_same(data):
    X, Y, groups = data
    X = X.astype(np.float32)
    predictions = leave_group_out(X, Y[:, 0], groups, [3.0])
    held = groups == "c"
    np.testing.assert_allclose(predictions[held][:, :, 0], plain(X, Y[:, 0], ~held, held, 3.0), atol=1e-6 * Y.std())


def test_two_left_out(data):
    X, Y, groups = data
    ridge = GroupRidge([2.0]).fit(X, Y, groups)
    pairs = {}
    for (a, b), first, second in ridge.leave_two_out():
        kept = (groups != a) & (groups != b)
        for name, (rows, predicted) in ((a, first), (b, second)):
            held = groups == name
            np.testing.assert_array_equal(rows, np.flatnonzero(held))
            np.testing.assert_allclose(predicted[:, :, 0], plain(X, Y, kept, held, 2.0), atol=1e-6 * Y.std())
        pairs[a, b] = True
    assert len(pairs) == 15


def test_gram_matrices_made_anew_when_they_do_not_fit(data):
    X, Y, groups = data
    stored = GroupRidge([2.0]).fit(X, Y, groups)
    lean = GroupRidge([2.0], memory=1e4).fit(X, Y, groups)
    assert lean._parts[0][1].gram is None and stored._parts[0][1].gram is not None
    for one, other in zip(stored.solve(["b", "c"]), lean.solve(["b", "c"]), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-8)


def test_targets_labelled_on_different_rows(data):
    X, Y, groups = data
    Y = Y.copy()
    Y[::3, 1] = np.nan
    Y[groups == "d", 2] = np.nan
    predictions = leave_group_out(X, Y, groups, [2.0])
    held = groups == "b"
    for target in range(3):
        kept = ~held & ~np.isnan(Y[:, target])
        expected = plain(X, Y[:, target], kept, held, 2.0)[:, 0]
        np.testing.assert_allclose(predictions[held, target, 0], expected, atol=1e-6 * np.nanstd(Y))


def test_columns_that_are_constant_without_a_group(data):
    X, Y, groups = data
    X = X.copy()
    X[:, 3] = 1e4
    X[groups != "a", 4:12] = np.random.default_rng(2).normal(size=8)
    predictions = leave_group_out(X, Y, groups, [2.0])
    for name in "ab":
        held = groups == name
        np.testing.assert_allclose(predictions[held, :, 0], plain(X, Y, ~held, held, 2.0), atol=1e-6 * Y.std())


def test_constant_target(data):
    X, _, groups = data
    np.testing.assert_allclose(leave_group_out(X, np.full(360, 4.0), groups, [2.0]), 4.0)


def test_bad_input(data):
    X, Y, groups = data
    with pytest.raises(InputError, match="penalties"):
        GroupRidge([1.0, 0.0])
    with pytest.raises(InputError, match="at least two"):
        leave_group_out(X, Y, np.zeros(360), [1.0])
    with pytest.raises(InputError, match="no group 'z'"):
        GroupRidge([1.0]).fit(X, Y, groups).solve(["z"])
    with pytest.raises(InputError, match="no labelled row"):
        GroupRidge([1.0]).fit(X, Y, groups).solve(list("abcdef"))
    with pytest.raises(InputError, match="fit together"):
        leave_group_out(X, Y[1:], groups, [1.0])
    with pytest.raises(InputError, match="column 2"):
        leave_group_out(np.where(np.arange(25) == 2, np.nan, X), Y, groups, [1.0])
