"""``python -m avbaselines.board RUN...``: many finished runs on one page, and what moved since earlier ones."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from avbaselines.command import DONE, exit_status, plain_console
from avbaselines.errors import InputError
from avbaselines.experiment.fitting.store import replacing
from avbaselines.finished_run import FinishedRun, find_runs
from avbaselines.reports.standings import Standing, standings
from avbaselines.reports.standings_views import standings_grid, standings_markdown, standings_page, standings_table
from avbaselines.reports.table import rich_table
from avbaselines.safe_text import cell, shown

DESCRIPTION = """\
Finished runs as one table: the system that each picked, its score with the interval, the verdict against the best
figure of others (imported predictions, or figures that papers report), and a link to its report. With --before, what
moved since earlier runs of the same studies. Nothing is fitted.
Exit status: 0 done, 2 bad input, 130 interrupted."""
FORMATS = (".html", ".csv", ".md")
TRANSDUCTIVE = "Transductive answers read other, unlabelled clips of each evaluated speaker, as their studies allow"


def parser() -> argparse.ArgumentParser:
    """The command line of ``board``.

    Examples
    --------
    >>> parser().parse_args(["runs", "--before", "runs-of-last-year"]).before
    ['runs-of-last-year']
    """
    command = argparse.ArgumentParser(
        prog="python -m avbaselines.board",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument("runs", nargs="+", metavar="RUN", help="a run folder, or a folder with run folders below it")
    command.add_argument(
        "--before", action="append", default=[], metavar="RUN", help="earlier runs, matched by name, else by title"
    )
    command.add_argument(
        "--out", action="append", metavar="FILE", help="html, csv or md; may be repeated (default: board.html)"
    )
    command.add_argument("--title", default="Studies", help="of the page, default: %(default)s")
    command.add_argument("--debug", action="store_true", help="show tracebacks")
    return command


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command.

    Returns
    -------
    int
        0 done, 2 bad input, 130 interrupted.

    Examples
    --------
    >>> main(["nowhere"])  # no finished run
    2
    """
    arguments = parser().parse_args(argv)
    return exit_status(lambda: _board(arguments), debug=arguments.debug, interrupted="what was written is whole")


def _board(arguments: argparse.Namespace) -> int:
    places = [Path(name) for name in arguments.out or ["board.html"]]
    for place in places:
        if place.suffix.lower() not in FORMATS:
            raise InputError(f"--out {place}: unknown format {place.suffix!r}; use one of {', '.join(FORMATS)}")
    runs, before = find_runs(arguments.runs), find_runs(arguments.before)
    rows = standings(runs, before)
    notes = _notes(rows, before)
    for place in places:
        _write(place, rows, arguments.title, notes)
    console = plain_console()
    ascii_only = not (sys.stdout.encoding or "").lower().startswith("utf")
    grid = standings_grid(rows, arguments.title)
    console.print(rich_table(grid, folded=range(len(grid.heads)), stacked=True, ascii_only=ascii_only))
    for line in [*notes, *(f"written: {place}" for place in places)]:
        console.print(shown(line), soft_wrap=True, highlight=False)
    return DONE


def _notes(rows: Sequence[Standing], before: Sequence[FinishedRun]) -> list[str]:
    """Answers that read unlabelled clips of evaluated speakers, and earlier runs that nothing was made of."""
    reading = dict.fromkeys(row.run.key for row in rows if row.transductive)
    titles, keys = {row.run.title for row in rows}, {row.run.key for row in rows}
    gone = [run.key for run in before if run.key not in keys and run.title not in titles]
    notes = [f"{TRANSDUCTIVE} ({', '.join(reading)})."] if reading else []
    return [*notes, f"Not run again: {', '.join(gone)}."] if gone else notes


def _write(place: Path, rows: Sequence[Standing], title: str, notes: Sequence[str]) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    with replacing(place) as temporary:
        if place.suffix.lower() == ".csv":
            table = standings_table(rows)
            texts = table.select_dtypes(exclude="number").columns
            table.assign(**{name: table[name].map(cell) for name in texts}).to_csv(temporary, index=False)
        elif place.suffix.lower() == ".md":
            temporary.write_text(f"# {title}\n\n{standings_markdown(rows, notes)}", encoding="utf-8")
        else:
            temporary.write_text(standings_page(rows, title, place.parent, notes), encoding="utf-8")


if __name__ == "__main__":
    raise SystemExit(main())
