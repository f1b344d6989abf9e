"""Rows of results.csv: their columns, and the remarks from which the column ``note`` is written."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, fields
from enum import Enum
from typing import Any, Literal

import pandas as pd

from avbaselines.evaluation.verdicts import Verdict

__all__ = [
    *("ALL", "COLUMNS", "Aggregate", "Remark", "RemarkKind", "ResultRow", "RowKind", "joined", "phrases"),
    "results_frame",
]

COLUMNS = (
    *("protocol", "split", "system", "picked", "kind", "modalities", "learner", "task", "stage", "target", "metric"),
    *("value", "ci_low", "ci_high", "n_clips", "n_groups", "seconds", "status", "note", "tied"),
    "transductive",
)
"""Columns of results.csv, in their order."""
NUMBERS = ("stage", "value", "ci_low", "ci_high", "n_clips", "n_groups", "seconds")
RowKind = Literal["measured", "reported", "imported", "ceiling"]
"""Measured here, reported by others, predicted by others and scored here, or what the labels themselves allow."""


ALL = "all"
"""The split of all splits together, put together as the study says."""


class Aggregate(Enum):
    """How several splits are put together; the value names the rows of this way where the study's own is the other.

    Examples
    --------
    >>> Aggregate.MEAN.value, Aggregate.MEAN.words
    ('all-mean', 'mean over splits')
    """

    POOLED = "all-pooled"
    MEAN = "all-mean"

    @property
    def words(self) -> str:
        """What it is."""
        return "pooled over clips" if self is Aggregate.POOLED else "mean over splits"


class RemarkKind(Enum):
    """Subject of a remark.

    Examples
    --------
    >>> RemarkKind.TRANSDUCTIVE.label, RemarkKind.POOLED.label
    ('transductive', None)
    """

    RESUBSTITUTION = "resubstitution"
    TRANSDUCTIVE = "transductive"
    NOT_ABOVE_MEAN = "not above the mean"
    FIT = "fit"
    """A fit's own word: what it chose, and what it did instead of what was asked."""
    COMPOSED = "composed"
    """The row is another system in each split."""
    PROBE = "probe"
    """What speakers were told from."""
    ERASURE = "erasure"
    """What was removed from the features."""
    POOLED = "pooled over clips"
    AVERAGED = "mean over splits"
    SPREAD = "spread"
    """How far the splits lie apart."""
    SEEDS = "seeds"
    """How far the seeds of one model lie apart."""
    RATERS = "raters"
    """Whose consensus a ceiling is, and how far raters agree."""
    FAILURE = "failure"
    SOURCE = "source"
    """Where a reported figure was read, and what is known of it."""

    @property
    def label(self) -> str | None:
        """The words that must stand beside a system's name; None for kinds that need none."""
        return self.value if self in LABELLED else None


LABELLED = (RemarkKind.TRANSDUCTIVE, RemarkKind.RESUBSTITUTION, RemarkKind.NOT_ABOVE_MEAN)
"""Kinds of remark that a reader must see beside a system's name, in the order in which they are shown."""


@dataclass(frozen=True)
class Remark:
    """Something that a reader of a figure should know.

    Examples
    --------
    >>> Remark(RemarkKind.FIT, "delay 2 s, smoothing 0 s").text
    'delay 2 s, smoothing 0 s'
    """

    kind: RemarkKind
    text: str


def phrases(kind: RemarkKind, text: str) -> tuple[Remark, ...]:
    """Remarks of one kind, of a text whose phrases are divided by semicolons.

    Examples
    --------
    >>> [remark.text for remark in phrases(RemarkKind.FIT, "delay 2 s; order chosen among 6")]
    ['delay 2 s', 'order chosen among 6']
    """
    return tuple(Remark(kind, part) for part in text.split("; ") if part)


def joined(remarks: Iterable[Remark]) -> str:
    """Remarks in words, divided by semicolons.

    Examples
    --------
    >>> joined([Remark(RemarkKind.POOLED, "pooled over clips"), Remark(RemarkKind.FIT, "delay 2 s")])
    'pooled over clips; delay 2 s'
    """
    return "; ".join(remark.text for remark in remarks)


@dataclass(frozen=True, kw_only=True)
class ResultRow:
    """One figure of one system: a row of results.csv.

    Attributes
    ----------
    split
        A split's name, or ``all``.
    target
        A target's name, ``mean``, ``combined``, or what else was told (the speaker).
    picked
        The one row of its protocol that is handed over.
    kind
        ``ceiling``: what the labels themselves allow.
    modalities
        That the system reads.
    stage
        0 for what is no fusion, k for fusions of systems up to stage k - 1; None where nothing was fitted.
    value, ci_low, ci_high
        The figure and its 95 % interval, NaN where there is none.
    n_clips, n_groups
        Evaluated clips with a label, and their groups.
    seconds
        Time of the system's fits.
    remarks
        Column ``note``.
    tied
        The paired difference between its system and the picked one is not told from 0 at 95 %.
    verdict
        On its system against the picked one, None where the two were not compared; no column.
    raw_label
        Of a matched system, the name under which its unmatched predictions are found; no column.
    twin
        It is a system's row without matching, there only to show what matching does; no column.

    Examples
    --------
    >>> row = ResultRow(protocol="honest", system="ridge-audio", target="arousal", metric="ccc", value=0.42)
    >>> row.split, row.kind, row.note
    ('all', 'measured', '')
    """

    protocol: str
    system: str
    target: str
    metric: str
    split: str = "all"
    picked: bool = False
    kind: RowKind = "measured"
    modalities: tuple[str, ...] = ()
    learner: str = ""
    task: str = ""
    stage: int | None = None
    value: float = math.nan
    ci_low: float = math.nan
    ci_high: float = math.nan
    n_clips: int | None = None
    n_groups: int | None = None
    seconds: float | None = None
    status: Literal["ok", "failed"] = "ok"
    remarks: tuple[Remark, ...] = ()
    tied: bool = False
    verdict: Verdict | None = None
    raw_label: str | None = None
    twin: bool = False

    @property
    def note(self) -> str:
        """The remarks in words."""
        return joined(self.remarks)

    @property
    def transductive(self) -> bool:
        """Whether its system reads unlabelled clips of evaluated groups."""
        return any(remark.kind is RemarkKind.TRANSDUCTIVE for remark in self.remarks)

    def record(self) -> dict[str, Any]:
        """The cells of results.csv, by column.

        Examples
        --------
        >>> row = ResultRow(protocol="honest", system="late", target="arousal", metric="ccc", modalities=("a", "b"))
        >>> row.record()["modalities"], row.record()["picked"]
        ('a+b', '')
        """
        own = {field.name: getattr(self, field.name) for field in fields(self)}
        own |= {name: "yes" if getattr(self, name) else "" for name in ("picked", "tied", "transductive")}
        own |= {"modalities": "+".join(self.modalities), "note": self.note}
        return {name: own[name] for name in COLUMNS}


def results_frame(rows: Iterable[ResultRow]) -> pd.DataFrame:
    """The table of results.csv, a row a figure.

    Examples
    --------
    >>> rows = [ResultRow(protocol="honest", system="late", target="arousal", metric="ccc", value=0.4, stage=1)]
    >>> results_frame(rows)[["system", "stage", "value", "note"]].to_dict("records")
    [{'system': 'late', 'stage': 1, 'value': 0.4, 'note': ''}]
    """
    frame = pd.DataFrame([row.record() for row in rows], columns=list(COLUMNS))
    return frame.assign(**{name: pd.to_numeric(frame[name]) for name in NUMBERS})
