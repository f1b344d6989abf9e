"""The first screen of the report: the picked system, its gain, and whether that is more than chance."""

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from ..evaluation.combined import COMBINED
from ..evaluation.metrics import oriented
from ..evaluation.verdicts import Verdict
from ..results_table import RemarkKind, joined
from .board import Board, Column, Row
from .formatting import MARKS, interval, margin_text, number
from .paired_tests import Comparison, signed


@dataclass(frozen=True)
class Answer:
    """The answer of one protocol: the picked system, its figure, the verdict on its gain, and that in sentences.

    ``verdict`` is one word: that of the comparison with hyphens, or ``none``.
    ``warning`` says why the figure is not to be believed, where it is not; ``composed`` of what a picked row is made;
    ``labels`` are the words that must stand beside the system's name.

    Examples
    --------
    >>> Answer("honest", "late-ridge", "mean CCC .635", "better", ["+.030 over the best single system."]).warning
    ''
    """

    protocol: str
    system: str
    figure: str
    verdict: str
    sentences: list[str]
    composed: str = ""
    warning: str = ""
    labels: tuple[str, ...] = ()


def answers(board: Board, comparisons: list[Comparison]) -> list[Answer]:
    """One answer for each protocol with a picked system that finished, in the order of the heading's protocols.

    The gain is that of the picked system over the best single system (stage 0) on the evaluated clips, or where none
    was measured over the one chosen out-of-fold; a fusion's gain over the best mean of predictions stands beside it.
    It is called more than chance only if a paired test of the two was given and its interval excludes 0.

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
    >>> answers(board, [Comparison("honest", "late", "early", "mean", 0.1, 0.02, 0.18, 0.01)])[0].verdict
    'better'
    """
    order = list(board.heading.protocols)
    rows = [row for row in board.rows if row.picked and row.status == "ok"]
    rows.sort(key=lambda row: order.index(row.protocol) if row.protocol in order else len(order))
    return [_answer(board, row, comparisons) for row in rows]


def _answer(board: Board, row: Row, comparisons: list[Comparison]) -> Answer:
    with_mean = board.columns[0].target in ("mean", COMBINED) or len(board.heading.targets) == 1
    columns = board.columns[:1] if with_mean else board.columns
    texts, verdicts, sentences = [], [], []
    for column in columns:
        cell = row.cells.get(column.key)
        if cell is None:
            continue
        name = f"{column.target} {board.heading.metric_label(column.metric)}"
        texts.append(f"{name} {number(cell.value, 3)} {interval(cell.low, cell.high, 3)}".strip())
        gains = _gains(board, row, column, comparisons)
        verdicts.append(gains[0][0])
        beside = board.beside.get((row.protocol, *column.key))
        said = [f"Splits put together otherwise: {beside}."] if beside else []
        said += [*(gain for _, gain in gains), *_higher(board, row, column), *_reported(board, row, column)]
        sentences += said if with_mean else [f"{column.target}: {sentence}" for sentence in said]
    sentences += [*_standing(board, row), *_transductive(row)]
    composed = joined(remark for remark in row.remarks if remark.kind is RemarkKind.COMPOSED)
    seen = RemarkKind.RESUBSTITUTION in row.kinds
    warning = (
        "Not to be believed: fitted, tuned, picked and scored on the same clips; tests and intervals share the flaw."
    )
    return Answer(
        row.protocol, row.system, "; ".join(texts), "none" if seen else next(iter(verdicts), "none"), sentences,
        composed, warning if seen else "", row.labels,
    )  # fmt: skip


def _gains(board: Board, row: Row, column: Column, comparisons: list[Comparison]) -> list[tuple[str, str]]:
    """Verdicts and sentences on the gain over the best single system and, for a fusion, over the best mean."""
    rivals = [
        other for other in board.rows
        if (other.protocol, other.kind, other.status) == (row.protocol, "measured", "ok") and other.system != row.system
        and not math.isnan(other.value(column))
        and (RemarkKind.TRANSDUCTIVE not in other.kinds or RemarkKind.TRANSDUCTIVE in row.kinds)
    ]  # fmt: skip
    single, fused = [other for other in rivals if not other.stage], bool(row.stage)
    chosen = [other for other in rivals if other.learner == "best-single" and not other.twin]
    means = [other for other in rivals if other.learner == "mean"]
    whom = f"the best {'' if fused else 'other '}single system"
    gains = []
    if single:
        gains.append(_gain(row, _best_of(single, column), whom, column, board, comparisons))
    elif chosen:
        words = "the best single system as chosen out-of-fold"
        gains.append(_gain(row, _best_of(chosen, column), words, column, board, comparisons))
    else:
        gains.append(("none", "There is no other single system to compare it with."))
    if means and fused and row.learner != "mean":
        gains.append(_gain(row, _best_of(means, column), "the best mean of predictions", column, board, comparisons))
    return gains


def _best_of(rows: list[Row], column: Column) -> Row:
    return max(rows, key=lambda other: oriented(column.metric, other.value(column)))


def _gain(
    row: Row, rival: Row, words: str, column: Column, board: Board, comparisons: list[Comparison]
) -> tuple[str, str]:
    """Verdict and sentence on the gain over one rival."""
    whom = f"{words}, {rival.system}"
    # Of one target the mean over targets is the same figure, and that is what runs test.
    targets = {column.target, "mean"} if len(board.heading.targets) == 1 else {column.target}
    for test in comparisons:
        if test.system_b == row.system:
            test = test.reversed()
        here = (test.system_a, test.system_b) == (row.system, rival.system) and test.target in targets
        if here and test.protocol in ("", row.protocol):
            text = f"{test.text} over {whom} (paired over {board.heading.units}): {test.words}."
            return test.verdict.value.replace(" ", "-"), text
    gap = oriented(column.metric, row.value(column) - rival.value(column))
    return "none", f"{signed(gap)} over {whom}; no paired test of the two was given, so this may be chance."


def _standing(board: Board, row: Row) -> Iterator[str]:
    """How many other systems are tied with the picked one, and the verdicts on all of them."""
    rivals = board.rivals(row.protocol)
    if not rivals:
        return
    tied, counts = sum(rival.tied for rival in rivals), Counter(rival.verdict for rival in rivals)
    yield (
        f"{tied} of {len(rivals)} other systems {'is' if tied == 1 else 'are'} tied with it ({MARKS['tied']}): "
        "differences not told from 0 at 95 %, which is no equality."
    )
    margin = board.heading.margin
    said = ", ".join(f"{counts[verdict]} {verdict.value}" for verdict in Verdict if counts[verdict])
    yield f"Against it{f' by a margin of {margin_text(margin)}' if margin > 0 else ''}: {said}."


def _transductive(row: Row) -> Iterator[str]:
    """What a reader has to know of a picked row that reads unlabelled clips of evaluated speakers."""
    if RemarkKind.TRANSDUCTIVE in row.kinds:
        yield (
            "It is transductive, as the study allows: its score holds for speakers who bring as many unlabelled clips "
            "as the evaluated ones do; it is no match for systems that predict a clip by itself."
        )


def _higher(board: Board, row: Row, column: Column) -> Iterator[str]:
    for other in board.rows:
        if other.protocol == row.protocol and other.system != row.system and board.is_best(other, column):
            value = number(other.value(column), 3)
            yield f"{other.system} scores {value}; choosing it for that would be learning from the evaluated clips."


def _reported(board: Board, row: Row, column: Column) -> Iterator[str]:
    """The best reported figure that may be compared, and whether it lies inside the picked system's interval."""
    figures = [
        (oriented(column.metric, other.value(column)), other.system, other.value(column))
        for other in board.rows
        if other.kind == "reported" and other.comparable and other.protocol == row.protocol
        and not math.isnan(other.value(column))
    ]  # fmt: skip
    if figures:
        _, system, value = max(figures)
        cell = row.cells[column.key]
        inside = "inside" if cell.low <= value <= cell.high else "outside"
        place = "" if math.isnan(cell.low) else f", {inside} the interval above"
        yield f"Best comparable reported figure: {system}, {number(value, 3)}{place}."
