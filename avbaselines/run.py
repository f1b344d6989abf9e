"""``python -m avbaselines.run STUDY``: from a study file to a leaderboard."""

if __name__ == "__main__":  # before the imports that take a while: whoever interrupts them sees no traceback
    from avbaselines.interruption import leave_at_once

    leave_at_once()

import argparse
import json
import math
import sys
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from avbaselines.command import (
    DONE,
    FAILED,
    exit_status,
    plain_console,
    positive_number,
    progress_bar,
    reporter,
    whole_number,
)
from avbaselines.errors import InputError
from avbaselines.interruption import leaving_at_once

if TYPE_CHECKING:
    # What fits, scores and draws is imported when a study is run: --help, --list and --show do without it.
    from avbaselines.experiment.fitting.run_options import Device
    from avbaselines.experiment.protocol_run import Protocol, ProtocolRun
    from avbaselines.experiment.study_run import StudyResult
    from avbaselines.study import Study


def parser() -> argparse.ArgumentParser:
    """The command line of ``run``.

    Examples
    --------
    >>> parser().parse_args(["quickstart", "--jobs", "2"]).jobs
    2
    """
    command = argparse.ArgumentParser(
        prog="python -m avbaselines.run", description="Run a study: measured baselines beside reported figures."
    )
    command.add_argument("study", nargs="?", help="name of a shipped study, or the path of a study file")
    command.add_argument("--data", metavar="DIR", help="the corpus' root folder")
    command.add_argument("--out", metavar="DIR", help="run folder (default: runs/<study>)")
    command.add_argument("--jobs", type=positive_number, metavar="N", help="worker processes (default: all cores)")
    command.add_argument("--device", choices=["cpu", "cuda"], default="cpu", help="for learners that can use a GPU")
    command.add_argument(
        "--trials",
        type=whole_number,
        metavar="N",
        help="Optuna trials of each base system in each split, over all calls",
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
    command.add_argument(
        "--margin",
        type=float,
        metavar="D",
        help="the difference that matters, in the unit of the score (default .02 of a score such as CCC)",
    )
    command.add_argument("--only", nargs="+", default=[], metavar="SYSTEM", help="these systems and what they need")
    command.add_argument(
        "--set", nargs="+", action="extend", default=[], metavar="KEY=VALUE", help="override a study key"
    )
    command.add_argument(
        "--compare",
        action="append",
        default=[],
        metavar="NAME=FILE",
        help="predictions of an outside system (repeatable), as a study's [predictions] names them; FILE may be a "
        "pattern, such as 'net-*.csv', of files that are seeds of one system",
    )
    command.add_argument(
        "--identity-check", action="store_true", help="tell how well speakers are told from each system's predictions"
    )
    command.add_argument("--force", action="store_true", help="fit again what the run folder holds")
    command.add_argument("--dry-run", action="store_true", help="check everything, fit nothing")
    command.add_argument("--list", action="store_true", help="list the shipped studies, one a line")
    command.add_argument("--show", metavar="STUDY", help="what a study is, what it needs and where to get it")
    command.add_argument("--reported", action="store_true", help="all figures that the shipped studies quote")
    command.add_argument("--csv", action="store_true", help="with --reported: as csv")
    command.add_argument("--debug", action="store_true", help="show tracebacks")
    return command


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command.

    Returns
    -------
    int
        0 done, 1 a system failed, 2 bad input, 130 interrupted, 143 told to end by SIGTERM.

    Examples
    --------
    >>> main(["quickstart", "--set", "seed"])  # an override without a value
    2
    """
    arguments = parser().parse_args(argv)
    return exit_status(
        lambda: _asked(arguments), debug=arguments.debug, interrupted="the same command goes on from here"
    )


def _asked(arguments: argparse.Namespace) -> int:
    if arguments.csv and not arguments.reported:
        raise InputError("--csv goes with --reported; a run writes its csv files into the run folder")
    if arguments.list or arguments.show or arguments.reported:
        from avbaselines import listing

        if arguments.list:
            listing.show_studies(plain_console())
        elif arguments.show:
            listing.show_study(plain_console(), arguments.show, arguments.data)
        else:
            listing.show_reported(plain_console(), as_csv=arguments.csv)
        return DONE
    if not arguments.study:
        from avbaselines import catalog

        raise InputError(f"name a study, or a study file; shipped: {', '.join(catalog.names('studies'))}")
    return _run(arguments, plain_console(), plain_console(stderr=True))


def _run(arguments: argparse.Namespace, console: Console, messages: Console) -> int:
    with leaving_at_once():
        import joblib

        from avbaselines import catalog
        from avbaselines.experiment.fitting.run_options import RunOptions
        from avbaselines.experiment.study_plan import prepare

    path = catalog.find("studies", arguments.study)
    study = _study(path, arguments)
    jobs = arguments.jobs or joblib.cpu_count()
    if arguments.cluster and not arguments.dry_run:
        from avbaselines.experiment.fitting.dask_backend import check_cluster

        check_cluster(arguments.cluster)
    started = time.perf_counter()
    protocols: list[Protocol] = ["honest", "paper"] if arguments.protocol == "both" else [arguments.protocol]
    with progress_bar(messages) as bar:
        runs = prepare(
            study,
            path,
            arguments.data,
            protocols,
            only=arguments.only,
            identity=arguments.identity_check,
            options=RunOptions(jobs=jobs, progress=reporter(bar, "reading")),
        )
        if not arguments.dry_run:
            with leaving_at_once():
                from avbaselines.experiment.study_run import execute
            device, note = _device(arguments, runs)
            if note:
                messages.print(f"--device {arguments.device}: running on {device}; {note}", highlight=False)
            options = RunOptions(
                jobs=jobs,
                device=device,
                storage=arguments.storage,
                cluster=arguments.cluster,
                force=arguments.force,
                progress=reporter(bar, "fitting"),
            )
            out = Path(arguments.out) if arguments.out else Path("runs") / path.stem
            result = execute(runs, out, options, command=sys.argv[1:], note=note)
    if arguments.dry_run:
        from avbaselines.listing import show_plan

        for run in runs:
            show_plan(console, run)
        return DONE
    _show(console, result)
    if result.damaged:
        count, first = len(result.damaged), result.damaged[0]
        messages.print(f"{count} damaged files of finished work, such as {first}: done again", highlight=False)
    seconds = time.perf_counter() - started
    work = f"{result.computed} fits" if result.computed else "nothing computed anew"
    messages.print(f"{work}, {seconds:.0f} s; everything is in {result.folder}", highlight=False)
    return FAILED if result.failed else DONE


def _study(path: Path, arguments: argparse.Namespace) -> "Study":
    """The study with what the command line overrides."""
    from avbaselines.study import load_study

    overrides = list(arguments.set)
    if arguments.seed is not None:
        overrides.append(f"seed={arguments.seed}")
    if arguments.trials is not None:
        overrides.append(f"tuning.trials={arguments.trials}")
    if arguments.margin is not None:
        if not 0 <= arguments.margin < math.inf:
            raise InputError(f"--margin {arguments.margin:g}: must be a difference of 0 or more")
        overrides.append(f"comparison.margin={arguments.margin!r}")
    study = load_study(path, overrides)
    return load_study(path, [*overrides, *_compared(arguments.compare, study)]) if arguments.compare else study


def _compared(texts: Sequence[str], study: "Study") -> list[str]:
    """Overrides that add the external systems of ``--compare`` to a study."""
    files: dict[str, Path] = {}
    for text in texts:
        name, separator, file = text.partition("=")
        if not (separator and name and file):
            raise InputError(f"--compare {text!r}: expected NAME=FILE")
        if name in files or name in study.predictions or "." in name:
            why = "must be without a dot" if "." in name else "names a system that is there already"
            raise InputError(f"--compare {name}: {why}; choose another name")
        files[name] = Path(file).expanduser().absolute()
    return [f"predictions.{name}={json.dumps(str(path), ensure_ascii=False)}" for name, path in files.items()]


def _device(arguments: argparse.Namespace, runs: Sequence["ProtocolRun"]) -> "tuple[Device, str]":
    """The device to use, and why it is not the one asked for."""
    from avbaselines.experiment.fitting.device import usable_device, why_no_gpu

    check = None
    if arguments.cluster:
        from avbaselines.experiment.fitting.dask_backend import on_every_worker

        check = partial(on_every_worker, arguments.cluster, why_no_gpu)
    return usable_device(arguments.device, [system for run in runs for system in run.systems], check)


def _show(console: Console, result: "StudyResult") -> None:
    from avbaselines.reports.leaderboard import render_terminal

    console.print(render_terminal(result.board))
    for analysis in result.analyses.values():
        for part in analysis.terminal:
            if isinstance(part, str):
                console.print(part, highlight=False, soft_wrap=True)
            else:
                console.print(part)


if __name__ == "__main__":
    raise SystemExit(main())
