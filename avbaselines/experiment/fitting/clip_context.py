"""Context of clips that predictions read beside features: groups, recordings, time, and which modalities are there."""

from collections.abc import Collection
from dataclasses import dataclass, field, replace

import numpy as np

__all__ = ["ClipContext", "Frames", "surroundings"]


@dataclass(frozen=True)
class Frames:
    """Where clips lie in time, for corpora that are continuous in time.

    Attributes
    ----------
    recordings : ndarray of shape (n,)
    times : ndarray of float, shape (n,), or None
        Seconds.

    Examples
    --------
    >>> Frames(np.array([0, 0]), np.array([0.0, 0.5])).times.tolist()
    [0.0, 0.5]
    """

    recordings: np.ndarray
    times: np.ndarray | None = None


@dataclass(frozen=True)
class ClipContext:
    """What is known of n clips beside features and predictions.

    Attributes
    ----------
    groups : ndarray of shape (n,), or None
        Speakers; needed by transductive systems.
    frames : Frames or None
        Needed by models of whole recordings.
    present : dict of str to ndarray of bool, shape (n,)
        By modality, which clips have it; needed by fusions that treat clips which lack modalities apart.

    Examples
    --------
    >>> clips = ClipContext(present={"audio": np.array([True, False])})
    >>> clips.without(["audio"]).present["audio"].tolist()
    [False, False]
    """

    groups: np.ndarray | None = None
    frames: Frames | None = None
    present: dict[str, np.ndarray] = field(default_factory=dict)

    def without(self, hidden: Collection[str]) -> "ClipContext":
        """The same clips with some modalities hidden."""
        return replace(
            self, present={name: has & (name not in hidden) for name, has in self.present.items()}
        )


def surroundings(frames: Frames | None) -> dict[str, np.ndarray | None]:
    """Keywords of models that need whole recordings; none for corpora that are not continuous in time.

    Examples
    --------
    >>> surroundings(None), list(surroundings(Frames(np.array([0, 1]))))
    ({}, ['recordings', 'times'])
    """
    return {} if frames is None else {"recordings": frames.recordings, "times": frames.times}
