"""Speaker identity: how well speakers are told from features and predictions, and the cost of erasing them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np

from avbaselines.evaluation.comparison import compare_means
from avbaselines.evaluation.intervals import interval_of_mean, mean_value
from avbaselines.evaluation.metrics import METRICS
from avbaselines.experiment.analyses.base import Analysis, AnalysisContext, AnalysisResult, ScoredRun, Source
from avbaselines.experiment.analyses.speaker_identity.erasures import TRANSDUCTIVE
from avbaselines.experiment.analyses.speaker_identity.identity_table import (
    Figure,
    identity_table,
    probe_figure,
    reported_figures,
    result_rows,
)
from avbaselines.experiment.analyses.speaker_identity.measurements import Measurements, measure
from avbaselines.experiment.analyses.speaker_identity.people import people_of
from avbaselines.experiment.analyses.speaker_identity.prediction_probes import ProbedPredictions, probe_predictions
from avbaselines.experiment.analyses.speaker_identity.probes import Estimate, pool_probes, relative_drop
from avbaselines.experiment.analyses.speaker_identity.representations import Measured, Representation
from avbaselines.experiment.analyses.speaker_identity.verification import equal_error
from avbaselines.experiment.fitting.postprocess import finish
from avbaselines.experiment.planning.learners import learner_name
from avbaselines.experiment.planning.system import BaseSystem
from avbaselines.experiment.protocol_run import People, ProtocolRun
from avbaselines.experiment.scoring.scoreboard import Scoreboard, Scored, score_rows
from avbaselines.reports.identity import render_identity, render_identity_markdown, trade_off
from avbaselines.study import Study
from avbaselines.systems import Identity

__all__ = ["NOTES", "SpeakerIdentity"]

NOTES = (
    "Identity is chance-corrected accuracy of telling the speaker: 0 = guessing, 1 = every clip told.",
    "Seen speakers are those an erasure was fitted on, told by the very clips it was fitted on; unseen ones are those "
    "of the evaluated split, told from one another. EER (.5 = guessing) is of unseen speakers.",
    "Below chance (EER above .5) is an artefact, not less than no identity: statistics of a speaker shared by both "
    "sides of the probe turn what it learns on one side round on the other.",
    "The learner on erased features keeps what it chose without erasure; strengths are tuned on out-of-fold scores of "
    "training speakers.",
)


class SpeakerIdentity(Analysis):
    """Identity in a study's representations (where it has ``[identity]``) and in its systems' predictions.

    Examples
    --------
    >>> SpeakerIdentity().files
    ('identity.csv', 'identity.md')
    """

    name: ClassVar[str] = "identity"
    files: ClassVar[tuple[str, ...]] = ("identity.csv", "identity.md")

    def wanted(self, study: Study) -> bool:
        """Where it has the section ``[identity]``."""
        return study.identity is not None

    def check(self, run: ProtocolRun, source: Source) -> ProtocolRun:
        """Read the speakers and contents of the clips."""
        return replace(run, people=people_of(run.study, source, run.corpus))

    def run(self, context: AnalysisContext) -> AnalysisResult:
        """Measure what is not there yet, and set it out as a table, a figure and rows of results."""
        scored = context.scored[0]
        run, options, people = scored.run, scored.run.study.identity or Identity(), _people(scored)
        figures: list[Figure] = []
        erased: list[Scored] = []
        computed = 0
        if run.study.identity:
            measurements = measure(scored, context.options)
            computed += measurements.computed
            erased, figures = _representations(scored, measurements)
        shown = [row for row in scored.rows if not row.is_twin] + erased
        probed, probes_computed = probe_predictions(scored, shown, options.probes, context.options)
        figures += [*_predictions(scored.scoreboard, shown, probed), *reported_figures(run.study)]
        table, metric, notes = identity_table(figures), _metric(run), _notes(run.study, people, probed)
        return AnalysisResult(
            files={
                "identity.csv": table,
                "identity.md": render_identity_markdown(table, metric, notes, options.max_loss),
            },
            rows=[
                *score_rows(scored.scoreboard, erased, scored.picked, run.protocol),
                *result_rows(figures, run.protocol),
            ],
            drawings=trade_off(table, metric),
            terminal=[render_identity(table, metric, notes, options.max_loss)],
            computed=computed + probes_computed,
            failed=any(row.failed for row in erased),
        )


def _people(scored: ScoredRun) -> People:
    assert scored.run.people is not None, "check() reads them before anything is fitted"
    return scored.run.people


def _metric(run: ProtocolRun) -> str:
    """The study's metric, for column heads."""
    metrics = {target.metric for target in run.corpus.targets}
    return metrics.pop() if len(metrics) == 1 else "score"


def _notes(study: Study, people: People, probed: Mapping[str, ProbedPredictions]) -> list[str]:
    notes = list(NOTES) if study.identity else list(NOTES[:1])
    if people.content_label:
        notes.append(f"Probes learn on other values of '{people.content_label}' than they tell.")
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


def _representations(scored: ScoredRun, measurements: Measurements) -> tuple[list[Scored], list[Figure]]:
    """Systems on erased features as leaderboard rows, and figures on every representation."""
    erased: list[Scored] = []
    figures: list[Figure] = []
    for modalities in dict.fromkeys(representation.modalities for representation in measurements.by_split):
        raw = _OverSplits(scored, Representation(modalities), measurements)
        for erasure in (raw.representation.erasure, *scored.run.study.identity.erasures):
            one = _OverSplits(scored, Representation(modalities, erasure), measurements)
            if not one.representation.is_raw:
                erased.append(one.row)
            if not (one.row.failed or raw.row.failed):
                figures += one.figures(raw)
    return erased, figures


class _OverSplits:
    """One representation over all splits: its leaderboard row, and figures on it."""

    def __init__(self, scored: ScoredRun, representation: Representation, measurements: Measurements):
        self.scored, self.representation = scored, representation
        self.parts: dict[str, Measured] = {
            split.name: measurements.by_split[representation][split.name] for split in scored.run.corpus.splits
        }
        self.row = self._row({name: part.strength for name, part in self.parts.items()})

    @property
    def note(self) -> str:
        if self.representation.is_raw:
            return "features as they are"
        strengths = [part.strength for part in self.parts.values()]
        low, high = min(strengths), max(strengths)
        tuned = f"strength {high:g}" if low == high else f"strength {low:g} to {high:g}"
        note = f"speakers erased by {self.representation.erasure}, {tuned}"
        if self.representation.erasure in TRANSDUCTIVE:
            note += "; transductive: normalised by each evaluated speaker's own unlabelled clips"
        return note

    def _row(self, strengths: Mapping[str, float]) -> Scored:
        """Predictions from it at a strength in each split, as the leaderboard's rows are scored."""
        scored, learner = self.scored, learner_name(self.scored.run.study.identity.learner)
        system = BaseSystem(
            name=f"{learner}-{self.representation.label}", modalities=self.representation.modalities, learner=learner
        )
        splits = {split.name: split.id for split in scored.run.corpus.splits}
        failed = {splits[name]: part.failed for name, part in self.parts.items() if part.failed}
        seconds = sum(part.seconds for part in self.parts.values())
        row = Scored(system.rows[0], system, {}, {}, seconds, self.note, failed)
        for name, part in self.parts.items() if not failed else ():
            fitted = part.predictions(scored.fitted.store, strengths[name])
            finished = finish(fitted, scored.fitted.tasks[splits[name]])
            row.test[name], row.oof[name] = finished.filled(finished.test), finished.filled(finished.oof)
        return row

    def figures(self, raw: "_OverSplits") -> Iterator[Figure]:
        """Figures at the strength tuned in each split, and at every strength that all splits have."""
        board, base = self.scored.scoreboard, self._base()
        yield from self._tuned(raw, base)
        yield Figure(**base, metric="emotion", estimate=_emotion(board, self.row))
        if not self.representation.is_raw:
            yield Figure(**base, metric="emotion_loss", estimate=_loss(board, raw.row, self.row))
        for strength in sorted(set.intersection(*(part.strengths for part in self.parts.values()))):
            at = base | {"strength": strength}
            row = self._row(dict.fromkeys(self.parts, strength))
            yield Figure(**at, metric="emotion", estimate=_emotion(board, row))
            for speakers in ("seen", "unseen"):
                probes = [part.part(speakers, "linear", strength) for part in self.parts.values()]
                yield Figure(**at, speakers=speakers, metric="identity_linear", **probe_figure(pool_probes(probes)))

    def _base(self) -> dict[str, Any]:
        return {
            "system": self.representation.label,
            "probed": "features",
            "modalities": "+".join(self.representation.modalities),
            "erasure": self.representation.erasure,
            "note": self.note,
        }

    def _tuned(self, raw: "_OverSplits", base: dict[str, Any]) -> Iterator[Figure]:
        """Identity left at the tuned strength of each split, and the share of it that is gone."""
        for speakers in ("seen", "unseen"):
            for kind in self.scored.run.study.identity.probes:
                probes = [part.part(speakers, kind, part.strength) for part in self.parts.values()]
                before = [part.part(speakers, kind, 0.0) for part in raw.parts.values()]
                at = base | {"speakers": speakers}
                yield Figure(**at, metric=f"identity_{kind}", **probe_figure(pool_probes(probes)))
                if not self.representation.is_raw:
                    metric = "disentanglement" if kind == "linear" else f"disentanglement_{kind}"
                    n_speakers = len(np.unique(np.concatenate([part.names for part in probes])))
                    yield Figure(**at, metric=metric, estimate=relative_drop(before, probes), n_speakers=n_speakers)
        compared = equal_error([part.pairs(self.scored.fitted.store) for part in self.parts.values()])
        estimate = Estimate(compared.eer, compared.ci_low, compared.ci_high)
        counts = {"n_clips": compared.n_clips, "n_speakers": compared.n_speakers}
        yield Figure(**base, speakers="unseen", metric="eer", estimate=estimate, **counts)


def _emotion(board: Scoreboard, row: Scored) -> Estimate:
    """The study's own metric, mean over targets."""
    parts = [part for target in board.corpus.targets for part in board.parts(row, target, target.metric)]
    return Estimate(mean_value(parts), *interval_of_mean(parts))


def _loss(board: Scoreboard, raw: Scored, erased: Scored) -> Estimate:
    """Score that an erasure costs, compared on the same speakers; negative where erasure helps."""
    parts = []
    for target in board.corpus.targets:
        before, after = board.parts(raw, target, target.metric), board.parts(erased, target, target.metric)
        if not METRICS[target.metric].higher_is_better:
            before, after = after, before
        parts += [(metric, left, right) for (metric, left), (_, right) in zip(before, after, strict=True)]
    loss = compare_means(parts)
    return Estimate(loss.difference, loss.ci_low, loss.ci_high)


def _predictions(
    board: Scoreboard, rows: Sequence[Scored], probed: Mapping[str, ProbedPredictions]
) -> Iterator[Figure]:
    """Figures on systems: identity in their predictions, and their own score beside it."""
    for row in rows:
        one = probed.get(row.name)
        if one is None or one.reason:
            continue
        base = {"system": row.name, "probed": "predictions", "modalities": "+".join(row.system.modalities)}
        base["note"] = "probed on its predictions for unseen speakers"
        for kind, parts in one.parts.items():
            yield Figure(**base, speakers="unseen", metric=f"identity_{kind}", **probe_figure(pool_probes(parts)))
        yield Figure(**base, metric="emotion", estimate=_emotion(board, row))
