"""Result rows of a run: every metric of every target with intervals, reported figures, and what fusions do not gain."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from avbaselines.corpora.corpus import Split, Target
from avbaselines.corpora.splits import by_repeat
from avbaselines.evaluation.combined import COMBINED
from avbaselines.evaluation.intervals import interval_of_mean, mean_value
from avbaselines.evaluation.metrics import METRICS, oriented
from avbaselines.evaluation.verdicts import Verdict, tells_from_zero
from avbaselines.experiment.planning.reserved_names import PICKED
from avbaselines.experiment.planning.system import FusionSystem
from avbaselines.experiment.scoring.kept import typed
from avbaselines.experiment.scoring.scoreboard import Part, Scoreboard, Scored
from avbaselines.results_table import Remark, RemarkKind, ResultRow
from avbaselines.study import Reported, Study

MEAN = "mean"
POOLED = Remark(RemarkKind.POOLED, "pooled over clips")
AVERAGED = Remark(RemarkKind.AVERAGED, "mean over splits")

ROWS = typed("rows", list[ResultRow], (__name__,))

Parts = dict[tuple[str, str], list[Part]]
"""By target and metric, the terms of the mean that is the figure."""


def score_rows(board: Scoreboard, rows: Iterable[Scored], picked: str | None, protocol: str) -> list[ResultRow]:
    """Result rows of measured and imported systems: each split, and all of them together.

    Parameters
    ----------
    board
    rows
    picked
        Name of the row that is handed over.
    protocol

    Returns
    -------
    list of ResultRow
        Of a system that failed, a single one that says why.

    Examples
    --------
    >>> from avbaselines.corpora.corpus import Corpus
    >>> from avbaselines.experiment.planning.system import BaseSystem
    >>> nobody, people = np.array([], dtype=int), np.array(["s1", "s1", "s2", "s2"])
    >>> splits = [Split("test", nobody, nobody, np.arange(4))]
    >>> corpus = Corpus(people, people, [Target("arousal", "mae")], {"arousal": np.arange(4.0)}, splits, once=True)
    >>> system = BaseSystem(name="ridge-audio", learner="ridge")
    >>> row = Scored(system.rows[0], system, {"test": {"arousal": np.arange(4.0)[:, None] + 0.5}}, {})
    >>> [(one.metric, one.value) for one in score_rows(Scoreboard(corpus, splits), [row], None, "honest")][:1]
    [('mae', 0.5)]
    """
    results = []
    for row in rows:
        content = board.content(row)
        if content is not None:
            said = [row.name, row.name == picked, protocol, row.seconds, repr(row.system), repr(row.remarks)]
            content += [*said, repr(row.failed)]
        results += board.kept.value(ROWS, content, partial(_results_of, board, row, picked, protocol))
    return results


def _results_of(board: Scoreboard, row: Scored, picked: str | None, protocol: str) -> list[ResultRow]:
    targets = board.corpus.targets
    base = _base(row, picked, protocol, targets[0].metric)
    if row.failed:
        reason = "; ".join(dict.fromkeys(row.failed.values()))
        return [replace(base, status="failed", remarks=(Remark(RemarkKind.FAILURE, reason),))]
    results = []
    for split in board.splits:
        of_split = replace(base, split=split.name, remarks=row.remarks)
        results += _figures(board, of_split, _parts_of_split(board, row, split), [split])
        results += _combined(board, of_split, row, [split])
    how = () if len(board.splits) == 1 else (_pooling(board),)
    together = replace(base, remarks=(*row.remarks, *how))
    pairs = [(target, metric) for target in targets for metric in board.metrics(target)]
    parts = {(target.name, metric): board.parts(row, target, metric) for target, metric in pairs}
    results += _figures(board, together, parts, board.splits)
    return results + _combined(board, together, row, None)


def _pooling(board: Scoreboard) -> Remark:
    """How splits are put together."""
    if not all(map(board.pools, board.corpus.targets)):
        return AVERAGED
    repeats = len(by_repeat(board.splits))
    return POOLED if repeats == 1 else Remark(RemarkKind.POOLED, f"pooled over clips, mean over {repeats} repeats")


def _base(row: Scored, picked: str | None, protocol: str, metric: str) -> ResultRow:
    system = row.system
    is_mean = isinstance(system, FusionSystem) and system.is_mean
    return ResultRow(
        protocol=protocol,
        system=row.name,
        target=MEAN,
        metric=metric,
        picked=row.name == picked,
        kind=system.kind,
        modalities=system.modalities,
        learner=system.learner_label,
        task=system.task_label,
        stage=system.stage,
        seconds=round(row.seconds, 3),
        raw_label=None if row.is_twin else system.raw_label,
        # A plain mean is more than the twin of the matched one: it is what stages have to beat.
        twin=row.is_twin and system.kind == "measured" and not is_mean,
    )


def _parts_of_split(board: Scoreboard, row: Scored, split: Split) -> Parts:
    parts = {}
    for target in board.corpus.targets:
        for metric in board.metrics(target):
            sums = board.sums(row, target, metric, [split])
            if sums is not None:
                parts[target.name, metric] = [(METRICS[metric], sums)]
    return parts


def _figures(board: Scoreboard, base: ResultRow, parts: Parts, splits: Sequence[Split]) -> list[ResultRow]:
    """One row a target and metric, and the mean over targets of each metric."""
    own = {(target.name, target.metric) for target in board.corpus.targets}
    rows = []
    for (target, metric), part in parts.items():
        of_target, spread = replace(base, target=target, metric=metric), _named(len(part), splits)
        rows.append(_figure(board, of_target, part, [target], splits, spread if (target, metric) in own else ""))
    for metric in dict.fromkeys(metric for _, metric in parts):
        targets = [target for target, name in parts if name == metric]
        together = [piece for target in targets for piece in parts[target, metric]]
        rows.append(_figure(board, replace(base, target=MEAN, metric=metric), together, targets, splits))
    return rows


def _combined(board: Scoreboard, base: ResultRow, row: Scored, splits: Sequence[Split] | None) -> list[ResultRow]:
    """The combined score's row, where the study has one and both its targets are labelled."""
    parts, combined = board.combined_parts(row, splits), board.corpus.combined
    if not parts or combined is None:
        return []
    targets, of_both = [combined.label, combined.value], replace(base, target=COMBINED, metric=COMBINED)
    splits = splits or board.splits
    return [_figure(board, of_both, parts, targets, splits, _named(len(parts), splits))]


def _named(n_parts: int, splits: Sequence[Split]) -> str:
    """What the terms of a figure are."""
    return "splits" if n_parts == len(splits) else "repeats"


def _figure(
    board: Scoreboard,
    base: ResultRow,
    parts: Sequence[Part],
    names: Sequence[str],
    splits: Sequence[Split],
    spread: str = "",
) -> ResultRow:
    """The row with its value and interval; where `spread` names what the terms are, with how far they lie apart."""
    targets = [target for target in board.corpus.targets if target.name in names]
    low, high = interval_of_mean(parts, training=board.training(targets, splits, base.kind == "measured"))
    n_clips, n_groups = board.extent(names, splits)
    return replace(
        base,
        value=mean_value(parts),
        ci_low=low,
        ci_high=high,
        n_clips=n_clips,
        n_groups=n_groups,
        remarks=(*base.remarks, *(_spread(parts, spread) if spread else ())),
    )


def _spread(parts: Sequence[Part], terms: str) -> tuple[Remark, ...]:
    """The range of the values of splits or repeats, where the value is the mean over several."""
    if len(parts) < 2:
        return ()
    values = [float(metric.value(sums.sum(axis=0))) for metric, sums in parts]
    text = f"{min(values):.3f} to {max(values):.3f} over {len(parts)} {terms} (deviation {np.std(values):.3f})"
    return (Remark(RemarkKind.SPREAD, text),)


def with_verdicts(rows: Iterable[ResultRow], tests: pd.DataFrame) -> list[ResultRow]:
    """The rows with what comparisons with the picked row of their protocol say: the verdict, and whether it is tied.

    Parameters
    ----------
    rows
        Of all protocols.
    tests
        comparisons.csv.

    Examples
    --------
    >>> late = ResultRow(protocol="honest", system="late", target="mean", metric="ccc", value=0.4, picked=True)
    >>> test = {"protocol": "honest", "system_a": "late", "system_b": "early", "target": "mean", "verdict": "not worse"}
    >>> tests = pd.DataFrame([test | {"ci_low": -0.01, "ci_high": 0.08}])
    >>> early = with_verdicts([late, replace(late, system="early", picked=False)], tests)[1]
    >>> early.tied, early.verdict.value
    (True, 'not better')
    """
    rows = list(rows)
    picked = {(row.protocol, row.system) for row in rows if row.picked}
    said = {
        (test["protocol"], test["system_b"]): test
        for test in tests[tests["target"].isin([MEAN, COMBINED])].to_dict("records")
        if (test["protocol"], test["system_a"]) in picked
    }
    return [_with_verdict(row, said.get((row.protocol, row.system))) for row in rows]


def _with_verdict(row: ResultRow, test: dict[str, Any] | None) -> ResultRow:
    if test is None or row.kind not in ("measured", "imported"):
        return row
    tied = tells_from_zero((test["ci_low"], test["ci_high"])) is False
    return replace(row, tied=tied, verdict=Verdict(test["verdict"]).reversed)


def reported_rows(study: Study) -> list[ResultRow]:
    """Result rows of the figures that others reported, with their source.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> figure = Reported(system="LSTM", target="arousal", metric="ccc", value=0.5, source="Table 1")
    >>> reported_rows(SimpleNamespace(reported=[figure]))[0].note
    'Table 1'
    """
    return [
        ResultRow(
            protocol=figure.protocol,
            split=figure.split,
            system=figure.system,
            kind="reported",
            target=figure.target,
            metric=figure.metric,
            value=figure.value,
            remarks=source_remarks(figure),
        )
        for figure in study.reported
    ]


def source_remarks(figure: Reported) -> tuple[Remark, ...]:
    """Where a reported figure was read, and what is noted of it.

    Examples
    --------
    >>> figure = Reported(system="LSTM", target="arousal", metric="ccc", value=0.5, source="Table 1", note="devel")
    >>> [remark.text for remark in source_remarks(figure)]
    ['Table 1', 'devel']
    """
    return tuple(Remark(RemarkKind.SOURCE, text) for text in (figure.source, figure.note) if text)


def flag_fusions(rows: Iterable[ResultRow], targets: Sequence[Target]) -> list[ResultRow]:
    """The rows, with a remark on every fusion whose mean score does not exceed the best mean of predictions beside it.

    Parameters
    ----------
    rows
        Of all protocols.
    targets
        Of the study; the score is the combined one where there is any, else the mean of the first one's metric.

    Examples
    --------
    >>> late = ResultRow(protocol="honest", system="late", target="mean", metric="ccc", value=0.4, stage=1)
    >>> mean = replace(late, system="late-mean", learner="mean", value=0.5)
    >>> [row.note for row in flag_fusions([late, mean], [Target("arousal", "ccc")])]
    ['not above the mean (late-mean)', '']
    """
    rows = list(rows)
    combined = any(row.target == COMBINED for row in rows)
    target, metric = (COMBINED, COMBINED) if combined else (MEAN, targets[0].metric)
    measured = [
        row
        for row in rows
        if (row.split, row.target, row.metric, row.status) == ("all", target, metric, "ok") and row.kind != "reported"
    ]
    flags = {}
    for protocol in dict.fromkeys(row.protocol for row in measured):
        scores = {row.system: (oriented(metric, row.value), row) for row in measured if row.protocol == protocol}
        means = {name: value for name, (value, row) in scores.items() if row.learner == "mean" and not np.isnan(value)}
        if not means:
            continue
        best = max(means, key=lambda name: means[name])
        for name, (value, row) in scores.items():
            learnt = (row.stage or 0) > 0 and row.kind == "measured" and row.learner != "mean"
            if learnt and not row.twin and name != PICKED and not value > means[best]:
                flags[protocol, name] = Remark(RemarkKind.NOT_ABOVE_MEAN, f"not above the mean ({best})")
    return [
        replace(row, remarks=(*row.remarks, flags[row.protocol, row.system]))
        if (row.protocol, row.system) in flags
        else row
        for row in rows
    ]
