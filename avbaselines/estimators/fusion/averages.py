"""Late fusion: one target from the predictions of several systems, some of which may be missing for a clip."""

import numpy as np

from avbaselines.estimators.fusion.base import FusionClassifier, FusionRegressor
from avbaselines.estimators.fusion.learnt_weights import (
    CorrelationWeightedFusionRegressor,
    RidgeFusionClassifier,
    RidgeFusionRegressor,
)

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


class _Mean:
    def _learn(self, P, t, folds):
        return {"weights": np.full(P.shape[1], 1 / P.shape[1])}


class _BestSingle:
    def _learn(self, P, t, folds):
        values = [self._value(P[:, m], t) for m in range(P.shape[1])]
        order = sorted(range(len(values)), key=lambda m: values[m], reverse=True)
        weights = np.zeros(len(values))
        weights[order[0]] = 1
        return {"weights": weights, "order": np.array(order)}

    def _combine(self, P, state):
        ranked = P[:, state["order"]]
        first = (~np.isnan(ranked[:, :, 0])).argmax(axis=1)
        return ranked[np.arange(len(P)), first]


class _ScoreWeighted:
    """Weights in proportion to what each system's score is above that of a constant prediction, never below 0."""

    def _learn(self, P, t, folds):
        default = np.broadcast_to(self._default(t), (len(t), P.shape[2]))
        chance = self._value(default, t)[0]
        scores = np.array([self._value(P[:, m], t)[0] for m in range(P.shape[1])])
        gains = np.where(np.isfinite(scores), np.maximum(scores - chance, 0.0), 0.0)
        total = gains.sum()
        return {"weights": gains / total if total > 0 else np.full(len(gains), 1 / len(gains))}


class _Greedy:
    """Ensemble selection: again and again add, with replacement, the system that helps the average most.

    Source: Caruana et al. 2004, Ensemble Selection from Libraries of Models, ICML.
    """

    def _learn(self, P, t, folds):
        present = ~np.isnan(P[:, :, 0])
        moments = _Moments(P[:, :, 0], t) if self._has_moments(P, present) else None
        filled = None if moments else np.nan_to_num(P)
        chosen = np.zeros(P.shape[1])
        total, count = np.zeros((len(P), P.shape[2])), np.zeros((len(P), 1))
        best, best_weights = None, None
        for _ in range(self.steps):
            if moments:
                values = moments.values(chosen + np.eye(len(chosen)), self._metric, self.matching)
            else:
                values = self._values_one_more(filled, present, total, count, t)
            m = max(range(len(values)), key=lambda m: values[m])
            chosen[m] += 1
            if not moments:
                total, count = total + filled[:, m], count + present[:, [m]]
            if best is None or values[m] > best:
                best, best_weights = values[m], chosen / chosen.sum()
        return {"weights": best_weights}

    def _values_one_more(self, filled, present, total, count, t):
        values = []
        for m in range(filled.shape[1]):
            with np.errstate(invalid="ignore"):
                values.append(self._value((total + filled[:, m]) / (count + present[:, [m]]), t))
        return values

    def _has_moments(self, P, present):
        """Whether means and covariances say all: one value a clip, none missing, a metric of second moments."""
        return P.shape[2] == 1 and present.all() and self._metric in _Moments.METRICS


class _Moments:
    """Scores of weighted means of systems from their means and covariances: no pass over the clips a candidate."""

    METRICS = ("ccc", "ccc_per_recording", "pcc", "rmse", "mse")

    def __init__(self, P, t):
        self.mean, self.t_mean = P.mean(axis=0), t.mean()
        centred, truth = P - self.mean, t - self.t_mean
        self.cov, self.cross = centred.T @ centred / len(t), centred.T @ truth / len(t)
        self.variance = truth @ truth / len(t)

    def values(self, counts, metric, matching):
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
    note_ : str
    """

    def __init__(self, blocks=None, cv=5, metric=None, matching=False):
        super().__init__(blocks, cv, metric, matching)


class MeanFusionClassifier(_Mean, FusionClassifier):
    """The mean of the posteriors present; parameters as for `GreedyFusionClassifier`, without `steps`."""


class BestSingleRegressor(_BestSingle, FusionRegressor):
    """The system of the best out-of-fold score, matched; where it is missing, the next best.

    Parameters as for `GreedyFusionRegressor`, without `steps`.
    """


class BestSingleClassifier(_BestSingle, FusionClassifier):
    """The system of the best out-of-fold score; where it is missing, the next best.

    Parameters as for `GreedyFusionClassifier`, without `steps`.
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
    note_ : str
    """

    def __init__(self, blocks=None, cv=5, metric=None, matching=True, steps=25):
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
    note_ : str
    """

    def __init__(self, blocks=None, cv=5, metric=None, steps=25):
        super().__init__(blocks, cv, metric)
        self.steps = steps


class ScoreWeightedFusionRegressor(_ScoreWeighted, FusionRegressor):
    """Mean of matched predictions, each weighted by its out-of-fold score above that of a constant prediction.

    Parameters as for `GreedyFusionRegressor`, without `steps`.
    """


class ScoreWeightedFusionClassifier(_ScoreWeighted, FusionClassifier):
    """Mean of posteriors, each weighted by its out-of-fold score above that of the class shares.

    Parameters as for `GreedyFusionClassifier`, without `steps`.
    """
