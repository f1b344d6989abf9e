"""Bases of boosted trees whose number of rounds is chosen on out-of-fold predictions of one long ensemble."""

from abc import abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from avbaselines.errors import InputError
from avbaselines.estimators.boosting.binned_data import BinnedData, ClassEnsemble
from avbaselines.estimators.preprocessing.screening import screened_columns
from avbaselines.estimators.tuned.base import Candidate, TunedClassifier, TunedModel, TunedRegressor
from avbaselines.estimators.tuned.candidate_outputs import with_absent
from avbaselines.estimators.tuned.parameter_checks import OneOf, Rising
from avbaselines.estimators.tuned.shared_work import SharedWork
from avbaselines.estimators.tuned.target_scaling import standardised

__all__ = ["BoostedClassifier", "BoostedModel", "BoostedRegressor", "column_fraction", "loss_parameters"]

ALL, FOLDS = "all", "folds"


def loss_parameters(n_classes: int, regression: str, binary: str, multiclass: str) -> dict[str, Any]:
    """The library's name of the loss for this number of classes, 0 for regression.

    Examples
    --------
    >>> loss_parameters(3, "regression", "binary", "multiclass")
    {'objective': 'multiclass', 'num_class': 3}
    """
    if not n_classes:
        return {"objective": regression}
    return {"objective": binary} if n_classes == 2 else {"objective": multiclass, "num_class": n_classes}


def column_fraction(columns_per_tree: float, n_columns: int) -> float:
    """Share of columns a tree may look at: never more than .6, so that trees differ.

    Examples
    --------
    >>> column_fraction(300, 1000), column_fraction(300, 20)
    (0.3, 0.6)
    """
    return min(0.6, columns_per_tree / n_columns) if n_columns > 1 else 1.0


@dataclass
class _FoldFit:
    """What was fitted without a fold: its rows, columns, and the ensembles of its targets that vary there."""

    train: np.ndarray
    columns: np.ndarray
    stored: list[bytes]


class BoostedModel(TunedModel):
    """Rounds as candidates: one ensemble is grown, and read after each number of rounds.

    A library gives `_bin`, `_growing`, `_margins` and `_cut`. Rows are binned once for all folds and targets of a fit,
    and for the trials of a search: a byte a cell. A table that is screened, which chooses columns by the labels of a
    fold, is binned once a fold, and its bins are kept for other trials as far as there is room.
    """

    rounds: Sequence[int]
    max_columns: int
    columns_per_tree: int
    row_fraction: float
    learning_rate: float
    max_bin: int
    final: str
    n_jobs: int

    # From `cross_predict` to `refit`, if the fits without each fold are to predict.
    _grown: list[_FoldFit] | None

    @abstractmethod
    def _cut(self, stored: bytes, rounds: int) -> Any:
        """The first rounds of an ensemble, from what `stored` of the ensemble gave."""

    @abstractmethod
    def _bin(self, X: np.ndarray) -> BinnedData:
        """X as the library bins it."""

    @abstractmethod
    def _growing(self, n_rows: int, n_columns: int) -> dict[str, Any]:
        """The library's parameters for an ensemble on so many rows and columns."""

    @abstractmethod
    def _margins(self, booster: Any, X: np.ndarray, rounds: int) -> np.ndarray:
        """Raw predictions for X after so many rounds, of shape (n,) or (n, K)."""

    def _candidates(self) -> list[Candidate]:
        return [{"rounds": int(rounds)} for rounds in self.rounds]

    def _binned(self, X: np.ndarray, columns: np.ndarray) -> BinnedData:
        """Some columns of X, binned; all of them once for all folds and for what else is fitted to the same rows."""
        shared = self._shared or SharedWork()
        key = ("bins", self.max_bin, self._seed)
        if len(columns) == X.shape[1]:
            return shared.get(key, lambda: self._bin(X), always=True)
        return shared.get((*key, columns.tobytes()), lambda: self._bin(np.ascontiguousarray(X[:, columns])))

    def _start(self, shared: SharedWork | None) -> None:
        super()._start(shared)
        self._grown = []

    def _staged(self, ensemble: ClassEnsemble) -> tuple[np.ndarray, bytes]:
        """Margins of the rows held out after each candidate's rounds, of shape (candidates, n, outputs).

        With them the trees, if they are to predict: without the rows and sums that the ensemble grew on.
        """
        parts, grown = [], 0
        for last in self.rounds:
            ensemble.grow(int(last) - grown)
            grown = int(last)
            parts.append(ensemble.held())
        return np.array(parts), ensemble.stored() if self.final == FOLDS else b""

    def _keep(self, train: np.ndarray, columns: np.ndarray, stored: list[bytes]) -> None:
        if self.final == FOLDS and self._grown is not None:
            self._grown.append(_FoldFit(train, columns, stored))

    def _fold_fits(self) -> list[_FoldFit]:
        """Fits that are to predict; none where a fit to all rows is, or no fold could learn."""
        if self._grown is None:
            raise InputError("refit: the fits without each fold are used up; call cross_predict or fit again")
        fits, self._grown = self._grown, None if self._grown else []
        return fits


class BoostedRegressor(BoostedModel, TunedRegressor):
    """Base of boosted regressors: one ensemble per target.

    What predicts is a list of parts, whose mean is taken: columns, boosters, and per target slope and offset.
    """

    constraints = {**TunedRegressor.constraints, "rounds": Rising(), "final": OneOf(ALL, FOLDS)}

    def _try(
        self,
        X: np.ndarray,
        train: np.ndarray,
        targets: np.ndarray,
        test: np.ndarray,
        candidates: list[Candidate],
        weights: np.ndarray | None = None,
    ) -> Iterable[np.ndarray]:
        columns = screened_columns(X, targets, self.max_columns, train)
        part, growing = self._binned(X, columns).part(train, test), self._growing(len(train), len(columns))
        ensembles = [part.ensemble(y[:, None], growing, objective="squared") for y in targets.T]
        margins, stored = zip(*[self._staged(ensemble) for ensemble in ensembles], strict=True)
        self._keep(train, columns, list(stored))
        return np.concatenate(margins, axis=2)

    def _refit(
        self,
        X: np.ndarray,
        rows: np.ndarray | None,
        targets: np.ndarray,
        chosen: Any,
        weights: np.ndarray | None = None,
    ) -> Any:
        rounds = [candidate["rounds"] for candidate in chosen]
        without_folds = self._fold_fits()
        if without_folds:
            return [self._of_fold(fit, targets, rounds) for fit in without_folds]
        columns = screened_columns(X, targets, self.max_columns, rows)
        part, growing = self._binned(X, columns).part(rows), self._growing(len(targets), len(columns))
        ensembles = [part.ensemble(y[:, None], growing, objective="squared") for y in targets.T]
        for ensemble, last in zip(ensembles, rounds, strict=True):
            ensemble.grow(last)
        boosters = [ensemble.booster for ensemble in ensembles]
        return [(columns, boosters, np.ones(len(rounds)), np.zeros(len(rounds)))]

    def _of_fold(self, fit: _FoldFit, targets: np.ndarray, rounds: list[int]) -> tuple:
        """A part, in units of all rows' targets; one that is constant without the fold has no trees."""
        _, mean, scale = standardised(targets[fit.train])
        stored = iter(fit.stored)
        varies = [self._cut(next(stored), last) if size > 0 else None for last, size in zip(rounds, scale, strict=True)]
        return fit.columns, varies, scale, mean

    def _outputs(self, model: Any, X: np.ndarray) -> np.ndarray:
        rounds = [chosen["rounds"] for chosen in self.best_params_]
        total = np.zeros((len(X), len(rounds)))
        for columns, boosters, slope, offset in model:
            cells = _cells(X, columns)
            for t, booster in enumerate(boosters):
                if booster is not None:
                    total[:, t] += self._margins(booster, cells, rounds[t]) * slope[t]
            total += offset
        return total / len(model)


class BoostedClassifier(BoostedModel, TunedClassifier):
    """Base of boosted classifiers.

    What predicts is a list of parts, whose mean is taken: columns, booster, and the classes that it knows.
    """

    constraints = {**TunedClassifier.constraints, "rounds": Rising(), "final": OneOf(ALL, FOLDS)}

    def _try(
        self,
        X: np.ndarray,
        train: np.ndarray,
        targets: np.ndarray,
        test: np.ndarray,
        candidates: list[Candidate],
        weights: np.ndarray | None = None,
    ) -> Iterable[np.ndarray]:
        columns = screened_columns(X, targets, self.max_columns, train)
        part = self._binned(X, columns).part(train, test)
        ensemble = part.classes(targets, self._growing(len(train), len(columns)), weights)
        margins, stored = self._staged(ensemble)
        self._keep(train, columns, [stored])
        return _by_class(margins)

    def _refit(
        self,
        X: np.ndarray,
        rows: np.ndarray | None,
        targets: np.ndarray,
        chosen: Any,
        weights: np.ndarray | None = None,
    ) -> Any:
        grown = self._fold_fits()
        if grown:
            examples = np.arange(len(X)) if rows is None else rows
            present = [np.unique(targets[np.isin(examples, fit.train)]) for fit in grown]
            cut = [self._cut(fit.stored[0], chosen["rounds"]) for fit in grown]
            return [(fit.columns, booster, codes) for fit, booster, codes in zip(grown, cut, present, strict=True)]
        columns = screened_columns(X, targets, self.max_columns, rows)
        part = self._binned(X, columns).part(rows)
        ensemble = part.classes(targets, self._growing(len(targets), len(columns)), weights)
        ensemble.grow(chosen["rounds"])
        return [(columns, ensemble.booster, np.arange(targets.max() + 1))]

    def _outputs(self, model: Any, X: np.ndarray) -> np.ndarray:
        parts = []
        for columns, booster, present in model:
            margins = self._margins(booster, _cells(X, columns), self.best_params_[0]["rounds"])
            parts.append(with_absent(present, len(self.classes_))(_by_class(margins.reshape(len(X), -1))))
        return np.mean(parts, axis=0)


def _cells(X: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """X at some columns, copied only where it must be."""
    return X if len(columns) == X.shape[1] else X[:, columns]


def _by_class(margins: np.ndarray) -> np.ndarray:
    """Margins of shape (..., K); the single one of two classes is that of the second against the first."""
    return np.concatenate([np.zeros_like(margins), margins], axis=-1) if margins.shape[-1] == 1 else margins
