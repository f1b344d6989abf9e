"""Figures of the report page, each with its alternative text."""

import math
import textwrap

import numpy as np
import pandas as pd

from ..evaluation.metrics import score
from ..results_table import RemarkKind
from .board import Board, Row
from .drawing import (
    BLACK,
    BLUE,
    GREY,
    ORANGE,
    RASTER_FROM,
    VERMILION,
    Drawing,
    absent,
    axes,
    styled,
    svg,
)
from .formatting import counted, number
from .heading import Heading, ReportTarget
from .predictions import classes, evaluated, group_scores

MOST_LABELLED_GROUPS = 40
MOST_TRACE_POINTS = 1200
LEAST_IN_BIN = 10


@styled
def stages(board: Board, protocol: str) -> Drawing:
    """The gain of each layer of late fusion: every system's score by stage, the best of each with its interval.

    Examples
    --------
    >>> from avbaselines.reports.ranking import leaderboard
    >>> from avbaselines.results_table import ResultRow
    >>> rows = [
    ...     ResultRow(protocol="honest", system=name, target="arousal", metric="ccc", value=value, stage=stage,
    ...               picked=stage == 1)
    ...     for name, value, stage in (("late", 0.5, 1), ("early", 0.4, 0))
    ... ]
    >>> board = leaderboard(rows, Heading("A study", [ReportTarget("arousal", "ccc")]))
    >>> stages(board, "honest").alt
    'Best system of each stage: single systems: early .40; stage 1: late .50.'
    """
    title, column = "Stages of fusion", board.columns[0]
    rows = [
        (row.stage or 0, row, row.cells[column.key])
        for row in board.rows
        if row.protocol == protocol and row.kind == "measured" and not math.isnan(row.value(column))
    ]  # fmt: skip
    steps = sorted({stage for stage, _, _ in rows})
    if len(steps) < 2:
        return absent(title, "no fusion was measured")
    figure, axis = axes(height=3.8)
    words, labels = [], []
    allowed = any(row.picked and _is_transductive(row) for _, row, _ in rows)
    for step in steps:
        here = [(row, cell) for stage, row, cell in rows if stage == step]
        axis.plot([step] * len(here), [cell.value for _, cell in here], "o", color=GREY, alpha=0.5, ms=4, mew=0)
        # Per-speaker normalisation reads evaluated clips: it is seen, but is not what the next stage has to beat.
        row, cell = max(here, key=lambda pair: (allowed or not _is_transductive(pair[0]), pair[0].score))
        if not math.isnan(cell.low):
            axis.plot([step, step], [cell.low, cell.high], color=BLUE, lw=1.6, solid_capstyle="butt")
        axis.plot(step, cell.value, "D", color=BLUE, ms=6)
        label = ["(transductive)"] * _is_transductive(row)
        labels.append("\n".join([_stage_name(step), *textwrap.wrap(row.system, 18), *label, number(cell.value)]))
        words.append(f"{_stage_name(step)}: {' '.join([row.system, *label])} {number(cell.value)}")
    means = sorted((cell.value, row.system) for _, row, cell in rows if row.learner == "mean")
    for (value, name), style in zip(means[:1] + means[1:][-1:], (":", "--"), strict=False):
        axis.axhline(value, color=ORANGE, lw=1.2, ls=style, label=f"{name} {number(value)}", zorder=1)
    axis.set_xticks(steps, labels)
    axis.set_xlim(steps[0] - 0.5, steps[-1] + 0.5)
    axis.set_ylabel(f"{column.target} {board.heading.metric_label(column.metric)}")
    if axis.get_legend_handles_labels()[0]:
        axis.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=2)
    return Drawing(
        title,
        svg(figure),
        "Best system of each stage: " + "; ".join(words) + ".",
        "Grey: every system of the stage. Diamond: the best one on the evaluated clips with its interval"
        f"{'' if allowed else ', transductive ones aside'}. Lines: plain and matched mean, which a learnt stage has to "
        "beat.",
    )


def _is_transductive(row: Row) -> bool:
    return RemarkKind.TRANSDUCTIVE in row.kinds


def _stage_name(step: int) -> str:
    return f"stage {step}" if step else "single systems"


@styled
def fits(predictions: pd.DataFrame, protocol: str, system: str, raw: str | None, target: ReportTarget) -> list[Drawing]:
    """Prediction against truth, raw and matched, then calibration: mean truth of clips of similar predictions.

    Examples
    --------
    >>> predictions = pd.DataFrame({"clip_id": range(20), "group": ["s1", "s2"] * 10, "truth": np.arange(20.0)})
    >>> predictions = predictions.assign(prediction=predictions["truth"] + predictions.index % 2, protocol="honest")
    >>> predictions = predictions.assign(split="all", part="test", system="svr", target="arousal")
    >>> arousal = ReportTarget("arousal", "mse")
    >>> [drawing.title for drawing in fits(predictions, "honest", "svr", None, arousal)]
    ['arousal: prediction against truth', 'arousal: calibration']
    """
    kinds = [("raw", raw, ORANGE, "s"), ("matched", system, BLUE, "o")] if raw else [("", system, BLUE, "o")]
    parts = []
    for kind, name, colour, mark in kinds:
        rows = evaluated(predictions, protocol, name, target.name)
        if len(rows) > 2:
            parts.append((kind, name, colour, mark, rows["truth"].to_numpy(float), rows["prediction"].to_numpy(float)))
    if not parts:
        return [absent(f"{target.name}: prediction against truth", f"no test predictions of {system}")]
    if target.kind == "classes":
        if not _bins(target, parts[-1][-1], 10):
            few = f"of {len(rows)} posteriors no {LEAST_IN_BIN} are alike enough for a bin"
            return [absent(f"{target.name}: calibration", few)]
        return [_calibration(parts[-1:], target, bins=10)]
    low = min(min(truth.min(), guess.min()) for *_, truth, guess in parts)
    high = max(max(truth.max(), guess.max()) for *_, truth, guess in parts)
    drawings = []
    for kind, name, colour, _, truth, guess in parts:
        figure, axis = axes()
        axis.plot([low, high], [low, high], color=BLACK, lw=0.8, ls="--")
        alpha = float(np.clip(60 / math.sqrt(len(truth)) / 10, 0.08, 0.6))
        axis.scatter(truth, guess, s=9, color=colour, alpha=alpha, linewidths=0, rasterized=len(truth) > RASTER_FROM)
        axis.set(xlabel=f"{target.name}: truth", ylabel=f"prediction {f'({kind})' if kind else ''}", aspect="equal")
        ccc, pcc = score("ccc", truth, guess), score("pcc", truth, guess)
        words = f"CCC {number(ccc)}, PCC {number(pcc)}, spread {_ratio(guess.std(), truth.std())} of the truth's"
        drawings.append(
            Drawing(
                f"{target.name}: {kind or 'prediction against truth'}",
                svg(figure),
                f"Predictions of {name} against the truth of {target.name}, {len(truth):,} clips: {words}.",
                f"{name}: {words}. Dashed: perfect agreement.",
            )
        )
    return [*drawings, _calibration(parts, target, bins=8)]


def _ratio(part: float, whole: float) -> str:
    return number(part / whole) if whole else "undefined"


def _bins(target: ReportTarget, guess: np.ndarray, bins: int) -> list:
    """Clips of similar predictions, one array of indices a bin."""
    if target.kind == "classes":
        place = np.minimum((guess * bins).astype(int), bins - 1)
        full = np.flatnonzero(np.bincount(place, minlength=bins) >= LEAST_IN_BIN)
        return [np.flatnonzero(place == bin) for bin in full]
    # Bins hold equally many clips, so that each point is equally sure.
    return np.array_split(np.argsort(guess, kind="stable"), min(bins, max(2, len(guess) // LEAST_IN_BIN)))


def _calibration(parts: list, target: ReportTarget, bins: int) -> Drawing:
    figure, axis = axes()
    words, ends = [], []
    for kind, name, colour, mark, truth, guess in parts:
        order = _bins(target, guess, bins)
        x, y = [guess[index].mean() for index in order], [truth[index].mean() for index in order]
        axis.plot(x, y, marker=mark, color=colour, lw=1.4, ms=5, label=kind or name)
        ends += [*x, *y]
        words.append(f"{kind or name} from ({number(x[0])}, {number(y[0])}) to ({number(x[-1])}, {number(y[-1])})")
    axis.plot([min(ends), max(ends)], [min(ends), max(ends)], color=BLACK, lw=0.8, ls="--")
    of_classes = target.kind == "classes"
    axis.set_xlabel("posterior, mean of bin" if of_classes else f"{target.name}: prediction, mean of bin")
    axis.set_ylabel("share of clips that are of the class" if of_classes else "truth, mean of bin")
    axis.legend(loc="upper left")
    return Drawing(
        f"{target.name}: calibration",
        svg(figure),
        f"Calibration for {target.name}, mean truth against mean prediction in bins: {'; '.join(words)}.",
        f"Bins of equal width with {LEAST_IN_BIN} posteriors or more, all classes together. On the dashed line a "
        "posterior is a frequency."
        if of_classes
        else "Bins of equally many clips. Steeper than the dashed line: predictions are too timid; flatter: too bold.",
    )


@styled
def groups(predictions: pd.DataFrame, protocol: str, system: str, target: ReportTarget, heading: Heading) -> Drawing:
    """The score within each group (speaker), worst first: who is served badly.

    Examples
    --------
    >>> predictions = pd.DataFrame({"clip_id": range(20), "group": ["s1", "s2"] * 10, "truth": np.arange(20.0)})
    >>> predictions = predictions.assign(prediction=predictions["truth"] + predictions.index % 2, protocol="honest")
    >>> predictions = predictions.assign(split="all", part="test", system="svr", target="arousal")
    >>> arousal = ReportTarget("arousal", "mse")
    >>> groups(predictions, "honest", "svr", arousal, Heading("A study", [arousal])).caption[:23]
    'Served worst: s2 1.00, '
    """
    title = f"{target.name}: score by group"
    rows = evaluated(predictions, protocol, system, target.name)
    scores = group_scores(rows, target.metric, target.kind) if len(rows) else pd.DataFrame()
    if len(scores) < 2:
        return absent(title, "fewer than two groups have five test clips or more that differ in their truth")
    metric = heading.metric_label("accuracy" if target.kind == "classes" else target.metric)
    n_left_out = rows["group"].nunique() - len(scores)
    labelled = len(scores) <= MOST_LABELLED_GROUPS
    figure, axis = axes(height=max(2.2, 0.17 * len(scores) + 0.8) if labelled else 3.4)
    position = np.arange(len(scores))[::-1]
    median = float(scores["score"].median())
    axis.axvline(median, color=ORANGE, lw=1.4, label=f"median {number(median)}")
    axis.plot(scores["score"], position, "o", color=BLUE, ms=5 if labelled else 2)
    axis.set_yticks(position if labelled else [], list(scores.index) if labelled else [])
    axis.set_xlabel(f"{metric} within the group")
    axis.set_ylim(-0.8, len(scores) - 0.2)
    axis.legend(loc="lower left", bbox_to_anchor=(0, 1.0))
    sizes = tuple(sorted({int(scores["n_clips"].min()), int(scores["n_clips"].max())}))
    worst = ", ".join(f"{name} {number(value)}" for name, value in scores["score"].head(3).items())
    best = ", ".join(f"{name} {number(value)}" for name, value in scores["score"].tail(1).items())
    left_out = f" {n_left_out} groups with too few clips are left out." if n_left_out > 0 else ""
    return Drawing(
        title,
        svg(figure),
        f"{metric} of {system} within each of {len(scores)} groups; worst: {worst}; best: {best}.",
        f"Served worst: {worst}. A group has {counted(sizes, 'clips')}, so single points are rough.{left_out}",
    )


@styled
def confusion(predictions: pd.DataFrame, protocol: str, system: str, target: ReportTarget) -> Drawing:
    """The classes taken for one another, as shares of the true class, with recall, precision and F1 of each.

    Examples
    --------
    >>> from avbaselines.reports.predictions import COLUMNS
    >>> nothing = pd.DataFrame(columns=COLUMNS)
    >>> confusion(nothing, "honest", "svc", ReportTarget("mood", "uar", "classes")).caption
    'not applicable: no test predictions of svc'
    """
    title = f"{target.name}: confusion matrix"
    rows = evaluated(predictions, protocol, system, target.name)
    if rows.empty:
        return absent(title, f"no test predictions of {system}")
    names, truth, guess, _ = classes(rows)
    counts = np.zeros((len(names), len(names)))
    np.add.at(counts, (truth, guess), 1)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    size = max(3.2, 0.5 * len(names) + 1.2)
    figure, axis = axes(size, size * 0.92)
    axis.imshow(shares, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    axis.grid(False)
    for (i, j), share in np.ndenumerate(shares):
        axis.text(j, i, number(share), ha="center", va="center", color="white" if share > 0.55 else BLACK, fontsize=8)
    axis.set_xticks(range(len(names)), names, rotation=45, ha="right")
    axis.set_yticks(range(len(names)), names)
    axis.set(xlabel="predicted", ylabel="true")
    hits, told, true = np.diag(counts), counts.sum(axis=0), counts.sum(axis=1)
    recall, precision = hits / np.maximum(true, 1), hits / np.maximum(told, 1)
    f1 = 2 * hits / np.maximum(told + true, 1)
    table = [["class", "recall", "precision", "F1", "clips"]]
    table += [
        [name, number(recall[i]), number(precision[i]), number(f1[i]), f"{int(true[i]):,}"]
        for i, name in enumerate(names)
    ]
    return Drawing(
        title,
        svg(figure),
        "Recall of each class: " + ", ".join(f"{row[0]} {row[1]}" for row in table[1:]) + ".",
        f"{system}, shares of the true class.",
        table,
    )


@styled
def traces(predictions: pd.DataFrame, protocol: str, system: str, target: ReportTarget) -> list[Drawing]:
    """Prediction and gold over time for the recordings followed best, in the middle, and worst.

    Examples
    --------
    >>> from avbaselines.reports.predictions import COLUMNS
    >>> traces(pd.DataFrame(columns=COLUMNS), "honest", "svr", ReportTarget("arousal", "ccc"))
    []
    """
    if not {"recording", "time"} <= set(predictions.columns) or target.kind == "classes":
        return []
    rows = evaluated(predictions, protocol, system, target.name).dropna(subset=["recording", "time"])
    scores = {
        name: score("ccc", part["truth"].to_numpy(float), part["prediction"].to_numpy(float))
        for name, part in rows.groupby("recording", observed=True)
        if len(part) > 2
    }
    order = sorted(scores, key=lambda name: scores[name], reverse=True)
    chosen = dict.fromkeys([order[0], order[len(order) // 2], order[-1]]) if order else {}
    drawings = []
    for name in chosen:
        part = rows[rows["recording"] == name].sort_values("time", kind="stable")
        part = part.iloc[:: max(1, math.ceil(len(part) / MOST_TRACE_POINTS))]
        figure, axis = axes(height=2.6)
        axis.plot(part["time"], part["truth"], color=BLACK, lw=1.2, label="gold")
        axis.plot(part["time"], part["prediction"], color=VERMILION, lw=1.2, ls="-", label="prediction")
        axis.set(xlabel="time (s)", ylabel=target.name)
        axis.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=2)
        place = order.index(name) + 1
        drawings.append(
            Drawing(
                f"{target.name} over time: {name}",
                svg(figure),
                f"{target.name} over time in {name}, gold and prediction of {system}: CCC {number(scores[name])}.",
                f"CCC within the recording {number(scores[name])}, place {place} of {len(order)}.",
            )
        )
    return drawings


def protocol_gaps(board: Board) -> list[tuple[str, list[tuple[str, Row]]]]:
    """Systems measured under several protocols, with their row in each.

    Examples
    --------
    >>> from avbaselines.reports.ranking import leaderboard
    >>> from avbaselines.results_table import ResultRow
    >>> rows = [
    ...     ResultRow(protocol="honest", system=name, target="arousal", metric="ccc", value=value, stage=stage,
    ...               picked=stage == 1)
    ...     for name, value, stage in (("late", 0.5, 1), ("early", 0.4, 0))
    ... ]
    >>> board = leaderboard(rows, Heading("A study", [ReportTarget("arousal", "ccc")]))
    >>> protocol_gaps(board)
    []
    """
    systems: dict[str, list[tuple[str, Row]]] = {}
    for row in board.rows:
        if row.kind != "reported":
            systems.setdefault(row.system, []).append((row.protocol, row))
    return [(system, rows) for system, rows in systems.items() if len(rows) > 1]
