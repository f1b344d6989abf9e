"""A study from its file to its run folder: planned, then fitted, scored, analysed and written."""

import os
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from avbaselines.catalog import find
from avbaselines.errors import InputError
from avbaselines.experiment.analyses.base import AnalysisContext, AnalysisResult, ScoredRun
from avbaselines.experiment.analyses.registry import ANALYSES
from avbaselines.experiment.fitting.fitted_run import FittedRun
from avbaselines.experiment.fitting.run_options import RunOptions
from avbaselines.experiment.fitting.run_splits import all_splits
from avbaselines.experiment.fitting.scheduler import fit_systems
from avbaselines.experiment.protocol_run import Protocol, ProtocolRun
from avbaselines.experiment.run_folder import (
    write_provenance,
)
from avbaselines.experiment.run_lock import held, sweep, unfinished
from avbaselines.experiment.run_output import RunOutput, heading, write_page, write_tables
from avbaselines.experiment.scoring.comparisons import comparisons, tuning_words
from avbaselines.experiment.scoring.gathering import gather
from avbaselines.experiment.scoring.kept import Kept
from avbaselines.experiment.scoring.picking import pick
from avbaselines.experiment.scoring.result_rows import flag_fusions, reported_rows, score_rows, with_verdicts
from avbaselines.experiment.scoring.scoreboard import Scoreboard
from avbaselines.experiment.study_plan import prepare
from avbaselines.reports.leaderboard import Board, Heading, leaderboard
from avbaselines.results_table import ResultRow, results_frame
from avbaselines.study import load_study

__all__ = ["StudyResult", "execute", "run_study"]

DEFAULTS = RunOptions()


@dataclass(frozen=True)
class StudyResult:
    """A finished run.

    Attributes
    ----------
    folder : Path
        The run folder.
    results : pandas.DataFrame
        results.csv: a row a protocol, split, system, target and metric, with intervals.
    picked : str or None
        The system to hand over under the first protocol, chosen out-of-fold; None where none could be chosen.
    board : Board
        The leaderboard for the terminal: without the unmatched twins, which stand in the files.
    analyses : dict of str to AnalysisResult
        By name of the analysis, those that were done.
    computed : int
        Fits that were not there before.
    failed : bool
        Whether any system failed.
    damaged : tuple of Path
        Files of finished work that were broken off, changed or mistaken; their work was done again.

    Examples
    --------
    See `run_study`.
    """

    folder: Path
    results: pd.DataFrame
    picked: str | None
    board: Board
    analyses: dict[str, AnalysisResult]
    computed: int
    failed: bool
    damaged: tuple[Path, ...] = ()


def run_study(
    study: str | Path,
    *,
    data: str | Path | None = None,
    out: str | Path | None = None,
    overrides: Sequence[str] = (),
    protocols: Sequence[Protocol] = ("honest",),
    only: Iterable[str] = (),
    options: RunOptions = DEFAULTS,
    identity_check: bool = False,
) -> StudyResult:
    """Run a study as the command ``python -m avbaselines.run`` does.

    A second call with the same inputs reads what the run folder holds and fits nothing.

    Parameters
    ----------
    study : str or Path
        Name of a shipped study, or path of a study file.
    data : str or Path, optional
        The corpus' root folder; by default the environment variable that its reader names.
    out : str or Path, optional
        Run folder; by default ``runs/<study>``.
    overrides : sequence of str
        Keys of the study file to replace, as ``"key=value"``.
    protocols : sequence of {"honest", "paper"}
        Everything learnt on training groups, or as the paper did it.
    only : iterable of str
        Names of systems to keep (``*`` matches any text), with what they need; by default all.
    options : RunOptions
        How the work is done: worker processes, device, cluster, progress.
    identity_check : bool
        Measure how well speakers are told from each system's predictions, where the study does not ask for it itself.

    Raises
    ------
    InputError
        Naming the file, line, key or column that is wrong, and what to do.

    Examples
    --------
    A study over one's own tables: 60 clips of six speakers, told apart by ``fold``.

    >>> import tempfile
    >>> import numpy as np
    >>> folder, rng = Path(tempfile.mkdtemp()), np.random.default_rng(0)
    >>> speaker, arousal = np.repeat(np.arange(6), 10), rng.normal(size=60)
    >>> clips = pd.DataFrame({"clip_id": [f"c{n}" for n in range(60)], "speaker": speaker, "fold": speaker % 3})
    >>> clips.assign(arousal=arousal).to_csv(folder / "clips.csv", index=False)
    >>> audio = pd.DataFrame({"clip_id": clips["clip_id"], "loudness": arousal + rng.normal(size=60)})
    >>> audio.to_csv(folder / "audio.csv", index=False)
    >>> _ = (folder / "small.toml").write_text('''
    ... title = "small"
    ... corpus = { reader = "table", clips = "clips.csv", group = "speaker" }
    ... split = { folds = "fold" }
    ... targets = { arousal = { metric = "ccc" } }
    ... modalities = { audio = "audio.csv" }
    ... systems = { learners = ["ridge"], inner_folds = 3, fusion = [] }
    ... ''')
    >>> result = run_study(folder / "small.toml", out=folder / "run")
    >>> result.picked
    'ridge-audio'
    >>> overall = result.results.query("system == 'ridge-audio' and split == 'all' and target == 'arousal'")
    >>> bool(overall.set_index("metric")["value"]["ccc"] > 0.5)
    True
    """
    path = find("studies", str(study))
    runs = prepare(
        load_study(path, overrides), path, data, protocols, only=only, identity=identity_check, options=options
    )
    return execute(runs, Path(out) if out else Path("runs") / path.stem, options)


def execute(
    runs: Sequence[ProtocolRun],
    folder: str | Path,
    options: RunOptions = DEFAULTS,
    *,
    command: Sequence[str] = (),
    note: str = "",
) -> StudyResult:
    """Fit, score, analyse and write everything a study asks for.

    Parameters
    ----------
    runs : sequence of ProtocolRun
        The study under each protocol; models are shipped of the first.
    folder : str or Path
        The run folder, made where it is not there.
    options : RunOptions
    command : sequence of str
        The command line, for the provenance.
    note : str
        Why the device is not the one asked for, for the provenance.

    Raises
    ------
    InputError
        The folder cannot be written to, another run is at work in it, or no system could be fitted.

    Examples
    --------
    >>> path = find("studies", "quickstart")
    >>> runs = prepare(load_study(path), path, None, ["honest"])  # doctest: +SKIP
    >>> execute(runs, "runs/quickstart").picked  # doctest: +SKIP
    """
    folder = _writable(Path(folder))
    with held(folder, runs[0].study.title):
        if not options.cluster:  # a cluster's workers may still be writing what a killed run asked for
            sweep(folder)
        return _execute(runs, folder, options, command, note)


def _execute(
    runs: Sequence[ProtocolRun], folder: Path, options: RunOptions, command: Sequence[str], note: str
) -> StudyResult:
    started = time.perf_counter()
    kept = Kept(folder / "work" / "kept", force=options.force)
    scored = [_score(run, fit_systems(run, folder, options), kept) for run in runs]
    tests = pd.concat([_compare(one) for one in scored], ignore_index=True)
    words = heading(runs, tests, tuning_words(tests))
    analysed = _analyse(scored, tests, words, options)
    output = RunOutput(scored, with_verdicts(_results(scored, analysed), tests), tests, words, analysed)
    with unfinished(folder):
        write_tables(folder, output, kept)
        provenance = write_provenance(
            folder,
            runs,
            [one.fitted for one in scored],
            command=list(command),
            jobs=options.jobs,
            seconds=time.perf_counter() - started,
            device=(options.device, note),
        )
        write_page(folder, output, provenance, kept)
    kept.prune()
    return StudyResult(
        folder=folder,
        results=results_frame(output.results),
        picked=scored[0].picked,
        board=leaderboard((row for row in output.results if not row.twin), words),
        analyses=analysed,
        computed=sum(one.fitted.computed for one in scored) + sum(one.computed for one in analysed.values()),
        failed=any(one.fitted.failures for one in scored) or any(one.failed for one in analysed.values()),
        damaged=tuple(path for one in scored for path in one.fitted.store.damaged),
    )


def _writable(folder: Path) -> Path:
    """The run folder, made where it is not there yet: said now, not after hours of fits."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"--out {folder}: cannot be made ({error.strerror}); name another folder") from None
    if not os.access(folder, os.W_OK):
        raise InputError(f"--out {folder}: may not be written to; name another folder")
    return folder


def _score(run: ProtocolRun, fitted: FittedRun, kept: Kept) -> ScoredRun:
    """Rows of the leaderboard from finished fits, and the one that is handed over."""
    splits, board = run.corpus.splits, Scoreboard(run.corpus, run.corpus.splits, kept)
    gathered = gather(run, fitted, all_splits(run.corpus), kept)
    picked, rows = pick(run.corpus, gathered, splits, run.study.systems.answer, board, run.study.systems.pick)
    return ScoredRun(run, fitted, board, rows, picked)


def _compare(scored: ScoredRun) -> pd.DataFrame:
    """Paired tests of one protocol, those that its analyses need included."""
    wanted = [analysis for analysis in ANALYSES if analysis.name in scored.run.analyses]
    further = [pair for analysis in wanted for pair in analysis.pairs(scored)]
    margin = scored.run.study.comparison.margin
    return comparisons(scored.scoreboard, scored.rows, scored.picked, scored.run.protocol, further, margin)


def _analyse(
    scored: Sequence[ScoredRun], tests: pd.DataFrame, words: Heading, options: RunOptions
) -> dict[str, AnalysisResult]:
    """Do every analysis under the protocols that it is planned for."""
    results = {}
    for analysis in ANALYSES:
        own = [one for one in scored if analysis.name in one.run.analyses]
        if own:
            results[analysis.name] = analysis.run(AnalysisContext(own, tests, words, options))
    return results


def _results(scored: Sequence[ScoredRun], analysed: Mapping[str, AnalysisResult]) -> list[ResultRow]:
    """Rows of results.csv: of each protocol its systems and then its analyses, and at last the reported figures."""
    rows = [row for one in scored for row in score_rows(one.scoreboard, one.rows, one.picked, one.run.protocol)]
    rows += [row for one in analysed.values() for row in one.rows]
    protocols: list[str] = [one.run.protocol for one in scored]
    rows.sort(key=lambda row: protocols.index(row.protocol))
    run = scored[0].run
    return flag_fusions([*rows, *reported_rows(run.study, scored[0].scoreboard)], run.corpus.targets)
