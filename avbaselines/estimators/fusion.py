"""Late fusion: one target from the predictions of several systems, some of which may be missing for a clip."""

import numpy as np

from avbaselines.estimators.fusion_base import FusionClassifier, FusionRegressor
from avbaselines.estimators.fusion_learnt import (
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


class _Greedy:
    """Ensemble selection: again and again add, with replacement, the system that helps the average most.

    Source: Caruana et al. 2004, Ensemble Selection from Libraries of Models, ICML.
    """

    def _learn(self, P, t, folds):
        present = ~np.isnan(P[:, :, 0])
        filled = np.nan_to_num(P)
        chosen = np.zeros(P.shape[1])
        total, count = np.zeros((len(P), P.shape[2])), np.zeros((len(P), 1))
        best, best_weights = None, None
        for _ in range(self.steps):
            values = []
            for m in range(P.shape[1]):
                among = count + present[:, [m]]
                with np.errstate(invalid="ignore"):
                    values.append(self._value((total + filled[:, m]) / among, t))
            m = max(range(len(values)), key=lambda m: values[m])
            chosen[m] += 1
            total, count = total + filled[:, m], count + present[:, [m]]
            if best is None or values[m] > best:
                best, best_weights = values[m], chosen / chosen.sum()
        return {"weights": best_weights}


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
