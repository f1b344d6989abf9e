"""Sections of a card: targets, modalities and how they were made, inputs, settings of a fusion, scores."""

from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from avbaselines.corpora.corpus import Target
from avbaselines.evaluation.metrics import METRICS
from avbaselines.schema import Name, Section

__all__ = ["CardInput", "CardModality", "CardScore", "CardSettings", "CardTarget", "Extent", "Made"]

MOST = 2**20
"""Columns, classes or frames that a card may name."""


class CardTarget(Section):
    """A target that the system predicts; attributes as of `Target`.

    Examples
    --------
    >>> CardTarget(name="mood", metric="uar", classes=("glad", "sad"), range=None).target.width
    2
    """

    name: Name
    metric: str
    classes: tuple[str, ...] = Field(max_length=MOST)
    range: tuple[float, float] | None

    @model_validator(mode="after")
    def _classes_of_a_class_metric(self) -> Self:
        if self.metric not in METRICS:
            raise ValueError(f"unknown metric {self.metric!r}")
        if (METRICS[self.metric].kind == "classes") != bool(self.classes) or len(set(self.classes)) < len(self.classes):
            raise ValueError(f"target {self.name!r}: classes go with a class metric, each once")
        return self

    @property
    def target(self) -> Target:
        """As predictions are read and written."""
        return Target(self.name, self.metric, self.classes, self.range)


class Made(Section):
    """How the features of a modality were made, see `ModalityInfo`; beside these keys whatever the extractor says.

    Examples
    --------
    >>> Made(path="face.csv").recipe is None
    True
    """

    model_config = ConfigDict(extra="allow", frozen=True)

    path: str | None = None
    text: str | None = None
    width: int | None = Field(default=None, ge=1, le=MOST)
    id: str = "clip_id"
    array: str | None = None
    functionals: tuple[str, ...] = ()
    padding: Literal["front", "end"] | None = None
    recipe: str | None = None
    extractor: str | None = None
    version: str | None = None
    options: dict[str, Any] = {}
    offsets: dict[str, float] = {}
    title: str = ""
    scale: Any = None


class CardModality(Section):
    """A modality that a base system reads.

    Attributes
    ----------
    columns
        In the order in which the system was fitted.
    dropped
        Columns of the source that were empty in the corpus.
    often_missing
        So many training clips lacked it that the system has learnt to do without it.
    made

    Examples
    --------
    >>> CardModality(columns=["AU01"], dropped=[], often_missing=False, made=Made(path="face.csv")).made.path
    'face.csv'
    """

    columns: list[str] = Field(min_length=1, max_length=MOST)
    dropped: list[str] = Field(max_length=MOST)
    often_missing: bool
    made: Made


class CardInput(Section):
    """An input of a fusion: a system shipped beside it, with the digest of its model file, or somebody's predictions.

    Examples
    --------
    >>> CardInput(system="wav2vec-matched", predictions="wav2vec").sha256 is None
    True
    """

    system: Name
    predictions: str | None = None
    sha256: str | None = None

    @model_validator(mode="after")
    def _shipped_or_given(self) -> Self:
        if (self.predictions is None) == (self.sha256 is None):
            raise ValueError(f"input {self.system!r}: either a shipped system or somebody's predictions")
        return self


class CardSettings(Section):
    """Options of a fusion that differ from their defaults, see `Stage`.

    Examples
    --------
    >>> CardSettings(context=[0, 10]).reads_surroundings
    True
    """

    targets: Literal["own", "all"] = "own"
    context: list[Annotated[int, Field(ge=0, le=MOST)]] = [0]
    layout: Literal["centred", "avec"] = "centred"
    recording_means: bool = False
    onset: list[float] = []
    penalties: list[float] | None = None
    best: int | None = None
    recording_share: list[float] = []
    missing: str | None = None

    @property
    def reads_surroundings(self) -> bool:
        """Whether the frames around a frame, or the time within its recording, have a say."""
        return bool({"context", "layout", "recording_means", "onset"} & self.model_fields_set)


class Extent(Section):
    """Number of clips and groups that the shipped fit learnt from.

    Examples
    --------
    >>> Extent(clips=120, groups=10).groups
    10
    """

    clips: int = Field(ge=0)
    groups: int = Field(ge=0)


class CardScore(Section):
    """A row of results.csv about the system, over all splits.

    Examples
    --------
    >>> row = {"ci_low": None, "ci_high": None, "n_clips": 9, "n_groups": 3, "note": None}
    >>> CardScore(target="arousal", metric="ccc", value=0.4, **row).value
    0.4
    """

    target: str
    metric: str
    value: float | None
    ci_low: float | None
    ci_high: float | None
    n_clips: float | None
    n_groups: float | None
    note: str | None
