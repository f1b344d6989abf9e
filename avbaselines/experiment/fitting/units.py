"""Units of work: one fit of one system in one split, made known by what it depends on, and done."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from avbaselines.corpora.corpus import Split, SplitId
from avbaselines.estimators.tuned.interface import TargetModel
from avbaselines.experiment.fitting.base import fit_base
from avbaselines.experiment.fitting.fitted_run import FittedRun
from avbaselines.experiment.fitting.fusion import fit_fusion
from avbaselines.experiment.fitting.oof import Source
from avbaselines.experiment.fitting.optuna_search import JOURNAL, Search
from avbaselines.experiment.fitting.split_setup import code_digest
from avbaselines.experiment.fitting.split_task import SplitTask
from avbaselines.experiment.fitting.store import MODEL, Store, digest, replacing
from avbaselines.experiment.fitting.tuned import fit_tuned
from avbaselines.experiment.fitting.tuned_fusion import fit_searched_fusion
from avbaselines.experiment.planning.shipped_types import untrusted
from avbaselines.experiment.planning.system import BaseSystem, FusionSystem, System


@dataclass(frozen=True)
class Unit:
    """One fit to do.

    Attributes
    ----------
    system : BaseSystem or FusionSystem
    split : Split
    key : str
        Under which its result is stored: a digest of everything it depends on.
    sources : tuple of Source
        Of a fusion's inputs.
    reads : tuple of tuple of str
        Of a fusion, the modalities that each input reads by itself.
    keep_model : bool
        Whether the fitted estimators are stored, to be shipped.
    search : Search or None
        Of a tuned system, where its trials are kept.
    search_name : str
        Of a tuned system: a digest of what its trials depend on.
    resumed : bool
        Whether a result that is there already will do.

    Examples
    --------
    >>> split = Split("x", np.arange(2), np.arange(0), np.arange(0))
    >>> unit = Unit(BaseSystem(name="ridge-audio", learner="ridge", modalities=("audio",)), split, "a1")

    >>> unit.label, unit.modalities
    ('ridge-audio · x', ('audio',))
    """

    system: BaseSystem | FusionSystem
    split: Split
    key: str
    sources: tuple[Source, ...] = ()
    reads: tuple[tuple[str, ...], ...] = ()
    keep_model: bool = False
    search: Search | None = None
    search_name: str = ""
    resumed: bool = True

    @property
    def label(self) -> str:
        """Shown to a person while it runs."""
        return f"{self.system.name} · {self.split.id}"

    @property
    def modalities(self) -> tuple[str, ...]:
        """Modalities whose features it needs."""
        return self.system.modalities if isinstance(self.system, BaseSystem) else ()

    def is_done(self, store: Store) -> bool:
        """Whether its result, and the model where that is kept, are stored and whole."""
        return store.has(self.key) and (not self.keep_model or store.has_model(self.key))


def unit_of(
    system: BaseSystem | FusionSystem,
    split: Split,
    fitted: FittedRun,
    context: dict[SplitId, str],
    features: dict[str, str],
    systems: Sequence[System],
) -> Unit | None:
    """The fit of a system in a split, or None where it cannot be done; the reason is noted in `fitted`.

    Parameters
    ----------
    system
    split
    fitted
    context
        Digest of what all fits of a split depend on.
    features
        Digest of each modality's table.
    systems
        All of the study.

    Examples
    --------
    >>> from avbaselines.systems import Stage
    >>> base = [BaseSystem(name=name, learner="ridge") for name in "ab"]
    >>> split = Split("x", np.arange(2), np.arange(0), np.arange(0))
    >>> late = FusionSystem(name="late", fusion=Stage(method="mean"), depth=1, parts=("a", "b"))
    >>> fitted = FittedRun(Store("work"), split.id, {}, {}, {}, {}, {}, failures={(split.id, "a"): "no clip has it"})
    >>> unit_of(late, split, fitted, {}, {}, [*base, late]), fitted.failures[split.id, "late"]
    (None, 'fewer than two inputs left: a failed')
    """
    tuning, by_name = system.tuning, {item.name: item for item in systems}
    if isinstance(system, FusionSystem):
        places = {split.id, split.id.whole}
        failed = tuple(name for name in system.parts if any((place, name) in fitted.failures for place in places))
        left = system.without(failed) if failed else system
        if left is None:
            fitted.failures[split.id, system.name] = f"fewer than two inputs left: {', '.join(failed)} failed"
            return None
        system = left
    sources = tuple(fitted.source(split.id, by_name[name]) for name in system.inputs)
    read = [features[name] for name in system.modalities] if isinstance(system, BaseSystem) else []
    read += [source.identity() for source in sources]
    task, shape = fitted.tasks[split.id], system.shape()
    inputs = [by_name[name] for name in system.inputs]
    reads = tuple(() if isinstance(item, FusionSystem) else item.modalities for item in inputs)
    if isinstance(system, FusionSystem):
        # What goes missing together, of what it reads: another modality or outside system in the study is no matter.
        own = {name for names in reads for name in names}
        together = [[n, *names] for n, names in enumerate(task.sources.values()) if own & set(names)]
        read.append(digest(together))
    if tuning is not None:
        read += [str(task.strength), str(task.combined)]  # a search goes by what is scored
    key = digest(code_digest(), context[split.id], shape, read)[:32]
    search_name = ""
    if tuning is not None:
        # More trials are the same search going on, however many of them are averaged.
        searched = shape | {"tuning": {**shape["tuning"], "trials": "any", "average": "any"}}
        search_name = digest(code_digest(), context[split.id], searched, read)[:32]
    return Unit(system, split, key, sources, reads, search_name=search_name)


def to_be_done(unit: Unit, folder: Path, storage: str | None, force: bool) -> Unit:
    """The unit with the place of its search, in a run's folder or in the storage named.

    Examples
    --------
    >>> split = Split("x", np.arange(2), np.arange(0), np.arange(0))
    >>> unit = Unit(BaseSystem(name="ridge-audio", learner="ridge", modalities=("audio",)), split, "a1")

    >>> to_be_done(unit, Path("run"), None, force=True).resumed
    False
    """
    search = None
    if unit.system.tuning is not None:
        place = storage or str(folder / "tuning" / f"{unit.search_name}{JOURNAL}")
        search = Search(f"{unit.system.name} {unit.split.id} {unit.search_name[:12]}", place, force)
    return replace(unit, search=search, resumed=not force)


def work(unit: Unit, task: SplitTask, features: Sequence[np.ndarray], store: Store) -> tuple[str, str | None]:
    """Do one fit and store it; a failure becomes its reason, so that the rest of the run goes on.

    A fit that a process finished before it died is not done again.

    Parameters
    ----------
    unit
    task
    features : sequence of ndarray, shape (n_clips, n_features)
        Of the modalities it reads.
    store

    Returns
    -------
    key : str
        The unit's.
    reason : str or None
        None where it went well.

    Examples
    --------
    >>> split = Split("x", np.arange(2), np.arange(0), np.arange(0))
    >>> unit = Unit(BaseSystem(name="ridge-audio", learner="ridge", modalities=("audio",)), split, "a1")

    >>> import tempfile
    >>> from avbaselines.corpora.corpus import Target
    >>> y, nobody = {"arousal": np.arange(2.0)}, split.test
    >>> task = SplitTask([Target("arousal", "ccc")], y, split.fit, nobody, split.fit, matching=True, seed=0)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     work(unit, task, [np.full((2, 1), np.nan)], Store(folder))
    ('a1', 'InputError: 0 of 2 training clips have audio and a label of arousal')
    """
    system, search = unit.system, unit.search
    if unit.resumed and unit.is_done(store):
        return unit.key, None
    try:
        if isinstance(system, FusionSystem):
            inputs = [source.load(store) for source in unit.sources]
            if search is not None:
                fitted, models = fit_searched_fusion(system, task, inputs, unit.reads, search)
            else:
                fitted, models = fit_fusion(system, task, inputs, unit.reads)
        else:
            blocks, test_blocks = [X[unit.split.fit] for X in features], [X[unit.split.test] for X in features]
            if search is not None:
                fitted, models = fit_tuned(system, task, blocks, test_blocks, search)
            else:
                fitted, models = fit_base(system, task, blocks, test_blocks)
        if unit.keep_model:
            fitted.note = "; ".join(filter(None, [fitted.note, _kept(models, store.path(unit.key, MODEL))]))
    except Exception as error:  # whatever a learner raises is this row's reason, and only this row's
        return unit.key, f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"
    store.save(unit.key, fitted, with_model=unit.keep_model)
    return unit.key, None


def _kept(models: dict[str, TargetModel], path: Path) -> str:
    """Write the estimators of a system; what stands against reading them again, which only those from outside have."""
    import skops.io  # it lists every estimator of scikit-learn, which takes a second

    with replacing(path) as temporary:
        try:
            skops.io.dump(models, temporary)
            strange = untrusted(skops.io.get_untrusted_types(file=temporary))
        except Exception as error:  # skops raises many kinds for what it cannot write
            temporary.write_bytes(b"")
            return f"its model cannot be written: {type(error).__name__}: {' '.join(str(error).split())[:200]}"
    return f"its model cannot be loaded: it holds {strange[0]}, which skops does not trust" if strange else ""
