"""From finished fits to rows: every metric of every target with intervals, and the one system handed over."""

from collections import Counter
from dataclasses import dataclass

import numpy as np

from avbaselines.corpora.corpus import Split
from avbaselines.evaluation.combined import COMBINED
from avbaselines.evaluation.intervals import interval_of_mean, mean_value
from avbaselines.evaluation.metrics import CLASSES, METRICS, REGRESSION, score
from avbaselines.experiment.fitting.fitted_run import FittedRun
from avbaselines.experiment.planning.reserved_names import PICKED
from avbaselines.experiment.planning.system import PickedSystem, RowId, System
from avbaselines.experiment.protocol_run import ProtocolRun

COLUMNS = [
    *("protocol", "split", "system", "picked", "kind", "modalities", "learner", "task", "stage", "target", "metric"),
    *("value", "ci_low", "ci_high", "n_clips", "n_groups", "seconds", "status", "note"),
]


@dataclass
class Predicted:
    """Predictions of evaluated clips under a name: all that a score needs.

    Attributes
    ----------
    name : str
    test : dict of str to dict
        Split name to target name to array (n_test, width), nothing missing.
    """

    name: str
    test: dict[str, dict[str, np.ndarray]]


@dataclass
class Scored:
    """One leaderboard row's predictions: of a system, matched or raw, over all splits.

    Attributes
    ----------
    id : RowId
    system : System
    test, oof : dict of str to dict
        Split name to target name to array (n_test or n_fit, width), nothing missing.
    seconds : float
    note : str
    failed : dict of SplitId to str
        The reasons, where the system failed.
    """

    id: RowId
    system: System
    test: dict
    oof: dict
    seconds: float
    note: str
    failed: dict

    @property
    def name(self) -> str:
        """Its label in results and reports."""
        return self.system.label(self.id)

    @property
    def is_twin(self) -> bool:
        """Whether it is the unmatched twin of a matched row."""
        return self.system.is_twin(self.id)


def gather(run: ProtocolRun, fitted_run: FittedRun, splits: list[Split]) -> list[Scored]:
    """Predictions of every leaderboard row, read from finished work, gaps filled by the training mean."""
    rows = []
    for system in run.systems:
        finished = {
            split.name: fitted_run.finished(split.id, system) for split in splits if fitted_run.has(split.id, system)
        }
        failed = fitted_run.failed_splits(system)
        notes = [*_labels(system, run), *dict.fromkeys(item.raw.note for item in finished.values() if item.raw.note)]
        for row in system.rows:
            raw = system.is_twin(row)
            rows.append(
                Scored(
                    row,
                    system,
                    {split: item.filled(item.raw.test if raw else item.test) for split, item in finished.items()},
                    {split: item.filled(item.raw.oof if raw else item.oof) for split, item in finished.items()},
                    sum(item.raw.seconds for item in finished.values()),
                    "; ".join(notes[:3]),
                    failed,
                )
            )
    return rows


def _labels(system, run):
    if run.resubstitution and system.kind == "measured":
        yield "resubstitution: fitted, tuned and scored on the same clips"
    if system.transductive:
        yield "transductive: normalised by each evaluated speaker's own unlabelled clips"


def pick(corpus, rows, splits, answer=None):
    """The row to hand over: the one that the study names, else by out-of-fold score of the study's metrics.

    Where the splits agree it is that row; where they do not, a row of its own that is, in each split, the system with
    the best out-of-fold score there, so that no evaluated clip has a say.

    Returns
    -------
    name : str or None
    rows : list of Scored
        With the row ``picked`` added where the splits disagree.
    """
    able = [row for row in rows if may_be_picked(row)]
    if not able:
        return None, rows
    if any(row.name == answer for row in able):
        return answer, rows
    best = {}
    for split in splits:
        scores = [oof_score(corpus, split, row.oof[split.name]) for row in able]
        best[split.name] = able[int(np.argmax(scores))]
    names = Counter(best[split.name].name for split in splits)
    if len(names) == 1:
        return next(iter(names)), rows
    shares = ", ".join(f"{name} in {count}" for name, count in names.most_common())
    system = PickedSystem(
        name=PICKED,
        modalities=tuple(dict.fromkeys(name for row in best.values() for name in row.system.modalities)),
        choices=tuple(best[split.name].system.name for split in splits),
        depth=max(row.system.stage for row in best.values()),
    )
    chosen = Scored(
        system.rows[0],
        system,
        {split.name: best[split.name].test[split.name] for split in splits},
        {split.name: best[split.name].oof[split.name] for split in splits},
        0.0,
        f"best out-of-fold system of each split ({shares} of {len(splits)})",
        {},
    )
    return PICKED, [*rows, chosen]


def may_be_picked(row):
    """Whether a row could be handed over.

    Unmatched twins are there to show what matching does; they and transductive rows are not handed over.
    """
    return row.system.kind == "measured" and not (row.is_twin or row.system.transductive or row.failed)


def oof_score(corpus, split, oof):
    """Out-of-fold score that systems are picked by; higher is better.

    The combined score where the study has one, else the mean over targets of the study's metrics, in which errors count
    in units of spread.
    """
    combined, values = corpus.combined, []
    for target in corpus.targets:
        truth = corpus.y[target.name][split.fit]
        recordings = _codes(corpus.recordings)[split.fit] if corpus.recordings is not None else None
        value = score(
            target.metric,
            truth,
            _shaped(oof[target.name], target),
            recording_codes=recordings,
            n_classes=target.width if target.kind == "classes" else None,
        )
        if combined is not None:
            values.append(value * {combined.label: 1.0, combined.value: -combined.weight}.get(target.name, 0.0))
            continue
        values.append(value if METRICS[target.metric].higher_is_better else -value / np.nanstd(truth))
    return float(np.sum(values) if combined is not None else np.mean(values))


def _codes(values):
    return np.unique(values, return_inverse=True)[1]


def _shaped(values, target):
    return values if target.kind == "classes" else values[:, 0]


class Scoreboard:
    """Sums per group of every row, target and metric, over one list of evaluated groups.

    Parameters
    ----------
    corpus : Corpus
    splits : list of Split
    """

    def __init__(self, corpus, splits):
        self.corpus, self.splits = corpus, splits
        tested = np.unique(np.concatenate([split.test for split in splits]))
        self.groups, codes = np.unique(corpus.groups[tested], return_inverse=True)
        self.codes = np.zeros(len(corpus.ids), dtype=int)
        self.codes[tested] = codes
        self.recordings = _codes(corpus.recordings) if corpus.recordings is not None else None

    def metrics(self, target):
        """Names of the metrics a target is scored by, the study's own first."""
        names = CLASSES if target.kind == "classes" else REGRESSION
        names = [name for name in names if self.recordings is not None or not METRICS[name].per_recording]
        return [target.metric, *(name for name in names if name != target.metric)]

    def sums(self, row, target, metric, splits):
        """Sums per group, shape (n_groups, S), of a row's clips in some splits; None where no clip is labelled."""
        rows = np.concatenate([split.test for split in splits])
        truth = self.corpus.y[target.name][rows]
        if np.isnan(truth).all():
            return None
        return METRICS[metric].sums(
            truth,
            _shaped(np.concatenate([row.test[split.name][target.name] for split in splits]), target),
            self.codes[rows],
            len(self.groups),
            recording_codes=None if self.recordings is None else self.recordings[rows],
            n_classes=target.width if target.kind == "classes" else None,
        )

    def parts(self, row, target, metric):
        """What the ``all`` value of a metric is the mean of: the pooled clips, or one part a split."""
        if self.pools(target):
            parts = [self.sums(row, target, metric, self.splits)]
        else:
            parts = [self.sums(row, target, metric, [split]) for split in self.splits]
        return [(METRICS[metric], part) for part in parts if part is not None]

    def combined_parts(self, row, splits=None):
        """As `parts` (or of some splits together), of the study's combined score; nothing where it has none."""
        combined = self.corpus.combined
        if combined is None:
            return []
        label, value = ({target.name: target for target in self.corpus.targets}[name] for name in self.combined_targets)
        whole = [self.splits] if self.pools(label) and self.pools(value) else [[split] for split in self.splits]
        sums = [
            combined.sums(self.sums(row, label, label.metric, part), self.sums(row, value, value.metric, part))
            for part in ([splits] if splits else whole)
        ]
        return [(combined.metric(label.width), part) for part in sums if part is not None]

    @property
    def combined_targets(self):
        """Names of the class and of the attribute of the combined score."""
        return [self.corpus.combined.label, self.corpus.combined.value]

    def extent(self, names, splits):
        """Number of evaluated clips labelled for any of the targets, and of their groups."""
        rows = np.unique(np.concatenate([split.test for split in splits]))
        labelled = ~np.isnan(np.column_stack([self.corpus.y[name][rows] for name in names])).all(axis=1)
        return int(labelled.sum()), len(np.unique(self.codes[rows[labelled]]))

    def pools(self, target):
        """Whether the ``all`` value pools the clips of all splits (else it is the mean over splits)."""
        return self.corpus.once and target.aggregate != "mean"


def score_rows(board, rows, picked, protocol):
    """Rows of results.csv for measured and imported systems.

    Parameters
    ----------
    board : Scoreboard
    rows : list of Scored
    picked : str or None
    protocol : str

    Returns
    -------
    list of dict
    """
    results = []
    for row in rows:
        base = _base(row, picked, protocol)
        if row.failed:
            reason = "; ".join(dict.fromkeys(row.failed.values()))
            target = board.corpus.targets[0]
            results.append(
                base | {"split": "all", "target": "mean", "metric": target.metric, "status": "failed", "note": reason}
            )
            continue
        for split in board.splits:
            parts = _parts_of_split(board, row, split)
            results += _scores(board, base | {"split": split.name}, parts, [split], row.note)
            results += _combined(board, base | {"split": split.name}, row, [split], row.note)
        parts = {
            (target.name, metric): board.parts(row, target, metric)
            for target in board.corpus.targets
            for metric in board.metrics(target)
        }
        how = "pooled over clips" if all(board.pools(target) for target in board.corpus.targets) else "mean over splits"
        note = "; ".join(filter(None, [row.note, how if len(board.splits) > 1 else ""]))
        results += _scores(board, base | {"split": "all"}, parts, board.splits, note)
        results += _combined(board, base | {"split": "all"}, row, None, note)
    return results


def _base(row, picked, protocol):
    system = row.system
    return {
        "protocol": protocol,
        "system": row.name,
        "picked": "yes" if row.name == picked else "",
        "kind": system.kind,
        "modalities": "+".join(system.modalities),
        "learner": system.learner_label,
        "task": system.task_label,
        "stage": system.stage,
        "seconds": round(row.seconds, 3),
        "status": "ok",
    }


def _parts_of_split(board, row, split):
    parts = {}
    for target in board.corpus.targets:
        for metric in board.metrics(target):
            sums = board.sums(row, target, metric, [split])
            if sums is not None:
                parts[target.name, metric] = [(METRICS[metric], sums)]
    return parts


def _scores(board, base, parts, splits, note):
    """One row a target and metric, and the mean over targets of each metric."""
    own = {(target.name, target.metric) for target in board.corpus.targets}
    rows = [
        _scored(base, target, metric, part, note, *board.extent([target], splits), spread=(target, metric) in own)
        for (target, metric), part in parts.items()
    ]
    for metric in dict.fromkeys(metric for _, metric in parts):
        targets = [target for target, name in parts if name == metric]
        together = [piece for target in targets for piece in parts[target, metric]]
        rows.append(_scored(base, "mean", metric, together, note, *board.extent(targets, splits)))
    return rows


def _combined(board, base, row, splits, note):
    """The combined score's row, where the study has one and both its targets are labelled."""
    parts = board.combined_parts(row, splits)
    if not parts:
        return []
    return [
        _scored(
            *(base, COMBINED, COMBINED, parts, note),
            *board.extent(board.combined_targets, splits or board.splits),
            spread=True,
        )
    ]


def _spread(parts):
    """How far the splits lie apart, where the value is the mean over several."""
    if len(parts) < 2:
        return ""
    values = [float(metric.value(sums.sum(axis=0))) for metric, sums in parts]
    return f"{min(values):.3f} to {max(values):.3f} over {len(parts)} splits (deviation {np.std(values):.3f})"


def _scored(base, target, metric, parts, note, n_clips, n_groups, spread=False):
    low, high = interval_of_mean(parts)
    note = "; ".join(filter(None, [note, _spread(parts) if spread else ""]))
    return base | {
        "target": target,
        "metric": metric,
        "value": mean_value(parts),
        "ci_low": low,
        "ci_high": high,
        "n_clips": n_clips,
        "n_groups": n_groups,
        "note": note,
    }
