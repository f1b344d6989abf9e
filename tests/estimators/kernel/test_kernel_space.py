"""Machines kept in a kernel's space."""

import numpy as np
import pytest
from sklearn.pipeline import make_pipeline
from sklearn.svm import SVC

from avbaselines.estimators.kernel.landmarks import (
    mean_squared_distance,
)
from avbaselines.estimators.kernel.support_vectors import KernelClassifier, KernelRegressor
from avbaselines.estimators.preprocessing.preparation import Preparation
from avbaselines.estimators.preprocessing.preparation_options import PreparationOptions

RNG = np.random.default_rng(0)

X = RNG.normal(size=(90, 5))

Y = np.column_stack([np.sin(X[:, 0]) + X[:, 1], X[:, 2] ** 2]) + 0.1 * RNG.normal(size=(90, 2))


def kernel_of(rows, width):
    """The same kernel for scikit-learn."""
    gamma = width / mean_squared_distance(Preparation().fit_transform(X[rows]))
    return {"kernel": "rbf", "gamma": gamma} if width else {"kernel": "linear"}


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
