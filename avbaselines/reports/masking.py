"""Scores under masking: in Markdown, in the terminal, and drawn over the share of clips that lack something."""

import math
from collections.abc import Sequence

import pandas as pd
from rich.console import Group
from rich.padding import Padding
from rich.text import Text

from .drawing import BLACK, BLUE, GREEN, ORANGE, PURPLE, SKY, VERMILION, Drawing, absent, axes, styled, svg
from .formatting import number
from .table import Grid, Line, markdown_table, rich_table

LINES = (BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY)
MARKS = "osD^vP"
MOST_LINES = 12


def render_markdown(table: pd.DataFrame, notes: Sequence[str]) -> str:
    """masking.md: a table a target, conditions down and systems across, a mark where a system falls below.

    Examples
    --------
    >>> row = {"target": "arousal", "metric": "ccc", "system": "late", "picked": "yes", "below": False, "by": ""}
    >>> table = pd.DataFrame([row | {"condition": "all", "share": 0.0, "value": 0.5}])
    >>> print(render_markdown(table, []).splitlines()[6])
    | all | .50 |
    """
    lines = ["# Missing modalities", "", *[f"{note}\n" for note in notes]]
    for target in _targets(table):
        part = table[table["target"] == target]
        systems = list(dict.fromkeys(part["system"]))
        picked = set(part.loc[part["picked"] == "yes", "system"])
        heads = [f"{name} (picked)" if name in picked - {"picked"} else name for name in systems]
        body = [
            Line.of(str(condition), *(_cell(rows[rows["system"] == name]) for name in systems))
            for condition, rows in part.groupby("condition", sort=False)
        ]
        title = f"## {target} ({part['metric'].iloc[0]})"
        lines += [title, "", *markdown_table(Grid(["condition", *heads], body))]
    return "\n".join([*lines, verdict(table), ""])


def verdict(table: pd.DataFrame) -> str:
    """The number of cells in which systems fall below the best on what is left by more than the difference's interval.

    Examples
    --------
    >>> verdict(pd.DataFrame({"system": ["late", "late"], "below": [True, False]}))
    'Below the best on what is left by more than the interval (marked !): late (1 of 2 cells).'
    """
    below = table[table["below"]]
    if below.empty:
        return "No system falls below the best on what is left by more than its interval."
    counts = below.groupby("system", sort=False).size()
    cells = table.groupby("system", sort=False).size()
    words = ", ".join(f"{name} ({count} of {cells[name]} cells)" for name, count in counts.items())
    return f"Below the best on what is left by more than the interval (marked !): {words}."


def render_terminal(table: pd.DataFrame, notes: Sequence[str]) -> Group:
    """A short table: each system where nothing, one source and half of the clips' sources are missing.

    Examples
    --------
    >>> row = {"target": "arousal", "metric": "ccc", "system": "late", "picked": "yes", "below": False, "by": ""}
    >>> table = pd.DataFrame([row | {"condition": "all", "share": 0.0, "value": 0.5}])
    >>> len(render_terminal(table, []).renderables)
    2
    """
    target = _targets(table)[-1]
    part = table[table["target"] == target]
    random = part.dropna(subset=["share"])
    random = random[random["share"] > 0]
    shares = sorted(set(random["share"]))
    middle = shares[len(shares) // 2] if shares else None
    conditions = [
        name
        for name, rows in part.groupby("condition", sort=False)
        if not (rows["share"].iloc[0] > 0) or rows["share"].iloc[0] == middle
    ]
    body = []
    for name, rows in part.groupby("system", sort=False):
        by = rows.set_index("condition")
        body.append(Line.of(str(name), *(_cell(by.loc[[condition]]) for condition in conditions)))
    grid = Grid(["system", *map(str, conditions)], body, f"Missing modalities, {target}")
    shown = rich_table(grid, folded=range(len(grid.heads)))
    return Group(shown, Padding(Text(f"{verdict(table)} Intervals are in masking.csv."), (0, 0, 0, 1)))


def _targets(table: pd.DataFrame) -> list[str]:
    names = list(dict.fromkeys(table["target"]))
    return [name for name in names if name != "mean"] + (["mean"] if "mean" in names else [])


def _cell(rows: pd.DataFrame) -> str:
    if rows.empty:
        return ""
    row = rows.iloc[0]
    return number(row["value"]) + (" !" if row["below"] else "")


def draw(table: pd.DataFrame, left: str) -> list[Drawing]:
    """The score over the share of clips that lack something, a line a system, by clip and by group.

    Examples
    --------
    >>> row = {"target": "arousal", "metric": "ccc", "system": "late", "picked": "yes", "below": False, "by": ""}
    >>> table = pd.DataFrame([row | {"condition": "all", "share": 0.0, "value": 0.5}])
    >>> draw(table, "best on what is left")[0].caption
    'not applicable: no random shares were asked for'
    """
    target = _targets(table)[-1]
    part = table[table["target"] == target]
    units = [by for by in ("clip", "group") if (part["by"] == by).any()]
    if not units:
        return [absent("Missing modalities", "no random shares were asked for")]
    return [_draw(part, by, target, left) for by in units]


@styled
def _draw(part: pd.DataFrame, by: str, target: str, left: str) -> Drawing:
    figure, axis = axes(height=4.6)
    rows = part[(part["by"] == by) | (part["condition"] == "all")]
    words = []
    for position, (name, own) in enumerate(rows.groupby("system", sort=False)):
        if name != left and position >= MOST_LINES:
            continue
        own = own.sort_values("share")
        mark = None if name == left else MARKS[position % len(MARKS)]
        colour = BLACK if name == left else LINES[position % len(LINES)]
        style = "--" if name == left else ":" if position >= len(LINES) else "-"
        axis.plot(100 * own["share"], own["value"], color=colour, marker=mark, ls=style, ms=4, lw=1.4, label=name)
        ends = [number(value) for value in own["value"].iloc[[0, -1]] if not math.isnan(value)]
        words.append(f"{name} from {' to '.join(ends)}")
    axis.set(xlabel=f"{by}s that lack something (%)", ylabel=f"{target}: {part['metric'].iloc[0]}")
    axis.legend(loc="upper left", bbox_to_anchor=(0, -0.16), ncols=2)
    return Drawing(
        f"{target}: missing modalities by {by}",
        svg(figure),
        f"Score of {target} as more {by}s lack modalities: {'; '.join(words)}.",
        f"Which sources a {by} keeps is drawn at random. Dashed: {left}.",
    )
