"""Everything that a finished run writes: tables, models, leaderboards and the report page."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from avbaselines.evaluation.combined import COMBINED
from avbaselines.experiment.analyses.base import AnalysisResult, LazyTable, ScoredRun
from avbaselines.experiment.analyses.registry import ANALYSES
from avbaselines.experiment.bundles.write import models_content, write_models
from avbaselines.experiment.fitting.run_splits import all_splits
from avbaselines.experiment.fitting.split_setup import split_table
from avbaselines.experiment.predictions_file import FILE, ProtocolRows, write_predictions
from avbaselines.experiment.protocol_run import HONEST, ProtocolRun
from avbaselines.experiment.report_inputs import predictions_shown, weights_shown
from avbaselines.experiment.run_folder import (
    write_extras,
    write_results,
    write_study,
    write_text,
)
from avbaselines.experiment.scoring.kept import UNKEPT, Kept, typed
from avbaselines.experiment.scoring.result_rows import MEAN
from avbaselines.reports.drawing import Drawing
from avbaselines.reports.leaderboard import Heading, ReportTarget, leaderboard, render_latex, render_markdown
from avbaselines.reports.page import PageTables, page_drawings, render_page
from avbaselines.reports.predictions import COLUMNS
from avbaselines.results_table import ResultRow, results_frame

DRAWN = typed("drawn", list[Drawing], (__name__,))
DRAWN_COLUMNS = (
    *("protocol", "split", "system", "picked", "kind", "learner", "stage", "target", "metric"),
    *("value", "ci_low", "ci_high", "status", "note"),
)
"""Columns of results.csv that the page's own figures read."""
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


def write_tables(folder: Path, output: RunOutput, kept: Kept = UNKEPT) -> None:
    """Predictions, models, the study as run, results, comparisons, leaderboards, and the files of analyses."""
    first = output.scored[0]
    _write_predictions(folder, output, kept)
    results = results_frame(output.results)
    kept.files(
        "models",
        (write_models.__module__,),
        models_content(first.run, results, first.content),
        lambda: sorted(path for path in (folder / "models").rglob("*") if path.is_file()),
        lambda: write_models(folder, first.run, first.fitted, results),
    )
    write_study(folder, first.run.study)
    splits = LazyTable(_splits_content(first), lambda: split_table(first.run), split_table.__module__)
    _write_table(folder, "splits.csv", splits, kept)
    write_results(folder, output.results, output.comparisons)
    # An analysis that was not done this time leaves none of the files of an earlier run.
    for analysis in ANALYSES:
        done = output.analysed.get(analysis.name, AnalysisResult())
        for name in analysis.files:
            content = done.files.get(name)
            if isinstance(content, LazyTable):
                _write_table(folder, name, content, kept)
            else:
                write_extras(folder, {name: content})
    board = leaderboard(output.results, output.heading)
    write_text(folder / "leaderboard.md", render_markdown(board))
    write_text(folder / "leaderboard.tex", render_latex(board))


def _splits_content(scored: ScoredRun) -> list[Any]:
    """What splits.csv depends on."""
    corpus, systems = scored.run.corpus, scored.run.study.systems
    return [corpus.ids, corpus.groups, scored.scoreboard.identity, systems.inner_folds, scored.run.study.seed]


def _write_table(folder: Path, name: str, table: LazyTable, kept: Kept) -> None:
    """Write a long table, unless it lies there."""
    kept.files(
        name.partition(".")[0],
        (table.module,),
        table.content,
        lambda: [folder / name],
        lambda: write_extras(folder, {name: table.make()}),
    )


def _write_predictions(folder: Path, output: RunOutput, kept: Kept) -> None:
    kept.files(
        "predictions",
        (write_predictions.__module__,),
        _content_of_all(output),
        lambda: [folder / FILE],
        lambda: write_predictions(folder, output.rows),
    )


def _content_of_all(output: RunOutput) -> list[Any] | None:
    """What is made of all predictions depends on; None where a row cannot be told again."""
    contents = [one.content for one in output.scored]
    return None if None in contents else contents


def write_page(folder: Path, output: RunOutput, provenance: Mapping[str, Any], kept: Kept = UNKEPT) -> None:
    """The report as one HTML page, which reads the predictions that are written."""
    factors = output.analysed.get("factors", AnalysisResult())
    tables = PageTables(
        pd.DataFrame(columns=COLUMNS), comparisons=output.comparisons, factors=factors.files.get("factors.csv")
    )
    page = render_page(
        output.results,
        tables,
        output.heading,
        details={"Study as run": output.scored[0].run.study.model_dump(mode="json"), "Provenance": provenance},
        more=[drawing for one in output.analysed.values() for drawing in one.drawings],
        drawn=kept.value(DRAWN, _drawn_content(output), lambda: _drawn(folder, output)),
    )
    write_text(folder / "report.html", page)


def _drawn(folder: Path, output: RunOutput) -> list[Drawing]:
    """The page's own figures, of predictions and weights."""
    tables = PageTables(
        predictions_shown(folder, output.rows, output.results),
        weights=weights_shown(output.rows, [one.fitted for one in output.scored]),
    )
    return page_drawings(output.results, tables, output.heading)


def _drawn_content(output: RunOutput) -> list[Any] | None:
    """What the page's own figures depend on: predictions, and of the results what they show."""
    contents = _content_of_all(output)
    if contents is None:
        return None
    shown = results_frame(output.results)[list(DRAWN_COLUMNS)].to_csv(index=False)
    return [*contents, shown, repr(output.heading.targets), repr(output.heading.title)]


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
