"""Scores of systems where evaluated clips lack modalities: hidden one by one, and at random by clip and by group."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import partial
from typing import Any, ClassVar, Literal

import numpy as np
import pandas as pd

from avbaselines.corpora.corpus import SplitId, Target
from avbaselines.errors import InputError
from avbaselines.evaluation.comparison import compare_means
from avbaselines.evaluation.intervals import mean_value
from avbaselines.experiment.analyses.base import Analysis, AnalysisContext, AnalysisResult, ScoredRun, drawn
from avbaselines.experiment.fitting.postprocess import Finished
from avbaselines.experiment.planning.missing_patterns import masks, sources
from avbaselines.experiment.planning.reserved_names import PICKED
from avbaselines.experiment.planning.system import BaseSystem, ExternalSystem, FusionSystem, PickedSystem
from avbaselines.experiment.protocol_run import ProtocolRun
from avbaselines.experiment.scoring.kept import frame
from avbaselines.experiment.scoring.scoreboard import Predicted, Scoreboard, Scored
from avbaselines.experiment.scoring.selection_score import oof_score
from avbaselines.reports.masking import draw, render_markdown, render_terminal
from avbaselines.schema import nearest
from avbaselines.study import Study
from avbaselines.systems import Masking

__all__ = ["COLUMNS", "Condition", "MissingModalities", "NOTHING_HIDDEN", "REFERENCE", "conditions"]

REFERENCE = "best on what is left"
NOTHING_HIDDEN = ""
COLUMNS = [
    *("condition", "by", "share", "system", "picked", "target", "metric", "value", "ci_low", "ci_high"),
    *("best_left", "difference", "difference_low", "difference_high", "below"),
]
TABLE = frame("masking", (__name__,))
Predictions = dict[str, np.ndarray]
"""By target, shape (n_test, width)."""


@dataclass(frozen=True)
class Condition:
    """One way in which evaluated clips lack modalities.

    Attributes
    ----------
    name : str
        Shown in the table.
    by : {"", "clip", "group"}
        What loses modalities together at random; empty where nothing is random.
    share : float
        Of the clips or groups that lack something, 0 to 1; NaN where all lack the same.
    masks : ndarray of str, shape (n_clips,)
        For each clip the sources that it keeps (a key of `masks`), or `NOTHING_HIDDEN`.

    Examples
    --------
    >>> Condition("50% by clip", "clip", 0.5, np.array(["audio", NOTHING_HIDDEN], dtype=object)).share
    0.5
    """

    name: str
    by: Literal["", "clip", "group"]
    share: float
    masks: np.ndarray


class MissingModalities(Analysis):
    """Scores under every condition, from predictions that the fits left for every set of sources.

    The table, masking.csv, has a row a condition, system and target (``mean`` included): ``best_left`` is the score of
    the best single systems on what is left, ``difference`` how much better the system is (errors count reversed) with
    its paired interval, ``below`` whether it is worse by more than that.

    Examples
    --------
    >>> MissingModalities().files
    ('masking.csv', 'masking.md')
    """

    name: ClassVar[str] = "masking"
    files: ClassVar[tuple[str, ...]] = ("masking.csv", "masking.md")

    def wanted(self, study: Study) -> bool:
        """Where it has the section ``[masking]``.

        Raises
        ------
        InputError
            Its sources cannot be hidden.
        """
        return bool(masks(study))

    def run(self, context: AnalysisContext) -> AnalysisResult:
        """Put every system's predictions together under every condition, and score them."""
        scored = context.scored[0]
        board, notes = scored.scoreboard, _notes(scored.run.study)
        table = board.kept.value(TABLE, _content(scored), lambda: masking_table(scored))
        reading = _transductive(scored, set(table["system"]))
        return AnalysisResult(
            files={"masking.csv": table, "masking.md": render_markdown(table, [*notes, *reading])},
            drawings=drawn(board.kept, draw.__module__, [table], lambda: draw(table, REFERENCE)),
            terminal=[render_terminal(table, notes), *reading],
        )


def _content(scored: ScoredRun) -> list[Any] | None:
    """What the table depends on; None where a row cannot be told again."""
    run = scored.run
    options = [run.study.seed, masks(run.study), sources(run.study), repr(run.study.masking)]
    names = sorted(run.corpus.modalities)
    present = [run.corpus.modalities[name].present for name in names]
    return None if scored.content is None else [*scored.content, options, names, *present]


def _notes(study: Study) -> list[str]:
    parts = ", ".join(f"{name} ({', '.join(names)})" for name, names in sources(study).items())
    return [
        f"Hidden together: {parts}. Training is as it was; all evaluated clips are scored in every row, those left "
        "without anything by the training mean.",
        f"{REFERENCE}: for each clip and target the single system of the best out-of-fold score among those that read "
        "nothing hidden. Differences from it have paired 95 % intervals over groups.",
    ]


def _transductive(scored: ScoredRun, shown: set[str]) -> list[str]:
    """A sentence on the shown systems that read unlabelled clips of evaluated groups; none where there are none."""
    names = [row.name for row in scored.rows if row.name in shown and row.system.transductive]
    words = f"Transductive, reading other unlabelled clips of each evaluated speaker: {', '.join(names)}."
    return [words] if names else []


def masking_table(scored: ScoredRun) -> pd.DataFrame:
    """Every shown system and the reference under every condition, with `COLUMNS`."""
    masked = _MaskedPredictions(scored)
    shown = _shown(scored, masked.rows)
    records: list[list] = []
    for condition in conditions(scored.run):
        reference = _together(REFERENCE, scored.scoreboard, condition, masked.best_left)
        for name, chosen in shown.items():
            predicted = _together(name, scored.scoreboard, condition, partial(masked.of_chosen, chosen))
            records += _records(scored, condition, predicted, reference)
        records += _records(scored, condition, reference, reference)
    return pd.DataFrame(records, columns=COLUMNS)


def conditions(run: ProtocolRun) -> Iterator[Condition]:
    """Nothing hidden; each set of sources kept alone; random shares of clips and of groups that lose something."""
    corpus, study = run.corpus, run.study
    n, names = len(corpus.ids), list(masks(study))
    yield Condition("all", "", 0.0, np.full(n, NOTHING_HIDDEN, dtype=object))
    for mask in names:
        yield Condition(f"only {mask}", "", np.nan, np.full(n, mask, dtype=object))
    keeps = _leaves_something(run)
    options = _options(study)
    for by in options.by:
        codes = np.arange(n) if by == "clip" else np.unique(corpus.groups, return_inverse=True)[1]
        rng = np.random.default_rng([study.seed, by == "group"])
        # One draw for all shares: a greater share hides what a smaller one did, and more.
        rank = rng.permutation(codes.max() + 1)
        drawn = rng.integers(len(names), size=codes.max() + 1)[codes]
        for share in options.shares:
            lose = (rank < round(share * (codes.max() + 1)))[codes] & keeps[np.arange(n), drawn]
            hidden = np.where(lose, np.array(names, dtype=object)[drawn], NOTHING_HIDDEN)
            yield Condition(f"{share:.0%} by {by}", by, share, hidden)


def _options(study: Study) -> Masking:
    return study.masking or Masking()


def _leaves_something(run: ProtocolRun) -> np.ndarray:
    """Whether a clip has anything left under each mask, shape (n_clips, n_masks)."""
    parts = sources(run.study)
    has = {name: np.zeros(len(run.corpus.ids), bool) for name in parts}
    for source, members in parts.items():
        for name in members:
            modality = run.corpus.modalities.get(name)
            has[source] |= True if modality is None else modality.present
    columns = []
    for hidden in masks(run.study).values():
        left = [has[source] for source, members in parts.items() if not set(members) & set(hidden)]
        columns.append(np.any(left, axis=0))
    return np.column_stack(columns)


class _MaskedPredictions:
    """Test predictions of a run's systems under each mask, each put together once."""

    def __init__(self, scored: ScoredRun):
        self.scored = scored
        self.hidden = masks(scored.run.study)
        self.rows = {
            row.name: row
            for row in scored.rows
            if not (row.failed or row.is_twin or isinstance(row.system, PickedSystem))
        }
        self._finished: dict[tuple[str, str], Finished] = {}
        self._predicted: dict[tuple[str, str, str], Predictions] = {}
        self._best: dict[tuple[str, str], Predictions] = {}

    def finished(self, split: str, name: str) -> Finished:
        """Predictions of a row as they are scored where nothing is hidden."""
        if (split, name) not in self._finished:
            self._finished[split, name] = self.scored.fitted.finished(SplitId(split), self.rows[name].system)
        return self._finished[split, name]

    def of_chosen(self, chosen: Mapping[str, str], split: str, mask: str) -> Predictions:
        """Predictions of the row chosen in a split under a mask, gaps filled as they are in every score."""
        place = split, chosen[split], mask
        if place not in self._predicted:
            self._predicted[place] = self._under(*place)
        return self._predicted[place]

    def _under(self, split: str, name: str, mask: str) -> Predictions:
        finished, system = self.finished(split, name), self.rows[name].system
        if mask == NOTHING_HIDDEN:
            return finished.filled(finished.test)
        if isinstance(system, ExternalSystem):
            gone = system.source in self.hidden[mask]
            return finished.filled({name: test * np.nan if gone else test for name, test in finished.test.items()})
        return finished.filled(finished.under(mask))

    def best_left(self, split: str, mask: str) -> Predictions:
        """For each clip and target the prediction of the best single system that reads nothing hidden and has one."""
        if (split, mask) not in self._best:
            hidden = set(self.hidden.get(mask, ()))
            able = [row for row in self.rows.values() if _is_single(row) and not set(row.system.modalities) & hidden]
            self._best[split, mask] = {
                target.name: self._best_of(able, split, target) for target in self.scored.run.corpus.targets
            }
        return self._best[split, mask]

    def _best_of(self, rows: list[Scored], split: str, target: Target) -> np.ndarray:
        corpus = replace(self.scored.run.corpus, targets=[target])
        (place,) = (part for part in self.scored.scoreboard.splits if part.name == split)
        scores = [oof_score(corpus, place, {target.name: row.oof[split][target.name]}) for row in rows]
        values = np.full((len(place.test), target.width), np.nan)
        for number in np.argsort(-np.array(scores), kind="stable"):
            values = np.where(np.isnan(values), self.finished(split, rows[number].name).test[target.name], values)
        fallback = self.finished(split, next(iter(self.rows))).fallback[target.name]
        return np.where(np.isnan(values), fallback, values)


def _is_single(row: Scored) -> bool:
    return isinstance(row.system, BaseSystem | ExternalSystem) and row.system.pickable


def _shown(scored: ScoredRun, ours: Mapping[str, Scored]) -> dict[str, dict[str, str]]:
    """Rows to show by name, the picked one first: in each split, the name of the row whose predictions are meant."""
    options, splits = _options(scored.run.study), [split.name for split in scored.scoreboard.splits]
    names = _named(options.systems, ours) if options.systems else _default_names(scored, ours)
    shown = {name: dict.fromkeys(splits, name) for name in names}
    if scored.picked is not None and scored.picked in ours:
        return {scored.picked: dict.fromkeys(splits, scored.picked)} | shown
    composed = next((row.system for row in scored.rows if isinstance(row.system, PickedSystem)), None)
    if composed is None:
        return shown
    own_labels = {row.system.name: name for name, row in ours.items()}
    chosen = {split: own_labels[name] for split, name in zip(splits, composed.choices, strict=True)}
    return {PICKED: chosen} | shown


def _named(patterns: list[str], ours: Mapping[str, Scored]) -> list[str]:
    """Names that match the patterns of the study, in their order."""
    names: dict[str, None] = {}
    for pattern in patterns:
        matching = [name for name in ours if fnmatchcase(name, pattern)]
        if not matching:
            raise InputError(
                f"masking.systems: no system {pattern!r}{nearest(pattern, ours)}; known: {', '.join(ours)}"
            )
        names |= dict.fromkeys(matching)
    return list(names)


def _default_names(scored: ScoredRun, ours: Mapping[str, Scored]) -> list[str]:
    """All fusions, and the best single system of each source by out-of-fold score."""
    corpus, splits = scored.run.corpus, scored.scoreboard.splits
    names = [
        row.name for row in ours.values() if isinstance(row.system, FusionSystem) and row.system.pickable
    ]
    for parts in sources(scored.run.study).values():
        single = [row for row in ours.values() if _is_single(row) and set(row.system.modalities) <= set(parts)]
        if single:
            scores = [np.mean([oof_score(corpus, split, row.oof[split.name]) for split in splits]) for row in single]
            names.append(single[int(np.argmax(scores))].name)
    return names


def _together(
    name: str, board: Scoreboard, condition: Condition, predictions: Callable[[str, str], Predictions]
) -> Predicted:
    """Predictions, clip by clip under the clip's own mask."""
    test = {}
    for split in board.splits:
        own = condition.masks[split.test]
        whole: Predictions = {}
        for mask in np.unique(own.astype(str)):
            for target, values in predictions(split.name, str(mask)).items():
                filled = whole.setdefault(target, np.full_like(values, np.nan))
                filled[own == mask] = values[own == mask]
        test[split.name] = whole
    return Predicted(name, test)


def _records(scored: ScoredRun, condition: Condition, row: Predicted, reference: Predicted) -> Iterator[list]:
    """Rows of the table of one system: each target, and their mean where there are several."""
    targets = scored.run.corpus.targets
    picked = "yes" if row.name == scored.picked else ""
    for group in [*([target] for target in targets), *([targets] if len(targets) > 1 else [])]:
        metrics = {target.metric for target in group}
        yield [
            *(condition.name, condition.by, condition.share, row.name, picked),
            group[0].name if len(group) == 1 else "mean",
            metrics.pop() if len(metrics) == 1 else "mixed",
            *_values(scored.scoreboard, row, reference, group),
        ]


def _values(board: Scoreboard, row: Predicted, reference: Predicted, targets: list[Target]) -> list[float | bool]:
    """Value with its interval, that of the reference, and the paired difference from it with its interval."""
    ours, theirs = ([part for target in targets for part in board.parts(one, target)] for one in (row, reference))
    result = compare_means(board.paired_mean(row, reference, targets), n_permutations=1)
    low, high = board.interval(ours, targets)
    difference = [result.difference, result.ci_low, result.ci_high, bool(result.ci_high < 0)]
    return [mean_value(ours), low, high, mean_value(theirs), *difference]
