"""The card of a shipped system, for programs: all that predicting needs, where it comes from and how it scores."""

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from pydantic import Field, model_validator

from avbaselines.errors import InputError
from avbaselines.estimators.tuned.matching import Matching
from avbaselines.experiment.bundles.card_parts import (
    CardInput,
    CardModality,
    CardScore,
    CardSettings,
    CardTarget,
    Extent,
    Made,
)
from avbaselines.experiment.bundles.plain_files import MOST_CARD, check_plain_file
from avbaselines.schema import Name, Section, nearest, validate
from avbaselines.version import __version__

__all__ = ["Card", "CardInput", "CardModality", "CardTarget", "Index", "Made", "read_card", "read_index", "sign"]

CARD_FILE, INDEX_FILE = "card.json", "index.json"
SIGNATURE = "card_sha256"


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
    system: Name
    raw_name: str | None = None
    learner: str = ""
    task: str = ""
    method: str = ""
    modalities: dict[str, CardModality] = {}
    inputs: list[CardInput] = Field(default=[], max_length=1000)
    settings: CardSettings = CardSettings()
    selected: dict[str, list[str]] = {}
    recording_share: dict[str, float] = {}
    transductive: bool = False
    targets: list[CardTarget] = Field(max_length=1000)
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

    @model_validator(mode="after")
    def _parts_agree(self) -> Self:
        """What is said by target is said of targets of this card, in their widths, and of inputs of this card."""
        widths = {part.name: part.target.width for part in self.targets}
        for key in ("matching", "bounds", "fallback", "selected", "recording_share"):
            for name in getattr(self, key):
                if name not in widths:
                    raise ValueError(f"{key}: no target {name!r}{nearest(name, widths)}")
        for name, values in self.fallback.items():
            if len(values) != widths[name]:
                raise ValueError(f"fallback.{name}: {len(values)} values for a target of {widths[name]}")
        for name, (low, high) in self.bounds.items():
            if not low <= high:
                raise ValueError(f"bounds.{name}: {low:g} is above {high:g}")
        inputs = [part.system for part in self.inputs]
        if len(set(inputs)) < len(inputs) or len(widths) < len(self.targets):
            raise ValueError("an input or a target stands there twice")
        for name, chosen in self.selected.items():
            if not set(chosen) <= set(inputs):
                raise ValueError(f"selected.{name}: an input that the card does not have")
        if not all(0 <= share <= 1 for share in self.recording_share.values()):
            raise ValueError("recording_share: shares lie within 0 and 1")
        return self

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

    system: Name | None = None
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
    if os.path.lexists(path):
        check_plain_file(path, MOST_CARD)
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except RecursionError:
        raise InputError(f"{path}: is nested too deeply; run the study again") from None
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read ({error}); run the study again") from None
    if not isinstance(content, dict):
        raise InputError(f"{path}: is no card of a model; run the study again")
    return content
