"""The leaderboard: a row a system, a column a target."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from ..evaluation.verdicts import Verdict
from ..results_table import LABELLED, Remark, RemarkKind, joined
from .heading import Heading


class Cell(NamedTuple):
    """One figure with its interval (NaN where there is none); ``metric`` may differ from the column's if reported.

    Examples
    --------
    >>> Cell(0.62, 0.55, 0.68, "ccc").status
    'ok'
    """

    value: float
    low: float
    high: float
    metric: str
    status: str = "ok"


class Column(NamedTuple):
    """One column of figures: a target (or ``mean``) in one metric.

    Examples
    --------
    >>> Column("arousal", "ccc", "arousal CCC").key
    ('arousal', 'ccc')
    """

    target: str
    metric: str
    label: str

    @property
    def key(self) -> tuple[str, str]:
        """Target and metric."""
        return self.target, self.metric


@dataclass(frozen=True)
class Row:
    """One system under one protocol.

    Attributes
    ----------
    protocol, split, system, kind, picked, modalities, learner, task, stage, seconds, status, tied, verdict
    raw_label, twin
        As in `ResultRow`.
    remarks : tuple of Remark
        Each once; those that all measured rows share are left out.
    kinds : frozenset of RemarkKind
        Of all remarks, those shared by all rows included.
    cells : dict of (target, metric) to Cell
    score : float
        By which rows are sorted: higher is better, NaN sorts last.
    reason : str
        Why a reported row cannot be compared: nobody measured its protocol here, or its split or metric is another.
        Empty where it can.

    Examples
    --------
    >>> from avbaselines.reports.heading import ReportTarget
    >>> from avbaselines.reports.ranking import leaderboard
    >>> from avbaselines.results_table import ResultRow
    >>> remarks = (Remark(RemarkKind.TRANSDUCTIVE, "transductive: reads evaluated clips"),)
    >>> figure = ResultRow(
    ...     protocol="honest", system="svr", target="arousal", metric="ccc", value=0.4, remarks=remarks
    ... )
    >>> leaderboard([figure], Heading("A study", [ReportTarget("arousal", "ccc")])).rows[0].labels
    ('transductive',)
    """

    protocol: str
    split: str
    system: str
    kind: str
    picked: bool
    modalities: tuple[str, ...]
    learner: str
    task: str
    stage: int | None
    seconds: float | None
    status: str
    remarks: tuple[Remark, ...]
    kinds: frozenset[RemarkKind]
    cells: dict[tuple[str, str], Cell]
    score: float
    tied: bool = False
    verdict: Verdict | None = None
    raw_label: str | None = None
    twin: bool = False
    reason: str = ""

    @property
    def comparable(self) -> bool:
        """Whether its figures may stand beside those measured here."""
        return not self.reason

    @property
    def note(self) -> str:
        """Its remarks in words."""
        return joined(self.remarks)

    @property
    def labels(self) -> tuple[str, ...]:
        """Words that must stand beside the system's name."""
        return tuple(kind.label for kind in LABELLED if kind in self.kinds and kind.label)

    def value(self, column: Column) -> float:
        """Its figure in a column, NaN where it has none in the column's metric."""
        cell = self.cells.get(column.key)
        return cell.value if cell and cell.metric == column.metric else math.nan


@dataclass(frozen=True)
class Board:
    """The leaderboard: ``rows`` best first (failed ones last), ``columns`` of figures, and counts for the caption.

    ``beside`` says what the picked row of a protocol scores in a column where the splits are put together otherwise.
    ``best`` holds (protocol, system, target, metric) of the best measured figure of each column and protocol;
    ``common`` are the remarks that all measured rows share.

    Examples
    --------
    >>> from avbaselines.reports.heading import ReportTarget
    >>> from avbaselines.reports.ranking import leaderboard
    >>> from avbaselines.results_table import ResultRow
    >>> figures = [
    ...     ResultRow(protocol="honest", system=name, target="arousal", metric="mae", value=value)
    ...     for name, value in (("far", 0.9), ("close", 0.2))
    ... ]
    >>> board = leaderboard(figures, Heading("A study", [ReportTarget("arousal", "mae")]))
    >>> [row.system for row in board.rows], board.best
    (['close', 'far'], frozenset({('honest', 'close', 'arousal', 'mae')}))
    """

    heading: Heading
    split: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    best: frozenset[tuple[str, str, str, str]]
    common: tuple[Remark, ...]
    n_clips: tuple[int, ...]
    n_groups: tuple[int, ...]
    has_intervals: bool
    beside: Mapping[tuple[str, str, str], str] = field(default_factory=dict)

    @property
    def protocols(self) -> tuple[str, ...]:
        """Protocols of the rows measured here, in order of appearance."""
        return tuple(dict.fromkeys(row.protocol for row in self.rows if row.kind not in ("reported", "ceiling")))

    @property
    def shows_protocol(self) -> bool:
        """Whether several protocols were measured, so that a column must say which; remarks name that of other rows."""
        return len(self.protocols) > 1

    @property
    def has_verdicts(self) -> bool:
        """Whether rows were compared with the picked one, so that a column must say how."""
        return any(row.verdict is not None for row in self.rows)

    def rivals(self, protocol: str) -> list[Row]:
        """Rows that were compared with the picked one of a protocol, unmatched twins left out."""
        return [row for row in self.rows if row.protocol == protocol and row.verdict is not None and not row.twin]

    def is_best(self, row: Row, column: Column) -> bool:
        """Whether this is the best measured figure of its column and protocol (chosen on the evaluated clips)."""
        return (row.protocol, row.system, *column.key) in self.best
