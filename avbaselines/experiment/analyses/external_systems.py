"""Worth of imported systems beside those fitted here: the best of these against each, and what they add to it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from avbaselines.corpora.corpus import ImportedPrediction, Split
from avbaselines.experiment.analyses.base import Analysis, AnalysisContext, AnalysisResult, ScoredRun
from avbaselines.experiment.planning.system import ExternalSystem, FusionSystem, System
from avbaselines.experiment.scoring.picking import may_be_picked
from avbaselines.experiment.scoring.scoreboard import Scored
from avbaselines.reports.paired_tests import p_text, signed
from avbaselines.study import Study

__all__ = ["ExternalSystems", "Rivals", "rivals"]


@dataclass(frozen=True)
class Rivals:
    """Rows that an external system is compared with, chosen by out-of-fold score.

    Attributes
    ----------
    name, protocol : str
        Of the external system's row.
    ours : str or None
        The best row that reads no external system.
    fused : str or None
        The best fusion that reads this one.
    reason : str
        Why there is no such fusion.

    Examples
    --------
    >>> Rivals("wav2vec", "honest", ours="svr-audio", fused="late-mean").pairs
    [('svr-audio', 'wav2vec'), ('late-mean', 'wav2vec')]
    """

    name: str
    protocol: str
    ours: str | None
    fused: str | None
    reason: str = ""

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """Rows to compare, as (a, b)."""
        return [(other, self.name) for other in (self.ours, self.fused) if other]


class ExternalSystems(Analysis):
    """A sentence on each external system: the best of ours against it, and its fusion with ours against it alone.

    Examples
    --------
    >>> ExternalSystems().every_protocol
    True
    """

    name: ClassVar[str] = "external-systems"
    every_protocol: ClassVar[bool] = True

    def wanted(self, study: Study) -> bool:
        """Where it imports predictions."""
        return bool(study.predictions)

    def pairs(self, scored: ScoredRun) -> list[tuple[str, str]]:
        """Each external system with its rivals."""
        return [pair for item in rivals(scored) for pair in item.pairs]

    def run(self, context: AnalysisContext) -> AnalysisResult:
        """Put the comparisons into sentences for the terminal."""
        every = [item for scored in context.scored for item in rivals(scored)]
        several = len({item.protocol for item in every}) > 1
        return AnalysisResult(terminal=[_sentence(item, context.comparisons, several) for item in every])


def rivals(scored: ScoredRun) -> list[Rivals]:
    """The rows to compare each external system with; no evaluated clip has a say in the choice."""
    corpus, splits = scored.run.corpus, scored.run.corpus.splits
    sources = [
        row.system.source for row in scored.rows if isinstance(row.system, ExternalSystem) and not row.id.matched
    ]
    if not sources:
        return []
    reads = _external_inputs(scored.run.systems)
    able = [row for row in scored.rows if may_be_picked(row) and row.system.name in reads]
    score = {
        row.name: float(np.mean([scored.scoreboard.oof_score(row, split) for split in splits])) for row in able
    }

    def best(rows: Iterable[Scored]) -> str | None:
        return max((row.name for row in rows), key=score.__getitem__, default=None)

    ours = best(row for row in able if not reads[row.system.name])
    fusions = [row for row in able if isinstance(row.system, FusionSystem)]
    chosen = []
    for name in sources:
        fused, reason = best(row for row in fusions if name in reads[row.system.name]), ""
        if not _predicts_training(corpus.predictions[name], splits):
            fused, reason = None, "its predictions of training clips are not known, so no fusion can weigh it"
        elif fused is None:
            reason = "no late fusion reads it (systems.fusion)"
        chosen.append(Rivals(name, scored.run.protocol, ours, fused, reason))
    return chosen


def _external_inputs(systems: Iterable[System]) -> dict[str, set[str]]:
    """Names of the external systems that each system reads, directly or through others."""
    reads: dict[str, set[str]] = {}
    for system in systems:
        own = {system.source} if isinstance(system, ExternalSystem) else set()
        reads[system.name] = own.union(*(reads[name] for name in system.inputs))
    return reads


def _predicts_training(prediction: ImportedPrediction, splits: Iterable[Split]) -> bool:
    return all(
        not np.isnan(values[split.fit]).all() for split in splits for values in prediction.of(split.name).values()
    )


def _sentence(item: Rivals, comparisons: pd.DataFrame, several_protocols: bool) -> str:
    parts = []
    if item.ours:
        parts.append(f"best of ours ({item.ours}) minus it {_difference(item, item.ours, comparisons)}")
    if item.fused:
        difference = _difference(item, item.fused, comparisons)
        parts.append(f"it fused with ours ({item.fused}) minus it alone {difference}")
    else:
        parts.append(item.reason)
    return f"{item.name}{f' ({item.protocol})' if several_protocols else ''}: {'; '.join(parts)}"


def _difference(item: Rivals, other: str, comparisons: pd.DataFrame) -> str:
    """``+.030 [+.010, +.050], p = .004``: positive = the other is better; p corrected for all comparisons."""
    own = comparisons[comparisons["protocol"] == item.protocol]
    row = own[(own["system_a"] == other) & (own["system_b"] == item.name)].iloc[0]
    spread = "" if np.isnan(row["ci_low"]) else f" [{signed(row['ci_low'])}, {signed(row['ci_high'])}]"
    # A plain minus, for terminals without any other.
    return f"{signed(row['difference'])}{spread}, {p_text(row['p_holm'])} (Holm)".replace("\N{MINUS SIGN}", "-")
