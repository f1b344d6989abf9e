"""`report.html`: a run on one page that needs nothing but itself."""

import base64
import hashlib
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import jinja2
import pandas as pd
from markupsafe import Markup

from ..results_table import RemarkKind, ResultRow
from ..safe_text import shown
from . import figures, predictions, summary
from .board import Board, Column, Row
from .drawing import Drawing, absent
from .factors import TITLE as FACTORS_TITLE
from .factors import caption as factors_caption
from .factors import factor_grids, factor_sentences
from .formatting import MARKS, caption, figure, name_marks, row_remarks
from .graph import fusion_graph
from .heading import Heading, ReportTarget
from .paired_tests import by_question, read_comparisons
from .ranking import leaderboard

MOST_TARGETS_DRAWN = 4
MOST_MODALITIES = 3
DIGITS = 3


@dataclass(frozen=True)
class PageTables:
    """Tables that the page draws beside the results.

    Attributes
    ----------
    predictions : DataFrame
        ``predictions.parquet``; traces over time are drawn if it has the columns recording and time (seconds) too.
    weights : DataFrame or None
        Columns system, target, input, weight, and optionally protocol: the share of each input in each fusion.
    comparisons : DataFrame or None
        Columns system_a, system_b, target (``mean`` included), difference (positive = a is better), ci_low, ci_high,
        p_value, and optionally protocol, question, p_holm, p_floor, margin and verdict.
    factors : DataFrame or None
        ``factors.csv``: objective, task mode and modality.

    Examples
    --------
    >>> PageTables(pd.DataFrame(columns=predictions.COLUMNS)).weights is None
    True
    """

    predictions: pd.DataFrame
    weights: pd.DataFrame | None = None
    comparisons: pd.DataFrame | None = None
    factors: pd.DataFrame | None = None


def render_page(
    results: Iterable[ResultRow],
    tables: PageTables,
    heading: Heading,
    *,
    details: Mapping[str, Mapping[str, Any] | None] | None = None,
    more: Sequence[Drawing] = (),
    split: str = "all",
    drawn: Sequence[Drawing] | None = None,
) -> str:
    """The report of a run as one HTML page: no network, no file beside it, readable on a phone and in print.

    Parameters
    ----------
    results
        All rows of results.csv.
    tables
    heading
    details
        By title, what is shown as it is: the study as run, ``provenance.json``.
    more
        Further figures, shown after the page's own.
    split
        Whose figures the leaderboard shows.
    drawn
        The page's own figures, see `page_drawings`, where they are drawn already; predictions are not read then.

    Returns
    -------
    str
        A complete document; figures that lack their data are named with the reason.

    Raises
    ------
    InputError
        A table lacks a column, or nothing was measured.

    Examples
    --------
    >>> from avbaselines.results_table import ResultRow
    >>> figure = ResultRow(protocol="honest", system="svr", target="arousal", metric="ccc", value=0.4)
    >>> heading = Heading("A study", [ReportTarget("arousal", "ccc")])
    >>> page = render_page([figure], PageTables(pd.DataFrame(columns=predictions.COLUMNS)), heading)
    >>> "<h1>A study</h1>" in page, "<script src" in page
    (True, False)
    """
    board = leaderboard(results, heading, split)
    if drawn is None:
        predictions.check(tables.predictions)
        drawn = list(_drawings(board, tables))
    content = _content(board, tables, [*drawn, *more])
    content["details"] = [(name, list(flat(part))) for name, part in (details or {}).items() if part]
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("avbaselines.reports"), autoescape=True, trim_blocks=True, lstrip_blocks=True,
        undefined=jinja2.StrictUndefined, finalize=_shown,
    )  # fmt: skip
    for name in ("style", "script"):
        text = environment.get_template(f"report.{'css' if name == 'style' else 'js'}").render(content)
        content |= {name: Markup(text), f"{name}_hash": Markup(_hash_source(text))}
    return environment.get_template("report.html").render(content)


def page_drawings(
    results: Iterable[ResultRow], tables: PageTables, heading: Heading, split: str = "all"
) -> list[Drawing]:
    """The page's own figures: stages, predictions against truth, calibration, groups, classes, traces over time.

    Parameters
    ----------
    results, tables, heading, split
        As of `render_page`.

    Raises
    ------
    InputError
        The predictions lack a column, or nothing was measured.

    Examples
    --------
    >>> from avbaselines.results_table import ResultRow
    >>> figure = ResultRow(protocol="honest", system="svr", target="arousal", metric="ccc", value=0.4)
    >>> heading = Heading("A study", [ReportTarget("arousal", "ccc")])
    >>> [one.caption for one in page_drawings([figure], PageTables(pd.DataFrame(columns=predictions.COLUMNS)), heading)]
    ['not applicable: no predictions of svr']
    """
    predictions.check(tables.predictions)
    return list(_drawings(leaderboard(results, heading, split), tables))


def _shown(value: Any) -> Any:
    """Names are data: autoescaping takes care of markup, this of signs that turn or hide text."""
    return shown(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _hash_source(text: str) -> str:
    """What a content security policy calls a script or style sheet that it allows, and with it no other."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _content(board: Board, tables: PageTables, drawings: Sequence[Drawing]) -> dict[str, Any]:
    """All that the template shows of a board and its tables."""
    heading, tests = board.heading, read_comparisons(tables.comparisons)
    return {
        "heading": heading,
        "answers": summary.answers(board, tests),
        "heads": [column.label for column in board.columns],
        "shows_protocol": board.shows_protocol,
        "shows_verdict": board.has_verdicts,
        "rows": _rows(board),
        "n_twins": sum(row.twin for row in board.rows),
        "remarks": [(name_marks(row, MARKS), row.system, text) for row, text in row_remarks(board)],
        "caption": caption(board, MARKS | {"best": "bold"}),
        "drawings": [drawing for drawing in drawings if drawing.svg],
        "absent": [drawing for drawing in drawings if not drawing.svg],
        "protocols": [(name, heading.protocols.get(name, "")) for name in board.protocols],
        "gaps": _gaps(board),
        "factors": _factors(tables.factors),
        "n_tests": len(tests),
        "questions": by_question(tests),
    }


def _factors(table: pd.DataFrame | None) -> dict[str, Any]:
    """Title, tables and texts of objective, task mode and modality; nothing where there is no such table."""
    if table is None or table.empty:
        return {}
    return {
        "title": FACTORS_TITLE,
        "grids": factor_grids(table),
        "sentences": factor_sentences(table),
        "caption": factors_caption(table),
    }


def flat(value: Any, key: str = "") -> Iterator[tuple[str, str]]:
    """Nested mappings and lists as (dotted key, text) pairs; short plain lists stay on one line.

    Examples
    --------
    >>> list(flat({"split": {"folds": 5}, "learners": ["svr", "ridge"]}))
    [('split.folds', '5'), ('learners', 'svr, ridge')]
    """
    if isinstance(value, Mapping) and value:
        for name, part in value.items():
            yield from flat(part, f"{key}.{name}" if key else str(name))
    elif isinstance(value, list | tuple) and any(isinstance(part, Mapping | list | tuple) for part in value):
        for index, part in enumerate(value, 1):
            yield from flat(part, f"{key}[{index}]")
    else:
        yield key, ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _drawings(board: Board, tables: PageTables) -> Iterator[Drawing]:
    """All figures of each protocol's picked system or, where none was picked, of its best row."""
    targets = board.heading.targets[:MOST_TARGETS_DRAWN]
    for protocol in board.protocols:
        rows = [row for row in board.rows if row.protocol == protocol and row.kind == "measured" and row.status == "ok"]
        row = next((row for row in rows if row.picked), rows[0] if rows else None)
        if row is None:
            continue
        table = tables.predictions
        if not ((table["protocol"] == protocol) & (table["system"] == row.system)).any():
            yield absent(f"Figures of protocol {protocol}", f"no predictions of {row.system}")
            continue
        for drawing in _drawings_of(board, tables, row, targets):
            yield replace(drawing, title=f"{drawing.title} ({protocol})") if len(board.protocols) > 1 else drawing
    if len(board.heading.targets) > len(targets):
        yield absent(
            "Other targets",
            f"figures are drawn for the first {len(targets)} of {len(board.heading.targets)} targets only",
        )


def _drawings_of(
    board: Board, tables: PageTables, row: Row, targets: Sequence[ReportTarget]
) -> Iterator[Drawing]:
    protocol, system = row.protocol, row.system
    yield figures.stages(board, protocol)
    here = tables.predictions[tables.predictions["protocol"] == protocol]
    raw = row.raw_label if (here["system"] == row.raw_label).any() else None
    composed = RemarkKind.COMPOSED in row.kinds
    for target in targets:
        yield from figures.fits(here, protocol, system, raw, target)
        if target.kind == "classes":
            yield figures.confusion(here, protocol, system, target)
        yield figures.groups(here, protocol, system, target, board.heading)
        yield fusion_graph(_of_protocol(tables.weights, protocol), system, target, shares=composed)
        yield from figures.traces(here, protocol, system, target)
    if not {"recording", "time"} <= set(here.columns):
        yield absent("Traces over time", "the clips are not time-continuous recordings")
    if all(target.kind != "classes" for target in targets):
        yield absent("Confusion matrices", "no target is a class")


def _of_protocol(weights: pd.DataFrame | None, protocol: str) -> pd.DataFrame | None:
    if weights is None or "protocol" not in weights.columns:
        return weights
    return weights[weights["protocol"] == protocol]


def _short(modalities: Sequence[str]) -> str:
    """Modalities on one line: beyond three their number stands for the rest."""
    if len(modalities) <= MOST_MODALITIES:
        return "+".join(modalities)
    return f"{modalities[0]} and {len(modalities) - 1} more"


def _rows(board: Board) -> list[dict[str, Any]]:
    spans = {column: _span(board, column) for column in board.columns}
    return [
        {
            "row": row,
            "marks": name_marks(row, MARKS),
            "verdict": row.verdict.value if row.verdict else "",
            "modalities": _short(row.modalities),
            "all_modalities": "+".join(row.modalities),
            "kind": "failed" if row.status == "failed" else row.kind if row.comparable else "aside",
            "cells": [_cell(board, row, column, spans[column]) for column in board.columns],
            "seconds": "" if row.seconds is None else f"{row.seconds:,.1f}",
        }
        for row in board.rows
    ]


def _cell(board: Board, row: Row, column: Column, span: tuple[float, float]) -> dict[str, Any]:
    value, spread = figure(board, row, column, DIGITS, MARKS)
    cell = {"value": value, "spread": spread, "best": board.is_best(row, column), "sort": ""}
    if math.isnan(row.value(column)):
        return cell
    at, low, high = (_place(x, span) for x in row.cells[column.key][:3])
    assert at is not None  # the value is a number
    return cell | {"sort": f"{row.value(column):.6g}", "left": round(at - 1, 1), "low": low, "high": high}


def _span(board: Board, column: Column) -> tuple[float, float]:
    """The lowest and the highest figure or end of an interval in a column."""
    cells = [row.cells[column.key] for row in board.rows if not math.isnan(row.value(column))]
    ends = [x for cell in cells for x in cell[:3] if not math.isnan(x)]
    return (min(ends), max(ends)) if ends else (0.0, 1.0)


def _place(value: float, span: tuple[float, float]) -> float | None:
    """Where a value lies on its column's axis, 2 to 98 per cent, to what can be seen; None without value."""
    if math.isnan(value):
        return None
    low, high = span
    return round(2 + 96 * (value - low) / (high - low or 1.0), 1)


def _gaps(board: Board) -> list[tuple[str, list[tuple[str, str]]]]:
    """The score of each system that was measured under several protocols."""
    column = board.columns[0]
    return [
        (system, [(protocol, " ".join(figure(board, row, column, DIGITS, MARKS))) for protocol, row in rows])
        for system, rows in figures.protocol_gaps(board)
    ]
