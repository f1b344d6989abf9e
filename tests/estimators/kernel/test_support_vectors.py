import numpy as np
import pytest
from sklearn.metrics.pairwise import rbf_kernel
from sklearn.model_selection import PredefinedSplit
from sklearn.pipeline import make_pipeline
from sklearn.svm import SVC, SVR, LinearSVC, LinearSVR

from avbaselines.estimators.kernel.landmarks import (
    kernel_values,
    mean_squared_distance,
    squared_loss_machines,
    whitening,
)
from avbaselines.estimators.kernel.support_vectors import KernelClassifier, KernelRegressor
from avbaselines.estimators.preprocessing.preparation import Preparation
from avbaselines.estimators.preprocessing.preparation_options import PreparationOptions

RNG = np.random.default_rng(0)
X = RNG.normal(size=(90, 5))
Y = np.column_stack([np.sin(X[:, 0]) + X[:, 1], X[:, 2] ** 2]) + 0.1 * RNG.normal(size=(90, 2))
FOLDS = np.arange(90) % 3


def kernel_of(rows, width):
    """The same kernel for scikit-learn."""
    gamma = width / mean_squared_distance(Preparation().fit_transform(X[rows]))
    return {"kernel": "rbf", "gamma": gamma} if width else {"kernel": "linear"}


@pytest.mark.parametrize("width", [0.0, 1.5])
def test_shared_gram_equals_a_loop_over_plain_pipelines(width):
    y = Y.copy()
    y[:9, 1] = np.nan
    learner = KernelRegressor(
        preparation=PreparationOptions(("standard",)), widths=(width,), costs=(0.1, 2.0), cv=PredefinedSplit(FOLDS)
    )
    fitted = learner.fit(X, y)
    for t in range(2):
        labelled = ~np.isnan(y[:, t])
        cost = fitted.best_params_[t]["cost"]
        for fold in range(3):
            train = FOLDS != fold
            used = train & labelled
            mean, scale = y[used, t].mean(), y[used, t].std()
            preparation = Preparation().fit(X[train])
            svr = SVR(C=cost, epsilon=0.1, **kernel_of(train, width)).fit(
                preparation.transform(X[used]), (y[used, t] - mean) / scale
            )
            expected = mean + scale * svr.predict(preparation.transform(X[FOLDS == fold]))
            np.testing.assert_allclose(fitted.oof_prediction_[FOLDS == fold, t], expected, atol=2e-3)


@pytest.mark.parametrize("n_classes", [2, 4])
@pytest.mark.parametrize("width", [0.0, 1.0])
def test_pairwise_decisions_are_scikit_learns(n_classes, width):
    codes = np.digitize(Y[:, 0], np.quantile(Y[:, 0], np.linspace(0, 1, n_classes + 1)[1:-1]))
    learner = KernelClassifier(preparation=PreparationOptions(("standard",)), widths=(width,), costs=(3.0,), cv=3).fit(
        X, codes
    )
    values = learner.model_.decide(X)
    svc = SVC(C=3.0, decision_function_shape="ovo", **kernel_of(slice(None), width))
    expected = make_pipeline(Preparation(), svc).fit(X, codes).decision_function(X)
    # Of two classes scikit-learn's positive side is the second's.
    expected = -expected[:, None] if n_classes == 2 else expected
    np.testing.assert_allclose(values, expected, atol=2e-3)


def test_only_support_vectors_are_kept_and_none_for_a_linear_machine():
    y = X[:, 0] + 0.01 * X[:, 1]
    linear = KernelRegressor(preparation=PreparationOptions(("standard",)), widths=(0.0,), costs=(10.0,)).fit(X, y)
    assert linear.model_[0][1].vectors is None
    smooth = KernelRegressor(preparation=PreparationOptions(("standard",)), widths=(0.5,), costs=(10.0,)).fit(X, y)
    assert 0 < len(smooth.model_[0][1].vectors) < 60


def test_kernel_values_and_mean_distance():
    assert kernel_values(X, X[:3], 0.3) == pytest.approx(rbf_kernel(X, X[:3], 0.3))
    assert kernel_values(X, X[:3], 0) == pytest.approx(X @ X[:3].T)
    assert mean_squared_distance(X) == pytest.approx(np.square(X[:, None] - X).sum(axis=2).mean())


def test_all_rows_as_landmarks_give_the_kernel():
    features = kernel_values(X, X, 0.2) @ whitening(X, 0.2)
    np.testing.assert_allclose(features @ features.T, kernel_values(X, X, 0.2), atol=1e-4)


def test_primal_machines_reach_liblinears_optimum():
    y = (Y - Y.mean(axis=0)) / Y.std(axis=0)
    gaps = y.copy()
    gaps[:30, 1] = np.nan
    weights, offsets = squared_loss_machines(X, gaps, [0.5, 0.5], epsilon=0.1, max_iter=3000, tol=1e-8)
    options = {"C": 0.5, "dual": False, "tol": 1e-8, "max_iter": 10000, "intercept_scaling": 1e4}
    for t, rows in enumerate((slice(None), slice(30, None))):
        plain = LinearSVR(loss="squared_epsilon_insensitive", epsilon=0.1, **options).fit(X[rows], y[rows, t])
        np.testing.assert_allclose(weights[:, t], plain.coef_, atol=1e-3)
        assert offsets[t] == pytest.approx(plain.intercept_[0], abs=1e-3)
    sign = np.sign(y[:, :1])
    weights, offsets = squared_loss_machines(X, sign, [0.5], max_iter=3000, tol=1e-8)
    plain = LinearSVC(**options).fit(X, sign[:, 0])
    np.testing.assert_allclose(weights[:, 0], plain.coef_[0], atol=1e-3)
