"""The words and signs every rendering of a leaderboard shares: figures, intervals, captions, remarks."""

import math
from collections.abc import Iterator

from .board import Board, Cell, Column, Row

MARKS = {"picked": "★", "reported": "†", "imported": "‡", "best": "▲", "dash": "–"}
ASCII_MARKS = {"picked": ">", "reported": "+", "imported": "#", "best": "*", "dash": "-"}


def number(value: float, digits: int = 2) -> str:
    """A figure without its leading zero: ``.62``, ``-.05``, ``1.20``; empty for NaN."""
    if math.isnan(value):
        return ""
    text = f"{value:.{digits}f}"
    if float(text) == 0:
        text = text.lstrip("-")
    return text.replace("0.", ".", 1) if text.startswith(("0.", "-0.")) else text


def interval(cell: Cell, digits: int = 2) -> str:
    """``[.55, .68]``, or nothing where there is no interval."""
    if math.isnan(cell.low) or math.isnan(cell.high):
        return ""
    return f"[{number(cell.low, digits)}, {number(cell.high, digits)}]"


def counted(numbers: tuple[int, ...], word: str) -> str:
    """``480 clips``, or ``460 to 480 clips`` where targets or systems differ."""
    if not numbers:
        return ""
    span = f"{numbers[0]:,}" if len(numbers) == 1 else f"{numbers[0]:,} to {numbers[-1]:,}"
    return f"{span} {word}"


def caption(board: Board, marks: dict[str, str] | None = None) -> list[str]:
    """The sentences under a leaderboard: metric, interval, counts, protocols, and what each mark means.

    Parameters
    ----------
    board : Board
    marks : dict, optional
        The signs for ``picked``, ``reported``, ``imported`` and ``best`` (default: `MARKS`); ``best`` may be a word.
    """
    marks, heading = marks or MARKS, board.heading
    metrics = dict.fromkeys(column.metric for column in board.columns)
    spread = heading.interval if board.has_intervals else "no intervals: too few groups to resample"
    sizes = " of ".join(filter(None, (counted(board.n_clips, "clips"), counted(board.n_groups, "groups"))))
    split = "" if board.split == "all" else f"split {board.split}"
    first = f"{', '.join(map(heading.metric_label, metrics))} [{spread}]"
    lines = ["; ".join(filter(None, (first, sizes, split, board.common_note))) + "."]
    for protocol in board.protocols:
        words = heading.protocols.get(protocol)
        lines.append(f"Protocol {protocol}: {words}" if words else f"Protocol: {protocol}.")
    kinds = {row.kind for row in board.rows}
    if any(row.picked for row in board.rows):
        lines.append(f"{marks['picked']} the suite's answer, picked without looking at the evaluated clips.")
    if board.best:
        sign = "Bold" if marks["best"] == "bold" else f"{marks['best']} (bold)"
        lines.append(
            f"{sign}: best measured figure; choosing a system by it would be learning from the evaluated clips."
        )
    if "imported" in kinds:
        lines.append(f"{marks['imported']} predictions of others, scored here on the same clips.")
    if "reported" in kinds:
        lines.append(
            f"{marks['reported']} reported by its authors, not measured here; grey and in ( ) where not comparable."
        )
    return [*lines, *heading.notes]


def remarks(board: Board) -> Iterator[tuple[Row, str]]:
    """Each row that needs a line of its own: failed ones with the reason, reported ones with source or reason."""
    for row in board.rows:
        if row.status == "failed":
            yield row, f"failed: {row.note or 'no reason was recorded'}"
        elif row.kind == "reported":
            reason = "" if row.comparable else f"not comparable: {row.reason}"
            source = "" if row.note in row.reason else row.note
            yield row, "; ".join(filter(None, (reason, source))) or "no source was recorded"


def name_marks(row: Row, marks: dict[str, str]) -> str:
    """The signs that belong to a system's name."""
    return marks["picked"] * row.picked + marks.get(row.kind, "")


def figure(board: Board, row: Row, column: Column, digits: int, marks: dict[str, str]) -> tuple[str, str]:
    """The text of one cell: the value (another metric named, incomparable in parentheses) and its interval."""
    cell = row.cells.get(column[:2])
    if cell is None or math.isnan(cell.value):
        return ("failed" if cell is not None and cell.status == "failed" else marks["dash"]), ""
    value = number(cell.value, digits)
    if cell.metric != column.metric:
        value = f"{value} {board.heading.metric_label(cell.metric)}"
    return (value if row.comparable else f"({value})"), interval(cell, digits)


def column_heads(board: Board, column: Column) -> list[str]:
    """The lines of a column's head: ``mean`` is followed by its metric unless the label names it already."""
    metric = board.heading.metric_label(column.metric)
    if column.target != "mean":
        return [column.label]
    return ["mean", column.label.removeprefix("mean").strip() or metric]
