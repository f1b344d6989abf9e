"""Everything that a finished run writes: tables, models, leaderboards and the report page."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from avbaselines.evaluation.combined import COMBINED
from avbaselines.experiment.analyses.base import AnalysisResult, ScoredRun
from avbaselines.experiment.analyses.registry import ANALYSES
from avbaselines.experiment.bundles.write import write_models
from avbaselines.experiment.fitting.scheduler import all_splits
from avbaselines.experiment.fitting.split_setup import split_table
from avbaselines.experiment.protocol_run import HONEST, ProtocolRun
from avbaselines.experiment.report_inputs import predictions_shown, weights_shown
from avbaselines.experiment.run_folder import (
    ProtocolRows,
    write_extras,
    write_predictions,
    write_results,
    write_study,
    write_text,
)
from avbaselines.experiment.scoring.result_rows import MEAN
from avbaselines.reports.leaderboard import Heading, ReportTarget, leaderboard, render_latex, render_markdown
from avbaselines.reports.page import PageTables, render_page
from avbaselines.results_table import ResultRow, results_frame

OF_THE_PROCEDURE = " of the whole procedure: its fits share training clips, so the variance is doubled"
"""What intervals of several splits add to those of one fit."""


@dataclass(frozen=True)
class RunOutput:
    """A study once it is fitted, scored and analysed.

    Attributes
    ----------
    scored : sequence of ScoredRun
        One a protocol; models are shipped of the first.
    results : sequence of ResultRow
        Rows of results.csv.
    comparisons : pandas.DataFrame
        comparisons.csv.
    heading : Heading
    analysed : mapping of str to AnalysisResult
        By name of the analysis.
    """

    scored: Sequence[ScoredRun]
    results: Sequence[ResultRow]
    comparisons: pd.DataFrame
    heading: Heading
    analysed: Mapping[str, AnalysisResult]

    @property
    def rows(self) -> list[ProtocolRows]:
        """Each protocol with its rows and its splits, the shipped one included."""
        return [(one.run, one.rows, all_splits(one.run.corpus)) for one in self.scored]


def write_tables(folder: Path, output: RunOutput) -> None:
    """Predictions, models, the study as run, results, comparisons, leaderboards, and the files of analyses."""
    first = output.scored[0]
    write_predictions(folder, output.rows)
    write_models(folder, first.run, first.fitted, results_frame(output.results))
    write_study(folder, first.run.study)
    write_extras(folder, {"splits.csv": split_table(first.run)})
    write_results(folder, output.results, output.comparisons)
    # An analysis that was not done this time leaves none of the files of an earlier run.
    for analysis in ANALYSES:
        done = output.analysed.get(analysis.name, AnalysisResult())
        write_extras(folder, {name: done.files.get(name) for name in analysis.files})
    board = leaderboard(output.results, output.heading)
    write_text(folder / "leaderboard.md", render_markdown(board))
    write_text(folder / "leaderboard.tex", render_latex(board))


def write_page(folder: Path, output: RunOutput, provenance: Mapping[str, Any]) -> None:
    """The report as one HTML page, which reads the predictions that are written."""
    factors = output.analysed.get("factors", AnalysisResult())
    page = render_page(
        output.results,
        PageTables(
            predictions_shown(folder, output.rows, output.results),
            weights=weights_shown(output.rows, [one.fitted for one in output.scored]),
            comparisons=output.comparisons,
            factors=factors.files.get("factors.csv"),
        ),
        output.heading,
        details={"Study as run": output.scored[0].run.study.model_dump(mode="json"), "Provenance": provenance},
        more=[drawing for one in output.analysed.values() for drawing in one.drawings],
    )
    write_text(folder / "report.html", page)


def heading(runs: Sequence[ProtocolRun], tests: pd.DataFrame, further: Sequence[str] = ()) -> Heading:
    """Title, targets, notes, protocols and the margin of a study, as all reports show them."""
    study, corpus = runs[0].study, runs[0].corpus
    protocols: dict[str, str] = {HONEST: "everything is learnt on training groups"}
    if study.protocols.paper is not None:
        protocols["paper"] = study.protocols.paper.note
    notes = dict.fromkeys([*study.notes, *(note for run in runs for note in run.corpus.notes)])
    if 0 < float(study.systems.matching) < 1:
        notes[f"Predictions are matched to {study.systems.matching:g} of the targets' deviation only."] = None
    if study.systems.answer and any(study.systems.answer in system.labels for system in runs[0].systems):
        notes[f"The answer, {study.systems.answer}, is named by the study file, not chosen out-of-fold."] = None
    overall = tests["margin"][tests["target"].isin([MEAN, COMBINED])]
    units = "groups" if corpus.resampling is None else f"units of {corpus.resampling.column}"
    return Heading(
        title=study.title,
        targets=[ReportTarget(target.name, target.metric, target.kind) for target in corpus.targets],
        notes=[*notes, *further],
        interval=f"95 % intervals over {units} (jackknife-t){OF_THE_PROCEDURE * (len(corpus.splits) > 1)}",
        protocols=protocols,
        units=units,
        margin=float(overall.iloc[0]) if len(overall) else math.nan,
    )
