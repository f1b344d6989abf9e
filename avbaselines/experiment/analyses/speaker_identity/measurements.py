"""All representations of a study measured in all splits, in parallel, reusing finished work."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from avbaselines.corpora.corpus import Split
from avbaselines.errors import InputError
from avbaselines.experiment.analyses.speaker_identity.erasures import Job, code_digest, measure_representation
from avbaselines.experiment.analyses.speaker_identity.people import IdentityRun
from avbaselines.experiment.analyses.speaker_identity.representations import Measured, Representation
from avbaselines.experiment.fitting.run_options import RunOptions
from avbaselines.experiment.fitting.store import digest
from avbaselines.experiment.planning.system import BaseSystem
from avbaselines.workers import Died, in_workers

__all__ = ["Measurements", "measure"]


@dataclass
class Measurements:
    """Everything measured of a study's representations.

    Attributes
    ----------
    by_split : dict of Representation to dict of str to Measured
        For each representation, by name of the split.
    computed : int
        Pieces of work that were not there before.

    Examples
    --------
    >>> Measurements({Representation(("audio",)): {"0": Measured("c0ffee")}}).computed
    0
    """

    by_split: dict[Representation, dict[str, Measured]] = field(default_factory=dict)
    computed: int = 0

    def add(self, representation: Representation, split: Split, measured: Measured) -> None:
        """Note one piece of work."""
        self.by_split.setdefault(representation, {})[split.name] = measured


def measure(identity: IdentityRun, options: RunOptions) -> Measurements:
    """Measure every representation of a study in every split, reusing whatever the run folder holds.

    Parameters
    ----------
    identity : IdentityRun
        Of a study that has the section ``[identity]``.
    options : RunOptions

    Raises
    ------
    InputError
        A speaker is on both sides of a split, or a split evaluates a single one.
    """
    run, store = identity.scored.run, identity.scored.fitted.store
    _check_splits(run.corpus.splits, identity.people.speakers)
    sets = list(dict.fromkeys(system.modalities for system in run.systems if isinstance(system, BaseSystem)))
    raw = [Representation(modalities) for modalities in sets]
    erased = [Representation(modalities, erasure) for modalities in sets for erasure in identity.options.erasures]
    total = len(run.corpus.splits) * (len(raw) + len(erased))
    measurements = Measurements()
    # An erasure keeps the learner that was tuned without one, so features as they are come first.
    for representations in (raw, erased):
        jobs = _pending(identity, representations, measurements, options.force)
        done = sum(len(parts) for parts in measurements.by_split.values())
        calls = [(job, store) for job in jobs]
        for number, answer in in_workers(measure_representation, calls, options.jobs, store.shared):
            job = jobs[number]
            measured = Measured(job.key, failed=answer.reason) if isinstance(answer, Died) else answer
            measurements.add(job.representation, job.split, measured)
            measurements.computed += 1
            done += 1
            name = f"{'+'.join(job.representation.modalities)} {job.representation.erasure} · {job.split.name}"
            options.report(done, total, f"identity · {name}")
    return measurements


def _check_splits(splits: Sequence[Split], speakers: np.ndarray) -> None:
    for split in splits:
        both = np.intersect1d(speakers[split.fit], speakers[split.test])
        if len(both):
            raise InputError(f"identity: speaker '{both[0]}' is on both sides of split {split.name}; group by speaker")
        if len(np.unique(speakers[split.test])) < 2:
            raise InputError(
                f"identity: split {split.name} evaluates a single speaker, who cannot be told from anybody; take folds "
                "of several speakers, such as split.group_kfold"
            )


def _pending(
    identity: IdentityRun, representations: Sequence[Representation], measurements: Measurements, force: bool
) -> list[Job]:
    """The work that is not there yet; what is there, or cannot be done, is noted in `measurements`."""
    corpus, fitted, jobs = identity.scored.run.corpus, identity.scored.fitted, []
    for split in corpus.splits:
        for representation in representations:
            raw = None if representation.is_raw else measurements.by_split[representation.raw][split.name]
            if raw is not None and raw.failed:
                measurements.add(representation, split, raw)
                continue
            features = [corpus.modalities[name].X for name in representation.modalities]
            key = _key(identity, representation, split, features)
            if not force and Measured.is_done(fitted.store, key):
                measurements.add(representation, split, Measured.load(fitted.store, key))
                continue
            task, chosen = fitted.tasks[split.id], [] if raw is None else raw.chosen
            jobs.append(Job(key, representation, features, split, task, identity.people, identity.options, chosen))
    return jobs


def _key(identity: IdentityRun, representation: Representation, split: Split, features: Sequence[np.ndarray]) -> str:
    """Digest of all that a measurement depends on."""
    options, people, task = identity.options, identity.people, identity.scored.fitted.tasks[split.id]
    described: dict[str, Any] = {"erasure": representation.erasure, "seed": identity.scored.run.study.seed}
    described |= {"learner": options.learner, "probes": options.probes}
    if not representation.is_raw:
        described |= {"strengths": options.strengths, "max_loss": options.max_loss}
    targets = [[target.name, target.metric, target.classes] for target in task.targets]
    y = [task.y[target.name] for target in task.targets]
    content = people.content if people.content is not None else np.array([""])
    return digest(
        *(code_digest(), described, [digest(X) for X in features], targets, split.fit, split.test),
        *(people.speakers, content, task.folds, *y),
    )[:32]
