"""The fitted steps of chains of targets: what each sees, how it is fitted, and what it says about new rows."""

from dataclasses import dataclass, replace

import numpy as np
from sklearn.base import BaseEstimator, clone
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.model_selection import PredefinedSplit

from avbaselines.errors import InputError

__all__ = ["Links", "Setting"]


@dataclass(frozen=True)
class Setting:
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
    model: BaseEstimator
    centre: np.ndarray
    oof: np.ndarray | None = None
    # Of a model that several targets share.
    column: int | None = None


class Links:
    """Steps fitted to some rows, each once, whatever number of orders it belongs to.

    A step is named by its order up to and with its target: (2, 0) is target 0 after target 2.

    Parameters
    ----------
    setting : Setting
    X : ndarray of shape (n, n_features)
    Y : ndarray of shape (n, T)
        NaN = not labelled.
    folds : ndarray of int, shape (n,)
    groups : ndarray of shape (n,) or None
    """

    def __init__(self, setting, X, Y, folds, groups):
        self.setting, self.steps = setting, {}
        self._X, self._Y, self._folds, self._groups = X, Y, folds, groups

    def oof(self, name):
        """Out-of-fold outputs of a step, (n, 1) or (n, K), fitted now if it is not yet."""
        if name not in self.steps and len(name) == 1 and self.setting.inputs == "predictions":
            self._learn_alone()
        if name not in self.steps:
            inputs = [self.oof(earlier) - self._centres(earlier[-1])[0] for earlier in self._needed(name)]
            table = self._table(name, self._X, inputs)
            learn = self._learn_classes if name[-1] in self.setting.classes else self._learn_values
            model, oof = learn(name[-1], table, self._blocks(name, table))
            self.steps[name] = _Step(model, self._centres(name[-1])[1], oof)
        return self.steps[name].oof

    def outputs(self, name, X, known):
        """Outputs of a fitted step for rows X, (n, 1) or (n, K); `known` keeps those of the steps it takes."""
        if name not in known and self.steps[name].column is not None:
            model = self.steps[name].model
            predicted = model.predict(X).reshape(len(X), -1)
            known.update({n: predicted[:, [s.column]] for n, s in self.steps.items() if s.model is model})
        if name not in known:
            needed = self._needed(name)
            inputs = [self.outputs(earlier, X, known) - self.steps[earlier].centre for earlier in needed]
            table = self._table(name, X, inputs)
            known[name] = self._read(name[-1], self.steps[name].model, table)
        return known[name]

    def forget(self, names):
        """Keep the models that these steps need to predict, and nothing of the rows."""
        used = {step for name in names for step in [name, *self._needed(name)]}
        self.steps = {name: replace(step, oof=None) for name, step in self.steps.items() if name in used}
        self._X = self._Y = self._folds = self._groups = None

    def __getstate__(self):
        # Stored models have no tuples for keys, and would be written once a step that shares them.
        models = list({id(step.model): step.model for step in self.steps.values()}.values())
        number = {id(model): place for place, model in enumerate(models)}
        steps = [[list(name), number[id(step.model)], replace(step, model=None)] for name, step in self.steps.items()]
        return {**self.__dict__, "models": models, "steps": steps}

    def __setstate__(self, state):
        models = state["models"]
        steps = {tuple(name): replace(step, model=models[place]) for name, place, step in state["steps"]}
        self.__dict__.update({**state, "steps": steps})
        del self.__dict__["models"]

    def _needed(self, name):
        own = [name[-1:]] if self.setting.inputs == "predictions" and len(name) > 1 else []
        return own + [name[:k] for k in range(1, len(name))]

    def _table(self, name, X, inputs):
        if len(name) == 1:
            return X
        return np.hstack(inputs if self.setting.inputs == "predictions" else [X, *(v.astype(X.dtype) for v in inputs)])

    def _blocks(self, name, table):
        if len(name) == 1:
            return self.setting.blocks
        if self.setting.inputs == "predictions":
            return None
        blocks = self.setting.blocks or [np.arange(self._X.shape[1])]
        return [*blocks, np.arange(self._X.shape[1], table.shape[1])]

    def _centres(self, target):
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

    def _learner(self, base, blocks, folds, **parameters):
        model = clone(base)
        parameters |= {"blocks": blocks, "cv": PredefinedSplit(folds), "random_state": self.setting.seed}
        return model.set_params(**{k: v for k, v in parameters.items() if k in model.get_params(deep=False)})

    def _learn_alone(self):
        """All regressed targets from the features, in one fit: learners share work between targets."""
        varies = [k for k, y in enumerate(self._Y.T) if k not in self.setting.classes and _varies(y)]
        if varies:
            model = self._learner(self.setting.regressor, self.setting.blocks, self._folds, **self.setting.regression)
            model.fit(self._X, self._Y[:, varies], groups=self._groups)
            for column, (k, oof) in enumerate(zip(varies, model.oof_prediction_.T, strict=True)):
                self.steps[(k,)] = _Step(model, self._centres(k)[1], oof[:, None], column)

    def _learn_values(self, target, table, blocks):
        y = self._Y[:, target]
        if not _varies(y):
            # Can only be so where some rows are held out of a target that varies over all.
            mean = self._centres(target)[1].item()
            return DummyRegressor().fit(table, np.full(len(y), mean)), np.full((len(y), 1), mean)
        model = self._learner(self.setting.regressor, blocks, self._folds, **self.setting.regression)
        model.fit(table, y, groups=self._groups)
        return model, model.oof_prediction_[:, None]

    def _learn_classes(self, target, table, blocks):
        """Posteriors for all rows; unlabelled ones get theirs from one more fit a fold, as no learner takes them."""
        y = self._Y[:, target]
        labelled = ~np.isnan(y)

        def fitted(rows):
            if not rows.any():
                raise InputError(f"y: all labels of class target {target} lie in one fold; more groups need labels")
            codes = y[rows].astype(int)
            if len(np.unique(codes)) < 2:
                return DummyClassifier(strategy="prior").fit(table[rows], codes)
            groups = None if self._groups is None else self._groups[rows]
            model = self._learner(self.setting.classifier, blocks, self._folds[rows])
            return model.fit(table[rows], codes, groups=groups)

        model = fitted(labelled)
        oof = np.full((len(y), len(self.setting.classes[target])), np.nan)
        posteriors = getattr(model, "oof_prediction_", None)
        if posteriors is None:
            posteriors = model.predict_proba(table[labelled])
        oof[labelled] = self._spread(target, model, posteriors)
        for fold in np.unique(self._folds[~labelled & (self._folds >= 0)]):
            rows = ~labelled & (self._folds == fold)
            oof[rows] = self._read(target, fitted(labelled & (self._folds != fold)), table[rows])
        return model, oof

    def _read(self, target, model, table):
        if target not in self.setting.classes:
            return model.predict(table)[:, None]
        return self._spread(target, model, model.predict_proba(table))

    def _spread(self, target, model, posteriors):
        """Posteriors over all classes; one that the model has not seen gets 0, a row without posteriors stays NaN."""
        classes = self.setting.classes[target]
        spread = np.where(np.isnan(posteriors[:, :1]), np.nan, np.zeros(len(classes)))
        spread[:, np.searchsorted(classes, model.classes_)] = posteriors
        return spread


def _varies(y):
    labels = y[~np.isnan(y)]
    return len(labels) > 0 and np.ptp(labels) > 0
