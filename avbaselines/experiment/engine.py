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
from avbaselines.experiment.finish import finish, imported
from avbaselines.experiment.fit import Frames, Task, fit_base
from avbaselines.experiment.fit_fusion import fit_fusion
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
    splits : dict of str to Split
        By name, the shipped one included.
    tasks : dict of str to Task
        By split.
    predictions : dict of str to ImportedPrediction
    """

    store: Store
    keys: dict = field(default_factory=dict)
    failures: dict = field(default_factory=dict)
    computed: int = 0
    shipped: str = ""
    splits: dict = field(default_factory=dict)
    tasks: dict = field(default_factory=dict)
    predictions: dict = field(default_factory=dict)

    def has(self, split, system):
        """Whether a system has predictions in a split."""
        return system.kind == "imported" or (split, system.name) in self.keys

    def fitted(self, split, system):
        """Raw predictions of a system in a split (by its name)."""
        if system.kind == "imported":
            return imported(self.predictions[system.modalities[0]], self.splits[split])
        return self.store.load(self.keys[split, system.name])

    def finished(self, split, system):
        """Predictions of a system in a split as they are scored."""
        return finish(self.fitted(split, system), self.tasks[split], system.matching)


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
    outcome = Outcome(Store(Path(folder) / "work"), shipped=shipped.name, predictions=corpus.predictions)
    outcome.splits = {split.name: split for split in splits}
    outcome.tasks = tasks = {split.name: _task(side, split, device) for split in splits}
    context = {split.name: _split_digest(corpus, split, tasks[split.name], study) for split in splits}
    features = {name: digest(modality.X) for name, modality in corpus.modalities.items()}
    measured = [system for system in systems if system.kind == "measured"]
    total, done = len(splits) * len(measured), 0
    for stage in sorted({system.stage for system in measured}):
        level, units = [system for system in measured if system.stage == stage], []
        for split in splits:
            for system in level:
                unit = _unit(system, split, outcome, context, features, systems)
                if unit is None:
                    continue
                outcome.keys[split.name, system.name] = unit.key
                if force or not _is_done(outcome.store, unit, split is shipped):
                    units.append(replace(unit, keep_model=split is shipped))
        done += len(splits) * len(level) - len(units)
        for unit, reason in _computed(units, corpus, outcome, jobs, progress, done, total):
            done += 1
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
    inputs: tuple = ()
    keep_model: bool = False

    @property
    def label(self):
        """What a person reads while it runs."""
        return f"{self.system.name} · {self.split.name}"


def _unit(system, split, outcome, context, features, systems):
    """The fit of a system in a split, or None where it cannot be done (the reason is noted)."""
    failed = tuple(name for name in system.inputs if (split.name, name) in outcome.failures)
    if failed:
        left = without(system, failed)
        if left is None:
            reason = f"fewer than two inputs left: {', '.join(failed)} failed"
            outcome.failures[split.name, system.name] = reason
            return None
        system = left
    by_name = {item.name: item for item in systems}
    # An input is named by the key of its finished fit or, imported, by the name of its predictions.
    inputs = tuple(
        outcome.keys[split.name, name] if by_name[name].kind == "measured" else by_name[name].modalities[0]
        for name in system.inputs
    )
    sources = [features[name] for name in system.modalities] if system.learner else []
    for name in inputs:
        outside = outcome.predictions.get(name)
        sources += [name] if outside is None else [_digest_of_prediction(outside, split)]
    described = asdict(system) | {"stage": 0, "raw_name": "", "modalities": system.modalities if system.learner else ()}
    return Unit(system, split, digest(_code(), context[split.name], described, sources)[:32], inputs)


def _digest_of_prediction(prediction, split):
    return digest(*prediction.of(split.name).values())


def _is_done(store, unit, shipped):
    return store.has(unit.key) and (not shipped or store.path(unit.key, MODEL).is_file())


def _computed(units, corpus, outcome, jobs, progress, done, total):
    """Fit units in worker processes and yield each with its failure's reason or None, as they end."""
    pending = [unit.label for unit in units]
    if progress and pending:
        progress(done, total, pending[0])
    features = {name: modality.X for name, modality in corpus.modalities.items()}
    calls = (
        joblib.delayed(_work)(
            unit,
            outcome.tasks[unit.split.name],
            [features[name] for name in unit.system.modalities] if unit.system.learner else [],
            {name: outcome.predictions[name] for name in unit.inputs if name in outcome.predictions},
            outcome.store,
        )
        for unit in units
    )
    number = {unit.key: position for position, unit in enumerate(units)}
    workers = joblib.Parallel(
        n_jobs=max(1, min(jobs, len(units))), return_as="generator_unordered", pre_dispatch="n_jobs"
    )
    for key, reason in workers(calls):
        unit = units[number[key]]
        pending.remove(unit.label)
        done += 1
        if progress:
            progress(done, total, pending[0] if pending else unit.label)
        yield unit, reason


def _work(unit, task, features, predictions, store):
    """Do one fit and write it down; a failure becomes its reason, so that the rest of the run goes on."""
    fit_rows, test_rows = unit.split.fit, unit.split.test
    try:
        if unit.system.inputs:
            inputs = [
                imported(predictions[name], unit.split) if name in predictions else store.load(name)
                for name in unit.inputs
            ]
            fitted, models = fit_fusion(unit.system, task, inputs)
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
        frames=_frames(corpus, rows),
        test_frames=_frames(corpus, split.test),
    )


def _frames(corpus, rows):
    if corpus.recordings is None:
        return None
    return Frames(corpus.recordings[rows], None if corpus.times is None else corpus.times[rows])


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
        *(part for part in (corpus.recordings, corpus.times) if part is not None),
        {"matching": task.matching, "seed": study.seed, "device": task.device, "resubstitution": task.resubstitution},
    )


@cache
def _code():
    """Digest of the code and libraries that fits depend on, so that old work is not taken for new."""
    package = Path(avbaselines.__file__).parent
    sources = sorted([*(package / "estimators").glob("*.py"), *(package / "experiment").glob("fit*.py")])
    versions = {"lightgbm": lightgbm.__version__, "sklearn": sklearn.__version__, "numpy": np.__version__}
    return digest(versions, *[source.read_text(encoding="utf-8") for source in sources])
