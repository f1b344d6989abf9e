"""Fitting one late fusion in one split, from the out-of-fold predictions of its inputs."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, Literal

import numpy as np
from sklearn.model_selection import PredefinedSplit
from threadpoolctl import threadpool_limits

from avbaselines.corpora.corpus import Target
from avbaselines.estimators.fusion.stacking import METHODS as META_METHODS
from avbaselines.estimators.fusion.stacking import MetaRegressor
from avbaselines.estimators.tuned.interface import InputLayout, TargetModel
from avbaselines.estimators.tuned.remarks import remarks_text
from avbaselines.experiment.fitting.clip_context import surroundings
from avbaselines.experiment.fitting.fitted_system import FittedFusion, FusedColumns, fused_columns
from avbaselines.experiment.fitting.input_selection import kept_inputs, selection_note, spread_weights
from avbaselines.experiment.fitting.predictions import Predictions, by_target, predict, spread
from avbaselines.experiment.fitting.recording_pooling import drawn_to_recordings, shares_note
from avbaselines.experiment.fitting.split_task import SplitTask
from avbaselines.experiment.fitting.store import Fitted
from avbaselines.experiment.planning.learners import FUSIONS, JOINT, estimator, fusion, missing_fusion
from avbaselines.experiment.planning.system import FusionSystem

LEARNERS = {"rbf-svr": "svr", "lightgbm": "lightgbm", "ridge": "ridge"}

OFTEN = 0.1
"""Share of clips to learn from that lack a modality, from which on systems are held to have learnt to do without it."""

FusionKind = Literal["meta", "joint", "average", "missing", "learner"]
"""By what a target is fused: a regression on predictions and their surroundings in time, joint decoding, weights of the
inputs, weights that are learnt for missing inputs, or a learner over predictions as its features."""

LAYOUTS: dict[FusionKind, InputLayout] = {
    "meta": "as_given",
    "joint": "own_first",
    "average": "own",
    "missing": "own",
    "learner": "as_given",
}


def fit_fusion(
    system: FusionSystem, task: SplitTask, inputs: Sequence[Fitted], reads: Sequence[tuple[str, ...]] | None = None
) -> tuple[Fitted, dict[str, TargetModel]]:
    """Fit one late fusion.

    Parameters
    ----------
    system
    task
    inputs
        Of the systems it fuses; their out-of-fold predictions are learnt from, their test predictions are fused.
    reads
        Modalities that each input reads by itself; none of them for one that is a fusion.

    Returns
    -------
    fitted : Fitted
    models : dict of str to TargetModel
        By target; one that was fitted to several targets stands under each of their names.

    Examples
    --------
    >>> y, groups = np.arange(12.0), np.arange(12) // 2
    >>> task = SplitTask([Target("arousal", "ccc")], {"arousal": y}, groups, groups[:0], groups % 3, True, 0)

    >>> inputs = [Fitted({"arousal": task.y["arousal"][:, None] * k}, {"arousal": np.ones((1, 1)) * k}) for k in (1, 3)]

    >>> from avbaselines.systems import Stage
    >>> late = FusionSystem(name="late-mean", fusion=Stage(method="mean"), depth=1, parts=("a", "b"))
    >>> fit_fusion(late, task, inputs)[0].test["arousal"].tolist()
    [[2.0]]
    """
    started = time.perf_counter()
    reads = list(reads or [()] * len(inputs))
    inputs = [_hidden_outside(item, names, task) for item, names in zip(inputs, reads, strict=True)]
    chosen = kept_inputs(system, task, inputs)
    fitted, notes = Fitted(), []
    models: dict[str, TargetModel] = {}
    with threadpool_limits(1):
        fit = _Fit(system, task, inputs, reads, chosen)
        for kind, targets in _together(system, task.targets):
            model, predictions, weights = fit.meta(targets) if kind == "meta" else fit.alone(targets[0], kind)
            fitted.oof |= task.bounded_oof(predictions)
            fitted.weights |= weights
            models |= {target.name: model for target in targets}
            notes.append(remarks_text(model.remarks_, [target.name for target in targets]))
        if system.fusion.best is not None:
            fitted.selected = {name: [system.inputs[i] for i in places] for name, places in chosen.items()}
            fitted.weights = spread_weights(fitted.weights, chosen, len(inputs))
            notes.append(selection_note(fitted.selected, len(inputs)))
        fitted.shares, fitted.oof = drawn_to_recordings(system, task, fitted.oof)
        notes.append(shares_note(fitted.shares))
        needs = needs_of(reads, task) if system.fusion.missing else None
        reads_all = system.fusion.targets == "all"
        whole = FittedFusion(
            task.targets, models, reads_all, chosen, fitted.shares, needs, bounds=task.bounds
        )
        fitted.test = whole.predict([item.test for item in inputs], task.test_context)
        for mask, hidden in task.masks.items():
            left = [item.under(mask).test for item in inputs]
            fitted.masked[mask] = whole.predict(left, task.test_context.without(hidden))
    fitted.note = "; ".join(dict.fromkeys(filter(None, notes)))
    fitted.seconds = time.perf_counter() - started
    return fitted, models


def _hidden_outside(item: Fitted, names: tuple[str, ...], task: SplitTask) -> Fitted:
    """An input with nothing predicted where a mask hides it whole; fits say so themselves, outside systems cannot."""
    gone = [mask for mask, hidden in task.masks.items() if set(names) & set(hidden) and mask not in item.masked]
    nothing = {name: np.full_like(values, np.nan) for name, values in item.test.items()}
    return replace(item, masked=item.masked | dict.fromkeys(gone, nothing)) if gone else item


def _together(system: FusionSystem, targets: Sequence[Target]) -> Iterator[tuple[FusionKind, list[Target]]]:
    """Targets that one model fuses, and how: regressions on the predictions of all targets are one model."""
    regressed = [target for target in targets if target.kind == "regression"]
    several = system.fusion.targets == "all" and kind_of(system, regressed[0]) == "meta" if regressed else False
    if several:
        yield "meta", regressed
    for target in targets:
        if not (several and target.kind == "regression"):
            yield kind_of(system, target), [target]


def kind_of(system: FusionSystem, target: Target) -> FusionKind:
    """By what a fusion fuses a target.

    Examples
    --------
    >>> from avbaselines.systems import Stage
    >>> stack = FusionSystem(name="stack", fusion=Stage(method="ridge", targets="all"), depth=1, parts=("a", "b"))
    >>> kind_of(stack, Target("arousal", "ccc")), kind_of(stack, Target("mood", "uar", ("glad", "sad")))
    ('meta', 'learner')
    """
    plain = system.fusion.is_plain and system.method in FUSIONS
    if system.method in META_METHODS and not plain and target.kind == "regression":
        return "meta"
    if system.method.startswith(JOINT):
        return "joint"
    if plain or system.method not in LEARNERS:
        return "missing" if system.fusion.missing else "average"
    return "learner"


class _Fit:
    """The out-of-fold predictions to learn from, of which each model takes those that it reads."""

    def __init__(
        self,
        system: FusionSystem,
        task: SplitTask,
        inputs: Sequence[Fitted],
        reads: Sequence[tuple[str, ...]],
        chosen: dict[str, list[int]],
    ):
        self._system, self._task, self._inputs, self._reads, self._chosen = system, task, inputs, reads, chosen
        self._reads_all = system.fusion.targets == "all"

    def meta(self, targets: Sequence[Target]) -> tuple[TargetModel, Predictions, dict[str, list[float]]]:
        """A regression on predictions, with whatever surrounds a frame; all frames take part, labelled or not.

        Returns
        -------
        model : TargetModel
        oof : dict of str to ndarray
            Its out-of-fold predictions.
        weights : dict of str to list of float
            By target, of each input.
        """
        stage, task = self._system.fusion, self._task
        inputs = [self._inputs[number].oof for number in self._chosen[targets[0].name]]
        columns = fused_columns("as_given", targets, task.targets, self._reads_all, None)
        model = MetaRegressor(
            self._system.method,
            own=[columns.of_target(inputs, target.name) for target in targets],
            contexts=stage.context,
            layout=stage.layout,
            recording_means=stage.recording_means,
            onset=stage.onset,
            penalties=stage.penalties,
            cv=PredefinedSplit(task.folds),
            metric=task.metric(targets[0]),
            matching=task.matching and self._system.matched,
            resubstitution=task.resubstitution,
        )
        y = np.column_stack([task.y[target.name] for target in targets])
        model.fit(columns.table(inputs), y, groups=task.undivided, **surroundings(task.frames))
        by_input = columns.blocks(inputs)
        weights = {
            target.name: [float(np.asarray(own)[part].sum()) for part in by_input]
            for target, own in zip(targets, model.input_weights_, strict=True)
        }
        return model, by_target(model, model.oof_outputs_, targets), weights

    def alone(self, target: Target, kind: FusionKind) -> tuple[TargetModel, Predictions, dict[str, list[float]]]:
        """A model of one target, from its own predictions or from those of all targets; returns what `meta` does."""
        task, y = self._task, self._task.y[target.name]
        inputs = [self._inputs[number].oof for number in self._chosen[target.name]]
        columns = fused_columns(LAYOUTS[kind], [target], task.targets, self._reads_all, None)
        used = ~np.isnan(columns.table(inputs)).all(axis=1) & ~np.isnan(y)
        labels = y[used].astype(int) if target.kind == "classes" else y[used]
        # A fusion cannot weigh classes that it has never seen.
        classes = np.unique(labels) if target.kind == "classes" else None
        columns = fused_columns(LAYOUTS[kind], [target], task.targets, self._reads_all, classes)
        model, needs = self._new(target, kind, columns, inputs, used), None
        if kind == "missing":
            needs = needs_of([self._reads[number] for number in self._chosen[target.name]], task)
        X = columns.table(inputs, needs, task.context)
        model.fit(X[used], labels, groups=task.undivided[used])
        outputs = predict(model, X[used], [target]) if task.resubstitution else by_target(
            model, model.oof_outputs_, [target]
        )
        weights = model.input_weights_
        named = {} if weights is None else {target.name: np.asarray(weights[0], dtype=float).tolist()}
        return model, {target.name: spread(outputs[target.name], used)}, named

    def _new(
        self, target: Target, kind: FusionKind, columns: FusedColumns, inputs: Sequence[Predictions], used: np.ndarray
    ) -> TargetModel:
        """A new estimator that fuses one target."""
        system, task = self._system, self._task
        parameters: dict[str, Any] = {"metric": task.metric(target), "cv": PredefinedSplit(task.folds[used])}
        if target.kind == "regression" and (system.learns or kind not in ("average", "missing")):
            # The plain mean stays plain; what is matched of it is its output. What other targets say is a regression's
            # shrunken prediction: matched, it weighs as much as the own one.
            parameters["matching"] = task.matching and system.matched and task.metric(target) == "ccc"
        if kind == "learner":
            return estimator(LEARNERS[system.method], target.kind, random_state=task.seed, **parameters)
        if kind == "joint":
            return fusion(system.method, target.kind, others=columns.n_others(inputs[0]), **parameters)
        parameters["blocks"] = columns.blocks(inputs)
        method = system.method if system.method in FUSIONS else "ridge"
        if kind == "average":
            return fusion(method, target.kind, **parameters)
        reads = _sources([self._reads[number] for number in self._chosen[target.name]], task)
        strategy = system.fusion.missing
        return missing_fusion(method, strategy, target.kind, reads=reads, random_state=task.seed, **parameters)


def needs_of(reads: Sequence[tuple[str, ...]], task: SplitTask) -> list[tuple[str, ...]]:
    """What each input reads and has hardly ever been without; what clips often lack it has learnt to do without.

    Examples
    --------
    >>> y, groups = np.arange(12.0), np.arange(12) // 2
    >>> task = SplitTask([Target("arousal", "ccc")], {"arousal": y}, groups,
    ...                  groups[:0], groups % 3, True, 0, present={"face": groups > 0, "audio": groups > -1})
    >>> needs_of([("face", "audio")], task)
    [('audio',)]
    """
    rare = {name for name, has in task.present.items() if 1 - has.mean() < OFTEN}
    return [tuple(name for name in names if name in rare) for names in reads]


def _sources(reads: Sequence[tuple[str, ...]], task: SplitTask) -> list[tuple[int, ...]]:
    """Numbers of the sources that each input reads."""
    return [
        tuple(number for number, names in enumerate(task.sources.values()) if set(names) & set(read)) for read in reads
    ]
