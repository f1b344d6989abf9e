"""Fitting one late fusion in one split, from the out-of-fold predictions of its inputs."""

import time
from dataclasses import replace

import numpy as np
from sklearn.model_selection import PredefinedSplit
from threadpoolctl import threadpool_limits

from avbaselines.estimators.fusion.input_patterns import without_partial
from avbaselines.estimators.fusion.stacking import METHODS as META_METHODS
from avbaselines.estimators.fusion.stacking import MetaRegressor
from avbaselines.experiment.fitting.base import OFTEN, by_target, predict, spread
from avbaselines.experiment.fitting.input_selection import kept_inputs, selection_note, spread_weights
from avbaselines.experiment.fitting.recording_pooling import drawn_to_recordings
from avbaselines.experiment.fitting.store import Fitted
from avbaselines.experiment.planning.learners import FUSIONS, JOINT, estimator, fusion, missing_fusion

LEARNERS = {"rbf-svr": "svr", "lightgbm": "lightgbm", "ridge": "ridge"}


def fit_fusion(system, task, inputs, reads=None):
    """Fit one late fusion.

    Parameters
    ----------
    system : FusionSystem
    task : SplitTask
    inputs : list of Fitted
        Of the systems it fuses; their out-of-fold predictions are learnt from, their test predictions are fused.
    reads : list of tuple of str, optional
        Modalities that each input reads by itself; none of them for one that is a fusion.

    Returns
    -------
    fitted : Fitted
    models : dict of str to estimator
    """
    started = time.perf_counter()
    regressed = [target for target in task.targets if target.kind == "regression"]
    stage = system.fusion
    plain = stage.is_plain and system.method in FUSIONS
    reads = reads or [()] * len(inputs)
    inputs = [_hidden_outside(item, names, task) for item, names in zip(inputs, reads, strict=True)]
    kept = kept_inputs(system, task, inputs)
    with threadpool_limits(1):
        fitted, models, notes = Fitted(), {}, []
        meta = system.method in META_METHODS and not plain
        if meta and regressed:
            together = [regressed] if stage.targets == "all" else [[target] for target in regressed]
            for targets in together:
                chosen = [inputs[i] for i in kept[targets[0].name]]
                _fit_meta(system, task, chosen, targets, fitted, models)
        for target in task.targets:
            if target.name not in models:
                chosen = [inputs[i] for i in kept[target.name]]
                read = [reads[i] for i in kept[target.name]]
                _fit_one(system, task, chosen, read, target, fitted, models, notes, plain)
    if stage.best is not None:
        fitted.selected = {name: [system.inputs[i] for i in places] for name, places in kept.items()}
        fitted.weights = spread_weights(fitted.weights, kept, len(inputs))
        notes.append(selection_note(fitted.selected, len(inputs)))
    notes.append(drawn_to_recordings(system, task, fitted))
    fitted.note = "; ".join(dict.fromkeys(filter(None, notes)))
    fitted.seconds = time.perf_counter() - started
    return fitted, models


def _hidden_outside(item, names, task):
    """An input with nothing predicted where a mask hides it whole; fits say so themselves, outside systems cannot."""
    gone = [mask for mask, hidden in task.masks.items() if set(names) & set(hidden) and mask not in item.masked]
    nothing = {name: np.full_like(values, np.nan) for name, values in item.test.items()}
    return replace(item, masked=item.masked | dict.fromkeys(gone, nothing)) if gone else item


def _fit_meta(system, task, inputs, targets, fitted, models):
    """A regression on predictions, with whatever surrounds a frame; all frames take part, labelled or not."""
    stage = system.fusion
    names = [target.name for target in (task.targets if stage.targets == "all" else targets)]
    X, X_test, columns = _table(inputs, names)
    model = MetaRegressor(
        system.method,
        own=[columns[target.name] for target in targets],
        contexts=stage.context,
        layout=stage.layout,
        recording_means=stage.recording_means,
        onset=stage.onset,
        penalties=stage.penalties,
        cv=PredefinedSplit(task.folds),
        metric=task.metric(targets[0]),
        matching=task.matching and system.matched,
        resubstitution=task.resubstitution,
    )
    y = np.column_stack([task.y[target.name] for target in targets])
    model.fit(X, y, groups=task.groups, **_surroundings(task.frames))
    oof = by_target(model, model.oof_outputs_, targets)
    test = predict(model, X_test, targets, **_surroundings(task.test_frames))
    for mask in task.masks:
        changed = _table([item.under(mask) for item in inputs], names)[1]
        values = predict(model, changed, targets, **_surroundings(task.test_frames))
        fitted.masked.setdefault(mask, {}).update(values)
    for number, target in enumerate(targets):
        fitted.oof[target.name], fitted.test[target.name] = oof[target.name], test[target.name]
        fitted.weights[target.name] = _weight_of_inputs(model.weights_[number], inputs, names)
        models[target.name] = model


def _table(inputs, names):
    """Predictions of all inputs for some targets, side by side, and which columns are of which target."""
    blocks, test_blocks, columns, width = [], [], {name: [] for name in names}, 0
    for item in inputs:
        for name in names:
            blocks.append(item.oof[name])
            test_blocks.append(item.test[name])
            columns[name] += range(width, width + item.oof[name].shape[1])
            width += item.oof[name].shape[1]
    return np.hstack(blocks), np.hstack(test_blocks), columns


def _surroundings(frames):
    return {} if frames is None else {"recordings": frames.recordings, "times": frames.times}


def _weight_of_inputs(weights, inputs, names):
    ends = np.cumsum([sum(item.oof[name].shape[1] for name in names) for item in inputs])[:-1]
    return [float(part.sum()) for part in np.split(np.asarray(weights), ends)]


def _fit_one(system, task, inputs, reads, target, fitted, models, notes, plain):
    """One target from its own predictions, or (a learner over them) from those of all targets."""
    y = task.y[target.name]
    names = [part.name for part in task.targets] if system.fusion.targets == "all" else [target.name]
    X, X_test, _ = _table(inputs, names)
    missing = system.fusion.missing
    known = ~np.isnan(X).all(axis=1)
    used = known & ~np.isnan(y)
    labels = y[used].astype(int) if target.kind == "classes" else y[used]
    cv = PredefinedSplit(task.folds[used])
    if system.method.startswith(JOINT):
        names = [target.name, *(name for name in names if name != target.name)]
        kept, others = _beside_others(inputs, names, target, labels)
        X = _table(inputs, names)[0][:, kept]
        parameters = {"metric": task.metric(target), "cv": cv, "others": others}
        if target.kind == "regression":
            # What other targets say is a regression's shrunken prediction: matched, it weighs as much as the own one.
            parameters["matching"] = task.matching and system.matched and task.metric(target) == "ccc"
        model = fusion(system.method, target.kind, **parameters)
    elif plain or system.method not in LEARNERS:
        widths = [item.oof[target.name].shape[1] for item in inputs]
        kept, blocks = _of_known_classes(widths, labels, target)
        names = [target.name]
        X = _table(inputs, names)[0][:, kept]
        method = system.method if system.method in FUSIONS else "ridge"
        parameters = {"blocks": blocks, "metric": task.metric(target), "cv": cv}
        if target.kind == "regression" and method != "mean":
            # The plain mean stays plain; what is matched of it is its output.
            parameters["matching"] = task.matching and system.matched and task.metric(target) == "ccc"
        if missing:
            needs = _needs(reads, task)
            X = without_partial(X, blocks, _whole(needs, task.present, len(X)))
            parameters |= {"reads": _sources(reads, task), "random_state": task.seed}
            model = missing_fusion(method, missing, target.kind, **parameters)
        else:
            model = fusion(method, target.kind, **parameters)
    else:
        kept = slice(None)
        parameters = {"metric": task.metric(target), "cv": cv, "random_state": task.seed}
        if target.kind == "regression":
            parameters["matching"] = task.matching and system.matched and task.metric(target) == "ccc"
        model = estimator(LEARNERS[system.method], target.kind, **parameters)
    model.fit(X[used], labels, groups=task.groups[used])
    notes.append(model.note_)
    if task.resubstitution:
        oof = predict(model, X[used], [target])[target.name]
    else:
        oof = by_target(model, model.oof_outputs_, [target])[target.name]
    fitted.oof[target.name] = spread(oof, used)
    for mask in ("", *task.masks):
        X_test = _table([item.under(mask) for item in inputs], names)[1][:, kept]
        if missing:
            hidden = task.masks.get(mask, ())
            X_test = without_partial(X_test, blocks, _whole(needs, task.test_present, len(X_test), hidden))
        left = ~np.isnan(X_test).all(axis=1)
        values = spread(predict(model, X_test[left], [target])[target.name], left)
        (fitted.masked.setdefault(mask, {}) if mask else fitted.test)[target.name] = values
    if model.input_weights_ is not None:
        fitted.weights[target.name] = np.asarray(model.input_weights_[0], dtype=float).tolist()
    models[target.name] = model


def _beside_others(inputs, names, target, labels):
    """Columns of each input's predictions of the first name (of the classes that the training part has) and of others.

    Also the number of columns that an input has of the others.
    """
    own = np.unique(labels) if target.kind == "classes" else np.array([0])
    width, *rest = (inputs[0].oof[name].shape[1] for name in names)
    columns = np.concatenate([own, np.arange(width, width + sum(rest))])
    starts = np.arange(len(inputs)) * (width + sum(rest))
    return (starts[:, None] + columns).ravel(), sum(rest)


def _of_known_classes(widths, labels, target):
    """Columns of the classes that the training part has (a fusion cannot weigh what it has never seen), and blocks."""
    ends = np.cumsum(widths)
    kept = np.arange(ends[-1])
    if target.kind == "classes":
        present = np.unique(labels)
        kept = np.concatenate([np.arange(end - width, end)[present] for end, width in zip(ends, widths, strict=True)])
        widths = [len(present)] * len(widths)
    return kept, np.split(np.arange(len(kept)), np.cumsum(widths)[:-1])


def _needs(reads, task):
    """What each input reads and has hardly ever been without; what clips often lack it has learnt to do without."""
    rare = {name for name, has in task.present.items() if 1 - has.mean() < OFTEN}
    return [tuple(name for name in names if name in rare) for names in reads]


def _whole(needs, present, n, hidden=()):
    """Whether a clip has all that each input needs (n, M)."""
    whole = np.ones((n, len(needs)), bool)
    for m, names in enumerate(needs):
        for name in names:
            whole[:, m] &= present[name] if name not in hidden else False
    return whole


def _sources(reads, task):
    """Numbers of the sources that each input reads."""
    return [
        tuple(number for number, names in enumerate(task.sources.values()) if set(names) & set(read)) for read in reads
    ]
