"""Smaller sections of a study file: the paper, the corpus, reported figures, a combined score, protocols."""

from typing import Any, Literal, Self

from pydantic import ConfigDict, Field, field_validator, model_validator

from avbaselines.corpora.splits import SplitOptions
from avbaselines.evaluation.metrics import METRICS
from avbaselines.schema import Section, nearest


class Paper(Section):
    """The published work a study stands beside.

    Attributes
    ----------
    title, venue
        As printed.
    authors
        Family names, parted by commas; lists cite the first.
    year
        Of publication.
    arxiv
        Number of the preprint, such as ``2002.11312``.

    Examples
    --------
    >>> Paper(title="Multi-stage fusion", year=2023).venue
    ''
    """

    title: str
    authors: str = ""
    year: int | None = None
    venue: str = ""
    arxiv: str = ""


class CorpusSection(Section):
    """The ``[corpus]`` section; keys beyond these belong to the reader, which checks them.

    Attributes
    ----------
    reader
        Who reads the corpus: ``table`` for tables of one's own, else the reader of a published corpus.
    group
        Column of what must not be on both sides of a split, mostly the speaker. Left out, readers of published corpora
        take their own; of tables, every clip then is its own group, and the leaderboard says so.
    recording, time
        Columns of the recording and of seconds in it, for corpora continuous in time; ``recording`` alone where a
        recording has several clips.
    source
        Where the corpus can be had, for those who lack it.
    where, where_not
        Columns with the values that are kept, or left out.
    missing
        Marks of missing labels, for all targets.
    duplicates
        With ``merge``, groups that share the same row of features become one.
    resample
        Column whose values intervals and tests resample, by default the group.

    Examples
    --------
    >>> section = CorpusSection(reader="table", clips="clips.csv", recording="")
    >>> section.options, section.recording
    ({'clips': 'clips.csv'}, None)
    """

    model_config = ConfigDict(extra="allow", frozen=True)

    reader: str
    group: str | None = None
    recording: str | None = None
    time: str | None = None
    source: str = ""
    where: dict[str, list[str | int | float | bool]] = Field(default_factory=dict)
    where_not: dict[str, list[str | int | float | bool]] = Field(default_factory=dict)
    missing: list[str | int | float] = Field(default_factory=list)
    resample: str | None = None
    duplicates: Literal["merge"] | None = None

    @model_validator(mode="before")
    @classmethod
    def _empty_is_none(cls, value: Any) -> Any:
        if isinstance(value, dict):
            return {
                key: (None if part == "" and key in {"group", "recording", "time", "resample"} else part)
                for key, part in value.items()
            }
        return value

    @property
    def options(self) -> dict[str, Any]:
        """The reader's own keys.

        Examples
        --------
        >>> CorpusSection(reader="table", clips="clips.csv").options
        {'clips': 'clips.csv'}
        """
        return dict(self.model_extra or {})


class Reported(Section):
    """One figure that somebody reported, and where it was read.

    Attributes
    ----------
    system
        Who has it, as it shall stand in the leaderboard.
    target
        A target of the study, or ``mean``.
    metric
        A metric of the suite, whose value has to lie within its bounds, or any other in words; only a figure of the
        target's own metric is compared.
    value
        As printed, as a share and not in per cent.
    split
        Name of the split it was measured on; ``all`` where it is of all of them.
    protocol
        ``honest`` where nothing was learnt from evaluated groups, so that it can be compared with honest rows.
    source
        Where the figure was read: paper and table.
    note
        What a reader should know of it.
    aggregate
        Of a figure of all splits together, whether the paper pooled the clips or took the mean over splits; by default
        as the study does.

    Examples
    --------
    >>> Reported(system="ours", target="arousal", metric="ccc", value=0.68, source="Table 3").protocol
    'paper'
    """

    system: str = Field(pattern=r"\S")
    target: str
    metric: str = Field(pattern=r"\S")
    value: float
    split: str = "all"
    protocol: Literal["honest", "paper"] = "paper"
    source: str
    note: str = ""
    aggregate: Literal["pooled", "mean"] | None = None

    @field_validator("metric")
    @classmethod
    def _no_slip(cls, value: str) -> str:
        if value not in METRICS and (close := nearest(value, METRICS, cutoff=0.8)):
            raise ValueError(f"unknown metric {value!r}{close}; one that the suite does not have is named in words")
        return value

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.metric not in METRICS:
            return self
        low, high = METRICS[self.metric].bounds
        if not low <= self.value <= high:
            percent = "; per cent are divided by 100" if 1 < abs(self.value) <= 100 and high == 1 else ""
            raise ValueError(f"{self.metric} lies within {low:g} and {high:g}, not at {self.value:g}{percent}")
        return self


class ComparisonOptions(Section):
    """The ``[comparison]`` section: how systems are compared.

    Attributes
    ----------
    margin
        The difference that matters, in the unit of the score that is compared; 0 = none is too small to matter. By
        default .02 of a score such as CCC or UAR; of rmse and mae .02 of the labels' deviation, of mse .02 of their
        variance.

    Examples
    --------
    >>> ComparisonOptions(margin=0.05).margin
    0.05
    """

    margin: float | None = Field(default=None, ge=0, allow_inf_nan=False)


class CombinedOptions(Section):
    """The ``[combined]`` section: a class and an attribute scored together, ``label score - weight * value error``.

    The study then picks and compares by this score, a row ``combined`` of the results.

    Attributes
    ----------
    label, value
        Names of a class target and of a regressed one judged by an error (``mse``, ``rmse``, ``mae``); their metrics
        are the terms of the score. MER 2023's is ``f1_weighted`` - 0.25 * ``mse``.
    weight
        Of the error.

    Examples
    --------
    >>> CombinedOptions(label="emotion", value="valence").weight
    0.25
    """

    label: str
    value: str
    weight: float = Field(default=0.25, gt=0)


class PaperProtocol(Section):
    """How the paper did it, where that differs: sections that replace the study's own for the protocol ``paper``.

    Attributes
    ----------
    note
        What is different, in words; printed under the leaderboard.
    resubstitution
        Fusions are fitted, tuned and scored on the same clips, as the paper did.
    split, systems
        As in the study itself; keys of ``systems`` that are not named keep the study's values.

    Examples
    --------
    >>> PaperProtocol(note="test clips chose the delay", systems={"delay": [2.4]}).resubstitution
    False
    """

    note: str
    resubstitution: bool = False
    split: SplitOptions | None = None
    systems: dict[str, Any] = {}


class Protocols(Section):
    """The ``[protocols]`` section.

    Attributes
    ----------
    paper
        What replaces the study's own sections under the protocol ``paper``; without it only ``honest`` can be run.

    Examples
    --------
    >>> Protocols().paper is None
    True
    """

    paper: PaperProtocol | None = None
