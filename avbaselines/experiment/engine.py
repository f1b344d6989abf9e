"""Fitting every system in every split: in parallel, resumed from finished work, failures kept as reasons."""

from dataclasses import asdict, dataclass, field, replace
from functools import cache
from pathlib import Path

import joblib
import lightgbm
import numpy as np
import sklearn
import skops.io

import avbaselines
from avbaselines.corpora.corpus import Split
from avbaselines.estimators.folds import group_folds
from avbaselines.experiment.fit import Task, fit_base, fit_fusion, import_system
from avbaselines.experiment.plan import without
from avbaselines.experiment.store import Store, digest, replacing

FINAL = "final"
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
    folds : dict of str to ndarray
        Inner fold of each clip to learn from, by split.
    """

    store: Store
    keys: dict = field(default_factory=dict)
    failures: dict = field(default_factory=dict)
    computed: int = 0
    shipped: str = ""
    folds: dict = field(default_factory=dict)


def shipping_split(corpus):
    """The split whose models are shipped: the only one, or one that learns from every training clip."""
    if len(corpus.splits) == 1:
        return corpus.splits[0]
    rows = np.unique(np.concatenate([split.fit for split in corpus.splits]))
    nobody = np.array([], dtype=int)
    return Split(FINAL, rows, nobody, nobody)


def run_systems(side, folder, *, jobs=1, device="cpu", force=False, progress=None):
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
    force : bool
        Fit again what is there.
    progress : callable, optional
        ``progress(done, total, what)``.

    Returns
    -------
    Outcome
    """
    study, corpus, systems = side.study, side.corpus, side.systems
    shipped = shipping_split(corpus)
    splits = corpus.splits if shipped in corpus.splits else [*corpus.splits, shipped]
    outcome = Outcome(Store(Path(folder) / "work"), shipped=shipped.name)
    tasks = {split.name: _task(side, split, device) for split in splits}
    outcome.folds = {name: task.folds for name, task in tasks.items()}
    context = {split.name: _split_digest(corpus, split, tasks[split.name], study) for split in splits}
    features = {name: digest(modality.X) for name, modality in corpus.modalities.items()}
    total, done = len(splits) * len(systems), 0
    for stage in range(1 + max(system.stage for system in systems)):
        units = []
        for split in splits:
            for system in [system for system in systems if system.stage == stage]:
                unit = _unit(system, split, outcome, context, features, corpus)
                if unit is None:
                    continue
                outcome.keys[split.name, system.name] = unit.key
                if force or not _finished(outcome.store, unit, split is shipped):
                    units.append(replace(unit, keep_model=split is shipped and system.kind == "measured"))
        done = len(splits) * len([system for system in systems if system.stage <= stage]) - len(units)
        for unit, reason in _computed(units, corpus, tasks, outcome.store, jobs, progress, done, total):
            outcome.computed += 1
            if reason:
                outcome.failures[unit.split.name, unit.system.name] = reason
                del outcome.keys[unit.split.name, unit.system.name]
    return outcome


@dataclass(frozen=True)
class Unit:
    """One fit to do."""

    system: object
    split: Split
    key: str
    input_keys: tuple = ()
    keep_model: bool = False

    @property
    def label(self):
        """What a person reads while it runs."""
        return f"{self.system.name} · {self.split.name}"


def _unit(system, split, outcome, context, features, corpus):
    """The fit of a system in a split, or None where it cannot be done (the reason is noted)."""
    names = tuple(name for name in system.inputs if (split.name, name) in outcome.failures)
    if names:
        left = without(system, names)
        if left is None:
            outcome.failures[split.name, system.name] = f"fewer than two inputs left: {', '.join(names)} failed"
            return None
        system = left
    input_keys = tuple(outcome.keys[split.name, name] for name in system.inputs)
    if system.kind == "imported":
        values = corpus.predictions[system.modalities[0]].of(split.name)
        sources = [digest(values[target.name]) for target in corpus.targets]
    elif system.inputs:
        sources = list(input_keys)
    else:
        sources = [features[name] for name in system.modalities]
    named = asdict(system) | {"stage": 0, "raw_name": ""}
    return Unit(system, split, digest(_code(), context[split.name], named, sources)[:32], input_keys)


def _finished(store, unit, shipped):
    model_there = not shipped or unit.system.kind == "imported" or store.path(unit.key, MODEL).is_file()
    return store.has(unit.key) and model_there


def _computed(units, corpus, tasks, store, jobs, progress, done, total):
    """Fit units in worker processes and yield each with its failure's reason or None, as they end."""
    pending = [unit.label for unit in units]
    if progress and pending:
        progress(done, total, pending[0])
    features = {name: modality.X for name, modality in corpus.modalities.items()}
    calls = (
        joblib.delayed(_work)(unit, tasks[unit.split.name], _features(unit, features), _imported(unit, corpus), store)
        for unit in units
    )
    workers = joblib.Parallel(
        n_jobs=max(1, min(jobs, len(units))), return_as="generator_unordered", pre_dispatch="n_jobs"
    )
    for number, reason in enumerate_results(workers(calls), units):
        done += 1
        pending.remove(units[number].label)
        if progress:
            progress(done, total, pending[0] if pending else units[number].label)
        yield units[number], reason


def enumerate_results(results, units):
    """Pair each result, which carries its key, with the number of its unit."""
    number = {unit.key: position for position, unit in enumerate(units)}
    for key, reason in results:
        yield number[key], reason


def _features(unit, features):
    return [features[name] for name in unit.system.modalities] if unit.system.learner else []


def _imported(unit, corpus):
    return corpus.predictions[unit.system.modalities[0]].of(unit.split.name) if unit.system.kind == "imported" else None


def _work(unit, task, features, imported, store):
    """Do one fit and write it down; a failure becomes its reason, so that the rest of the run goes on."""
    fit_rows, test_rows = unit.split.fit, unit.split.test
    models = None
    try:
        if imported is not None:
            fitted = import_system(
                task,
                {name: values[fit_rows] for name, values in imported.items()},
                {name: values[test_rows] for name, values in imported.items()},
            )
        elif unit.system.inputs:
            fitted, models = fit_fusion(unit.system, task, [store.load(key) for key in unit.input_keys])
        else:
            blocks, test_blocks = [X[fit_rows] for X in features], [X[test_rows] for X in features]
            fitted, models = fit_base(unit.system, task, blocks, test_blocks)
        if unit.keep_model:
            with replacing(store.path(unit.key, MODEL)) as temporary:
                skops.io.dump(models, temporary)
    except Exception as error:  # whatever a learner raises is this row's reason, and only this row's
        return unit.key, f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"
    store.save(unit.key, fitted)
    return unit.key, None


def _task(side, split, device):
    study, corpus, rows = side.study, side.corpus, split.fit
    labels = next((corpus.y[target.name][rows] for target in corpus.targets if target.kind == "classes"), None)
    if labels is not None:
        labels = np.nan_to_num(labels, nan=-1).astype(int)
    return Task(
        targets=corpus.targets,
        y={name: values[rows] for name, values in corpus.y.items()},
        groups=corpus.groups[rows],
        test_groups=corpus.groups[split.test],
        folds=group_folds(corpus.groups[rows], study.systems.inner_folds, labels=labels, seed=study.seed),
        matching=study.systems.matching,
        seed=study.seed,
        device=device,
        resubstitution=side.resubstitution,
    )


def _split_digest(corpus, split, task, study):
    """What every fit of a split depends on: never the labels of evaluated clips."""
    return digest(
        corpus.ids[split.fit],
        corpus.ids[split.test],
        corpus.groups[split.fit],
        corpus.groups[split.test],
        [asdict(target) for target in corpus.targets],
        *[task.y[target.name] for target in corpus.targets],
        task.folds,
        {"matching": task.matching, "seed": study.seed, "device": task.device, "resubstitution": task.resubstitution},
    )


@cache
def _code():
    """Digest of the code and libraries that fits depend on, so that old work is not taken for new."""
    package = Path(avbaselines.__file__).parent
    sources = sorted([*(package / "estimators").glob("*.py"), *(package / "experiment").glob("fit*.py")])
    versions = {"lightgbm": lightgbm.__version__, "sklearn": sklearn.__version__, "numpy": np.__version__}
    return digest(versions, *[source.read_text(encoding="utf-8") for source in sources])
