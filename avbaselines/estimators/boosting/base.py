"""Bases of boosted trees whose number of rounds is chosen on out-of-fold predictions of one long ensemble."""

from abc import abstractmethod
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from avbaselines.estimators.preprocessing.screening import screened_columns
from avbaselines.estimators.tuned.base import Candidate, TunedClassifier, TunedModel, TunedRegressor
from avbaselines.estimators.tuned.parameter_checks import Rising

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
    """Rounds as candidates: one ensemble is trained, and read after each number of rounds.

    A library gives `_bin`, `_train` and `_margins`.
    """

    rounds: Sequence[int]
    max_columns: int
    columns_per_tree: int
    row_fraction: float
    learning_rate: float
    max_bin: int
    n_jobs: int

    @abstractmethod
    def _bin(self, X: np.ndarray) -> Any:
        """Rows of X as the library bins them."""

    @abstractmethod
    def _train(
        self, binned: Any, y: np.ndarray, rounds: int, n_classes: int = 0, weights: np.ndarray | None = None
    ) -> Any:
        """A booster of so many rounds, for values with NaN = not labelled, or codes of so many classes."""

    @abstractmethod
    def _margins(self, booster: Any, X: np.ndarray, first: int, last: int) -> np.ndarray:
        """The share of rounds first .. last - 1 in the raw predictions."""

    def _candidates(self) -> list[Candidate]:
        return [{"rounds": int(rounds)} for rounds in self.rounds]

    def _staged(self, booster: Any, X: np.ndarray) -> np.ndarray:
        """Margins after each candidate's rounds, of shape (candidates, n, ...); later ones add to earlier ones."""
        parts, first = [], 0
        for last in self.rounds:
            parts.append(self._margins(booster, X, first, int(last)))
            first = int(last)
        return np.cumsum(np.array(parts, dtype=np.float64), axis=0)


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
        binned = self._bin(_cells(X, train, columns))
        boosters = [self._train(binned, y, self.rounds[-1]) for y in targets.T]
        X_test = _cells(X, test, columns)
        return np.stack([self._staged(booster, X_test) for booster in boosters], axis=2)

    def _refit(
        self,
        X: np.ndarray,
        rows: np.ndarray | None,
        targets: np.ndarray,
        chosen: Any,
        weights: np.ndarray | None = None,
    ) -> Any:
        columns = screened_columns(X, targets, self.max_columns, rows)
        binned = self._bin(_cells(X, rows, columns))
        return columns, [self._train(binned, y, c["rounds"]) for y, c in zip(targets.T, chosen, strict=True)]

    def _outputs(self, model: Any, X: np.ndarray) -> np.ndarray:
        columns, boosters = model
        X = _cells(X, None, columns)
        rounds = [c["rounds"] for c in self.best_params_]
        return np.column_stack([self._margins(b, X, 0, last) for b, last in zip(boosters, rounds, strict=True)])


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
        binned = self._bin(_cells(X, train, columns))
        booster = self._train(binned, targets, self.rounds[-1], targets.max() + 1, weights)
        return _by_class(self._staged(booster, _cells(X, test, columns)), targets.max() + 1)

    def _refit(
        self,
        X: np.ndarray,
        rows: np.ndarray | None,
        targets: np.ndarray,
        chosen: Any,
        weights: np.ndarray | None = None,
    ) -> Any:
        columns = screened_columns(X, targets, self.max_columns, rows)
        binned = self._bin(_cells(X, rows, columns))
        return columns, self._train(binned, targets, chosen["rounds"], targets.max() + 1, weights)

    def _outputs(self, model: Any, X: np.ndarray) -> np.ndarray:
        columns, booster = model
        margins = self._margins(booster, _cells(X, None, columns), 0, self.best_params_[0]["rounds"])
        return _by_class(margins, len(self.classes_))


def _cells(X: np.ndarray, rows: np.ndarray | None, columns: np.ndarray) -> np.ndarray:
    """X at some rows (None = all) and columns, copied only where it must be."""
    if len(columns) == X.shape[1]:
        return X if rows is None else X[rows]
    return X[:, columns] if rows is None else X[np.ix_(rows, columns)]


def _by_class(margins: np.ndarray, n_classes: int) -> np.ndarray:
    """Margins of shape (..., K); the single one of two classes is that of the second against the first."""
    return np.stack([np.zeros_like(margins), margins], axis=-1) if n_classes == 2 else margins
