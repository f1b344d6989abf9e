import numpy as np
import pytest
from sklearn.model_selection import PredefinedSplit
from sklearn.svm import SVR

from avbaselines.estimators.kernel.landmarks import (
    mean_squared_distance,
)
from avbaselines.estimators.kernel.support_vectors import KernelRegressor
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


def test_a_narrowed_one_tries_what_its_targets_chose_of_the_default_scalings():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(40, 2))
    fitted = KernelRegressor(widths=(0.0, 1.0), costs=(0.3,), cv=2).fit(X, np.column_stack([X[:, 0], X[:, 1] ** 2]))
    again = fitted.narrowed([0])
    assert again.preparation.scalings == (fitted.best_params_[0]["scaling"],)
    assert again.widths == (fitted.best_params_[0]["width"],) and again.costs == (0.3,)
