"""One table of objective, task mode and modality over the finished base systems of a run, with paired tests."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from avbaselines.evaluation.comparison import compare_means, holm
from avbaselines.evaluation.intervals import interval_of_mean, mean_value
from avbaselines.evaluation.metrics import CONCORDANCES
from avbaselines.experiment.planning.learners import family
from avbaselines.experiment.planning.system import BaseSystem
from avbaselines.experiment.run_folder import write_extras
from avbaselines.reports.factors import render_factors_latex, render_factors_markdown

__all__ = ["COLUMNS", "factor_table", "write_factors"]

COLUMNS = [
    *("protocol", "kind", "question", "learner", "objective", "matching", "task", "modalities", "system", "against"),
    *("value", "ci_low", "ci_high", "p_value", "p_holm", "n_pairs", "n_clips", "n_groups"),
]
ALL = "all"

# What each question sets beside what; the other factors are the same on both sides. Squared error with matched
# predictions is the classical counterpart of a concordance loss, so it is what every other objective must beat.
MATCHED_SQUARED = {"objective": "squared", "matching": "matched"}
OBJECTIVES = {
    "ccc": ({"objective": "ccc", "matching": "matched"}, MATCHED_SQUARED),
    "ccc-raw": ({"objective": "ccc", "matching": "raw"}, MATCHED_SQUARED),
    "pcc": ({"objective": "pcc", "matching": "matched"}, MATCHED_SQUARED),
    "matching": (MATCHED_SQUARED, {"objective": "squared", "matching": "raw"}),
}
TASKS = {"chain": ({"task": "chain"}, {"task": "single"}), "joint": ({"task": "joint"}, {"task": "single"})}


@dataclass(frozen=True)
class Cell:
    """A row of the leaderboard by its factors."""

    learner: str
    objective: str
    matching: str
    task: str
    modalities: str

    def but(self, **levels):
        """The cell with other levels of some factors."""
        return Cell(**vars(self) | levels)

    def has(self, levels):
        """Whether these are its levels."""
        return all(getattr(self, name) == level for name, level in levels.items())


def factor_table(run, board, rows):
    """Scores of every combination of objective, task mode and modality, and paired tests between them.

    Parameters
    ----------
    run : ProtocolRun
        A study under one protocol.
    board : Scoreboard
    rows : list of Scored

    Returns
    -------
    pandas.DataFrame
        With `COLUMNS`. ``kind`` = score: a row a base system and its unmatched twin, ``value`` being the mean
        concordance over the targets that are judged by one. ``kind`` = difference: the paired difference that a
        ``question`` asks about (a key of `OBJECTIVES` or `TASKS`; positive = what it names is better), for each
        combination of the other factors, and on average over all of them (``all``, ``n_pairs`` of them). ``p_holm``
        corrects the averages for their number, and the single ones for theirs. Intervals and tests are over groups.
    """
    targets = [target for target in board.corpus.targets if target.metric in CONCORDANCES]
    cells, parts, base = {}, {}, {"protocol": run.protocol}
    for row in rows:
        if isinstance(row.system, BaseSystem) and not (row.system.transductive or row.system.tuning or row.failed):
            cell = _cell(row)
            cells[cell] = row.name
            parts[cell] = [part for target in targets for part in board.parts(row, target, target.metric)]
    if not targets or not cells:
        return pd.DataFrame(columns=COLUMNS)
    n_clips, n_groups = board.extent([target.name for target in targets], board.splits)
    base |= {"n_clips": n_clips, "n_groups": n_groups}
    scores = [_score(base, cell, name, parts[cell]) for cell, name in cells.items()]
    averages, singles = [], []
    for question, (ours, theirs) in {**OBJECTIVES, **TASKS}.items():
        pairs = [
            (cell, cell.but(**theirs))
            for cell in cells
            if cell.has(ours) and cell.but(**theirs) in cells and _of_interest(question, cell, cells)
        ]
        if not pairs:
            continue
        asked = base | {"kind": "difference", "question": question}
        average = {name: _common(pairs, name, ours) for name in vars(pairs[0][0])}
        averages.append(asked | average | _difference(pairs, parts) | {"n_pairs": len(pairs)})
        singles += [
            asked
            | vars(cell)
            | {"system": cells[cell], "against": cells[other], "n_pairs": 1}
            | _difference([(cell, other)], parts)
            for cell, other in pairs
        ]
    for family_of_tests in (averages, singles):
        corrected = holm([row["p_value"] for row in family_of_tests]) if family_of_tests else []
        for row, p_value in zip(family_of_tests, corrected, strict=True):
            row["p_holm"] = p_value
    return pd.DataFrame([*scores, *averages, *singles], columns=COLUMNS)


def write_factors(folder, tables, title):
    """factors.csv, factors.md and factors.tex in the run folder; none where there is nothing to set out.

    Parameters
    ----------
    folder : Path
    tables : list of DataFrame
        Of each protocol.
    title : str
        Of the study.

    Returns
    -------
    pandas.DataFrame
        What was written, of all protocols.
    """
    tables = [table for table in tables if len(table)]
    files = ("factors.csv", "factors.md", "factors.tex")
    if not tables:
        write_extras(folder, dict.fromkeys(files))
        return pd.DataFrame(columns=COLUMNS)
    whole = pd.concat(tables, ignore_index=True)
    texts = (render_factors_markdown(whole, title), render_factors_latex(whole, title))
    write_extras(folder, dict(zip(files, (whole, *texts), strict=True)))
    return whole


def _cell(row):
    system = row.system
    learner, objective = family(system.learner)
    return Cell(learner, objective, "matched" if row.id.matched else "raw", system.task, "+".join(system.modalities))


def _of_interest(question, cell, cells):
    """Task modes are compared between matched predictions, and between raw ones where there are no others."""
    return question in OBJECTIVES or cell.matching == "matched" or cell.but(matching="matched") not in cells


def _common(pairs, name, ours):
    """The level of a factor that all pairs share, or what stands for several."""
    levels = {getattr(cell, name) for cell, _ in pairs}
    return ours.get(name) or (levels.pop() if len(levels) == 1 else ALL)


def _score(base, cell, name, parts):
    low, high = interval_of_mean(parts)
    score = {"kind": "score", "system": name, "value": mean_value(parts), "ci_low": low, "ci_high": high}
    return base | vars(cell) | score


def _difference(pairs, parts):
    """The mean over pairs of their mean differences; a group is left out of, or swapped in, all pairs at once."""
    together = [
        (metric, left, right)
        for ours, theirs in pairs
        for (metric, left), (_, right) in zip(parts[ours], parts[theirs], strict=True)
    ]
    result = compare_means([(metric, np.asarray(left), np.asarray(right)) for metric, left, right in together])
    names = {"value": "difference", "ci_low": "ci_low", "ci_high": "ci_high", "p_value": "p_value"}
    return {name: getattr(result, attribute) for name, attribute in names.items()}
