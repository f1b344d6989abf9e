"""The selection score of a system in a split of the corpus."""

from collections.abc import Mapping

import numpy as np

from avbaselines.corpora.corpus import Corpus, Split
from avbaselines.evaluation.selection_score import selection_score


def oof_score(corpus: Corpus, split: Split, oof: Mapping[str, np.ndarray]) -> float:
    """The score by which systems are picked, of predictions for the clips that a split learns from.

    Parameters
    ----------
    corpus
    split
    oof : dict of ndarray, shape (n_fit, width)
        Out-of-fold predictions by target, in the order of ``split.fit``, nothing missing.

    Returns
    -------
    float
        Higher is better, see `selection_score`.

    Examples
    --------
    >>> from avbaselines.corpora.corpus import Target
    >>> nobody = np.array([], dtype=int)
    >>> split = Split("0", train=np.array([0, 1]), dev=nobody, test=np.array([2]))
    >>> people, mood = np.array(["s1", "s2", "s3"]), Target("mood", "uar", ("glad", "sad"))
    >>> corpus = Corpus(people, people, [mood], {"mood": np.array([0.0, 1.0, 1.0])}, [split], once=True)
    >>> oof_score(corpus, split, {"mood": np.array([[0.9, 0.1], [0.8, 0.2]])})
    0.5
    """
    truth = {target.name: corpus.y[target.name][split.fit] for target in corpus.targets}
    codes = None if corpus.recordings is None else recording_codes(corpus.recordings)[split.fit]
    return selection_score(corpus.targets, truth, oof, codes, corpus.combined)


def recording_codes(recordings: np.ndarray) -> np.ndarray:
    """A number for each recording, one a clip.

    Examples
    --------
    >>> recording_codes(np.array(["b", "a", "b"])).tolist()
    [1, 0, 1]
    """
    return np.unique(recordings, return_inverse=True)[1]
