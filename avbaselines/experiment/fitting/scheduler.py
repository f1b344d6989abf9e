"""Fitting every system in every split: in parallel, resumed from finished work, failures kept as reasons."""

from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import joblib
import numpy as np
import skops.io

from avbaselines.corpora.corpus import Split
from avbaselines.errors import InputError
from avbaselines.experiment.fitting.base import fit_base
from avbaselines.experiment.fitting.dask_backend import cluster_results
from avbaselines.experiment.fitting.fusion import fit_fusion
from avbaselines.experiment.fitting.oof import Direct, Imported, Nested, Part
from avbaselines.experiment.fitting.optuna_search import JOURNAL, Search, check_storage
from avbaselines.experiment.fitting.postprocess import finish
from avbaselines.experiment.fitting.split_task import (
    clips_digest,
    code_digest,
    prediction_digest,
    split_digest,
    split_task,
)
from avbaselines.experiment.fitting.store import Store, digest, replacing
from avbaselines.experiment.fitting.tuned import fit_tuned
from avbaselines.experiment.fitting.tuned_fusion import fit_searched_fusion
from avbaselines.experiment.planning.plan import without
from avbaselines.experiment.planning.reserved_names import FINAL, INNER

MODEL = ".skops"


@dataclass
class Outcome:
    """What a run has on disk.

    Attributes
    ----------
    store : Store
    keys : dict of (str, str) to str
        Store key by split and system name.
    failures : dict of (str, str) to str
        Reason by split and system name.
    computed : int
        Number of fits that were not there before.
    shipped : str
        Name of the split whose models are shipped.
    splits : dict of str to Split
        By name, the shipped one included.
    tasks : dict of str to Task
        By split.
    predictions : dict of str to ImportedPrediction
    contents : dict of str to str
        Their digests.
    depths : dict of str to int
        How many fusions that learn lie on top of one another in each system.
    """

    store: Store
    keys: dict = field(default_factory=dict)
    failures: dict = field(default_factory=dict)
    computed: int = 0
    shipped: str = ""
    splits: dict = field(default_factory=dict)
    tasks: dict = field(default_factory=dict)
    predictions: dict = field(default_factory=dict)
    contents: dict = field(default_factory=dict)
    depths: dict = field(default_factory=dict)

    def has(self, split, system):
        """Whether a system has predictions in a split."""
        return system.kind == "imported" or (split, system.name) in self.keys

    def source(self, split, system):
        """Where a system's raw predictions in a split (by its name) come from."""
        if system.kind == "imported":
            name = system.modalities[0]
            return Imported(self.predictions[name], self.splits[split], self.contents[name])
        outer, _, fold = split.partition(INNER)
        if fold and not self.depths[system.name]:
            held = self.tasks[outer].folds == int(fold)
            return Part(Direct(self.keys[outer, system.name]), np.flatnonzero(~held), np.flatnonzero(held))
        direct = Direct(self.keys[split, system.name])
        inner = [name for name in self.splits if name.startswith(f"{split}{INNER}")]
        if fold or self.depths[system.name] < 2 or not inner:
            return direct
        folds = self.tasks[split].folds
        numbers = [(name, int(name.rpartition(INNER)[2])) for name in inner]
        parts = [(Direct(self.keys[name, system.name]), np.flatnonzero(folds == number)) for name, number in numbers]
        return Nested(direct, tuple(parts), rescaled=bool(system.tuning))

    def finished(self, split, system):
        """Predictions of a system in a split as they are scored."""
        return finish(self.source(split, system).load(self.store), self.tasks[split], system.matching)


def shipping_split(corpus):
    """The split whose models are shipped: the only one, or one that learns from every training clip."""
    if len(corpus.splits) == 1:
        return corpus.splits[0]
    rows = np.unique(np.concatenate([split.fit for split in corpus.splits]))
    nobody = np.array([], dtype=int)
    return Split(FINAL, rows, nobody, nobody)


def run_systems(side, folder, *, jobs=1, device="cpu", storage=None, cluster=None, force=False, progress=None):
    """Fit every system in every split, reusing whatever the folder holds.

    Parameters
    ----------
    side : Side
        A study under one protocol: ``study``, ``corpus``, ``systems`` (each after its inputs), ``resubstitution``.
    folder : Path
        Of the run; finished fits lie in its ``work``.
    jobs : int
        Worker processes, one thread each.
    device : {"cpu", "cuda"}
        For learners that know it.
    storage : str, optional
        Where searches keep their trials: path of a journal file or URL of a database; by default a journal a search in
        the folder's ``tuning``.
    cluster : str, optional
        Address of a Dask scheduler whose workers do the fits instead.
    force : bool
        Fit again what is there.
    progress : callable, optional
        ``progress(done, total, what)``.

    Returns
    -------
    Outcome
    """
    corpus, systems = side.corpus, side.systems
    shipped = shipping_split(corpus)
    splits = corpus.splits if shipped in corpus.splits else [*corpus.splits, shipped]
    folder = Path(folder).absolute()
    outcome = Outcome(Store(folder / "work"), shipped=shipped.name, predictions=corpus.predictions)
    outcome.contents = {name: prediction_digest(prediction) for name, prediction in corpus.predictions.items()}
    present = {name: modality.present for name, modality in corpus.modalities.items()}
    outcome.tasks = {split.name: split_task(side, split, device, present) for split in splits}
    measured = [system for system in systems if system.kind == "measured"]
    outcome.depths = _depths(systems)
    deep = _part_of_deep_stacks(measured, outcome.depths) if not side.resubstitution else []
    inner = [part for split in splits for part in _inner_splits(split, outcome.tasks[split.name])] if deep else []
    _refuse_lonely(inner, corpus.groups, deep)
    outcome.tasks |= {split.name: split_task(side, split, device, present) for split in inner}
    outcome.splits = {split.name: split for split in [*splits, *inner]}
    clips = clips_digest(corpus)
    context = {name: split_digest(clips, split, outcome.tasks[name], corpus) for name, split in outcome.splits.items()}
    features = {name: digest(modality.X) for name, modality in corpus.modalities.items()}
    wanted = [(split, system) for split in splits for system in measured]
    wanted += [(split, system) for split in inner for system in deep]
    if storage and any(system.tuning for system in measured):
        check_storage(storage)
    done = 0
    for stage in sorted({system.stage for system in measured}):
        units = []
        for split, system in wanted:
            if system.stage != stage:
                continue
            done += 1
            unit = _unit(system, split, outcome, context, features, systems)
            if unit is None:
                continue
            outcome.keys[split.name, system.name] = unit.key
            if force or not _is_done(outcome.store, unit, split is shipped):
                where = _search(unit, folder, storage, force) if system.tuning else None
                units.append(replace(unit, keep_model=split is shipped, search=where, resumed=not force))
        done -= len(units)
        for unit, reason in _computed(units, corpus, outcome, jobs, cluster, progress, done, len(wanted)):
            done += 1
            outcome.computed += 1
            if reason:
                _note_failure(outcome, unit, reason)
    return outcome


def _depths(systems):
    """How many fusions that learn lie on top of one another; a plain mean learns nothing from labels.

    Choosing the best inputs is learning too, by all folds at once: it counts as a layer of its own below the fusion, so
    that the stage's out-of-fold predictions come from choices made without the fold.
    """
    depths = {}
    for system in systems:
        below = max((depths[name] for name in system.inputs), default=0)
        depths[system.name] = below + bool(system.inputs and system.method != "mean")
        if "best" in system.settings or (system.inputs and system.tuning):
            depths[system.name] = max(2, below + 1)
    return depths


def _part_of_deep_stacks(systems, depths):
    """Fusions that learn from what fusions learnt, and every learnt fusion below them.

    Their own cross-fit flatters them: their inputs for the other folds come from fits that knew the fold held out.
    """
    by_name = {system.name: system for system in systems}
    found, pending = set(), [system.name for system in systems if depths[system.name] > 1]
    while pending:
        name = pending.pop()
        if depths[name] and name not in found:
            found.add(name)
            pending += [part for part in by_name[name].inputs if part in by_name]
    return [system for system in systems if system.name in found]


def _inner_splits(split, task):
    """For each inner fold, a split that learns from the others: what honest predictions of deep stages take."""
    rows, nobody = split.fit, np.array([], dtype=int)
    return [
        Split(f"{split.name}{INNER}{fold}", rows[task.folds != fold], nobody, rows[task.folds == fold])
        for fold in np.unique(task.folds)
    ]


def _refuse_lonely(inner, groups, deep):
    for part in inner:
        if len(np.unique(groups[part.fit])) < 2:
            raise InputError(
                f"split {part.name.partition(INNER)[0]}: without one of its inner folds a single group is left, too "
                f"few for {deep[-1].name!r}, which learns from what other fusions learnt; raise systems.inner_folds, "
                "or leave it out"
            )


def _note_failure(outcome, unit, reason):
    """A fit that fails inside an inner split leaves the stage without honest predictions, so the stage has failed."""
    for split in dict.fromkeys([unit.split.name, unit.split.name.partition(INNER)[0]]):
        outcome.failures[split, unit.system.name] = reason
        outcome.keys.pop((split, unit.system.name), None)


@dataclass(frozen=True)
class Unit:
    """One fit to do."""

    system: object
    split: Split
    key: str
    sources: tuple = ()
    keep_model: bool = False
    reads: tuple = ()
    search: Search | None = None
    search_name: str = ""
    resumed: bool = True

    @property
    def label(self):
        """What a person reads while it runs."""
        return f"{self.system.name} · {self.split.name}"


def _unit(system, split, outcome, context, features, systems):
    """The fit of a system in a split, or None where it cannot be done (the reason is noted)."""
    places = {split.name, split.name.partition(INNER)[0]}
    failed = tuple(name for name in system.inputs if any((place, name) in outcome.failures for place in places))
    if failed:
        left = without(system, failed)
        if left is None:
            reason = f"fewer than two inputs left: {', '.join(failed)} failed"
            outcome.failures[split.name, system.name] = reason
            return None
        system = left
    by_name = {item.name: item for item in systems}
    sources = tuple(outcome.source(split.name, by_name[name]) for name in system.inputs)
    read = [features[name] for name in system.modalities] if system.learner else []
    read += [source.identity() for source in sources]
    described = asdict(system) | {"stage": 0, "raw_name": "", "modalities": system.modalities if system.learner else ()}
    task = outcome.tasks[split.name]
    read += [task.strength, str(task.combined)] if system.tuning else []  # a search goes by what is scored
    key = digest(code_digest(), context[split.name], described, read)[:32]
    # More trials are the same search going on, however many of them are averaged.
    searched = described | {"tuning": {**system.tuning, "trials": "any", "average": "any"}}
    name = digest(code_digest(), context[split.name], searched, read)[:32] if system.tuning else ""
    reads = tuple(() if by_name[name].inputs else by_name[name].modalities for name in system.inputs)
    return Unit(system, split, key, sources, reads=reads, search_name=name)


def _search(unit, folder, storage, fresh):
    place = storage or str(folder / "tuning" / f"{unit.search_name}{JOURNAL}")
    return Search(f"{unit.system.name} {unit.split.name} {unit.search_name[:12]}", place, fresh)


def _is_done(store, unit, shipped):
    return store.has(unit.key) and (not shipped or store.path(unit.key, MODEL).is_file())


def _computed(units, corpus, outcome, jobs, cluster, progress, done, total):
    """Fit units in worker processes and yield each with its failure's reason or None, as they end."""
    pending = [unit.label for unit in units]
    if progress and pending:
        progress(done, total, pending[0])
    features = {name: modality.X for name, modality in corpus.modalities.items()}
    calls = [
        (
            unit,
            outcome.tasks[unit.split.name],
            [features[name] for name in unit.system.modalities] if unit.system.learner else [],
            outcome.store,
        )
        for unit in units
    ]
    number = {unit.key: position for position, unit in enumerate(units)}
    if cluster:
        results = cluster_results(cluster, _work, calls, outcome.store.folder / "features", code_digest)
    else:
        workers = joblib.Parallel(
            n_jobs=max(1, min(jobs, len(units))),
            return_as="generator_unordered",
            pre_dispatch="2 * n_jobs",
            max_nbytes="100K",  # what all fits share is written once and mapped
        )
        results = workers(joblib.delayed(_work)(*call) for call in calls)
    for key, reason in results:
        unit = units[number[key]]
        pending.remove(unit.label)
        done += 1
        if progress:
            progress(done, total, pending[0] if pending else unit.label)
        yield unit, reason


def _work(unit, task, features, store):
    """Do one fit and write it down; a failure becomes its reason, so that the rest of the run goes on."""
    fit_rows, test_rows = unit.split.fit, unit.split.test
    try:
        if unit.system.inputs:
            inputs = [source.load(store) for source in unit.sources]
            if unit.search:
                fitted, models = fit_searched_fusion(unit.system, task, inputs, unit.reads, unit.search)
            else:
                fitted, models = fit_fusion(unit.system, task, inputs, unit.reads)
        else:
            blocks, test_blocks = [X[fit_rows] for X in features], [X[test_rows] for X in features]
            if unit.search:
                fitted, models = fit_tuned(unit.system, task, blocks, test_blocks, unit.search)
            else:
                fitted, models = fit_base(unit.system, task, blocks, test_blocks)
        if unit.keep_model:
            with replacing(store.path(unit.key, MODEL)) as temporary:
                skops.io.dump(models, temporary)
    except Exception as error:  # whatever a learner raises is this row's reason, and only this row's
        return unit.key, f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"
    store.save(unit.key, fitted)
    return unit.key, None
