"""Late fusion: one target from the predictions of several systems, some of which may be missing for a clip."""

from collections.abc import Callable
from typing import Any

import numpy as np

from avbaselines.estimators.fusion.base import FusionClassifier, FusionModel, FusionRegressor, State
from avbaselines.estimators.fusion.learnt_weights import (
    CorrelationWeightedFusionRegressor,
    RidgeFusionClassifier,
    RidgeFusionRegressor,
)
from avbaselines.estimators.preprocessing.preparation import Blocks
from avbaselines.estimators.tuned.group_folds import Folds

__all__ = [
    "BestSingleClassifier",
    "BestSingleRegressor",
    "CorrelationWeightedFusionRegressor",
    "GreedyFusionClassifier",
    "GreedyFusionRegressor",
    "MeanFusionClassifier",
    "MeanFusionRegressor",
    "RidgeFusionClassifier",
    "RidgeFusionRegressor",
    "ScoreWeightedFusionClassifier",
    "ScoreWeightedFusionRegressor",
]


class _Mean(FusionModel):
    """Equal weights."""

    def _learn(self, P: np.ndarray, t: np.ndarray, folds: np.ndarray) -> State:
        return {"weights": np.full(P.shape[1], 1 / P.shape[1])}


class _BestSingle(FusionModel):
    """The system of the best score, and the order in which the others stand in for it."""

    def _learn(self, P: np.ndarray, t: np.ndarray, folds: np.ndarray) -> State:
        values = [self._value(P[:, m], t) for m in range(P.shape[1])]
        order = sorted(range(len(values)), key=lambda m: values[m], reverse=True)
        weights = np.zeros(len(values))
        weights[order[0]] = 1
        return {"weights": weights, "order": np.array(order)}

    def _combine(self, P: np.ndarray, state: State) -> np.ndarray:
        ranked = P[:, state["order"]]
        first = (~np.isnan(ranked[:, :, 0])).argmax(axis=1)
        return ranked[np.arange(len(P)), first]


class _ScoreWeighted(FusionModel):
    """Weights in proportion to what each system's score is above that of a constant prediction, never below 0."""

    def _learn(self, P: np.ndarray, t: np.ndarray, folds: np.ndarray) -> State:
        default = np.broadcast_to(self._default(t), (len(t), P.shape[2]))
        chance = self._value(default, t)[0]
        scores = np.array([self._value(P[:, m], t)[0] for m in range(P.shape[1])])
        gains = np.where(np.isfinite(scores), np.maximum(scores - chance, 0.0), 0.0)
        total = gains.sum()
        return {"weights": gains / total if total > 0 else np.full(len(gains), 1 / len(gains))}


class _Greedy(FusionModel):
    """Ensemble selection: again and again add, with replacement, the system that helps the average most.

    Source: Caruana et al. 2004, Ensemble Selection from Libraries of Models, ICML.
    """

    steps: int

    def _learn(self, P: np.ndarray, t: np.ndarray, folds: np.ndarray) -> State:
        present = ~np.isnan(P[:, :, 0])
        values_of = self._from_moments(P, t) if self._has_moments(P, present) else self._from_clips(P, present, t)
        chosen = np.zeros(P.shape[1])
        best: Any = None
        weights = chosen
        for _ in range(self.steps):
            values = values_of(chosen)
            m = max(range(len(values)), key=lambda m: values[m])
            chosen[m] += 1
            if best is None or values[m] > best:
                best, weights = values[m], chosen / chosen.sum()
        return {"weights": weights}

    def _from_moments(self, P: np.ndarray, t: np.ndarray) -> Callable[[np.ndarray], Any]:
        """A function from counts of the systems to the scores of their means with one system more."""
        moments = _Moments(P[:, :, 0], t)
        return lambda chosen: moments.values(chosen + np.eye(len(chosen)), self._metric, self.matching)

    def _from_clips(self, P: np.ndarray, present: np.ndarray, t: np.ndarray) -> Callable[[np.ndarray], Any]:
        """The same from the predictions of all clips, some of them missing."""
        filled = np.nan_to_num(P)
        total, count, before = np.zeros((len(P), P.shape[2])), np.zeros((len(P), 1)), np.zeros(P.shape[1])

        def values_of(chosen: np.ndarray) -> list[tuple[float, ...]]:
            nonlocal total, count
            for m in np.flatnonzero(chosen > before):
                total, count = total + filled[:, m], count + present[:, [m]]
            before[:] = chosen
            with np.errstate(invalid="ignore"):
                return [self._value((total + filled[:, m]) / (count + present[:, [m]]), t) for m in range(P.shape[1])]

        return values_of

    def _has_moments(self, P: np.ndarray, present: np.ndarray) -> bool:
        """Whether means and covariances say all: one value a clip, none missing, a metric of second moments."""
        return bool(P.shape[2] == 1 and present.all() and self._metric in _Moments.METRICS)


class _Moments:
    """Scores of weighted means of systems from their means and covariances: no pass over the clips a candidate."""

    METRICS = ("ccc", "ccc_per_recording", "pcc", "rmse", "mse")

    def __init__(self, P: np.ndarray, t: np.ndarray):
        self.mean, self.t_mean = P.mean(axis=0), t.mean()
        centred, truth = P - self.mean, t - self.t_mean
        self.cov, self.cross = centred.T @ centred / len(t), centred.T @ truth / len(t)
        self.variance = truth @ truth / len(t)

    def values(self, counts: np.ndarray, metric: str, matching: bool) -> np.ndarray:
        """Scores, larger is better, of each row of counts (candidates, M)."""
        weights = counts / counts.sum(axis=1, keepdims=True)
        cross = weights @ self.cross
        variance = np.maximum(np.einsum("cm,mk,ck->c", weights, self.cov, weights), 0.0)
        offset = (weights @ self.mean - self.t_mean) ** 2
        if metric in ("rmse", "mse"):
            return -(variance + self.variance - 2 * cross + offset)
        if metric == "pcc" or matching:
            # Brought to the mean and deviation of the truth, a prediction's concordance is its correlation.
            return cross / np.sqrt(np.maximum(variance * self.variance, 1e-300))
        return 2 * cross / np.maximum(variance + self.variance + offset, 1e-300)


class MeanFusionRegressor(_Mean, FusionRegressor):
    """The mean of the predictions present.

    Parameters
    ----------
    blocks : optional
        One column a system; the order of the blocks is that of `weights_`.
    cv : int, splitter or iterable, default=5
        Folds for `oof_prediction_`, see `resolve_cv`.
    metric : str, optional
        'ccc' unless given; the mean learns nothing by it.
    matching : bool, default=False
        Whether inputs are first brought to the mean and deviation of the target.

    Attributes
    ----------
    weights_ : ndarray of shape (M,)
        Share of each system where all are present; they sum to 1.
    oof_prediction_ : ndarray of shape (n,)
    remarks_ : list of FitRemark
        Choices and fallbacks; mostly empty.

    Examples
    --------
    >>> rng, speakers = np.random.default_rng(0), np.repeat(np.arange(6), 5)
    >>> y = rng.normal(size=30)
    >>> P = y[:, None] + rng.normal(size=(30, 2)) * [0.1, 1.0]  # a good and a poor system
    >>> model = MeanFusionRegressor(cv=3).fit(P, y, groups=speakers)
    >>> model.predict(P).shape, model.weights_.round(2).tolist()
    ((30,), [0.5, 0.5])
    """

    def __init__(self, blocks: Blocks = None, cv: Folds = 5, metric: str | None = None, matching: bool = False):
        super().__init__(blocks, cv, metric, matching)


class MeanFusionClassifier(_Mean, FusionClassifier):
    """The mean of the posteriors present; parameters as for `GreedyFusionClassifier`, without `steps`.

    Examples
    --------
    >>> rng, speakers = np.random.default_rng(0), np.repeat(np.arange(6), 5)
    >>> y = np.array(["happy", "sad"] * 15)
    >>> good = np.where(y[:, None] == ["happy", "sad"], 0.8, 0.2)
    >>> P = np.hstack([good, np.full((30, 2), 0.5)])  # a good system, and one that knows nothing
    >>> model = MeanFusionClassifier(cv=3).fit(P, y, groups=speakers)
    >>> model.predict(P[:2]).tolist(), model.weights_.round(2).tolist()
    (['happy', 'sad'], [0.5, 0.5])
    """


class BestSingleRegressor(_BestSingle, FusionRegressor):
    """The system of the best out-of-fold score, matched; where it is missing, the next best.

    Parameters as for `GreedyFusionRegressor`, without `steps`.

    Examples
    --------
    >>> rng, speakers = np.random.default_rng(0), np.repeat(np.arange(6), 5)
    >>> y = rng.normal(size=30)
    >>> P = y[:, None] + rng.normal(size=(30, 2)) * [0.1, 1.0]  # a good and a poor system
    >>> model = BestSingleRegressor(cv=3).fit(P, y, groups=speakers)
    >>> model.predict(P).shape, model.weights_.round(2).tolist()
    ((30,), [1.0, 0.0])
    """


class BestSingleClassifier(_BestSingle, FusionClassifier):
    """The system of the best out-of-fold score; where it is missing, the next best.

    Parameters as for `GreedyFusionClassifier`, without `steps`.

    Examples
    --------
    >>> rng, speakers = np.random.default_rng(0), np.repeat(np.arange(6), 5)
    >>> y = np.array(["happy", "sad"] * 15)
    >>> good = np.where(y[:, None] == ["happy", "sad"], 0.8, 0.2)
    >>> P = np.hstack([good, np.full((30, 2), 0.5)])  # a good system, and one that knows nothing
    >>> model = BestSingleClassifier(cv=3).fit(P, y, groups=speakers)
    >>> model.predict(P[:2]).tolist(), model.weights_.round(2).tolist()
    (['happy', 'sad'], [1.0, 0.0])
    """


class GreedyFusionRegressor(_Greedy, FusionRegressor):
    """Average of greedily selected systems; for a clip that lacks some, over the others.

    Parameters
    ----------
    blocks : optional
        One column a system; the order of the blocks is that of `weights_`.
    cv : int, splitter or iterable, default=5
        Folds for `oof_prediction_`, see `resolve_cv`.
    metric : str, optional
        What selection maximises; 'ccc' unless given.
    matching : bool, default=True
        Whether inputs are first brought to the mean and deviation of the target, and a concordance compared after it.
    steps : int, default=25
        Number of selections; the best prefix is kept.

    Attributes
    ----------
    weights_ : ndarray of shape (M,)
        Share of each system where all are present; they sum to 1.
    oof_prediction_ : ndarray of shape (n,)
        Each fold fused by weights learnt on the others.
    remarks_ : list of FitRemark
        Choices and fallbacks; mostly empty.

    Examples
    --------
    >>> rng, speakers = np.random.default_rng(0), np.repeat(np.arange(6), 5)
    >>> y = rng.normal(size=30)
    >>> P = y[:, None] + rng.normal(size=(30, 2)) * [0.1, 1.0]  # a good and a poor system
    >>> model = GreedyFusionRegressor(cv=3).fit(P, y, groups=speakers)
    >>> model.predict(P).shape, model.weights_.round(2).tolist()
    ((30,), [1.0, 0.0])
    """

    def __init__(
        self, blocks: Blocks = None, cv: Folds = 5, metric: str | None = None, matching: bool = True, steps: int = 25
    ):
        super().__init__(blocks, cv, metric, matching)
        self.steps = steps


class GreedyFusionClassifier(_Greedy, FusionClassifier):
    """Average of greedily selected systems' posteriors; for a clip that lacks some, over the others.

    Parameters
    ----------
    blocks : optional
        The K columns of each system, classes sorted; None = consecutive runs of K columns.
    cv : int, splitter or iterable, default=5
        Folds for `oof_prediction_`, see `resolve_cv`.
    metric : str, optional
        What selection maximises; 'accuracy' unless given. The likelihood decides between equals.
    steps : int, default=25
        Number of selections; the best prefix is kept.

    Attributes
    ----------
    classes_ : ndarray of shape (K,)
    weights_ : ndarray of shape (M,)
        Share of each system where all are present; they sum to 1.
    oof_prediction_ : ndarray of shape (n, K)
        Each fold fused by weights learnt on the others.
    remarks_ : list of FitRemark
        Choices and fallbacks; mostly empty.

    Examples
    --------
    >>> rng, speakers = np.random.default_rng(0), np.repeat(np.arange(6), 5)
    >>> y = np.array(["happy", "sad"] * 15)
    >>> good = np.where(y[:, None] == ["happy", "sad"], 0.8, 0.2)
    >>> P = np.hstack([good, np.full((30, 2), 0.5)])  # a good system, and one that knows nothing
    >>> model = GreedyFusionClassifier(cv=3).fit(P, y, groups=speakers)
    >>> model.predict(P[:2]).tolist(), model.weights_.round(2).tolist()
    (['happy', 'sad'], [1.0, 0.0])
    """

    def __init__(self, blocks: Blocks = None, cv: Folds = 5, metric: str | None = None, steps: int = 25):
        super().__init__(blocks, cv, metric)
        self.steps = steps


class ScoreWeightedFusionRegressor(_ScoreWeighted, FusionRegressor):
    """Mean of matched predictions, each weighted by its out-of-fold score above that of a constant prediction.

    Parameters as for `GreedyFusionRegressor`, without `steps`.

    Examples
    --------
    >>> rng, speakers = np.random.default_rng(0), np.repeat(np.arange(6), 5)
    >>> y = rng.normal(size=30)
    >>> P = y[:, None] + rng.normal(size=(30, 2)) * [0.1, 1.0]  # a good and a poor system
    >>> model = ScoreWeightedFusionRegressor(cv=3).fit(P, y, groups=speakers)
    >>> model.predict(P).shape, model.weights_.round(2).tolist()
    ((30,), [0.62, 0.38])
    """


class ScoreWeightedFusionClassifier(_ScoreWeighted, FusionClassifier):
    """Mean of posteriors, each weighted by its out-of-fold score above that of the class shares.

    Parameters as for `GreedyFusionClassifier`, without `steps`.

    Examples
    --------
    >>> rng, speakers = np.random.default_rng(0), np.repeat(np.arange(6), 5)
    >>> y = np.array(["happy", "sad"] * 15)
    >>> good = np.where(y[:, None] == ["happy", "sad"], 0.8, 0.2)
    >>> P = np.hstack([good, np.full((30, 2), 0.5)])  # a good system, and one that knows nothing
    >>> model = ScoreWeightedFusionClassifier(cv=3).fit(P, y, groups=speakers)
    >>> model.predict(P[:2]).tolist(), model.weights_.round(2).tolist()
    (['happy', 'sad'], [1.0, 0.0])
    """
