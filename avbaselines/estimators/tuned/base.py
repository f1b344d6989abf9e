"""What all tuned learners share: a small grid tried on inner folds, the best kept per target, refitted on all rows."""

from typing import ClassVar

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, MultiOutputMixin, RegressorMixin
from sklearn.utils import check_array, check_consistent_length, check_random_state, column_or_1d
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from avbaselines.errors import InputError
from avbaselines.estimators.tuned.calibration import PosteriorCalibrator, cross_calibrated
from avbaselines.estimators.tuned.candidate_outputs import CandidateOutputs, unscaled, with_absent
from avbaselines.estimators.tuned.group_folds import resolve_cv
from avbaselines.estimators.tuned.interface import TargetModel, as_columns
from avbaselines.estimators.tuned.search_space import Dimension
from avbaselines.estimators.tuned.target_scaling import check_metric, check_targets, standardised, tuning_score
from avbaselines.evaluation.metrics import score

__all__ = ["TunedClassifier", "TunedRegressor"]


class _Tuned(TargetModel, BaseEstimator):
    """Parameters blocks, cv, metric and random_state, and the parts of fitting that do not depend on the kind.

    `search_space` holds what may be searched of a learner; `parts` the estimators that it takes as parameters and whose
    parameters are searched with its own.
    """

    search_space: ClassVar[dict[str, Dimension]] = {}
    parts: ClassVar[dict[str, type]] = {}

    def _validate(self, X, reset=False, min_rows=1):
        checks = {"dtype": [np.float64, np.float32], "ensure_all_finite": "allow-nan", "ensure_min_samples": min_rows}
        return validate_data(self, X, reset=reset, **checks)

    def _start(self):
        self._remarks = []
        self._seed = int(check_random_state(self.random_state).randint(2**31 - 1))

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags

    def _candidates(self):
        """The grid: a list of dicts, the simplest first, as the first of equals is taken."""
        raise NotImplementedError

    def _try(self, X, train, targets, test, candidates):
        """Outputs (n_test, T or K) of each candidate in turn for the test rows of X, fitted on the train rows alone."""
        raise NotImplementedError

    def _refit(self, X, rows, targets, chosen):
        """Fit the chosen candidates (one per target; one for classes) on rows of X (None = all), return the model."""
        raise NotImplementedError

    def _outputs(self, model, X):
        """Outputs of a model from `_refit`, of shape (n, T or K)."""
        raise NotImplementedError


class TunedRegressor(MultiOutputMixin, RegressorMixin, _Tuned):
    """Base of tuned regressors over (n,) or (n, T) targets with NaN = not labelled.

    A subclass gives `_candidates`, `_try`, `_refit` and `_outputs`; it sees targets of mean 0 and deviation 1, each
    with at least two different labelled values.
    """

    def fit(self, X, y, groups=None):
        """Tune on inner folds, then fit on all rows.

        Parameters
        ----------
        X : array-like of shape (n, n_features)
            NaN allowed; an all-NaN block in a row = the modality is missing there.
        y : array-like of shape (n,) or (n, T)
            NaN = not labelled; each target is fitted on its labelled rows.
        groups : array-like of shape (n,), optional
            What no fold may have on both sides.

        Returns
        -------
        self

        Raises
        ------
        InputError
            If a target has no label or one value, or the folds split a group.
        """
        return self.cross_predict(X, y, groups).refit(X, y)

    def refit(self, X, y):
        """What `fit` does after `cross_predict`: fit what was chosen on all rows.

        Parameters
        ----------
        X, y
            As `cross_predict` had them.

        Returns
        -------
        self
        """
        check_is_fitted(self, "best_params_")
        X, Y = self._validate(X), check_targets(X, y)
        scaled, self._mean, self._scale = standardised(Y)
        self.model_ = self._refit(X, None, scaled, self.best_params_)
        return self

    def cross_predict(self, X, y, groups=None, watch=None):
        """What `fit` does up to `refit`: enough for the out-of-fold predictions and their scores.

        Parameters
        ----------
        X, y, groups
            As for `fit`.
        watch : callable, optional
            Called after each fold with the number of folds done and the mean score, over targets, of the rows evaluated
            so far, larger is better; what it raises ends the work.

        Returns
        -------
        self
        """
        check_metric(self.metric, "regression")
        X = self._validate(X, reset=True, min_rows=2)
        Y = check_targets(X, y)
        self._squeeze = len(np.asarray(y).shape) == 1
        self._start()
        folds = resolve_cv(self.cv, X, Y if Y.shape[1] > 1 else Y[:, 0], groups)
        candidates = self._candidates()
        with CandidateOutputs(len(candidates), Y.shape, X.dtype) as oof:
            for done, fold in enumerate(np.unique(folds[folds >= 0]), 1):
                train, test = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
                scaled, mean, scale = standardised(Y[train])
                usable = np.flatnonzero(scale > 0)
                outputs = np.zeros((len(candidates), len(test), 0))
                if len(usable):
                    outputs = self._try(X, train, scaled[:, usable], test, candidates)
                oof.add(test, outputs, unscaled(mean, scale, usable))
                if watch:
                    watch(done, float(self._scores(Y, oof).max(axis=0).mean()))
            self.oof_scores_ = self._scores(Y, oof)
            best = self.oof_scores_.argmax(axis=0)
            self.best_params_ = [candidates[i] for i in best]
            oof = np.column_stack([oof[i][:, t] for t, i in enumerate(best)])
        self.oof_prediction_ = oof[:, 0] if self._squeeze else oof
        return self

    def _scores(self, Y, oof):
        """Score of each candidate and target, of shape (candidates, T)."""
        return np.array(
            [[tuning_score(self.metric, t, p, self.matching) for t, p in zip(Y.T, c.T, strict=True)] for c in oof]
        )

    def predict(self, X):
        """Predict targets.

        Parameters
        ----------
        X : array-like of shape (n, n_features)

        Returns
        -------
        ndarray of shape (n,) or (n, T), as y was
        """
        predicted = self._predicted(X)
        return predicted[:, 0] if self._squeeze else predicted

    def outputs(self, X, recordings=None, times=None):
        """Predictions per target, each of shape (n, 1), see `TargetModel`."""
        return as_columns(self._predicted(X))

    @property
    def target_classes_(self):
        """None for each target."""
        return [None] * len(self.best_params_)

    @property
    def oof_outputs_(self):
        """Out-of-fold predictions per target, each of shape (n, 1)."""
        return as_columns(self.oof_prediction_)

    def _predicted(self, X):
        check_is_fitted(self)
        X = self._validate(X)
        return self._outputs(self.model_, X).astype(np.float64) * self._scale + self._mean


class TunedClassifier(ClassifierMixin, _Tuned):
    """Base of tuned classifiers over (n,) labels.

    A subclass gives `_candidates`, `_try`, `_refit` and `_outputs`; it sees codes 0 .. K-1, each present, and returns
    one decision value per class. The posteriors come from a calibrator fitted on out-of-fold decision values.
    """

    def fit(self, X, y, groups=None, soft_labels=None):
        """Tune on inner folds, then fit on all rows.

        Parameters
        ----------
        X : array-like of shape (n, n_features)
            NaN allowed; an all-NaN block in a row = the modality is missing there.
        y : array-like of shape (n,)
            Class labels; leave unlabelled rows out.
        groups : array-like of shape (n,), optional
            What no fold may have on both sides.
        soft_labels : array-like of shape (n, K), optional
            How much each row weighs as an example of each of the sorted classes (0 = not at all): shares of votes, or
            the agreement in the column of y alone. Machines learn from these; they are tuned and calibrated on y.

        Returns
        -------
        self

        Raises
        ------
        InputError
            If there are fewer than two classes, the folds split a group, or a soft label is negative or all of a row's
            are 0.
        """
        return self.cross_predict(X, y, groups, soft_labels).refit(X, y, soft_labels)

    def refit(self, X, y, soft_labels=None):
        """What `fit` does after `cross_predict`, as `TunedRegressor.refit`."""
        check_is_fitted(self, "best_params_")
        X, codes = self._validate(X), np.searchsorted(self.classes_, np.asarray(y).ravel())
        soft = None if soft_labels is None else _checked_soft(soft_labels, (len(X), len(self.classes_)))
        rows, codes, weights = _examples(np.arange(len(X)), codes, soft)
        self.model_ = self._refit(X, rows, codes, self.best_params_[0], **weights)
        return self

    def cross_predict(self, X, y, groups=None, soft_labels=None, watch=None):
        """What `fit` does up to `refit`, as `TunedRegressor.cross_predict`."""
        check_metric(self.metric, "classes")
        if y is None:
            raise InputError("fit requires y to be passed, but the target y is None")
        X = self._validate(X, reset=True, min_rows=2)
        y = column_or_1d(y, warn=True)
        check_consistent_length(X, y)
        check_classification_targets(y)
        self.classes_, codes = np.unique(y, return_inverse=True)
        n_classes = len(self.classes_)
        if n_classes < 2:
            raise InputError(f"y: at least two classes are needed, got {n_classes} class")
        soft = None if soft_labels is None else _checked_soft(soft_labels, (len(X), n_classes))
        self._start()
        folds = resolve_cv(self.cv, X, codes, groups, classes=True)
        candidates = self._candidates()
        with CandidateOutputs(len(candidates), (len(X), n_classes), X.dtype) as oof:
            for done, fold in enumerate(np.unique(folds[folds >= 0]), 1):
                train, test = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
                rows, train_codes, weights = _examples(train, codes[train], None if soft is None else soft[train])
                present, present_codes = np.unique(train_codes, return_inverse=True)
                outputs = np.zeros((len(candidates), len(test), 1))
                if len(present) > 1:
                    outputs = self._try(X, rows, present_codes, test, candidates, **weights)
                oof.add(test, outputs, with_absent(present, n_classes))
                if watch:
                    watch(done, max(self._scores(codes, oof, np.isin(folds, range(fold + 1)))))
            rows = folds >= 0
            scores = self._scores(codes, oof, rows)
            best = int(np.argmax(scores))
            decisions = oof[best]
        self.oof_scores_ = np.array(scores)[:, None]
        self.best_params_ = [candidates[best]]
        self.oof_prediction_ = cross_calibrated(decisions, codes, folds)
        self._calibrator = PosteriorCalibrator().fit(decisions[rows], codes[rows])
        return self

    def _scores(self, codes, oof, rows):
        """Score of each candidate on some rows."""
        return [score(self.metric, codes[rows], c[rows], n_classes=len(self.classes_)) for c in oof]

    def predict_proba(self, X):
        """Posteriors.

        Parameters
        ----------
        X : array-like of shape (n, n_features)

        Returns
        -------
        ndarray of shape (n, K)
            In the order of `classes_`; rows sum to 1.
        """
        check_is_fitted(self)
        X = self._validate(X)
        outputs = self._outputs(self.model_, X).astype(np.float64)
        return self._calibrator.posteriors(outputs)

    def predict(self, X):
        """The class of largest posterior, for each row of X, shape (n, n_features)."""
        # Asked of predict_proba first: classes_ does not exist before fit.
        posteriors = self.predict_proba(X)
        return self.classes_[posteriors.argmax(axis=1)]

    def outputs(self, X, recordings=None, times=None):
        """Posteriors of the one target, see `TargetModel`."""
        return [self.predict_proba(X)]

    @property
    def target_classes_(self):
        """Classes of the one target."""
        return [self.classes_]

    @property
    def oof_outputs_(self):
        """Out-of-fold posteriors of the one target."""
        return [self.oof_prediction_]


def _checked_soft(soft, shape):
    soft = check_array(soft, dtype=np.float64, input_name="soft_labels")
    if soft.shape != shape:
        raise InputError(f"soft_labels: a table of {shape[0]} rows and {shape[1]} classes is needed, got {soft.shape}")
    wrong = (soft < 0).any(axis=1) | (soft.sum(axis=1) <= 0)
    if wrong.any():
        raise InputError(f"soft_labels: row {int(wrong.argmax())} has a negative weight, or none at all")
    return soft


def _examples(rows, codes, soft):
    """Rows with one class each: as they are, or each as often as its soft labels name a class, with their weights."""
    if soft is None:
        return rows, codes, {}
    places, classes = np.nonzero(soft)
    return rows[places], classes, {"weights": soft[places, classes]}
