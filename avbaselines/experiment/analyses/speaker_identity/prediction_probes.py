"""Probes that tell the unseen speakers of a study from its systems' predictions for them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from avbaselines.errors import InputError
from avbaselines.experiment.analyses.speaker_identity.erasures import code_digest, thinned
from avbaselines.experiment.analyses.speaker_identity.people import IdentityRun
from avbaselines.experiment.analyses.speaker_identity.probes import ProbeKind, SpeakerShares, probe_speakers
from avbaselines.experiment.analyses.speaker_identity.representations import (
    from_plain,
    has_json,
    load_json,
    plain,
    save_json,
)
from avbaselines.experiment.fitting.run_options import RunOptions
from avbaselines.experiment.fitting.store import Store, digest
from avbaselines.experiment.protocol_run import People
from avbaselines.experiment.scoring.scoreboard import Scored
from avbaselines.workers import Died, in_workers

__all__ = ["ProbedPredictions", "probe_predictions"]


@dataclass
class ProbedPredictions:
    """Probes of one system's predictions.

    Attributes
    ----------
    parts : dict of str to list of SpeakerShares
        By kind of probe, one a split, or one of all splits together.
    reason : str
        Why there are none.

    Examples
    --------
    >>> ProbedPredictions(reason="speakers: 1 of 1 has clips of more than one content").parts
    {}
    """

    parts: dict[ProbeKind, list[SpeakerShares]] = field(default_factory=dict)
    reason: str = ""

    def save(self, store: Store, key: str) -> None:
        """Write them, which marks their work as done."""
        parts = {kind: [plain(shares) for shares in shares_of] for kind, shares_of in self.parts.items()}
        save_json(store, key, {"parts": parts, "reason": self.reason})

    @classmethod
    def load(cls, store: Store, key: str) -> "ProbedPredictions":
        """Read what `save` wrote."""
        content = load_json(store, key)
        parts = {kind: [from_plain(shares) for shares in shares_of] for kind, shares_of in content["parts"].items()}
        return cls(parts, content["reason"])


@dataclass(frozen=True)
class _Job:
    """Predictions of one system to be probed: clips and their values, (n, width), in each part."""

    key: str
    clips: list[np.ndarray]
    values: list[np.ndarray]
    people: People
    kinds: list[ProbeKind]
    seed: int


def probe_predictions(
    identity: IdentityRun, rows: Sequence[Scored], options: RunOptions
) -> tuple[dict[str, ProbedPredictions], int]:
    """Probe the predictions of every row that finished, reusing whatever the run folder holds.

    Parameters
    ----------
    identity : IdentityRun
    rows : sequence of Scored
    options : RunOptions

    Returns
    -------
    probed : dict of str to ProbedPredictions
        By row name.
    computed : int
        Pieces of work that were not there before.
    """
    store, splits = identity.scored.fitted.store, identity.scored.run.corpus.splits
    jobs = {
        row.name: _job(identity, row)
        for row in rows
        if not row.failed and all(split.name in row.test for split in splits)
    }
    pending = {name: job for name, job in jobs.items() if options.force or not has_json(store, job.key)}
    names = list(pending)
    calls, died = [(job, store) for job in pending.values()], {}
    for number, answer in in_workers(_probe_and_store, calls, options.jobs, store.shared):
        if isinstance(answer, Died):
            died[names[number]] = ProbedPredictions(reason=answer.reason)
    stored = {name: ProbedPredictions.load(store, job.key) for name, job in jobs.items() if name not in died}
    return {name: died[name] if name in died else stored[name] for name in jobs}, len(pending)


def _job(identity: IdentityRun, row: Scored) -> _Job:
    run, people, kinds = identity.scored.run, identity.people, list(identity.options.probes)
    clips = [split.test for split in run.corpus.splits]
    values = [
        np.hstack([row.test[split.name][target.name] for target in run.corpus.targets]) for split in run.corpus.splits
    ]
    if any(len(np.unique(people.speakers[rows])) < 2 for rows in clips):
        # Somebody alone cannot be told from anybody: the splits are probed together.
        clips, values = [np.concatenate(clips)], [np.vstack(values)]
    content: Any = people.content if people.content is not None else []
    key = digest("predictions", code_digest(), people.speakers, content, kinds, run.study.seed, *clips, *values)[:32]
    return _Job(key, clips, values, people, kinds, run.study.seed)


def _probe_and_store(job: _Job, store: Store) -> None:
    try:
        with threadpool_limits(1):
            probed = ProbedPredictions({kind: _probe(job, kind) for kind in job.kinds})
    except InputError as error:
        probed = ProbedPredictions(reason=str(error))
    probed.save(store, job.key)


def _probe(job: _Job, kind: ProbeKind) -> list[SpeakerShares]:
    parts = []
    for clips, values in zip(job.clips, job.values, strict=True):
        rows = thinned(np.arange(len(clips)))
        content = None if job.people.content is None else job.people.content[clips][rows]
        parts.append(probe_speakers(values[rows], job.people.speakers[clips][rows], content, kind, job.seed))
    return parts
