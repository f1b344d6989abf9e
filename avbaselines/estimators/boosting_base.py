"""What all boosted trees share: the number of rounds is chosen on out-of-fold predictions of one long ensemble."""

import numpy as np

from avbaselines.errors import InputError
from avbaselines.estimators.screening import screened_columns
from avbaselines.estimators.tuned import TunedClassifier, TunedRegressor

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

    A library gives ``_bin(X)``, ``_train(binned, X, y, rounds, n_classes=0, weights=None)`` and
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
    def _try(self, X, targets, X_test, candidates):
        columns = screened_columns(X, targets, self.max_columns)
        X, X_test = X[:, columns], X_test[:, columns]
        binned = self._bin(X)
        staged = [self._staged(self._train(binned, X, y, self.rounds[-1]), X_test) for y in targets.T]
        return np.stack(staged, axis=2)

    def _refit(self, X, targets, chosen):
        columns = screened_columns(X, targets, self.max_columns)
        X = X[:, columns]
        binned = self._bin(X)
        return columns, [self._train(binned, X, y, c["rounds"]) for y, c in zip(targets.T, chosen, strict=True)]

    def _outputs(self, model, X):
        columns, boosters = model
        X = X[:, columns]
        rounds = [c["rounds"] for c in self.best_params_]
        return np.column_stack([self._margins(b, X, 0, last) for b, last in zip(boosters, rounds, strict=True)])


class BoostedClassifier(_Boosting, TunedClassifier):
    def _try(self, X, targets, X_test, candidates, weights=None):
        columns = screened_columns(X, targets, self.max_columns)
        X = X[:, columns]
        booster = self._train(self._bin(X), X, targets, self.rounds[-1], targets.max() + 1, weights)
        return _by_class(self._staged(booster, X_test[:, columns]), targets.max() + 1)

    def _refit(self, X, targets, chosen, weights=None):
        columns = screened_columns(X, targets, self.max_columns)
        X = X[:, columns]
        return columns, self._train(self._bin(X), X, targets, chosen["rounds"], targets.max() + 1, weights)

    def _outputs(self, model, X):
        columns, booster = model
        return _by_class(self._margins(booster, X[:, columns], 0, self.best_params_[0]["rounds"]), len(self.classes_))


def _by_class(margins, n_classes):
    """Margins of shape (..., K); the single one of two classes is that of the second against the first."""
    return np.stack([np.zeros_like(margins), margins], axis=-1) if n_classes == 2 else margins
