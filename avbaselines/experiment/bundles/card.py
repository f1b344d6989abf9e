"""The card of a shipped system, for programs: all that predicting needs, where it comes from and how it scores."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import ConfigDict

from avbaselines.corpora.corpus import Target
from avbaselines.errors import InputError
from avbaselines.estimators.tuned.matching import Matching
from avbaselines.schema import Section, validate
from avbaselines.version import __version__

__all__ = ["Card", "CardInput", "CardModality", "CardTarget", "Index", "Made", "read_card", "read_index", "sign"]

CARD_FILE, INDEX_FILE = "card.json", "index.json"
SIGNATURE = "card_sha256"


class CardTarget(Section):
    """A target that the system predicts; attributes as of `Target`.

    Examples
    --------
    >>> CardTarget(name="mood", metric="uar", classes=("glad", "sad"), range=None).target.width
    2
    """

    name: str
    metric: str
    classes: tuple[str, ...]
    range: tuple[float, float] | None

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
    width: int | None = None
    id: str = "clip_id"
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

    columns: list[str]
    dropped: list[str]
    often_missing: bool
    made: Made


class CardInput(Section):
    """An input of a fusion: a system shipped beside it, with the digest of its model file, or somebody's predictions.

    Examples
    --------
    >>> CardInput(system="wav2vec-matched", predictions="wav2vec").sha256 is None
    True
    """

    system: str
    predictions: str | None = None
    sha256: str | None = None


class CardSettings(Section):
    """Options of a fusion that differ from their defaults, see `Stage`.

    Examples
    --------
    >>> CardSettings(context=[0, 10]).reads_surroundings
    True
    """

    targets: Literal["own", "all"] = "own"
    context: list[int] = [0]
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

    clips: int
    groups: int


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


class Card(Section):
    """Content of ``card.json``.

    Attributes
    ----------
    avbaselines, libraries
        Versions that made it.
    system, raw_name
        Its name on the leaderboard, and that of its unmatched twin.
    learner, task, method
        Of a base system learner and task mode, of a fusion its method; else empty.
    modalities
        Of a base system.
    inputs, settings, selected, recording_share
        Of a fusion: what it fuses and how, by target the inputs chosen, and the share of the recording's mean.
    transductive
    targets
    matching
        By target, factor and offset: a raw prediction p becomes offset + factor * p.
    bounds
        By regressed target, what its predictions are kept within.
    fallback
        By target, what stands in for clips without any input.
    sha256
        Of the model file.
    study, paper, corpus, protocol, seed, split, learnt_from, scores, notes
        Where it comes from, and how it scores.
    handed_over
        It is the system that the run hands over.

    Examples
    --------
    >>> arousal = CardTarget(name="arousal", metric="ccc", classes=(), range=(1, 5))
    >>> card = Card(system="ridge-audio", targets=[arousal], matching={"arousal": (2.0, 1.0)}, sha256="")
    >>> card.matchings["arousal"].factor
    2.0
    """

    avbaselines: str = __version__
    libraries: dict[str, str] = {}
    system: str
    raw_name: str | None = None
    learner: str = ""
    task: str = ""
    method: str = ""
    modalities: dict[str, CardModality] = {}
    inputs: list[CardInput] = []
    settings: CardSettings = CardSettings()
    selected: dict[str, list[str]] = {}
    recording_share: dict[str, float] = {}
    transductive: bool = False
    targets: list[CardTarget]
    matching: dict[str, tuple[float, float]] = {}
    bounds: dict[str, tuple[float, float]] = {}
    fallback: dict[str, list[float]] = {}
    sha256: str
    study: str = ""
    paper: str | None = None
    corpus: str = ""
    protocol: str = ""
    seed: int = 0
    split: str = ""
    learnt_from: Extent = Extent(clips=0, groups=0)
    scores: list[CardScore] = []
    notes: list[str] = []
    handed_over: bool = False

    @property
    def matchings(self) -> dict[str, Matching]:
        """The constants of matching by target."""
        return {name: Matching(factor, offset) for name, (factor, offset) in self.matching.items()}

    @property
    def content(self) -> dict[str, Any]:
        """What is written down; keys of a modality, an input or of settings that say nothing are left out."""
        content = self.model_dump(mode="json")
        content["inputs"] = [part.model_dump(mode="json", exclude_none=True) for part in self.inputs]
        content["settings"] = self.settings.model_dump(mode="json", exclude_unset=True)
        for name, modality in self.modalities.items():
            content["modalities"][name]["made"] = modality.made.model_dump(mode="json", exclude_unset=True)
        return content


class Index(Section):
    """Content of ``index.json``: the system that a run hands over, if any, and why.

    Examples
    --------
    >>> Index(system=None, reason="no system without failures").system is None
    True
    """

    system: str | None = None
    reason: str = ""


def sign(content: Mapping[str, Any]) -> str:
    """sha256 of what a card says, the signature itself left out.

    Examples
    --------
    >>> sign({"seed": 1}) == sign({"seed": 1, "card_sha256": "0"}), len(sign({}))
    (True, 64)
    """
    said = {key: value for key, value in content.items() if key != SIGNATURE}
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def read_card(folder: Path) -> Card:
    """The card in the folder of a shipped system.

    Raises
    ------
    InputError
        Missing, no card, made by another version, changed after the run, or with a key that is wrong.

    Examples
    --------
    >>> read_card(Path("nowhere"))  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    avbaselines.errors.InputError: nowhere/card.json: cannot be read ...
    """
    path = folder / CARD_FILE
    content = _read_json(path)
    made_by = str(content.get("avbaselines"))
    if made_by.split(".")[:2] != __version__.split(".")[:2]:
        raise InputError(
            f"{folder}: made by avbaselines {made_by}, this is {__version__}; install that version "
            "(pip install avbaselines==...) or run the study again"
        )
    if content.pop(SIGNATURE, None) != sign(content):
        raise InputError(f"{path}: was changed after the run; copy the folder afresh or run the study again")
    return validate(Card, content, path)


def read_index(models: Path) -> Index:
    """The index of the shipped systems of a run.

    Raises
    ------
    InputError
        Missing, no index, or with a key that is wrong.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as models:
    ...     _ = Path(models, INDEX_FILE).write_text('{"system": "late-mean", "reason": "named by the study"}')
    ...     read_index(Path(models)).system
    'late-mean'
    """
    return validate(Index, _read_json(models / INDEX_FILE), models / INDEX_FILE)


def _read_json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read ({error}); run the study again") from None
    if not isinstance(content, dict):
        raise InputError(f"{path}: is no card of a model; run the study again")
    return content
