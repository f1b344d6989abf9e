"""What the labels themselves allow: scores of other raters' consensus against the consensus.

A label that is the consensus of R raters would be another one with R other raters. Two figures say how much that
matters. `as many`: what the consensus of as many other raters scores, which is how well people do. `endless`: what the
consensus of raters without end scores, which no system exceeds but by luck.

Votes for classes follow a Dirichlet-multinomial model: a clip's raters choose independently by its own shares, which
are Dirichlet-distributed about the mean shares of clips of its kind. Consensuses of other raters are drawn from the
posterior of the shares given the clip's votes; ties are broken at random. The answer of as many raters is the class
of the largest share that their votes let expect: their most frequent one, but for what clips of the kind usually get.

Ratings need no model: the covariance of two raters of one clip is that of their expectations, so a reliability, the
share of the consensus' variance that other raters would repeat, is read off moments, whatever the frames' correlation.
As many other raters have this concordance with the consensus, endless ones its root (at their best scale). Levels that
differ by rater count as disagreement.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import gammaln

DRAWS = 200
"""Consensuses drawn of each clip."""


@dataclass(frozen=True)
class Ceilings:
    """Rows of sums a clip, of as many other raters and of raters without end.

    Attributes
    ----------
    as_many, endless : shape (n, S)
        What a metric's sums would be on average.

    Examples
    --------
    >>> Ceilings(np.eye(4)[[0]], np.eye(4)[[0]]).as_many.shape
    (1, 4)
    """

    as_many: np.ndarray
    endless: np.ndarray


def vote_prior(counts: np.ndarray, kinds: np.ndarray | None = None) -> np.ndarray:
    """Dirichlet parameters of each clip's shares before its own votes, shape (n, K).

    Their proportions are the mean shares of the clips of its kind; their sum, one for all, is the most likely one.

    Parameters
    ----------
    counts : shape (n, K)
        Votes; clips without any teach nothing.
    kinds : int, shape (n,)
        Kinds of clips whose shares may differ, such as the emotion that was acted; by default all are of one.

    Examples
    --------
    >>> vote_prior(np.array([[9.0, 1.0], [1.0, 9.0]])).round(2).tolist()
    [[0.67, 0.67], [0.67, 0.67]]
    """
    from scipy.optimize import minimize_scalar  # of use to the few corpora with votes alone

    kinds = np.zeros(len(counts), int) if kinds is None else kinds
    totals = np.zeros((kinds.max() + 1, counts.shape[1]))
    np.add.at(totals, kinds, counts)
    totals = np.maximum(totals, 0.5)
    means = (totals / totals.sum(axis=1, keepdims=True))[kinds]
    n = counts.sum(axis=1)

    def unlikelihood(log_sum: float) -> float:
        total = np.exp(log_sum)
        shares = total * means
        return -float(np.sum(gammaln(counts + shares) - gammaln(shares)) - np.sum(gammaln(n + total) - gammaln(total)))

    return np.exp(minimize_scalar(unlikelihood, bounds=(-4, 8), method="bounded").x) * means


def vote_ceilings(counts: np.ndarray, prior: np.ndarray, draws: int = DRAWS, seed: int = 0) -> Ceilings:
    """Confusion cells (consensus major) of answers and consensuses of other raters, averaged over draws.

    Parameters
    ----------
    counts, prior : shape (n, K)
        Votes, and `vote_prior` of them; a clip has at least one vote.

    Examples
    --------
    All 50 raters agree, and so would others:

    >>> counts = np.array([[50.0, 0.0], [0.0, 50.0]])
    >>> vote_ceilings(counts, np.full((2, 2), 0.01)).as_many.round(2).tolist()
    [[1.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 1.0]]
    """
    rng, (n, n_classes) = np.random.default_rng(seed), counts.shape
    clips, raters, answer = np.arange(n), np.rint(counts.sum(axis=1)).astype(int), (counts + prior).argmax(axis=1)
    as_many, endless = np.zeros((2, n, n_classes**2))
    for _ in range(draws):
        shares = rng.gamma(counts + prior) + 1e-300
        shares /= shares.sum(axis=1, keepdims=True)
        votes = rng.multinomial(raters, shares)
        consensus = (votes + 0.5 * rng.random(votes.shape)).argmax(axis=1)  # ties fall at random
        as_many[clips, consensus * n_classes + answer] += 1
        endless[clips, consensus * n_classes + shares.argmax(axis=1)] += 1
    return Ceilings(as_many / draws, endless / draws)


def rating_moments(ratings: np.ndarray) -> np.ndarray:
    """Columns number, mean, squared mean, and mean product of two raters of each clip, shape (n, 4).

    Parameters
    ----------
    ratings : shape (n, raters)
        NaN = not rated; a clip with fewer than two ratings gets zeros.

    Examples
    --------
    >>> rating_moments(np.array([[1.0, 3.0], [2.0, np.nan]])).tolist()
    [[1.0, 2.0, 4.0, 3.0], [0.0, 0.0, 0.0, 0.0]]
    """
    n = (~np.isnan(ratings)).sum(axis=1)
    total, squares = np.nansum(ratings, axis=1), np.nansum(ratings**2, axis=1)
    several = np.maximum(n, 2)
    mean, product = total / several, (total**2 - squares) / (several * (several - 1))
    return np.column_stack([np.ones(len(n)), mean, mean**2, product]) * (n >= 2)[:, None]


def reliability(moments: np.ndarray) -> np.ndarray:
    """Share of the consensus' variance that other raters would repeat, -1 to 1; 0 where the consensus does not vary.

    Parameters
    ----------
    moments : shape (..., 4)
        Totals of `rating_moments`.

    Examples
    --------
    >>> float(reliability(rating_moments(np.array([[0.0, 1.0], [4.0, 5.0]])).sum(axis=0)))
    0.9375
    """
    spread, repeated = _variances(moments)
    return np.clip(np.where(spread > 1e-12, repeated / np.where(spread > 1e-12, spread, 1.0), 0.0), -1.0, 1.0)


def endless_concordance(moments: np.ndarray) -> np.ndarray:
    """Concordance (and correlation) of endless raters' consensus, at its best scale, with that of these raters.

    Examples
    --------
    >>> float(endless_concordance(rating_moments(np.array([[0.0, 1.0], [4.0, 5.0]])).sum(axis=0)).round(3))
    0.968
    """
    return np.sqrt(np.maximum(reliability(moments), 0.0))


def as_many_error(moments: np.ndarray) -> np.ndarray:
    """Root mean squared difference of two consensuses of as many raters.

    Examples
    --------
    >>> float(as_many_error(rating_moments(np.array([[0.0, 1.0], [4.0, 5.0]])).sum(axis=0)).round(3))
    0.707
    """
    return 2**0.5 * endless_error(moments)


def endless_error(moments: np.ndarray) -> np.ndarray:
    """Root mean squared difference of the consensus from that of endless raters.

    Examples
    --------
    >>> float(endless_error(rating_moments(np.array([[0.0, 1.0], [4.0, 5.0]])).sum(axis=0)))
    0.5
    """
    spread, repeated = _variances(moments)
    return np.sqrt(np.maximum(spread - repeated, 0.0))


def _variances(moments: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Variance of the consensus, and the covariance of two raters."""
    mean, square, product = np.moveaxis(moments[..., 1:] / np.maximum(moments[..., :1], 1e-300), -1, 0)
    return square - mean**2, product - mean**2
