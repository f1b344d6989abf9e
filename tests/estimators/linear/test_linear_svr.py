"""The primal linear SVR equals liblinear's, driven to convergence."""

import numpy as np
import pytest
from sklearn.svm import LinearSVR
from sklearn.utils.estimator_checks import parametrize_with_checks

from avbaselines.errors import InputError
from avbaselines.estimators.linear import linear_svr
from avbaselines.estimators.linear.linear_svr import PrimalLinearSVR


@parametrize_with_checks([PrimalLinearSVR(), PrimalLinearSVR(epsilon=0.1)])
def test_scikit_learn_checks(estimator, check):
    check(estimator)


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(1)
    X = rng.normal(size=(300, 8)) @ rng.normal(size=(8, 8)) + 1
    return X, X @ rng.normal(size=8) / 4 + rng.standard_t(3, size=300) + 2


def liblinear(X, y, C, epsilon, **options):
    model = LinearSVR(
        C=C, epsilon=epsilon, loss="squared_epsilon_insensitive", dual=False, tol=1e-12, max_iter=100_000, **options
    )
    return model.fit(X, y)


def gradient(model, X, y):
    error = y - model.predict(X)
    excess = np.sign(error) * np.maximum(np.abs(error) - model.epsilon, 0)
    slopes = [model.coef_ - 2 * model.C * X.T @ excess]
    if model.fit_intercept:
        scaling = model.intercept_scaling
        slopes.append([model.intercept_ / scaling - 2 * model.C * scaling * excess.sum()])
    return np.concatenate(slopes)


@pytest.mark.parametrize("epsilon", [0.0, 0.1, 1.5])
@pytest.mark.parametrize("C", [1e-3, 0.1, 10])
@pytest.mark.parametrize("options", [{}, {"intercept_scaling": 7.0}, {"fit_intercept": False}])
def test_equals_liblinear(data, C, epsilon, options):
    X, y = data
    theirs, ours = liblinear(X, y, C, epsilon, **options), PrimalLinearSVR(C, epsilon, **options).fit(X, y)
    # liblinear's line search stalls a little before the minimum; the gradient shows that ours is there.
    np.testing.assert_allclose(ours.coef_, theirs.coef_, atol=1e-5)
    np.testing.assert_allclose(ours.intercept_, theirs.intercept_, atol=1e-5)
    np.testing.assert_allclose(ours.predict(X), theirs.predict(X), atol=5e-5)
    assert np.abs(gradient(ours, X, y)).max() < 1e-7


@pytest.mark.parametrize("epsilon", [0.0, 0.3])
def test_path_and_several_targets(data, epsilon):
    X, y = data
    Y = np.column_stack([y, -2 * y + 1, y])
    Y[::4, 2] = np.nan
    model = PrimalLinearSVR(epsilon=epsilon)
    coef, intercept = model.path(X, Y, [0.01, 1.0])
    assert coef.shape == (2, 3, 8) and intercept.shape == (2, 3)
    for c, C in enumerate([0.01, 1.0]):
        together = PrimalLinearSVR(C, epsilon).fit(X, Y)
        np.testing.assert_allclose(together.coef_, coef[c])
        for target in range(3):
            rows = ~np.isnan(Y[:, target])
            alone = PrimalLinearSVR(C, epsilon).fit(X[rows], Y[rows, target])
            np.testing.assert_allclose(coef[c, target], alone.coef_, atol=1e-9)
            np.testing.assert_allclose(intercept[c, target], alone.intercept_, atol=1e-9)
            np.testing.assert_allclose(together.predict(X)[:, target], alone.predict(X), atol=1e-9)


def test_rows_are_taken_in_chunks(data, monkeypatch):
    X, y = data
    expected = PrimalLinearSVR(epsilon=0.3).fit(X, y).coef_
    monkeypatch.setattr(linear_svr, "ROWS_AT_ONCE", 11)
    np.testing.assert_allclose(PrimalLinearSVR(epsilon=0.3).fit(X, y).coef_, expected, atol=1e-9)


def test_single_precision_is_summed_in_double(data):
    X, y = data
    X = X.astype(np.float32)
    expected = PrimalLinearSVR().fit(X.astype(float), y).coef_
    np.testing.assert_allclose(PrimalLinearSVR().fit(X, y).coef_, expected, rtol=1e-12)


@pytest.mark.parametrize("name, value", [("C", 0.0), ("intercept_scaling", -1.0), ("epsilon", -0.1)])
def test_bad_parameters(data, name, value):
    with pytest.raises(InputError, match=name):
        PrimalLinearSVR(**{name: value}).fit(*data)
