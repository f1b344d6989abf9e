"""Representations of clips with and without their speakers, and everything measured of one in one split."""

import json
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

import numpy as np

from avbaselines.experiment.analyses.speaker_identity.probes import ProbeKind, SpeakerShares
from avbaselines.experiment.analyses.speaker_identity.verification import PairHistograms
from avbaselines.experiment.fitting.store import Fitted, Store

__all__ = ["RAW", "SIDES", "Measured", "ProbeId", "Representation", "Side"]

RAW = "raw"
Side = Literal["seen", "unseen"]
"""Speakers that an erasure was fitted on, or those of the evaluated clips."""

SIDES: tuple[Side, ...] = ("seen", "unseen")


@dataclass(frozen=True)
class Representation:
    """Features of some modalities, as they are or with their speakers erased.

    Attributes
    ----------
    modalities : tuple of str
    erasure : str
        `RAW` where nothing is erased, else a name of `ERASERS`.

    Examples
    --------
    >>> Representation(("audio", "face"), "leace").label, Representation(("audio",)).label
    ('audio+face+leace', 'audio')
    """

    modalities: tuple[str, ...]
    erasure: str = RAW

    @property
    def is_raw(self) -> bool:
        """Whether nothing is erased."""
        return self.erasure == RAW

    @property
    def raw(self) -> "Representation":
        """The same modalities as they are."""
        return Representation(self.modalities)

    @property
    def label(self) -> str:
        """Shown in tables."""
        return "+".join(self.modalities if self.is_raw else (*self.modalities, self.erasure))


@dataclass(frozen=True)
class ProbeId:
    """One probe of a representation: of which speakers, by which classifier, at which strength of the erasure.

    Examples
    --------
    >>> ProbeId("seen", "linear", 0.5) == ProbeId("seen", "linear", 0.5)
    True
    """

    speakers: Side
    kind: ProbeKind
    strength: float


@dataclass
class Measured:
    """All that was measured of one representation in one split.

    Attributes
    ----------
    key : str
        Of its finished work in the store.
    strength : float
        The largest strength within the agreed loss of out-of-fold score on training speakers, 0 to 1.
    chosen : list of dict
        Parameters that the learner chose without erasure, a dict a target.
    probes : dict of ProbeId to SpeakerShares
    seconds : float
    failed : str
        Reason, where it could not be measured.

    Examples
    --------
    >>> Measured("c0ffee", failed="ValueError: no such direction").strengths
    set()
    """

    key: str
    strength: float = 0.0
    chosen: list[dict[str, Any]] = field(default_factory=list)
    probes: dict[ProbeId, SpeakerShares] = field(default_factory=dict)
    seconds: float = 0.0
    failed: str = ""

    def part(self, speakers: Side, kind: ProbeKind, strength: float) -> SpeakerShares:
        """One probe's result."""
        return self.probes[ProbeId(speakers, kind, strength)]

    @property
    def strengths(self) -> set[float]:
        """Strengths at which it was probed."""
        return {probe.strength for probe in self.probes}

    def save(self, store: Store) -> None:
        """Write it, which marks its work as done."""
        content = {"strength": self.strength, "chosen": self.chosen, "seconds": self.seconds}
        probes = [asdict(probe) | plain(shares) for probe, shares in self.probes.items()]
        save_json(store, self.key, content | {"probes": probes})

    @classmethod
    def load(cls, store: Store, key: str) -> "Measured":
        """Read what `save` wrote."""
        content = load_json(store, key)
        probes = {
            ProbeId(probe["speakers"], probe["kind"], probe["strength"]): from_plain(probe)
            for probe in content["probes"]
        }
        return cls(key, content["strength"], content["chosen"], probes, content["seconds"])

    @classmethod
    def is_done(cls, store: Store, key: str) -> bool:
        """Whether everything that was measured is stored, and whole."""
        if not has_json(store, key):
            return False
        parts = [f"{key}-{strength:g}" for strength in cls.load(store, key).strengths]
        return all([store.has(part) for part in (*parts, f"{key}-pairs")])

    def save_predictions(self, store: Store, strength: float, fitted: Fitted) -> None:
        """Write predictions of the targets from the representation at a strength."""
        store.save(f"{self.key}-{strength:g}", fitted)

    def predictions(self, store: Store, strength: float) -> Fitted:
        """Read what `save_predictions` wrote."""
        return store.load(f"{self.key}-{strength:g}")

    def save_pairs(self, store: Store, pairs: PairHistograms) -> None:
        """Write the compared pairs of unseen speakers at the tuned strength."""
        store.put_arrays(f"{self.key}-pairs", pairs.arrays)

    def pairs(self, store: Store) -> PairHistograms:
        """Read what `save_pairs` wrote."""
        return PairHistograms.of(store.get_arrays(f"{self.key}-pairs"))


def plain(shares: SpeakerShares) -> dict[str, Any]:
    """Shares as values that JSON holds.

    Examples
    --------
    >>> plain(SpeakerShares(np.array(["a"]), np.array([0.5]), 4))
    {'names': ['a'], 'shares': [0.5], 'n_clips': 4}
    """
    return {"names": shares.names.tolist(), "shares": shares.shares.tolist(), "n_clips": shares.n_clips}


def from_plain(content: dict[str, Any]) -> SpeakerShares:
    """Shares from the values that `plain` made of them.

    Examples
    --------
    >>> from_plain({"names": ["a"], "shares": [0.5], "n_clips": 4}).n_clips
    4
    """
    return SpeakerShares(np.array(content["names"]), np.array(content["shares"], float), content["n_clips"])


def has_json(store: Store, key: str) -> bool:
    """Whether values were written under a key.

    Examples
    --------
    >>> from pathlib import Path
    >>> has_json(Store(Path("nowhere")), "c0ffee")
    False
    """
    return store.has(key, ".json")


def save_json(store: Store, key: str, content: Any) -> None:
    """Write plain values under a key, whole or not at all.

    Examples
    --------
    >>> import tempfile
    >>> store = Store(tempfile.mkdtemp())
    >>> save_json(store, "c0ffee", {"n_clips": 4})
    >>> load_json(store, "c0ffee")
    {'n_clips': 4}
    """
    store.put(key, json.dumps(content).encode(), ".json")


def load_json(store: Store, key: str) -> Any:
    """Read back what `save_json` wrote; see there for an example."""
    return json.loads(store.get(key, ".json"))
