"""Bases of tuned learners: a small grid tried on inner folds, the best kept per target, refitted on all rows."""

from abc import abstractmethod
from collections.abc import Callable, Iterable
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import ClassifierMixin, MultiOutputMixin, RegressorMixin
from sklearn.utils import check_array
from sklearn.utils.validation import check_is_fitted

from avbaselines.errors import InputError
from avbaselines.estimators.tuned.calibration import PosteriorCalibrator, cross_calibrated
from avbaselines.estimators.tuned.candidate_outputs import CandidateOutputs, unscaled, with_absent
from avbaselines.estimators.tuned.group_folds import Folds, resolve_cv
from avbaselines.estimators.tuned.interface import ClassModel, RegressionModel, TargetModel
from avbaselines.estimators.tuned.parameter_checks import CheckedParameters, Constraint, MetricName
from avbaselines.estimators.tuned.search_space import Dimension
from avbaselines.estimators.tuned.shared_work import SharedWork
from avbaselines.estimators.tuned.target_scaling import check_targets, standardised, tuning_scores
from avbaselines.estimators.tuned.validation import GapTolerant, class_codes, drawn_seed
from avbaselines.evaluation.metrics import score

__all__ = ["Candidate", "TunedClassifier", "TunedModel", "TunedRegressor", "Watch"]

Candidate = dict[str, Any]
Watch = Callable[[int, float], None]


class TunedModel(CheckedParameters, TargetModel, GapTolerant):
    """Parts of a tuned learner that do not depend on the kind of its targets.

    `search_space` holds what may be searched of a learner; `parts` the estimators that it takes as parameters and whose
    parameters are searched with its own.
    """

    search_space: ClassVar[dict[str, Dimension]] = {}
    parts: ClassVar[dict[str, type]] = {}

    cv: Folds
    metric: str
    random_state: int | np.random.RandomState | None

    # From `cross_predict` to `refit`: a fitted model holds none of it.
    _shared: SharedWork | None = None
    _n_rows: int = 0

    def _start(self, shared: SharedWork | None) -> None:
        self._remarks = []
        self._seed = drawn_seed(self.random_state)
        self._shared = SharedWork() if shared is None else shared

    @abstractmethod
    def _candidates(self) -> list[Candidate]:
        """The grid, the simplest first, as the first of equals is taken."""

    @abstractmethod
    def _try(
        self,
        X: np.ndarray,
        train: np.ndarray,
        targets: np.ndarray,
        test: np.ndarray,
        candidates: list[Candidate],
        weights: np.ndarray | None = None,
    ) -> Iterable[np.ndarray]:
        """Outputs (n_test, T or K) of each candidate in turn for the test rows of X, fitted on the train rows alone."""

    @abstractmethod
    def _refit(
        self,
        X: np.ndarray,
        rows: np.ndarray | None,
        targets: np.ndarray,
        chosen: Any,
        weights: np.ndarray | None = None,
    ) -> Any:
        """Fit the chosen candidates (one per target; one for classes) on rows of X (None = all), return the model."""

    @abstractmethod
    def _outputs(self, model: Any, X: np.ndarray) -> np.ndarray:
        """Outputs of a model from `_refit`, of shape (n, T or K)."""


class TunedRegressor(MultiOutputMixin, RegressorMixin, RegressionModel, TunedModel):
    """Base of tuned regressors over (n,) or (n, T) targets with NaN = not labelled.

    A subclass gives `_candidates`, `_try`, `_refit` and `_outputs`; it sees targets of mean 0 and deviation 1, each
    with at least two different labelled values.

    Examples
    --------
    >>> import numpy as np
    >>> class Mean(TunedRegressor):
    ...     cv, metric, matching, random_state = 3, "rmse", False, 0
    ...     def _candidates(self):
    ...         return [{}]
    ...     def _try(self, X, train, targets, test, candidates, weights=None):
    ...         return [np.zeros((len(test), targets.shape[1]))]
    ...     def _refit(self, X, rows, targets, chosen, weights=None):
    ...         return None
    ...     def _outputs(self, model, X):
    ...         return np.zeros((len(X), len(self.best_params_)))
    >>> Mean().fit(np.zeros((3, 1)), [1.0, 2.0, 6.0]).predict([[0.0]]).tolist()
    [3.0]
    """

    constraints: ClassVar[dict[str, Constraint]] = {"metric": MetricName("regression")}

    matching: bool

    def fit(self, X: ArrayLike, y: ArrayLike, groups: ArrayLike | None = None) -> Self:
        """Tune on inner folds, then fit on all rows.

        Parameters
        ----------
        X : array-like of shape (n, n_features)
            NaN allowed; an all-NaN block in a row = the modality is missing there.
        y : array-like of shape (n,) or (n, T)
            NaN = not labelled; each target is fitted on its labelled rows.
        groups : array-like of shape (n,), optional
            What no fold may have on both sides.

        Raises
        ------
        InputError
            If a target has no label or one value, or the folds split a group.
        """
        return self.cross_predict(X, y, groups).refit(X, y)

    def refit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Fit what `cross_predict` has chosen on all rows; X and y as it had them."""
        check_is_fitted(self, "best_params_")
        X, Y = self._validated(X), check_targets(X, y)
        scaled, self._mean, self._scale = standardised(Y)
        self.model_ = self._refit(X, None, scaled, self.best_params_)
        self._shared = None
        return self

    def cross_predict(
        self,
        X: ArrayLike,
        y: ArrayLike,
        groups: ArrayLike | None = None,
        watch: Watch | None = None,
        shared: SharedWork | None = None,
    ) -> Self:
        """What `fit` does up to `refit`: enough for the out-of-fold predictions and their scores.

        Parameters
        ----------
        X, y, groups
            As for `fit`.
        watch : callable, optional
            Called after each fold with the number of folds done and the mean score, over targets, of the rows evaluated
            so far, larger is better; what it raises ends the work.
        shared : SharedWork, optional
            Of models that are fitted to the same X, y and folds.
        """
        self.check_parameters()
        X = self._validated(X, reset=True, min_rows=2)
        Y = check_targets(X, y)
        self._squeeze = len(np.asarray(y).shape) == 1
        self._start(shared)
        self._n_rows = len(X)
        folds = resolve_cv(self.cv, X, Y if Y.shape[1] > 1 else Y[:, 0], groups)
        candidates = self._candidates()
        with CandidateOutputs(len(candidates), Y.shape, X.dtype) as outputs:
            for done, fold in enumerate(np.unique(folds[folds >= 0]), 1):
                train, test = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
                scaled, mean, scale = standardised(Y[train])
                usable = np.flatnonzero(scale > 0)
                tried: Iterable[np.ndarray] = np.zeros((len(candidates), len(test), 0))
                if len(usable):
                    tried = self._try(X, train, scaled[:, usable], test, candidates)
                outputs.add(test, tried, unscaled(mean, scale, usable))
                if watch:
                    watch(done, float(self._scores(Y, outputs).max(axis=0).mean()))
            self.oof_scores_ = self._scores(Y, outputs)
            best = self.oof_scores_.argmax(axis=0)
            self.best_params_ = [candidates[i] for i in best]
            oof = np.column_stack([outputs[i][:, t] for t, i in enumerate(best)])
        self.oof_prediction_ = oof[:, 0] if self._squeeze else oof
        return self

    def _scores(self, Y: np.ndarray, outputs: CandidateOutputs) -> np.ndarray:
        """Score of each candidate and target, of shape (candidates, T)."""
        return np.array([tuning_scores(self.metric, Y, values, self.matching) for values in outputs])

    def predict(self, X: ArrayLike) -> np.ndarray:
        """Predictions of shape (n,) or (n, T), as y was, for X of shape (n, n_features)."""
        check_is_fitted(self)
        X = self._validated(X)
        predicted = self._outputs(self.model_, X).astype(np.float64) * self._scale + self._mean
        return predicted[:, 0] if self._squeeze else predicted


class TunedClassifier(ClassifierMixin, ClassModel, TunedModel):
    """Base of tuned classifiers over (n,) labels.

    A subclass gives `_candidates`, `_try`, `_refit` and `_outputs`; it sees codes 0 .. K-1, each present, and returns
    one decision value per class. The posteriors come from a calibrator fitted on out-of-fold decision values.

    Examples
    --------
    >>> import numpy as np
    >>> class Shares(TunedClassifier):
    ...     cv, metric, random_state = 3, "accuracy", 0
    ...     def _candidates(self):
    ...         return [{}]
    ...     def _try(self, X, train, targets, test, candidates, weights=None):
    ...         return [np.tile(np.bincount(targets) / len(targets), (len(test), 1))]
    ...     def _refit(self, X, rows, targets, chosen, weights=None):
    ...         return np.bincount(targets) / len(targets)
    ...     def _outputs(self, model, X):
    ...         return np.tile(model, (len(X), 1))
    >>> Shares().fit(np.zeros((9, 1)), list("aaabaabaa")).predict([[0.0]]).tolist()
    ['a']
    """

    constraints: ClassVar[dict[str, Constraint]] = {"metric": MetricName("classes")}

    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        groups: ArrayLike | None = None,
        soft_labels: ArrayLike | None = None,
    ) -> Self:
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

        Raises
        ------
        InputError
            If there are fewer than two classes, the folds split a group, or a soft label is negative or all of a row's
            are 0.
        """
        return self.cross_predict(X, y, groups, soft_labels).refit(X, y, soft_labels)

    def refit(self, X: ArrayLike, y: ArrayLike, soft_labels: ArrayLike | None = None) -> Self:
        """Fit what `cross_predict` has chosen on all rows; X, y and soft labels as it had them."""
        check_is_fitted(self, "best_params_")
        X, codes = self._validated(X), np.searchsorted(self.classes_, np.asarray(y).ravel())
        soft = None if soft_labels is None else _checked_soft(soft_labels, (len(X), len(self.classes_)))
        rows, codes, weights = _examples(np.arange(len(X)), codes, soft)
        self.model_ = self._refit(X, rows, codes, self.best_params_[0], **weights)
        self._shared = None
        return self

    def cross_predict(
        self,
        X: ArrayLike,
        y: ArrayLike,
        groups: ArrayLike | None = None,
        soft_labels: ArrayLike | None = None,
        watch: Watch | None = None,
        shared: SharedWork | None = None,
    ) -> Self:
        """What `fit` does up to `refit`, as `TunedRegressor.cross_predict`."""
        self.check_parameters()
        if y is None:
            raise InputError("fit requires y to be passed, but the target y is None")
        X = self._validated(X, reset=True, min_rows=2)
        self.classes_, codes = class_codes(X, y)
        n_classes = len(self.classes_)
        soft = None if soft_labels is None else _checked_soft(soft_labels, (len(X), n_classes))
        self._start(shared)
        self._n_rows = len(X)
        folds = resolve_cv(self.cv, X, codes, groups, classes=True)
        candidates = self._candidates()
        with CandidateOutputs(len(candidates), (len(X), n_classes), X.dtype) as outputs:
            for done, fold in enumerate(np.unique(folds[folds >= 0]), 1):
                train, test = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
                rows, train_codes, weights = _examples(train, codes[train], None if soft is None else soft[train])
                present, present_codes = np.unique(train_codes, return_inverse=True)
                tried: Iterable[np.ndarray] = np.zeros((len(candidates), len(test), 1))
                if len(present) > 1:
                    tried = self._try(X, rows, present_codes, test, candidates, **weights)
                outputs.add(test, tried, with_absent(present, n_classes))
                if watch:
                    watch(done, max(self._scores(codes, outputs, np.isin(folds, range(fold + 1)))))
            rows = folds >= 0
            scores = self._scores(codes, outputs, rows)
            best = int(np.argmax(scores))
            decisions = outputs[best]
        self.oof_scores_ = np.array(scores)[:, None]
        self.best_params_ = [candidates[best]]
        self.oof_prediction_ = cross_calibrated(decisions, codes, folds)
        self._calibrator = PosteriorCalibrator().fit(decisions[rows], codes[rows])
        return self

    def _scores(self, codes: np.ndarray, outputs: CandidateOutputs, rows: np.ndarray) -> list[float]:
        """Score of each candidate on some rows."""
        return [score(self.metric, codes[rows], c[rows], n_classes=len(self.classes_)) for c in outputs]

    def predict_proba(self, X: ArrayLike) -> np.ndarray:
        """Posteriors of shape (n, K), in the order of `classes_`, for X of shape (n, n_features); rows sum to 1."""
        check_is_fitted(self)
        X = self._validated(X)
        outputs = self._outputs(self.model_, X).astype(np.float64)
        return self._calibrator.posteriors(outputs)


def _checked_soft(soft_labels: ArrayLike, shape: tuple[int, int]) -> np.ndarray:
    soft = check_array(soft_labels, dtype=np.float64, input_name="soft_labels")
    if soft.shape != shape:
        raise InputError(f"soft_labels: a table of {shape[0]} rows and {shape[1]} classes is needed, got {soft.shape}")
    wrong = (soft < 0).any(axis=1) | (soft.sum(axis=1) <= 0)
    if wrong.any():
        raise InputError(f"soft_labels: row {int(wrong.argmax())} has a negative weight, or none at all")
    return soft


def _examples(
    rows: np.ndarray, codes: np.ndarray, soft: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray, dict[str, np.ndarray]]:
    """Rows with one class each: as they are, or each as often as its soft labels name a class, with their weights."""
    if soft is None:
        return rows, codes, {}
    places, classes = np.nonzero(soft)
    return rows[places], classes, {"weights": soft[places, classes]}
