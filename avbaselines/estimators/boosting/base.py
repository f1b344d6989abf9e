"""Bases of boosted trees whose number of rounds is chosen on out-of-fold predictions of one long ensemble."""

from abc import abstractmethod
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from avbaselines.estimators.boosting.binned_data import BinnedData, ClassEnsemble
from avbaselines.estimators.preprocessing.screening import screened_columns
from avbaselines.estimators.tuned.base import Candidate, TunedClassifier, TunedModel, TunedRegressor
from avbaselines.estimators.tuned.parameter_checks import Rising
from avbaselines.estimators.tuned.shared_work import SharedWork

__all__ = ["BoostedClassifier", "BoostedModel", "BoostedRegressor", "column_fraction", "loss_parameters"]


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


class BoostedModel(TunedModel):
    """Rounds as candidates: one ensemble is grown, and read after each number of rounds.

    A library gives `_bin`, `_growing` and `_margins`. Rows are binned once for all folds and targets of a fit, and for
    the trials of a search: a byte a cell. A table that is screened, which chooses columns by the labels of a fold, is
    binned once a fold, and its bins are kept for other trials as far as there is room.
    """

    rounds: Sequence[int]
    max_columns: int
    columns_per_tree: int
    row_fraction: float
    learning_rate: float
    max_bin: int
    n_jobs: int

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

    def _staged(self, ensemble: ClassEnsemble) -> np.ndarray:
        """Margins of the rows held out after each candidate's rounds, of shape (candidates, n, outputs)."""
        parts, grown = [], 0
        for last in self.rounds:
            ensemble.grow(int(last) - grown)
            grown = int(last)
            parts.append(ensemble.held())
        return np.array(parts)


class BoostedRegressor(BoostedModel, TunedRegressor):
    """Base of boosted regressors: one ensemble per target."""

    constraints = {**TunedRegressor.constraints, "rounds": Rising()}

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
        data, growing = self._binned(X, columns), self._growing(len(train), len(columns))
        part = data.part(train, test)

        ensembles = [part.ensemble(y[:, None], growing, objective="squared") for y in targets.T]
        return np.concatenate([self._staged(ensemble) for ensemble in ensembles], axis=2)

    def _refit(
        self,
        X: np.ndarray,
        rows: np.ndarray | None,
        targets: np.ndarray,
        chosen: Any,
        weights: np.ndarray | None = None,
    ) -> Any:
        columns = screened_columns(X, targets, self.max_columns, rows)
        data, growing = self._binned(X, columns), self._growing(len(targets), len(columns))
        part = data.part(rows)

        ensembles = [part.ensemble(y[:, None], growing, objective="squared") for y in targets.T]
        for ensemble, candidate in zip(ensembles, chosen, strict=True):
            ensemble.grow(candidate["rounds"])
        return columns, [ensemble.booster for ensemble in ensembles]

    def _outputs(self, model: Any, X: np.ndarray) -> np.ndarray:
        columns, boosters = model
        X = _cells(X, columns)
        rounds = [c["rounds"] for c in self.best_params_]
        return np.column_stack([self._margins(b, X, last) for b, last in zip(boosters, rounds, strict=True)])


class BoostedClassifier(BoostedModel, TunedClassifier):
    """Base of boosted classifiers."""

    constraints = {**TunedClassifier.constraints, "rounds": Rising()}

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
        return _by_class(self._staged(ensemble))

    def _refit(
        self,
        X: np.ndarray,
        rows: np.ndarray | None,
        targets: np.ndarray,
        chosen: Any,
        weights: np.ndarray | None = None,
    ) -> Any:
        columns = screened_columns(X, targets, self.max_columns, rows)
        part = self._binned(X, columns).part(rows)
        ensemble = part.classes(targets, self._growing(len(targets), len(columns)), weights)
        ensemble.grow(chosen["rounds"])
        return columns, ensemble.booster

    def _outputs(self, model: Any, X: np.ndarray) -> np.ndarray:
        columns, booster = model
        margins = self._margins(booster, _cells(X, columns), self.best_params_[0]["rounds"])
        return _by_class(margins.reshape(len(X), -1))


def _cells(X: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """X at some columns, copied only where it must be."""
    return X if len(columns) == X.shape[1] else X[:, columns]


def _by_class(margins: np.ndarray) -> np.ndarray:
    """Margins of shape (..., K); the single one of two classes is that of the second against the first."""
    return np.concatenate([np.zeros_like(margins), margins], axis=-1) if margins.shape[-1] == 1 else margins
