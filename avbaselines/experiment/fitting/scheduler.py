"""Fitting every system in every split: in parallel, resumed from finished work, failures kept as reasons."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import Any, Self

import numpy as np

from avbaselines.corpora.corpus import Corpus, Split
from avbaselines.errors import InputError
from avbaselines.experiment.fitting.dask_backend import cluster_results
from avbaselines.experiment.fitting.device import CUDA, uses_gpu
from avbaselines.experiment.fitting.fitted_run import FittedRun, part_of_deep_stacks, stack_depths
from avbaselines.experiment.fitting.optuna_search import check_storage, drop_damaged
from avbaselines.experiment.fitting.run_options import RunOptions
from avbaselines.experiment.fitting.run_splits import all_splits, shipping_split
from avbaselines.experiment.fitting.split_setup import (
    clips_digest,
    code_digest,
    prediction_digest,
    split_digest,
    split_task,
)
from avbaselines.experiment.fitting.split_task import SplitTask
from avbaselines.experiment.fitting.store import Store, digest
from avbaselines.experiment.fitting.units import Unit, to_be_done, unit_of, work
from avbaselines.experiment.planning.system import BaseSystem, FusionSystem
from avbaselines.experiment.protocol_run import ProtocolRun
from avbaselines.workers import Died, in_workers


def fit_systems(run: ProtocolRun, folder: Path, options: RunOptions) -> FittedRun:
    """Fit every system in every split, reusing whatever the folder holds.

    Parameters
    ----------
    run
    folder
        Of the run; finished fits lie in its ``work``.
    options

    Examples
    --------
    >>> import tempfile
    >>> from avbaselines.corpora.corpus import Target
    >>> from avbaselines.study import load_study
    >>> ids = np.arange(4).astype(str)
    >>> splits = [Split("x", np.array([0, 1]), ids[:0].astype(int), np.array([2, 3]))]
    >>> corpus = Corpus(ids, ids, [Target("arousal", "ccc")], {"arousal": np.arange(4.0)}, splits=splits, once=True)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     run = ProtocolRun("honest", load_study("quickstart"), corpus, [])
    ...     fit_systems(run, Path(folder), RunOptions()).computed
    0
    """
    folder = Path(folder).absolute()
    fitted, inner = _opened(run, folder, options)
    corpus, clips = run.corpus, clips_digest(run.corpus)
    context = {name: split_digest(clips, split, fitted.tasks[name], corpus) for name, split in fitted.splits.items()}
    features = {name: digest(modality.X) for name, modality in corpus.modalities.items()}
    measured = [system for system in run.systems if isinstance(system, BaseSystem | FusionSystem)]
    deep = part_of_deep_stacks(measured, fitted.depths)
    wanted = [(split, system) for split in all_splits(corpus) for system in measured]
    wanted += [(split, system) for split in inner for system in deep]
    if options.storage and any(system.tuning for system in measured):
        check_storage(options.storage)
    done = 0
    for stage in sorted({system.stage for system in measured}):
        units = []
        for split, system in wanted:
            if system.stage != stage:
                continue
            done += 1
            unit = unit_of(system, split, fitted, context, features, run.systems)
            if unit is None:
                continue
            fitted.keys[split.id, system.name] = unit.key
            unit = replace(unit, keep_model=split.id == fitted.shipped)
            if options.force or not unit.is_done(fitted.store):
                units.append(_pending(unit, fitted.store, folder, options))
        done -= len(units)
        for unit, reason in _computed(units, corpus, fitted, options, done, len(wanted)):
            done += 1
            fitted.computed += 1
            if reason:
                _note_failure(fitted, unit, reason)
    return fitted


def _pending(unit: Unit, store: Store, folder: Path, options: RunOptions) -> Unit:
    """The unit with its search, whose trials are read or begun anew."""
    unit = to_be_done(unit, folder, options.storage, options.force)
    if unit.search is not None and not options.storage and drop_damaged(Path(unit.search.storage)):
        store.damaged.append(Path(unit.search.storage))
    return unit


def _opened(run: ProtocolRun, folder: Path, options: RunOptions) -> tuple[FittedRun, list[Split]]:
    """A run of which nothing is fitted yet, and the inner folds that its deep stages need."""
    corpus, splits = run.corpus, all_splits(run.corpus)
    present = {name: modality.present for name, modality in corpus.modalities.items()}
    tasks = {split.id: split_task(run, split, options.device, present) for split in splits}
    depths = stack_depths(run.systems)
    deep = [] if run.resubstitution else part_of_deep_stacks(run.systems, depths)
    inner = [part for split in splits for part in _inner_splits(split, tasks[split.id])] if deep else []
    _refuse_lonely(inner, corpus.groups, deep)
    tasks |= {split.id: split_task(run, split, options.device, present) for split in inner}
    fitted = FittedRun(
        store=Store(folder / "work"),
        shipped=shipping_split(corpus).id,
        splits={split.id: split for split in [*splits, *inner]},
        tasks=tasks,
        predictions=corpus.predictions,
        contents={name: prediction_digest(prediction) for name, prediction in corpus.predictions.items()},
        depths=depths,
    )
    return fitted, inner


def _inner_splits(split: Split, task: SplitTask) -> list[Split]:
    """For each inner fold, a split that learns from the others: what honest predictions of deep stages take."""
    rows, nobody = split.fit, np.array([], dtype=int)
    return [
        Split(split.name, rows[task.folds != fold], nobody, rows[task.folds == fold], fold=int(fold))
        for fold in np.unique(task.folds)
    ]


def _refuse_lonely(inner: Sequence[Split], groups: np.ndarray, deep: Sequence[FusionSystem]) -> None:
    for part in inner:
        if len(np.unique(groups[part.fit])) < 2:
            raise InputError(
                f"split {part.name}: without one of its inner folds a single group is left, too few for "
                f"{deep[-1].name!r}, which learns from what other fusions learnt; raise systems.inner_folds, or leave "
                "it out"
            )


def _note_failure(fitted: FittedRun, unit: Unit, reason: str) -> None:
    """A fit that fails inside an inner split leaves the stage without honest predictions, so the stage has failed."""
    for split in dict.fromkeys([unit.split.id, unit.split.id.whole]):
        fitted.failures[split, unit.system.name] = reason
        fitted.keys.pop((split, unit.system.name), None)


def _computed(
    units: Sequence[Unit], corpus: Corpus, fitted: FittedRun, options: RunOptions, done: int, total: int
) -> Iterator[tuple[Unit, str | None]]:
    """Fit units in worker processes and yield each with its failure's reason or None, as they end."""
    pending = [unit.label for unit in units]
    if pending:
        options.report(done, total, pending[0])
    features = {name: modality.X for name, modality in corpus.modalities.items()}
    calls = [
        (unit, fitted.tasks[unit.split.id], [features[name] for name in unit.modalities], fitted.store)
        for unit in units
    ]
    for unit, reason in _answers(units, calls, fitted.store, options):
        pending.remove(unit.label)
        done += 1
        options.report(done, total, pending[0] if pending else unit.label)
        yield unit, reason


def _answers(
    units: Sequence[Unit], calls: Sequence[tuple], store: Store, options: RunOptions
) -> Iterator[tuple[Unit, str | None]]:
    if options.cluster:
        results = cluster_results(options.cluster, work, calls, store.folder / "features", code_digest)
        yield from ((units[number], reason) for number, reason in results)
        return
    on_gpu = [number for number, unit in enumerate(units) if options.device == CUDA and _grows_on_gpu(unit)]
    others = [number for number in range(len(units)) if number not in on_gpu]
    if options.jobs == 1 or not on_gpu:
        on_gpu, others = [], list(range(len(units)))
    with _AloneHere(work, [(number, calls[number]) for number in on_gpu]) as here:
        for position, answer in in_workers(work, [calls[number] for number in others], options.jobs, store.shared):
            yield units[others[position]], answer.reason if isinstance(answer, Died) else answer[1]
            yield from ((units[number], answer[1]) for number, answer in here.ended())
        yield from ((units[number], answer[1]) for number, answer in here.rest())


def _grows_on_gpu(unit: Unit) -> bool:
    return isinstance(unit.system, BaseSystem) and uses_gpu(unit.system)


class _AloneHere:
    """Calls in this process, one after the other, in a thread beside what else it does: one process has the GPU.

    Worker processes would send it the same tables again and wait for each other there.
    """

    def __init__(self, function: Callable[..., Any], calls: Sequence[tuple[int, tuple]]):
        self._function, self._calls = function, calls
        self._answers: SimpleQueue[tuple[int, Any]] = SimpleQueue()
        self._left, self._stopped = len(calls), False

    def __enter__(self) -> Self:
        if self._calls:
            # It does not outlive this process; what it has not finished is done by the next run.
            Thread(target=self._work, daemon=True, name="has the GPU").start()
        return self

    def __exit__(self, *error: object) -> None:
        self._stopped = True

    def ended(self) -> Iterator[tuple[int, Any]]:
        """Numbers and answers of the calls that have ended."""
        while self._left and not self._answers.empty():
            yield self._next()

    def rest(self) -> Iterator[tuple[int, Any]]:
        """Those of the others, as they end."""
        while self._left:
            yield self._next()

    def _next(self) -> tuple[int, Any]:
        number, answer = self._answers.get()
        self._left -= 1
        if isinstance(answer, BaseException):
            raise answer
        return number, answer

    def _work(self) -> None:
        for number, call in self._calls:
            if self._stopped:
                return
            try:
                self._answers.put((number, self._function(*call)))
            except BaseException as error:  # raised again where the answers are read
                self._answers.put((number, error))
                return
