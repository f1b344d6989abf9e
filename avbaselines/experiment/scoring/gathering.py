"""Leaderboard rows gathered from finished work: predictions read when they are asked for, and what the fits say."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from avbaselines.corpora.corpus import Split
from avbaselines.experiment.fitting.fitted_run import FittedRun
from avbaselines.experiment.fitting.postprocess import Finished
from avbaselines.experiment.fitting.store import digest
from avbaselines.experiment.planning.system import ExternalSystem, RowId, System
from avbaselines.experiment.protocol_run import ProtocolRun
from avbaselines.experiment.scoring.kept import UNKEPT, Kept, typed
from avbaselines.experiment.scoring.lazy_predictions import LazyPredictions, Predictions, SystemPredictions
from avbaselines.experiment.scoring.scoreboard import Scored
from avbaselines.results_table import Remark, RemarkKind, phrases

__all__ = ["TRANSDUCTIVE", "FitFacts", "gather", "matching_losses"]

MOST_NOTES = 3
"""Notes of a row: its labels, and of fits that say different things in different splits the first ones."""
WIDE = 0.05
"""Concordance that matching may cost out-of-fold before it is said."""
RESUBSTITUTION = Remark(RemarkKind.RESUBSTITUTION, "resubstitution: fitted, tuned and scored on the same clips")
TRANSDUCTIVE = Remark(
    RemarkKind.TRANSDUCTIVE, "transductive: normalised by each evaluated speaker's own unlabelled clips"
)


@dataclass(frozen=True)
class FitFacts:
    """What the fits of a system say beside their predictions, over all splits.

    Attributes
    ----------
    seconds : float
        Time of the fits.
    notes : list of str
        Their different notes.
    matching : list of Remark
        Of matching that costs much.

    Examples
    --------
    >>> FitFacts(2.5, ["delay 2 s"], []).seconds
    2.5
    """

    seconds: float
    notes: list[str]
    matching: list[Remark]

    @classmethod
    def of(cls, finished: Sequence[Finished]) -> "FitFacts":
        """Of a system's predictions, one a split."""
        notes = list(dict.fromkeys(item.raw.note for item in finished if item.raw.note))
        return cls(float(sum(item.raw.seconds for item in finished)), notes, list(matching_losses(finished)))


FACTS = typed("facts", FitFacts, (__name__,))


def gather(run: ProtocolRun, fitted_run: FittedRun, splits: Sequence[Split], kept: Kept = UNKEPT) -> list[Scored]:
    """Predictions of every leaderboard row, read from finished work when they are asked for, gaps filled by the mean.

    Parameters
    ----------
    run
    fitted_run
        Its fits.
    splits
        The evaluated ones and the shipped one.
    kept
        Where rows are to be known again.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> gather(SimpleNamespace(systems=[]), fitted_run=None, splits=[])
    []
    """
    return [row for system in run.systems for row in _rows_of(system, run, fitted_run, splits, kept)]


def _rows_of(
    system: System, run: ProtocolRun, fitted_run: FittedRun, splits: Sequence[Split], kept: Kept
) -> Iterator[Scored]:
    there = [split.id for split in splits if fitted_run.has(split.id, system)]
    content = None if kept is UNKEPT else [[split.outer, fitted_run.identity(split, system)] for split in there]
    predictions = SystemPredictions(fitted_run, system, there)
    facts = kept.value(FACTS, content, lambda: FitFacts.of(predictions.finished()))
    labels = tuple(_labels(system, run))
    of_fits = [remark for note in facts.notes[: MOST_NOTES - len(labels)] for remark in phrases(RemarkKind.FIT, note)]
    for row in system.rows:
        raw, seeds = system.is_twin(row), _seeds(system, row, run, splits)
        of_seeds = [values for seed in seeds for part in seed.values() for values in part.values()]
        yield Scored(
            row,
            system,
            LazyPredictions(predictions, raw, "test"),
            LazyPredictions(predictions, raw, "oof"),
            facts.seconds,
            (*labels, *of_fits, *(() if raw else facts.matching)),
            fitted_run.failed_splits(system),
            seeds,
            None if content is None else digest(content, raw, len(seeds), *of_seeds),
        )


def matching_losses(finished: Sequence[Finished]) -> Iterator[Remark]:
    """A remark for each target whose matched predictions are worse than the raw ones by `WIDE` out-of-fold.

    Parameters
    ----------
    finished
        A system's predictions, one a split.

    Examples
    --------
    >>> [remark.text for remark in matching_losses([Finished(losses={"arousal": 0.2})])]
    ['matching costs 0.20 of ccc out-of-fold (arousal)']
    """
    for target in dict.fromkeys(name for item in finished for name in item.losses):
        loss = np.mean([item.losses.get(target, 0.0) for item in finished])
        if loss > WIDE:
            yield Remark(RemarkKind.FIT, f"matching costs {loss:.2f} of ccc out-of-fold ({target})")


def _seeds(system: System, row: RowId, run: ProtocolRun, splits: Sequence[Split]) -> list[Predictions]:
    """Predictions of evaluated clips by each seed of an external system; matching is learnt on their mean alone."""
    if not isinstance(system, ExternalSystem) or row.matched:
        return []
    return [
        {split.name: {name: part[split.test] for name, part in seed.of(split.name).items()} for split in splits}
        for seed in run.corpus.predictions[system.source].seeds
    ]


def _labels(system: System, run: ProtocolRun) -> Iterator[Remark]:
    if run.resubstitution and system.kind == "measured":
        yield RESUBSTITUTION
    if system.transductive:
        yield TRANSDUCTIVE
