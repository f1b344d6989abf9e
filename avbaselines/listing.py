"""Lists for the terminal: the shipped studies, the figures they quote, and the plan of one study."""

import csv
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from avbaselines import catalog
from avbaselines.errors import InputError
from avbaselines.experiment.loading.corpus import data_folder
from avbaselines.experiment.loading.readers import reader
from avbaselines.experiment.protocol_run import ProtocolRun
from avbaselines.experiment.study_run import expected_fits
from avbaselines.study import load_study

REPORTED_COLUMNS = ("study", "system", "target", "metric", "value", "protocol", "source", "note")


def show_studies(console: Console) -> None:
    """Print every shipped study with its paper, corpus and needs, broken ones with their reason.

    Examples
    --------
    >>> import io
    >>> console = Console(file=io.StringIO(), width=200)
    >>> show_studies(console)
    >>> "quickstart" in console.file.getvalue()
    True
    """
    table = Table(box=None, pad_edge=False)
    for column in ("study", "paper or title", "corpus", "needs", "data"):
        table.add_column(column, overflow="fold")
    for name in catalog.names("studies"):
        try:
            study = load_study(catalog.find("studies", name))
            source = reader(study.corpus.reader)
            paper = f"{study.paper.authors} {study.paper.year or ''}".strip() if study.paper else study.title
            data = "found" if source.ENVIRONMENT is None or data_folder(study, None) else "not found"
            table.add_row(name, paper, study.corpus.reader, source.NEEDS, data)
        except InputError as error:
            table.add_row(name, f"broken: {error}", "", "", "")
    console.print(table)


def reported_figures() -> list[dict[str, Any]]:
    """Every figure that a shipped study quotes, with `REPORTED_COLUMNS`; of a broken study its name and a note.

    Examples
    --------
    >>> sorted({figure["protocol"] for figure in reported_figures()})
    ['honest', 'paper']
    """
    rows: list[dict[str, Any]] = []
    for name in catalog.names("studies"):
        try:
            figures = load_study(catalog.find("studies", name)).reported
        except InputError as error:
            rows.append({"study": name, "note": f"broken: {error}"})
            continue
        rows += [{"study": name, **figure.model_dump(include=set(REPORTED_COLUMNS[1:]))} for figure in figures]
    return rows


def show_reported(console: Console) -> None:
    """Print `reported_figures` as a table; as csv where the console is no terminal.

    Examples
    --------
    >>> import io
    >>> console = Console(file=io.StringIO())
    >>> show_reported(console)
    >>> console.file.getvalue().splitlines()[0]
    'study,system,target,metric,value,protocol,source,note'
    """
    rows = reported_figures()
    if not console.is_terminal:
        writer = csv.DictWriter(console.file, REPORTED_COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        return
    table = Table(*REPORTED_COLUMNS, box=None, pad_edge=False)
    for row in rows:
        table.add_row(*(Text(str(row.get(column, "")), overflow="fold") for column in REPORTED_COLUMNS))
    console.print(table)


def show_plan(console: Console, run: ProtocolRun) -> None:
    """Print the systems of a study under one protocol, its size, and the fits it takes.

    Examples
    --------
    >>> import io, tempfile
    >>> from pathlib import Path
    >>> from avbaselines.experiment.study_run import prepare
    >>> path = catalog.find("studies", "multitask-structured")
    >>> study = load_study(path, ["corpus.speakers=9", "corpus.clips_per_speaker=12", "corpus.seed=1"])
    >>> [run] = prepare(study, path, Path(tempfile.mkdtemp()), ["honest"])
    >>> console = Console(file=io.StringIO(), width=200)
    >>> show_plan(console, run)
    >>> "108 clips, 9 groups, 3 targets, 1 splits" in console.file.getvalue()
    True
    """
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
