"""The fitted steps of chains of targets: what each sees, how it is fitted, and what it says about new rows."""

from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, clone
from sklearn.model_selection import PredefinedSplit

from avbaselines.errors import InputError
from avbaselines.estimators.preprocessing.preparation import Blocks
from avbaselines.estimators.tuned.interface import TargetModel, spread_posteriors

__all__ = ["ChainSetting", "ChainSteps", "ConstantModel", "Order"]

Order = tuple[int, ...]
"""Targets in the order in which a chain predicts them."""


@dataclass(frozen=True)
class ChainSetting:
    """What all steps share.

    Attributes
    ----------
    regressor, classifier : estimator
        Base learners.
    classes : dict of int to ndarray
        Class codes of each class target.
    inputs : {'features', 'predictions'}
        What a step sees beside the predictions of earlier targets: the features, or its own target's prediction.
    blocks : None or list of ndarray
        Columns of each modality.
    regression : dict
        Parameters of every regressor that has them.
    seed : int

    Examples
    --------
    >>> from avbaselines.estimators.linear.ridge import RidgeClassifier, RidgeRegressor
    >>> ChainSetting(RidgeRegressor(), RidgeClassifier(), {}, "predictions", None, {}, 0).inputs
    'predictions'
    """

    regressor: BaseEstimator
    classifier: BaseEstimator
    classes: dict
    inputs: str
    blocks: list | None
    regression: dict
    seed: int


@dataclass
class _Step:
    """One fitted step: its model, the centre of its target, and what it predicts out of fold."""

    model: BaseEstimator
    centre: np.ndarray
    oof: np.ndarray | None = None
    # Of a model that several targets share.
    column: int | None = None


class ChainSteps:
    """Steps fitted to some rows, each once, whatever number of orders it belongs to.

    A step is named by its order up to and with its target: (2, 0) is target 0 after target 2.

    Parameters
    ----------
    setting : ChainSetting
    X : ndarray of shape (n, n_features)
    Y : ndarray of shape (n, T)
        NaN = not labelled.
    folds : ndarray of int, shape (n,)
    groups : ndarray of shape (n,) or None

    Examples
    --------
    >>> from avbaselines.estimators.linear.ridge import RidgeClassifier, RidgeRegressor
    >>> X, folds = np.random.default_rng(0).normal(size=(20, 2)), np.arange(20) % 4
    >>> setting = ChainSetting(RidgeRegressor(), RidgeClassifier(), {}, "predictions", None, {}, 0)
    >>> steps = ChainSteps(setting, X, X, folds, groups=None)
    >>> steps.oof((1, 0)).shape, sorted(steps.steps)
    ((20, 1), [(0,), (1,), (1, 0)])
    """

    def __init__(
        self, setting: ChainSetting, X: np.ndarray, Y: np.ndarray, folds: np.ndarray, groups: np.ndarray | None
    ):
        self.setting = setting
        self.steps: dict[Order, _Step] = {}
        self._X, self._Y, self._folds, self._groups = X, Y, folds, groups

    def oof(self, name: Order) -> np.ndarray:
        """Out-of-fold outputs of a step, (n, 1) or (n, K), fitted now if it is not yet."""
        if name not in self.steps and len(name) == 1 and self.setting.inputs == "predictions":
            self._learn_alone()
        if name not in self.steps:
            inputs = [self.oof(earlier) - self._centres(earlier[-1])[0] for earlier in self._needed(name)]
            table = self._table(name, self._X, inputs)
            learn = self._learn_classes if name[-1] in self.setting.classes else self._learn_values
            model, oof = learn(name[-1], table, self._blocks(name, table))
            self.steps[name] = _Step(model, self._centres(name[-1])[1], oof)
        known = self.steps[name].oof
        assert known is not None  # nobody asks for it once the rows are forgotten
        return known

    def outputs(self, name: Order, X: np.ndarray, known: dict[Order, np.ndarray]) -> np.ndarray:
        """Outputs of a fitted step for rows X, (n, 1) or (n, K); `known` keeps those of the steps it takes."""
        if name not in known and self.steps[name].column is not None:
            model = self.steps[name].model
            predicted = model.outputs(X)
            known.update({n: predicted[s.column] for n, s in self.steps.items() if s.model is model})
        if name not in known:
            needed = self._needed(name)
            inputs = [self.outputs(earlier, X, known) - self.steps[earlier].centre for earlier in needed]
            table = self._table(name, X, inputs)
            known[name] = self._read(name[-1], self.steps[name].model, table)
        return known[name]

    def best_params(self, name: Order) -> dict[str, Any]:
        """What was chosen for a fitted step; nothing for a constant one."""
        step = self.steps[name]
        return dict(step.model.best_params_[step.column or 0])

    def forget(self, names: list[Order]) -> None:
        """Keep the models that these steps need to predict, and nothing of the rows."""
        used = {step for name in names for step in [name, *self._needed(name)]}
        self.steps = {name: replace(step, oof=None) for name, step in self.steps.items() if name in used}
        self._X, self._Y, self._folds, self._groups = np.empty((0, 0)), np.empty((0, 0)), np.empty(0), None

    def __getstate__(self) -> dict[str, Any]:
        # Stored models have no tuples for keys, and would be written once a step that shares them.
        models = list({id(step.model): step.model for step in self.steps.values()}.values())
        number = {id(model): place for place, model in enumerate(models)}
        steps = [[list(name), number[id(step.model)], replace(step, model=None)] for name, step in self.steps.items()]
        return {**self.__dict__, "models": models, "steps": steps}

    def __setstate__(self, state: dict[str, Any]) -> None:
        models = state["models"]
        steps = {tuple(name): replace(step, model=models[place]) for name, place, step in state["steps"]}
        self.__dict__.update({**state, "steps": steps})
        del self.__dict__["models"]

    def _needed(self, name: Order) -> list[Order]:
        own = [name[-1:]] if self.setting.inputs == "predictions" and len(name) > 1 else []
        return own + [name[:k] for k in range(1, len(name))]

    def _table(self, name: Order, X: np.ndarray, inputs: list[np.ndarray]) -> np.ndarray:
        if len(name) == 1:
            return X
        return np.hstack(inputs if self.setting.inputs == "predictions" else [X, *(v.astype(X.dtype) for v in inputs)])

    def _blocks(self, name: Order, table: np.ndarray) -> list[np.ndarray] | None:
        if len(name) == 1:
            return self.setting.blocks
        if self.setting.inputs == "predictions":
            return None
        blocks = self.setting.blocks or [np.arange(self._X.shape[1])]
        return [*blocks, np.arange(self._X.shape[1], table.shape[1])]

    def _centres(self, target: int) -> tuple[np.ndarray, np.ndarray]:
        """Mean label (share of each class): of the rows that each row's out-of-fold fit knew, and of all.

        Steps see predictions less these means. What a fold lacks shifts the mean of the others the other way, so a step
        that saw it could tell the labels of a fold by the predictions for it.
        """
        y = self._Y[:, target]
        values = y[:, None]
        if target in self.setting.classes:
            values = np.where(np.isnan(values), np.nan, values == self.setting.classes[target])
        labelled = ~np.isnan(y)
        overall = values[labelled].mean(axis=0) if labelled.any() else np.zeros(values.shape[1])
        rows = np.tile(overall, (len(y), 1))
        for fold in np.unique(self._folds[self._folds >= 0]):
            known = labelled & (self._folds != fold)
            if known.any():
                rows[self._folds == fold] = values[known].mean(axis=0)
        return rows, overall

    def _learner(self, base: BaseEstimator, blocks: Blocks, folds: np.ndarray, **parameters: Any) -> Any:
        model = clone(base)
        parameters |= {"blocks": blocks, "cv": PredefinedSplit(folds), "random_state": self.setting.seed}
        return model.set_params(**{k: v for k, v in parameters.items() if k in model.get_params(deep=False)})

    def _learn_alone(self) -> None:
        """All regressed targets from the features, in one fit: learners share work between targets."""
        varies = [k for k, y in enumerate(self._Y.T) if k not in self.setting.classes and _varies(y)]
        if varies:
            model = self._learner(self.setting.regressor, self.setting.blocks, self._folds, **self.setting.regression)
            model.fit(self._X, self._Y[:, varies], groups=self._groups)
            for column, (k, oof) in enumerate(zip(varies, model.oof_prediction_.T, strict=True)):
                self.steps[(k,)] = _Step(model, self._centres(k)[1], oof[:, None], column)

    def _learn_values(self, target: int, table: np.ndarray, blocks: list[np.ndarray] | None) -> tuple[Any, np.ndarray]:
        y = self._Y[:, target]
        if not _varies(y):
            # Can only be so where some rows are held out of a target that varies over all.
            mean = self._centres(target)[1].item()
            return ConstantModel(np.array([mean])), np.full((len(y), 1), mean)
        model = self._learner(self.setting.regressor, blocks, self._folds, **self.setting.regression)
        model.fit(table, y, groups=self._groups)
        return model, model.oof_prediction_[:, None]

    def _learn_classes(self, target: int, table: np.ndarray, blocks: list[np.ndarray] | None) -> tuple[Any, np.ndarray]:
        """Posteriors for all rows; unlabelled ones get theirs from one more fit a fold, as no learner takes them."""
        y = self._Y[:, target]
        labelled = ~np.isnan(y)

        def fitted(rows: np.ndarray) -> tuple[Any, np.ndarray]:
            if not rows.any():
                raise InputError(f"y: all labels of class target {target} lie in one fold; more groups need labels")
            codes = y[rows].astype(int)
            if len(np.unique(codes)) < 2:
                return ConstantModel(np.ones(1), codes[:1]), np.ones((len(codes), 1))
            groups = None if self._groups is None else self._groups[rows]
            model = self._learner(self.setting.classifier, blocks, self._folds[rows])
            return model.fit(table[rows], codes, groups=groups), model.oof_prediction_

        model, posteriors = fitted(labelled)
        oof = np.full((len(y), len(self.setting.classes[target])), np.nan)
        oof[labelled] = spread_posteriors(posteriors, model.target_classes_[0], self.setting.classes[target])
        for fold in np.unique(self._folds[~labelled & (self._folds >= 0)]):
            rows = ~labelled & (self._folds == fold)
            oof[rows] = self._read(target, fitted(labelled & (self._folds != fold))[0], table[rows])
        return model, oof

    def _read(self, target: int, model: TargetModel, table: np.ndarray) -> np.ndarray:
        """Outputs of a step's model; posteriors over all classes of the target."""
        values, classes = model.outputs(table)[0], model.target_classes_[0]
        return values if classes is None else spread_posteriors(values, classes, self.setting.classes[target])


class ConstantModel(TargetModel, BaseEstimator):
    """The answer where a fold leaves one label of a target: that value, or the only class with certainty.

    Parameters
    ----------
    values : ndarray of shape (width,)
    classes : ndarray of shape (width,), optional
        Of a class target.

    Examples
    --------
    >>> ConstantModel(np.array([2.5])).outputs(np.zeros((2, 3)))[0].tolist()
    [[2.5], [2.5]]
    """

    def __init__(self, values: np.ndarray, classes: np.ndarray | None = None):
        self.values = values
        self.classes = classes

    def fit(self, X: ArrayLike, y: ArrayLike, groups: ArrayLike | None = None) -> Self:
        """Nothing: it is constant."""
        return self

    @property
    def best_params_(self) -> list[dict[str, Any]]:
        """Nothing was chosen."""
        return [{}]

    @property
    def target_classes_(self) -> list[np.ndarray | None]:
        """The class, or None."""
        return [self.classes]

    @property
    def oof_outputs_(self) -> list[np.ndarray]:
        """Not known: nothing was fitted."""
        return [np.empty((0, len(self.values)))]

    def outputs(
        self, X: ArrayLike, recordings: ArrayLike | None = None, times: ArrayLike | None = None
    ) -> list[np.ndarray]:
        """The constant for each row."""
        return [np.tile(self.values, (len(np.asarray(X)), 1))]


def _varies(y: np.ndarray) -> bool:
    labels = y[~np.isnan(y)]
    return len(labels) > 0 and np.ptp(labels) > 0
