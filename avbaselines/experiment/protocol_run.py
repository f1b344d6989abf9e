"""A study under one protocol: its options there, its corpus and its systems."""

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
    """Who speaks in each clip, and what is said.

    Attributes
    ----------
    speakers : ndarray of str, shape (n_clips,)
    content : ndarray of str, shape (n_clips,), or None
        No content is on both sides of a probe.
    what : str
        What the contents are, for people to read.
    """

    speakers: np.ndarray
    content: np.ndarray | None = None
    what: str = ""


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
    """

    protocol: Protocol
    study: Study
    corpus: Corpus
    systems: list[System]
    resubstitution: bool = False
    people: People | None = None


def resubstituted(corpus: Corpus) -> Corpus:
    """The corpus with every evaluated clip on both runs, as a paper had it that scored its fit on what it fitted."""
    rows = np.unique(np.concatenate([split.test for split in corpus.splits]))
    nobody = np.array([], dtype=int)
    return replace(corpus, splits=[Split("resubstitution", rows, nobody, rows)], once=True)
