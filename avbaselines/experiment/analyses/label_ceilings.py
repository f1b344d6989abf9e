"""What the labels themselves allow: rows for the consensus of other raters, and a table of the raters' agreement."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import pandas as pd

from avbaselines.corpora.corpus import Corpus, Split, Target
from avbaselines.corpora.raters import Ratings, Votes
from avbaselines.evaluation.agreement import Alpha, interval_alpha, nominal_alpha
from avbaselines.evaluation.ceilings import (
    Ceilings,
    as_many_error,
    endless_concordance,
    endless_error,
    rating_moments,
    reliability,
    vote_ceilings,
    vote_prior,
)
from avbaselines.evaluation.intervals import interval_of_score
from avbaselines.evaluation.metrics import CLASSES, METRICS
from avbaselines.evaluation.regression_sums import mean
from avbaselines.experiment.analyses.base import Analysis, AnalysisContext, AnalysisResult, ScoredRun
from avbaselines.experiment.scoring.scoreboard import Scoreboard
from avbaselines.reports.formatting import interval, number
from avbaselines.results_table import Remark, RemarkKind, ResultRow
from avbaselines.study import Study

__all__ = ["AS_MANY", "COLUMNS", "ENDLESS", "LabelCeilings", "ceiling_rows"]

AS_MANY, ENDLESS = "other-raters", "label-ceiling"
"""Names of the rows: the consensus of as many other raters, and that of raters without end."""
COLUMNS = ["target", "level", "alpha", "ci_low", "ci_high", "raters", "n_clips", "n_groups"]
"""Columns of agreement.csv."""

Read = Callable[[np.ndarray], np.ndarray]
RATED: Mapping[str, tuple[Read, Read]] = {
    "ccc": (reliability, endless_concordance),
    "pcc": (reliability, endless_concordance),
    "rmse": (as_many_error, endless_error),
}
"""By metric, how the figures of both rows are read off moments of ratings."""


@dataclass(frozen=True)
class Sums:
    """A row of sums a clip, and how a figure is read off their total.

    Attributes
    ----------
    clips : ndarray of int
        Row numbers of the corpus.
    values : ndarray of float, shape (clips, S)
    read : callable
        From totals of shape (..., S) to figures of shape (...).
    """

    clips: np.ndarray
    values: np.ndarray
    read: Read


class LabelCeilings(Analysis):
    """What other raters' consensus scores on the evaluated clips, and Krippendorff's alpha.

    Examples
    --------
    >>> LabelCeilings().files
    ('agreement.csv',)
    """

    name: ClassVar[str] = "label_ceilings"
    files: ClassVar[tuple[str, ...]] = ("agreement.csv",)
    every_protocol: ClassVar[bool] = True

    def wanted(self, study: Study) -> bool:
        """Where a target names its raters."""
        return any(target.raters is not None for target in study.targets.values())

    def run(self, context: AnalysisContext) -> AnalysisResult:
        """Rows under each protocol; the agreement of the whole corpus once."""
        table = agreement_table(context.scored[0].run.corpus)
        rows = [row for scored in context.scored for row in ceiling_rows(scored, table)]
        return AnalysisResult({"agreement.csv": table}, rows, terminal=[*agreement_words(table)])


def agreement_table(corpus: Corpus) -> pd.DataFrame:
    """Krippendorff's alpha of each target's raters over all clips of the corpus, with `COLUMNS`."""
    groups, rows = np.unique(corpus.groups, return_inverse=True)[1], []
    for name, raters in corpus.raters.items():
        level, alpha = ("nominal", nominal_alpha) if isinstance(raters, Votes) else ("interval", interval_alpha)
        given, n = _given(raters), _number(raters)
        measured: Alpha = alpha(given, groups)
        several = n >= 2
        typical = float(np.median(n[several])) if several.any() else np.nan
        rows.append((name, level, *measured[:3], typical, measured.n_clips, len(np.unique(groups[several]))))
    return pd.DataFrame(rows, columns=COLUMNS)


def agreement_words(table: pd.DataFrame) -> Iterator[str]:
    """A sentence a target.

    Examples
    --------
    >>> row = ("mood", "nominal", 0.281, 0.27, 0.29, 9.0, 7442, 91)
    >>> next(agreement_words(pd.DataFrame([row], columns=COLUMNS)))[:60]
    "Raters of mood: Krippendorff's alpha .281 [.270, .290] (nomi"
    """
    for row in table.itertuples():
        spread = interval(row.ci_low, row.ci_high, 3)
        yield (
            f"Raters of {row.target}: Krippendorff's alpha {number(row.alpha, 3)} {spread} ({row.level}; "
            f"{row.n_clips:,} clips, {row.raters:g} raters each)."
        )


def ceiling_rows(scored: ScoredRun, agreement: pd.DataFrame) -> list[ResultRow]:
    """Rows of both ceilings of each target with raters, for each split and all of them."""
    board, corpus = scored.scoreboard, scored.run.corpus
    rows: list[ResultRow] = []
    for target in corpus.targets:
        if target.name not in corpus.raters:
            continue
        remark = _remark(corpus, target, agreement[agreement["target"] == target.name].iloc[0])
        clips = _clips(corpus, target, board.splits)
        for metric, system, sums in _sums(corpus, target, clips, scored.run.study.seed):
            for split, part in [*((one.name, [one]) for one in board.splits), ("all", board.splits)]:
                base = ResultRow(
                    protocol=scored.run.protocol, split=split, system=system, target=target.name, metric=metric,
                    kind="ceiling", remarks=(remark[system],),
                )  # fmt: skip
                rows += _row(board, base, sums, _clips(corpus, target, part))
    return rows


def _given(raters: Votes | Ratings) -> np.ndarray:
    return raters.counts if isinstance(raters, Votes) else raters.values


def _number(raters: Votes | Ratings) -> np.ndarray:
    """Raters of each clip."""
    return raters.counts.sum(axis=1) if isinstance(raters, Votes) else (~np.isnan(raters.values)).sum(axis=1)


def _clips(corpus: Corpus, target: Target, splits: Sequence[Split]) -> np.ndarray:
    """Evaluated clips with a label and two raters or more."""
    rows = np.unique(np.concatenate([split.test for split in splits]))
    raters = corpus.raters[target.name]
    return rows[~np.isnan(corpus.y[target.name][rows]) & (_number(raters)[rows] >= 2)]


def _sums(corpus: Corpus, target: Target, clips: np.ndarray, seed: int) -> Iterator[tuple[str, str, Sums]]:
    """Metric, row and sums, of every metric that tells of other raters."""
    raters = corpus.raters[target.name]
    if not len(clips):
        return
    if isinstance(raters, Votes):
        prior = vote_prior(raters.counts, raters.kinds)
        ceilings: Ceilings = vote_ceilings(raters.counts[clips], prior[clips], seed=seed)
        for metric in CLASSES:
            yield metric, AS_MANY, Sums(clips, ceilings.as_many, METRICS[metric].value)
            yield metric, ENDLESS, Sums(clips, ceilings.endless, METRICS[metric].value)
        return
    values = raters.values[clips]
    moments = rating_moments(values - np.nanmean(values))
    for metric, reads in RATED.items():
        for system, read in zip((AS_MANY, ENDLESS), reads, strict=True):
            yield metric, system, Sums(clips, moments, read)
    if corpus.recordings is not None:
        recordings = np.unique(corpus.recordings[clips], return_index=True, return_inverse=True)
        total = np.zeros((len(recordings[0]), moments.shape[1]))
        np.add.at(total, recordings[2], moments)
        for system, read in zip((AS_MANY, ENDLESS), RATED["ccc"], strict=True):
            # A recording counts once, where its first rated frame is.
            yield "ccc_per_recording", system, Sums(
                clips[recordings[1]], np.column_stack([np.ones(len(total)), read(total)]), mean
            )


def _row(board: Scoreboard, base: ResultRow, sums: Sums, clips: np.ndarray) -> Iterator[ResultRow]:
    """The figure of these clips with its interval over groups; nothing where none of them has raters."""
    here = np.isin(sums.clips, clips)
    if not here.any():
        return
    names, codes = np.unique(board.codes[sums.clips[here]], return_inverse=True)
    groups = np.zeros((len(names), sums.values.shape[1]))
    np.add.at(groups, codes, sums.values[here])
    bounds = METRICS[base.metric].bounds
    low, high = interval_of_score(lambda totals: sums.read(totals[0]), [groups], bounds, 0.95, 0, 0, "jackknife_t")
    value = float(sums.read(groups.sum(axis=0)))
    yield replace(base, value=value, ci_low=low, ci_high=high, n_clips=len(clips), n_groups=len(names))


def _remark(corpus: Corpus, target: Target, agreement: pd.Series) -> dict[str, Remark]:
    """What is noted of both rows: who the raters are, their alpha, and whether the labels are their consensus."""
    raters, y = corpus.raters[target.name], corpus.y[target.name]
    known = ~np.isnan(y) & (_number(raters) >= 2)
    agree = f"Krippendorff's alpha {number(agreement['alpha'], 3)} ({agreement['level']})"
    if isinstance(raters, Votes):
        votes = raters.counts[known]
        same = np.mean(votes[np.arange(len(votes)), y[known].astype(int)] == votes.max(axis=1)) if len(votes) else 1.0
        labels = "" if same > 0.995 else f"; only {100 * same:.1f} % of the labels are their most frequent vote"
    else:
        means = np.nanmean(raters.values[known], axis=1) if known.any() else np.zeros(0)
        alike = abs(np.corrcoef(means, y[known])[0, 1]) if len(means) > 1 and means.std() and y[known].std() else 1.0
        labels = "" if alike > 0.9995 else f"; the labels are not their mean (correlation {number(alike, 3)})"
    many = f"{agreement['raters']:g}"
    return {
        AS_MANY: Remark(RemarkKind.RATERS, f"consensus of as many other raters ({many} a clip); {agree}{labels}"),
        ENDLESS: Remark(RemarkKind.RATERS, f"consensus of raters without end; {agree}{labels}"),
    }
