"""What all late fusions share: checking inputs, cross-fitting, and what to do where systems are missing."""

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils import check_consistent_length, column_or_1d
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from avbaselines.errors import InputError
from avbaselines.estimators.preprocessing.preparation import column_blocks
from avbaselines.estimators.tuned.group_folds import resolve_cv
from avbaselines.estimators.tuned.interface import TargetModel, as_columns
from avbaselines.estimators.tuned.matching import Matcher
from avbaselines.estimators.tuned.target_scaling import check_metric, check_targets, tuning_score
from avbaselines.evaluation.metrics import score

__all__ = ["FusionClassifier", "FusionRegressor", "average"]


def average(P, weights):
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
    """
    present = ~np.isnan(P[:, :, 0])
    shares = present * weights
    shares = np.where(shares.sum(axis=1, keepdims=True) > 0, shares, present)
    with np.errstate(invalid="ignore"):
        shares = shares / shares.sum(axis=1, keepdims=True)
    return np.einsum("nm,nmd->nd", shares, np.nan_to_num(P))


class _Fusion(TargetModel, BaseEstimator):
    """What all fusions share. Inputs are P of shape (n, M, D): M systems, D = 1 value or K posteriors, NaN = missing.

    A subclass gives ``_learn(P, t, folds)``, a state with 'weights' (M,), and may replace ``_combine(P, state)``.
    `t` is the target (n,), values without NaN or class codes. ``_extra`` columns of a system follow its own ones.
    """

    input_layout = "own"

    _extra = 0

    def __init__(self, blocks=None, cv=5, metric=None, matching=True):
        self.blocks = blocks
        self.cv = cv
        self.metric = metric
        self.matching = matching

    def _validate(self, X, reset=False):
        checks = {"dtype": np.float64, "ensure_all_finite": "allow-nan", "ensure_min_samples": 2 if reset else 1}
        return validate_data(self, X, reset=reset, **checks)

    def _fit(self, X, t, groups, width, classes=False):
        """Cross-fit, then fit on all labelled rows; returns out-of-fold outputs (n, D)."""
        blocks, columns_each = self.blocks, width + self._extra
        if blocks is None and X.shape[1] % columns_each == 0:
            blocks = np.arange(X.shape[1]) // columns_each
        self._columns = column_blocks(blocks, X.shape[1])
        if any(len(columns) != columns_each for columns in self._columns):
            found = [len(columns) for columns in self._columns]
            raise InputError(f"blocks: each system needs {columns_each} column(s), got {found}")
        self._remarks = []
        P = self._inputs(X)
        folds = resolve_cv(self.cv, X, t, groups, classes=classes)
        labelled = ~np.isnan(t) if t.dtype.kind == "f" else np.ones(len(t), bool)
        oof = np.full((len(X), width), np.nan)
        for fold in np.unique(folds[folds >= 0]):
            train = (folds != fold) & labelled
            if train.any():
                oof[folds == fold] = self._apply(P[folds == fold], self._learnt(P[train], t[train], folds[train]))
        self.state_ = self._learnt(P[labelled], t[labelled], folds[labelled])
        self.weights_ = self.state_["weights"]
        return oof

    def _inputs(self, X):
        """P of shape (n, M, D); a system that lacks one of its columns is missing."""
        P = np.stack([X[:, columns] for columns in self._columns], axis=1)
        P[np.isnan(P).any(axis=2)] = np.nan
        return P

    def _learnt(self, P, t, folds):
        matcher = self._matcher(P, t)
        state = self._learn(self._matched(P, matcher), t, folds)
        return {"matcher": matcher, "default": self._default(t), **state}

    def _apply(self, P, state):
        """Outputs (n, D); where no system has a prediction, what is best without any (mean, shares of classes)."""
        P = self._matched(P, state["matcher"])
        outputs = self._combine(P, state)
        outputs[np.isnan(P).all(axis=(1, 2))] = state["default"]
        return outputs

    def _matched(self, P, matcher):
        return P if matcher is None else matcher.transform(P[:, :, 0])[:, :, None]

    def _combine(self, P, state):
        return average(P, state["weights"])

    def _learn(self, P, t, folds):
        raise NotImplementedError

    @property
    def input_weights_(self):
        """The weight of each system."""
        return [self.weights_]

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags


class FusionRegressor(RegressorMixin, _Fusion):
    def fit(self, X, y, groups=None):
        """Learn how to combine predictions.

        Parameters
        ----------
        X : array-like of shape (n, M)
            Out-of-fold predictions of M systems; NaN = none for this clip.
        y : array-like of shape (n,)
            Target; NaN = not labelled.
        groups : array-like of shape (n,), optional
            What no fold may have on both sides.

        Returns
        -------
        self
        """
        check_metric(self._metric, "regression")
        X = self._validate(X, reset=True)
        if y is not None and len(np.asarray(y).shape) != 1:
            y = column_or_1d(y, warn=True)
        t = check_targets(X, y)[:, 0]
        self.oof_prediction_ = self._fit(X, t, groups, width=1)[:, 0]
        return self

    def predict(self, X):
        """Fused predictions (n,) for X of shape (n, M)."""
        check_is_fitted(self)
        return self._apply(self._inputs(self._validate(X)), self.state_)[:, 0]

    def outputs(self, X, recordings=None, times=None):
        """Fused predictions of the one target, of shape (n, 1), see `TargetModel`."""
        return as_columns(self.predict(X))

    @property
    def target_classes_(self):
        """None for the one target."""
        return [None]

    @property
    def oof_outputs_(self):
        """Out-of-fold predictions of the one target, of shape (n, 1)."""
        return as_columns(self.oof_prediction_)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        # Inputs are taken for predictions of the target, which the features of scikit-learn's checks are not.
        tags.regressor_tags.poor_score = True
        return tags

    @property
    def _metric(self):
        return self.metric or "ccc"

    def _matcher(self, P, t):
        if not self.matching:
            return None
        P = P[:, :, 0].copy()
        # A system without any prediction here cannot be matched and is not used: any constant will do.
        P[:, np.isnan(P).all(axis=0)] = 0.0
        return Matcher().fit(P, t)

    def _default(self, t):
        return t.mean()

    def _value(self, outputs, t):
        return (tuning_score(self._metric, t, outputs[:, 0], self.matching),)


class FusionClassifier(ClassifierMixin, _Fusion):
    def __init__(self, blocks=None, cv=5, metric=None):
        super().__init__(blocks, cv, metric)

    def fit(self, X, y, groups=None):
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

        Returns
        -------
        self
        """
        check_metric(self._metric, "classes")
        if y is None:
            raise InputError("fit requires y to be passed, but the target y is None")
        X = self._validate(X, reset=True)
        y = column_or_1d(y, warn=True)
        check_consistent_length(X, y)
        check_classification_targets(y)
        self.classes_, codes = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            raise InputError("y: at least two classes are needed, got 1 class")
        if not self._extra and np.nanmin(X) < 0:
            raise InputError("X: posteriors are needed, got negative values; pass them through a softmax")
        self.oof_prediction_ = self._fit(X, codes, groups, width=len(self.classes_), classes=True)
        return self

    def predict_proba(self, X):
        """Fused posteriors (n, K) for X of shape (n, M * K)."""
        check_is_fitted(self)
        return self._apply(self._inputs(self._validate(X)), self.state_)

    def predict(self, X):
        """The class of largest fused posterior for each row of X."""
        posteriors = self.predict_proba(X)
        return self.classes_[posteriors.argmax(axis=1)]

    def outputs(self, X, recordings=None, times=None):
        """Fused posteriors of the one target, see `TargetModel`."""
        return [self.predict_proba(X)]

    @property
    def target_classes_(self):
        """Classes of the one target."""
        return [self.classes_]

    @property
    def oof_outputs_(self):
        """Out-of-fold posteriors of the one target."""
        return [self.oof_prediction_]

    def _inputs(self, X):
        P = super()._inputs(X)
        return P / np.maximum(P.sum(axis=2, keepdims=True), 1e-300)

    @property
    def _metric(self):
        return self.metric or "accuracy"

    def _matcher(self, P, t):
        return None

    def _default(self, t):
        return np.bincount(t, minlength=len(self.classes_)) / len(t)

    def _value(self, outputs, t):
        # Likelihood decides between equal shares of hits.
        rows = ~np.isnan(outputs).any(axis=1)
        if not rows.any():
            return (-np.inf, -np.inf)
        likelihood = np.log(np.maximum(outputs[rows, t[rows]], 1e-12)).mean()
        return score(self._metric, t[rows], outputs[rows], n_classes=outputs.shape[1]), likelihood
