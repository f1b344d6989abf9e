"""A learner: any scikit-learn estimator, and the values of its parameters that are tried."""

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from scipy.spatial.distance import cdist
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils.validation import check_is_fitted, validate_data


class KernelMeanRegressor(RegressorMixin, BaseEstimator):
    """The mean of the training labels, nearer clips weighing more (Nadaraya-Watson).

    Parameters
    ----------
    width : float, default=1.0
        Of the kernel, in units of the mean distance between clips.
    """

    def __init__(self, width: float = 1.0):
        self.width = width

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Keep the clips; features come scaled and without gaps, labels with mean 0 and deviation 1."""
        self.X_, self.y_ = validate_data(self, X, y, y_numeric=True)
        self.scale_ = float(np.sqrt(2 * self.X_.var(axis=0).sum())) or 1.0
        return self

    def predict(self, X: ArrayLike) -> np.ndarray:
        """One value a clip."""
        check_is_fitted(self)
        distances = cdist(validate_data(self, X, reset=False), self.X_) / (self.width * self.scale_)
        weights = np.exp(-0.5 * (distances**2 - distances.min(axis=1, keepdims=True) ** 2))
        return weights @ self.y_ / weights.sum(axis=1)


# The entry point names this: the keys of a learner in a study file, without its name.
LEARNER: dict[str, Any] = {
    "regressor": "avbaselines_template.learner.KernelMeanRegressor",
    "search": {"width": [0.1, 0.2, 0.4, 0.8]},
}
