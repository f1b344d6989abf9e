"""Counts of letter groups in what was said: a bag of words that needs neither a vocabulary nor a language."""

from collections.abc import Iterable

import numpy as np

__all__ = ["letter_counts"]

LETTERS = (2, 5)
"""Shortest and longest group of letters, within words."""


def letter_counts(texts: Iterable[str | None], width: int) -> tuple[np.ndarray, list[str]]:
    """Counts of groups of two to five letters within words, hashed to columns and scaled to length 1.

    Nothing is learnt from the texts, so a clip's row depends on nobody else's words. Two groups of letters may share a
    column; their signs keep that from adding up (Weinberger et al. 2009, Feature Hashing for Large Scale Multitask
    Learning, ICML).

    Parameters
    ----------
    texts
        One a clip; None, NaN or empty where nothing is said.
    width
        Number of columns.

    Returns
    -------
    X : float32, shape (n, width)
        NaN rows for clips in which nothing is said.

    Examples
    --------
    >>> X, columns = letter_counts(["so good", None], width=8)
    >>> X.shape, columns[0], bool(np.isnan(X[1]).all())
    ((2, 8), 'letters_0', True)
    >>> round(float((X[0] ** 2).sum()), 6)
    1.0
    """
    from sklearn.feature_extraction.text import HashingVectorizer  # a study is read without it

    words = ["" if text is None or text != text else str(text).strip() for text in texts]
    counter = HashingVectorizer(n_features=width, analyzer="char_wb", ngram_range=LETTERS, dtype=np.float32)
    X = counter.transform(words).toarray()
    X[[not text for text in words]] = np.nan
    return X, [f"letters_{number}" for number in range(width)]
