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
from avbaselines.evaluation.intervals import mean_value
from avbaselines.evaluation.metrics import oriented
from avbaselines.evaluation.verdicts import Verdict, tells_from_zero
from avbaselines.experiment.planning.reserved_names import PICKED
from avbaselines.experiment.planning.system import FusionSystem
from avbaselines.experiment.scoring.kept import typed
from avbaselines.experiment.scoring.scoreboard import Part, Scoreboard, Scored
from avbaselines.results_table import ALL, Aggregate, Remark, RemarkKind, ResultRow
from avbaselines.study import Reported, Study

MEAN = "mean"
HOW = {
    Aggregate.POOLED: Remark(RemarkKind.POOLED, Aggregate.POOLED.words),
    Aggregate.MEAN: Remark(RemarkKind.AVERAGED, Aggregate.MEAN.words),
}

ROWS = typed("rows", list[ResultRow], (__name__,))

TOGETHER = (COMBINED, COMBINED)
"""Target and metric of the combined score."""
Parts = dict[tuple[str, str], list[Part]]
"""By target and metric, the terms of the mean that is the figure."""


def score_rows(board: Scoreboard, rows: Iterable[Scored], picked: str | None, protocol: str) -> list[ResultRow]:
    """Result rows of measured and imported systems: each split, all of them as the study has it, and the other way.

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
    n_seeds, results = max(1, len(row.seeds)), []
    each = [_parts(board, row, [[split]]) for split in board.splits]
    for split, parts in zip(board.splits, each, strict=True):
        results += _figures(board, replace(base, split=split.name, remarks=row.remarks), parts, [split], n_seeds)
    if len(board.splits) == 1:
        return results + _figures(board, replace(base, remarks=row.remarks), each[0], board.splits, n_seeds)
    pooled = _parts(board, row, by_repeat(board.splits))
    ways = {Aggregate.POOLED: pooled, Aggregate.MEAN: _side_by_side(each, n_seeds)}
    chosen = board.chosen(targets)
    whole = chosen or Aggregate.MEAN  # where targets differ
    way = {(target.name, metric): board.chosen([target]) for target in targets for metric in board.metrics(target)}
    own = {key: ways[way.get(key) or whole][key] for key in ways[whole]}
    together = replace(base, remarks=(*row.remarks, _how(board, whole)))
    results += _figures(board, together, own, board.splits, n_seeds)
    for aggregate, parts in ways.items():
        if aggregate is not chosen:
            beside = replace(base, split=aggregate.value, remarks=(*row.remarks, _how(board, aggregate)))
            results += _figures(board, beside, parts, board.splits, n_seeds, aggregate)
    return results


def _how(board: Scoreboard, aggregate: Aggregate) -> Remark:
    """How splits are put together."""
    repeats = len(by_repeat(board.splits))
    if aggregate is Aggregate.POOLED and repeats > 1:
        return Remark(RemarkKind.POOLED, f"pooled over clips, mean over {repeats} repeats")
    return HOW[aggregate]


def _parts(board: Scoreboard, row: Scored, pieces: Sequence[Sequence[Split]]) -> Parts:
    """Sums of a row's clips, pooled in each of some lists of splits, for each figure that it has there."""
    pairs = [(target, metric) for target in board.corpus.targets for metric in board.metrics(target)]
    parts = {(target.name, metric): board.parts(row, target, metric, pieces) for target, metric in pairs}
    parts[TOGETHER] = board.combined_parts(row, pieces)
    return {key: part for key, part in parts.items() if part}


def _side_by_side(each: Sequence[Parts], n_seeds: int) -> Parts:
    """The parts of all splits, one after the other for each seed."""
    keys = dict.fromkeys(key for parts in each for key in parts)
    return {
        key: [parts[key][seed] for seed in range(n_seeds) for parts in each if key in parts] for key in keys
    }


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


def _figures(
    board: Scoreboard,
    base: ResultRow,
    parts: Parts,
    splits: Sequence[Split],
    n_seeds: int,
    aggregate: Aggregate | None = None,
) -> list[ResultRow]:
    """One row a target and metric, the mean over targets of each metric, and the combined score where there is one.

    `aggregate` says how the splits are put together, by default as each target has it.
    """
    own = {(target.name, target.metric) for target in board.corpus.targets}
    of_targets = {key: part for key, part in parts.items() if key != TOGETHER}

    def figure(
        target: str, metric: str, names: Sequence[str], each: Sequence[Sequence[Part]], spread: bool
    ) -> ResultRow:
        of_target, extent = replace(base, target=target, metric=metric), board.extent(names, splits)
        targets = [one for one in board.corpus.targets if one.name in names]
        pooled = (aggregate or board.chosen(targets)) is Aggregate.POOLED
        remarks = _spreads(target, each, n_seeds, "repeats" if pooled else "splits") if spread else ()
        together = [part for of_one in each for part in of_one]
        ends = board.interval(together, targets, splits, base.kind == "measured", aggregate)
        return _figure(of_target, together, ends, extent, remarks)

    rows = [figure(name, metric, [name], [part], (name, metric) in own) for (name, metric), part in of_targets.items()]
    for metric in dict.fromkeys(metric for _, metric in of_targets):
        names = [target for target, name in of_targets if name == metric]
        several = len(names) > 1 and {(name, metric) for name in names} <= own
        rows.append(figure(MEAN, metric, names, [parts[name, metric] for name in names], several))
    combined = board.corpus.combined
    if combined and TOGETHER in parts:
        rows.append(figure(COMBINED, COMBINED, [combined.label, combined.value], [parts[TOGETHER]], True))
    return rows


def _figure(
    base: ResultRow,
    parts: Sequence[Part],
    ends: tuple[float, float],
    extent: tuple[int, int],
    remarks: Sequence[Remark],
) -> ResultRow:
    return replace(
        base,
        value=mean_value(parts),
        ci_low=ends[0],
        ci_high=ends[1],
        n_clips=extent[0],
        n_groups=extent[1],
        remarks=(*base.remarks, *remarks),
    )


def _values(parts: Sequence[Part], n_seeds: int) -> np.ndarray:
    """Values of the parts, shape (n_seeds, parts of each)."""
    return np.array([float(metric.value(sums.sum(axis=0))) for metric, sums in parts]).reshape(n_seeds, -1)


def _spreads(what: str, each: Sequence[Sequence[Part]], n_seeds: int, terms: str) -> tuple[Remark, ...]:
    """The ranges of the terms' (splits or repeats) and of the seeds' values, means over the targets given."""
    values = [_values(parts, n_seeds) for parts in each]
    remarks = []
    if len({one.shape for one in values}) == 1 and values[0].shape[1] > 1:
        remarks.append(Remark(RemarkKind.SPREAD, _range(np.mean(values, axis=(0, 1)), terms)))
    if n_seeds > 1:
        seeds = np.mean([one.mean(axis=1) for one in values], axis=0)
        remarks.append(Remark(RemarkKind.SEEDS, f"{what} {_range(seeds, 'seeds')}"))
    return tuple(remarks)


def _range(values: np.ndarray, what: str) -> str:
    return f"{min(values):.3f} to {max(values):.3f} over {len(values)} {what} (deviation {np.std(values):.3f})"


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
    p_values = test.get("p_value", np.nan), test.get("p_floor", np.nan)
    tied = tells_from_zero((test["ci_low"], test["ci_high"]), *p_values) is False
    return replace(row, tied=tied, verdict=Verdict(test["verdict"]).reversed)


def reported_rows(study: Study, board: Scoreboard) -> list[ResultRow]:
    """Result rows of the figures that others reported, with their source.

    A figure whose paper put the splits together otherwise than the study stands with the rows of that way.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> figure = Reported(system="LSTM", target="arousal", metric="ccc", value=0.5, source="Table 1")
    >>> reported_rows(SimpleNamespace(reported=[figure]), board=None)[0].note
    'Table 1'
    """
    return [
        ResultRow(
            protocol=figure.protocol,
            split=_reported_split(figure, board),
            system=figure.system,
            kind="reported",
            target=figure.target,
            metric=figure.metric,
            value=figure.value,
            remarks=source_remarks(figure),
        )
        for figure in study.reported
    ]


def _reported_split(figure: Reported, board: Scoreboard) -> str:
    if figure.split != ALL or figure.aggregate is None or len(board.splits) == 1:
        return figure.split
    aggregate = Aggregate.POOLED if figure.aggregate == "pooled" else Aggregate.MEAN
    targets = [target for target in board.corpus.targets if figure.target in (target.name, MEAN, COMBINED)]
    return ALL if board.chosen(targets) is aggregate else aggregate.value


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
