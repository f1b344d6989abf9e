"""Importance of each family of features: the score that is lost when its values are another clip's.

Grouped permutation (L. Breiman 2001, "Random forests", of whole families: correlated features stand in for one another,
so that single ones seem worthless). The models that predict have not seen the clips' groups: each evaluated split's
fit is done again, as fits are not kept, and asked for the evaluated clips with one family taken from other evaluated
clips, which breaks its tie to the label and to the speaker. What is lost is what *this model* takes from the family,
not what the family knows: another family may hold the same.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from avbaselines.corpora.corpus import SplitId, Target
from avbaselines.evaluation.comparison import compare_means
from avbaselines.evaluation.intervals import mean_value
from avbaselines.evaluation.metrics import Metric
from avbaselines.experiment.analyses.base import Analysis, AnalysisContext, AnalysisResult, ScoredRun, drawn
from avbaselines.experiment.analyses.permuted_predictions import (
    REPEATS,
    PermutedPredictions,
    families_of,
    key_of,
    permute_and_store,
)
from avbaselines.experiment.fitting.postprocess import Finished
from avbaselines.experiment.fitting.run_options import RunOptions
from avbaselines.experiment.planning.system import BaseSystem
from avbaselines.experiment.scoring.kept import frame
from avbaselines.experiment.scoring.picking import may_be_picked
from avbaselines.experiment.scoring.scoreboard import Predicted, Scoreboard
from avbaselines.reports.importance import family_losses
from avbaselines.study import Study
from avbaselines.workers import Died, in_workers

__all__ = ["COLUMNS", "FeatureImportance"]

FEWEST_SWAPS = 1  # the test's p-value is not used: that a model reads its features is no discovery
COLUMNS = [
    *("protocol", "system", "family", "n_features", "target", "metric", "score", "loss", "ci_low", "ci_high"),
    *("n_repeats", "n_groups"),
]
TABLE = frame("importance", (__name__,))
Parts = list[tuple[Metric, np.ndarray]]
"""Metric and its sums per group, of each term of a mean."""


class FeatureImportance(Analysis):
    """Losses of the best system of every set of modalities, chosen by out-of-fold score.

    The table, importance.csv, has the score of the untouched features and what is lost without a family (positive = the
    family helps), of each target and of the mean over targets, with a 95 % interval over groups.

    Examples
    --------
    >>> FeatureImportance().files
    ('importance.csv',)
    """

    name: ClassVar[str] = "importance"
    files: ClassVar[tuple[str, ...]] = ("importance.csv",)

    def wanted(self, study: Study) -> bool:
        """Where it says ``importance = true``."""
        return study.importance

    def run(self, context: AnalysisContext) -> AnalysisResult:
        """Fit the chosen systems again and score them without each family."""
        scored = context.scored[0]
        chosen = _best_of_each_set(scored)
        computed, died = _permute(scored, chosen, context.options)
        kept, whole = scored.scoreboard.kept, [row for row in chosen if row.name not in died]
        table = kept.value(
            TABLE,
            _content(scored, whole),
            lambda: pd.DataFrame([record for row in whole for record in _losses(scored, row)], columns=COLUMNS),
        )
        shown = [table, repr(context.heading.targets)]
        drawings = drawn(kept, family_losses.__module__, shown, lambda: family_losses(table, context.heading))
        return AnalysisResult(
            {"importance.csv": table},
            drawings=drawings,
            terminal=[f"importance of {name}: {reason}" for name, reason in died.items()],
            computed=computed,
            failed=bool(died),
        )


@dataclass(frozen=True)
class Chosen:
    """A base system whose features are permuted, and the name of its row."""

    name: str
    system: BaseSystem


def _content(scored: ScoredRun, chosen: list[Chosen]) -> list[Any] | None:
    """What the table depends on; None where a row cannot be told again."""
    splits = scored.run.corpus.splits
    permuted = [[row.name, *(_key(scored, row, split.id) for split in splits)] for row in chosen]
    return None if scored.content is None else [*scored.content, permuted]


def _best_of_each_set(scored: ScoredRun) -> list[Chosen]:
    """The base system of the best out-of-fold score among those of the same modalities."""
    best: dict[tuple[str, ...], tuple[float, Chosen]] = {}
    for row in scored.rows:
        if not isinstance(row.system, BaseSystem) or row.system.transductive or not may_be_picked(row):
            continue
        score = float(np.mean([scored.scoreboard.oof_score(row, split) for split in scored.scoreboard.splits]))
        if row.system.modalities not in best or score > best[row.system.modalities][0]:
            best[row.system.modalities] = (score, Chosen(row.name, row.system))
    return [chosen for _, chosen in best.values()]


def _permute(scored: ScoredRun, rows: list[Chosen], options: RunOptions) -> tuple[int, dict[str, str]]:
    """Store the permuted predictions of systems in every split.

    Returns
    -------
    computed : int
        Those that were not there before.
    died : dict of str to str
        By row, why its predictions could not be made.
    """
    corpus, fitted = scored.run.corpus, scored.fitted
    pending = [
        (row, split)
        for row in rows
        for split in corpus.splits
        if options.force or not fitted.store.has(_key(scored, row, split.id))
    ]
    calls = [
        (row.system, corpus, split, fitted.tasks[split.id], fitted.store, fitted.keys[split.id, row.system.name])
        for row, split in pending
    ]
    died = {}
    for done, (number, answer) in enumerate(in_workers(permute_and_store, calls, options.jobs, fitted.store.shared), 1):
        row, split = pending[number]
        if isinstance(answer, Died):
            died[row.name] = answer.reason
        options.report(done, len(pending), f"importance · {row.system.name} · {split.name}")
    return len(pending), died


def _key(scored: ScoredRun, row: Chosen, split: SplitId) -> str:
    return key_of(scored.fitted.keys[split, row.system.name], families_of(scored.run.corpus, row.system))


def _losses(scored: ScoredRun, row: Chosen) -> Iterator[dict[str, Any]]:
    """Records of one system: every family, target by target and the mean."""
    corpus, splits, fitted = scored.run.corpus, scored.run.corpus.splits, scored.fitted
    names = [target.name for target in corpus.targets]
    finished = {split.name: fitted.finished(split.id, row.system) for split in splits}
    stored = {
        split.name: PermutedPredictions.load(fitted.store, _key(scored, row, split.id), names) for split in splits
    }

    untouched = Predicted(row.name, {split: _matched(finished[split], stored[split].untouched) for split in stored})
    for number, family in enumerate(families_of(corpus, row.system)):
        permuted = [
            Predicted(
                row.name,
                {
                    split: _matched(
                        finished[split],
                        {name: stored[split].permuted[name][number, repeat] for name in names},
                    )
                    for split in stored
                },
            )
            for repeat in range(REPEATS)
        ]
        named: dict[str, Any] = {"protocol": scored.run.protocol, "system": row.name, "family": family.label}
        named |= {"n_features": len(family.columns), "n_repeats": REPEATS}
        for targets in [*([target] for target in corpus.targets), *([corpus.targets] if len(names) > 1 else [])]:
            yield named | _loss(scored.scoreboard, untouched, permuted, targets)


def _matched(finished: Finished, raw: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Raw predictions matched as the system's own, gaps filled as they are in every score."""
    return finished.filled(finished.matched(dict(raw)))


def _loss(
    board: Scoreboard, untouched: Predicted, permuted: list[Predicted], targets: list[Target]
) -> dict[str, Any]:
    """Score of the untouched features, mean over targets, and what is lost of it on average over the repeats."""
    pairs = [pair for target in targets for other in permuted for pair in board.paired(untouched, other, target)]
    result = compare_means(pairs, n_permutations=FEWEST_SWAPS)
    # Each part of the untouched score stands once a repeat, as its differences do.
    whole = [part for target in targets for part in board.parts(untouched, target) * len(permuted)]
    return {
        "target": targets[0].name if len(targets) == 1 else "mean",
        "metric": targets[0].metric,
        "score": mean_value(whole),
        "loss": result.difference,
        "ci_low": result.ci_low,
        "ci_high": result.ci_high,
        "n_groups": result.n_groups,
    }
