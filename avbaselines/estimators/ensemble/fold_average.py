"""Means over several fits: of those that each leave one fold out, as some challenges predict, and of any given."""

import numpy as np
from sklearn.base import BaseEstimator, clone
from sklearn.model_selection import PredefinedSplit
from sklearn.utils.validation import check_is_fitted

from avbaselines.errors import InputError

__all__ = ["Averaged", "FoldAveraged"]


class Averaged(BaseEstimator):
    """The mean prediction of models that were fitted to the same rows and targets.

    Parameters
    ----------
    models : list of estimators
        Fitted: of regressed targets, of a class, or chains over both.
    """

    def __init__(self, models):
        self.models = models

    @property
    def target_classes_(self):
        """Classes of each class target, by its number."""
        first = self.models[0]
        if hasattr(first, "target_classes_"):
            return first.target_classes_
        return {0: first.classes_} if hasattr(first, "classes_") else {}

    def outputs(self, X):
        """Mean predictions per target: (n, 1) for a regressed one, posteriors (n, K) for classes; X (n, n_features)."""
        return mean_outputs(self.models, X, self.target_classes_)


def mean_outputs(models, X, classes):
    """Mean predictions per target of several models, whose classes are among the given ones."""
    each = [
        [_spread(values, model, number, classes) for number, values in enumerate(_outputs(model, X))]
        for model in models
    ]
    return [np.mean(values, axis=0) for values in zip(*each, strict=True)]


class FoldAveraged(BaseEstimator):
    """One fit of any learner of ours for each fold left out; new rows get the mean of their predictions.

    So the organisers of MER 2023 predicted the test parts by the five models of their cross-validation (Lian et al.
    2023, arXiv:2304.08981). Every fit tunes on the folds that it has.

    Parameters
    ----------
    learner : estimator
        Of regressed targets, of a class, or a chain over both.
    cv : PredefinedSplit
        At least three folds.

    Attributes
    ----------
    models_ : list of estimators
        One a fold.
    oof_outputs_ : list of ndarray
        Per target (n,) or posteriors (n, K): of each fold by the fit that left it out.
    target_classes_ : dict of int to ndarray
        Classes of each class target, by its number.
    note_ : str
    """

    def __init__(self, learner, cv):
        self.learner = learner
        self.cv = cv

    def fit(self, X, y, groups=None, soft_labels=None):
        """Fit one learner a fold; X (n, n_features), y, groups and soft labels as the learner takes them.

        Raises
        ------
        InputError
            For fewer than three folds: nothing could be tuned without one of two.
        """
        folds = np.asarray(self.cv.test_fold)
        numbers = np.unique(folds[folds >= 0])
        if len(numbers) < 3:
            raise InputError(f"cv: three folds or more are needed to average over fits, got {len(numbers)}")
        y = np.asarray(y)
        self.models_, held = [], []
        for fold in numbers:
            rows = folds != fold
            extra = {} if soft_labels is None else {"soft_labels": _of_present(soft_labels[rows], y, rows)}
            model = clone(self.learner).set_params(cv=PredefinedSplit(folds[rows]))
            model.fit(X[rows], y[rows], groups=None if groups is None else groups[rows], **extra)
            self.models_.append(model)
            held.append((~rows, _outputs(model, X[~rows])))
        self.target_classes_ = self._classes(y)
        widths = [len(self.target_classes_.get(number, [0])) for number in range(len(held[0][1]))]
        self.oof_outputs_ = [np.full((len(X), width), np.nan) for width in widths]
        for (rows, outputs), model in zip(held, self.models_, strict=True):
            for number, values in enumerate(outputs):
                self.oof_outputs_[number][rows] = _spread(values, model, number, self.target_classes_)
        notes = [getattr(model, "note_", "") for model in self.models_]
        self.note_ = "; ".join(
            dict.fromkeys([f"mean of {len(numbers)} fits, one a fold left out", *filter(None, notes)])
        )
        return self

    def outputs(self, X):
        """Mean predictions per target: (n, 1) for a regressed one, posteriors (n, K) for classes."""
        check_is_fitted(self)
        return mean_outputs(self.models_, X, self.target_classes_)

    def _classes(self, y):
        first = self.models_[0]
        if hasattr(first, "target_classes_"):
            found = {}
            for number in first.target_classes_:
                values = y[:, number]
                found[number] = np.unique(values[~np.isnan(values)])
            return found
        return {0: np.unique(y)} if hasattr(first, "classes_") else {}


def _spread(values, model, number, classes):
    """Posteriors over all classes of a target (0 for one that this fit has not seen), or values as a column."""
    if number not in classes:
        return values.reshape(len(values), 1)
    own = model.target_classes_[number] if hasattr(model, "target_classes_") else model.classes_
    spread = np.zeros((len(values), len(classes[number])))
    spread[:, np.searchsorted(classes[number], own)] = values
    return spread


def _of_present(soft, y, rows):
    """Soft labels of the classes that are left without a fold."""
    kept = soft[:, np.isin(np.unique(y), y[rows])]
    empty = kept.sum(axis=1) <= 0
    kept[empty] = np.eye(kept.shape[1])[np.unique(y[rows], return_inverse=True)[1]][empty]
    return kept


def _outputs(model, X):
    """Predictions of any learner, a list with one array a target."""
    if hasattr(model, "outputs"):
        return model.outputs(X)
    if hasattr(model, "predict_proba"):
        return [model.predict_proba(X)]
    return list(model.predict(X).reshape(len(X), -1).T)
