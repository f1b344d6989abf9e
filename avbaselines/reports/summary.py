"""The first screen of the report: which system is the answer, by how much, and whether that is more than chance."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from ..errors import InputError
from .board import COMBINED, LOWER_IS_BETTER, Board, Column, Row, oriented
from .words import interval, number

COLUMNS = ("system_a", "system_b", "target", "difference", "ci_low", "ci_high", "p_value")
VERDICTS = {
    "better": "more than chance explains",
    "worse": "worse, and by more than chance explains",
    "open": "chance alone may do this",
}


@dataclass(frozen=True)
class Comparison:
    """The difference a - b of two systems on the same clips; ``metric`` says whether more is better."""

    protocol: str
    system_a: str
    system_b: str
    target: str
    metric: str
    difference: float
    low: float
    high: float
    p_value: float

    @property
    def text(self) -> str:
        """``+.030 [+.010, +.050], p = .004``."""
        spread = "" if math.isnan(self.low) else f" [{signed(self.low)}, {signed(self.high)}]"
        p_value = "" if math.isnan(self.p_value) else f", {p_text(self.p_value)}"
        return signed(self.difference) + spread + p_value

    @property
    def verdict(self) -> str:
        """``better`` or ``worse`` (system a) where the interval excludes 0, else ``open``."""
        low, high = (-self.high, -self.low) if self.metric in LOWER_IS_BETTER else (self.low, self.high)
        return "better" if low > 0 else "worse" if high < 0 else "open"

    def reversed(self) -> "Comparison":
        """The same test read as b - a."""
        return Comparison(
            self.protocol, self.system_b, self.system_a, self.target, self.metric,
            -self.difference, -self.high, -self.low, self.p_value,
        )  # fmt: skip


@dataclass(frozen=True)
class Answer:
    """What one protocol hands over: the picked system, its figure, the verdict on its gain, and that in sentences."""

    protocol: str
    system: str
    figure: str
    verdict: str
    sentences: list[str]


def read_comparisons(board: Board, table: pd.DataFrame | None) -> list[Comparison]:
    """The given paired tests.

    Parameters
    ----------
    board : Board
    table : DataFrame or None
        Columns system_a, system_b, target, difference (a - b), ci_low, ci_high, p_value, and optionally protocol.

    Raises
    ------
    InputError
        A column is missing.
    """
    if table is None:
        return []
    missing = [name for name in COLUMNS if name not in table.columns]
    if missing:
        raise InputError(f"comparisons/{missing[0]}: column missing; has {', '.join(map(str, table.columns))}")
    metrics = {column.target: column.metric for column in board.columns[::-1]}
    return [
        Comparison(
            row.get("protocol", ""), row["system_a"], row["system_b"], row["target"], metrics.get(row["target"], ""),
            *(float(row[name]) for name in ("difference", "ci_low", "ci_high", "p_value")),
        )
        for row in table.to_dict("records")
    ]  # fmt: skip


def answers(board: Board, comparisons: list[Comparison]) -> list[Answer]:
    """One answer for each protocol with a picked system that finished.

    The gain is that of the picked system over the best single system (stage 0) on the evaluated clips. It is called
    more than chance only if a paired test of these two was given and its interval excludes 0.
    """
    return [_answer(board, row, comparisons) for row in board.rows if row.picked and row.status == "ok"]


def signed(value: float) -> str:
    """``+.030``, ``−.020`` or ``.000``."""
    text = number(abs(value), 3)
    return text if float(text or 0) == 0 else f"{'−' if value < 0 else '+'}{text}"


def p_text(value: float) -> str:
    """``p = .012`` or ``p < .001``."""
    return "p < .001" if value < 0.001 else f"p = {number(value, 3)}"


def _answer(board: Board, row: Row, comparisons: list[Comparison]) -> Answer:
    with_mean = board.columns[0].target in ("mean", COMBINED) or len(board.heading.targets) == 1
    columns = board.columns[:1] if with_mean else board.columns
    texts, verdicts, sentences = [], [], []
    for column in columns:
        if column[:2] not in row.cells:
            continue
        cell = row.cells[column[:2]]
        name = f"{column.target} {board.heading.metric_label(column.metric)}"
        texts.append(f"{name} {number(cell.value, 3)} {interval(cell, 3)}".strip())
        verdict, gain = _gain(board, row, column, comparisons)
        verdicts.append(verdict)
        found = [gain, *_higher(board, row, column), *_reported(board, row, column)]
        sentences += found if with_mean else [f"{column.target}: {sentence}" for sentence in found]
    return Answer(row.protocol, row.system, "; ".join(texts), next(iter(verdicts), "none"), sentences)


def _gain(board: Board, row: Row, column: Column, comparisons: list[Comparison]) -> tuple[str, str]:
    """Verdict and sentence on the gain over the best single system."""
    rivals = [
        other for other in board.rows
        if (other.protocol, other.kind, other.status) == (row.protocol, "measured", "ok") and other.system != row.system
        and other.stage in ("", "0") and not other.labels and column[:2] in other.cells
        and not math.isnan(other.cells[column[:2]].value)
    ]  # fmt: skip
    if not rivals:
        return "none", "There is no other single system to compare it with."
    rival = max(rivals, key=lambda other: oriented(other.cells[column[:2]].value, column.metric))
    whom = f"the best {'other ' if row.stage in ('', '0') else ''}single system, {rival.system}"
    for test in comparisons:
        if test.system_b == row.system:
            test = test.reversed()
        here = (test.system_a, test.system_b, test.target) == (row.system, rival.system, column.target)
        if here and test.protocol in ("", row.protocol):
            return test.verdict, f"{test.text} over {whom} (paired over groups): {VERDICTS[test.verdict]}."
    gap = row.cells[column[:2]].value - rival.cells[column[:2]].value
    return "none", f"{signed(gap)} over {whom}; no paired test of the two was given, so this may be chance."


def _higher(board: Board, row: Row, column: Column) -> Iterator[str]:
    for other in board.rows:
        if other.protocol == row.protocol and other.system != row.system and board.is_best(other, column):
            value = number(other.cells[column[:2]].value, 3)
            yield f"{other.system} scores {value}; choosing it for that would be learning from the evaluated clips."


def _reported(board: Board, row: Row, column: Column) -> Iterator[str]:
    """The best reported figure that may be compared, and whether it lies inside the picked system's interval."""
    found = [
        (oriented(cell.value, cell.metric), other.system, cell.value)
        for other in board.rows
        if other.kind == "reported" and other.comparable and other.protocol == row.protocol
        and (cell := other.cells.get(column[:2])) and cell.metric == column.metric and not math.isnan(cell.value)
    ]  # fmt: skip
    if found:
        _, system, value = max(found)
        cell = row.cells[column[:2]]
        inside = "inside" if cell.low <= value <= cell.high else "outside"
        place = "" if math.isnan(cell.low) else f", {inside} the interval above"
        yield f"Best comparable reported figure: {system}, {number(value, 3)}{place}."
