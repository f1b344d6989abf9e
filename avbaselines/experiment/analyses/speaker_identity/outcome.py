"""Outcome of measuring speaker identity: a table, a figure, and rows of results."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from avbaselines.evaluation.intervals import mean_value
from avbaselines.experiment.analyses.base import AnalysisContext, AnalysisResult, drawn
from avbaselines.experiment.analyses.speaker_identity.erasures import TRANSDUCTIVE as TRANSDUCTIVE_ERASURES
from avbaselines.experiment.analyses.speaker_identity.identity_table import (
    Figure,
    Subject,
    identity_table,
    reported_figures,
    result_rows,
)
from avbaselines.experiment.analyses.speaker_identity.measurements import Measurements, measure
from avbaselines.experiment.analyses.speaker_identity.people import IdentityRun
from avbaselines.experiment.analyses.speaker_identity.prediction_probes import ProbedPredictions, probe_predictions
from avbaselines.experiment.analyses.speaker_identity.probes import Estimate, pool_probes, relative_drop
from avbaselines.experiment.analyses.speaker_identity.representations import RAW, SIDES, Measured, Representation
from avbaselines.experiment.analyses.speaker_identity.verification import equal_error
from avbaselines.experiment.fitting.postprocess import finish
from avbaselines.experiment.planning.learners import learner_name
from avbaselines.experiment.planning.system import BaseSystem
from avbaselines.experiment.protocol_run import ProtocolRun
from avbaselines.experiment.scoring.gathering import TRANSDUCTIVE
from avbaselines.experiment.scoring.result_rows import score_rows
from avbaselines.experiment.scoring.scoreboard import Scoreboard, Scored
from avbaselines.reports.identity import render_identity, render_identity_markdown, trade_off
from avbaselines.results_table import Remark, RemarkKind

__all__ = ["NOTES", "outcome"]

NOTES = (
    "Identity is chance-corrected accuracy of telling the speaker: 0 = guessing, 1 = every clip told.",
    "Seen speakers are those an erasure was fitted on, told by the very clips it was fitted on; unseen ones are those "
    "of the evaluated split, told from one another. EER (.5 = guessing) is of unseen speakers.",
    "Below chance (EER above .5) is an artefact, not less than no identity: statistics of a speaker shared by both "
    "sides of the probe turn what it learns on one side round on the other.",
    "The learner on erased features keeps what it chose without erasure; strengths are tuned on out-of-fold scores of "
    "training speakers.",
)


def outcome(context: AnalysisContext) -> AnalysisResult:
    """Measure what is not there yet, and set it out as a table, a figure and rows of results."""
    identity = IdentityRun.of(context.scored[0])
    scored, run, max_loss = identity.scored, identity.scored.run, identity.options.max_loss
    measurements = measure(identity, context.options) if identity.erases else Measurements()
    erased, figures = _representations(identity, measurements)
    shown = [row for row in scored.rows if not row.is_twin] + erased
    probed, computed = probe_predictions(identity, shown, context.options)
    figures += [*_predictions(scored.scoreboard, shown, probed), *reported_figures(run.study)]
    kept = scored.scoreboard.kept
    table, metric, notes = identity_table(figures), _metric(run), _notes(identity, probed)
    return AnalysisResult(
        files={"identity.csv": table, "identity.md": render_identity_markdown(table, metric, notes, max_loss)},
        rows=[
            *score_rows(scored.scoreboard, erased, scored.picked, run.protocol),
            *result_rows(figures, run.protocol),
        ],
        drawings=drawn(kept, trade_off.__module__, [table], lambda: trade_off(table, metric)),
        terminal=[render_identity(table, metric, notes, max_loss)],
        computed=measurements.computed + computed,
        failed=any(row.failed for row in erased),
    )


def _metric(run: ProtocolRun) -> str:
    """The study's metric, for column heads."""
    metrics = {target.metric for target in run.corpus.targets}
    return metrics.pop() if len(metrics) == 1 else "score"


def _notes(identity: IdentityRun, probed: Mapping[str, ProbedPredictions]) -> list[str]:
    notes, content = list(NOTES if identity.erases else NOTES[:1]), identity.people.content_label
    if content:
        notes.append(f"Probes learn on other values of '{content}' than they tell.")
    else:
        notes.append(
            "Nothing tells contents apart, so a speaker's clips were dealt at random: one recording's sound may be on "
            "both sides of a probe, and pass for its speaker."
        )
    reasons: dict[str, list[str]] = {}
    for name, one in probed.items():
        if one.reason:
            reasons.setdefault(one.reason, []).append(name)
    return notes + [f"Not probed: {', '.join(names)} ({reason})." for reason, names in reasons.items()]


def _representations(identity: IdentityRun, measurements: Measurements) -> tuple[list[Scored], list[Figure]]:
    """Systems on erased features as leaderboard rows, and figures on every representation."""
    erased: list[Scored] = []
    figures: list[Figure] = []
    for modalities in dict.fromkeys(representation.modalities for representation in measurements.by_split):
        raw = _OverSplits(identity, Representation(modalities), measurements)
        for erasure in (RAW, *identity.options.erasures):
            one = _OverSplits(identity, Representation(modalities, erasure), measurements)
            if not one.representation.is_raw:
                erased.append(one.row)
            if not (one.row.failed or raw.row.failed):
                figures += one.figures(raw)
    return erased, figures


class _OverSplits:
    """One representation over all splits: its leaderboard row, and figures on it."""

    def __init__(self, identity: IdentityRun, representation: Representation, measurements: Measurements):
        self.identity, self.representation = identity, representation
        self.parts: dict[str, Measured] = {
            split.name: measurements.by_split[representation][split.name]
            for split in identity.scored.run.corpus.splits
        }
        self.row = self._row({name: part.strength for name, part in self.parts.items()})

    @property
    def remarks(self) -> tuple[Remark, ...]:
        if self.representation.is_raw:
            return (Remark(RemarkKind.ERASURE, "features as they are"),)
        strengths = [part.strength for part in self.parts.values()]
        low, high = min(strengths), max(strengths)
        tuned = f"strength {high:g}" if low == high else f"strength {low:g} to {high:g}"
        erased = Remark(RemarkKind.ERASURE, f"speakers erased by {self.representation.erasure}, {tuned}")
        return (erased, TRANSDUCTIVE) if self.representation.erasure in TRANSDUCTIVE_ERASURES else (erased,)

    def _row(self, strengths: Mapping[str, float]) -> Scored:
        """Predictions from it at a strength in each split, as the leaderboard's rows are scored."""
        scored, learner = self.identity.scored, learner_name(self.identity.options.learner)
        system = BaseSystem(
            name=f"{learner}-{self.representation.label}", modalities=self.representation.modalities, learner=learner
        )
        splits = {split.name: split.id for split in scored.run.corpus.splits}
        failed = {splits[name]: part.failed for name, part in self.parts.items() if part.failed}
        seconds = sum(part.seconds for part in self.parts.values())
        test: dict[str, dict[str, np.ndarray]] = {}
        oof: dict[str, dict[str, np.ndarray]] = {}
        for name, part in self.parts.items() if not failed else ():
            fitted = part.predictions(scored.fitted.store, strengths[name])
            finished = finish(fitted, scored.fitted.tasks[splits[name]])
            test[name], oof[name] = finished.filled(finished.test), finished.filled(finished.oof)
        return Scored(system.rows[0], system, test, oof, seconds, self.remarks, failed)

    def figures(self, raw: "_OverSplits") -> Iterator[Figure]:
        """Figures at the strength tuned in each split, and at every strength that all splits have."""
        board, modalities = self.identity.scored.scoreboard, "+".join(self.representation.modalities)
        subject = Subject(
            self.representation.label, "features", self.remarks, modalities, erasure=self.representation.erasure
        )
        yield from self._tuned(raw, subject)
        yield Figure(subject, "emotion", _emotion(board, self.row))
        if not self.representation.is_raw:
            yield Figure(subject, "emotion_loss", _loss(board, raw.row, self.row))
        for strength in sorted(set.intersection(*(part.strengths for part in self.parts.values()))):
            at = replace(subject, strength=strength)
            yield Figure(at, "emotion", _emotion(board, self._row(dict.fromkeys(self.parts, strength))))
            for speakers in SIDES:
                probes = [part.part(speakers, "linear", strength) for part in self.parts.values()]
                yield Figure.of_probe(at, "linear", speakers, pool_probes(probes))

    def _tuned(self, raw: "_OverSplits", subject: Subject) -> Iterator[Figure]:
        """Identity left at the tuned strength of each split, and the share of it that is gone."""
        for speakers in SIDES:
            for kind in self.identity.options.probes:
                probes = [part.part(speakers, kind, part.strength) for part in self.parts.values()]
                before = [part.part(speakers, kind, 0.0) for part in raw.parts.values()]
                left = pool_probes(probes)
                yield Figure.of_probe(subject, kind, speakers, left)
                if not self.representation.is_raw:
                    metric = "disentanglement" if kind == "linear" else f"disentanglement_{kind}"
                    drop = relative_drop(before, probes)
                    yield Figure(subject, metric, drop, speakers, n_speakers=left.n_speakers)
        compared = equal_error([part.pairs(self.identity.scored.fitted.store) for part in self.parts.values()])
        estimate = Estimate(compared.eer, compared.ci_low, compared.ci_high)
        yield Figure(subject, "eer", estimate, "unseen", compared.n_clips, compared.n_speakers)


def _emotion(board: Scoreboard, row: Scored) -> Estimate:
    """The study's own metric, mean over targets."""
    parts = [part for target in board.corpus.targets for part in board.parts(row, target, target.metric)]
    return Estimate(mean_value(parts), *board.interval(parts, board.corpus.targets))


def _loss(board: Scoreboard, raw: Scored, erased: Scored) -> Estimate:
    """Score that an erasure costs, compared on the same speakers; negative where erasure helps."""
    loss = board.compare(board.paired_mean(raw, erased))
    return Estimate(loss.difference, loss.ci_low, loss.ci_high)


def _predictions(
    board: Scoreboard, rows: Sequence[Scored], probed: Mapping[str, ProbedPredictions]
) -> Iterator[Figure]:
    """Figures on systems: identity in their predictions, and their own score beside it."""
    for row in rows:
        one = probed.get(row.name)
        if one is None or one.reason:
            continue
        remarks = (Remark(RemarkKind.PROBE, "probed on its predictions for unseen speakers"),)
        subject = Subject(row.name, "predictions", remarks, "+".join(row.system.modalities))
        for kind, parts in one.parts.items():
            yield Figure.of_probe(subject, kind, "unseen", pool_probes(parts))
        yield Figure(subject, "emotion", _emotion(board, row))
