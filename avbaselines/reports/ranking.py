"""The leaderboard (a row a system) made from result rows (one a figure)."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from ..errors import InputError
from ..evaluation.combined import COMBINED
from ..evaluation.metrics import oriented
from ..results_table import ALL, Aggregate, Remark, RemarkKind, ResultRow
from .board import Board, Cell, Column, Row
from .formatting import interval, number
from .heading import Heading

MANY_TARGETS = 6


def leaderboard(results: Iterable[ResultRow], heading: Heading, split: str = "all") -> Board:
    """The leaderboard of a run.

    Parameters
    ----------
    results
        All rows of results.csv.
    heading
        The study's title, targets and words.
    split
        Whose figures are shown; ``all`` falls back to the only measured split where there is just one.

    Returns
    -------
    Board
        Columns are the targets in their own metric and, with several targets of one metric, the mean first. One
        target shows its other metrics too; more than six targets show only means, in every metric measured.

    Raises
    ------
    InputError
        Nothing was measured on that split.

    Examples
    --------
    >>> from avbaselines.reports.heading import ReportTarget
    >>> figure = ResultRow(protocol="honest", system="svr", target="arousal", metric="ccc", value=0.4)
    >>> board = leaderboard([figure], Heading("A study", [ReportTarget("arousal", "ccc")]))
    >>> [column.label for column in board.columns], board.rows[0].score
    (['arousal CCC'], 0.4)
    """
    results = list(results)
    beside = _beside(results) if split == ALL else {}
    results, split = _of_split(results, heading, split)
    measured = [row for row in results if row.kind not in ("reported", "ceiling")]
    figures = [row for row in measured if row.status == "ok"]
    columns, common = _columns(measured, heading), _common(figures)
    place = _Place(split, frozenset(row.protocol for row in measured), columns, heading, common, beside)
    systems: dict[tuple[str, str, str, str], list[ResultRow]] = {}
    for row in results:
        systems.setdefault((row.protocol, row.split, row.system, row.kind), []).append(row)
    rows = _placed([_row(part, place) for part in systems.values()], columns)
    rows.sort(key=lambda row: (row.status == "failed", math.isnan(row.score), -row.score, row.protocol, row.system))
    return Board(
        heading=heading,
        split=split,
        columns=columns,
        rows=tuple(rows),
        best=_best(rows, columns),
        common=common,
        n_clips=_counts(row.n_clips for row in figures),
        n_groups=_counts(row.n_groups for row in figures),
        has_intervals=any(not math.isnan(row.ci_low) and not math.isnan(row.ci_high) for row in figures),
        beside=beside,
    )


def _beside(results: Iterable[ResultRow]) -> dict[tuple[str, str, str], str]:
    """What the picked rows score where the splits are put together otherwise, by protocol, target and metric."""
    ways = {one.value: one.words for one in Aggregate}
    said: dict[tuple[str, str, str], str] = {}
    for row in results:
        if row.picked and row.split in ways and row.status == "ok":
            over = [remark.text for remark in row.remarks if remark.kind is RemarkKind.SPREAD]
            spread = interval(row.ci_low, row.ci_high, 3)
            text = f"{ways[row.split]} {number(row.value, 3)} {spread}".strip()
            said[row.protocol, row.target, row.metric] = ", ".join([text, *over])
    return said


def _of_split(results: Iterable[ResultRow], heading: Heading, split: str) -> tuple[list[ResultRow], str]:
    """Rows that belong on the board of a split, and the name of that split."""
    # Rows of anything but the study's targets, such as who speaks, have tables of their own.
    shown = {"mean", COMBINED, *(target.name for target in heading.targets)}
    results = [row for row in results if row.target in shown]
    measured_splits = list(dict.fromkeys(row.split for row in results if row.kind != "reported"))
    if split == "all" and "all" not in measured_splits and len(measured_splits) == 1:
        split = measured_splits[0]
    elif split not in measured_splits and measured_splits:
        raise InputError(
            f"results.csv/split: nothing measured on '{split}'; choose one of {', '.join(measured_splits)}"
        )
    # A reported figure of a split measured here stands on that split's own board.
    elsewhere = set(measured_splits) - {split, *(one.value for one in Aggregate if split == ALL)}
    results = [
        row for row in results if row.split == split or (row.kind == "reported" and row.split not in elsewhere)
    ]
    if not results:
        raise InputError(f"results.csv/split: no row for '{split}'; run the study first")
    return results, split


@dataclass(frozen=True)
class _Place:
    """The board that a row is to stand on."""

    split: str
    protocols: frozenset[str]
    columns: tuple[Column, ...]
    heading: Heading
    common: tuple[Remark, ...]
    beside: Mapping[tuple[str, str, str], str]


def _columns(measured: Sequence[ResultRow], heading: Heading) -> tuple[Column, ...]:
    targets, metrics = heading.targets, list(dict.fromkeys(target.metric for target in heading.targets))
    label = heading.metric_label

    def present(target: str, first: str) -> list[str]:
        return list(dict.fromkeys([first, *(row.metric for row in measured if row.target == target)]))

    if len(targets) == 1:
        only = targets[0]
        names = present(only.name, only.metric)[:4]
        return tuple(Column(only.name, m, f"{only.name} {label(m)}" if m == only.metric else label(m)) for m in names)
    if len(targets) > MANY_TARGETS and len(metrics) == 1:
        return tuple(Column("mean", m, f"mean {label(m)}") for m in present("mean", metrics[0])[:5])
    several = len(metrics) > 1
    columns = [Column(t.name, t.metric, f"{t.name} {label(t.metric)}" if several else t.name) for t in targets]
    if any(row.target == COMBINED for row in measured):
        return Column(COMBINED, COMBINED, COMBINED), *columns
    return tuple(columns) if several else (Column("mean", metrics[0], f"mean {label(metrics[0])}"), *columns)


def _row(part: Sequence[ResultRow], place: _Place) -> Row:
    """The row of one system, from all of its figures on the board."""
    first, reported = part[0], part[0].kind == "reported"
    figures = {(r.target, r.metric): Cell(r.value, r.ci_low, r.ci_high, r.metric, r.status) for r in part}
    cells = {}
    for column in place.columns:
        cell = figures.get(column.key) or _mean(figures, column, place.heading)
        if cell is None and reported and not any(
            other.target == column.target and other.key in figures for other in place.columns
        ):
            # Another metric of the same target is still worth showing, named, and out of the ranking.
            cell = next((figure for (target, _), figure in figures.items() if target == column.target), None)
        if cell is not None:
            cells[column.key] = cell
    remarks = tuple(dict.fromkeys(remark for row in part for remark in row.remarks))
    return Row(
        **{name: getattr(first, name) for name in ("protocol", "split", "system", "kind", "modalities", "learner")},
        **{name: getattr(first, name) for name in ("task", "stage", "seconds", "tied", "verdict", "raw_label", "twin")},
        picked=any(row.picked for row in part),
        status="failed" if any(row.status == "failed" for row in part) else "ok",
        remarks=tuple(remark for remark in remarks if reported or remark not in place.common),
        kinds=frozenset(remark.kind for remark in remarks),
        cells=cells,
        score=_score(cells, place.columns, place.heading),
        reason=_why_not_comparable(part, cells, place) if reported else "",
    )


def _mean(figures: dict[tuple[str, str], Cell], column: Column, heading: Heading) -> Cell | None:
    """The mean over all targets where a source gives each target but no mean: arithmetic, hence without interval."""
    cells = [figures.get((target.name, column.metric)) for target in heading.targets]
    values = [math.nan if cell is None else cell.value for cell in cells]
    if column.target != "mean" or any(map(math.isnan, values)):
        return None
    return Cell(sum(values) / len(values), math.nan, math.nan, column.metric)


def _score(cells: dict[tuple[str, str], Cell], columns: Sequence[Column], heading: Heading) -> float:
    """The value that rows are sorted by: of the mean or only target, or the mean over columns of differing metrics."""
    ranked = columns[:1] if columns[0].target in ("mean", COMBINED) or len(heading.targets) == 1 else columns
    values = [_comparable_value(cells, column) for column in ranked]
    return sum(values) / len(values)


def _comparable_value(cells: dict, column: Column) -> float:
    cell = cells.get(column.key)
    return oriented(cell.metric, cell.value) if cell and cell.metric == column.metric else math.nan


def _placed(rows: list[Row], columns: Sequence[Column]) -> list[Row]:
    """Reported rows that give only some targets are placed by their distance from the picked system on those."""
    complete = [row for row in rows if row.kind not in ("reported", "ceiling") and not math.isnan(row.score)]
    anchor = max(complete, key=lambda row: (row.picked, row.score), default=None)
    placed = []
    for row in rows:
        if anchor and row.kind == "reported" and math.isnan(row.score):
            gaps = [oriented(c.metric, row.value(c) - anchor.value(c)) for c in columns]
            gaps = [gap for gap in gaps if not math.isnan(gap)]
            row = replace(row, score=anchor.score + sum(gaps) / len(gaps)) if gaps else row
        placed.append(row)
    return placed


def _why_not_comparable(part: Sequence[ResultRow], cells: dict[tuple[str, str], Cell], place: _Place) -> str:
    first, label = part[0], place.heading.metric_label
    if first.protocol not in place.protocols:
        return f"protocol '{first.protocol}' was not measured here"
    if first.split in {one.value for one in Aggregate} and place.split == ALL:
        picked = next(filter(None, (place.beside.get((row.protocol, row.target, row.metric)) for row in part)), "")
        how = f"picked system: {picked}" if picked else Aggregate(first.split).words
        return f"splits put together otherwise ({how})"
    if first.split not in ("", place.split):
        return f"evaluated on '{first.split}', not on '{place.split}'"
    metrics = {target.metric for target in place.heading.targets} | {COMBINED}
    if cells and not any(cell.metric in metrics for cell in cells.values()):
        return f"reported as {', '.join(label(metric) for metric in dict.fromkeys(row.metric for row in part))} only"
    return ""


def _best(rows: Iterable[Row], columns: Sequence[Column]) -> frozenset[tuple[str, str, str, str]]:
    best = set()
    for column in columns:
        leaders: dict[str, tuple[float, str]] = {}
        for row in rows:
            value = oriented(column.metric, row.value(column))
            # A resubstitution row has seen the answers: it may be looked at, never celebrated.
            if row.kind != "measured" or math.isnan(value) or RemarkKind.RESUBSTITUTION in row.kinds:
                continue
            if row.protocol not in leaders or value > leaders[row.protocol][0]:
                leaders[row.protocol] = (value, row.system)
        best |= {(protocol, system, *column.key) for protocol, (_, system) in leaders.items()}
    return frozenset(best)


def _common(figures: Iterable[ResultRow]) -> tuple[Remark, ...]:
    """Remarks of every measured system: made once under the table instead of in every row."""
    systems: dict[tuple[str, str], dict[Remark, None]] = {}
    for row in figures:
        systems.setdefault((row.protocol, row.system), {}).update(dict.fromkeys(row.remarks))
    first, *others = systems.values() or [{}]
    return tuple(remark for remark in first if all(remark in other for other in others)) if others else ()


def _counts(numbers: Iterable[int | None]) -> tuple[int, ...]:
    return tuple(sorted({number for number in numbers if number is not None}))
