"""Predictions by target: what models say, with a column for every class of the study, at the rows that it is about."""

from collections.abc import Mapping, Sequence

import numpy as np

from avbaselines.corpora.corpus import Target
from avbaselines.estimators.tuned.interface import TargetModel
from avbaselines.experiment.fitting.clip_context import Frames, surroundings

__all__ = ["Bounds", "Predictions", "bounded", "bounds_of", "by_target", "predict", "rows_of", "spread"]

Predictions = dict[str, np.ndarray]
"""By target, shape (n, width): one column of values, or the posteriors of all its classes; NaN rows = no prediction."""


Bounds = Mapping[str, tuple[float, float]]
"""By regressed target, the lowest and the highest value that is ever predicted."""

MARGIN = 0.1
"""Of targets without a declared range, predictions may go beyond the labels by this share of the labels' range."""


def bounds_of(targets: Sequence[Target], y: Mapping[str, np.ndarray]) -> dict[str, tuple[float, float]]:
    """Bounds of predictions: the declared range, else the range of the training labels and `MARGIN` on both sides.

    One exploding prediction would spoil whatever is learnt from it: the constants of matching, a stack, a mean. Labels
    without a declared range that are all equal bound nothing.

    Parameters
    ----------
    targets
    y : dict of str to ndarray, shape (n,)
        Labels of the clips to learn from; NaN = not labelled.

    Examples
    --------
    >>> bounds_of([Target("arousal", "ccc", range=(1, 5)), Target("age", "mae")], {"age": np.array([20.0, 70.0])})
    {'arousal': (1.0, 5.0), 'age': (15.0, 75.0)}
    """
    bounds = {}
    for target in targets:
        if target.kind == "classes":
            continue
        if target.range is not None:
            bounds[target.name] = float(target.range[0]), float(target.range[1])
            continue
        labels = y[target.name][~np.isnan(y[target.name])]
        low, high = float(labels.min(initial=np.inf)), float(labels.max(initial=-np.inf))
        if low < high:
            bounds[target.name] = low - MARGIN * (high - low), high + MARGIN * (high - low)
    return bounds


def bounded(predictions: Predictions, bounds: Bounds) -> Predictions:
    """Predictions brought within their bounds; NaN stays NaN.

    Examples
    --------
    >>> bounded({"arousal": np.array([[7.0], [2.0]])}, {"arousal": (1.0, 5.0)})["arousal"].tolist()
    [[5.0], [2.0]]
    """
    return {name: np.clip(p, *bounds[name]) if name in bounds else p for name, p in predictions.items()}


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
