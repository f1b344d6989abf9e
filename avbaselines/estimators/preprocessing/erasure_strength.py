"""The strength of an erasure, tuned so that it costs no more of the emotion than was agreed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, clone
from sklearn.utils.validation import has_fit_parameter

from avbaselines.errors import InputError
from avbaselines.estimators.preprocessing.erasure import Eraser, check_per_row
from avbaselines.estimators.tuned.group_folds import Folds, resolve_cv
from avbaselines.evaluation.metrics import METRICS, score

__all__ = ["TunedStrength", "tune_strength"]


@dataclass(frozen=True)
class TunedStrength:
    """Outcome of `tune_strength`.

    Attributes
    ----------
    strength : float
        The largest strength within the bound.
    loss : float
        Score lost by it; negative where erasure helped.
    strengths, scores : ndarray
        All that were tried, ascending, and their out-of-fold scores (errors negated: larger is better).

    Examples
    --------
    >>> TunedStrength(0.5, 0.01, np.array([0.0, 0.5, 1.0]), np.array([0.6, 0.59, 0.4])).strength
    0.5
    """

    strength: float
    loss: float
    strengths: np.ndarray
    scores: np.ndarray


Progress = Callable[[int, int, str], None]
STRENGTHS = (0.25, 0.5, 0.75, 1.0)


def tune_strength(
    eraser: Eraser,
    estimator: BaseEstimator,
    X: ArrayLike,
    y: ArrayLike,
    groups: ArrayLike,
    *,
    strengths: Sequence[float] = STRENGTHS,
    max_loss: float = 0.02,
    metric: str = "accuracy",
    cv: Folds = 5,
    progress: Progress | None = None,
) -> TunedStrength:
    """The largest erasure that costs no more than a stated loss of out-of-fold score.

    Parameters
    ----------
    eraser : `SpeakerNormalizer`, `LeaceEraser` or `NullspaceEraser`
        Fitted on the training part of each fold.
    estimator : scikit-learn classifier or regressor
        Fitted on the erased training part of each fold; gets groups if its fit takes them.
    X : array-like of shape (n, n_features)
    y : array-like of shape (n,)
        Class labels, or values; leave unlabelled rows out.
    groups : array-like of shape (n,)
        Speakers. Give training speakers only: the choice is learnt from all rows.
    strengths : sequence of float
        Tried strengths; 0 is added, and is what losses are measured against.
    max_loss : float, default=0.02
        In units of the metric.
    metric : str, default='accuracy'
        A key of `METRICS`, not per recording.
    cv : int, splitter or iterable, default=5
        Folds over the groups, see `resolve_cv`.
    progress : callable, optional
        Called with (done, total, what runs now).

    Returns
    -------
    TunedStrength
        Scores need not fall with strength: the largest strength within the bound is taken, whatever lies below it.

    Raises
    ------
    InputError
        For an unknown metric, folds that split a speaker, or what the eraser refuses.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> from avbaselines.estimators.preprocessing.erasure import LeaceEraser
    >>> X, speakers = np.random.default_rng(0).normal(size=(40, 3)), np.repeat(np.arange(8), 5)
    >>> y = np.where(X[:, 0] > 0, "happy", "sad")
    >>> tuned = tune_strength(LeaceEraser(), LogisticRegression(), X, y, speakers, strengths=(1.0,), max_loss=1.0, cv=2)
    >>> tuned.strength, tuned.strengths.tolist()
    (1.0, [0.0, 1.0])
    """
    if metric not in METRICS or METRICS[metric].per_recording:
        known = ", ".join(name for name, one in METRICS.items() if not one.per_recording)
        raise InputError(f"metric: one of {known} is needed, got {metric!r}")
    X, y, groups = np.asarray(X), check_per_row(y, X, "y"), check_per_row(groups, X, "groups")
    classes = METRICS[metric].kind == "classes"
    folds = resolve_cv(cv, X, y, groups, classes=classes)
    tried = np.unique([0.0, *strengths])
    predictions = _cross_predictions(eraser, estimator, X, y, groups, folds, tried, progress)
    rows = folds >= 0
    scores = np.array([_score(metric, y, predicted, rows) for predicted in predictions])
    best = np.flatnonzero(scores >= scores[0] - max_loss - 1e-12)[-1]
    return TunedStrength(float(tried[best]), float(scores[0] - scores[best]), tried, scores)


def _cross_predictions(
    eraser: Eraser,
    estimator: BaseEstimator,
    X: np.ndarray,
    y: np.ndarray,
    groups: np.ndarray,
    folds: np.ndarray,
    strengths: np.ndarray,
    progress: Progress | None,
) -> np.ndarray:
    """Predictions (strengths, n) for each fold by estimators of the others, on rows erased with each strength."""
    numbers = np.unique(folds[folds >= 0])
    predictions = np.empty((len(strengths), len(y)), dtype=y.dtype if y.dtype.kind in "USO" else float)
    for done, fold in enumerate(numbers):
        train, test = folds != fold, folds == fold
        fitted = clone(eraser).fit(X[train], groups=groups[train])
        for place, strength in enumerate(strengths):
            if progress:
                total = len(numbers) * len(strengths)
                progress(done * len(strengths) + place, total, f"fold {fold}, strength {strength:g}")
            fitted.set_params(strength=strength)
            more = {"groups": groups[train]} if has_fit_parameter(estimator, "groups") else {}
            model = clone(estimator).fit(fitted.transform(X[train], groups=groups[train]), y[train], **more)
            predictions[place, test] = model.predict(fitted.transform(X[test], groups=groups[test]))
    return predictions


def _score(metric: str, y: np.ndarray, predicted: np.ndarray, rows: np.ndarray) -> float:
    """Score on some rows, larger is better."""
    if METRICS[metric].kind == "classes":
        names = np.unique(y)
        truth, found = np.searchsorted(names, y[rows]), np.searchsorted(names, predicted[rows])
        value = score(metric, truth, found, n_classes=len(names))
    else:
        value = score(metric, y[rows], predicted[rows])
    return value if METRICS[metric].higher_is_better else -value
