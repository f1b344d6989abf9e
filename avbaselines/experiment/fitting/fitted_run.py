"""Finished fits of a run: where each lies, which failed, and where a system's predictions in a split come from."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property

import numpy as np

from avbaselines.corpora.corpus import ImportedPrediction, Split, SplitId
from avbaselines.experiment.fitting.oof import Direct, Imported, Nested, Part, Source
from avbaselines.experiment.fitting.postprocess import Finished, finish
from avbaselines.experiment.fitting.split_task import SplitTask
from avbaselines.experiment.fitting.store import Fitted, Store, digest
from avbaselines.experiment.planning.system import ExternalSystem, FusionSystem, System


@dataclass
class FittedRun:
    """All that a run has on disk.

    Attributes
    ----------
    store : Store
    shipped : SplitId
        The split whose models are shipped.
    splits : dict of SplitId to Split
        The shipped one and inner folds included.
    tasks : dict of SplitId to SplitTask
    predictions : dict of str to ImportedPrediction
    contents : dict of str to str
        Their digests.
    depths : dict of str to int
        By system, how many fusions that learn lie on top of one another in it.
    keys : dict of (SplitId, str) to str
        Store key by split and system name.
    failures : dict of (SplitId, str) to str
        Reason by split and system name.
    computed : int
        Number of fits that were not there before.

    Examples
    --------
    >>> run = FittedRun(Store("work"), SplitId("final"), {}, {}, {}, {}, {"wav2vec-matched": 0})
    >>> run.has(run.shipped, ExternalSystem(name="wav2vec-matched", source="wav2vec"))
    True
    """

    store: Store
    shipped: SplitId
    splits: dict[SplitId, Split]
    tasks: dict[SplitId, SplitTask]
    predictions: dict[str, ImportedPrediction]
    contents: dict[str, str]
    depths: dict[str, int]
    keys: dict[tuple[SplitId, str], str] = field(default_factory=dict)
    failures: dict[tuple[SplitId, str], str] = field(default_factory=dict)
    computed: int = 0

    def has(self, split: SplitId, system: System) -> bool:
        """Whether a system has predictions in a split."""
        return isinstance(system, ExternalSystem) or (split, system.name) in self.keys

    def load(self, split: SplitId, system: System) -> Fitted:
        """The finished fit of a system in a split."""
        return self.store.load(self.keys[split, system.name])

    def failed_splits(self, system: System) -> dict[SplitId, str]:
        """Splits in which a system failed, with the reasons."""
        return {split: reason for (split, name), reason in self.failures.items() if name == system.name}

    def source(self, split: SplitId, system: System) -> Source:
        """Where a system's raw predictions in a split come from."""
        if isinstance(system, ExternalSystem):
            return Imported(self.predictions[system.source], self.splits[split], self.contents[system.source])
        if split.fold is not None and not self.depths[system.name]:
            held = self.tasks[split.whole].folds == split.fold
            return Part(Direct(self.keys[split.whole, system.name]), np.flatnonzero(~held), np.flatnonzero(held))
        direct = Direct(self.keys[split, system.name])
        folds = [other for other in self.splits if other.outer == split.outer and other.fold is not None]
        if split.fold is not None or self.depths[system.name] < 2 or not folds:
            return direct
        parts = tuple(
            (Direct(self.keys[fold, system.name]), np.flatnonzero(self.tasks[split].folds == fold.fold))
            for fold in folds
        )
        searched = isinstance(system, FusionSystem) and system.tuning is not None
        return Nested(direct, parts, rescaled=searched)

    def finished(self, split: SplitId, system: System) -> Finished:
        """Predictions of a system in a split as they are scored."""
        return finish(self.source(split, system).load(self.store), self.tasks[split], system.matched)

    def identity(self, split: SplitId, system: System) -> str:
        """Changes whenever the predictions of `finished` do: what the fits hold, and all that they are finished by.

        No prediction is read: of each file of the store the first line, with the checksum of the rest.
        """
        source, task = self.source(split, system), self.tasks[split]
        if split not in self._task_digests:
            labels = [task.y[target.name] for target in task.targets]
            options = [task.matching, task.strength, task.resubstitution, [asdict(target) for target in task.targets]]
            rows = self.splits[split].fit, self.splits[split].test
            self._task_digests[split] = digest(*rows, task.folds, *labels, options)
        held = [self._held(key) for key in source.keys()]
        return digest(source.identity(), held, self._task_digests[split], system.matched)

    def _held(self, key: str) -> str:
        """What a file of the store holds."""
        if key not in self._contents:
            self._contents[key] = self.store.seal_of(key)
        return self._contents[key]

    @cached_property
    def _contents(self) -> dict[str, str]:
        return {}

    @cached_property
    def _task_digests(self) -> dict[SplitId, str]:
        return {}


def stack_depths(systems: Sequence[System]) -> dict[str, int]:
    """How many fusions that learn lie on top of one another; a plain mean learns nothing from labels.

    Choosing the best inputs is learning too, by all folds at once: it counts as a layer of its own below the fusion, so
    that the stage's out-of-fold predictions come from choices made without the fold.

    Examples
    --------
    >>> from avbaselines.experiment.planning.system import BaseSystem
    >>> from avbaselines.systems import Stage
    >>> base = [BaseSystem(name=name, learner="ridge") for name in "ab"]
    >>> late = FusionSystem(name="late", fusion=Stage(method="ridge"), depth=1, parts=("a", "b"))
    >>> stack_depths([*base, late])
    {'a': 0, 'b': 0, 'late': 1}
    """
    depths: dict[str, int] = {}
    for system in systems:
        below = max((depths[name] for name in system.inputs), default=0)
        depths[system.name] = below
        if isinstance(system, FusionSystem):
            depths[system.name] = max(2, below + 1) if system.selects else below + system.learns
    return depths


def part_of_deep_stacks(systems: Sequence[System], depths: dict[str, int]) -> list[FusionSystem]:
    """Fusions that learn from what fusions learnt, and every learnt fusion below them.

    Their own cross-fit flatters them: their inputs for the other folds come from fits that knew the fold held out.

    Examples
    --------
    >>> from avbaselines.systems import Stage
    >>> late = FusionSystem(name="late", fusion=Stage(method="ridge"), depth=1, parts=("a", "b"))
    >>> top = FusionSystem(name="top", fusion=Stage(method="ridge"), depth=2, parts=("late", "a"))
    >>> [system.name for system in part_of_deep_stacks([late, top], {"a": 0, "b": 0, "late": 1, "top": 2})]
    ['late', 'top']
    """
    fusions = {system.name: system for system in systems if isinstance(system, FusionSystem)}
    deep: set[str] = set()
    pending = [name for name in fusions if depths[name] > 1]
    while pending:
        name = pending.pop()
        if depths[name] and name not in deep:
            deep.add(name)
            pending += [part for part in fusions[name].parts if part in fusions]
    return [system for system in fusions.values() if system.name in deep]
