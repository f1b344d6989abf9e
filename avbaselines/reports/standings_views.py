"""Standings of many runs as a table of values, a table of texts, Markdown, and one HTML page."""

import math
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from urllib.parse import quote

import jinja2
import pandas as pd

from .formatting import interval, number
from .standings import Standing
from .table import Entry, Grid, Line, markdown_table

__all__ = ["COLUMNS", "standings_grid", "standings_markdown", "standings_page", "standings_table"]

COLUMNS = (
    *("study", "title", "protocol", "target", "metric", "picked", "value", "ci_low", "ci_high", "n_clips", "n_groups"),
    *("rival", "rival_kind", "rival_value", "verdict", "before", "before_picked", "change", "moved", "version"),
    *("before_version", "failed", "report", "transductive"),
)
"""Columns of the table of all runs."""


def standings_table(rows: Iterable[Standing]) -> pd.DataFrame:
    """All standings as a table with `COLUMNS`; NaN where there is no figure.

    Examples
    --------
    >>> standings_table([]).columns[:3].tolist()
    ['study', 'title', 'protocol']
    """
    records = [
        {
            "study": row.run.key, "title": row.run.title, "protocol": row.protocol, "target": row.target,
            "metric": row.metric, "picked": row.picked, "value": row.value, "ci_low": row.low, "ci_high": row.high,
            "n_clips": row.n_clips, "n_groups": row.n_groups,
            "rival": row.rival.system if row.rival else "", "rival_kind": row.rival.kind if row.rival else "",
            "rival_value": row.rival.value if row.rival else math.nan,
            "verdict": row.rival.verdict if row.rival else "",
            "before": row.before.value if row.before else math.nan,
            "before_picked": row.before.system if row.before else "",
            "change": row.value - row.before.value if row.before else math.nan, "moved": row.moved,
            "version": row.run.version, "before_version": row.before.version if row.before else "",
            "failed": row.failed, "report": "" if row.run.report is None else row.run.report.as_posix(),
            "transductive": "yes" if row.transductive else "",
        }
        for row in rows
    ]  # fmt: skip
    return pd.DataFrame(records, columns=list(COLUMNS))


def standings_grid(rows: Sequence[Standing], title: str = "") -> Grid:
    """All standings as a table of texts, with what moved where anything is known of before.

    Examples
    --------
    >>> list(standings_grid([]).heads)
    ['study', 'picked', 'score', 'against the best of others']
    """
    several, older = len({row.protocol for row in rows}) > 1, any(row.before for row in rows)
    heads = ["study", *(["protocol"] if several else []), "picked", "score", "against the best of others"]
    heads += ["before", "moved"] if older else []
    lines = []
    for row in rows:
        entries = [Entry(row.run.key), *([Entry(row.protocol)] if several else [])]
        entries.append(Entry(row.picked or "nothing", aside=", ".join(_asides(row))))
        entries.append(Entry(row.figure, small=interval(row.low, row.high)))
        entries.append(Entry(row.rival.words if row.rival else "–"))
        if older:
            entries.append(Entry(number(row.before.value) if row.before else "new"))
            entries.append(Entry(row.moved))
        lines.append(Line(tuple(entries)))
    return Grid(heads, lines, title)


def standings_markdown(rows: Sequence[Standing], notes: Iterable[str] = ()) -> str:
    """All standings as a Markdown table.

    Examples
    --------
    >>> print(standings_markdown([]).splitlines()[0])
    | study | picked | score | against the best of others |
    """
    return "\n".join([*markdown_table(standings_grid(rows)), *(f"{note}\n" for note in notes)])


def standings_page(rows: Sequence[Standing], title: str, beside: Path, notes: Iterable[str] = ()) -> str:
    """All standings as one HTML page that needs nothing but itself; it links to the report of each run.

    Parameters
    ----------
    rows
    title
    beside
        Folder that the page will be in: links are relative to it.
    notes
        Sentences under the table.

    Examples
    --------
    >>> "<h1>My &lt;runs&gt;</h1>" in standings_page([], "My <runs>", Path())
    True
    """
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("avbaselines.reports"), autoescape=True, trim_blocks=True, lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )  # fmt: skip
    lines = [
        {
            "row": row,
            "link": _link(row.run.report, beside),
            "value": number(row.value, 3),
            "spread": interval(row.low, row.high, 3),
            "class": _class(row),
            "before": "" if row.before is None else number(row.before.value, 3),
            "rival": "" if row.rival is None else number(row.rival.value, 3),
        }
        for row in rows
    ]
    content = {
        "title": title,
        "lines": lines,
        "several": len({row.protocol for row in rows}) > 1,
        "older": any(row.before for row in rows),
        "notes": list(notes),
    }
    return environment.get_template("board.html").render(content)


def _asides(row: Standing) -> list[str]:
    """What must stand beside the picked system's name."""
    return ["transductive"] * row.transductive + [f"{row.failed} failed"] * bool(row.failed)


def _class(row: Standing) -> str:
    """How a verdict is coloured."""
    first = row.rival.verdict.partition(":")[0] if row.rival else ""
    return first if first in ("better", "worse") else "open"


def _link(report: Path | None, beside: Path) -> str:
    """A relative address of a report; empty where there is none, or none that is relative."""
    if report is None:
        return ""
    try:
        relative = os.path.relpath(report.resolve(), beside.resolve())
    except ValueError:  # on another drive
        return report.resolve().as_uri()
    return quote(Path(relative).as_posix())
