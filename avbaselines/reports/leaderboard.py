"""The leaderboard as a person reads it: in the terminal, in Markdown, in a paper."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from rich.console import Console, ConsoleOptions, RenderResult
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from .board import Board, Column, Row
from .formatting import ASCII_MARKS, MARKS, Marks, caption, figure, name_marks, row_remarks
from .heading import Heading, ReportTarget
from .ranking import leaderboard
from .table import Entry, Grid, Line, encodable, escape_markdown, latex_table, markdown_table, rich_table

__all__ = ["Board", "Heading", "ReportTarget", "leaderboard", "render_latex", "render_markdown", "render_terminal"]

WIDEST_NAME = 30
MOST_SIDE_BY_SIDE = 4
"""Columns of figures up to which LaTeX has intervals beside the figures, not under them."""


PLACES = ("beside", "under", "first", "none")
"""Where an interval stands: beside its value, under it, beside the first column's value, nowhere."""


@dataclass(frozen=True)
class _Layout:
    """Place of the intervals, number of columns shown, and whether verdicts are."""

    place: str
    shown: int
    verdicts: bool = False


class TerminalLeaderboard:
    """Rich renderable of a board; it suits itself to the width and the encoding of the console it meets.

    Examples
    --------
    See `render_terminal`.
    """

    def __init__(self, board: Board, digits: int = 2) -> None:
        self.board, self.digits = board, digits

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        marks = ASCII_MARKS if options.ascii_only else MARKS
        n_columns, table = len(self.board.columns), Table()
        # The fullest layout that fits: interval beside the value, under it, in the first column, nowhere; then without
        # verdicts, which the caption counts; then fewer columns.
        layouts = [_Layout(where, n_columns, verdicts) for verdicts in (True, False) for where in PLACES[:-1]]
        layouts += [_Layout(PLACES[-1], shown) for shown in range(n_columns, 0, -1)]
        for layout in layouts:
            table = self._table(layout, marks)
            if console.measure(table, options=options.update(max_width=10_000)).maximum <= options.max_width:
                break
        yield table
        lines = list(_remark_lines(self.board, marks))
        shown = layout.shown
        if shown < n_columns or (layout.place in PLACES[2:] and self.board.has_intervals):
            left_out = "Columns and intervals" if shown < n_columns else "Intervals"
            names = ", ".join(" ".join(head.split()) for head in _heads(self.board)[shown:])
            where = f"that do not fit this terminal are in leaderboard.md and results.csv{': ' * bool(names)}{names}"
            lines.append(f"{left_out} {where}.")
        styled = [(line, "default") for line in lines] + [(line, "dim") for line in caption(self.board, marks)]
        for line, style in styled:
            yield Padding(Text(encodable(line, options.ascii_only), style=style), (0, 0, 0, 1))

    def _table(self, layout: "_Layout", marks: Marks) -> Table:
        board, lines, shown = self.board, [], layout.shown
        with_verdict = layout.verdicts and board.has_verdicts
        for row in board.rows:
            name = Entry(row.system, aside=", ".join(row.labels), bold=row.picked)
            cells = [self._cell(row, column, layout.place, marks) for column in board.columns[:shown]]
            cells += [_verdict(row)] * with_verdict
            style = "dim" if not row.comparable or row.status == "failed" else "cyan" if row.kind == "reported" else ""
            protocol = [Entry(row.protocol)] * board.shows_protocol
            lines.append(Line((Entry(name_marks(row, marks)), name, *protocol, *cells), style))
        heads = ["", "system", *["protocol"] * board.shows_protocol, *_heads(board)[:shown]]
        heads += ["verdict"] * with_verdict
        grid = Grid(heads, lines, board.heading.title)
        table = rich_table(grid, folded=(1,), stacked=layout.place == "under", ascii_only=marks is ASCII_MARKS)
        table.columns[1].max_width = WIDEST_NAME
        return table

    def _cell(self, row: Row, column: Column, place: str, marks: Marks) -> Entry:
        entry = _entry(self.board, row, column, self.digits, marks)
        has_room = place in ("beside", "under") or (place == "first" and column == self.board.columns[0])
        return replace(entry, mark=marks["best"] * entry.bold, small=entry.small if has_room else "")


def render_terminal(board: Board, *, digits: int = 2) -> TerminalLeaderboard:
    """The leaderboard for ``rich.console.Console.print``: targets as columns, the interval beside each value.

    Narrow consoles get the interval under the value, or none (and are told so); consoles that are not UTF-8 get plain
    signs; bold and grey are always doubled by a sign, so nothing is lost without colours.

    Examples
    --------
    >>> from avbaselines.results_table import ResultRow
    >>> figure = ResultRow(protocol="honest", system="svr", target="arousal", metric="ccc", value=0.4)
    >>> board = leaderboard([figure], Heading("A study", [ReportTarget("arousal", "ccc")]))
    >>> Console(width=60).print(render_terminal(board))  # doctest: +ELLIPSIS
    A study...
    """
    return TerminalLeaderboard(board, digits)


def render_markdown(board: Board, *, digits: int = 3) -> str:
    """The leaderboard as a GitHub table with title, remarks and caption; it ends in a newline.

    Examples
    --------
    >>> from avbaselines.results_table import ResultRow
    >>> figure = ResultRow(protocol="honest", system="svr", target="arousal", metric="ccc", value=0.4)
    >>> text = render_markdown(leaderboard([figure], Heading("A study", [ReportTarget("arousal", "ccc")])))
    >>> "|  | svr | **.400** |" in text
    True
    """
    marks, lines = MARKS | {"best": "bold"}, []
    for row in board.rows:
        name = Entry(row.system, aside=", ".join(row.labels), bold=row.picked)
        protocol = [Entry(row.protocol)] * board.shows_protocol
        cells = [_entry(board, row, column, digits, marks) for column in board.columns]
        last = *[_verdict(row)] * board.has_verdicts, Entry(row.learner), Entry("+".join(row.modalities))
        lines.append(Line((Entry(name_marks(row, marks)), name, *protocol, *cells, *last)))
    heads = ["", "system", *["protocol"] * board.shows_protocol, *_heads(board)]
    heads += [*["verdict"] * board.has_verdicts, "learner", "modalities"]
    text = [f"# {escape_markdown(board.heading.title)}", "", *markdown_table(Grid(heads, lines))]
    text += [f"- {escape_markdown(line)}" for line in _remark_lines(board, marks)]
    text += ["", *(escape_markdown(line) + "  " for line in caption(board, marks))]
    return "\n".join(text).rstrip() + "\n"


def render_latex(board: Board, *, digits: int = 2, label: str = "tab:leaderboard") -> str:
    """The leaderboard as a ``table*`` for a paper (packages: booktabs, xcolor); it ends in a newline.

    Intervals stand small beside the values, the best measured figure is bold, reported rows carry a dagger and are grey
    where not comparable; the caption states metric, interval, protocol and marks.

    Examples
    --------
    >>> from avbaselines.results_table import ResultRow
    >>> figure = ResultRow(protocol="honest", system="svr", target="arousal", metric="ccc", value=0.4)
    >>> text = render_latex(leaderboard([figure], Heading("A study", [ReportTarget("arousal", "ccc")])))
    >>> "svr & " in text and "{.40}" in text
    True
    """
    lines = []
    for row in board.rows:
        name = Entry(row.system, aside=", ".join(row.labels), mark=name_marks(row, MARKS))
        protocol = [Entry(row.protocol)] * board.shows_protocol
        cells = [_entry(board, row, column, digits, MARKS) for column in board.columns]
        cells += [_verdict(row)] * board.has_verdicts
        lines.append(Line((name, *protocol, *cells), grey=not row.comparable))
    heads = ["System", *["Protocol"] * board.shows_protocol, *_heads(board), *["Verdict"] * board.has_verdicts]
    words = _sentences([board.heading.title, *caption(board, MARKS | {"best": "bold"})])
    notes, stacked = _sentences(_remark_lines(board, MARKS)), len(board.columns) > MOST_SIDE_BY_SIDE
    return latex_table(Grid(heads, lines), words, label, notes=notes, packages="booktabs,xcolor", stacked=stacked)


def _verdict(row: Row) -> Entry:
    return Entry(row.verdict.value if row.verdict else "")


def _entry(board: Board, row: Row, column: Column, digits: int, marks: Marks) -> Entry:
    value, spread = figure(board, row, column, digits, marks)
    return Entry(value, small=spread, bold=board.is_best(row, column))


def _heads(board: Board) -> list[str]:
    return [column.label for column in board.columns]


def _remark_lines(board: Board, marks: Marks) -> Iterator[str]:
    yield from (f"{name_marks(row, marks)} {row.system}: {text}".strip() for row, text in row_remarks(board))


def _sentences(texts: Iterable[str]) -> str:
    return " ".join(text.rstrip(". ") + "." for text in texts)
