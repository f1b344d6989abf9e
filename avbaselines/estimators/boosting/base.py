"""What all boosted trees share: the number of rounds is chosen on out-of-fold predictions of one long ensemble."""

import numpy as np

from avbaselines.errors import InputError
from avbaselines.estimators.preprocessing.screening import screened_columns
from avbaselines.estimators.tuned.base import TunedClassifier, TunedRegressor

__all__ = ["BoostedClassifier", "BoostedRegressor", "column_fraction", "objective"]


def objective(n_classes, regression, binary, multiclass):
    """The library's name of the loss for this number of classes, 0 for regression."""
    if not n_classes:
        return {"objective": regression}
    return {"objective": binary} if n_classes == 2 else {"objective": multiclass, "num_class": n_classes}


def column_fraction(columns_per_tree, n_columns):
    """Share of columns a tree may look at: never more than .6, so that trees differ."""
    return min(0.6, columns_per_tree / n_columns) if n_columns > 1 else 1.0


class _Boosting:
    """Rounds as candidates: one ensemble is trained, and read after each number of rounds.

    A library gives ``_bin(X)``, ``_train(binned, y, rounds, n_classes=0, weights=None)`` and
    ``_margins(booster, X, first, last)``, the share of rounds first .. last - 1 in the raw predictions.
    """

    def _candidates(self):
        if list(self.rounds) != sorted(set(self.rounds)) or self.rounds[0] < 1:
            raise InputError(f"rounds: rising numbers of 1 or more are needed, got {self.rounds}")
        return [{"rounds": int(rounds)} for rounds in self.rounds]

    def _staged(self, booster, X):
        """Margins after each candidate's rounds, of shape (candidates, n, ...); later ones add to earlier ones."""
        parts, first = [], 0
        for last in self.rounds:
            parts.append(self._margins(booster, X, first, int(last)))
            first = int(last)
        return np.cumsum(np.array(parts, dtype=np.float64), axis=0)


class BoostedRegressor(_Boosting, TunedRegressor):
    def _try(self, X, train, targets, test, candidates):
        columns = screened_columns(X, targets, self.max_columns, train)
        binned = self._bin(_cells(X, train, columns))
        boosters = [self._train(binned, y, self.rounds[-1]) for y in targets.T]
        X_test = _cells(X, test, columns)
        return np.stack([self._staged(booster, X_test) for booster in boosters], axis=2)

    def _refit(self, X, rows, targets, chosen):
        columns = screened_columns(X, targets, self.max_columns, rows)
        binned = self._bin(_cells(X, rows, columns))
        return columns, [self._train(binned, y, c["rounds"]) for y, c in zip(targets.T, chosen, strict=True)]

    def _outputs(self, model, X):
        columns, boosters = model
        X = _cells(X, None, columns)
        rounds = [c["rounds"] for c in self.best_params_]
        return np.column_stack([self._margins(b, X, 0, last) for b, last in zip(boosters, rounds, strict=True)])


class BoostedClassifier(_Boosting, TunedClassifier):
    def _try(self, X, train, targets, test, candidates, weights=None):
        columns = screened_columns(X, targets, self.max_columns, train)
        binned = self._bin(_cells(X, train, columns))
        booster = self._train(binned, targets, self.rounds[-1], targets.max() + 1, weights)
        return _by_class(self._staged(booster, _cells(X, test, columns)), targets.max() + 1)

    def _refit(self, X, rows, targets, chosen, weights=None):
        columns = screened_columns(X, targets, self.max_columns, rows)
        binned = self._bin(_cells(X, rows, columns))
        return columns, self._train(binned, targets, chosen["rounds"], targets.max() + 1, weights)

    def _outputs(self, model, X):
        columns, booster = model
        margins = self._margins(booster, _cells(X, None, columns), 0, self.best_params_[0]["rounds"])
        return _by_class(margins, len(self.classes_))


def _cells(X, rows, columns):
    """X at some rows (None = all) and columns, copied only where it must be."""
    if len(columns) == X.shape[1]:
        return X if rows is None else X[rows]
    return X[:, columns] if rows is None else X[np.ix_(rows, columns)]


def _by_class(margins, n_classes):
    """Margins of shape (..., K); the single one of two classes is that of the second against the first."""
    return np.stack([np.zeros_like(margins), margins], axis=-1) if n_classes == 2 else margins
