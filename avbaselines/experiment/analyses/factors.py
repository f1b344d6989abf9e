"""One table of objective, task mode and modality over the finished base systems of a run, with paired tests."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from avbaselines.evaluation.comparison import compare_means, holm
from avbaselines.evaluation.intervals import mean_value
from avbaselines.evaluation.metrics import CONCORDANCES, Metric
from avbaselines.experiment.analyses.base import Analysis, AnalysisContext, AnalysisResult, ScoredRun
from avbaselines.experiment.planning.learners import family
from avbaselines.experiment.planning.system import BaseSystem, RowId
from avbaselines.experiment.scoring.kept import frame
from avbaselines.reports.factors import render_factors, render_factors_latex, render_factors_markdown
from avbaselines.study import Study

__all__ = ["COLUMNS", "Cell", "Factors", "factor_table"]

COLUMNS = [
    *("protocol", "kind", "question", "learner", "objective", "matching", "task", "modalities", "system", "against"),
    *("value", "ci_low", "ci_high", "p_value", "p_holm", "n_pairs", "n_clips", "n_groups"),
]
ALL = "all"
TABLE = frame("factors", (__name__,))

# The levels that each question sets beside others; all other factors are the same on both sides. Squared error with
# matched predictions is the classical counterpart of a concordance loss, so every other objective must beat it.
MATCHED_SQUARED = {"objective": "squared", "matching": "matched"}
OBJECTIVES = {
    "ccc": ({"objective": "ccc", "matching": "matched"}, MATCHED_SQUARED),
    "ccc-raw": ({"objective": "ccc", "matching": "raw"}, MATCHED_SQUARED),
    "pcc": ({"objective": "pcc", "matching": "matched"}, MATCHED_SQUARED),
    "matching": (MATCHED_SQUARED, {"objective": "squared", "matching": "raw"}),
}
TASKS = {"chain": ({"task": "chain"}, {"task": "single"}), "joint": ({"task": "joint"}, {"task": "single"})}


Levels = Mapping[str, str]
Parts = list[tuple[Metric, np.ndarray]]
"""Metric and its sums per group, of each target."""


@dataclass(frozen=True)
class Cell:
    """A row of the leaderboard by its factors.

    Examples
    --------
    >>> cell = Cell("xgboost", "ccc", "matched", "joint", "audio")
    >>> cell.but(task="single").has({"task": "single"})
    True
    """

    learner: str
    objective: str
    matching: str
    task: str
    modalities: str

    @classmethod
    def of(cls, system: BaseSystem, row: RowId) -> "Cell":
        """The factors of one of a system's rows."""
        learner, objective = family(system.learner)
        return cls(learner, objective, "matched" if row.matched else "raw", system.task, "+".join(system.modalities))

    def but(self, **levels: str) -> "Cell":
        """The cell with other levels of some factors."""
        return Cell(**vars(self) | levels)

    def has(self, levels: Levels) -> bool:
        """Whether these are its levels."""
        return all(getattr(self, name) == level for name, level in levels.items())


class Factors(Analysis):
    """Scores of every combination of objective, task mode and modality, and paired tests between them.

    Examples
    --------
    >>> Factors().files
    ('factors.csv', 'factors.md', 'factors.tex')
    """

    name: ClassVar[str] = "factors"
    files: ClassVar[tuple[str, ...]] = ("factors.csv", "factors.md", "factors.tex")
    every_protocol: ClassVar[bool] = True

    def wanted(self, study: Study) -> bool:
        """Where it says ``factors = true``."""
        return study.factors

    def run(self, context: AnalysisContext) -> AnalysisResult:
        """Set out the rows of all protocols; nothing where no target is judged by a concordance."""
        every = [
            scored.scoreboard.kept.value(TABLE, scored.content, partial(factor_table, scored))
            for scored in context.scored
        ]
        tables = [table for table in every if len(table)]
        if not tables:
            return AnalysisResult()
        table, title = pd.concat(tables, ignore_index=True), context.heading.title
        texts = (table, render_factors_markdown(table, title), render_factors_latex(table, title))
        return AnalysisResult(dict(zip(self.files, texts, strict=True)), terminal=[render_factors(table)])


def factor_table(scored: ScoredRun) -> pd.DataFrame:
    """Scores of the combinations of factors under one protocol, and paired tests between them.

    Returns
    -------
    pandas.DataFrame
        With `COLUMNS`. ``kind`` = score: a row a base system and its unmatched twin, ``value`` being the mean
        concordance over the targets that are judged by one. ``kind`` = difference: the paired difference that a
        ``question`` asks about (a key of `OBJECTIVES` or `TASKS`; positive = what it names is better), for each
        combination of the other factors, and on average over all of them (``all``, ``n_pairs`` of them). ``p_holm``
        corrects the averages for their number, and the single ones for theirs. Intervals and tests are over groups.
    """
    board = scored.scoreboard
    targets = [target for target in board.corpus.targets if target.metric in CONCORDANCES]
    names: dict[Cell, str] = {}
    parts: dict[Cell, Parts] = {}
    for row in scored.rows:
        if isinstance(row.system, BaseSystem) and not (row.system.transductive or row.system.tuning or row.failed):
            cell = Cell.of(row.system, row.id)
            names[cell] = row.name
            parts[cell] = [part for target in targets for part in board.parts(row, target, target.metric)]
    if not targets or not names:
        return pd.DataFrame(columns=COLUMNS)
    n_clips, n_groups = board.extent([target.name for target in targets], board.splits)
    base = {"protocol": scored.run.protocol, "n_clips": n_clips, "n_groups": n_groups}
    ends = {cell: board.interval(parts[cell], targets) for cell in names}
    scores = [base | _score(cell, name, parts[cell], ends[cell]) for cell, name in names.items()]
    averages, singles = [], []
    for question, (ours, theirs) in {**OBJECTIVES, **TASKS}.items():
        pairs = list(_pairs(question, ours, theirs, names))
        if pairs:
            asked = base | {"kind": "difference", "question": question}
            averages.append(asked | _average(pairs, ours, parts))
            singles += [asked | _single(pair, names, parts) for pair in pairs]
    for family_of_tests in (averages, singles):
        _correct(family_of_tests)
    return pd.DataFrame([*scores, *averages, *singles], columns=COLUMNS)


def _pairs(question: str, ours: Levels, theirs: Levels, cells: Mapping[Cell, str]) -> Iterator[tuple[Cell, Cell]]:
    """Cells that differ in what a question asks about, and in nothing else.

    Task modes are compared between matched predictions, and between raw ones where there are no others.
    """
    for cell in cells:
        other = cell.but(**theirs)
        raw_beside_matched = cell.matching != "matched" and cell.but(matching="matched") in cells
        if cell.has(ours) and other in cells and (question in OBJECTIVES or not raw_beside_matched):
            yield cell, other


def _score(cell: Cell, name: str, parts: Parts, ends: tuple[float, float]) -> dict[str, Any]:
    score = {"kind": "score", "system": name, "value": mean_value(parts), "ci_low": ends[0], "ci_high": ends[1]}
    return vars(cell) | score


def _average(pairs: Sequence[tuple[Cell, Cell]], ours: Levels, parts: Mapping[Cell, Parts]) -> dict[str, Any]:
    """The mean difference over pairs, under the levels that all of them share."""
    shared = {}
    for factor in vars(pairs[0][0]):
        levels = {getattr(cell, factor) for cell, _ in pairs}
        shared[factor] = ours.get(factor) or (levels.pop() if len(levels) == 1 else ALL)
    return shared | _difference(pairs, parts) | {"n_pairs": len(pairs)}


def _single(pair: tuple[Cell, Cell], names: Mapping[Cell, str], parts: Mapping[Cell, Parts]) -> dict[str, Any]:
    cell, other = pair
    systems = {"system": names[cell], "against": names[other], "n_pairs": 1}
    return vars(cell) | systems | _difference([pair], parts)


def _difference(pairs: Sequence[tuple[Cell, Cell]], parts: Mapping[Cell, Parts]) -> dict[str, float]:
    """The mean over pairs of their mean differences; a group is left out of, or swapped in, all pairs at once."""
    together = [
        (metric, np.asarray(left), np.asarray(right))
        for ours, theirs in pairs
        for (metric, left), (_, right) in zip(parts[ours], parts[theirs], strict=True)
    ]
    result = compare_means(together)
    interval = {"ci_low": result.ci_low, "ci_high": result.ci_high}
    return {"value": result.difference, **interval, "p_value": result.p_value}


def _correct(tests: Sequence[dict[str, Any]]) -> None:
    """Add each test's p-value corrected for their number."""
    if tests:
        for row, p_value in zip(tests, holm([row["p_value"] for row in tests]), strict=True):
            row["p_holm"] = p_value
