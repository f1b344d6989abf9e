"""Means over several fits: of those that each leave one fold out, as some challenges predict, and of any given."""

from collections.abc import Sequence
from typing import Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, clone
from sklearn.model_selection import PredefinedSplit
from sklearn.utils.validation import check_is_fitted

from avbaselines.errors import InputError
from avbaselines.estimators.tuned.interface import TargetModel, spread_posteriors
from avbaselines.estimators.tuned.remarks import ChosenTargetWeights, FitRemark, MeanOverFolds

__all__ = ["Averaged", "FoldAveraged"]


class Averaged(TargetModel, BaseEstimator):
    """The mean prediction of models that were fitted to the same rows and targets.

    Parameters
    ----------
    models : list of TargetModel
        Fitted.

    Examples
    --------
    >>> import numpy as np
    >>> from avbaselines.estimators.linear.ridge import RidgeRegressor
    >>> X = np.random.default_rng(0).normal(size=(20, 2))
    >>> weak, strong = (RidgeRegressor(penalties=(p,), cv=4).fit(X, X[:, 0]) for p in (10.0, 0.1))
    >>> mean = (weak.predict(X) + strong.predict(X)) / 2
    >>> bool(np.allclose(Averaged([weak, strong]).outputs(X)[0][:, 0], mean))
    True
    """

    def __init__(self, models: list[TargetModel]):
        self.models = models

    def fit(self, X: ArrayLike, y: ArrayLike, groups: ArrayLike | None = None) -> Self:
        """Nothing: the models are fitted."""
        return self

    def outputs(
        self, X: ArrayLike, recordings: ArrayLike | None = None, times: ArrayLike | None = None
    ) -> list[np.ndarray]:
        """Mean predictions per target, see `TargetModel`."""
        return _mean_outputs(self.models, X, self.target_classes_)

    @property
    def target_classes_(self) -> list[np.ndarray | None]:
        """Classes of each class target; None for a regressed target."""
        return self.models[0].target_classes_

    @property
    def oof_outputs_(self) -> list[np.ndarray]:
        """Mean out-of-fold predictions per target."""
        return _mean_over([model.oof_outputs_ for model in self.models])

    @property
    def remarks_(self) -> list[FitRemark]:
        """The remarks of all models, each once."""
        return list(dict.fromkeys(remark for model in self.models for remark in model.remarks_))


class FoldAveraged(TargetModel, BaseEstimator):
    """One fit of any learner of ours for each fold left out; new rows get the mean of their predictions.

    So the organisers of MER 2023 predicted the test parts by the five models of their cross-validation (Lian et al.
    2023, arXiv:2304.08981). Every fit tunes on the folds that it has.

    Parameters
    ----------
    learner : TargetModel
        Not fitted; its `cv` is replaced.
    cv : PredefinedSplit
        At least three folds.

    Attributes
    ----------
    models_ : list of TargetModel
        One a fold.
    oof_outputs_, target_classes_, remarks_
        See `TargetModel`. Out-of-fold predictions are those of the fit that left the fold out.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.model_selection import PredefinedSplit
    >>> from avbaselines.estimators.linear.ridge import RidgeRegressor
    >>> X, folds = np.random.default_rng(0).normal(size=(30, 2)), np.arange(30) % 3
    >>> model = FoldAveraged(RidgeRegressor(), PredefinedSplit(folds)).fit(X, X[:, 0])
    >>> len(model.models_), model.note_
    (3, 'mean of 3 fits, one a fold left out')
    """

    def __init__(self, learner: TargetModel, cv: PredefinedSplit):
        self.learner = learner
        self.cv = cv

    def fit(
        self, X: np.ndarray, y: ArrayLike, groups: np.ndarray | None = None, soft_labels: np.ndarray | None = None
    ) -> Self:
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
        self.models_: list[TargetModel] = []
        held = []
        for fold in numbers:
            rows = folds != fold
            extra = {} if soft_labels is None else {"soft_labels": _of_present(soft_labels[rows], y, rows)}
            model = clone(self.learner).set_params(cv=PredefinedSplit(folds[rows]))
            model.fit(X[rows], y[rows], groups=None if groups is None else groups[rows], **extra)
            self.models_.append(model)
            held.append((~rows, model))
        self._classes = [
            None if classes is None else _classes_of(y if y.ndim == 1 else y[:, number])
            for number, classes in enumerate(self.models_[0].target_classes_)
        ]
        widths = [1 if classes is None else len(classes) for classes in self._classes]
        self._oof_outputs = [np.full((len(X), width), np.nan) for width in widths]
        for rows, model in held:
            for values, own in zip(self._oof_outputs, _outputs_over(model, X[rows], self._classes), strict=True):
                values[rows] = own
        # Weights of targets differ from fit to fit: those of one would not speak for the mean.
        shared = [r for model in self.models_ for r in model.remarks_ if not isinstance(r, ChosenTargetWeights)]
        self._remarks = list(dict.fromkeys([MeanOverFolds(len(numbers)), *shared]))
        return self

    def outputs(
        self, X: ArrayLike, recordings: ArrayLike | None = None, times: ArrayLike | None = None
    ) -> list[np.ndarray]:
        """Mean predictions per target, see `TargetModel`."""
        check_is_fitted(self)
        return _mean_outputs(self.models_, X, self._classes)

    @property
    def target_classes_(self) -> list[np.ndarray | None]:
        """Classes of each class target over all folds; None for a regressed target."""
        return self._classes

    @property
    def oof_outputs_(self) -> list[np.ndarray]:
        """Per target, predictions for each fold by the fit that left it out."""
        return self._oof_outputs


def _mean_outputs(models: Sequence[TargetModel], X: ArrayLike, classes: list[np.ndarray | None]) -> list[np.ndarray]:
    """Mean predictions per target of several models, whose classes are among the given ones."""
    return _mean_over([_outputs_over(model, X, classes) for model in models])


def _mean_over(outputs: list[list[np.ndarray]]) -> list[np.ndarray]:
    return [np.mean(values, axis=0) for values in zip(*outputs, strict=True)]


def _outputs_over(model: TargetModel, X: ArrayLike, classes: list[np.ndarray | None]) -> list[np.ndarray]:
    """Outputs of a model; posteriors over all of the given classes, 0 for one that this fit has not seen."""
    return [
        values if own is None or every is None else spread_posteriors(values, own, every)
        for values, own, every in zip(model.outputs(X), model.target_classes_, classes, strict=True)
    ]


def _classes_of(y: np.ndarray) -> np.ndarray:
    return np.unique(y[~np.isnan(y)]) if y.dtype.kind == "f" else np.unique(y)


def _of_present(soft: np.ndarray, y: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Soft labels of the classes that are left without a fold."""
    kept = soft[:, np.isin(np.unique(y), y[rows])]
    empty = kept.sum(axis=1) <= 0
    kept[empty] = np.eye(kept.shape[1])[np.unique(y[rows], return_inverse=True)[1]][empty]
    return kept
