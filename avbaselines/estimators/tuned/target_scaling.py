"""Regression targets checked and brought to one scale, and scores of predictions of them."""

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils import check_array, check_consistent_length

from avbaselines.errors import InputError
from avbaselines.evaluation.metrics import METRICS, score

__all__ = ["check_targets", "standardised", "tuning_score", "tuning_scores"]


def check_targets(X: np.ndarray, y: ArrayLike | None) -> np.ndarray:
    """Validate regression targets.

    Parameters
    ----------
    X : array of shape (n, n_features)
    y : array-like of shape (n,) or (n, T); NaN = not labelled

    Returns
    -------
    ndarray of shape (n, T), float64

    Raises
    ------
    InputError
        If a target has no labelled row or a single value.

    Examples
    --------
    >>> check_targets(np.zeros((2, 1)), [1.0, 2.0]).tolist()
    [[1.0], [2.0]]
    """
    if y is None:
        raise InputError("fit requires y to be passed, but the target y is None")
    Y = check_array(y, ensure_2d=False, dtype=np.float64, ensure_all_finite="allow-nan", input_name="y")
    check_consistent_length(X, Y)
    Y = Y.reshape(len(Y), -1)
    for number, target in enumerate(Y.T):
        values = target[~np.isnan(target)]
        if len(values) == 0:
            raise InputError(f"y: target {number} has no labelled row; leave it out")
        if np.ptp(values) == 0:
            raise InputError(f"y: target {number} is constant ({values[0]:g}); there is nothing to learn, leave it out")
    return Y


def tuning_score(metric: str, truth: np.ndarray, prediction: np.ndarray, matching: bool) -> float:
    """Score of pooled out-of-fold predictions, larger is better.

    With `matching`, a concordance is that of the predictions brought to the mean and deviation of the truth: shrunken
    predictions are what a regularised fit gives, and they are matched before they are reported. 'ccc_per_recording'
    is tuned by the pooled concordance, as the recordings are not known here.

    Examples
    --------
    >>> truth, prediction = np.array([0.0, 1.0, 2.0]), np.array([0.0, 0.1, 0.2])
    >>> round(tuning_score("ccc", truth, prediction, matching=False), 2), tuning_score("ccc", truth, prediction, True)
    (0.09, 1.0)
    """
    rows = ~np.isnan(truth) & np.isfinite(prediction)
    if not rows.any():
        return -np.inf
    if not rows.all():
        truth, prediction = truth[rows], prediction[rows]
    if metric in ("ccc", "ccc_per_recording"):
        metric = "ccc"
        if matching:
            return _correlation(truth, prediction)
    value = score(metric, truth, prediction)
    return value if METRICS[metric].higher_is_better else -value


def tuning_scores(metric: str, truth: np.ndarray, prediction: np.ndarray, matching: bool) -> np.ndarray:
    """`tuning_score` of each column of predictions (n, T); where all have the same rows, of all columns at once.

    Examples
    --------
    >>> truth = np.array([[0.0, 1.0], [1.0, 0.0], [2.0, 4.0]])
    >>> tuning_scores("ccc", truth, 0.1 * truth, matching=True).round(9).tolist()
    [1.0, 1.0]
    """
    if matching and metric in ("ccc", "ccc_per_recording"):
        given = np.isfinite(prediction) & ~np.isnan(truth)
        rows = given[:, 0]
        if rows.any() and (given == rows[:, None]).all():
            return _correlations(truth[rows], prediction[rows])
    return np.array([tuning_score(metric, *pair, matching) for pair in zip(truth.T, prediction.T, strict=True)])


def _correlation(truth: np.ndarray, prediction: np.ndarray) -> float:
    """The concordance of predictions once they have the mean and deviation of the truth; 0 for constant ones."""
    return float(_correlations(truth[:, None], prediction[:, None])[0])


def _correlations(truth: np.ndarray, prediction: np.ndarray) -> np.ndarray:
    """The same of each column."""
    truth, prediction = truth - truth.mean(axis=0), prediction - prediction.mean(axis=0)
    squares = np.einsum("ij,ij->j", truth, truth)
    spread = np.sqrt(squares * np.einsum("ij,ij->j", prediction, prediction))
    tiny = 1e-9 * np.abs(prediction).max(axis=0, initial=0.0) * np.sqrt(squares)
    together = np.einsum("ij,ij->j", truth, prediction)
    return np.divide(together, spread, out=np.zeros(len(spread)), where=spread > tiny)


def standardised(Y: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Targets (n, T) less their mean over their deviation, the means (T,), and the deviations, 0 = nothing to learn.

    Examples
    --------
    >>> scaled, mean, scale = standardised(np.array([[1.0], [3.0]]))
    >>> scaled.tolist(), mean.tolist(), scale.tolist()
    ([[-1.0], [1.0]], [2.0], [1.0])
    """
    mean, scale = np.full(Y.shape[1], np.nan), np.zeros(Y.shape[1])
    for number, target in enumerate(Y.T):
        values = target[~np.isnan(target)]
        if len(values):
            mean[number] = values.mean()
            scale[number] = values.std() if np.ptp(values) > 0 else 0.0
    return (Y - mean) / np.where(scale > 0, scale, 1), mean, scale
