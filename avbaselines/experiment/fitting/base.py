"""Fitting one base system in one split, from the features of one or several modalities."""

import time
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from sklearn.model_selection import PredefinedSplit
from threadpoolctl import threadpool_limits

from avbaselines.corpora.corpus import Target
from avbaselines.errors import InputError
from avbaselines.estimators.ensemble.fold_average import FoldAveraged
from avbaselines.estimators.tuned.interface import TargetModel
from avbaselines.estimators.tuned.remarks import remarks_text
from avbaselines.estimators.tuned.search_space import NOTHING, Drawn
from avbaselines.experiment.fitting.annotation_delay import delayed
from avbaselines.experiment.fitting.clip_context import surroundings
from avbaselines.experiment.fitting.fitted_system import FittedBase, columns_of
from avbaselines.experiment.fitting.predictions import Predictions, by_target, predict, rows_of, spread
from avbaselines.experiment.fitting.split_task import SplitTask
from avbaselines.experiment.fitting.store import Fitted
from avbaselines.experiment.planning.learners import chain, estimator, joint
from avbaselines.experiment.planning.system import BaseSystem, TaskMode


def fit_base(
    system: BaseSystem,
    task: SplitTask,
    blocks: Sequence[np.ndarray],
    test_blocks: Sequence[np.ndarray],
    drawn: Drawn = NOTHING,
    tried: Sequence[TargetModel] | None = None,
) -> tuple[Fitted, dict[str, TargetModel]]:
    """Fit a learner to one or several modalities.

    Parameters
    ----------
    system
    task
    blocks, test_blocks : sequence of ndarray, shape (n_fit, n_features) and (n_test, n_features)
        One a modality; NaN rows where a clip lacks it.
    drawn
        Values of a search; without any, learners keep their defaults.
    tried
        One a batch of targets, cross-predicted with these values on these clips: what is left is their refit.

    Returns
    -------
    fitted : Fitted
    models : dict of str to TargetModel
        By target; one that was fitted to several targets stands under each of their names. Other clips are predicted
        by ``FittedBase(task.targets, models, system.transductive, bounds=task.bounds).predict(blocks, clips)``.

    Examples
    --------
    >>> y, groups = np.arange(12.0), np.arange(12) // 2
    >>> task = SplitTask([Target("arousal", "ccc")], {"arousal": y}, groups, groups[:0], groups % 3, True, 0)

    >>> X = np.arange(12.0)[:, None]
    >>> fitted, models = fit_base(BaseSystem(name="ridge-audio", learner="ridge"), task, [X], [X[:2]])
    >>> fitted.oof["arousal"].shape, fitted.test["arousal"].shape, list(models)
    ((12, 1), (2, 1), ['arousal'])
    """
    started = time.perf_counter()
    with threadpool_limits(1):
        fit = _Fit(system, task, blocks, drawn)
        oof: Predictions = {}
        models: dict[str, TargetModel] = {}
        notes = []
        for number, targets in enumerate(batches(task.targets, system.task)):
            model, predictions = fit.batch(targets, None if tried is None else tried[number])
            oof |= predictions
            models |= {target.name: model for target in targets}
            notes.append(remarks_text(model.remarks_, [target.name for target in targets]))
        whole = FittedBase(task.targets, models, system.transductive, bounds=task.bounds)
        fitted = Fitted(oof, whole.predict(test_blocks, task.test_context))
        for mask, hidden in hiding(system, task).items():
            left = [np.full_like(X, np.nan) if number in hidden else X for number, X in enumerate(test_blocks)]
            fitted.masked[mask] = whole.predict(left, task.test_context)
    lacking = int(np.all([np.isnan(X).all(axis=1) for X in test_blocks], axis=0).sum())
    if lacking:
        notes.append(f"{lacking} clips without {'+'.join(system.modalities)}: training mean")
    fitted.note = "; ".join(dict.fromkeys(filter(None, notes)))
    fitted.seconds = time.perf_counter() - started
    return fitted, models


class _Fit:
    """The clips to learn from, of which each batch of targets takes those that it can use."""

    def __init__(self, system: BaseSystem, task: SplitTask, blocks: Sequence[np.ndarray], drawn: Drawn):
        self._system, self._task, self._drawn = system, task, drawn
        self._columns = columns_of(blocks)
        self._X = FittedBase(task.targets, {}, system.transductive).features(blocks, task.context)
        self._present = ~np.isnan(self._X).all(axis=1)

    def batch(self, targets: Sequence[Target], tried: TargetModel | None) -> tuple[TargetModel, Predictions]:
        """The model of targets that are learnt together, and its out-of-fold predictions."""
        system, task = self._system, self._task
        used = usable(system, task, targets, self._present)
        _refuse_few(system, task, targets, used)
        X, y, soft = rows_of(self._X, used), labels(task, targets, used), soft_labels(task, targets, used)
        # Frames are one another's neighbours, so all take part, and each batch sees to those it cannot use.
        frames = task.frames if system.timing else None
        if tried is not None:
            model = tried.refit(X, y, **soft)
        else:
            model = new_model(system, task, targets, self._columns, used, self._drawn)
            model.fit(X, y, groups=task.undivided[used], **surroundings(frames), **soft)
        if task.resubstitution:
            oof = predict(model, X, targets, frames)
        else:
            oof = by_target(model, model.oof_outputs_, targets)
        return model, task.bounded_oof({name: spread(values, used) for name, values in oof.items()})


def usable(system: BaseSystem, task: SplitTask, targets: Sequence[Target], present: np.ndarray) -> np.ndarray:
    """Clips that a model of these targets is fitted to, a mask: with features and a label, or all where time counts.

    Examples
    --------
    >>> y, groups = np.arange(12.0), np.arange(12) // 2
    >>> task = SplitTask([Target("arousal", "ccc")], {"arousal": y}, groups, groups[:0], groups % 3, True, 0)

    >>> system = BaseSystem(name="ridge-audio", learner="ridge")
    >>> int(usable(system, task, task.targets, np.arange(12) > 2).sum())
    9
    """
    return (present & labelled(task, targets)) | bool(system.timing)


def _refuse_few(system: BaseSystem, task: SplitTask, targets: Sequence[Target], used: np.ndarray) -> None:
    """Of a corpus that has enough labels, a modality may have been seen in one clip or class alone."""
    what, named = "+".join(system.modalities), " or ".join(target.name for target in targets)
    if used.sum() < 2:
        raise InputError(f"{used.sum()} of {len(used)} training clips have {what} and a label of {named}")
    if targets[0].kind == "classes" and len(targets) == 1 and len(np.unique(task.y[named][used])) < 2:
        raise InputError(f"all {used.sum()} training clips that have {what} are of one class of {named}")


def hiding(system: BaseSystem, task: SplitTask) -> dict[str, list[int]]:
    """By mask that hides any of a system's modalities, the positions of these.

    Examples
    --------
    >>> y, groups = np.arange(12.0), np.arange(12) // 2
    >>> task = SplitTask([Target("arousal", "ccc")], {"arousal": y}, groups,
    ...                  groups[:0], groups % 3, True, 0, masks={"face": ("audio",)})
    >>> hiding(BaseSystem(name="early", learner="ridge", modalities=("face", "audio")), task)
    {'face': [1]}
    """
    hidden = {
        mask: [number for number, name in enumerate(system.modalities) if name in names]
        for mask, names in task.masks.items()
    }
    return {mask: positions for mask, positions in hidden.items() if positions}


def batches(targets: Sequence[Target], mode: TaskMode) -> Iterator[list[Target]]:
    """Targets that one model learns: all in a chain; else regressed ones of one metric together, each class alone.

    Examples
    --------
    >>> arousal, valence, mood = Target("arousal", "ccc"), Target("valence", "mae"), Target("mood", "uar", ("a", "b"))
    >>> [[target.name for target in batch] for batch in batches([arousal, mood, valence], "joint")]
    [['mood'], ['arousal', 'valence']]
    """
    if mode == "chain":
        yield list(targets)
        return
    regressed: dict[str, list[Target]] = {}
    for target in targets:
        if target.kind == "regression":
            # Trees grown together take all regressed targets; what they are judged by is the first one's metric.
            regressed.setdefault("" if mode == "joint" else target.metric, []).append(target)
        else:
            yield [target]
    yield from regressed.values()


def new_model(
    system: BaseSystem,
    task: SplitTask,
    targets: Sequence[Target],
    columns: Sequence[np.ndarray],
    used: np.ndarray,
    drawn: Drawn = NOTHING,
) -> TargetModel:
    """An estimator for targets that are learnt together, from the rows in ``used``.

    Examples
    --------
    >>> y, groups = np.arange(12.0), np.arange(12) // 2
    >>> task = SplitTask([Target("arousal", "ccc")], {"arousal": y}, groups, groups[:0], groups % 3, True, 0)

    >>> system = BaseSystem(name="ridge-audio", learner="ridge")
    >>> type(new_model(system, task, task.targets, [np.arange(3)], np.full(12, True))).__name__
    'RidgeRegressor'
    """
    regressed = [target for target in targets if target.kind == "regression"]
    metric = task.metric((regressed or targets)[0])
    parameters: dict[str, Any] = {
        "metric": metric,
        "blocks": list(columns) if len(columns) > 1 else None,
        "cv": PredefinedSplit(task.folds[used]),
        "random_state": task.seed,
        "device": task.device,
    }
    if task.resubstitution or task.fits == "folds":
        # What the paper did: one fit to all clips that it learns from, whose mean over folds is taken here, if any.
        parameters["final"] = "all"
    if regressed:
        parameters["matching"] = task.matching and metric == "ccc"
    settings, single = system.mode_parameters, None
    if system.task == "chain":
        # A chain of classes alone regresses nothing, whatever is said here of regressions.
        parameters["metric"] = parameters["metric"] if regressed else "ccc"
        if len(regressed) < len(targets):
            parameters["class_metric"] = next(target.metric for target in targets if target.kind == "classes")
        class_targets = tuple(number for number, target in enumerate(targets) if target.kind == "classes")
        model = chain(system.learner_key, class_targets, drawn, **parameters, **settings)
    elif system.task == "joint" and regressed:
        model = joint(system.learner_key, drawn, **parameters, **settings)
    else:
        model = single = estimator(system.learner_key, targets[0].kind, drawn, **parameters)
    if system.timing:
        # Chains and joint trees cannot learn several delays of a target side by side; the plain learner chooses.
        return delayed(system.timing, model, single or estimator(system.learner_key, "regression", drawn, **parameters))
    return FoldAveraged(model, parameters["cv"]) if task.fits == "folds" and not task.resubstitution else model


def labelled(task: SplitTask, targets: Sequence[Target]) -> np.ndarray:
    """Clips with a label of any of the targets, a mask.

    Examples
    --------
    >>> y, groups = np.arange(12.0), np.arange(12) // 2
    >>> task = SplitTask([Target("arousal", "ccc")], {"arousal": y}, groups, groups[:0], groups % 3, True, 0)

    >>> labelled(task, task.targets).all()
    np.True_
    """
    return ~np.isnan(np.column_stack([task.y[target.name] for target in targets])).all(axis=1)


def labels(task: SplitTask, targets: Sequence[Target], used: np.ndarray) -> np.ndarray:
    """Labels of targets in the rows in ``used``, shape (n, T); class codes, shape (n,), of a class target alone.

    Examples
    --------
    >>> y, groups = np.arange(12.0), np.arange(12) // 2
    >>> task = SplitTask([Target("arousal", "ccc")], {"arousal": y}, groups, groups[:0], groups % 3, True, 0)

    >>> labels(task, task.targets, np.arange(12) < 2).tolist()
    [[0.0], [1.0]]
    """
    y = np.column_stack([task.y[target.name][used] for target in targets])
    return y[:, 0].astype(int) if len(targets) == 1 and targets[0].kind == "classes" else y


def soft_labels(task: SplitTask, targets: Sequence[Target], used: np.ndarray) -> dict[str, np.ndarray]:
    """Keyword for the classifier of a target alone: how much each clip weighs as an example of each class there is.

    Clips without votes, or with none for these classes, weigh 1 for their label. Empty where labels are hard.

    Examples
    --------
    >>> y, groups = np.arange(12.0), np.arange(12) // 2
    >>> task = SplitTask([Target("arousal", "ccc")], {"arousal": y}, groups, groups[:0], groups % 3, True, 0)

    >>> soft_labels(task, task.targets, np.full(12, True))
    {}
    """
    target = targets[0]
    if len(targets) > 1 or target.soft is None or target.name not in task.votes:
        return {}
    classes, codes = np.unique(labels(task, targets, used), return_inverse=True)
    certain = np.eye(len(classes))[codes]
    shares = np.nan_to_num(task.votes[target.name][used][:, classes])
    soft = shares if target.soft == "targets" else certain * shares
    return {"soft_labels": np.where(soft.sum(axis=1, keepdims=True) > 0, soft, certain)}
