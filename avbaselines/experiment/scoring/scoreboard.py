"""Predictions of the leaderboard's rows, and their sums per group from which scores and comparisons are read."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property, partial
from itertools import product
from typing import Any, Protocol

import numpy as np

from avbaselines.corpora.corpus import Corpus, Split, SplitId, Target
from avbaselines.corpora.splits import by_repeat
from avbaselines.evaluation.combined import Combined
from avbaselines.evaluation.comparison import Comparison, compare_means
from avbaselines.evaluation.cross_validation import Training
from avbaselines.evaluation.intervals import interval_of_mean
from avbaselines.evaluation.metrics import CLASSES, METRICS, REGRESSION, Metric
from avbaselines.experiment.fitting.store import digest
from avbaselines.experiment.planning.system import RowId, System
from avbaselines.experiment.scoring.kept import UNKEPT, Kept, arrays, typed
from avbaselines.experiment.scoring.lazy_predictions import Predictions
from avbaselines.experiment.scoring.selection_score import oof_score, recording_codes
from avbaselines.results_table import Aggregate, Remark

THIS = (__name__,)
SUMS = arrays("sums", THIS)
OOF_SCORES = typed("oof", dict[str, float], THIS)
COMPARED = typed("compared", Comparison, ("avbaselines.evaluation.comparison", "avbaselines.evaluation.combined"))
Part = tuple[Metric, np.ndarray]
"""A metric and its sums, shape (n_groups, S): one term of a mean of scores."""
Pair = tuple[Metric, np.ndarray, np.ndarray]
"""A metric and the sums of two rows, ordered so that a positive difference means that the first named row is better."""


class HasTest(Protocol):
    """Anything with predictions of evaluated clips.

    Examples
    --------
    >>> row: HasTest = Predicted("late", {})
    """

    @property
    def test(self) -> Predictions:
        """Predictions of evaluated clips."""

    @property
    def identity(self) -> str | None:
        """Changes whenever the predictions do; None where nothing tells."""

    @property
    def seeds(self) -> Sequence[Predictions]:
        """Where it was trained with several seeds, predictions of evaluated clips by each: its score is their mean."""


@dataclass
class Predicted:
    """Predictions of evaluated clips under a name: all that a score needs.

    Attributes
    ----------
    name : str
    test : see `Predictions`
    seeds : see `HasTest`

    Examples
    --------
    >>> Predicted("best on what is left", {"fold0": {"arousal": np.zeros((4, 1))}}).name
    'best on what is left'
    """

    name: str
    test: Predictions
    seeds: Sequence[Predictions] = ()
    identity: None = None


@dataclass
class Scored:
    """One leaderboard row's predictions: of a system, matched or raw, over all splits.

    Attributes
    ----------
    id
    system
    test, oof : see `Predictions`
        Of the evaluated clips, and out-of-fold of the clips to learn from.
    seconds
        Time of its fits.
    remarks
    failed
        The reasons, where the system failed.
    seeds : see `HasTest`
    identity
        Changes whenever the predictions do; None where nothing tells, so that nothing made of the row is kept.

    Examples
    --------
    >>> from avbaselines.experiment.planning.system import BaseSystem
    >>> system = BaseSystem(name="svr-audio", raw_label="svr-audio-raw", learner="svr")
    >>> row = Scored(RowId("svr-audio", matched=False), system, test={}, oof={})
    >>> row.name, row.is_twin
    ('svr-audio-raw', True)
    """

    id: RowId
    system: System
    test: Predictions
    oof: Predictions
    seconds: float = 0.0
    remarks: tuple[Remark, ...] = ()
    failed: Mapping[SplitId, str] | None = None
    seeds: Sequence[Predictions] = ()
    identity: str | None = None

    @property
    def name(self) -> str:
        """Its label in results and reports."""
        return self.system.label(self.id)

    @property
    def is_twin(self) -> bool:
        """Whether it is the unmatched twin of a matched row."""
        return self.system.is_twin(self.id)


def seeds_of(row: HasTest) -> Sequence[HasTest]:
    """What a row's score is the mean of: its seeds, one by one, or itself.

    Examples
    --------
    >>> deep = Predicted("deep", test={}, seeds=[{"0": {}}, {"0": {}}])
    >>> len(seeds_of(deep)), seeds_of(Predicted("late", {}))
    (2, [Predicted(name='late', test={}, seeds=(), identity=None)])
    """
    return [Predicted("", seed) for seed in row.seeds] or [row]


class Scoreboard:
    """Sums per group of every row, target and metric, over one list of evaluated groups (or units that stand for them).

    Parameters
    ----------
    corpus
    splits
        The evaluated ones.
    kept
        Where sums, scores and comparisons are kept between calls.

    Examples
    --------
    >>> nobody, people = np.array([], dtype=int), np.array(["s1", "s1", "s2", "s2"])
    >>> splits = [Split("test", nobody, nobody, np.arange(4))]
    >>> corpus = Corpus(people, people, [Target("arousal", "mse")], {"arousal": np.zeros(4)}, splits, once=True)
    >>> close, far = (Predicted(name, {"test": {"arousal": np.full((4, 1), float(name))}}) for name in ("1", "2"))
    >>> [(metric, a, b)] = Scoreboard(corpus, splits).paired(close, far, corpus.targets[0])
    >>> float(metric.value(a.sum(axis=0)) - metric.value(b.sum(axis=0)))  # positive: the first named is better
    3.0
    """

    def __init__(self, corpus: Corpus, splits: Sequence[Split], kept: Kept = UNKEPT) -> None:
        self.corpus, self.splits, self.kept = corpus, splits, kept
        self._sums: dict[str, Mapping[str, np.ndarray]] = {}
        self._oof_scores: dict[str, dict[str, float]] = {}
        tested = np.unique(np.concatenate([split.test for split in splits]))
        self.groups, codes = np.unique(corpus.units[tested], return_inverse=True)
        self.codes = np.zeros(len(corpus.ids), dtype=int)
        self.codes[tested] = codes
        self.folds = _folds(splits, self.codes, len(self.groups)) if len(by_repeat(splits)) == 1 else None
        self.recordings = None if corpus.recordings is None else recording_codes(corpus.recordings)

    def metrics(self, target: Target) -> list[str]:
        """Names of the metrics a target is scored by, the study's own first."""
        every = CLASSES if target.kind == "classes" else REGRESSION
        names = [name for name in every if self.recordings is not None or not METRICS[name].per_recording]
        return [target.metric, *(name for name in names if name != target.metric)]

    def sums(self, row: HasTest, target: Target, metric: str, splits: Sequence[Split]) -> np.ndarray | None:
        """Sums per group, shape (n_groups, S), of a row's clips in some splits; None where no clip is labelled."""
        rows = np.concatenate([split.test for split in splits])
        truth = self.corpus.y[target.name][rows]
        if np.isnan(truth).all():
            return None
        predictions = np.concatenate([row.test[split.name][target.name] for split in splits])
        classes = target.kind == "classes"
        return METRICS[metric].sums(
            truth,
            predictions if classes else predictions[:, 0],
            self.codes[rows],
            len(self.groups),
            recording_codes=None if self.recordings is None else self.recordings[rows],
            n_classes=target.width if classes else None,
        )

    def parts(
        self, row: HasTest, target: Target, metric: str | None = None, pieces: Sequence[Sequence[Split]] | None = None
    ) -> list[Part]:
        """Terms of the ``all`` value of a metric (default: the target's own), one for each of its `pieces`.

        With `pieces`, the pooled clips of each of these lists of splits. Of a row with several seeds, the terms of each
        seed after those of the one before.
        """
        metric = metric or target.metric
        own = metric == target.metric and pieces is None  # what is kept
        sums = [
            self._own_sums(one, target, piece) if own else self.sums(one, target, metric, piece)
            for one in seeds_of(row)
            for piece in pieces or self.pieces(target)
        ]
        return [(METRICS[metric], part) for part in sums if part is not None]

    def _own_sums(self, row: HasTest, target: Target, piece: Sequence[Split]) -> np.ndarray | None:
        """As `sums`, of the target's own metric: what rows are compared by, made once and kept."""
        name = _sums_name(target, piece)
        if row.identity is None:
            return self.sums(row, target, target.metric, piece)
        if row.identity not in self._sums:
            self._sums[row.identity] = self.kept.value(SUMS, self.content(row), lambda: self._all_own_sums(row))
        return self._sums[row.identity].get(name)

    def _all_own_sums(self, row: HasTest) -> Mapping[str, np.ndarray]:
        """Sums of every target's own metric that a mean over splits or a combined score is made of, by piece."""
        sums, combined = {}, self.corpus.combined
        for target in self.corpus.targets:
            together = [] if combined is None else self.pieces(*self._combined_targets(combined))
            pieces = {_sums_name(target, piece): piece for piece in [*self.pieces(target), *together]}
            for name, piece in pieces.items():
                found = self.sums(row, target, target.metric, piece)
                if found is not None:
                    sums[name] = found
        return sums

    def combined_parts(self, row: HasTest, pieces: Sequence[Sequence[Split]] | None = None) -> list[Part]:
        """As `parts`, of the study's combined score; nothing where it has none."""
        combined = self.corpus.combined
        if combined is None:
            return []
        label, value = self._combined_targets(combined)
        sums = [
            combined.sums(
                *(
                    self.sums(one, target, target.metric, piece) if pieces else self._own_sums(one, target, piece)
                    for target in (label, value)
                )
            )
            for one in seeds_of(row)
            for piece in pieces or self.pieces(label, value)
        ]
        return [(combined.metric(label.width), part) for part in sums if part is not None]

    def _combined_targets(self, combined: Combined) -> tuple[Target, Target]:
        by_name = {target.name: target for target in self.corpus.targets}
        return by_name[combined.label], by_name[combined.value]

    def training(
        self,
        targets: Sequence[Target],
        splits: Sequence[Split],
        measured: bool = True,
        aggregate: Aggregate | None = None,
    ) -> Training:
        """What intervals of a score over some splits have to reckon with.

        Parameters
        ----------
        targets
            Those that the score is the mean of.
        splits
        measured
            Fitted here, where the level of a fit is the mean of its training labels; nobody knows how others fitted.
        aggregate
            How the splits are put together, by default as the targets have it.
        """
        if len(splits) == 1:
            return "fixed"
        pooled = self.corpus.once if aggregate is Aggregate.POOLED else all(map(self.pools, targets))
        return "folds" if measured and pooled and aggregate is not Aggregate.MEAN else "shared"

    def interval(
        self,
        parts: Sequence[Part],
        targets: Sequence[Target],
        splits: Sequence[Split] | None = None,
        measured: bool = True,
        aggregate: Aggregate | None = None,
    ) -> tuple[float, float]:
        """The 95 % interval of a mean of scores over some splits (by default all); see `training`."""
        training = self.training(targets, self.splits if splits is None else splits, measured, aggregate)
        return interval_of_mean(parts, training=training, folds=self.folds)

    def paired(self, a: HasTest, b: HasTest, target: Target) -> list[Pair]:
        """Terms of the difference of two rows in a target's own metric; positive = a is better, errors too."""
        return [
            (metric, *metric.oriented_pair(ours, theirs))
            for one, other in product(seeds_of(a), seeds_of(b))
            for (metric, ours), (_, theirs) in zip(self.parts(one, target), self.parts(other, target), strict=True)
        ]

    def paired_mean(self, a: HasTest, b: HasTest, targets: Sequence[Target] | None = None) -> list[Pair]:
        """As `paired`, of the mean over targets (default: all)."""
        targets = self.corpus.targets if targets is None else targets
        return [pair for target in targets for pair in self.paired(a, b, target)]

    def paired_overall(self, a: HasTest, b: HasTest) -> list[Pair]:
        """As `paired`, of what systems are compared by: the combined score, or the mean over all targets."""
        if self.corpus.combined is None:
            return self.paired_mean(a, b)
        return [
            (metric, *metric.oriented_pair(ours, theirs))
            for one, other in product(seeds_of(a), seeds_of(b))
            for (metric, ours), (_, theirs) in zip(self.combined_parts(one), self.combined_parts(other), strict=True)
        ]

    def compare(self, pairs: Sequence[Pair], n_permutations: int = 9999) -> Comparison:
        """The outcome of a paired comparison, see `compare_means`; known again by the sums alone."""
        content = [part for metric, ours, theirs in pairs for part in (metric.name, metric.bounds, ours, theirs)]
        compared = partial(compare_means, pairs, n_permutations=n_permutations)
        return self.kept.value(COMPARED, [n_permutations, repr(self.corpus.combined), *content], compared)

    def oof_score(self, row: Scored, split: Split) -> float:
        """The out-of-fold score of a row in a split: what systems are picked by."""
        if row.identity is None:
            return oof_score(self.corpus, split, row.oof[split.name])
        if row.identity not in self._oof_scores:
            places = [place for place in self.splits if place.name in row.oof]
            self._oof_scores[row.identity] = self.kept.value(
                OOF_SCORES,
                self.content(row),
                lambda: {place.name: oof_score(self.corpus, place, row.oof[place.name]) for place in places},
            )
        return self._oof_scores[row.identity][split.name]

    def content(self, row: HasTest) -> list[Any] | None:
        """What anything made of a row's predictions depends on; None where nothing tells the row again."""
        return None if row.identity is None else [self.identity, row.identity]

    @cached_property
    def identity(self) -> str:
        """Changes whenever scores of the same predictions may: clips, groups, labels, splits and metrics."""
        corpus = self.corpus
        rows = [rows for split in self.splits for rows in (split.train, split.dev, split.test)]
        repeats = [[split.name for split in repeat] for repeat in by_repeat(self.splits)]
        options = [[split.name for split in self.splits], repeats, corpus.once, repr(corpus.combined)]
        recordings = [] if corpus.recordings is None else [corpus.recordings]
        labels = [corpus.y[target.name] for target in corpus.targets]
        targets = [asdict(target) for target in corpus.targets]
        return digest(corpus.ids, corpus.groups, corpus.units, *recordings, *labels, targets, *rows, options)

    def extent(self, names: Sequence[str], splits: Sequence[Split]) -> tuple[int, int]:
        """Number of evaluated clips labelled for any of the targets, and of their groups."""
        rows = np.unique(np.concatenate([split.test for split in splits]))
        labelled = ~np.isnan(np.column_stack([self.corpus.y[name][rows] for name in names])).all(axis=1)
        return int(labelled.sum()), len(np.unique(self.codes[rows[labelled]]))

    def pieces(self, *targets: Target) -> list[list[Split]]:
        """Splits whose clips are pooled into one term of the ``all`` value: all of a repeat, else each by itself."""
        return by_repeat(self.splits) if all(map(self.pools, targets)) else [[split] for split in self.splits]

    def chosen(self, targets: Sequence[Target]) -> Aggregate | None:
        """How the ``all`` values of targets are put together; None where some are pooled and some are means."""
        pooled = {self.pools(target) for target in targets}
        return None if len(pooled) > 1 else Aggregate.POOLED if pooled == {True} else Aggregate.MEAN

    def pools(self, target: Target) -> bool:
        """Whether the ``all`` value pools the clips of all splits of a repeat (else it is the mean over splits)."""
        return self.corpus.once and target.aggregate != "mean"


def _folds(splits: Sequence[Split], codes: np.ndarray, n_groups: int) -> np.ndarray:
    """Number of the split that tests each group, the last one of several."""
    folds = np.zeros(n_groups, dtype=int)
    for number, split in enumerate(splits):
        folds[codes[split.test]] = number
    return folds


def _sums_name(target: Target, piece: Sequence[Split]) -> str:
    return f"{target.name}: {' '.join(split.name for split in piece)}"
