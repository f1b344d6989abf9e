"""A corpus of twelve clips of four people in two splits, and rows of predictions that are so far off the truth."""

import numpy as np

from avbaselines.corpora.corpus import Corpus, Split, Target
from avbaselines.experiment.planning.system import BaseSystem
from avbaselines.experiment.scoring.scoreboard import Scored

N = 12
GROUPS = np.repeat(["s1", "s2", "s3", "s4"], 3)
TRUTH = np.array([0.0, 1, 2, 1, 2, 4, 0, 2, 3, 1, 3, 5])
MOOD = np.arange(N) % 2.0
NOBODY = np.array([], dtype=int)
SPLITS = [
    Split("0", train=np.arange(6, 12), dev=NOBODY, test=np.arange(6)),
    Split("1", train=np.arange(6), dev=NOBODY, test=np.arange(6, 12)),
]


def corpus(*targets, **options):
    """Targets called mood are classes, all others are the truth above."""
    y = {target.name: MOOD if target.classes else TRUTH for target in targets}
    ids = np.array([f"c{number}" for number in range(N)])
    return Corpus(ids, GROUPS, list(targets), y, SPLITS, **{"once": True} | options)


def predicted(target, error):
    """Predictions of all clips: the truth and an error that changes its sign; or posteriors, the first wrong ones."""
    if target.classes:
        wrong = np.arange(N) < error
        return np.eye(2)[np.where(wrong, 1 - MOOD, MOOD).astype(int)]
    return (TRUTH + error * np.where(np.arange(N) % 3 == 0, -1, 1))[:, None]


def scored(name, board_corpus, error, *, system=None, **others):
    """A row whose predictions are off by an error, evaluated ones and out-of-fold ones alike."""
    system = system or BaseSystem(name=name, learner="ridge", modalities=("audio",))
    whole = {target.name: predicted(target, error) for target in board_corpus.targets}
    test = {split.name: {key: value[split.test] for key, value in whole.items()} for split in SPLITS}
    oof = {split.name: {key: value[split.fit] for key, value in whole.items()} for split in SPLITS}
    return Scored(system.rows[0], system, test, oof, **others)


AROUSAL, VALENCE = Target("arousal", "ccc"), Target("valence", "mse")
EMOTION = Target("mood", "accuracy", ("glad", "sad"))
