"""Figures, intervals, captions, remarks and signs as every rendering of a leaderboard writes them."""

import math
from collections.abc import Iterator

from ..results_table import RemarkKind, joined
from .board import Board, Column, Row

Marks = dict[str, str]
"""Signs for ``picked``, ``tied``, kinds of rows, ``best`` (which may be a word) and ``dash``, for no figure."""
MARKS: Marks = {
    **{"picked": "★", "tied": "≈", "reported": "†", "imported": "‡", "ceiling": "◇", "best": "▲", "dash": "–"},
}
ASCII_MARKS: Marks = {
    **{"picked": ">", "tied": "~", "reported": "+", "imported": "#", "ceiling": "^", "best": "*", "dash": "-"},
}


def number(value: float, digits: int = 2) -> str:
    """A figure without its leading zero; empty for NaN.

    Examples
    --------
    >>> number(0.617), number(-0.05), number(1.2), number(math.nan)
    ('.62', '-.05', '1.20', '')
    """
    if math.isnan(value):
        return ""
    text = f"{value:.{digits}f}"
    if float(text) == 0:
        text = text.lstrip("-")
    return text.replace("0.", ".", 1) if text.startswith(("0.", "-0.")) else text


def interval(low: float, high: float, digits: int = 2) -> str:
    """An interval; empty where an end is NaN.

    Examples
    --------
    >>> interval(0.55, 0.68), interval(math.nan, math.nan)
    ('[.55, .68]', '')
    """
    if math.isnan(low) or math.isnan(high):
        return ""
    return f"[{number(low, digits)}, {number(high, digits)}]"


def counted(numbers: tuple[int, ...], word: str) -> str:
    """A number of things, or from which to which number where targets or systems differ.

    Examples
    --------
    >>> counted((480,), "clips"), counted((460, 1480), "clips"), counted((), "clips")
    ('480 clips', '460 to 1,480 clips', '')
    """
    if not numbers:
        return ""
    span = f"{numbers[0]:,}" if len(numbers) == 1 else f"{numbers[0]:,} to {numbers[-1]:,}"
    return f"{span} {word}"


def caption(board: Board, marks: Marks | None = None) -> list[str]:
    """The sentences under a leaderboard: metric, interval, counts, protocols, and what each mark means.

    Parameters
    ----------
    board
    marks
        Default: `MARKS`.

    Examples
    --------
    >>> from avbaselines.reports.heading import Heading, ReportTarget
    >>> from avbaselines.reports.ranking import leaderboard
    >>> from avbaselines.results_table import ResultRow
    >>> figure = ResultRow(protocol="honest", system="svr", target="arousal", metric="ccc", value=0.4, n_clips=480)
    >>> caption(leaderboard([figure], Heading("A study", [ReportTarget("arousal", "ccc")])))[0]
    'CCC [no intervals: too few groups to resample]; 480 clips.'
    """
    marks, heading = marks or MARKS, board.heading
    metrics = dict.fromkeys(column.metric for column in board.columns)
    spread = heading.interval if board.has_intervals else f"no intervals: too few {heading.units} to resample"
    sizes = " of ".join(filter(None, (counted(board.n_clips, "clips"), counted(board.n_groups, heading.units))))
    split = "" if board.split == "all" else f"split {board.split}"
    first = f"{', '.join(map(heading.metric_label, metrics))} [{spread}]"
    lines = ["; ".join(filter(None, (first, sizes, split, joined(board.common)))) + "."]
    for protocol in board.protocols:
        words = heading.protocols.get(protocol)
        lines.append(f"Protocol {protocol}: {words}" if words else f"Protocol: {protocol}.")
    kinds = {row.kind for row in board.rows}
    if any(row.picked for row in board.rows):
        lines.append(f"{marks['picked']} the suite's answer, picked without looking at the evaluated clips.")
    lines += transductive_words(board, marks)
    if any(row.tied for row in board.rows):
        lines.append(
            f"{marks['tied']} tied with {marks['picked']}: their paired difference is not told from 0 at 95 %; that is "
            f"no equality, more {heading.units} may tell them apart."
        )
    if board.has_verdicts:
        lines.append(verdict_words(heading.margin, marks["picked"]))
    if board.best:
        sign = "Bold" if marks["best"] == "bold" else f"{marks['best']} (bold)"
        lines.append(
            f"{sign}: best measured figure; choosing a system by it would be learning from the evaluated clips."
        )
    if "imported" in kinds:
        lines.append(f"{marks['imported']} predictions of others, scored here on the same clips.")
    if "ceiling" in kinds:
        lines.append(
            f"{marks['ceiling']} what the labels themselves allow: the consensus of as many other raters, and that of "
            "raters without end (label-ceiling), against the consensus of the same clips."
        )
    if "reported" in kinds:
        lines.append(
            f"{marks['reported']} reported by its authors, not measured here; grey and in ( ) where not comparable."
        )
    return [*lines, *heading.notes]


def transductive_words(board: Board, marks: Marks) -> Iterator[str]:
    """What is to be said under a board where a picked row reads unlabelled clips of the evaluated groups.

    Examples
    --------
    >>> from avbaselines.reports.heading import Heading, ReportTarget
    >>> from avbaselines.reports.ranking import leaderboard
    >>> from avbaselines.results_table import Remark, ResultRow
    >>> remark = Remark(RemarkKind.TRANSDUCTIVE, "transductive: normalised by each evaluated speaker's own clips")
    >>> figure = ResultRow(
    ...     protocol="honest", system="svr", target="arousal", metric="ccc", value=0.4, picked=True, remarks=(remark,)
    ... )
    >>> board = leaderboard([figure], Heading("A study", [ReportTarget("arousal", "ccc")]))
    >>> [text[:48] for text in transductive_words(board, MARKS)]
    ['★ is transductive: it reads other, unlabelled cl']
    """
    if any(row.picked and RemarkKind.TRANSDUCTIVE in row.kinds for row in board.rows):
        yield (
            f"{marks['picked']} is transductive: it reads other, unlabelled clips of each evaluated speaker (never a "
            "label), as the study allows; it needs as many of whoever is predicted, and is no match for systems that "
            "predict a clip by itself."
        )


def verdict_words(margin: float, picked: str = MARKS["picked"]) -> str:
    """What the column of verdicts means.

    Examples
    --------
    >>> verdict_words(0.02)[:62]
    'Verdict: against ★, by the paired interval and a margin of .02'
    """
    if not margin > 0:
        return f"Verdict: against {picked}, by the paired interval (no margin, so nothing is called equivalent)."
    return (
        f"Verdict: against {picked}, by the paired interval and a margin of {margin_text(margin)}; equivalent: the "
        "difference is smaller than that (two one-sided tests at 5 %); not worse, not better: one of the two tests."
    )


def margin_text(margin: float) -> str:
    """A margin with as many digits as it needs.

    Examples
    --------
    >>> margin_text(0.02), margin_text(0.0125), margin_text(1.5)
    ('.02', '.0125', '1.5')
    """
    text = f"{margin:.3g}"
    return text.removeprefix("0") if text.startswith("0.") else text


def row_remarks(board: Board) -> Iterator[tuple[Row, str]]:
    """Each row that needs a line of its own: failed with the reason, reported with source or reason, several seeds.

    Examples
    --------
    >>> from avbaselines.reports.heading import Heading, ReportTarget
    >>> from avbaselines.reports.ranking import leaderboard
    >>> from avbaselines.results_table import ResultRow
    >>> rows = [
    ...     ResultRow(protocol="honest", system=name, target="arousal", metric="ccc", value=value, stage=stage,
    ...               picked=stage == 1)
    ...     for name, value, stage in (("late", 0.5, 1), ("early", 0.4, 0))
    ... ]
    >>> board = leaderboard(rows, Heading("A study", [ReportTarget("arousal", "ccc")]))
    >>> list(row_remarks(board))
    []
    """
    for row in board.rows:
        if row.status == "failed":
            yield row, f"failed: {row.note or 'no reason was recorded'}"
        elif row.kind == "reported":
            reason = "" if row.comparable else f"not comparable: {row.reason}"
            yield row, "; ".join(filter(None, (reason, row.note))) or "no source was recorded"
        elif RemarkKind.SEEDS in row.kinds:
            yield row, joined(remark for remark in row.remarks if remark.kind is RemarkKind.SEEDS)


def name_marks(row: Row, marks: Marks) -> str:
    """The signs that belong to a system's name.

    Examples
    --------
    >>> from avbaselines.reports.heading import Heading, ReportTarget
    >>> from avbaselines.reports.ranking import leaderboard
    >>> from avbaselines.results_table import ResultRow
    >>> rows = [
    ...     ResultRow(protocol="honest", system=name, target="arousal", metric="ccc", value=value, stage=stage,
    ...               picked=stage == 1)
    ...     for name, value, stage in (("late", 0.5, 1), ("early", 0.4, 0))
    ... ]
    >>> board = leaderboard(rows, Heading("A study", [ReportTarget("arousal", "ccc")]))
    >>> [name_marks(row, MARKS) for row in board.rows]
    ['★', '']
    """
    return marks["picked"] * row.picked + marks["tied"] * row.tied + marks.get(row.kind, "")


def figure(board: Board, row: Row, column: Column, digits: int, marks: Marks) -> tuple[str, str]:
    """The text of one cell: the value (another metric named, incomparable in parentheses) and its interval.

    Examples
    --------
    >>> from avbaselines.reports.heading import Heading, ReportTarget
    >>> from avbaselines.reports.ranking import leaderboard
    >>> from avbaselines.results_table import ResultRow
    >>> rows = [
    ...     ResultRow(protocol="honest", system=name, target="arousal", metric="ccc", value=value, stage=stage,
    ...               picked=stage == 1)
    ...     for name, value, stage in (("late", 0.5, 1), ("early", 0.4, 0))
    ... ]
    >>> board = leaderboard(rows, Heading("A study", [ReportTarget("arousal", "ccc")]))
    >>> figure(board, board.rows[0], board.columns[0], 2, MARKS)
    ('.50', '')
    """
    cell = row.cells.get(column.key)
    if cell is None or math.isnan(cell.value):
        return ("failed" if cell is not None and cell.status == "failed" else marks["dash"]), ""
    value = number(cell.value, digits)
    if cell.metric != column.metric:
        value = f"{value} {board.heading.metric_label(cell.metric)}"
    return (value if row.comparable else f"({value})"), interval(cell.low, cell.high, digits)
