"""The identity table as a person reads it, and the figure of what each erasure costs."""

import math

import pandas as pd
from rich import box
from rich.console import Group
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from .drawing import BLACK, BLUE, GREEN, GREY, ORANGE, PURPLE, VERMILION, Drawing, axes, styled, svg
from .heading import METRIC_LABELS
from .words import number

ENOUGH = 0.8
PROBES = {"identity_linear": "linear", "identity_boosted": "boosted"}
COLOURS, SIGNS = (BLUE, ORANGE, GREEN, VERMILION, PURPLE), ("o", "s", "D", "^", "v")


def _cells(table):
    """A dict a row of the wide table, with (value, low, high) by (metric, speakers) as its cells."""
    rows = {}
    shown = table[table["strength"].isin(["tuned"]) | (table["probed"] == "reported")]
    for row in shown.itertuples():
        one = rows.setdefault(
            (row.probed, row.system),
            {name: getattr(row, name) for name in ("probed", "system", "modalities", "erasure", "note")}
            | {"cells": {}},
        )
        speakers = "" if pd.isna(row.speakers) else row.speakers
        one["cells"][row.metric, speakers] = (row.value, row.ci_low, row.ci_high)
    return list(rows.values())


def _figure(row, metric, speakers, digits, spread):
    cell = row["cells"].get((metric, speakers))
    if cell is None or math.isnan(cell[0]):
        return ""
    value, low, high = cell
    known = spread and not math.isnan(low) and not math.isnan(high)
    return number(value, digits) + (f" [{number(low, digits)}, {number(high, digits)}]" if known else "")


def _columns(table, metric):
    """(head, metric, speakers) of each column that the table fills."""
    label = METRIC_LABELS.get(metric, metric)
    columns = [(label, "emotion", ""), ("lost", "emotion_loss", "")]
    for name, words in PROBES.items():
        columns += [(f"{words}, {speakers}", name, speakers) for speakers in ("seen", "unseen")]
    columns.append(("EER", "eer", "unseen"))
    for name, words in (("disentanglement", "cut"), ("disentanglement_boosted", "trees cut")):
        columns += [(f"{words}, {speakers}", name, speakers) for speakers in ("seen", "unseen")]
    filled = {(metric, "" if pd.isna(who) else who) for metric, who in zip(table.metric, table.speakers, strict=True)}
    return [column for column in columns if column[1:] in filled]


PARTS = (
    ("features", "representation", "Speakers told from features, before and after each erasure"),
    ("predictions", "system", "Speakers told from the predictions of each system"),
)


def _parts(table, metric, rows):
    """What was probed: its name, the head of its first column, a title, rows and columns."""
    for part, head, title in PARTS:
        here = [row for row in rows if row["probed"] == part]
        if here:
            tuned = table[(table["probed"] == part) & (table["strength"] == "tuned")]
            yield part, head, title, here, _columns(tuned, metric)


def _reported(rows):
    for row in rows:
        if row["probed"] == "reported":
            (metric, _), (value, *_) = next(iter(row["cells"].items()))
            yield f"† {row['system']}: {metric} {number(value)}, reported, not comparable ({row['note']})"


def _verdicts(rows, max_loss):
    """Which erasures cut what a line tells by `ENOUGH` at a cost within the agreed loss, and for whom."""
    erased = [row for row in rows if ("emotion_loss", "") in row["cells"]]
    for name in dict.fromkeys(row["modalities"] for row in erased):
        met = []
        for row in erased:
            cells = row["cells"]
            who = [who for who in ("seen", "unseen") if cells["disentanglement", who][0] >= ENOUGH]
            if row["modalities"] == name and who and cells["emotion_loss", ""][0] <= max_loss:
                met.append(f"{row['erasure']} ({' and '.join(who)} speakers)")
        what = f"{name}: linear identity cut by {ENOUGH:.0%} or more at a loss within {number(max_loss)}"
        yield f"{what}: {', '.join(met) or 'by no erasure'}."


def _remarks(table, rows, max_loss, notes):
    cut = "Cut (disentanglement): relative drop of chance-corrected identity; lost: emotion score that it cost."
    caption = [cut] if (table["metric"] == "disentanglement").any() else []
    return [*_verdicts(rows, max_loss), *_reported(rows), *caption, *notes]


def render_identity_markdown(table, metric, notes, max_loss):
    """identity.md: figures with their intervals.

    Parameters
    ----------
    table : DataFrame
        identity.csv.
    metric : str
        The study's metric.
    notes : list of str
    max_loss : float
        What an erasure was allowed to cost.

    Returns
    -------
    str
    """
    rows, lines = _cells(table), ["# Who is speaking?", ""]
    for part, first, title, here, columns in _parts(table, metric, rows):
        heads = [first, *(head for head, *_ in columns)]
        lines += [f"## {title}", "", _pipe(heads), _pipe(["---"] * len(heads))]
        lines += [_pipe([row["system"], *(_figure(row, *c[1:], 3, True) for c in columns)]) for row in here]
        lines.append("")
        if part == "features":
            lines += [f"- {row['system']}: {row['note']}" for row in here] + [""]
    remarks = _remarks(table, rows, max_loss, notes)
    return "\n".join(lines + [f"{line}  " for line in remarks]).rstrip() + "\n"


def _pipe(cells):
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def render_identity(table, metric, notes, max_loss):
    """The identity table for ``rich.console.Console.print``; intervals are in the files.

    Parameters
    ----------
    table : DataFrame
        identity.csv.
    metric : str
        The study's metric.
    notes : list of str
    max_loss : float
        What an erasure was allowed to cost.
    """
    rows, parts = _cells(table), []
    for part, first, title, here, columns in _parts(table, metric, rows):
        shown = Table(box=box.SIMPLE_HEAD)
        shown.pad_edge, shown.padding = False, (0, 1, 0, 0)
        shown.add_column(first, overflow="fold", min_width=20)
        # The cut that trees see is left to the files: eighty columns hold no more.
        heads = {name: head.partition(", ")[0] for head, name, _ in columns if name != "disentanglement_boosted"}
        for name, head in heads.items():
            both = part == "features" and (name, "seen") in {column[1:] for column in columns}
            shown.add_column(head + " *" * both, no_wrap=True)
        for row in here:
            told = [[_figure(row, *c[1:], 2, False) for c in columns if c[1] == name] for name in heads]
            shown.add_row(Text(row["system"]), *("/".join(filter(None, figures)) for figures in told))
        parts += [Text(title, style="bold"), shown]
    where = "* seen/unseen speakers. Intervals are in identity.md, every strength in identity.csv."
    lines = [*_remarks(table, rows, max_loss, notes), where]
    return Group(*parts, *(Padding(Text(line, style="dim"), (0, 0, 0, 1)) for line in lines))


def trade_off(table, metric):
    """Emotion against identity, one point a strength: a drawing for each set of modalities.

    Parameters
    ----------
    table : DataFrame
        identity.csv.
    metric : str
        The study's metric.

    Returns
    -------
    list of Drawing
        Empty where no erasure was measured.
    """
    here = table[(table["probed"] == "features") & (table["strength"] != "tuned")]
    return [_trade_off(part, name, METRIC_LABELS.get(metric, metric)) for name, part in here.groupby("modalities")]


@styled
def _trade_off(part, name, label):
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


def _points(part):
    """Emotion and identity at each strength, in order; strengths that lack one are left out."""
    points = []
    for strength, rows in sorted(part.groupby("strength"), key=lambda pair: float(pair[0])):
        point = {"strength": strength}
        for row in rows.itertuples():
            point["emotion" if row.metric == "emotion" else row.speakers] = row.value
        if len(point) == 4:
            points.append(point)
    return points
