"""Boosted ensembles grown side by side, one a fold, stopped where their out-of-fold predictions are best."""

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import MultiOutputMixin, RegressorMixin
from sklearn.utils.validation import check_is_fitted

from avbaselines.errors import InputError
from avbaselines.estimators.boosting.binned_data import BinnedData, BinnedPart, Reader, threads_beside
from avbaselines.estimators.boosting.objectives import OBJECTIVES
from avbaselines.estimators.tuned.group_folds import Folds, resolve_cv
from avbaselines.estimators.tuned.interface import RegressionModel
from avbaselines.estimators.tuned.parameter_checks import (
    CheckedParameters,
    Constraint,
    MetricName,
    Minimum,
    OneOf,
    Within,
)
from avbaselines.estimators.tuned.search_space import Dimension
from avbaselines.estimators.tuned.shared_work import SharedWork
from avbaselines.estimators.tuned.target_scaling import check_targets, tuning_score
from avbaselines.estimators.tuned.validation import GapTolerant, drawn_seed
from avbaselines.evaluation.metrics import METRICS

__all__ = ["EarlyStoppedRegressor", "StoppedGrowth"]

FoldedParts = list[tuple[Any, BinnedPart]]


@dataclass
class StoppedGrowth:
    """Ensembles grown on folds and stopped: the numbers of rounds, and what they predict.

    Attributes
    ----------
    rounds : ndarray of int, shape (T,)
        Number of rounds of the best out-of-fold score of each target.
    oof : ndarray of shape (n, T)
        Out-of-fold predictions after that many.
    scores : ndarray of shape (steps, T)
        Out-of-fold score after each step of rounds, larger is better.
    rho : list of ndarray of shape (T,) or None
        What targets were stretched by in each step.

    Examples
    --------
    >>> growth = StoppedGrowth(np.array([10]), np.zeros((4, 1)), np.array([[0.1], [0.3], [0.2]]), [None] * 3)
    >>> growth.rounds.tolist()
    [10]
    """

    rounds: np.ndarray
    oof: np.ndarray
    scores: np.ndarray
    rho: list[np.ndarray | None]


class EarlyStoppedRegressor(MultiOutputMixin, RegressorMixin, CheckedParameters, RegressionModel, GapTolerant):
    """Base of boosted regressors with a loss of their own; a subclass gives `_data`, `_growing` and `_fit_on`.

    All folds grow together. So the number of rounds is that of the best pooled out-of-fold score, growing stops once
    no score has risen for `patience` rounds, and the concordance that targets are stretched by can come from
    predictions for rows that were not fitted: for each fold, the pooled out-of-fold predictions of the others.
    See `BoostedConcordanceRegressor` and `JointBoostingRegressor`, with examples.
    """

    search_space: ClassVar[dict[str, Dimension]] = {}
    parts: ClassVar[dict[str, type]] = {}
    constraints: ClassVar[dict[str, Constraint]] = {
        "metric": MetricName("regression"),
        "objective": OneOf(*OBJECTIVES),
        "rho": OneOf("training", "out-of-fold"),
        "rho_min": Within(0, 1, open_low=True),
        "rounds": Minimum(1),
        "patience": Minimum(1),
        "every": Minimum(1),
    }

    objective: str
    rho: str
    rho_min: float
    rounds: int
    patience: int
    every: int
    max_bin: int
    device: str
    n_jobs: int
    cv: Folds
    metric: str
    matching: bool
    random_state: int | np.random.RandomState | None
    best_params_: list[dict[str, Any]]
    oof_scores_: np.ndarray
    model_: list[Reader]
    _shared: SharedWork | None = None

    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        groups: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
    ) -> Self:
        """Find the numbers of rounds on inner folds, then grow on all rows.

        Parameters
        ----------
        X : array-like of shape (n, n_features)
            NaN allowed.
        y : array-like of shape (n,) or (n, T)
            NaN = not labelled; contributes nothing.
        groups : array-like of shape (n,), optional
            What no fold may have on both sides.
        sample_weight : array-like of shape (n,), optional
            Weights of the rows in the loss, 0 or more; the out-of-fold scores count all rows the same.

        Raises
        ------
        InputError
            If a target has no label or one value, the folds split a group, or a parameter is out of range.
        """
        self.check_parameters()
        X = self._validated(X, reset=True, min_rows=2)
        Y = check_targets(X, y)
        self._squeeze = np.asarray(y).ndim == 1
        self._remarks = []
        self._seed = drawn_seed(self.random_state)
        weight = _checked_weight(sample_weight, X)
        folds = resolve_cv(self.cv, X, Y if Y.shape[1] > 1 else Y[:, 0], groups)
        oof = self._fit_on(X, Y, folds, weight)
        self.oof_prediction_ = oof[:, 0] if self._squeeze else oof
        return self

    def predict(self, X: ArrayLike) -> np.ndarray:
        """Predictions of shape (n,) or (n, T), as y was, for X of shape (n, n_features)."""
        check_is_fitted(self)
        X = self._validated(X)
        threads = threads_beside(self.device, self.n_jobs)
        predicted = np.hstack([read(X, threads) for read in self.model_]).astype(np.float64)
        return predicted[:, 0] if self._squeeze else predicted

    def cross_predict(self, *args: Any, shared: SharedWork | None = None, **kwargs: Any) -> Self:
        """`fit`, with the bins of other models that were fitted to the same rows; `watch` is not called."""
        self._shared = shared
        try:
            return super().cross_predict(*args, **kwargs)
        finally:
            self._shared = None

    def _binned(self, X: np.ndarray) -> BinnedData:
        """X binned, or as it was binned for other models: a byte a cell."""
        shared = self._shared or SharedWork()
        return shared.get(("bins", self.max_bin, self._seed), lambda: self._data(X), always=True)

    @abstractmethod
    def _data(self, X: np.ndarray) -> BinnedData:
        """X as the library bins it, once for all folds and targets."""

    @abstractmethod
    def _growing(self, n_rows: int, n_columns: int) -> dict[str, Any]:
        """The library's parameters for an ensemble on so many rows and columns."""

    @abstractmethod
    def _fit_on(self, X: np.ndarray, Y: np.ndarray, folds: np.ndarray, weight: np.ndarray | None) -> np.ndarray:
        """Set oof_scores_, best_params_ and model_; return the out-of-fold predictions (n, T)."""

    def _grow(
        self,
        folded: FoldedParts,
        Y: np.ndarray,
        folds: np.ndarray,
        weight: np.ndarray | None = None,
        target_weights: np.ndarray | None = None,
    ) -> StoppedGrowth:
        """Grow one ensemble a fold over the targets Y (n, T); returns a `StoppedGrowth`."""
        members = [(f, self._member(part, Y, folds != f, weight, target_weights)) for f, part in folded]
        stretching = self.objective == "ccc" and self.rho == "out-of-fold"
        # Nothing is known before the first step, which therefore is one of plain squared error.
        pooled = np.ones(Y.shape[1]) if stretching else None
        rho: dict[Any, np.ndarray | None] = {f: pooled for f, _ in members}
        rounds, best = np.full(Y.shape[1], self.every), np.full(Y.shape[1], -np.inf)
        oof, kept, scores, schedule, grown = np.full(Y.shape, np.nan), np.full(Y.shape, np.nan), [], [], 0
        while grown < self.rounds and grown - rounds.max() < self.patience:
            schedule.append(pooled)
            for f, member in members:
                member.grow(self.every, rho[f])
                oof[folds == f] = member.held()
            grown += self.every
            now = np.array([tuning_score(self.metric, t, p, self.matching) for t, p in zip(Y.T, oof.T, strict=True)])
            scores.append(now)
            # A target whose labels all lie in one fold has no score; any number of rounds is as good.
            better = (now > best) | (grown == self.every)
            best[better], rounds[better], kept[:, better] = now[better], grown, oof[:, better]
            if stretching:
                pooled, others = _correlations(Y, oof, folds)
                rho = dict(others)
        return StoppedGrowth(rounds, kept, np.array(scores), schedule)

    def _grow_all(
        self,
        data: BinnedData,
        Y: np.ndarray,
        growth: StoppedGrowth,
        weight: np.ndarray | None = None,
        target_weights: np.ndarray | None = None,
    ) -> Reader:
        """Grow on all rows as the folds were grown; returns what reads predictions (n, T) off rows."""
        member = self._member(data.part(), Y, np.ones(len(Y), dtype=bool), weight, target_weights)
        lines = np.array([np.ones(Y.shape[1]), np.zeros(Y.shape[1])])
        for step, rho in enumerate(growth.rho[: growth.rounds.max() // self.every], start=1):
            member.grow(self.every, rho)
            done = growth.rounds == step * self.every
            if done.any():
                lines[:, done] = np.array(member.line())[:, done]
        return member.reader(growth.rounds, *lines)

    def _member(
        self,
        part: BinnedPart,
        Y: np.ndarray,
        rows: np.ndarray,
        weight: np.ndarray | None,
        target_weights: np.ndarray | None,
    ) -> "_Member":
        surrogate = {"objective": self.objective, "rho_min": self.rho_min, "target_weights": target_weights}
        growing = self._growing(int(rows.sum()), self.n_features_in_)
        weighted = {"sample_weight": None if weight is None else weight[rows], **surrogate}
        return _Member(part, Y[rows], growing, weighted)


def folded_parts(data: BinnedData, folds: np.ndarray) -> FoldedParts:
    """Fold numbers, each with the rows to learn from and those that it holds out."""
    numbers = np.unique(folds[folds >= 0])
    return [(fold, data.part(np.flatnonzero(folds != fold), np.flatnonzero(folds == fold))) for fold in numbers]


class _Member:
    """One ensemble and the units of its targets: it learns them with mean 0 and deviation 1."""

    def __init__(self, part: BinnedPart, Y: np.ndarray, growing: dict[str, Any], surrogate: dict[str, Any]):
        labelled = ~np.isnan(Y)
        counts = np.maximum(labelled.sum(axis=0), 1)
        self._mean = np.where(labelled, Y, 0).sum(axis=0) / counts
        centred = np.where(labelled, Y - self._mean, 0)
        scale = np.sqrt((centred**2).sum(axis=0) / counts)
        varies = scale > 1e-9 * np.abs(self._mean)
        self._scale = np.where(varies, scale, 1)
        # A target that is constant here teaches nothing: its mean is the answer.
        scaled = np.where(labelled & varies, centred / self._scale, np.nan)
        self._mean = np.where(labelled.any(axis=0), self._mean, np.nan)
        self._ensemble = part.ensemble(scaled, growing, **surrogate) if varies.any() else None

    def grow(self, rounds: int, rho: np.ndarray | None) -> None:
        if self._ensemble is not None:
            self._ensemble.grow(rounds, rho)

    def line(self) -> tuple[np.ndarray, np.ndarray]:
        """Slope and offset that turn margins into targets."""
        assert self._ensemble is not None  # of a fold without any label, whose line nobody asks for
        slope, offset = self._ensemble.loss.line(self._ensemble.fitted())
        return slope * self._scale, offset * self._scale + self._mean

    def held(self) -> np.ndarray:
        if self._ensemble is None:
            return self._mean
        slope, offset = self.line() if self._ensemble.loss.objective == "pcc" else (self._scale, self._mean)
        return self._ensemble.held() * slope + offset

    def reader(self, rounds: np.ndarray, slope: np.ndarray, offset: np.ndarray) -> Reader:
        assert self._ensemble is not None  # all rows hold labels
        return self._ensemble.reader([int(r) for r in rounds], slope, offset)


def _correlations(Y: np.ndarray, oof: np.ndarray, folds: np.ndarray) -> tuple[np.ndarray, dict[Any, np.ndarray]]:
    """Correlation of the out-of-fold predictions per target: over all folds; and, by fold, over the other folds."""
    rows = folds >= 0
    names, codes = np.unique(folds[rows], return_inverse=True)
    metric = METRICS["pcc"]
    everywhere: list[Any] = []
    others: list[np.ndarray] = []
    for t, p in zip(Y[rows].T, oof[rows].T, strict=True):
        t = np.where(np.isnan(p), np.nan, t)
        if np.isnan(t).all():
            everywhere.append(0.0)
            others.append(np.zeros(len(names)))
            continue
        sums = metric.sums(t, p, codes, len(names))
        everywhere.append(metric.value(sums.sum(axis=0)))
        others.append(np.nan_to_num(metric.value(sums.sum(axis=0) - sums)))
    return np.array(everywhere), dict(zip(names, np.array(others).T, strict=True))


def _checked_weight(sample_weight: ArrayLike | None, X: np.ndarray) -> np.ndarray | None:
    """Weights of mean 1, or None."""
    if sample_weight is None:
        return None
    weight = np.asarray(sample_weight, dtype=np.float64)
    if weight.shape != (len(X),) or not np.isfinite(weight).all() or (weight < 0).any():
        raise InputError(f"sample_weight: {len(X)} numbers of 0 or more are needed, one a row")
    if not weight.any():
        raise InputError("sample_weight: every weight is zero, so there is nothing to learn")
    return weight / weight.mean()
