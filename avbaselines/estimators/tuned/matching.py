"""Matching of predictions to the mean and standard deviation of the targets."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import TransformerMixin
from sklearn.utils import Tags, check_array, check_consistent_length
from sklearn.utils.validation import check_is_fitted

from avbaselines.errors import InputError
from avbaselines.estimators.tuned.parameter_checks import CheckedParameters, Minimum, Within
from avbaselines.estimators.tuned.validation import GapTolerant

__all__ = ["Matcher", "Matching", "cross_matched", "match"]


@dataclass(frozen=True)
class Matching:
    """The constants of a mean/std matching: a prediction p becomes ``offset + factor * p``.

    Attributes
    ----------
    factor, offset : float or ndarray
        Of one target, or what broadcasts against predictions of several.

    Examples
    --------
    >>> Matching(2.0, 10.0).apply(np.array([0.0, 2.0])).tolist()
    [10.0, 14.0]
    """

    factor: float | np.ndarray = 1.0
    offset: float | np.ndarray = 0.0

    def apply(self, prediction: np.ndarray) -> np.ndarray:
        """Matched predictions, of the shape of the given ones."""
        return self.offset + self.factor * prediction


def match(prediction: ArrayLike, truth: ArrayLike) -> np.ndarray:
    """Predictions (n,) moved to the mean and deviation of the truth (n,); a constant one becomes the constant mean.

    Examples
    --------
    >>> match([0.0, 2.0], [10.0, 14.0]).tolist()
    [10.0, 14.0]
    """
    prediction = np.asarray(prediction, float)
    return Matching(*_constants(prediction, np.asarray(truth, float))).apply(prediction)


class Matcher(TransformerMixin, CheckedParameters, GapTolerant):
    """Per-target mean and standard-deviation matching: p becomes m_y + (s_y / s_p) (p - m_p).

    Regularised predictions vary less than the targets, which a concordance punishes. Fit this on out-of-fold
    predictions of training clips: constants learnt from in-sample fits, which vary too much, undo the gain.

    Parameters
    ----------
    shrinkage : float, default=0.0
        Pulls s_y / s_p towards 1 where few groups say what it is: with G groups (rows, where no groups are given) the
        ratio is taken to the power G / (G + shrinkage). 0 matches exactly.
    range : (float, float), optional
        Clips the matched predictions to the scale of the targets.
    strength : float, default=1.0
        Share of the deviation of the targets that predictions are matched to, above 0 and at most 1. Full matching is
        best for a concordance and costs absolute error, which likes timid predictions: with correlation r, a share k
        gives a concordance of 2 r k / (1 + k^2) and a squared error of 1 + k^2 - 2 r k variances.

    Attributes
    ----------
    factors_, offsets_ : ndarray of shape (T,)
        A prediction p of target t becomes ``offsets_[t] + factors_[t] * p``.

    Examples
    --------
    >>> Matcher().fit([[0.0], [2.0]], [10.0, 14.0]).transform([[1.0]]).tolist()
    [[12.0]]
    """

    constraints = {"shrinkage": Minimum(0), "strength": Within(0, 1, open_low=True)}

    def __init__(self, shrinkage: float = 0.0, range: tuple[float, float] | None = None, strength: float = 1.0):
        self.shrinkage = shrinkage
        self.range = range
        self.strength = strength

    def fit(self, P: ArrayLike, y: ArrayLike, groups: ArrayLike | None = None) -> Self:
        """Learn the constants on labelled rows.

        Parameters
        ----------
        P : array-like of shape (n, T)
            Predictions; NaN = none, the row is left out.
        y : array-like of shape (n,) or (n, T)
            Targets; NaN = not labelled.
        groups : array-like of shape (n,), optional
            Only counted, for `shrinkage`.

        Raises
        ------
        InputError
            If a target has no row with a label and a prediction, or shapes differ.
        """
        self.check_parameters()
        if self.range is not None and not self.range[0] < self.range[1]:
            raise InputError(f"range: (lowest, highest) is needed, got {self.range}")
        P = self._validated(P, reset=True, dtype=np.float64)
        if y is None:
            raise InputError("fit requires y to be passed, but the target y is None")
        Y = check_array(y, ensure_2d=False, dtype=np.float64, ensure_all_finite="allow-nan", input_name="y")
        check_consistent_length(P, Y)
        Y = Y.reshape(len(Y), -1)
        if Y.shape[1] == 1 and P.shape[1] > 1:
            # Several predictions of one target.
            Y = np.repeat(Y, P.shape[1], axis=1)
        if Y.shape != P.shape:
            raise InputError(f"y: {P.shape[1]} predicted targets but {Y.shape[1]} given ones")
        constants = []
        for number, (p, t) in enumerate(zip(P.T, Y.T, strict=True)):
            rows = ~np.isnan(p) & ~np.isnan(t)
            if not rows.any():
                raise InputError(f"y: no row has both a label and a prediction of target {number}")
            n_groups = rows.sum() if groups is None else len(np.unique(np.asarray(groups)[rows]))
            constants.append(_constants(p[rows], t[rows], n_groups / (n_groups + self.shrinkage), self.strength))
        self.factors_, self.offsets_ = np.array(constants).T
        return self

    def transform(self, P: ArrayLike) -> np.ndarray:
        """Matched predictions for P, both of shape (n, T); NaN stays NaN."""
        check_is_fitted(self)
        P = self._validated(P, dtype=np.float64)
        matched = Matching(self.factors_, self.offsets_).apply(P)
        return matched if self.range is None else np.clip(matched, *self.range)

    def matching(self, target: int = 0) -> Matching:
        """The constants of one target."""
        return Matching(float(self.factors_[target]), float(self.offsets_[target]))

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        return tags


def cross_matched(
    P: ArrayLike,
    y: ArrayLike,
    folds: ArrayLike,
    shrinkage: float = 0.0,
    range: tuple[float, float] | None = None,
    groups: ArrayLike | None = None,
    strength: float = 1.0,
) -> np.ndarray:
    """Matched out-of-fold predictions: each fold's constants come from the other folds.

    Parameters
    ----------
    P : array-like of shape (n,) or (n, T)
        Out-of-fold predictions.
    y : array-like of shape (n,) or (n, T)
        Targets; NaN = not labelled.
    folds : array-like of int, shape (n,)
        Rows of fold -1 are left NaN and teach nothing.
    shrinkage, range, groups, strength
        As for `Matcher`.

    Returns
    -------
    ndarray of the shape of P

    Examples
    --------
    >>> cross_matched([0.0, 1.0, 0.0, 1.0], [0.0, 2.0, 0.0, 4.0], folds=[0, 0, 1, 1]).tolist()
    [0.0, 4.0, 0.0, 2.0]
    """
    P, y, folds = np.asarray(P, float), np.asarray(y, float), np.asarray(folds)
    columns = P.reshape(len(P), -1)
    matched = np.full(columns.shape, np.nan)
    for fold in np.unique(folds[folds >= 0]):
        here, others = folds == fold, (folds != fold) & (folds >= 0)
        matcher = Matcher(shrinkage, range, strength)
        matcher.fit(columns[others], y[others], None if groups is None else np.asarray(groups)[others])
        matched[here] = matcher.transform(columns[here])
    return matched.reshape(P.shape)


def _constants(
    prediction: np.ndarray, truth: np.ndarray, weight: float = 1.0, share: float = 1.0
) -> tuple[float, float]:
    """Factor and offset; the factor is taken to the power `weight`, and `share` of it."""
    spread = prediction.std()
    # A spread that rounding alone explains is none.
    if spread <= 1e-9 * np.abs(prediction).max():
        return 0.0, truth.mean()
    factor = share * (truth.std() / spread) ** weight
    return factor, truth.mean() - factor * prediction.mean()
