"""The leaderboard as a person reads it: in the terminal, in Markdown, in a paper.

>>> board = leaderboard(results, heading)                                              # doctest: +SKIP
>>> rich.console.Console().print(render_terminal(board))                               # doctest: +SKIP
"""

from rich import box
from rich.console import Console, ConsoleOptions, RenderResult
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from .board import Board, Column, Row, leaderboard
from .heading import Heading, Target
from .latex import render_latex
from .words import ASCII_MARKS, MARKS, caption, column_heads, figure, name_marks, remarks

__all__ = ["Board", "Heading", "Target", "leaderboard", "render_latex", "render_markdown", "render_terminal"]


class TerminalLeaderboard:
    """Rich renderable of a board; it suits itself to the width and the encoding of the console it meets."""

    def __init__(self, board: Board, digits: int = 2):
        self.board, self.digits = board, digits

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        marks = ASCII_MARKS if options.ascii_only else MARKS
        n_columns, table = len(self.board.columns), None
        # The fullest layout that fits: interval beside the value, under it, in the first column, nowhere; then fewer.
        layouts = [
            ("beside", n_columns),
            ("under", n_columns),
            ("first", n_columns),
            *(("none", n) for n in range(n_columns, 0, -1)),
        ]
        for layout, shown in layouts:
            table = self._table(layout, shown, marks)
            if console.measure(table, options=options.update(max_width=10_000)).maximum <= options.max_width:
                break
        yield table
        lines = [f"{name_marks(row, marks)} {row.system}: {text}".strip() for row, text in remarks(self.board)]
        if shown < n_columns or (layout in ("first", "none") and self.board.has_intervals):
            what = "Columns and intervals" if shown < n_columns else "Intervals"
            lines.append(f"{what} that do not fit this terminal are in leaderboard.md and results.csv.")
        styled = [(line, "default") for line in lines] + [(line, "dim") for line in caption(self.board, marks)]
        for line, style in styled:
            yield Padding(Text(_encodable(line, options.ascii_only), style=style), (0, 0, 0, 1))

    def _table(self, layout: str, shown: int, marks: dict[str, str]) -> Table:
        board, plain = self.board, marks is ASCII_MARKS
        table = Table(
            title=_encodable(board.heading.title, plain), title_justify="left", title_style="bold", box=box.SIMPLE_HEAD
        )
        table.pad_edge, table.padding = False, (0, 1, 0, 0)
        table.add_column("", no_wrap=True)
        table.add_column("system", overflow="fold", max_width=30)
        if board.shows_protocol:
            table.add_column("protocol", no_wrap=True)
        for column in board.columns[:shown]:
            table.add_column(_encodable(" ".join(column_heads(board, column)), plain), no_wrap=True)
        for row in board.rows:
            name = Text(_encodable(row.system, plain), style="bold" if row.picked else "")
            if row.labels:
                name.append(f"\n({', '.join(row.labels)})", style="italic")
            cells = [self._cell(row, column, layout, marks) for column in board.columns[:shown]]
            protocol = [Text(row.protocol)] * board.shows_protocol
            style = "dim" if not row.comparable or row.status == "failed" else "cyan" if row.kind == "reported" else ""
            table.add_row(Text(name_marks(row, marks)), name, *protocol, *cells, style=style)
        return table

    def _cell(self, row: Row, column: Column, layout: str, marks: dict[str, str]) -> Text:
        value, spread = figure(self.board, row, column, self.digits, marks)
        best = self.board.is_best(row, column)
        text = Text(value + (marks["best"] if best else ""), style="bold" if best else "")
        if spread and (layout in ("beside", "under") or (layout == "first" and column == self.board.columns[0])):
            text.append(("\n" if layout == "under" else " " if best else "  ") + spread, style="not bold dim")
        return text


def _encodable(text: str, plain: bool) -> str:
    """The text, with what a console that is not UTF-8 might choke on replaced."""
    return (
        text.translate({0x2013: "-", 0x2014: "-", 0x2026: "..."}).encode("ascii", "replace").decode() if plain else text
    )


def render_terminal(board: Board, *, digits: int = 2) -> TerminalLeaderboard:
    """The leaderboard for ``rich.console.Console.print``: targets as columns, the interval beside each value.

    Narrow consoles get the interval under the value, or none (and are told so); consoles that are not UTF-8 get plain
    signs; bold and grey are always doubled by a sign, so nothing is lost without colours.
    """
    return TerminalLeaderboard(board, digits)


def render_markdown(board: Board, *, digits: int = 3) -> str:
    """The leaderboard as a GitHub table with title, remarks and caption; it ends in a newline."""
    marks = MARKS | {"best": "bold"}
    figures = [" ".join(column_heads(board, column)) for column in board.columns]
    heads = ["", "system", *["protocol"] * board.shows_protocol, *figures, "learner", "modalities"]
    lines = [f"# {_plain(board.heading.title)}", "", _pipe(heads), _pipe(["---"] * len(heads))]
    for row in board.rows:
        name = _plain(row.system) + (f" *({', '.join(row.labels)})*" if row.labels else "")
        cells = []
        for column in board.columns:
            value, spread = figure(board, row, column, digits, marks)
            value = f"**{value}**" if board.is_best(row, column) else value
            cells.append(f"{_plain(value) if '**' not in value else value} {spread}".strip())
        protocol = [_plain(row.protocol)] * board.shows_protocol
        shown = [f"**{name}**" if row.picked else name, *protocol, *cells, _plain(row.learner), _plain(row.modalities)]
        lines.append(_pipe([name_marks(row, marks), *shown]))
    lines.append("")
    for row, text in remarks(board):
        lines.append("- " + f"{name_marks(row, marks)} {_plain(row.system)}: {_plain(text)}".strip())
    lines.append("")
    return "\n".join(lines + [_plain(line) + "  " for line in caption(board, marks)]).rstrip() + "\n"


def _pipe(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _plain(text: str) -> str:
    """Text that Markdown leaves as it is, on one line."""
    for sign in "\\`*_|<":
        text = text.replace(sign, "\\" + sign)
    return " ".join(text.split())
