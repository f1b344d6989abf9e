"""``python -m avbaselines.run STUDY``: from a study file to a leaderboard."""

import argparse
import csv
import json
import sys
import time
from pathlib import Path

import joblib
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from avbaselines import catalog
from avbaselines.command import DONE, FAILED, exit_status
from avbaselines.errors import InputError
from avbaselines.experiment.fitting.dask_backend import check_cluster, on_every_worker
from avbaselines.experiment.fitting.device import usable_device, why_no_gpu
from avbaselines.experiment.fitting.run_options import RunOptions
from avbaselines.experiment.loading.corpus import data_folder
from avbaselines.experiment.loading.readers import reader
from avbaselines.experiment.study_run import execute, expected_fits, prepare
from avbaselines.reports.factors import render_factors
from avbaselines.reports.leaderboard import render_terminal
from avbaselines.study import load_study


def parser():
    """The command line of ``run``."""
    command = argparse.ArgumentParser(
        prog="python -m avbaselines.run", description="Run a study: measured baselines beside reported figures."
    )
    command.add_argument("study", nargs="?", help="name of a shipped study, or the path of a study file")
    command.add_argument("--data", metavar="DIR", help="the corpus' root folder")
    command.add_argument("--out", metavar="DIR", help="run folder (default: runs/<study>)")
    command.add_argument("--jobs", type=_positive, metavar="N", help="worker processes (default: all cores)")
    command.add_argument("--device", choices=["cpu", "cuda"], default="cpu", help="for learners that can use a GPU")
    command.add_argument(
        "--trials", type=_number, metavar="N", help="Optuna trials of each base system in each split, over all calls"
    )
    command.add_argument(
        "--storage", metavar="PATH_OR_URL", help="journal file or database of the trials (default: in the run folder)"
    )
    command.add_argument(
        "--cluster", metavar="ADDRESS", help="Dask scheduler whose workers do the fits; --out must be where all see it"
    )
    command.add_argument(
        "--protocol",
        choices=["honest", "paper", "both"],
        default="honest",
        help="everything learnt on training groups, or as the paper did it",
    )
    command.add_argument("--seed", type=int, metavar="N", help="overrides the study's seed")
    command.add_argument("--only", nargs="+", default=[], metavar="SYSTEM", help="these systems and what they need")
    command.add_argument(
        "--set", nargs="+", action="extend", default=[], metavar="KEY=VALUE", help="override a study key"
    )
    command.add_argument(
        "--compare",
        action="append",
        default=[],
        metavar="NAME=FILE",
        help="predictions of an outside system (repeatable), as a study's [predictions] names them",
    )
    command.add_argument(
        "--identity-check", action="store_true", help="tell how well speakers are told from each system's predictions"
    )
    command.add_argument("--force", action="store_true", help="fit again what the run folder holds")
    command.add_argument("--dry-run", action="store_true", help="check everything, fit nothing")
    command.add_argument("--list", action="store_true", help="list the shipped studies")
    command.add_argument("--reported", action="store_true", help="all figures that the shipped studies quote")
    command.add_argument("--debug", action="store_true", help="show tracebacks")
    return command


def main(argv=None):
    """Run the command.

    Returns
    -------
    int
        0 done, 1 a system failed, 2 bad input, 130 interrupted.
    """
    arguments = parser().parse_args(argv)
    return exit_status(
        lambda: _asked(arguments), debug=arguments.debug, interrupted="the same command goes on from here"
    )


def _asked(arguments):
    if arguments.list:
        return show_list(_console())
    if arguments.reported:
        return show_reported(_console())
    if not arguments.study:
        raise InputError(f"name a study, or a study file; shipped: {', '.join(catalog.names('studies'))}")
    return run(arguments, _console(), _console(stderr=True))


def run(arguments, console, messages):
    """Load, fit and show one study."""
    path = catalog.find("studies", arguments.study)
    overrides = [*arguments.set, *([f"seed={arguments.seed}"] if arguments.seed is not None else [])]
    overrides += [f"tuning.trials={arguments.trials}"] if arguments.trials is not None else []
    study = load_study(path, overrides)
    if arguments.compare:
        study = load_study(path, [*overrides, *_compared(arguments.compare, study)])
    jobs = arguments.jobs or joblib.cpu_count()
    if arguments.cluster and not arguments.dry_run:
        check_cluster(arguments.cluster)
    started = time.perf_counter()
    protocols = ["honest", "paper"] if arguments.protocol == "both" else [arguments.protocol]
    with _progress(messages) as bar:
        runs = prepare(
            study,
            path,
            arguments.data,
            protocols,
            only=arguments.only,
            identity=arguments.identity_check,
            jobs=jobs,
            progress=_reporter(bar, "reading"),
        )
        if not arguments.dry_run:
            device, note = _device(arguments, runs)
            if note:
                messages.print(f"--device {arguments.device}: running on {device}; {note}", highlight=False)
            options = RunOptions(
                jobs=jobs,
                device=device,
                storage=arguments.storage,
                cluster=arguments.cluster,
                force=arguments.force,
                progress=_reporter(bar, "fitting"),
            )
            out = Path(arguments.out) if arguments.out else Path("runs") / path.stem
            result = execute(runs, out, options, command=sys.argv[1:], note=note)
    if arguments.dry_run:
        for run in runs:
            show_plan(console, run)
        return DONE
    console.print(render_terminal(result.board))
    if len(result.factors):
        console.print(render_factors(result.factors))
    if result.identity is not None:
        console.print(result.identity.terminal)
    if result.masking is not None:
        console.print(result.masking.terminal)
    for line in result.outside:
        console.print(line, highlight=False, soft_wrap=True)
    seconds = time.perf_counter() - started
    work = f"{result.computed} fits" if result.computed else "nothing computed anew"
    messages.print(f"{work}, {seconds:.0f} s; everything is in {result.folder}", highlight=False)
    return FAILED if result.failed else DONE


def _device(arguments, runs):
    """The device to use, and why it is not the one asked for."""
    check = (lambda: on_every_worker(arguments.cluster, why_no_gpu)) if arguments.cluster else None
    return usable_device(arguments.device, [system for run in runs for system in run.systems], check)


def show_plan(console, run):
    """What a dry run prints: the systems, and how many fits they take."""
    corpus = run.corpus
    table = Table(
        title=f"{run.study.title} (protocol {run.protocol})", title_justify="left", box=None, pad_edge=False
    )
    for column in ("system", "modalities", "stage", "inputs"):
        table.add_column(column)
    for system in run.systems:
        table.add_row(system.name, "+".join(system.modalities), str(system.stage), ", ".join(system.inputs))
    console.print(table)
    console.print(
        f"{len(corpus.ids)} clips, {len(set(corpus.groups))} groups, {len(corpus.targets)} targets, "
        f"{len(corpus.splits)} splits; expected fits: {expected_fits(run)}",
        highlight=False,
    )
    for note in corpus.notes:
        console.print(f"note: {note}", highlight=False)


def show_list(console):
    """What ``--list`` prints: every shipped study, broken ones with their reason."""
    table = Table(box=None, pad_edge=False)
    for column in ("study", "paper or title", "corpus", "needs", "data"):
        table.add_column(column, overflow="fold")
    for name in catalog.names("studies"):
        try:
            study = load_study(catalog.find("studies", name))
            source = reader(study.corpus.reader)
            paper = f"{study.paper.authors} {study.paper.year or ''}".strip() if study.paper else study.title
            found = "found" if source.ENVIRONMENT is None or data_folder(study, None) else "not found"
            table.add_row(name, paper, study.corpus.reader, source.NEEDS, found)
        except InputError as error:
            table.add_row(name, f"broken: {error}", "", "", "")
    console.print(table)
    return DONE


def show_reported(console):
    """What ``--reported`` prints: every figure of every shipped study; csv where nobody looks."""
    columns = ["study", "system", "target", "metric", "value", "protocol", "source", "note"]
    rows = []
    for name in catalog.names("studies"):
        try:
            figures = load_study(catalog.find("studies", name)).reported
        except InputError as error:
            rows.append({"study": name, "note": f"broken: {error}"})
            continue
        rows += [{"study": name, **figure.model_dump(include=set(columns[1:]))} for figure in figures]
    if not console.is_terminal:
        written = csv.DictWriter(console.file, columns, lineterminator="\n")
        written.writeheader()
        written.writerows(rows)
        return DONE
    table = Table(*columns, box=None, pad_edge=False)
    for row in rows:
        table.add_row(*(Text(str(row.get(column, "")), overflow="fold") for column in columns))
    console.print(table)
    return DONE


def _compared(texts, study):
    """Overrides that add the outside systems of ``--compare`` to a study."""
    named = {}
    for text in texts:
        name, separator, file = text.partition("=")
        if not (separator and name and file):
            raise InputError(f"--compare {text!r}: expected NAME=FILE")
        if name in named or name in study.predictions or "." in name:
            why = "must be without a dot" if "." in name else "names a system that is there already"
            raise InputError(f"--compare {name}: {why}; choose another name")
        named[name] = Path(file).expanduser().absolute()
    return [f"predictions.{name}={json.dumps(str(path), ensure_ascii=False)}" for name, path in named.items()]


def _number(text):
    if not text.isdigit():
        raise argparse.ArgumentTypeError(f"expected a whole number of 0 or more, got {text!r}")
    return int(text)


def _positive(text):
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number of at least 1, got {text!r}")
    return int(text)


def _console(**options):
    """Names, paths and notes are shown as they are, whatever stands in brackets in them."""
    return Console(markup=False, **options)


def _progress(console):
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[what]}", markup=False),
        console=console,
        transient=True,
    )


def _reporter(bar, description):
    task = None

    def report(done, total, what):
        nonlocal task
        if task is None:
            task = bar.add_task(description, total=total, what=what)
        bar.update(task, completed=done, total=total, what=what)

    return report


if __name__ == "__main__":
    raise SystemExit(main())
