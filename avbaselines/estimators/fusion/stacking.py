"""Meta-regressors: a stage of late fusion as a regression on predictions and on what surrounds a frame."""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import MultiOutputMixin, RegressorMixin
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted

from avbaselines.errors import InputError
from avbaselines.estimators.fusion.stacking_design import StackingDesign
from avbaselines.estimators.fusion.stacking_solvers import (
    dual_svr_path,
    nonnegative_weights,
    primal_svr_path,
    ridge_on_all_rows,
    slope,
)
from avbaselines.estimators.linear.group_ridge import GroupRidge
from avbaselines.estimators.tuned.group_folds import Folds, resolve_cv
from avbaselines.estimators.tuned.interface import RegressionModel
from avbaselines.estimators.tuned.parameter_checks import CheckedParameters, MetricName, OneOf
from avbaselines.estimators.tuned.target_scaling import check_targets, tuning_score
from avbaselines.estimators.tuned.validation import GapTolerant

__all__ = ["METHODS", "MetaRegressor"]

ROWS_AT_ONCE = 8192
Solution = tuple[np.ndarray, np.ndarray, np.ndarray]  # weights (P, d, T), intercepts (P, T), weight of the mean (T,)
METHODS = ("ridge", "linear-svr", "linear-svr-dual", "non-negative")
# Ridge penalties relative to the number of rows; C of the linear SVR as in Atmaja and Akagi 2020 and AVEC 2019.
PENALTIES = {
    "ridge": (0.001, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0),
    "linear-svr": (0.001, 0.01, 0.1, 1.0),
    "linear-svr-dual": (0.001, 0.01, 0.1, 1.0),
    "non-negative": (0.0,),
}


class MetaRegressor(MultiOutputMixin, RegressorMixin, RegressionModel, CheckedParameters, GapTolerant):
    """Regression on the predictions of earlier stages.

    Parameters
    ----------
    method : {"ridge", "linear-svr", "linear-svr-dual", "non-negative"}
        Ridge on standardised inputs, drawn towards their mean; the primal linear SVR with squared loss; the dual one
        with the plain epsilon-insensitive loss, as the authors ran it (minutes a fit); least squares without negative
        weights. The SVRs take their inputs unscaled.
    own : list of list of int, optional
        For each target its own columns of X; None = all columns.
    contexts : sequence of int
        Frames before and after that stand beside a frame's own; one is chosen per target.
    layout : {"centred", "avec"}
        How context is laid out, see `add_context` and `avec_context`; the latter crosses recordings in fitting.
    recording_means : bool
        Split each input into its mean over the recording and the rest, so that each may have a weight of its own.
    onset : sequence of float
        Time constants in seconds: ``exp(-t / constant)``, alone and times each input, lets weights differ at the
        beginning of a recording, where annotation traces start from rest.
    penalties : sequence of float, optional
        Ridge penalties per row, or C of the SVRs.
    cv : int, splitter or iterable
        Group folds of the out-of-fold predictions.
    metric : str
    matching : bool
        Whether a concordance is compared after mean/std matching when context and penalty are chosen.
    resubstitution : bool
        Choose on fitted values, as a paper did; `oof_prediction_` then holds fitted values too.

    Attributes
    ----------
    oof_prediction_ : ndarray of shape (n,) or (n, T)
    best_params_ : list of dict
        Per target: context and penalty.
    weights_ : ndarray of shape (T, n_inputs)
        Mean absolute weight of each column of X over all that was made of it, in units of the standardised column.

    Examples
    --------
    >>> rng, speakers = np.random.default_rng(0), np.repeat(np.arange(6), 5)
    >>> y = rng.normal(size=30)
    >>> P = y[:, None] + rng.normal(size=(30, 2)) * [0.1, 1.0]  # a good and a poor system
    >>> model = MetaRegressor(cv=3).fit(P, y, groups=speakers)
    >>> model.predict(P).shape, model.weights_.shape
    ((30,), (1, 2))
    """

    needs_whole_recordings = True
    constraints = {
        "method": OneOf(*METHODS),
        "layout": OneOf("centred", "avec"),
        "metric": MetricName("regression"),
    }

    def __init__(
        self,
        method: str = "ridge",
        own: Sequence[Sequence[int]] | None = None,
        contexts: Sequence[int] = (0,),
        layout: str = "centred",
        recording_means: bool = False,
        onset: Sequence[float] = (),
        penalties: Sequence[float] | None = None,
        cv: Folds = 5,
        metric: str = "ccc",
        matching: bool = True,
        resubstitution: bool = False,
    ):
        self.method = method
        self.own = own
        self.contexts = contexts
        self.layout = layout
        self.recording_means = recording_means
        self.onset = onset
        self.penalties = penalties
        self.cv = cv
        self.metric = metric
        self.matching = matching
        self.resubstitution = resubstitution

    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        groups: ArrayLike | None = None,
        recordings: ArrayLike | None = None,
        times: ArrayLike | None = None,
    ) -> Self:
        """Choose context and penalty on out-of-fold predictions, then fit on all labelled rows.

        Parameters
        ----------
        X : array-like of shape (n, n_inputs)
            Out-of-fold predictions; NaN = none for this clip.
        y : array-like of shape (n,) or (n, T)
            NaN = not labelled.
        groups : array-like of shape (n,), optional
        recordings : array-like of shape (n,), optional
            Needed for context and recording means; rows of a recording in the order of time.
        times : array-like of shape (n,), optional
            Seconds; needed for `onset`.
        """
        X, Y, single, folds = self._checked(X, y, groups)
        self._remarks = []
        penalties = self.penalties if self.penalties is not None else PENALTIES[self.method]
        best: list[tuple[float, Any, Any, Any, Any]] = [(-np.inf, None, None, None, None)] * Y.shape[1]
        for context in self.contexts:
            design = self._design(X, context, recordings, times, fitting=True)
            oof, whole = self._out_of_fold(design, X, Y, folds, penalties, context, recordings, times)
            for t in range(Y.shape[1]):
                for p, penalty in enumerate(penalties):
                    labelled = ~np.isnan(Y[:, t]) & ~np.isnan(oof[:, t, p])
                    matching = self.matching and not self.resubstitution
                    value = tuning_score(self.metric, Y[labelled, t], oof[labelled, t, p], matching)
                    if value > best[t][0]:
                        solution = None if whole is None else (whole[0][p, :, t], whole[1][p, t], whole[2][t])
                        best[t] = (value, context, penalty, oof[:, t, p], solution)
        self.best_params_ = [{"context": context, "penalty": float(penalty)} for _, context, penalty, *_ in best]
        self.oof_scores_ = np.array([value for value, *_ in best])
        oof = np.column_stack([chosen for *_, chosen, _ in best])
        self.oof_prediction_ = oof[:, 0] if single else oof
        self._refit(X, Y, recordings, times, [solution for *_, solution in best])
        self._single = single
        return self

    def predict(self, X: ArrayLike, recordings: ArrayLike | None = None, times: ArrayLike | None = None) -> np.ndarray:
        """Fused predictions (n,) or (n, T) for X (n, n_inputs)."""
        check_is_fitted(self)
        X = self._validated(X, dtype=np.float64)
        predicted = np.empty((len(X), len(self.best_params_)))
        designs = {}
        for t, chosen in enumerate(self.best_params_):
            context = chosen["context"]
            if context not in designs:
                designs[context] = self._design(X, context, recordings, times)
            predicted[:, t] = self._value(designs[context], X, t, self.coef_[t], self.intercept_[t], self.start_[t])
        return predicted[:, 0] if self._single else predicted

    @property
    def input_weights_(self) -> list[np.ndarray]:
        """Per target, the weight of each column of X."""
        return list(self.weights_)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.regressor_tags.poor_score = True  # inputs are taken for predictions of the target
        return tags

    def _checked(
        self, X: ArrayLike, y: ArrayLike, groups: ArrayLike | None
    ) -> tuple[np.ndarray, np.ndarray, bool, np.ndarray | None]:
        self.check_parameters()
        X = self._validated(X, reset=True, min_rows=2, dtype=np.float64)
        Y = check_targets(X, y)
        if self.own is not None and len(self.own) != Y.shape[1]:
            raise InputError(f"own: columns of {Y.shape[1]} targets are needed, got {len(self.own)}")
        self.n_targets_ = Y.shape[1]
        counts = np.maximum((~np.isnan(X)).sum(axis=0), 1)
        self.center_ = np.nansum(X, axis=0) / counts
        spread = np.sqrt(np.nansum((X - self.center_) ** 2, axis=0) / counts)
        self.scale_ = np.where(spread > 1e-9 * np.maximum(np.abs(self.center_), 1e-9), spread, 1.0)
        folds = None if self.resubstitution else resolve_cv(self.cv, X, Y[:, 0], groups)
        return X, Y, np.asarray(y).ndim == 1, folds

    def _filled(self, X: np.ndarray) -> np.ndarray:
        """X with each missing input taken for the mean of the standardised inputs present (0 where there is none)."""
        missing = np.isnan(X)
        if not missing.any():
            return X
        Z = (X - self.center_) / self.scale_
        present = (~missing).sum(axis=1, keepdims=True)
        mean = np.nansum(Z, axis=1, keepdims=True) / np.maximum(present, 1)
        return np.where(missing, self.center_ + self.scale_ * mean, X)

    def _design(
        self, X: np.ndarray, context: int, recordings: ArrayLike | None, times: ArrayLike | None, fitting: bool = False
    ) -> np.ndarray:
        """Columns that the regression sees."""
        design = StackingDesign(self.layout, self.recording_means, self.onset)
        return design.columns(self._filled(X), context, recordings, times, fitting)

    def _out_of_fold(
        self,
        design: np.ndarray,
        X: np.ndarray,
        Y: np.ndarray,
        folds: np.ndarray | None,
        penalties: Sequence[float],
        context: int,
        recordings: ArrayLike | None,
        times: ArrayLike | None,
    ) -> tuple[np.ndarray, Solution | None]:
        """Predictions of shape (n, T, P) by fits that saw nobody of the row's fold, and None.

        If resubstituted, fitted values and the solutions on all rows that they come from.
        """
        oof = np.full((len(Y), Y.shape[1], len(penalties)), np.nan)
        if self.resubstitution:
            solutions = self._solve(design, X, Y, penalties)
            if self.layout == "avec":
                design = self._design(X, context, recordings, times)
            self._fill(oof, np.arange(len(Y)), design, X, solutions)
            return oof, solutions
        assert folds is not None  # only a resubstituted fit has none
        kept: np.ndarray = folds >= 0
        if self.method == "ridge":
            solver = GroupRidge(np.asarray(penalties) * kept.sum()).fit(
                design[kept], np.hstack([Y, self._sums(X)])[kept], folds[kept]
            )
        for fold in np.unique(folds[kept]):
            rows, train = np.flatnonzero(folds == fold), kept & (folds != fold)
            if self.method == "ridge":
                solutions = self._drawn(solver.solve([fold]), X[train], Y[train])
            else:
                solutions = self._solve(design[train], X[train], Y[train], penalties)
            self._fill(oof, rows, design[rows], X[rows], solutions)
        return oof, None

    def _fill(self, oof: np.ndarray, rows: np.ndarray, design: np.ndarray, X: np.ndarray, solutions: Solution) -> None:
        """Predictions of all solutions at once, rows in chunks: a float32 design is made float64 only once."""
        coef, intercept, start = solutions
        n_penalties, width, n_targets = coef.shape
        together = coef.transpose(1, 2, 0).reshape(width, -1)
        drawn = self._sums(X) * start if np.any(start) else np.zeros((len(X), n_targets))
        for first in range(0, len(rows), ROWS_AT_ONCE):
            part = slice(first, first + ROWS_AT_ONCE)
            values = (design[part].astype(np.float64, copy=False) @ together).reshape(-1, n_targets, n_penalties)
            oof[rows[part]] = values + intercept.T + drawn[part][:, :, None]

    def _value(
        self, design: np.ndarray, X: np.ndarray, t: int, coef: np.ndarray, intercept: float, start: float
    ) -> np.ndarray:
        value = design @ coef + intercept
        return value + start * self._sums(X)[:, t] if start else value

    def _refit(
        self, X: np.ndarray, Y: np.ndarray, recordings: ArrayLike | None, times: ArrayLike | None, solutions: list[Any]
    ) -> None:
        self.coef_: list[np.ndarray] = []
        self.intercept_: list[float] = []
        self.start_: list[float] = []
        n_inputs = X.shape[1]
        weights = []
        for t, chosen in enumerate(self.best_params_):
            design = self._design(X, chosen["context"], recordings, times, fitting=True)
            rows = ~np.isnan(Y[:, t])
            if solutions[t] is not None:
                coef, intercept, start = solutions[t]
            else:
                own = [self._own(t)]
                solved = self._solve(design[rows], X[rows], Y[rows][:, [t]], [chosen["penalty"]], own)
                coef, intercept, start = solved[0][0, :, 0], solved[1][0, 0], solved[2][0]
            self.coef_.append(coef)
            self.intercept_.append(float(intercept))
            self.start_.append(float(start))
            spread = design.std(axis=0) / (np.nanstd(Y[:, t]) or 1.0)
            direct = np.zeros(n_inputs)
            direct[self._own(t)] = start / len(self._own(t)) * self.scale_[self._own(t)] / np.nanstd(Y[:, t])
            extra = np.abs(coef * spread)
            whole = len(extra) // n_inputs * n_inputs
            weights.append(np.abs(direct) + extra[:whole].reshape(-1, n_inputs).mean(axis=0))
        self.weights_ = np.array(weights)

    def _own(self, t: int) -> list[int]:
        return list(range(self.n_features_in_)) if self.own is None else list(self.own[t])

    def _sums(self, X: np.ndarray) -> np.ndarray:
        """For each target the mean of its own inputs (n, T); what ridge weights are drawn towards."""
        filled = self._filled(X)
        return np.column_stack([filled[:, self._own(t)].mean(axis=1) for t in range(self.n_targets_)])

    def _solve(
        self,
        design: np.ndarray,
        X: np.ndarray,
        Y: np.ndarray,
        penalties: Sequence[float],
        own: list[list[int]] | None = None,
    ) -> Solution:
        """Solutions (P, d, T), (P, T), and the weight of the plain mean of each target's own inputs (T,)."""
        none = np.zeros(Y.shape[1])
        if self.method == "ridge":
            sums = self._sums(X) if own is None else self._filled(X)[:, own[0]].mean(axis=1, keepdims=True)
            solution = ridge_on_all_rows(design, np.hstack([Y, sums]), np.asarray(penalties) * len(design))
            return self._drawn(solution, X, Y, sums)
        if self.method == "non-negative":
            solutions = [nonnegative_weights(design, Y[:, t]) for t in range(Y.shape[1])]
            coef, intercept = np.stack([s[0] for s in solutions], axis=1), np.array([s[1] for s in solutions])
            return coef[None], intercept[None], none
        path = primal_svr_path if self.method == "linear-svr" else dual_svr_path
        return *path(design, Y, penalties), none

    def _drawn(
        self, solution: tuple[np.ndarray, np.ndarray], X: np.ndarray, Y: np.ndarray, sums: np.ndarray | None = None
    ) -> Solution:
        """Ridge of what the plain mean of the own inputs, scaled by least squares, leaves over.

        The solution is linear in its targets: that of ``y - a s`` is the one of y less a times the one of s.
        """
        sums = self._sums(X) if sums is None else sums
        coef, intercept = solution
        T = Y.shape[1]
        start = np.array([slope(sums[:, t], Y[:, t]) for t in range(T)])
        return coef[:, :, :T] - start * coef[:, :, T:], intercept[:, :T] - start * intercept[:, T:], start
