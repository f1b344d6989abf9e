"""From the long table of results (one row a figure) to the leaderboard (one row a system)."""

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import pandas as pd

from ..errors import InputError
from .heading import Heading

COLUMNS = (
    "protocol", "split", "system", "picked", "kind", "modalities", "learner", "task", "stage", "target", "metric",
    "value", "ci_low", "ci_high", "n_clips", "n_groups", "seconds", "status", "note",
)  # fmt: skip
NUMBERS = ("value", "ci_low", "ci_high", "n_clips", "n_groups", "seconds")
LOWER_IS_BETTER = frozenset({"rmse", "mae", "mse"})
COMBINED = "combined"
MANY_TARGETS = 6


class Cell(NamedTuple):
    """One figure with its interval (NaN where there is none); ``metric`` may differ from the column's if reported."""

    value: float
    low: float
    high: float
    metric: str
    status: str = "ok"


class Column(NamedTuple):
    """One column of figures: a target (or ``mean``) in one metric."""

    target: str
    metric: str
    label: str


@dataclass(frozen=True)
class Row:
    """One system under one protocol.

    ``score`` is what rows are sorted by (higher is better, NaN sorts last); ``labels`` are the words that must stand
    beside the name; ``comparable`` is False for a reported row whose protocol nobody measured here, or whose split or
    metric is another, and ``reason`` then says which.
    """

    protocol: str
    split: str
    system: str
    kind: str
    picked: bool
    modalities: str
    learner: str
    task: str
    stage: str
    seconds: float
    status: str
    note: str
    cells: dict[tuple[str, str], Cell]
    score: float
    labels: tuple[str, ...] = ()
    comparable: bool = True
    reason: str = ""


@dataclass(frozen=True)
class Board:
    """The leaderboard: ``rows`` best first (failed ones last), ``columns`` of figures, and what the caption counts.

    ``best`` holds (protocol, system, target, metric) of the best measured figure of each column and protocol;
    ``common_note`` is what the notes of all measured rows say alike.
    """

    heading: Heading
    split: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    best: frozenset
    common_note: str
    n_clips: tuple[int, ...]
    n_groups: tuple[int, ...]
    has_intervals: bool

    @property
    def protocols(self) -> tuple[str, ...]:
        """Protocols of the rows measured here, in order of appearance."""
        return tuple(dict.fromkeys(row.protocol for row in self.rows if row.kind != "reported"))

    @property
    def shows_protocol(self) -> bool:
        """Whether several protocols were measured, so that a column must say which; remarks name that of other rows."""
        return len(self.protocols) > 1

    def is_best(self, row: Row, column: Column) -> bool:
        """Whether this is the best measured figure of its column and protocol (chosen on the evaluated clips)."""
        return (row.protocol, row.system, column.target, column.metric) in self.best

    def frame(self) -> pd.DataFrame:
        """The board as a table: a row a system, columns ``arousal ccc``, ``arousal ccc low``, ``... high``."""
        records = []
        for row in self.rows:
            record = {"protocol": row.protocol, "system": row.system, "kind": row.kind, "picked": row.picked}
            for column in self.columns:
                cell, name = row.cells.get(column[:2]), f"{column.target} {column.metric}"
                values = (cell.value, cell.low, cell.high) if cell and cell.metric == column.metric else (math.nan,) * 3
                record |= dict(zip((name, f"{name} low", f"{name} high"), values, strict=True))
            records.append(record | {"status": row.status, "comparable": row.comparable, "note": row.note})
        return pd.DataFrame.from_records(records)


def leaderboard(results: pd.DataFrame, heading: Heading, split: str = "all") -> Board:
    """Pivot the results of a run into its leaderboard.

    Parameters
    ----------
    results : DataFrame
        The columns of ``results.csv``; missing values are NaN or empty.
    heading : Heading
        The study's title, targets and words.
    split : str
        Which split's figures; ``all`` falls back to the only measured split where there is just one.

    Returns
    -------
    Board
        Columns are the targets in their own metric and, with several targets of one metric, the mean first. One
        target shows its other metrics too; more than six targets show only means, in every metric measured.

    Raises
    ------
    InputError
        A column is missing, a number is not one, or nothing was measured on that split.
    """
    table = clean(results)
    # Rows of anything but the study's targets, such as who speaks, have tables of their own.
    table = table[table.target.isin(["", "mean", COMBINED, *(target.name for target in heading.targets)])]
    measured_splits = list(dict.fromkeys(table.split[table.kind != "reported"]))
    if split == "all" and "all" not in measured_splits and len(measured_splits) == 1:
        split = measured_splits[0]
    elif split not in measured_splits and measured_splits:
        raise InputError(
            f"results.csv/split: nothing measured on '{split}'; choose one of {', '.join(measured_splits)}"
        )
    # A reported figure of a split measured here stands on that split's own board.
    elsewhere = set(measured_splits) - {split}
    table = table[(table.split == split) | ((table.kind == "reported") & ~table.split.isin(elsewhere))]
    if table.empty:
        raise InputError(f"results.csv/split: no row for '{split}'; run the study first")

    measured = table[table.kind != "reported"]
    columns = _columns(table, heading)
    common = _common_phrases(measured)
    protocols = set(measured.protocol)
    keys = ["protocol", "split", "system", "kind"]
    rows = [
        _row(dict(zip(keys, key, strict=True)), part, columns, heading, split, protocols, common)
        for key, part in table.groupby(keys, sort=False)
    ]
    rows = _placed(rows, columns)
    rows.sort(key=lambda row: (row.status == "failed", math.isnan(row.score), -row.score, row.protocol, row.system))
    figures = measured[measured.status == "ok"]
    return Board(
        heading=heading,
        split=split,
        columns=columns,
        rows=tuple(rows),
        best=_best(rows, columns),
        common_note="; ".join(common),
        n_clips=_counts(figures.n_clips),
        n_groups=_counts(figures.n_groups),
        has_intervals=bool(figures[["ci_low", "ci_high"]].notna().all(axis=1).any()),
    )


def clean(results: pd.DataFrame) -> pd.DataFrame:
    """The results with every column present, numbers as floats, texts as strings ('' = missing), picked as bool."""
    missing = [name for name in COLUMNS if name not in results.columns]
    if missing:
        raise InputError(f"results.csv/{missing[0]}: column missing; has {', '.join(map(str, results.columns))}")
    table = pd.DataFrame(index=range(len(results)))
    for name in COLUMNS:
        values = pd.Series(results[name].to_numpy())
        if name in NUMBERS:
            try:
                table[name] = pd.to_numeric(values.replace("", None)).astype(float)
            except (TypeError, ValueError) as error:
                raise InputError(f"results.csv/{name}: not a number ({error}); mend the table or run again") from None
        elif name == "picked":
            table[name] = [str(value).strip().lower() in {"yes", "true", "1", "1.0"} for value in values]
        else:
            table[name] = [_text(value) for value in values]
    return table


def _text(value) -> str:
    """A cell as text; a column of whole numbers with gaps comes back from a file as 1.0."""
    if pd.isna(value):
        return ""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def oriented(value: float, metric: str) -> float:
    """The value so that higher is better, whatever the metric."""
    return -value if metric in LOWER_IS_BETTER else value


def _columns(table: pd.DataFrame, heading: Heading) -> tuple[Column, ...]:
    targets, metrics = heading.targets, list(dict.fromkeys(target.metric for target in heading.targets))
    measured = table[table.kind != "reported"]

    def present(target: str, first: str) -> list[str]:
        names = measured.metric[(measured.target == target) & (measured.metric != "")]
        return list(dict.fromkeys([first, *names]))

    if len(targets) == 1:
        only = targets[0]
        names = present(only.name, only.metric)[:4]
        return tuple(Column(only.name, m, f"{only.name} {heading.metric_label(m)}" if m == only.metric
                            else heading.metric_label(m)) for m in names)  # fmt: skip
    if len(targets) > MANY_TARGETS and len(metrics) == 1:
        return tuple(Column("mean", m, f"mean {heading.metric_label(m)}") for m in present("mean", metrics[0])[:5])
    several = len(metrics) > 1
    together = [Column(COMBINED, COMBINED, COMBINED)] if (measured.target == COMBINED).any() else []
    columns = [
        Column(t.name, t.metric, f"{t.name} {heading.metric_label(t.metric)}" if several else t.name) for t in targets
    ]
    if together:
        return (*together, *columns)
    return tuple(columns) if several else (Column("mean", metrics[0], "mean"), *columns)


def _row(key, part, columns, heading, split, protocols, common) -> Row:
    figures = {(r.target, r.metric): Cell(r.value, r.ci_low, r.ci_high, r.metric, r.status) for r in part.itertuples()}
    cells = {}
    for column in columns:
        cell = figures.get(column[:2]) or _mean(figures, column, heading)
        if cell is None and key["kind"] == "reported" and not any(
            other.target == column.target and other[:2] in figures for other in columns
        ):
            # Another metric of the same target is still worth showing, named, and out of the ranking.
            cell = next((figure for (target, _), figure in figures.items() if target == column.target), None)
        if cell is not None:
            cells[column[:2]] = cell
    failed = bool((part.status == "failed").any())
    phrases = _phrases(part.note)
    note = "; ".join(phrase for phrase in phrases if key["kind"] == "reported" or phrase not in common)
    reason = _why_not_comparable(key, part, cells, split, protocols, heading) if key["kind"] == "reported" else ""
    return Row(
        **key,
        picked=bool(part.picked.any()),
        **{name: _first(part[name]) for name in ("modalities", "learner", "task", "stage")},
        seconds=part.seconds.max(),
        status="failed" if failed else "ok",
        note=note,
        cells=cells,
        score=_score(cells, columns, heading),
        labels=tuple(label for label in heading.labels if label.lower() in "; ".join(phrases).lower()),
        comparable=not reason,
        reason=reason,
    )


def _mean(figures: dict, column: Column, heading: Heading) -> Cell | None:
    """The mean over all targets where a source gives each target but no mean: arithmetic, hence without interval."""
    parts = [figures.get((target.name, column.metric)) for target in heading.targets]
    if column.target != "mean" or any(cell is None or math.isnan(cell.value) for cell in parts):
        return None
    return Cell(sum(cell.value for cell in parts) / len(parts), math.nan, math.nan, column.metric)


def _score(cells: dict, columns: Sequence[Column], heading: Heading) -> float:
    """What rows are sorted by: the mean or only target, or the mean over columns where the targets' metrics differ."""
    ranked = columns[:1] if columns[0].target in ("mean", COMBINED) or len(heading.targets) == 1 else columns
    values = [_comparable_value(cells, column) for column in ranked]
    return sum(values) / len(values)


def _comparable_value(cells: dict, column: Column) -> float:
    cell = cells.get(column[:2])
    return oriented(cell.value, cell.metric) if cell and cell.metric == column.metric else math.nan


def _placed(rows: list[Row], columns: Sequence[Column]) -> list[Row]:
    """Reported rows that give only some targets are placed by their distance from the picked system on those."""
    complete = [row for row in rows if row.kind != "reported" and not math.isnan(row.score)]
    anchor = max(complete, key=lambda row: (row.picked, row.score), default=None)
    placed = []
    for row in rows:
        if anchor and row.kind == "reported" and math.isnan(row.score):
            gaps = [_comparable_value(row.cells, c) - _comparable_value(anchor.cells, c) for c in columns]
            gaps = [gap for gap in gaps if not math.isnan(gap)]
            row = replace(row, score=anchor.score + sum(gaps) / len(gaps)) if gaps else row
        placed.append(row)
    return placed


def _why_not_comparable(key, part, cells, split, protocols, heading) -> str:
    if key["protocol"] not in protocols:
        return f"protocol '{key['protocol']}' was not measured here"
    if key["split"] not in ("", split):
        return f"evaluated on '{key['split']}', not on '{split}'"
    metrics = {target.metric for target in heading.targets} | {COMBINED}
    if cells and not any(cell.metric in metrics for cell in cells.values()):
        return f"reported as {', '.join(heading.metric_label(m) for m in dict.fromkeys(part.metric))} only"
    return ""


def _best(rows: Iterable[Row], columns: Sequence[Column]) -> frozenset:
    best = set()
    for column in columns:
        leaders: dict[str, tuple[float, str]] = {}
        for row in rows:
            cell = row.cells.get(column[:2])
            # A resubstitution row has seen the answers: it may be looked at, never celebrated.
            if row.kind != "measured" or cell is None or math.isnan(cell.value) or "resubstitution" in row.labels:
                continue
            value = oriented(cell.value, column.metric)
            if row.protocol not in leaders or value > leaders[row.protocol][0]:
                leaders[row.protocol] = (value, row.system)
        best |= {(protocol, system, *column[:2]) for protocol, (_, system) in leaders.items()}
    return frozenset(best)


def _phrases(notes: Iterable[str]) -> list[str]:
    return list(
        dict.fromkeys(phrase.strip() for note in notes for phrase in re.split(r";\s+|;$", note) if phrase.strip())
    )


def _common_phrases(measured: pd.DataFrame) -> list[str]:
    """Phrases found in the notes of every measured system: said once under the table instead of in every row."""
    parts = [_phrases(part.note) for _, part in measured[measured.status == "ok"].groupby(["protocol", "system"])]
    return [phrase for phrase in parts[0] if all(phrase in other for other in parts)] if len(parts) > 1 else []


def _first(texts: Iterable[str]) -> str:
    return next((text for text in texts if text), "")


def _counts(numbers: pd.Series) -> tuple[int, ...]:
    return tuple(sorted({int(number) for number in numbers.dropna()}))
