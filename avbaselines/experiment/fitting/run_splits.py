"""Splits in which the systems of a run are fitted, the shipped one included, and the stages that they allow."""

from dataclasses import replace

import numpy as np

from avbaselines.corpora.corpus import Corpus, Split
from avbaselines.experiment.fitting.fitted_run import stack_depths
from avbaselines.experiment.planning.reserved_names import FINAL
from avbaselines.experiment.protocol_run import ProtocolRun

__all__ = ["all_splits", "shipping_split", "without_lonely_stages"]


def shipping_split(corpus: Corpus) -> Split:
    """The split whose models are shipped: the only one, or one that learns from every training clip.

    Examples
    --------
    >>> from avbaselines.corpora.corpus import Target
    >>> ids, nobody = np.array(["a", "b", "c", "d"]), np.array([], int)
    >>> splits = [Split(name, np.array([0, n]), nobody, np.array([3 - n])) for name, n in (("x", 1), ("y", 2))]
    >>> corpus = Corpus(ids, ids, [Target("arousal", "ccc")], {"arousal": np.arange(4.0)}, splits=splits, once=True)

    >>> shipping_split(corpus).fit.tolist()
    [0, 1, 2]
    """
    if len(corpus.splits) == 1:
        return corpus.splits[0]
    rows = np.unique(np.concatenate([split.fit for split in corpus.splits]))
    nobody = np.array([], dtype=int)
    return Split(FINAL, rows, nobody, nobody)


def all_splits(corpus: Corpus) -> list[Split]:
    """Splits in which every system is fitted: those of the study, and the one whose models are shipped.

    Examples
    --------
    >>> from avbaselines.corpora.corpus import Target
    >>> ids, nobody = np.array(["a", "b", "c", "d"]), np.array([], int)
    >>> splits = [Split(name, np.array([0, n]), nobody, np.array([3 - n])) for name, n in (("x", 1), ("y", 2))]
    >>> corpus = Corpus(ids, ids, [Target("arousal", "ccc")], {"arousal": np.arange(4.0)}, splits=splits, once=True)

    >>> [split.name for split in all_splits(corpus)]
    ['x', 'y', 'final']
    """
    shipped = shipping_split(corpus)
    return corpus.splits if shipped in corpus.splits else [*corpus.splits, shipped]


def without_lonely_stages(run: ProtocolRun) -> ProtocolRun:
    """The run without stages that learn from what fusions learnt, where a training part has one or two groups.

    Such a stage is fitted without each inner fold, which takes three groups; nothing that a study says would help.
    The corpus' notes tell of it.

    Examples
    --------
    >>> from avbaselines.corpora.corpus import Target
    >>> ids, nobody = np.array(["a", "b", "c", "d"]), np.array([], int)
    >>> splits = [Split(name, np.array([0, n]), nobody, np.array([3 - n])) for name, n in (("x", 1), ("y", 2))]
    >>> corpus = Corpus(ids, ids, [Target("arousal", "ccc")], {"arousal": np.arange(4.0)}, splits=splits, once=True)

    >>> from avbaselines.experiment.planning.system import BaseSystem
    >>> run = ProtocolRun("honest", None, corpus, [BaseSystem(name="ridge-audio", learner="ridge")])
    >>> without_lonely_stages(run) is run
    True
    """
    depths = stack_depths(run.systems)
    deep = [system for system in run.systems if depths[system.name] > 1]
    groups = run.corpus.groups
    lonely = [split.name for split in all_splits(run.corpus) if len(np.unique(groups[split.fit])) <= 2]
    if not deep or not lonely or run.resubstitution:
        return run
    left = [system for system in run.systems if depths[system.name] < 2]
    names = ", ".join(system.name for system in deep)
    note = f"without {names}: learning from what fusions learnt takes 3 training groups, split {lonely[0]} has fewer"
    return replace(run, systems=left, corpus=replace(run.corpus, notes=[*run.corpus.notes, note]))
