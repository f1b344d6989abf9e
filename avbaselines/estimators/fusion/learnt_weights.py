"""Late fusion whose weights are estimated: by ridge, by likelihood, or by each system's own correlation."""

from abc import abstractmethod
from collections.abc import Sequence

import numpy as np
from scipy.optimize import minimize

from avbaselines.estimators.fusion.base import FusionClassifier, FusionModel, FusionRegressor, State
from avbaselines.estimators.linear.ridge import ridge_path
from avbaselines.estimators.preprocessing.preparation import Blocks
from avbaselines.estimators.tuned.calibration import softmax
from avbaselines.estimators.tuned.group_folds import Folds
from avbaselines.estimators.tuned.matching import Matcher
from avbaselines.evaluation.metrics import score

__all__ = ["CorrelationWeightedFusionRegressor", "RidgeFusionClassifier", "RidgeFusionRegressor"]

# Relative to the number of rows, the strongest first: the first of equals is taken.
PENALTIES = (10.0, 3.0, 1.0, 0.3, 0.1, 0.03, 0.01, 0.001)
LEAST_POSTERIOR = 1e-4


class _Penalised(FusionModel):
    """Choose the penalty on the folds given (those that are left, in a cross-fit), then fit on all rows."""

    penalties: Sequence[float]

    @abstractmethod
    def _frame(self, P: np.ndarray, t: np.ndarray) -> tuple[np.ndarray, State]:
        """Inputs as the solver takes them, and the constants by which they were made so."""

    @abstractmethod
    def _solve(self, inputs: np.ndarray, t: np.ndarray, frame: State) -> list[State]:
        """What each penalty gives."""

    @abstractmethod
    def _put_together(self, P: np.ndarray, state: State) -> np.ndarray:
        """Fused outputs (n, D)."""

    def _learn(self, P: np.ndarray, t: np.ndarray, folds: np.ndarray) -> State:
        inputs, frame = self._frame(P, t)
        outputs = np.full((len(self.penalties), len(t), P.shape[2]), np.nan)
        for fold in np.unique(folds[folds >= 0]):
            train, test = folds != fold, folds == fold
            # Classes must all be there to be learnt, and a target must vary.
            if len(np.unique(t[train])) < max(2, P.shape[2]):
                continue
            part, part_frame = self._frame(P[train], t[train])
            for p, solution in enumerate(self._solve(part, t[train], part_frame)):
                outputs[p, test] = self._put_together(P[test], {**part_frame, **solution})
        values = [self._value(output, t) for output in outputs]
        best = max(range(len(values)), key=lambda p: values[p])
        return {**frame, **self._solve(inputs, t, frame)[best]}

    def _combine(self, P: np.ndarray, state: State) -> np.ndarray:
        return self._put_together(P, state)


class RidgeFusionRegressor(_Penalised, FusionRegressor):
    """Ridge regression on standardised predictions, drawn towards their equally weighted mean.

    A missing input is taken for the mean of the standardised inputs present.

    Parameters
    ----------
    blocks, cv, metric
        As for `GreedyFusionRegressor`.
    matching : bool, default=True
        Whether a concordance is compared after mean/std matching when the penalty is chosen.
    penalties : tuple of float
        Tried penalties per row, the strongest first.
    towards_mean : bool, default=True
        Whether weights are drawn to equal ones (scaled by least squares) instead of to zero.

    Attributes
    ----------
    weights_ : ndarray of shape (M,)
        Weight of each standardised input, in deviations of the target.
    oof_prediction_, remarks_
        As for `GreedyFusionRegressor`.

    Examples
    --------
    >>> rng, speakers = np.random.default_rng(0), np.repeat(np.arange(6), 5)
    >>> y = rng.normal(size=30)
    >>> P = y[:, None] + rng.normal(size=(30, 2)) * [0.1, 1.0]  # a good and a poor system
    >>> model = RidgeFusionRegressor(cv=3).fit(P, y, groups=speakers)
    >>> bool(model.weights_[0] > model.weights_[1])
    True
    """

    def __init__(
        self,
        blocks: Blocks = None,
        cv: Folds = 5,
        metric: str | None = None,
        matching: bool = True,
        penalties: Sequence[float] = PENALTIES,
        towards_mean: bool = True,
    ):
        super().__init__(blocks, cv, metric, matching)
        self.penalties = penalties
        self.towards_mean = towards_mean

    def _matcher(self, P: np.ndarray, t: np.ndarray) -> Matcher | None:
        # Inputs are standardised anyway.
        return None

    def _frame(self, P: np.ndarray, t: np.ndarray) -> tuple[np.ndarray, State]:
        values = P[:, :, 0]
        present = ~np.isnan(values)
        counts = np.maximum(present.sum(axis=0), 1)
        center = np.where(present, values, 0).sum(axis=0) / counts
        scale = np.sqrt((np.where(present, values - center, 0) ** 2).sum(axis=0) / counts)
        scale = np.where(scale > 1e-9 * np.abs(center), scale, np.inf)
        frame = {"center": center, "scale": scale, "mean": t.mean(), "deviation": t.std()}
        return _standard(values, frame), frame

    def _solve(self, inputs: np.ndarray, t: np.ndarray, frame: State) -> list[State]:
        Z = inputs
        y = (t - frame["mean"]) / (frame["deviation"] or 1.0)  # a fold's few labels may be one and the same
        start = np.zeros(Z.shape[1])
        if self.towards_mean:
            equal = Z.mean(axis=1)
            start += max(0.0, equal @ y / max(equal @ equal, 1e-12)) / Z.shape[1]
        steps, offsets = ridge_path(Z, (y - Z @ start)[:, None], len(Z) * np.asarray(self.penalties))
        return [{"weights": start + w[:, 0], "offset": b[0]} for w, b in zip(steps, offsets, strict=True)]

    def _put_together(self, P: np.ndarray, state: State) -> np.ndarray:
        fused = _standard(P[:, :, 0], state) @ state["weights"] + state["offset"]
        return (state["mean"] + state["deviation"] * fused)[:, None]


class RidgeFusionClassifier(_Penalised, FusionClassifier):
    """Logistic regression on log-posteriors with one weight a system, drawn towards equal weights.

    The fused posterior is proportional to the product of the systems' posteriors, each to the power of its weight
    (log-linear pooling): few weights, as few speakers cannot tell one for each pair of classes. A missing system is
    taken for the mean log-posterior of those present.

    Parameters
    ----------
    blocks, cv, metric
        As for `GreedyFusionClassifier`.
    penalties : tuple of float
        Tried penalties per row, the strongest first.

    Attributes
    ----------
    weights_ : ndarray of shape (M,)
        Power of each system's posterior.
    classes_, oof_prediction_, remarks_
        As for `GreedyFusionClassifier`.

    Examples
    --------
    >>> rng, speakers = np.random.default_rng(0), np.repeat(np.arange(6), 5)
    >>> y = np.array(["happy", "sad"] * 15)
    >>> good = np.where(y[:, None] == ["happy", "sad"], 0.8, 0.2)
    >>> P = np.hstack([good, np.full((30, 2), 0.5)])  # a good system, and one that knows nothing
    >>> model = RidgeFusionClassifier(cv=3).fit(P, y, groups=speakers)
    >>> bool(model.weights_[0] > model.weights_[1])
    True
    """

    def __init__(
        self, blocks: Blocks = None, cv: Folds = 5, metric: str | None = None, penalties: Sequence[float] = PENALTIES
    ):
        super().__init__(blocks, cv, metric)
        self.penalties = penalties

    def _frame(self, P: np.ndarray, t: np.ndarray) -> tuple[np.ndarray, State]:
        return _log_posteriors(P), {}

    def _solve(self, inputs: np.ndarray, t: np.ndarray, frame: State) -> list[State]:
        L = inputs

        def loss(weights: np.ndarray, center: np.ndarray, penalty: float) -> tuple[float, np.ndarray]:
            posteriors = softmax(np.einsum("nmk,m->nk", L, weights))
            own = posteriors[np.arange(len(t)), t]
            error = posteriors - np.eye(posteriors.shape[1])[t]
            value = -np.log(np.maximum(own, 1e-300)).mean() + penalty * ((weights - center) ** 2).sum() / 2
            return value, np.einsum("nk,nmk->m", error, L) / len(t) + penalty * (weights - center)

        n_systems = L.shape[1]
        pooled = L.mean(axis=1)
        scale = minimize(lambda s: _scaled_loss(s[0], pooled, t), [1.0], jac=True, bounds=[(1e-3, 1e2)]).x[0]
        equal = np.full(n_systems, scale / n_systems)
        found = [minimize(loss, equal, (equal, penalty), jac=True, method="L-BFGS-B") for penalty in self.penalties]
        return [{"weights": result.x} for result in found]

    def _put_together(self, P: np.ndarray, state: State) -> np.ndarray:
        return softmax(np.einsum("nmk,m->nk", _log_posteriors(P), state["weights"]))


class CorrelationWeightedFusionRegressor(FusionRegressor):
    """Mean of matched predictions weighted by each system's correlation with the target, negative ones left out.

    Parameters as for `BestSingleRegressor`.

    Examples
    --------
    >>> rng, speakers = np.random.default_rng(0), np.repeat(np.arange(6), 5)
    >>> y = rng.normal(size=30)
    >>> P = y[:, None] + rng.normal(size=(30, 2)) * [0.1, 1.0]  # a good and a poor system
    >>> model = CorrelationWeightedFusionRegressor(cv=3).fit(P, y, groups=speakers)
    >>> bool(model.weights_[0] > model.weights_[1])
    True
    """

    def _learn(self, P: np.ndarray, t: np.ndarray, folds: np.ndarray) -> State:
        weights = np.zeros(P.shape[1])
        for m, values in enumerate(P[:, :, 0].T):
            rows = ~np.isnan(values)
            if rows.any():
                weights[m] = max(0.0, score("pcc", t[rows], values[rows]))
        total = weights.sum()
        return {"weights": weights / total if total > 0 else np.full(len(weights), 1 / len(weights))}


def _standard(values: np.ndarray, frame: State) -> np.ndarray:
    """Standardised inputs (n, M); a missing one is the mean of those present, or 0 where none is."""
    Z = (values - frame["center"]) / frame["scale"]
    present = ~np.isnan(Z)
    mean = np.where(present, Z, 0).sum(axis=1) / np.maximum(present.sum(axis=1), 1)
    return np.where(present, Z, mean[:, None])


def _log_posteriors(P: np.ndarray) -> np.ndarray:
    """Log-posteriors (n, M, K); a missing system's are the mean of those present, or 0 where none is."""
    L = np.log(np.maximum(P, LEAST_POSTERIOR))
    present = ~np.isnan(L[:, :, :1])
    mean = np.where(present, L, 0).sum(axis=1, keepdims=True) / np.maximum(present.sum(axis=1, keepdims=True), 1)
    return np.where(present, L, mean)


def _scaled_loss(scale: float, pooled: np.ndarray, t: np.ndarray) -> tuple[float, np.ndarray]:
    """Mean negative log-likelihood of softmax(scale * pooled), and its derivative."""
    posteriors = softmax(scale * pooled)
    own = posteriors[np.arange(len(t)), t]
    error = posteriors - np.eye(pooled.shape[1])[t]
    return -np.log(np.maximum(own, 1e-300)).mean(), np.array([(error * pooled).sum() / len(t)])
