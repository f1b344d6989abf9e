"""The table identity.csv: one figure a row, of representations, of systems' predictions, and as others reported."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

from avbaselines.experiment.analyses.speaker_identity.probes import Estimate, ProbeKind, ProbeResult
from avbaselines.experiment.analyses.speaker_identity.representations import Side
from avbaselines.experiment.scoring.result_rows import source_remarks
from avbaselines.results_table import Remark, RemarkKind, ResultRow, joined
from avbaselines.study import Study
from avbaselines.systems import SPEAKER

__all__ = ["COLUMNS", "Figure", "Subject", "identity_table", "reported_figures", "result_rows"]

Probed = Literal["features", "predictions", "reported"]


@dataclass(frozen=True)
class Subject:
    """System or representation that figures are of.

    Attributes
    ----------
    system : str
        Of a representation, its label.
    probed : {"features", "predictions", "reported"}
        Where speakers were told from; ``reported`` by somebody else.
    remarks : tuple of Remark
        Column ``note``.
    modalities : str or None
    erasure : str or None
        Of a representation.
    strength : float or None
        Of the erasure; None for the strength tuned in each split, and for systems.

    Examples
    --------
    >>> Subject("audio+leace", "features", erasure="leace", strength=0.5).strength_text
    '0.5'
    """

    system: str
    probed: Probed
    remarks: tuple[Remark, ...] = ()
    modalities: str | None = None
    erasure: str | None = None
    strength: float | None = None

    @property
    def strength_text(self) -> str | None:
        """Column ``strength`` of identity.csv."""
        if self.strength is None:
            return None if self.probed == "reported" else "tuned"
        return f"{self.strength:g}"


@dataclass(frozen=True)
class Figure:
    """One figure on one system or representation.

    Attributes
    ----------
    subject : Subject
    metric : str
        ``emotion`` stands for the study's own metric.
    estimate : Estimate
    speakers : {"seen", "unseen"} or None
        Whose identity it is; None where it is no figure on identity.
    n_clips, n_speakers : int or None
        Probed.

    Examples
    --------
    >>> Figure(Subject("audio", "features"), "emotion", Estimate(0.7, 0.6, 0.8)).record()["strength"]
    'tuned'
    """

    subject: Subject
    metric: str
    estimate: Estimate
    speakers: Side | None = None
    n_clips: int | None = None
    n_speakers: int | None = None

    @classmethod
    def of_probe(cls, subject: Subject, kind: ProbeKind, speakers: Side, result: ProbeResult) -> "Figure":
        """Identity as a probe measured it."""
        metric = f"identity_{kind}"
        return cls(subject, metric, result.estimate, speakers, n_clips=result.n_clips, n_speakers=result.n_speakers)

    def record(self) -> dict[str, Any]:
        """The row of identity.csv."""
        counts = {"n_clips": self.n_clips, "n_speakers": self.n_speakers}
        measured = {"speakers": self.speakers, "metric": self.metric, **self.estimate._asdict(), **counts}
        subject = {"strength": self.subject.strength_text, "note": joined(self.subject.remarks)}
        return vars(self.subject) | subject | measured


COLUMNS = [
    *("system", "probed", "modalities", "erasure", "strength", "speakers", "metric", "value", "ci_low", "ci_high"),
    *("n_clips", "n_speakers", "note"),
]


def identity_table(figures: Sequence[Figure]) -> pd.DataFrame:
    """Figures as a table with `COLUMNS`.

    Examples
    --------
    >>> nan = float("nan")
    >>> figure = Figure(Subject("network", "reported"), "eer", Estimate(0.3, nan, nan))
    >>> identity_table([figure])["value"].tolist()
    [0.3]
    """
    return pd.DataFrame([figure.record() for figure in figures], columns=COLUMNS)


def reported_figures(study: Study) -> list[Figure]:
    """Figures on identity that the study file quotes.

    Examples
    --------
    >>> from avbaselines.catalog import find
    >>> from avbaselines.study import load_study
    >>> reported_figures(load_study(find("studies", "quickstart")))
    []
    """
    nan = float("nan")
    return [
        Figure(
            Subject(figure.system, "reported", remarks=source_remarks(figure)),
            figure.metric,
            Estimate(figure.value, nan, nan),
        )
        for figure in study.reported
        if figure.target == SPEAKER
    ]


def result_rows(figures: Sequence[Figure], protocol: str) -> list[ResultRow]:
    """Rows of results.csv: identity of representations, seen and unseen apart, and of systems' predictions.

    Examples
    --------
    >>> probe = ProbeResult(0.75, 0.5, 0.5, 0.2, 0.8, n_speakers=2, n_clips=8)
    >>> figure = Figure.of_probe(Subject("audio", "features"), "linear", "seen", probe)
    >>> [row.system for row in result_rows([figure], "honest")]
    ['audio (seen speakers)']
    """
    return [
        _result_row(figure, protocol)
        for figure in figures
        if figure.subject.strength is None and figure.speakers is not None
    ]


def _result_row(figure: Figure, protocol: str) -> ResultRow:
    subject, (value, low, high) = figure.subject, figure.estimate
    system, remarks = subject.system, subject.remarks
    if subject.probed == "features":
        system = f"{subject.system} ({figure.speakers} speakers)"
        remarks = (Remark(RemarkKind.PROBE, f"features probed, {figure.speakers} speakers"), *remarks)
    return ResultRow(
        protocol=protocol,
        system=system,
        modalities=(subject.modalities or "",),
        target=SPEAKER,
        metric=figure.metric,
        value=value,
        ci_low=low,
        ci_high=high,
        n_clips=figure.n_clips,
        n_groups=figure.n_speakers,
        remarks=remarks,
    )
