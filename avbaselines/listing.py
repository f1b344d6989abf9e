"""Lists for the terminal: the shipped studies, one of them in full, the figures they quote, and the plan of a run."""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from avbaselines import catalog
from avbaselines.errors import InputError
from avbaselines.experiment.loading.corpus_folder import data_folder, needed, needs_data, tables_below_data
from avbaselines.experiment.loading.readers import reader
from avbaselines.safe_text import cell
from avbaselines.study import Study, load_study
from avbaselines.study_sections import Paper

if TYPE_CHECKING:
    from avbaselines.experiment.protocol_run import ProtocolRun

REPORTED_COLUMNS = ("study", "system", "split", "target", "metric", "value", "protocol", "source", "note")
FIGURE_COLUMNS = ("system", "split", "target", "metric", "value", "protocol", "source")


def show_studies(console: Console) -> None:
    """Print every shipped study on a line of its own, also on 80 columns; then the broken ones with their reason.

    Examples
    --------
    >>> import io
    >>> console = Console(file=io.StringIO(), width=80)
    >>> show_studies(console)
    >>> "quickstart" in console.file.getvalue()
    True
    """
    rows, broken = [("study", "paper or title", "corpus", "data")], []
    for name in catalog.names("studies"):
        try:
            study = load_study(catalog.find("studies", name))
            rows.append((name, _cited(study.paper) or study.title, study.corpus.reader, _whether_found(study)))
        except InputError as error:
            broken.append(f"{name}  broken: {error}")
    table = Table(box=None, pad_edge=False)
    widths = [max(map(len, cells)) for cells in zip(*rows, strict=True)]
    # A long title is cut, all else is not.
    widths[1] = max(20, console.width - sum(widths) + widths[1] - 2 * len(widths))
    for head, width in zip(rows[0], widths, strict=True):
        table.add_column(head, no_wrap=True, overflow="ellipsis", max_width=width)
    for row in rows[1:]:
        table.add_row(*row)
    console.print(table)
    for line in broken:
        console.print(line, highlight=False, soft_wrap=True)


def _cited(paper: Paper | None) -> str:
    """A paper as a text cites it: its first author, and its year."""
    if paper is None or not paper.authors:
        return ""
    first, *others = paper.authors.split(", ")
    return " ".join([first, *["et al."] * bool(others), *[str(paper.year)] * bool(paper.year)])


def _whether_found(study: Study, data: str | None = None) -> str:
    source = reader(study.corpus.reader)
    if source.ENVIRONMENT is None:
        return "made here"
    if not needs_data(study):
        return "found"
    folder = data_folder(study, data)
    return "found" if folder and all((folder / file).exists() for file in tables_below_data(study)) else "not found"


def show_study(console: Console, name: str, data: str | None = None) -> None:
    """Print what a study is, what it needs and where to get it, whether it is there, what is fitted, how to run it.

    Parameters
    ----------
    name
        Of a shipped study, or the path of a study file.
    data
        The corpus' root, where it is known.

    Raises
    ------
    InputError
        No such study, or a broken one.

    Examples
    --------
    >>> import io
    >>> console = Console(file=io.StringIO(), width=80)
    >>> show_study(console, "pom")
    >>> "16 targets" in console.file.getvalue()
    True
    """
    path = catalog.find("studies", name)
    study = load_study(path)
    console.print(Text(study.title, "bold"))
    for note in study.notes:
        console.print(Padding(Text(note), (0, 0, 0, 2)))
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(no_wrap=True, style="dim")
    table.add_column(overflow="fold")
    for head, text in _facts(study, data):
        table.add_row(head, text)
    shown = name if path.stem == str(name) else str(path)
    needs_folder = reader(study.corpus.reader).ENVIRONMENT is not None and needs_data(study)
    console.print(table)
    console.print(
        f"python -m avbaselines.run {shown}{' --data FOLDER' * needs_folder} --dry-run", highlight=False, soft_wrap=True
    )


def _facts(study: Study, data: str | None) -> Iterator[tuple[str, str]]:
    """The lines of `show_study`: what each is about, and what it says."""
    paper, source = study.paper, reader(study.corpus.reader)
    if paper:
        arxiv = f"arXiv {paper.arxiv}" if paper.arxiv else ""
        yield "paper", ". ".join(filter(None, [_cited(paper), paper.title, paper.venue, arxiv]))
    yield "corpus", study.corpus.reader
    yield "needs", needed(study)
    variable = f" (--data FOLDER or ${source.ENVIRONMENT} says where it is)" if source.ENVIRONMENT else ""
    yield "data", _whether_found(study, data) + variable
    metrics = dict.fromkeys(target.metric for target in study.targets.values())
    yield "targets", f"{len(study.targets)} targets by {', '.join(metrics)}: {', '.join(study.targets)}"
    split = study.split.model_dump(exclude_none=True, exclude_defaults=True)
    yield "split", ", ".join(f"{key} = {value}" for key, value in split.items() if value != [])
    if study.modalities:
        made = {
            name: entry.recipe or ", ".join(Path(file).name for file in entry.files)
            for name, entry in study.modalities.items()
        }
        yield "modalities", ", ".join(f"{name} ({source})" for name, source in made.items())
    if study.predictions:
        yield "predictions", f"{len(study.predictions)} other systems: {', '.join(study.predictions)}"
    if study.modalities:
        learners = [choice if isinstance(choice, str) else choice.name for choice in study.systems.learners]
        yield "learners", f"{', '.join(learners)}; targets learnt {', '.join(study.systems.tasks)}"
    if study.systems.fusion:
        methods = dict.fromkeys(stage.method for stage in study.systems.fusion)
        yield "fusions", f"{len(study.systems.fusion)} late fusions by {', '.join(methods)}"
    yield "protocols", "honest, paper" if study.protocols.paper else "honest"
    yield "reported", f"{len(study.reported)} figures of the literature stand beside (--reported lists them)"


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


def show_reported(console: Console, as_csv: bool = False) -> None:
    """Print `reported_figures`, a table a study; or all as csv, with a note a column of its own.

    Examples
    --------
    >>> import io
    >>> console = Console(file=io.StringIO())
    >>> show_reported(console, as_csv=True)
    >>> console.file.getvalue().splitlines()[0]
    'study,system,split,target,metric,value,protocol,source,note'
    """
    rows = reported_figures()
    if as_csv:
        writer = csv.DictWriter(console.file, REPORTED_COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows({name: cell(str(value)) for name, value in row.items()} for row in rows)
        return
    for study in dict.fromkeys(row["study"] for row in rows):
        figures = [row for row in rows if row["study"] == study]
        console.print(Text(study, "bold"))
        if "system" not in figures[0]:
            console.print(figures[0]["note"], highlight=False, soft_wrap=True)
            continue
        table = Table(box=None, pad_edge=False)
        for column in FIGURE_COLUMNS:
            table.add_column(column, overflow="fold", justify="right" if column == "value" else "left")
        for row in figures:
            source = "; ".join(filter(None, [row["source"], row["note"]]))
            table.add_row(*(Text(str(cell)) for cell in (*(row[column] for column in FIGURE_COLUMNS[:-1]), source)))
        console.print(table)
        console.print()


def show_plan(console: Console, run: "ProtocolRun") -> None:
    """Print the systems of a study under one protocol, its size, and the fits it takes.

    Examples
    --------
    >>> import io, tempfile
    >>> from pathlib import Path
    >>> from avbaselines.experiment.study_plan import prepare
    >>> path = catalog.find("studies", "multitask-structured")
    >>> study = load_study(path, ["corpus.speakers=9", "corpus.clips_per_speaker=12", "corpus.seed=1"])
    >>> [run] = prepare(study, path, Path(tempfile.mkdtemp()), ["honest"])
    >>> console = Console(file=io.StringIO(), width=200)
    >>> show_plan(console, run)
    >>> "108 clips, 9 groups, 3 targets, 1 splits" in console.file.getvalue()
    True
    """
    from avbaselines.experiment.study_plan import expected_fits

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
