"""A study under one protocol: its options there, its corpus, its systems and its analyses."""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from avbaselines.corpora.corpus import Corpus, Split
from avbaselines.experiment.planning.system import System
from avbaselines.study import Study

Protocol = Literal["honest", "paper"]
HONEST: Protocol = "honest"


@dataclass(frozen=True)
class People:
    """Speaker and content of each clip.

    Attributes
    ----------
    speakers : ndarray of str, shape (n_clips,)
    content : ndarray of str, shape (n_clips,), or None
        No content is on both sides of a probe.
    content_label : str
        Name of the contents, shown to readers; empty where there are none.

    Examples
    --------
    >>> People(np.array(["s1", "s2"])).content is None
    True
    """

    speakers: np.ndarray
    content: np.ndarray | None = None
    content_label: str = ""


@dataclass(frozen=True)
class ProtocolRun:
    """A study as one protocol has it.

    Attributes
    ----------
    protocol : {"honest", "paper"}
    study : Study
        With the sections that the protocol replaces.
    corpus : Corpus
    systems : list of System
        Each after its inputs.
    resubstitution : bool
        Fusions are fitted and scored on the same clips, as a paper did.
    people : People or None
        Where identity is to be measured.
    analyses : tuple of str
        Names of the analyses to do under this protocol.
    """

    protocol: Protocol
    study: Study
    corpus: Corpus
    systems: list[System]
    resubstitution: bool = False
    people: People | None = None
    analyses: tuple[str, ...] = ()


def resubstituted(corpus: Corpus) -> Corpus:
    """The corpus with every evaluated clip on both sides, as a paper had it that scored its fit on what it fitted.

    Examples
    --------
    >>> from avbaselines.corpora.corpus import Target
    >>> ids, nobody = np.array(["c0", "c1", "c2"]), np.array([], dtype=int)
    >>> splits = [Split("test", np.array([0, 1]), nobody, np.array([2]))]
    >>> target, y = Target("arousal", "ccc"), {"arousal": np.zeros(3)}
    >>> corpus = Corpus(ids=ids, groups=ids, targets=[target], y=y, modalities={}, splits=splits, once=True)
    >>> resubstituted(corpus).splits[0].fit.tolist(), resubstituted(corpus).splits[0].test.tolist()
    ([2], [2])
    """
    rows = np.unique(np.concatenate([split.test for split in corpus.splits]))
    nobody = np.array([], dtype=int)
    return replace(corpus, splits=[Split("resubstitution", rows, nobody, rows)], once=True)
