"""One study from corpus to run folder."""

import os
import time
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pandas as pd

from avbaselines.corpora.corpus import Split
from avbaselines.errors import InputError
from avbaselines.experiment.analyses import feature_importance as importance
from avbaselines.experiment.analyses.external_systems import beside_outside, outside_lines
from avbaselines.experiment.analyses.factors import factor_table, write_factors
from avbaselines.experiment.analyses.missing_modalities import masking
from avbaselines.experiment.analyses.speaker_identity.analysis import leakage, people
from avbaselines.experiment.bundles.write import write_models
from avbaselines.experiment.fitting.scheduler import run_systems, shipping_split
from avbaselines.experiment.loading.corpus import load_corpus
from avbaselines.experiment.planning.missing_patterns import masks
from avbaselines.experiment.planning.plan import plan
from avbaselines.experiment.report_inputs import predictions_shown, weights_shown
from avbaselines.experiment.run_folder import (
    results_frame,
    write_extras,
    write_predictions,
    write_provenance,
    write_results,
    write_study,
    write_text,
)
from avbaselines.experiment.scoring.comparisons import comparisons, flag_fusions, reported_rows, tuning_words
from avbaselines.experiment.scoring.scoreboard import Scoreboard, gather, pick, score_rows
from avbaselines.experiment.trial_tables import trial_tables
from avbaselines.reports.importance import family_losses
from avbaselines.reports.leaderboard import Board, Heading, leaderboard, render_latex, render_markdown
from avbaselines.reports.page import render_page
from avbaselines.reports.tuning import tuning_drawings
from avbaselines.study import under_protocol

HONEST = "honest"


@dataclass
class Side:
    """A study under one protocol: what it says there, its corpus and its systems.

    Attributes
    ----------
    protocol : {"honest", "paper"}
    study : Study
    corpus : Corpus
    systems : list of System
    resubstitution : bool
        Fusions are fitted and scored on the same clips, as a paper did.
    people : People or None
        Who speaks and what, where identity is to be measured.
    """

    protocol: str
    study: object
    corpus: object
    systems: list
    resubstitution: bool = False
    people: object = None


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
    list of Side
    """
    sides = []
    for protocol in protocols:
        changed = under_protocol(study, protocol, study_path)
        corpus = load_corpus(changed, study_path, data, jobs=jobs, progress=progress)
        masks(changed)  # what is wrong with [masking] is said before anything is fitted
        resubstitution = protocol != HONEST and study.protocols.paper.resubstitution
        if resubstitution:
            corpus = resubstituted(corpus)
        who = None
        if (identity or changed.identity) and not resubstitution and not any(side.people for side in sides):
            who = people(changed, study_path, data, corpus)
        sides.append(Side(protocol, changed, corpus, plan(changed, corpus.targets, only), resubstitution, who))
    return sides


def resubstituted(corpus):
    """The corpus with every evaluated clip on both sides, as a paper had it that scored its fit on what it fitted."""
    rows = np.unique(np.concatenate([split.test for split in corpus.splits]))
    nobody = np.array([], dtype=int)
    return replace(corpus, splits=[Split("resubstitution", rows, nobody, rows)], once=True)


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


def run_study(
    sides, folder, *,
    jobs=1, device="cpu", storage=None, cluster=None, force=False, command=(), note="", progress=None,
):  # fmt: skip
    """Fit, score and write everything a study asks for.

    Parameters
    ----------
    sides : list of Side
        The study under each protocol; models are shipped of the honest one (or the only one).
    folder : Path
        The run folder.
    jobs, device, storage, cluster, force, progress
        As for :func:`avbaselines.experiment.fitting.scheduler.run_systems`.
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
    outcomes, found, tests, predictions, outside, factors = [], [], [], [], [], []
    leak, masked, lost, refits = None, None, None, 0
    for side in sides:
        options = {"jobs": jobs, "device": device, "storage": storage, "cluster": cluster, "force": force}
        outcome = run_systems(side, folder, **options, progress=progress)
        splits = side.corpus.splits
        stored = (
            splits if outcome.shipped in [split.name for split in splits] else [*splits, shipping_split(side.corpus)]
        )
        rows = gather(side, outcome, stored)
        picked, rows = pick(side.corpus, rows, splits, side.study.systems.answer)
        scoreboard = Scoreboard(side.corpus, splits)
        found += score_rows(scoreboard, rows, picked, side.protocol)
        if side.people is not None:
            leak = leakage(side, outcome, scoreboard, rows, picked, jobs=jobs, force=force, progress=progress)
            found += leak.results
        if side.study.importance and not side.resubstitution and lost is None:
            lost, refits = importance.measure(
                side, outcome, scoreboard, rows, jobs=jobs, force=force, progress=progress
            )  # fmt: skip
        masked = masked or masking(side, outcome, scoreboard, rows, picked)
        beside = beside_outside(side, rows)
        further = [pair for item in beside for pair in item.pairs]
        tests.append(comparisons(scoreboard, rows, picked, side.protocol, further))
        outside += beside
        if side.study.factors:
            factors.append(factor_table(side, scoreboard, rows))
        predictions.append((side, rows, stored))
        outcomes.append(outcome)
    study, corpus = sides[0].study, sides[0].corpus
    results = flag_fusions(results_frame([*found, *reported_rows(study)]), corpus.targets)
    tests = pd.concat(tests, ignore_index=True)
    words = heading(sides)
    words.notes.extend(tuning_words(tests))
    board = leaderboard(results, words)
    twins = {
        system.raw_name
        for side in sides
        for system in side.systems
        if system.kind == "measured" and system.method != "mean"
    }
    shown = leaderboard(results[~results["system"].isin(twins)], words)
    write_predictions(folder, predictions)
    write_models(folder, sides[0], outcomes[0], results)
    write_study(folder, study)
    write_results(folder, results, tests)
    factors = write_factors(folder, factors, study.title)
    trials, searched = trial_tables(sides, outcomes)
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
    machine = {"jobs": jobs, "seconds": seconds, "device": (device, note)}
    provenance = write_provenance(folder, sides, outcomes, command=list(command), **machine)
    page = render_page(
        results,
        predictions_shown(folder, predictions, results),
        words,
        study=study.model_dump(mode="json"),
        provenance=provenance,
        weights=weights_shown(predictions, outcomes),
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
    failed = any(outcome.failures for outcome in outcomes) or bool(leak and leak.failed)
    computed = sum(outcome.computed for outcome in outcomes) + (leak.computed if leak else 0) + refits
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


def heading(sides):
    """What the reports need to know of a study beside its results."""
    study, corpus = sides[0].study, sides[0].corpus
    protocols = {HONEST: "everything is learnt on training groups"}
    if study.protocols.paper is not None:
        protocols["paper"] = study.protocols.paper.note
    notes = dict.fromkeys([*study.notes, *(note for side in sides for note in side.corpus.notes)])
    if 0 < float(study.systems.matching) < 1:
        notes[f"Predictions are matched to {study.systems.matching:g} of the targets' deviation only."] = None
    if study.systems.answer and any(study.systems.answer in system.rows for system in sides[0].systems):
        notes[f"The answer, {study.systems.answer}, is named by the study file, not chosen out-of-fold."] = None
    return Heading(
        title=study.title,
        targets=[(target.name, target.metric, target.kind) for target in corpus.targets],
        notes=list(notes),
        interval="95 % intervals over groups (jackknife-t)",
        protocols=protocols,
    )


def expected_fits(side):
    """Fits a run takes when nothing is there yet: every system, split, inner fold and target, and the refits."""
    corpus = side.corpus
    splits = len(corpus.splits) + (0 if shipping_split(corpus) in corpus.splits else 1)
    base = [system for system in side.systems if system.learner]
    fusions = [system for system in side.systems if system.inputs]
    folds = sum(side.study.systems.inner_folds * max(1, system.tuning.get("trials", 0)) + 1 for system in base)
    return splits * len(corpus.targets) * (folds + len(fusions))
