"""Joint decoding: each target is fused from its own predictions and from what those of all other targets say of it."""

from abc import abstractmethod
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike
from sklearn.linear_model import LogisticRegression

from avbaselines.estimators.fusion.averages import (
    GreedyFusionClassifier,
    GreedyFusionRegressor,
    MeanFusionClassifier,
    MeanFusionRegressor,
    ScoreWeightedFusionClassifier,
    ScoreWeightedFusionRegressor,
)
from avbaselines.estimators.fusion.base import FusionModel, State
from avbaselines.estimators.preprocessing.preparation import Blocks
from avbaselines.estimators.tuned.calibration import softmax
from avbaselines.estimators.tuned.group_folds import Folds
from avbaselines.estimators.tuned.interface import InputLayout

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

Translator = dict[str, np.ndarray]


class _Joint(FusionModel):
    """Doubles the systems: beside each stands its translation, learnt from its predictions of the other targets.

    Columns of a system are its own predictions (one value, or K posteriors), then `others` columns: values and
    posteriors of the other targets. A translation of these is a ridge regression or a multinomial logistic one on them
    and their squares (a middling valence speaks for neutral), learnt where the fusion is learnt: in a cross-fit, anew
    for each fold.
    """

    input_layout: ClassVar[InputLayout] = "own_first"
    others: int

    @property
    def _extra(self) -> int:
        return self.others

    @abstractmethod
    def _translator(self, columns: np.ndarray, t: np.ndarray, width: int) -> Translator:
        """What turns a system's predictions of other targets into predictions of this one."""

    def _fit(
        self, X: np.ndarray, t: np.ndarray, groups: ArrayLike | None, width: int, classes: bool = False
    ) -> np.ndarray:
        oof = super()._fit(X, t, groups, width, classes)
        # Of each system, its own word and its translation together.
        self.weights_ = self.state_["weights"].reshape(2, -1).sum(axis=0) if self.others else self.weights_
        return oof

    def _learnt(self, P: np.ndarray, t: np.ndarray, folds: np.ndarray) -> State:
        if not self.others:
            return super()._learnt(P, t, folds)
        width = P.shape[2] - self.others
        translators = [self._translator(P[:, m, width:], t, width) for m in range(P.shape[1])]
        return {**super()._learnt(_doubled(P, translators, width), t, folds), "translators": translators}

    def _apply(self, P: np.ndarray, state: State) -> np.ndarray:
        if self.others:
            P = _doubled(P, state["translators"], P.shape[2] - self.others)
        return super()._apply(P, state)


def _doubled(P: np.ndarray, translators: list[Translator], width: int) -> np.ndarray:
    """Own predictions and translations, (n, 2 M, width)."""
    said = [_translated(P[:, m, width:], translator) for m, translator in enumerate(translators)]
    return np.concatenate([P[:, :, :width], np.stack(said, axis=1)], axis=1)


def _design(columns: np.ndarray, center: np.ndarray, scale: np.ndarray) -> np.ndarray:
    Z = (columns - center) / scale
    return np.hstack([Z, Z**2])


def _frame(columns: np.ndarray) -> Translator:
    """What `_design` needs, from columns without NaN."""
    scale = columns.std(axis=0)
    return {"center": columns.mean(axis=0), "scale": np.where(scale > 1e-9, scale, np.inf)}


def _translated(columns: np.ndarray, translator: Translator) -> np.ndarray:
    """Values (n, 1) or posteriors (n, K); NaN where the system has no prediction."""
    outputs = np.nan_to_num(_design(columns, translator["center"], translator["scale"]))
    outputs = outputs @ translator["coef"] + translator["intercept"]
    if outputs.shape[1] > 1:
        outputs = softmax(outputs)
    outputs[np.isnan(columns).any(axis=1)] = np.nan
    return outputs


class _JointRegressor(_Joint):
    def __init__(
        self, blocks: Blocks = None, cv: Folds = 5, metric: str | None = None, matching: bool = True, others: int = 0
    ):
        super().__init__(blocks, cv, metric, matching)
        self.others = others

    def _translator(self, columns: np.ndarray, t: np.ndarray, width: int) -> Translator:
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
    def __init__(self, blocks: Blocks = None, cv: Folds = 5, metric: str | None = None, others: int = 0):
        super().__init__(blocks, cv, metric)
        self.others = others

    def _inputs(self, X: np.ndarray) -> np.ndarray:
        if not self.others:
            return super()._inputs(X)
        # Only the own columns are posteriors of one target.
        P = self._system_inputs(X)
        width = len(self.classes_)
        own = P[:, :, :width]
        return np.concatenate([own / np.maximum(own.sum(axis=2, keepdims=True), 1e-300), P[:, :, width:]], axis=2)

    def _translator(self, columns: np.ndarray, t: np.ndarray, width: int) -> Translator:
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
    weights_, oof_prediction_, remarks_
        As for `GreedyFusionRegressor`; a weight is that of both words of a system.

    Examples
    --------
    >>> rng, speakers = np.random.default_rng(0), np.repeat(np.arange(6), 5)
    >>> y = rng.normal(size=30)
    >>> P = y[:, None] + rng.normal(size=(30, 2)) * [0.1, 1.0]  # a good and a poor system
    >>> P = np.column_stack([P[:, 0], -y, P[:, 1], y])  # each system: its own prediction, and one of another target
    >>> model = JointMeanFusionRegressor(others=1, cv=3).fit(P, y, groups=speakers)
    >>> model.predict(P).shape, model.weights_.shape
    ((30,), (2,))
    """


class JointGreedyFusionRegressor(_JointRegressor, GreedyFusionRegressor):
    """Greedy selection among own predictions and what other targets say; as `JointMeanFusionRegressor`.

    Examples
    --------
    >>> rng, speakers = np.random.default_rng(0), np.repeat(np.arange(6), 5)
    >>> y = rng.normal(size=30)
    >>> P = y[:, None] + rng.normal(size=(30, 2)) * [0.1, 1.0]  # a good and a poor system
    >>> P = np.column_stack([P[:, 0], -y, P[:, 1], y])  # each system: its own prediction, and one of another target
    >>> model = JointGreedyFusionRegressor(others=1, cv=3).fit(P, y, groups=speakers)
    >>> model.predict(P).shape, model.weights_.shape
    ((30,), (2,))
    """

    steps = 25


class JointScoreWeightedFusionRegressor(_JointRegressor, ScoreWeightedFusionRegressor):
    """Weights by score of own predictions and of what other targets say; as `JointMeanFusionRegressor`.

    Examples
    --------
    >>> rng, speakers = np.random.default_rng(0), np.repeat(np.arange(6), 5)
    >>> y = rng.normal(size=30)
    >>> P = y[:, None] + rng.normal(size=(30, 2)) * [0.1, 1.0]  # a good and a poor system
    >>> P = np.column_stack([P[:, 0], -y, P[:, 1], y])  # each system: its own prediction, and one of another target
    >>> model = JointScoreWeightedFusionRegressor(others=1, cv=3).fit(P, y, groups=speakers)
    >>> model.predict(P).shape, model.weights_.shape
    ((30,), (2,))
    """


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
    classes_, weights_, oof_prediction_, remarks_
        As for `GreedyFusionClassifier`; a weight is that of both words of a system.

    Examples
    --------
    >>> rng, speakers = np.random.default_rng(0), np.repeat(np.arange(6), 5)
    >>> y = np.array(["happy", "sad"] * 15)
    >>> good = np.where(y[:, None] == ["happy", "sad"], 0.8, 0.2)
    >>> P = np.hstack([good, np.full((30, 2), 0.5)])  # a good system, and one that knows nothing
    >>> P = np.hstack([P[:, :2], np.where(y == "happy", 1.0, -1.0)[:, None], P[:, 2:], np.zeros((30, 1))])
    >>> model = JointMeanFusionClassifier(others=1, cv=3).fit(P, y, groups=speakers)
    >>> model.predict(P[:2]).tolist(), model.weights_.shape
    (['happy', 'sad'], (2,))
    """


class JointGreedyFusionClassifier(_JointClassifier, GreedyFusionClassifier):
    """Greedy selection among own posteriors and what other targets say; as `JointMeanFusionClassifier`.

    Examples
    --------
    >>> rng, speakers = np.random.default_rng(0), np.repeat(np.arange(6), 5)
    >>> y = np.array(["happy", "sad"] * 15)
    >>> good = np.where(y[:, None] == ["happy", "sad"], 0.8, 0.2)
    >>> P = np.hstack([good, np.full((30, 2), 0.5)])  # a good system, and one that knows nothing
    >>> P = np.hstack([P[:, :2], np.where(y == "happy", 1.0, -1.0)[:, None], P[:, 2:], np.zeros((30, 1))])
    >>> model = JointGreedyFusionClassifier(others=1, cv=3).fit(P, y, groups=speakers)
    >>> model.predict(P[:2]).tolist(), model.weights_.shape
    (['happy', 'sad'], (2,))
    """

    steps = 25


class JointScoreWeightedFusionClassifier(_JointClassifier, ScoreWeightedFusionClassifier):
    """Weights by score of own posteriors and of what other targets say; as `JointMeanFusionClassifier`.

    Examples
    --------
    >>> rng, speakers = np.random.default_rng(0), np.repeat(np.arange(6), 5)
    >>> y = np.array(["happy", "sad"] * 15)
    >>> good = np.where(y[:, None] == ["happy", "sad"], 0.8, 0.2)
    >>> P = np.hstack([good, np.full((30, 2), 0.5)])  # a good system, and one that knows nothing
    >>> P = np.hstack([P[:, :2], np.where(y == "happy", 1.0, -1.0)[:, None], P[:, 2:], np.zeros((30, 1))])
    >>> model = JointScoreWeightedFusionClassifier(others=1, cv=3).fit(P, y, groups=speakers)
    >>> model.predict(P[:2]).tolist(), model.weights_.shape
    (['happy', 'sad'], (2,))
    """
