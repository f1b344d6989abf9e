"""What was said as numbers: counts of letter groups, a bag of words that needs neither a vocabulary nor a language."""

import numpy as np
from sklearn.feature_extraction.text import HashingVectorizer

__all__ = ["letter_counts"]

LETTERS = (2, 5)
"""Shortest and longest group of letters, within words."""


def letter_counts(texts, width):
    """Counts of groups of two to five letters within words, hashed to columns and scaled to length 1.

    Nothing is learnt from the texts, so a clip's row depends on nobody else's words. Two groups of letters may share a
    column; their signs keep that from adding up (Weinberger et al. 2009, Feature Hashing for Large Scale Multitask
    Learning, ICML).

    Parameters
    ----------
    texts : sequence of str or None
    width : int
        Number of columns.

    Returns
    -------
    X : ndarray of float32, shape (n, width)
        NaN rows for clips in which nothing is said.
    columns : list of str
    """
    words = ["" if text is None or text != text else str(text).strip() for text in texts]
    counter = HashingVectorizer(n_features=width, analyzer="char_wb", ngram_range=LETTERS, dtype=np.float32)
    X = counter.transform(words).toarray()
    X[[not text for text in words]] = np.nan
    return X, [f"letters_{number}" for number in range(width)]
