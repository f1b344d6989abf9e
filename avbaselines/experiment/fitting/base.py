"""Fitting one base system in one split, from the features of one or several modalities."""

import time

import numpy as np
from sklearn.model_selection import PredefinedSplit
from threadpoolctl import threadpool_limits

from avbaselines.errors import InputError
from avbaselines.estimators.ensemble.fold_average import FoldAveraged
from avbaselines.estimators.preprocessing.per_speaker import standardise_per_group
from avbaselines.estimators.tuned.remarks import remarks_text
from avbaselines.estimators.tuned.search_space import NOTHING
from avbaselines.experiment.fitting.annotation_delay import delayed, surroundings
from avbaselines.experiment.fitting.store import Fitted
from avbaselines.experiment.planning.learners import chain, estimator, joint

# Share of clips to learn from that lack a modality, from which on systems are held to have learnt to do without it.
OFTEN = 0.1


def fit_base(system, task, blocks, test_blocks, drawn=NOTHING, tried=None):
    """Fit a learner to one or several modalities.

    Parameters
    ----------
    system : BaseSystem
    task : SplitTask
    blocks, test_blocks : list of ndarray, shape (n_fit, n_features) and (n_test, n_features)
        One a modality; NaN rows where a clip lacks it.
    drawn : Drawn
        Values of a search; without any, learners keep their defaults.
    tried : list of estimator, optional
        One a batch of targets, cross-predicted with these values on these clips: what is left is their refit.

    Returns
    -------
    fitted : Fitted
    models : dict of str to estimator
        By target; a regressor over several targets stands under each of its names.
    """
    started = time.perf_counter()
    with threadpool_limits(1):
        fitted, models = _fit_base(system, task, blocks, test_blocks, drawn, tried)
    fitted.seconds = time.perf_counter() - started
    return fitted, models


def _fit_base(system, task, blocks, test_blocks, drawn, tried):
    columns = columns_of(blocks)
    X, X_test = side_by_side(blocks), side_by_side(test_blocks)
    if system.transductive:
        both = standardise_per_group(np.vstack([X, X_test]), np.concatenate([task.groups, task.test_groups]))
        X, X_test = both[: len(X)], both[len(X) :]
    known, test_known = ~np.isnan(X).all(axis=1), ~np.isnan(X_test).all(axis=1)
    around, test_around, asked = {}, {}, test_known
    if system.timing:
        # Frames are one another's neighbours, so all take part, and each batch sees to those it cannot use.
        around, test_around = surroundings(task.frames), surroundings(task.test_frames)
        asked = np.ones(len(X_test), bool)
    fitted, models, notes = Fitted(), {}, []
    for number, targets in enumerate(batches(task.targets, system.task)):
        used = (known & labelled(task, targets)) | bool(system.timing)
        _refuse_few(system, task, targets, used)
        data, soft = (rows_of(X, used), labels(task, targets, used)), soft_labels(task, targets, used)
        if tried:
            model = tried[number].refit(*data, **soft)
        else:
            model = new_model(system, task, targets, columns, used, drawn)
            model.fit(*data, groups=task.groups[used], **around, **soft)
        notes.append(remarks_text(model.remarks_, [target.name for target in targets]))
        if task.resubstitution:
            oof = predict(model, rows_of(X, used), targets, **around)
        else:
            oof = by_target(model, model.oof_outputs_, targets)
        test = predict(model, rows_of(X_test, asked), targets, **test_around)
        for target in targets:
            fitted.oof[target.name] = spread(oof[target.name], used)
            fitted.test[target.name] = spread(test[target.name], asked)
            models[target.name] = model
        for mask, hidden in hiding(system, task).items():
            changed = X_test.copy()
            changed[:, np.concatenate([columns[number] for number in hidden])] = np.nan
            left = ~np.isnan(changed).all(axis=1)
            values = predict(model, changed[left], targets)
            masked = fitted.masked.setdefault(mask, {})
            masked |= {target.name: spread(values[target.name], left) for target in targets}
    if not test_known.all():
        notes.append(f"{int((~test_known).sum())} clips without {'+'.join(system.modalities)}: training mean")
    fitted.note = "; ".join(dict.fromkeys(filter(None, notes)))
    return fitted, models


def _refuse_few(system, task, targets, used):
    """Of a corpus that has enough labels, a modality may have been seen in one clip or class alone."""
    what, named = "+".join(system.modalities), " or ".join(target.name for target in targets)
    if used.sum() < 2:
        raise InputError(f"{used.sum()} of {len(used)} training clips have {what} and a label of {named}")
    if targets[0].kind == "classes" and len(targets) == 1 and len(np.unique(task.y[named][used])) < 2:
        raise InputError(f"all {used.sum()} training clips that have {what} are of one class of {named}")


def hiding(system, task):
    """By mask that hides any of a system's modalities, the positions of these."""
    found = {
        mask: [number for number, name in enumerate(system.modalities) if name in hidden]
        for mask, hidden in task.masks.items()
    }
    return {mask: positions for mask, positions in found.items() if positions}


def side_by_side(blocks):
    """Blocks of columns as one table; a single one as it is, for wide tables should not be copied for nothing."""
    return blocks[0] if len(blocks) == 1 else np.hstack(blocks)


def rows_of(X, mask):
    """Rows of a table; all of them as they are."""
    return X if mask.all() else X[mask]


def columns_of(blocks):
    """Column numbers of each block where blocks stand side by side."""
    widths = [block.shape[1] for block in blocks]
    return np.split(np.arange(sum(widths)), np.cumsum(widths)[:-1])


def batches(targets, mode):
    """Targets that one model learns: all in a chain; else regressed ones of one metric together, each class alone."""
    if mode == "chain":
        yield list(targets)
        return
    regressed = {}
    for target in targets:
        if target.kind == "regression":
            # Trees grown together take all regressed targets; what they are judged by is the first one's metric.
            regressed.setdefault("" if mode == "joint" else target.metric, []).append(target)
        else:
            yield [target]
    yield from regressed.values()


def new_model(system, task, targets, columns, used, drawn=NOTHING):
    """An estimator for targets that are learnt together, from the rows in ``used``."""
    regressed = [target for target in targets if target.kind == "regression"]
    metric = task.metric((regressed or targets)[0])
    parameters = {
        "metric": metric,
        "blocks": columns if len(columns) > 1 else None,
        "cv": PredefinedSplit(task.folds[used]),
        "random_state": task.seed,
        "device": task.device,
    }
    if regressed:
        parameters["matching"] = task.matching and metric == "ccc"
    settings, single = system.mode_parameters, None
    if system.task == "chain":
        # A chain of classes alone regresses nothing, whatever is said here of regressions.
        parameters["metric"] = parameters["metric"] if regressed else "ccc"
        if len(regressed) < len(targets):
            parameters["class_metric"] = next(target.metric for target in targets if target.kind == "classes")
        class_targets = tuple(number for number, target in enumerate(targets) if target.kind == "classes")
        model = chain(system.learner, class_targets, drawn, **parameters, **settings)
    elif system.task == "joint" and regressed:
        model = joint(system.learner, drawn, **parameters, **settings)
    else:
        model = single = estimator(system.learner, targets[0].kind, drawn, **parameters)
    if system.timing:
        # Chains and joint trees cannot learn several delays of a target side by side; the plain learner chooses.
        return delayed(system.timing, model, single or estimator(system.learner, "regression", drawn, **parameters))
    return FoldAveraged(model, parameters["cv"]) if task.fits == "folds" and not task.resubstitution else model


def labelled(task, targets):
    """Clips with a label of any of the targets, a mask."""
    return ~np.isnan(np.column_stack([task.y[target.name] for target in targets])).all(axis=1)


def labels(task, targets, used):
    """Labels of targets in the rows in ``used``, shape (n, T); class codes, shape (n,), of a class target alone."""
    y = np.column_stack([task.y[target.name][used] for target in targets])
    return y[:, 0].astype(int) if len(targets) == 1 and targets[0].kind == "classes" else y


def soft_labels(task, targets, used):
    """Keyword for the classifier of a target alone: how much each clip weighs as an example of each class there is.

    Clips without votes, or with none for these classes, weigh 1 for their label. Empty where labels are hard.
    """
    target = targets[0]
    if len(targets) > 1 or target.soft is None or target.name not in task.votes:
        return {}
    classes, codes = np.unique(labels(task, targets, used), return_inverse=True)
    certain = np.eye(len(classes))[codes]
    shares = np.nan_to_num(task.votes[target.name][used][:, classes])
    soft = shares if target.soft == "targets" else certain * shares
    return {"soft_labels": np.where(soft.sum(axis=1, keepdims=True) > 0, soft, certain)}


def predict(model, X, targets, **surroundings):
    """Predictions of a model by target, shape (n, width) each."""
    if len(X) == 0:
        return {target.name: np.empty((0, target.width)) for target in targets}
    return by_target(model, model.outputs(X, **surroundings), targets)


def by_target(model, outputs, targets):
    """A model's outputs by target; classes that the training part lacks get posterior 0."""
    return {
        target.name: values if classes is None else _posteriors(values, classes, target)
        for target, values, classes in zip(targets, outputs, model.target_classes_, strict=True)
    }


def _posteriors(predicted, classes, target):
    full = np.zeros((len(predicted), target.width))
    full[:, np.asarray(classes, int)] = predicted
    full[np.isnan(predicted).any(axis=1)] = np.nan
    return full


def spread(values, rows):
    """Values back at their rows (a mask), NaN elsewhere."""
    whole = np.full((len(rows), values.shape[1]), np.nan)
    whole[rows] = values
    return whole
