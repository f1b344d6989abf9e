"""Predictions by target: what models say, with a column for every class of the study, at the rows that it is about."""

from collections.abc import Sequence

import numpy as np

from avbaselines.corpora.corpus import Target
from avbaselines.estimators.tuned.interface import TargetModel
from avbaselines.experiment.fitting.clip_context import Frames, surroundings

__all__ = ["Predictions", "by_target", "predict", "rows_of", "spread"]

Predictions = dict[str, np.ndarray]
"""By target, shape (n, width): one column of values, or the posteriors of all its classes; NaN rows = no prediction."""


def predict(model: TargetModel, X: np.ndarray, targets: Sequence[Target], frames: Frames | None = None) -> Predictions:
    """Predictions of a fitted model.

    Parameters
    ----------
    model
    X : ndarray of shape (n, n_features)
    targets
        Those it was fitted to, in their order.
    frames
        Of the rows, for models that need whole recordings.

    Examples
    --------
    >>> from avbaselines.estimators.linear.ridge import RidgeRegressor
    >>> X = np.random.default_rng(0).normal(size=(20, 2))
    >>> model = RidgeRegressor(cv=4).fit(X, X[:, 0])
    >>> {name: values.shape for name, values in predict(model, X[:3], [Target("arousal", "ccc")]).items()}
    {'arousal': (3, 1)}
    """
    if len(X) == 0:
        return {target.name: np.empty((0, target.width)) for target in targets}
    return by_target(model, model.outputs(X, **surroundings(frames)), targets)


def by_target(model: TargetModel, outputs: Sequence[np.ndarray], targets: Sequence[Target]) -> Predictions:
    """Outputs of a fitted model by target; a class that it was not fitted to has posterior 0.

    Examples
    --------
    >>> from avbaselines.estimators.linear.ridge import RidgeClassifier
    >>> X = np.random.default_rng(0).normal(size=(20, 2))
    >>> model = RidgeClassifier(cv=4).fit(X, np.where(X[:, 0] > 0, 2, 0))
    >>> mood = Target("mood", "uar", ("glad", "mad", "sad"))
    >>> by_target(model, model.oof_outputs_, [mood])["mood"][:, 1].max()
    np.float64(0.0)
    """
    return {
        target.name: values if classes is None else _posteriors(values, classes, target)
        for target, values, classes in zip(targets, outputs, model.target_classes_, strict=True)
    }


def _posteriors(predicted: np.ndarray, classes: np.ndarray, target: Target) -> np.ndarray:
    full = np.zeros((len(predicted), target.width))
    full[:, np.asarray(classes, int)] = predicted
    full[np.isnan(predicted).any(axis=1)] = np.nan
    return full


def spread(values: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Values (m, width) back at their rows, a mask of shape (n,); NaN elsewhere.

    Examples
    --------
    >>> spread(np.array([[5.0]]), np.array([False, True])).tolist()
    [[nan], [5.0]]
    """
    whole = np.full((len(rows), values.shape[1]), np.nan)
    whole[rows] = values
    return whole


def rows_of(X: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Rows of a table; all of them as they are, for wide tables should not be copied for nothing.

    Examples
    --------
    >>> rows_of(np.eye(2), np.array([True, False])).tolist()
    [[1.0, 0.0]]
    """
    return X if mask.all() else X[mask]
