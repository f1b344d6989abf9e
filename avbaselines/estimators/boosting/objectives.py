"""Losses for gradient boosting: squared error, correlation and concordance, as gradients and Hessians per row."""

import numpy as np
from numpy.typing import ArrayLike

from avbaselines.errors import InputError

__all__ = ["OBJECTIVES", "Surrogate"]

OBJECTIVES = ("squared", "pcc", "ccc")


class Surrogate:
    """Gradient and Hessian of a loss at given predictions, for one or several targets at once.

    With m the mean of a target t, rho its concordance with the predictions p, and D = mean((p - m)^2) + var t, the
    gradient of 1 - CCC is ``2 / (n D) * [rho (p - m) - (t - m)]``, and a diagonal of ``2 / (n D) * max(rho, rho_min)``
    majorises its Hessian. The loss is E|p - t|^2 / D, whose minimisation for a fixed ratio of numerator and
    denominator is separable over rows; so a Newton step per leaf, of a learning rate up to 1 and on all rows, never
    lowers the training concordance. It is a squared error towards targets stretched by 1 / rho.

    The same way of reasoning makes 1 - PCC a squared error towards targets stretched by s_p / (s_t rho), which keeps
    whatever scale the predictions have. They must have one first: while their deviation is below half of the
    targets', it is the plain squared error.

    Everything is returned in units of the squared error, that is with the weight of the row as Hessian, so that
    regularisation means the same for every objective.

    Parameters
    ----------
    objective : {'squared', 'pcc', 'ccc'}
    targets : array-like of shape (n, T)
        NaN = not labelled: such an entry has neither gradient nor Hessian.
    sample_weight : array-like of shape (n,), optional
        0 or more.
    target_weights : array-like of shape (T,), optional
        0 or more. Multiplies the loss of each target; one of weight 0 is not learnt.
    rho_min : float, default=0.3
        Least concordance or correlation that targets are stretched by, above 0 and at most 1.

    Attributes
    ----------
    scale_ : ndarray of shape (T,)
        Of the last gradient: times this it is the exact derivative of the loss (half the mean squared error, 1 - PCC or
        1 - CCC of the labelled rows), times the target's weight.

    Examples
    --------
    >>> gradient, hessian = Surrogate("ccc", [[-1.0], [1.0]])(np.array([[-0.5], [0.5]]))
    >>> gradient.ravel().tolist(), hessian.ravel().tolist()
    ([0.75, -0.75], [1.0, 1.0])
    """

    def __init__(
        self,
        objective: str,
        targets: np.ndarray,
        sample_weight: ArrayLike | None = None,
        target_weights: ArrayLike | None = None,
        rho_min: float = 0.3,
    ):
        if objective not in OBJECTIVES:
            raise InputError(f"objective: one of {', '.join(OBJECTIVES)} is needed, got {objective!r}")
        if not 0 < rho_min <= 1:
            raise InputError(f"rho_min: a number above 0 and at most 1 is needed, got {rho_min}")
        targets = np.asarray(targets, dtype=np.float64)
        labelled = ~np.isnan(targets)
        rows = labelled if sample_weight is None else labelled * np.asarray(sample_weight, float)[:, None]
        total = np.maximum(rows.sum(axis=0), np.finfo(float).tiny)
        filled = np.where(labelled, targets, 0)
        self.mean_ = (rows * filled).sum(axis=0) / total
        self.objective, self.rho_min = objective, rho_min
        self._centred = ((filled - self.mean_) * labelled).astype(np.float32)
        self._variance = (rows * self._centred**2).sum(axis=0) / total
        self._per_row = 1 / total
        # Sums over rows are products with weighted targets and weighted predictions; plain rows need no product.
        self._plain = bool((rows == 1).all())
        self._rows = rows.astype(np.float32)
        self._weighted = self._centred if self._plain else self._rows * self._centred
        given = np.ones(targets.shape[1]) if target_weights is None else np.asarray(target_weights, float)
        self._uniform = self._plain and bool((given == 1).all())
        self._hessian = (self._rows * given).astype(np.float32)
        # Centred targets, the usual case, need no shift; their mean is rounding.
        centred = np.abs(self.mean_) <= 1e-9 * np.sqrt(self._variance)
        self._offset = np.where(centred, 0, self.mean_).astype(np.float32)

    def __call__(self, predictions: np.ndarray, rho: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Gradient and Hessian.

        Parameters
        ----------
        predictions : ndarray of shape (n, T)
        rho : ndarray of shape (T,), optional
            For 'ccc': the concordance to stretch the targets by instead of the one of `predictions`; that of
            predictions for other rows keeps stretching where the fit to these is already close. Ignored by the others.

        Returns
        -------
        gradient, hessian : ndarray of float32, shape (n, T)
        """
        q = self._around_mean(predictions)
        if self.objective == "squared":
            gradient = np.subtract(q, self._centred, out=q)
            self.scale_ = self._per_row
        elif self.objective == "pcc":
            gradient = self._correlation_gradient(q)
        else:
            gradient = self._concordance_gradient(q, rho)
        return (gradient if self._uniform else gradient * self._hessian), self._hessian

    def as_squared_error(self, rho: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray] | None:
        """Labels (n, T) and row weights (n,) whose weighted squared error has this gradient and Hessian.

        While the stretch is given, concordance is a squared error towards stretched targets, which a library computes
        faster than any function it has to call: the same to the bit for centred targets, else to rounding. None where
        there is no such form: a stretch that follows the predictions, or targets that differ in which rows count or
        how much.
        """
        if not (self._hessian == self._hessian[:, :1]).all():
            return None
        if self.objective == "squared":
            stretch, self.scale_ = np.ones_like(self.mean_), self._per_row
        elif self.objective == "ccc" and rho is not None:
            stretch, self.scale_ = 1 / np.maximum(rho, self.rho_min), np.full_like(self.mean_, np.nan)
        else:
            return None
        return stretch.astype(np.float32) * self._centred + self._offset, self._hessian[:, 0]

    def concordance(self, predictions: np.ndarray) -> np.ndarray:
        """Concordance of predictions (n, T) with the labelled rows, per target; 0 for a constant target."""
        return self._concordance(self._around_mean(predictions))[0]

    def line(self, predictions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """What turns predictions (n, T) into estimates of the targets: slopes and offsets, each of shape (T,).

        The identity, except for 'pcc', which knows no scale: there the least-squares line through these predictions.
        """
        if self.objective != "pcc":
            return np.ones_like(self.mean_), np.zeros_like(self.mean_)
        slope, mean, _ = self._line(self._around_mean(predictions))
        return slope, self.mean_ - slope * (self.mean_ + mean)

    def _around_mean(self, predictions: np.ndarray) -> np.ndarray:
        q = predictions.astype(np.float32)
        if self._offset.any():
            q -= self._offset
        return q

    def _mean_product(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        # The same sum; for one target the dot product is several times faster.
        sums = np.dot(a[:, 0], b[:, 0]) if a.shape[1] == 1 else np.einsum("ij,ij->j", a, b)
        return sums * self._per_row

    def _concordance_gradient(self, q: np.ndarray, rho: np.ndarray | None) -> np.ndarray:
        if rho is not None:
            bound = np.maximum(rho, self.rho_min)
            self.scale_ = np.full_like(self.mean_, np.nan)
            q -= (1 / bound).astype(np.float32) * self._centred
            return q
        rho, spread = self._concordance(q)
        bound = np.maximum(rho, self.rho_min)
        self.scale_ = 2 * bound * self._per_row / np.where(spread > 0, spread, np.inf)
        if (rho < bound).any():
            q *= (rho / bound).astype(np.float32)
        q -= (1 / bound).astype(np.float32) * self._centred
        return q

    def _correlation_gradient(self, q: np.ndarray) -> np.ndarray:
        slope, mean, spread = self._line(q)
        begun = spread > 0.25 * self._variance
        ratio = np.sqrt(spread / np.where(self._variance > 0, self._variance, 1))
        rho = slope * ratio
        bound = np.maximum(rho, self.rho_min)
        self.scale_ = self._per_row * np.where(begun, bound / np.where(begun, spread, 1), 1)
        pull, centre = np.where(begun, rho / bound, 1), np.where(begun, mean, 0)
        stretch = np.where(begun, ratio / bound, 1)
        q -= centre.astype(np.float32)
        q *= pull.astype(np.float32)
        q -= stretch.astype(np.float32) * self._centred
        return q

    def _concordance(self, q: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        spread = self._mean_product(q if self._plain else self._rows * q, q) + self._variance
        return 2 * self._mean_product(self._weighted, q) / np.where(spread > 0, spread, np.inf), spread

    def _line(self, q: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Slope of the targets on the predictions, mean and variance of the predictions; a constant has slope 0."""
        weighted = q if self._plain else self._rows * q
        mean = weighted.sum(axis=0) * self._per_row
        spread = self._mean_product(weighted, q) - mean**2
        spread = np.where(spread > 1e-6 * mean**2, spread, 0)
        return self._mean_product(self._weighted, q) / np.where(spread > 0, spread, np.inf), mean, spread
