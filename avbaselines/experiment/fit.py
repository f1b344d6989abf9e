"""Fitting one system in one split: base systems from features, fusions from the predictions of their inputs."""

import time
from dataclasses import dataclass

import numpy as np
from sklearn.model_selection import PredefinedSplit
from threadpoolctl import threadpool_limits

from avbaselines.estimators.matching import Matcher, cross_matched
from avbaselines.estimators.speaker import standardise_per_group
from avbaselines.experiment.plan import CONCORDANCES
from avbaselines.experiment.registry import estimator, fusion
from avbaselines.experiment.store import Fitted


@dataclass(frozen=True)
class Task:
    """What every system of a split shares.

    Attributes
    ----------
    targets : list of Target
    y : dict of str to ndarray, shape (n_fit,)
        Labels of the clips to learn from; codes for classes; NaN = not labelled.
    groups, test_groups : ndarray of str
    folds : ndarray of int, shape (n_fit,)
        Inner fold of each clip to learn from.
    matching : bool
    seed : int
    device : {"cpu", "cuda"}
    resubstitution : bool
        The clips to learn from are the evaluated ones, as a paper had it: fitted values stand for out-of-fold ones.
    """

    targets: list
    y: dict
    groups: np.ndarray
    test_groups: np.ndarray
    folds: np.ndarray
    matching: bool
    seed: int
    device: str = "cpu"
    resubstitution: bool = False


def fit_base(system, task, blocks, test_blocks):
    """Fit a learner to one or several modalities.

    Parameters
    ----------
    system : System
    task : Task
    blocks, test_blocks : list of ndarray, shape (n_fit, n_features) and (n_test, n_features)
        One a modality; NaN rows where a clip lacks it.

    Returns
    -------
    fitted : Fitted
    models : dict of str to estimator
        By target; a regressor over several targets stands under each of its names.
    """
    started = time.perf_counter()
    with threadpool_limits(1):
        fitted, models = _fit_base(system, task, blocks, test_blocks)
    fitted.seconds = time.perf_counter() - started
    return fitted, models


def fit_fusion(system, task, inputs):
    """Fit one late fusion.

    Parameters
    ----------
    system : System
    task : Task
    inputs : list of Fitted
        Of the systems it fuses; their out-of-fold predictions are learnt from, their test predictions are fused.

    Returns
    -------
    fitted : Fitted
    models : dict of str to estimator
    """
    started = time.perf_counter()
    with threadpool_limits(1):
        fitted, models = _fit_fusion(system, task, inputs)
    fitted.seconds = time.perf_counter() - started
    return fitted, models


def import_system(task, train_values, test_values):
    """An outside system in one split: its predictions as they are, matched on the training clips it covers.

    Parameters
    ----------
    task : Task
    train_values, test_values : dict of str to ndarray
        Predictions per target over the split's clips.
    """
    fitted = Fitted(raw_oof=dict(train_values), raw_test=dict(test_values))
    _finish(fitted, task)
    return fitted


def _fit_base(system, task, blocks, test_blocks):
    widths = [block.shape[1] for block in blocks]
    columns = np.split(np.arange(sum(widths)), np.cumsum(widths)[:-1])
    X, X_test = np.hstack(blocks), np.hstack(test_blocks)
    if system.transductive:
        both = standardise_per_group(np.vstack([X, X_test]), np.concatenate([task.groups, task.test_groups]))
        X, X_test = both[: len(X)], both[len(X) :]
    known, test_known = ~np.isnan(X).all(axis=1), ~np.isnan(X_test).all(axis=1)
    fitted, models, notes = Fitted(), {}, []
    for targets in _batches(task.targets):
        used = known & ~np.isnan(np.column_stack([task.y[target.name] for target in targets])).all(axis=1)
        model = _new_model(system, task, targets, columns, used)
        y = _labels(task, targets, used)
        model.fit(X[used], y, groups=task.groups[used])
        notes.append(getattr(model, "note_", ""))
        oof = (
            _predict(model, X[used], targets)
            if task.resubstitution
            else _columns(model, model.oof_prediction_, targets)
        )
        test = _predict(model, X_test[test_known], targets)
        for target in targets:
            fitted.raw_oof[target.name] = _spread(oof[target.name], used)
            fitted.raw_test[target.name] = _spread(test[target.name], test_known)
            models[target.name] = model
    if not test_known.all():
        notes.append(f"{int((~test_known).sum())} clips without {'+'.join(system.modalities)}: training mean")
    fitted.note = "; ".join(dict.fromkeys(filter(None, notes)))
    _finish(fitted, task)
    return fitted, models


def _batches(targets):
    """Regressed targets of one metric are learnt together; each class target on its own."""
    regressed = {}
    for target in targets:
        if target.kind == "regression":
            regressed.setdefault(target.metric, []).append(target)
        else:
            yield [target]
    yield from regressed.values()


def _new_model(system, task, targets, columns, used):
    metric = "ccc" if targets[0].metric in CONCORDANCES else targets[0].metric
    parameters = {
        "metric": metric,
        "blocks": columns if len(columns) > 1 else None,
        "cv": PredefinedSplit(task.folds[used]),
        "random_state": task.seed,
        "device": task.device,
    }
    if targets[0].kind == "regression":
        parameters["matching"] = task.matching and metric == "ccc"
    return estimator(system.learner, targets[0].kind, **parameters)


def _labels(task, targets, used):
    y = np.column_stack([task.y[target.name][used] for target in targets])
    return y[:, 0].astype(int) if targets[0].kind == "classes" else y


def _predict(model, X, targets):
    if len(X) == 0:
        return {target.name: np.empty((0, target.width)) for target in targets}
    predicted = model.predict_proba(X) if targets[0].kind == "classes" else model.predict(X)
    return _columns(model, predicted, targets)


def _columns(model, predicted, targets):
    """Predictions by target; classes that the training part lacks get posterior 0."""
    if targets[0].kind == "classes":
        full = np.zeros((len(predicted), targets[0].width))
        full[:, model.classes_] = predicted
        full[np.isnan(predicted).any(axis=1)] = np.nan
        return {targets[0].name: full}
    predicted = predicted.reshape(len(predicted), -1)
    return {target.name: predicted[:, [number]] for number, target in enumerate(targets)}


def _spread(values, rows):
    """Values back at their rows, NaN elsewhere."""
    spread = np.full((len(rows), values.shape[1]), np.nan)
    spread[rows] = values
    return spread


def _fit_fusion(system, task, inputs):
    fitted, models, notes = Fitted(), {}, []
    for target in task.targets:
        blocks = [item.raw_oof[target.name] for item in inputs]
        widths = [block.shape[1] for block in blocks]
        columns = np.split(np.arange(sum(widths)), np.cumsum(widths)[:-1])
        X, X_test = np.hstack(blocks), np.hstack([item.raw_test[target.name] for item in inputs])
        y = task.y[target.name]
        used = ~np.isnan(y) & ~np.isnan(X).all(axis=1)
        test_known = ~np.isnan(X_test).all(axis=1)
        model = _new_fusion(system.method, task, target, columns, used)
        model.fit(X[used], y[used].astype(int) if target.kind == "classes" else y[used], groups=task.groups[used])
        notes.append(getattr(model, "note_", ""))
        if task.resubstitution:
            oof = _predict(model, X[used], [target])[target.name]
        else:
            oof = _columns(model, model.oof_prediction_, [target])[target.name]
        fitted.raw_oof[target.name] = _spread(oof, used)
        fitted.raw_test[target.name] = _spread(_predict(model, X_test[test_known], [target])[target.name], test_known)
        fitted.weights[target.name] = np.asarray(model.weights_, dtype=float).tolist()
        models[target.name] = model
    fitted.note = "; ".join(dict.fromkeys(filter(None, notes)))
    _finish(fitted, task)
    return fitted, models


def _new_fusion(method, task, target, columns, used):
    metric = "ccc" if target.metric in CONCORDANCES else target.metric
    parameters = {"blocks": columns, "metric": metric, "cv": PredefinedSplit(task.folds[used])}
    if target.kind == "regression":
        parameters["matching"] = task.matching and metric == "ccc"
    return fusion(method, target.kind, **parameters)


def _finish(fitted, task):
    """Add the fallbacks and, for targets judged by a concordance, the matched predictions."""
    for target in task.targets:
        name, y = target.name, task.y[target.name]
        labelled = ~np.isnan(y)
        if target.kind == "classes":
            fitted.fallback[name] = np.bincount(y[labelled].astype(int), minlength=target.width) / labelled.sum()
        else:
            fitted.fallback[name] = np.array([y[labelled].mean()])
        fitted.oof[name], fitted.test[name] = fitted.raw_oof[name], fitted.raw_test[name]
        if task.matching and target.metric in CONCORDANCES:
            _match(fitted, task, name, labelled)


def _match(fitted, task, name, labelled):
    raw, raw_test = fitted.raw_oof[name], fitted.raw_test[name]
    known, test_known = ~np.isnan(raw[:, 0]), ~np.isnan(raw_test[:, 0])
    used = known & labelled
    if used.sum() < 3:
        return  # an imported system without training predictions: there is nothing to learn the constants from
    matcher = Matcher().fit(raw[used], task.y[name][used])
    fitted.matching[name] = [float(matcher.factors_[0]), float(matcher.offsets_[0])]
    matched = np.full_like(raw, np.nan)
    matched[used] = np.reshape(cross_matched(raw[used], task.y[name][used], task.folds[used]), (-1, 1))
    unlabelled = known & ~labelled
    if unlabelled.any():
        matched[unlabelled] = matcher.transform(raw[unlabelled])
    matched_test = np.full_like(raw_test, np.nan)
    if test_known.any():
        matched_test[test_known] = matcher.transform(raw_test[test_known])
    fitted.oof[name], fitted.test[name] = matched, matched_test
