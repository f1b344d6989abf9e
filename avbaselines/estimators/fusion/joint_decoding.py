"""Joint decoding: each target is fused from its own predictions and from what those of all other targets say of it."""

import numpy as np
from sklearn.linear_model import LogisticRegression

from avbaselines.estimators.fusion.averages import (
    GreedyFusionClassifier,
    GreedyFusionRegressor,
    MeanFusionClassifier,
    MeanFusionRegressor,
    ScoreWeightedFusionClassifier,
    ScoreWeightedFusionRegressor,
)
from avbaselines.estimators.fusion.base import FusionClassifier
from avbaselines.estimators.tuned.calibration import softmax

__all__ = [
    "JointGreedyFusionClassifier",
    "JointGreedyFusionRegressor",
    "JointMeanFusionClassifier",
    "JointMeanFusionRegressor",
    "JointScoreWeightedFusionClassifier",
    "JointScoreWeightedFusionRegressor",
]

# Per row, on standardised columns: few and correlated predictors, so that little is enough.
PENALTY = 0.01


class _Joint:
    """Doubles the systems: beside each stands its translation, learnt from its predictions of the other targets.

    Columns of a system are its own predictions (one value, or K posteriors), then `others` columns: values and
    posteriors of the other targets. A translation of these is a ridge regression or a multinomial logistic one on them
    and their squares (a middling valence speaks for neutral), learnt where the fusion is learnt: in a cross-fit, anew
    for each fold.
    """

    input_layout = "own_first"

    @property
    def _extra(self):
        return self.others

    def _fit(self, X, t, groups, width, classes=False):
        oof = super()._fit(X, t, groups, width, classes)
        # Of each system, its own word and its translation together.
        self.weights_ = self.state_["weights"].reshape(2, -1).sum(axis=0) if self.others else self.weights_
        return oof

    def _learnt(self, P, t, folds):
        if not self.others:
            return super()._learnt(P, t, folds)
        width = P.shape[2] - self.others
        translators = [self._translator(P[:, m, width:], t, width) for m in range(P.shape[1])]
        return {**super()._learnt(_doubled(P, translators, width), t, folds), "translators": translators}

    def _apply(self, P, state):
        if self.others:
            P = _doubled(P, state["translators"], P.shape[2] - self.others)
        return super()._apply(P, state)


def _doubled(P, translators, width):
    """Own predictions and translations, (n, 2 M, width)."""
    said = [_translated(P[:, m, width:], translator) for m, translator in enumerate(translators)]
    return np.concatenate([P[:, :, :width], np.stack(said, axis=1)], axis=1)


def _design(columns, center, scale):
    Z = (columns - center) / scale
    return np.hstack([Z, Z**2])


def _frame(columns):
    """What `_design` needs, from columns without NaN."""
    scale = columns.std(axis=0)
    return {"center": columns.mean(axis=0), "scale": np.where(scale > 1e-9, scale, np.inf)}


def _translated(columns, translator):
    """Values (n, 1) or posteriors (n, K); NaN where the system has no prediction."""
    outputs = np.nan_to_num(_design(columns, translator["center"], translator["scale"]))
    outputs = outputs @ translator["coef"] + translator["intercept"]
    if outputs.shape[1] > 1:
        outputs = softmax(outputs)
    outputs[np.isnan(columns).any(axis=1)] = np.nan
    return outputs


class _JointRegressor(_Joint):
    def __init__(self, blocks=None, cv=5, metric=None, matching=True, others=0):
        super().__init__(blocks, cv, metric, matching)
        self.others = others

    def _translator(self, columns, t, width):
        known = ~np.isnan(columns).any(axis=1)
        if known.sum() < 2:
            empty = {"center": np.zeros(self.others), "scale": np.full(self.others, np.inf)}
            return {**empty, "coef": np.zeros((2 * self.others, 1)), "intercept": np.array([t.mean()])}
        frame = _frame(columns[known])
        D = _design(columns[known], **frame)
        middle, mean = D.mean(axis=0), t[known].mean()
        A = D - middle
        coef = np.linalg.solve(A.T @ A + PENALTY * len(A) * np.eye(A.shape[1]), A.T @ (t[known] - mean))
        return {**frame, "coef": coef[:, None], "intercept": np.array([mean - middle @ coef])}


class _JointClassifier(_Joint):
    def __init__(self, blocks=None, cv=5, metric=None, others=0):
        super().__init__(blocks, cv, metric)
        self.others = others

    def _inputs(self, X):
        if not self.others:
            return super()._inputs(X)
        # Only the own columns are posteriors of one target.
        P = super(FusionClassifier, self)._inputs(X)
        width = len(self.classes_)
        own = P[:, :, :width]
        return np.concatenate([own / np.maximum(own.sum(axis=2, keepdims=True), 1e-300), P[:, :, width:]], axis=2)

    def _translator(self, columns, t, width):
        known = ~np.isnan(columns).any(axis=1)
        present = np.unique(t[known])
        shares = np.bincount(t, minlength=width) / len(t)
        coef, intercept = np.zeros((2 * self.others, width)), np.log(np.maximum(shares, 1e-6))
        if len(present) < 2:
            frame = {"center": np.zeros(self.others), "scale": np.full(self.others, np.inf)}
            return {**frame, "coef": coef, "intercept": intercept}
        frame = _frame(columns[known])
        logistic = LogisticRegression(C=1 / (PENALTY * known.sum()), max_iter=1000)
        logistic.fit(_design(columns[known], **frame), t[known])
        if len(present) == 2:
            # One column speaks for the second class against the first.
            coef[:, present[1]], intercept[present] = logistic.coef_[0], [0.0, logistic.intercept_[0]]
        else:
            coef[:, present], intercept[present] = logistic.coef_.T, logistic.intercept_
        return {**frame, "coef": coef, "intercept": intercept}


class JointMeanFusionRegressor(_JointRegressor, MeanFusionRegressor):
    """Mean of each system's own predictions and of what its predictions of other targets say.

    Parameters
    ----------
    blocks : optional
        Columns of each system, its own prediction first; None = consecutive runs of 1 + `others`.
    cv, metric, matching
        As for `GreedyFusionRegressor`.
    others : int, default=0
        Further columns of each system: its predictions of other targets, values and posteriors.

    Attributes
    ----------
    weights_, oof_prediction_, note_
        As for `GreedyFusionRegressor`; a weight is that of both words of a system.
    """


class JointGreedyFusionRegressor(_JointRegressor, GreedyFusionRegressor):
    """Greedy selection among own predictions and what other targets say; as `JointMeanFusionRegressor`."""

    steps = 25


class JointScoreWeightedFusionRegressor(_JointRegressor, ScoreWeightedFusionRegressor):
    """Weights by score of own predictions and of what other targets say; as `JointMeanFusionRegressor`."""


class JointMeanFusionClassifier(_JointClassifier, MeanFusionClassifier):
    """Mean of each system's own posteriors and of what its predictions of other targets say.

    Parameters
    ----------
    blocks : optional
        Columns of each system, its K posteriors first; None = consecutive runs of K + `others`.
    cv, metric
        As for `GreedyFusionClassifier`.
    others : int, default=0
        Further columns of each system: its predictions of other targets, values and posteriors.

    Attributes
    ----------
    classes_, weights_, oof_prediction_, note_
        As for `GreedyFusionClassifier`; a weight is that of both words of a system.
    """


class JointGreedyFusionClassifier(_JointClassifier, GreedyFusionClassifier):
    """Greedy selection among own posteriors and what other targets say; as `JointMeanFusionClassifier`."""

    steps = 25


class JointScoreWeightedFusionClassifier(_JointClassifier, ScoreWeightedFusionClassifier):
    """Weights by score of own posteriors and of what other targets say; as `JointMeanFusionClassifier`."""
