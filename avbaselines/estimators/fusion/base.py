"""Bases of late fusions: checked inputs, cross-fitting, and an answer where systems are missing."""

from abc import abstractmethod
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import ClassifierMixin, RegressorMixin
from sklearn.utils import Tags, column_or_1d
from sklearn.utils.validation import check_is_fitted

from avbaselines.errors import InputError
from avbaselines.estimators.preprocessing.preparation import Blocks, column_blocks
from avbaselines.estimators.tuned.group_folds import Folds, resolve_cv
from avbaselines.estimators.tuned.interface import ClassModel, InputLayout, RegressionModel, TargetModel
from avbaselines.estimators.tuned.matching import Matcher
from avbaselines.estimators.tuned.parameter_checks import CheckedParameters, MetricName
from avbaselines.estimators.tuned.target_scaling import check_targets, tuning_score
from avbaselines.estimators.tuned.validation import GapTolerant, class_codes
from avbaselines.evaluation.metrics import score

__all__ = ["FusionClassifier", "FusionModel", "FusionRegressor", "State", "average", "labelled_rows"]

State = dict[str, Any]
"""What a fusion has learnt, among it 'weights' of shape (M,)."""


def average(P: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Weighted mean over the systems present.

    Parameters
    ----------
    P : ndarray of shape (n, M, D)
        NaN = missing.
    weights : ndarray of shape (M,)

    Returns
    -------
    ndarray of shape (n, D)
        Weights are renormalised over what is present; where that is weightless, the plain mean; NaN where nothing is.

    Examples
    --------
    >>> average(np.array([[[1.0], [3.0]], [[1.0], [np.nan]]]), np.array([0.5, 0.5])).tolist()
    [[2.0], [1.0]]
    """
    present = ~np.isnan(P[:, :, 0])
    shares = present * weights
    shares = np.where(shares.sum(axis=1, keepdims=True) > 0, shares, present)
    with np.errstate(invalid="ignore"):
        shares = shares / shares.sum(axis=1, keepdims=True)
    return np.einsum("nm,nmd->nd", shares, np.nan_to_num(P))


class FusionModel(CheckedParameters, TargetModel, GapTolerant):
    """Base of fusions. Inputs are P of shape (n, M, D): M systems, D = 1 value or K posteriors, NaN = missing.

    A subclass gives ``_learn(P, t, folds)``, a state with 'weights' (M,), and may replace ``_combine(P, state)``.
    `t` is the target (n,), values without NaN or class codes. `_extra` columns of a system follow its own ones.
    """

    input_layout: ClassVar[InputLayout] = "own"

    @property
    def _extra(self) -> int:
        """Further columns of a system."""
        return 0

    def __init__(self, blocks: Blocks = None, cv: Folds = 5, metric: str | None = None, matching: bool = True):
        self.blocks = blocks
        self.cv = cv
        self.metric = metric
        self.matching = matching

    def _values_of(self, X: ArrayLike, reset: bool = False) -> np.ndarray:
        return self._validated(X, reset=reset, min_rows=2 if reset else 1, dtype=np.float64)

    def _fit(
        self, X: np.ndarray, t: np.ndarray, groups: ArrayLike | None, width: int, classes: bool = False
    ) -> np.ndarray:
        """Cross-fit, then fit on all labelled rows; returns out-of-fold outputs (n, D)."""
        self._columns = self._system_columns(X.shape[1], width + self._extra)
        self._remarks = []
        P = self._inputs(X)
        folds = resolve_cv(self.cv, X, t, groups, classes=classes)
        labelled = labelled_rows(t)
        oof = np.full((len(X), width), np.nan)
        for fold in np.unique(folds[folds >= 0]):
            train = (folds != fold) & labelled
            if train.any():
                oof[folds == fold] = self._apply(P[folds == fold], self._learnt(P[train], t[train], folds[train]))
        self.state_ = self._learnt(P[labelled], t[labelled], folds[labelled])
        self.weights_ = self.state_["weights"]
        return oof

    def _system_columns(self, n_columns: int, each: int) -> list[np.ndarray]:
        """Columns of each system; without `blocks` those of a system stand together."""
        blocks = self.blocks
        if blocks is None and n_columns % each == 0:
            blocks = np.arange(n_columns) // each
        systems = column_blocks(blocks, n_columns)
        if any(len(columns) != each for columns in systems):
            widths = [len(columns) for columns in systems]
            raise InputError(f"blocks: each system needs {each} column(s), got {widths}")
        return systems

    def _inputs(self, X: np.ndarray) -> np.ndarray:
        """P of shape (n, M, D) as it is fused."""
        return self._system_inputs(X)

    def _system_inputs(self, X: np.ndarray) -> np.ndarray:
        """The columns of each system, of shape (n, M, D); a system that lacks one of them is missing."""
        P = np.stack([X[:, columns] for columns in self._columns], axis=1)
        P[np.isnan(P).any(axis=2)] = np.nan
        return P

    def _learnt(self, P: np.ndarray, t: np.ndarray, folds: np.ndarray) -> State:
        matcher = self._matcher(P, t)
        state = self._learn(self._matched(P, matcher), t, folds)
        return {"matcher": matcher, "default": self._default(t), **state}

    def _apply(self, P: np.ndarray, state: State) -> np.ndarray:
        """Outputs (n, D); where no system has a prediction, what is best without any (mean, shares of classes)."""
        P = self._matched(P, state["matcher"])
        outputs = self._combine(P, state)
        outputs[np.isnan(P).all(axis=(1, 2))] = state["default"]
        return outputs

    def _matched(self, P: np.ndarray, matcher: Matcher | None) -> np.ndarray:
        return P if matcher is None else matcher.transform(P[:, :, 0])[:, :, None]

    def _combine(self, P: np.ndarray, state: State) -> np.ndarray:
        return average(P, state["weights"])

    def _learn(self, P: np.ndarray, t: np.ndarray, folds: np.ndarray) -> State:
        """What combining learns from matched inputs of labelled rows; 'weights' among it."""
        raise NotImplementedError(type(self).__name__)

    @property
    @abstractmethod
    def _metric(self) -> str:
        """The metric by which systems are judged."""

    @abstractmethod
    def _matcher(self, P: np.ndarray, t: np.ndarray) -> Matcher | None:
        """The matching of inputs; None where they stay as they are."""

    @abstractmethod
    def _default(self, t: np.ndarray) -> Any:
        """The answer where no system has a prediction."""

    @abstractmethod
    def _value(self, outputs: np.ndarray, t: np.ndarray) -> tuple[float, ...]:
        """Scores of outputs (n, D), larger is better; later ones decide between equals."""

    @property
    def input_weights_(self) -> list[np.ndarray]:
        """The weight of each system."""
        return [self.weights_]


def labelled_rows(t: np.ndarray) -> np.ndarray:
    """Which rows have a label: values that are not NaN, or all codes.

    Examples
    --------
    >>> labelled_rows(np.array([1.0, np.nan])).tolist(), labelled_rows(np.array([0, 1])).tolist()
    ([True, False], [True, True])
    """
    return ~np.isnan(t) if t.dtype.kind == "f" else np.ones(len(t), bool)


class FusionRegressor(RegressorMixin, RegressionModel, FusionModel):
    """Base of fusions of regressed predictions; see `GreedyFusionRegressor`, with an example."""

    constraints = {"metric": MetricName("regression", optional=True)}

    def fit(self, X: ArrayLike, y: ArrayLike, groups: ArrayLike | None = None) -> Self:
        """Learn how to combine predictions.

        Parameters
        ----------
        X : array-like of shape (n, M)
            Out-of-fold predictions of M systems; NaN = none for this clip.
        y : array-like of shape (n,)
            Target; NaN = not labelled.
        groups : array-like of shape (n,), optional
            What no fold may have on both sides.
        """
        self.check_parameters()
        X = self._values_of(X, reset=True)
        if y is not None and len(np.asarray(y).shape) != 1:
            y = column_or_1d(y, warn=True)
        t = check_targets(X, y)[:, 0]
        self.oof_prediction_ = self._fit(X, t, groups, width=1)[:, 0]
        return self

    def predict(self, X: ArrayLike) -> np.ndarray:
        """Fused predictions (n,) for X of shape (n, M)."""
        check_is_fitted(self)
        return self._apply(self._inputs(self._values_of(X)), self.state_)[:, 0]

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        # Inputs are taken for predictions of the target, which the features of scikit-learn's checks are not.
        tags.regressor_tags.poor_score = True
        return tags

    @property
    def _metric(self) -> str:
        return self.metric or "ccc"

    def _matcher(self, P: np.ndarray, t: np.ndarray) -> Matcher | None:
        if not self.matching:
            return None
        P = P[:, :, 0].copy()
        # A system without any prediction here cannot be matched and is not used: any constant will do.
        P[:, np.isnan(P).all(axis=0)] = 0.0
        return Matcher().fit(P, t)

    def _default(self, t: np.ndarray) -> Any:
        return t.mean()

    def _value(self, outputs: np.ndarray, t: np.ndarray) -> tuple[float, ...]:
        return (tuning_score(self._metric, t, outputs[:, 0], self.matching),)


class FusionClassifier(ClassifierMixin, ClassModel, FusionModel):
    """Base of fusions of posteriors; see `GreedyFusionClassifier`, with an example."""

    constraints = {"metric": MetricName("classes", optional=True)}

    def __init__(self, blocks: Blocks = None, cv: Folds = 5, metric: str | None = None):
        super().__init__(blocks, cv, metric)

    def fit(self, X: ArrayLike, y: ArrayLike, groups: ArrayLike | None = None) -> Self:
        """Learn how to combine posteriors.

        Parameters
        ----------
        X : array-like of shape (n, M * K)
            Out-of-fold posteriors of M systems for the K sorted classes; NaN = none for this clip. Without `blocks` the
            columns of a system stand together.
        y : array-like of shape (n,)
            Class labels; leave unlabelled rows out.
        groups : array-like of shape (n,), optional
            What no fold may have on both sides.
        """
        self.check_parameters()
        if y is None:
            raise InputError("fit requires y to be passed, but the target y is None")
        X = self._values_of(X, reset=True)
        self.classes_, codes = class_codes(X, y)
        if not self._extra and np.nanmin(X) < 0:
            raise InputError("X: posteriors are needed, got negative values; pass them through a softmax")
        self.oof_prediction_ = self._fit(X, codes, groups, width=len(self.classes_), classes=True)
        return self

    def predict_proba(self, X: ArrayLike) -> np.ndarray:
        """Fused posteriors (n, K) for X of shape (n, M * K)."""
        check_is_fitted(self)
        return self._apply(self._inputs(self._values_of(X)), self.state_)

    def _inputs(self, X: np.ndarray) -> np.ndarray:
        P = super()._inputs(X)
        return P / np.maximum(P.sum(axis=2, keepdims=True), 1e-300)

    @property
    def _metric(self) -> str:
        return self.metric or "accuracy"

    def _matcher(self, P: np.ndarray, t: np.ndarray) -> Matcher | None:
        return None

    def _default(self, t: np.ndarray) -> Any:
        return np.bincount(t, minlength=len(self.classes_)) / len(t)

    def _value(self, outputs: np.ndarray, t: np.ndarray) -> tuple[float, ...]:
        # Likelihood decides between equal shares of hits.
        rows = ~np.isnan(outputs).any(axis=1)
        if not rows.any():
            return (-np.inf, -np.inf)
        likelihood = np.log(np.maximum(outputs[rows, t[rows]], 1e-12)).mean()
        return score(self._metric, t[rows], outputs[rows], n_classes=outputs.shape[1]), likelihood
