"""Patterns of missing inputs of a late fusion: sets of systems that are there together."""

from collections.abc import Collection, Sequence
from itertools import combinations

import numpy as np

from avbaselines.errors import InputError

__all__ = ["availability", "input_patterns", "masked", "without_partial"]

MOST_SOURCES = 4  # whose subsets are all learnt; of more, those that lack one and those that have one


def without_partial(X: np.ndarray, columns: list[np.ndarray], whole: np.ndarray) -> np.ndarray:
    """Leave out systems that read a modality which the clip lacks, wherever a system is there that lacks nothing.

    Parameters
    ----------
    X : ndarray of shape (n, d)
    columns : list of ndarray of int
        Columns of each system.
    whole : ndarray of bool, shape (n, M)
        Whether a clip has all modalities that the system reads.

    Returns
    -------
    ndarray of shape (n, d)
        With NaN in place of the predictions left out.

    Examples
    --------
    >>> X = np.array([[1.0, 2.0], [3.0, 4.0]])
    >>> whole = np.array([[True, False], [False, False]])
    >>> without_partial(X, [np.array([0]), np.array([1])], whole).tolist()
    [[1.0, nan], [3.0, 4.0]]
    """
    X = X.copy()
    there = np.column_stack([~np.isnan(X[:, part]).any(axis=1) for part in columns])
    spare = (there & whole).any(axis=1)
    for part, has in zip(columns, whole.T, strict=True):
        X[np.ix_(spare & ~has, part)] = np.nan
    return X


def availability(P: np.ndarray) -> np.ndarray:
    """Which systems (n, M) have a prediction among inputs (n, M, D).

    Examples
    --------
    >>> availability(np.array([[[1.0], [np.nan]]])).tolist()
    [[True, False]]
    """
    return ~np.isnan(P[:, :, 0])


def masked(P: np.ndarray, pattern: np.ndarray | None) -> np.ndarray:
    """Inputs (n, M, D) with NaN for the systems that are not in a pattern (M,); None leaves all.

    Examples
    --------
    >>> masked(np.array([[[1.0], [2.0]]]), np.array([True, False])).tolist()
    [[[1.0], [nan]]]
    """
    return P if pattern is None else np.where(pattern[None, :, None], P, np.nan)


def input_patterns(available: np.ndarray, reads: Sequence[Collection[int]] | None) -> np.ndarray:
    """Sets of systems (K, M) that are there together, everything first.

    Sources that go missing together are named by `reads`; without it each system is a source of its own, and what the
    training clips lack adds patterns.

    Examples
    --------
    >>> input_patterns(np.array([[True, True], [True, False]]), None).tolist()
    [[True, True], [True, False], [False, True]]
    """
    n_systems = available.shape[1]
    read = [{m} for m in range(n_systems)] if reads is None else [set(part) for part in reads]
    if len(read) != n_systems:
        raise InputError(f"reads: one entry a system is needed, {n_systems} in all, got {len(read)}")
    sources = sorted(set[int]().union(*read))
    n = len(sources)
    sizes = range(1, n + 1) if n <= MOST_SOURCES else (1, n - 1, n)
    left = [set(part) for size in sizes for part in combinations(sources, size)]
    found = [[bool(part) and part <= kept or not part for part in read] for kept in left]
    seen, counts = np.unique(available, axis=0, return_counts=True)
    found += [list(row) for row in seen[np.argsort(-counts, kind="stable")][:8]]
    patterns = np.array([[True] * n_systems, *found], dtype=bool)
    _, first = np.unique(patterns, axis=0, return_index=True)
    patterns = patterns[np.sort(first)]
    return patterns[patterns.any(axis=1)]
