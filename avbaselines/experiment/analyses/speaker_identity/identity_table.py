"""The table identity.csv: one figure a row, of representations, of systems' predictions, and as others reported."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, Literal

import pandas as pd

from avbaselines.experiment.analyses.speaker_identity.probes import Estimate, ProbeResult
from avbaselines.experiment.analyses.speaker_identity.representations import Side
from avbaselines.study import Study
from avbaselines.systems import SPEAKER

__all__ = ["COLUMNS", "Figure", "identity_table", "reported_figures", "result_rows"]

Probed = Literal["features", "predictions", "reported"]


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One figure on one system or representation.

    Attributes
    ----------
    system : str
        Of a representation, its label.
    probed : {"features", "predictions", "reported"}
        Where speakers were told from; ``reported`` by somebody else.
    modalities : str or None
    erasure : str or None
        Of a representation.
    strength : float or None
        Of the erasure; None for the strength tuned in each split, and for systems.
    speakers : {"seen", "unseen"} or None
        Whose identity it is; None where it is no figure on identity.
    metric : str
        ``emotion`` stands for the study's own metric.
    estimate : Estimate
    n_clips, n_speakers : int or None
        Probed.
    note : str

    Examples
    --------
    >>> score = Estimate(0.7, 0.6, 0.8)
    >>> Figure(system="audio", probed="features", strength=0.5, metric="emotion", estimate=score).record()["strength"]
    '0.5'
    """

    system: str
    probed: Probed
    modalities: str | None = None
    erasure: str | None = None
    strength: float | None = None
    speakers: Side | None = None
    metric: str
    estimate: Estimate
    n_clips: int | None = None
    n_speakers: int | None = None
    note: str = ""

    def record(self) -> dict[str, Any]:
        """The row of identity.csv."""
        values = {part.name: getattr(self, part.name) for part in fields(self)}
        tuned = None if self.probed == "reported" else "tuned"
        values["strength"] = tuned if self.strength is None else f"{self.strength:g}"
        return values | values.pop("estimate")._asdict()


COLUMNS = [
    *("system", "probed", "modalities", "erasure", "strength", "speakers", "metric", "value", "ci_low", "ci_high"),
    *("n_clips", "n_speakers", "note"),
]


def identity_table(figures: Sequence[Figure]) -> pd.DataFrame:
    """Figures as a table with `COLUMNS`.

    Examples
    --------
    >>> nan = float("nan")
    >>> figure = Figure(system="network", probed="reported", metric="eer", estimate=Estimate(0.3, nan, nan))
    >>> identity_table([figure])["value"].tolist()
    [0.3]
    """
    return pd.DataFrame([figure.record() for figure in figures], columns=COLUMNS)


def probe_figure(result: ProbeResult) -> dict[str, Any]:
    """Fields of a figure that a probe's result fills.

    Examples
    --------
    >>> probe_figure(ProbeResult(0.75, 0.5, 0.5, 0.2, 0.8, n_speakers=2, n_clips=8))["n_clips"]
    8
    """
    return {"estimate": result.estimate, "n_clips": result.n_clips, "n_speakers": result.n_speakers}


def reported_figures(study: Study) -> list[Figure]:
    """Figures on identity that the study file quotes."""
    nan = float("nan")
    return [
        Figure(
            system=figure.system,
            probed="reported",
            metric=figure.metric,
            estimate=Estimate(figure.value, nan, nan),
            note="; ".join(filter(None, (figure.source, figure.note))),
        )
        for figure in study.reported
        if figure.target == SPEAKER
    ]


def result_rows(figures: Sequence[Figure], protocol: str) -> list[dict[str, Any]]:
    """Rows of results.csv: identity of representations, seen and unseen apart, and of systems' predictions."""
    return [
        _result_row(figure, protocol) for figure in figures if figure.strength is None and figure.speakers is not None
    ]


def _result_row(figure: Figure, protocol: str) -> dict[str, Any]:
    system, note = figure.system, figure.note
    if figure.probed == "features":
        system = f"{figure.system} ({figure.speakers} speakers)"
        note = f"features probed, {figure.speakers} speakers; {figure.note}"
    return {
        "protocol": protocol,
        "split": "all",
        "system": system,
        "kind": "measured",
        "modalities": figure.modalities,
        "target": SPEAKER,
        "metric": figure.metric,
        **figure.estimate._asdict(),
        "n_clips": figure.n_clips,
        "n_groups": figure.n_speakers,
        "status": "ok",
        "note": note,
    }
