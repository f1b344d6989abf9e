"""Worth of imported systems beside those fitted here: the best of these against each, and what they add to it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import ClassVar

import numpy as np
import pandas as pd

from avbaselines.corpora.predictions import knows_training
from avbaselines.evaluation.verdicts import Verdict
from avbaselines.experiment.analyses.base import Analysis, AnalysisContext, AnalysisResult, LazyTable, ScoredRun
from avbaselines.experiment.planning.system import ExternalSystem, FusionSystem, System
from avbaselines.experiment.scoring.flips import compared, flips
from avbaselines.experiment.scoring.kept import typed
from avbaselines.experiment.scoring.picking import may_be_picked
from avbaselines.experiment.scoring.scoreboard import Scored
from avbaselines.reports.drawing import Drawing
from avbaselines.reports.flips import draw_flips
from avbaselines.reports.paired_tests import TRANSDUCTIVE, p_text, signed
from avbaselines.study import Study

__all__ = ["ExternalSystems", "Rivals", "rivals"]

MOST_SENTENCES = 3
"""External systems up to which each has a sentence of its own."""
MOST_DRAWN = 4
"""External systems whose flips are drawn."""

FIGURES = typed("drawn", list[Drawing], (__name__,))


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
    """A sentence on each external system, the best of ours against it and its fusion with ours against it alone; flips.

    Examples
    --------
    >>> ExternalSystems().every_protocol
    True
    """

    name: ClassVar[str] = "external-systems"
    files: ClassVar[tuple[str, ...]] = ("flips.csv",)
    every_protocol: ClassVar[bool] = True

    def wanted(self, study: Study) -> bool:
        """Where it imports predictions."""
        return bool(study.predictions)

    def pairs(self, scored: ScoredRun) -> list[tuple[str, str]]:
        """Each external system with its rivals."""
        return [pair for item in rivals(scored) for pair in item.pairs]

    def run(self, context: AnalysisContext) -> AnalysisResult:
        """Comparisons as lines for the terminal, and the clips that each side wins into a table and figures."""
        every = [item for scored in context.scored for item in rivals(scored)]
        several = len({item.protocol for item in every}) > 1
        kept, contents = context.scored[0].scoreboard.kept, [one.content for one in context.scored]
        content = None if None in contents else contents

        @cache
        def table() -> pd.DataFrame:
            tables = [flips(one.scoreboard, one.rows, one.picked, one.run.protocol) for one in context.scored]
            return pd.concat(tables, ignore_index=True)

        return AnalysisResult(
            files={"flips.csv": LazyTable(content, table, flips.__module__)},
            drawings=kept.value(FIGURES, content, lambda: list(_drawings(context.scored[0], table()))),
            terminal=[*_lines(every, context.comparisons, several), *_left_out(context.scored[0])],
        )


def _left_out(scored: ScoredRun) -> Iterator[str]:
    """A line on external systems that flips.csv does not list, for it would be too long."""
    listed, others = compared(scored.scoreboard, scored.rows)
    if others:
        every = len(listed) + len(others)
        yield f"flips.csv lists the clips of the first {len(listed)} of {every} external systems"


def _drawings(scored: ScoredRun, table: pd.DataFrame) -> Iterator[Drawing]:
    """Flips of the first protocol's systems in the study's first target."""
    own = table[table["protocol"] == scored.run.protocol]
    for name in list(dict.fromkeys(own["system"]))[:MOST_DRAWN]:
        yield draw_flips(own, name, scored.run.corpus.targets[0].name, _named(scored, scored.picked or ""))


def _named(scored: ScoredRun, name: str) -> str:
    """A row's name with what must stand beside it."""
    reading = any(row.name == name and row.system.transductive for row in scored.rows)
    return f"{name}{TRANSDUCTIVE * reading}"


def _lines(every: Sequence[Rivals], comparisons: pd.DataFrame, several: bool) -> Iterator[str]:
    """A sentence on each external system; of many, the systems by verdict, and once what they have in common."""
    if len(every) <= MOST_SENTENCES:
        yield from (_sentence(item, comparisons, several) for item in every)
        return
    for protocol in dict.fromkeys(item.protocol for item in every):
        here = [item for item in every if item.protocol == protocol]
        where = f"{len(here)} external systems{f' ({protocol})' if several else ''}"
        yield from _counted(f"{where}, best of ours against each", here, [item.ours for item in here], comparisons)
        fused = [item for item in here if item.fused]
        yield from _counted(
            f"{where}, each fused with ours against it alone", fused, [item.fused for item in fused], comparisons
        )
        for reason in dict.fromkeys(item.reason for item in here if not item.fused):
            names = [item.name for item in here if item.reason == reason and not item.fused]
            yield f"{'all' if len(names) == len(here) else ', '.join(names)}: {reason}"


def _counted(
    about: str, items: Sequence[Rivals], others: Sequence[str | None], comparisons: pd.DataFrame
) -> Iterator[str]:
    """One line: the names of the external systems by the verdict on the other one."""
    told: dict[str, list[str]] = {}
    for item, other in zip(items, others, strict=True):
        if other is not None:
            told.setdefault(_row(item, other, comparisons)["verdict"], []).append(item.name)
    names = [f"{verdict.value} ({', '.join(told[verdict])})" for verdict in Verdict if verdict in told]
    if names:
        yield f"{about}: {'; '.join(names)}; differences are in comparisons.csv"


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
        if not knows_training(corpus.predictions[name], splits):
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


def _sentence(item: Rivals, comparisons: pd.DataFrame, several_protocols: bool) -> str:
    parts = []
    if item.ours:
        name = _marked(item, item.ours, comparisons)
        parts.append(f"best of ours ({name}) minus it {_difference(item, item.ours, comparisons)}")
    if item.fused:
        difference = _difference(item, item.fused, comparisons)
        parts.append(f"it fused with ours ({_marked(item, item.fused, comparisons)}) minus it alone {difference}")
    else:
        parts.append(item.reason)
    return f"{item.name}{f' ({item.protocol})' if several_protocols else ''}: {'; '.join(parts)}"


def _row(item: Rivals, other: str, comparisons: pd.DataFrame) -> pd.Series:
    own = comparisons[comparisons["protocol"] == item.protocol]
    return own[(own["system_a"] == other) & (own["system_b"] == item.name)].iloc[0]


def _marked(item: Rivals, name: str, comparisons: pd.DataFrame) -> str:
    reading = _row(item, name, comparisons).get("transductive", "") in ("a", "both")
    return f"{name}, transductive" if reading else name


def _difference(item: Rivals, other: str, comparisons: pd.DataFrame) -> str:
    """``+.030 [+.010, +.050], p = .004 (Holm): better``: positive = the other is better."""
    row = _row(item, other, comparisons)
    spread = "" if np.isnan(row["ci_low"]) else f" [{signed(row['ci_low'])}, {signed(row['ci_high'])}]"
    text = f"{signed(row['difference'])}{spread}, {p_text(row['p_holm'])} (Holm): {row['verdict']}"
    return text.replace("\N{MINUS SIGN}", "-")  # a plain minus, for terminals without any other
