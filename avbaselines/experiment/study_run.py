"""One study from corpus to run folder."""

import os
import time
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from avbaselines.errors import InputError
from avbaselines.experiment.analyses import feature_importance as importance
from avbaselines.experiment.analyses.external_systems import beside_outside, outside_lines
from avbaselines.experiment.analyses.factors import factor_table, write_factors
from avbaselines.experiment.analyses.missing_modalities import masking
from avbaselines.experiment.analyses.speaker_identity.analysis import leakage, people
from avbaselines.experiment.bundles.write import write_models
from avbaselines.experiment.fitting.run_options import RunOptions
from avbaselines.experiment.fitting.scheduler import all_splits, fit_systems
from avbaselines.experiment.loading.corpus import load_corpus
from avbaselines.experiment.planning.missing_patterns import masks
from avbaselines.experiment.planning.plan import plan
from avbaselines.experiment.planning.system import BaseSystem, FusionSystem
from avbaselines.experiment.protocol_run import HONEST, ProtocolRun, resubstituted
from avbaselines.experiment.report_inputs import predictions_shown, weights_shown
from avbaselines.experiment.run_folder import (
    write_extras,
    write_predictions,
    write_provenance,
    write_results,
    write_study,
    write_text,
)
from avbaselines.experiment.scoring.comparisons import comparisons, tuning_words
from avbaselines.experiment.scoring.picking import pick
from avbaselines.experiment.scoring.result_rows import flag_fusions, reported_rows, score_rows
from avbaselines.experiment.scoring.scoreboard import Scoreboard, gather
from avbaselines.experiment.trial_tables import trial_tables
from avbaselines.reports.importance import family_losses
from avbaselines.reports.leaderboard import Board, Heading, ReportTarget, leaderboard, render_latex, render_markdown
from avbaselines.reports.page import render_page
from avbaselines.reports.tuning import tuning_drawings
from avbaselines.results_table import results_frame
from avbaselines.study import under_protocol

DEFAULTS = RunOptions()


def prepare(study, study_path, data, protocols, *, only=(), identity=False, jobs=1, progress=None):
    """Read the corpus and plan the systems for each protocol asked for.

    Parameters
    ----------
    study : Study
    study_path : Path
    data : Path or None
    protocols : sequence of {"honest", "paper"}
    only : sequence of str
        Names of systems to keep.
    identity : bool
        Whether to measure who can be told from predictions, where the study does not ask for it itself.

    Returns
    -------
    list of ProtocolRun
    """
    runs = []
    for protocol in protocols:
        changed = under_protocol(study, protocol, study_path)
        corpus = load_corpus(changed, study_path, data, jobs=jobs, progress=progress)
        masks(changed)  # what is wrong with [masking] is said before anything is fitted
        resubstitution = protocol != HONEST and study.protocols.paper.resubstitution
        if resubstitution:
            corpus = resubstituted(corpus)
        who = None
        if (identity or changed.identity) and not resubstitution and not any(run.people for run in runs):
            who = people(changed, study_path, data, corpus)
        runs.append(ProtocolRun(protocol, changed, corpus, plan(changed, corpus.targets, only), resubstitution, who))
    return runs


@dataclass
class StudyResult:
    """What a run ended with.

    Attributes
    ----------
    folder : Path
    board : Board
        For the terminal: without the unmatched twins, which stand in the files.
    computed : int
        Fits that were not there before.
    failed : bool
        Whether any system failed.
    identity : Leakage or None
        Who can be told from features and predictions, where that was asked for.
    factors : DataFrame
        Objective, task mode and modality, see `factor_table`; empty where the study does not ask for it.
    masking : Masking or None
        How systems do where clips lack modalities, where the study asks.
    """

    folder: Path
    board: Board
    computed: int
    failed: bool
    outside: list = field(default_factory=list)
    identity: object = None
    factors: object = None
    masking: object = None


def execute(runs, folder, options=DEFAULTS, *, command=(), note=""):
    """Fit, score and write everything a study asks for.

    Parameters
    ----------
    runs : list of ProtocolRun
        The study under each protocol; models are shipped of the honest one (or the only one).
    folder : Path
        The run folder.
    options : RunOptions
    command : sequence of str
        The command line, for the provenance.
    note : str
        Why the device is not the one asked for, for the provenance.

    Returns
    -------
    StudyResult
    """
    started = time.perf_counter()
    folder = _writable(Path(folder))
    fitted_runs, found, tests, predictions, outside, factors = [], [], [], [], [], []
    leak, masked, lost, refits = None, None, None, 0
    work = {"jobs": options.jobs, "force": options.force, "progress": options.progress}
    for run in runs:
        fitted_run = fit_systems(run, folder, options)
        splits, stored = run.corpus.splits, all_splits(run.corpus)
        rows = gather(run, fitted_run, stored)
        picked, rows = pick(run.corpus, rows, splits, run.study.systems.answer)
        scoreboard = Scoreboard(run.corpus, splits)
        found += score_rows(scoreboard, rows, picked, run.protocol)
        if run.people is not None:
            leak = leakage(run, fitted_run, scoreboard, rows, picked, **work)
            found += leak.results
        if run.study.importance and not run.resubstitution and lost is None:
            lost, refits = importance.measure(run, fitted_run, scoreboard, rows, **work)
        masked = masked or masking(run, fitted_run, scoreboard, rows, picked)
        beside = beside_outside(run, rows)
        further = [pair for item in beside for pair in item.pairs]
        tests.append(comparisons(scoreboard, rows, picked, run.protocol, further))
        outside += beside
        if run.study.factors:
            factors.append(factor_table(run, scoreboard, rows))
        predictions.append((run, rows, stored))
        fitted_runs.append(fitted_run)
    study, corpus = runs[0].study, runs[0].corpus
    results = flag_fusions([*found, *reported_rows(study)], corpus.targets)
    tests = pd.concat(tests, ignore_index=True)
    words = heading(runs)
    words.notes.extend(tuning_words(tests))
    board = leaderboard(results, words)
    shown = leaderboard((row for row in results if not row.twin), words)
    write_predictions(folder, predictions)
    write_models(folder, runs[0], fitted_runs[0], results_frame(results))
    write_study(folder, study)
    write_results(folder, results, tests)
    factors = write_factors(folder, factors, study.title)
    trials, searched = trial_tables(runs, fitted_runs)
    extras = {
        "identity.csv": leak and leak.table,
        "identity.md": leak and leak.markdown,
        "importance.csv": lost,
        "masking.csv": masked and masked.table,
        "masking.md": masked and masked.markdown,
        "tuning.csv": None if trials.empty else trials,
    }
    write_extras(folder, extras)
    write_text(folder / "leaderboard.md", render_markdown(board))
    write_text(folder / "leaderboard.tex", render_latex(board))
    seconds = time.perf_counter() - started
    machine = {"jobs": options.jobs, "seconds": seconds, "device": (options.device, note)}
    provenance = write_provenance(folder, runs, fitted_runs, command=list(command), **machine)
    page = render_page(
        results,
        predictions_shown(folder, predictions, results),
        words,
        study=study.model_dump(mode="json"),
        provenance=provenance,
        weights=weights_shown(predictions, fitted_runs),
        comparisons=tests,
        more=[
            *tuning_drawings(trials, searched),
            *family_losses(lost, words),
            *(leak.drawings if leak else ()),
            *(masked.drawings if masked else ()),
        ],
        factors=factors,
    )
    write_text(folder / "report.html", page)
    failed = any(fitted_run.failures for fitted_run in fitted_runs) or bool(leak and leak.failed)
    computed = sum(fitted_run.computed for fitted_run in fitted_runs) + (leak.computed if leak else 0) + refits
    return StudyResult(folder, shown, computed, failed, outside_lines(outside, tests), leak, factors, masked)


def _writable(folder):
    """The run folder, made where it is not there yet: said now, not after hours of fits."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"--out {folder}: cannot be made ({error.strerror}); name another folder") from None
    if not os.access(folder, os.W_OK):
        raise InputError(f"--out {folder}: may not be written to; name another folder")
    return folder


def heading(runs):
    """What the reports need to know of a study beside its results."""
    study, corpus = runs[0].study, runs[0].corpus
    protocols = {HONEST: "everything is learnt on training groups"}
    if study.protocols.paper is not None:
        protocols["paper"] = study.protocols.paper.note
    notes = dict.fromkeys([*study.notes, *(note for run in runs for note in run.corpus.notes)])
    if 0 < float(study.systems.matching) < 1:
        notes[f"Predictions are matched to {study.systems.matching:g} of the targets' deviation only."] = None
    if study.systems.answer and any(study.systems.answer in system.labels for system in runs[0].systems):
        notes[f"The answer, {study.systems.answer}, is named by the study file, not chosen out-of-fold."] = None
    return Heading(
        title=study.title,
        targets=[ReportTarget(target.name, target.metric, target.kind) for target in corpus.targets],
        notes=list(notes),
        interval="95 % intervals over groups (jackknife-t)",
        protocols=protocols,
    )


def expected_fits(run):
    """Fits a run takes when nothing is there yet: every system, split, inner fold and target, and the refits."""
    corpus = run.corpus
    base = [system for system in run.systems if isinstance(system, BaseSystem)]
    fusions = [system for system in run.systems if isinstance(system, FusionSystem)]
    trials = [system.tuning.trials if system.tuning else 1 for system in base]
    folds = sum(run.study.systems.inner_folds * number + 1 for number in trials)
    return len(all_splits(corpus)) * len(corpus.targets) * (folds + len(fusions))
