"""The identity table as a person reads it, and the figure of what each erasure costs."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import pandas as pd
from rich.console import Group
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from .drawing import BLACK, BLUE, GREEN, GREY, ORANGE, PURPLE, VERMILION, Drawing, axes, styled, svg
from .formatting import interval, number
from .heading import METRIC_LABELS
from .table import Grid, Line, markdown_table, rich_table

ENOUGH = 0.8
PROBES = {"identity_linear": "linear", "identity_boosted": "boosted"}
COLOURS, SIGNS = (BLUE, ORANGE, GREEN, VERMILION, PURPLE), ("o", "s", "D", "^", "v")


SPEAKERS = ("seen", "unseen")
PARTS = (
    ("features", "representation", "Speakers told from features, before and after each erasure"),
    ("predictions", "system", "Speakers told from the predictions of each system"),
)


class ProbeColumn(NamedTuple):
    """A column of the table: its head, the metric, and the speakers ("" where they do not matter).

    Examples
    --------
    >>> ProbeColumn("linear", "identity_linear", "seen").long_head
    'linear, seen'
    """

    head: str
    metric: str
    speakers: str = ""

    @property
    def long_head(self) -> str:
        """The head with the speakers, which are always the same of an EER."""
        return self.head if not self.speakers or self.metric == "eer" else f"{self.head}, {self.speakers}"


@dataclass
class ProbedRow:
    """One representation or system, with (value, low, high) by metric and speakers.

    Examples
    --------
    >>> row = ProbedRow("features", "audio", "audio", "raw", "", {("emotion", ""): (0.5, 0.4, 0.6)})
    >>> row.text(ProbeColumn("UAR", "emotion"), 2, True)
    '.50 [.40, .60]'
    """

    probed: str
    system: str
    modalities: str
    erasure: str
    note: str
    cells: dict[tuple[str, str], tuple[float, float, float]] = field(default_factory=dict)

    def text(self, figure: ProbeColumn, digits: int, spread: bool) -> str:
        """A figure, with its interval where `spread` says so; empty where it was not measured."""
        value, low, high = self.cells.get((figure.metric, figure.speakers), (math.nan,) * 3)
        return f"{number(value, digits)} {interval(low, high, digits) if spread else ''}".strip()


@dataclass(frozen=True)
class ProbedPart:
    """Rows that were probed alike, and their columns.

    Examples
    --------
    >>> ProbedPart("features", "representation", "Speakers told from features", [], []).rows
    []
    """

    name: str
    head: str
    title: str
    rows: list[ProbedRow]
    figures: list[ProbeColumn]


def _rows(table: pd.DataFrame) -> list[ProbedRow]:
    rows: dict[tuple[str, str], ProbedRow] = {}
    shown = table[table["strength"].isin(["tuned"]) | (table["probed"] == "reported")]
    for row in shown.to_dict("records"):
        one = rows.setdefault(
            (row["probed"], row["system"]),
            ProbedRow(row["probed"], row["system"], row["modalities"], row["erasure"], row["note"]),
        )
        speakers = "" if pd.isna(row["speakers"]) else row["speakers"]
        one.cells[row["metric"], speakers] = (row["value"], row["ci_low"], row["ci_high"])
    return list(rows.values())


def _figures(rows: Sequence[ProbedRow], metric: str) -> list[ProbeColumn]:
    """The columns that a table fills."""
    columns = [ProbeColumn(METRIC_LABELS.get(metric, metric), "emotion"), ProbeColumn("lost", "emotion_loss")]
    for name, words in PROBES.items():
        columns += [ProbeColumn(words, name, speakers) for speakers in SPEAKERS]
    columns.append(ProbeColumn("EER", "eer", "unseen"))
    for name, words in (("disentanglement", "cut"), ("disentanglement_boosted", "trees cut")):
        columns += [ProbeColumn(words, name, speakers) for speakers in SPEAKERS]
    filled = {key for row in rows for key in row.cells}
    return [column for column in columns if (column.metric, column.speakers) in filled]


def _parts(rows: Sequence[ProbedRow], metric: str) -> Iterator[ProbedPart]:
    for name, head, title in PARTS:
        here = [row for row in rows if row.probed == name]
        if here:
            yield ProbedPart(name, head, title, here, _figures(here, metric))


def _reported(rows: Sequence[ProbedRow]) -> Iterator[str]:
    for row in rows:
        if row.probed == "reported":
            (metric, _), (value, *_) = next(iter(row.cells.items()))
            yield f"† {row.system}: {metric} {number(value)}, reported, not comparable ({row.note})"


def _verdicts(rows: Sequence[ProbedRow], max_loss: float) -> Iterator[str]:
    """Erasures that cut what a line tells by `ENOUGH` at a cost within the agreed loss, and for whom."""
    erased = [row for row in rows if ("emotion_loss", "") in row.cells]
    for name in dict.fromkeys(row.modalities for row in erased):
        met = []
        for row in erased:
            who = [who for who in SPEAKERS if row.cells["disentanglement", who][0] >= ENOUGH]
            if row.modalities == name and who and row.cells["emotion_loss", ""][0] <= max_loss:
                met.append(f"{row.erasure} ({' and '.join(who)} speakers)")
        cut = f"{name}: linear identity cut by {ENOUGH:.0%} or more at a loss within {number(max_loss)}"
        yield f"{cut}: {', '.join(met) or 'by no erasure'}."


def _remarks(table: pd.DataFrame, rows: Sequence[ProbedRow], max_loss: float, notes: Sequence[str]) -> list[str]:
    cut = "Cut (disentanglement): relative drop of chance-corrected identity; lost: emotion score that it cost."
    caption = [cut] if (table["metric"] == "disentanglement").any() else []
    return [*_verdicts(rows, max_loss), *_reported(rows), *caption, *notes]


def render_identity_markdown(table: pd.DataFrame, metric: str, notes: Sequence[str], max_loss: float) -> str:
    """identity.md: figures with their intervals.

    Parameters
    ----------
    table
        identity.csv.
    metric
        The study's metric.
    notes
        Sentences under the tables.
    max_loss
        The loss that an erasure was allowed.

    Examples
    --------
    >>> row = {"probed": "predictions", "system": "svr", "modalities": "audio", "erasure": None, "note": ""}
    >>> row |= {"strength": "tuned", "speakers": "unseen", "metric": "identity_linear", "value": 0.4}
    >>> table = pd.DataFrame([row | {"ci_low": 0.3, "ci_high": 0.5}])
    >>> print(render_identity_markdown(table, "uar", [], 0.02).splitlines()[6])
    | svr | .400 [.300, .500] |
    """
    rows, lines = _rows(table), ["# Who is speaking?", ""]
    for part in _parts(rows, metric):
        heads = [figure.long_head for figure in part.figures]
        body = [Line.of(row.system, *(row.text(figure, 3, True) for figure in part.figures)) for row in part.rows]
        lines += [f"## {part.title}", "", *markdown_table(Grid([part.head, *heads], body))]
        if part.name == "features":
            lines += [f"- {row.system}: {row.note}" for row in part.rows] + [""]
    return "\n".join(lines + [f"{line}  " for line in _remarks(table, rows, max_loss, notes)]).rstrip() + "\n"


def render_identity(table: pd.DataFrame, metric: str, notes: Sequence[str], max_loss: float) -> Group:
    """The identity table for ``rich.console.Console.print``; intervals are in the files.

    Parameters
    ----------
    table, metric, notes, max_loss
        As for `render_identity_markdown`.

    Examples
    --------
    As for `render_identity_markdown`.
    """
    rows = _rows(table)
    shown = [piece for part in _parts(rows, metric) for piece in (Text(part.title, style="bold"), _terminal(part))]
    where = "* seen/unseen speakers. Intervals are in identity.md, every strength in identity.csv."
    lines = [*_remarks(table, rows, max_loss, notes), where]
    return Group(*shown, *(Padding(Text(line, style="dim"), (0, 0, 0, 1)) for line in lines))


def _terminal(part: ProbedPart) -> Table:
    """A part with seen and unseen speakers in one column."""
    # The cut that trees see is left to the files: eighty columns hold no more.
    figures = [figure for figure in part.figures if figure.metric != "disentanglement_boosted"]
    of_metric = {figure.metric: [other for other in figures if other.metric == figure.metric] for figure in figures}
    heads = []
    for several in of_metric.values():
        both = part.name == "features" and any(figure.speakers == "seen" for figure in several)
        heads.append(several[0].head + " *" * both)
    body = [
        Line.of(
            row.system,
            *("/".join(filter(None, (row.text(one, 2, False) for one in each))) for each in of_metric.values()),
        )
        for row in part.rows
    ]
    shown = rich_table(Grid([part.head, *heads], body), folded=(0,))
    shown.columns[0].min_width = 20
    return shown


def trade_off(table: pd.DataFrame, metric: str) -> list[Drawing]:
    """Emotion against identity, one point a strength: a drawing for each set of modalities.

    Parameters
    ----------
    table
        identity.csv.
    metric
        The study's metric.

    Returns
    -------
    list of Drawing
        Empty where no erasure was measured.

    Examples
    --------
    >>> trade_off(pd.DataFrame(columns=["probed", "strength", "modalities"]), "ccc")
    []
    """
    here = table[(table["probed"] == "features") & (table["strength"] != "tuned")]
    return [_trade_off(part, name, METRIC_LABELS.get(metric, metric)) for name, part in here.groupby("modalities")]


@styled
def _trade_off(part: pd.DataFrame, name: str, label: str) -> Drawing:
    figure, axis = axes(height=3.9)
    words, lines = [], [["erasure", "strength", label, "linear identity, seen", "unseen"]]
    raw = _points(part[part["erasure"] == "raw"])
    erasures = [erasure for erasure in dict.fromkeys(part["erasure"]) if erasure != "raw"]
    for erasure, colour, sign in zip(erasures, COLOURS * 2, SIGNS * 2, strict=False):
        points = raw + _points(part[(part["erasure"] == erasure) & (part["strength"] != "0")])
        for speakers, fill, style in (("unseen", colour, "-"), ("seen", "white", ":")):
            pairs = [(point[speakers], point["emotion"]) for point in points]
            words_of = f"{erasure}, {speakers} speakers"
            axis.plot(*zip(*pairs, strict=True), style, color=colour, marker=sign, mfc=fill, ms=5, lw=1.2,
                      label=words_of)  # fmt: skip
        last = points[-1]
        words.append(f"{erasure} at strength {last['strength']}: identity {number(last['unseen'])} of unseen and "
                     f"{number(last['seen'])} of seen speakers, {label} {number(last['emotion'])}")  # fmt: skip
        lines += [[erasure, p["strength"], number(p["emotion"], 3), number(p["seen"], 3), number(p["unseen"], 3)]
                  for p in points]  # fmt: skip
    start = raw[0]
    axis.plot([start["unseen"], start["seen"]], [start["emotion"]] * 2, "P", color=BLACK, ms=7, label="as they are")
    axis.axvline(0, color=GREY, lw=0.8, ls="--")
    axis.set(xlabel="identity (chance-corrected accuracy of the linear probe)", ylabel=f"emotion: {label}")
    axis.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=2, fontsize=7)
    return Drawing(
        f"{name}: identity against emotion",
        svg(figure),
        f"{name}: as they are identity {number(start['unseen'])} of unseen and {number(start['seen'])} of seen "
        f"speakers, {label} {number(start['emotion'])}; " + "; ".join(words) + ".",
        "One point a strength, from the features as they are. Left is less identity, the dashed line is chance, up is "
        "more emotion. Filled: unseen speakers; hollow: those that the erasure was fitted on.",
        lines,
    )


def _points(part: pd.DataFrame) -> list[dict[str, Any]]:
    """Emotion and identity at each strength, in order; strengths that lack one are left out."""
    points = []
    for strength, rows in sorted(part.groupby("strength"), key=lambda pair: float(pair[0])):
        point: dict[str, Any] = {"strength": strength}
        for row in rows.itertuples():
            point["emotion" if row.metric == "emotion" else row.speakers] = row.value
        if len(point) == 4:
            points.append(point)
    return points
