"""Speaker verification: whether two clips are of one speaker, for speakers that nothing was fitted on."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.linalg import eigh

from avbaselines.errors import InputError
from avbaselines.estimators.preprocessing.erasure import ledoit_wolf
from avbaselines.estimators.preprocessing.preparation import Preparation
from avbaselines.evaluation.intervals import jackknife_t

__all__ = [
    *("PairHistograms", "VerificationResult"),
    *("compare_pairs", "equal_error", "present_rows", "verification_eer", "within_whitening"),
]

SCORE_BINS = 20_000
# All pairs of more clips than this would not fit into memory; evenly spaced ones stand for them.
MAX_CLIPS = 4000


@dataclass(frozen=True)
class VerificationResult:
    """Error of telling whether two clips are of one speaker.

    Attributes
    ----------
    eer : float
        Equal error rate: .5 is guessing, 0 is perfect.
    ci_low, ci_high : float
        95 % interval, speakers left out one at a time; NaN where the error is 0.
    n_speakers, n_clips, n_pairs : int

    Examples
    --------
    >>> VerificationResult(0.5, 0.45, 0.55, n_speakers=4, n_clips=40, n_pairs=780).eer
    0.5
    """

    eer: float
    ci_low: float
    ci_high: float
    n_speakers: int
    n_clips: int
    n_pairs: int


@dataclass(frozen=True)
class PairHistograms:
    """Scores of all pairs of clips of some speakers, counted in bins; speakers of other splits can be added.

    Attributes
    ----------
    same, different : ndarray of int, shape (n_speakers, n_bins)
        Of each speaker's pairs with itself, and with others.
    n_clips : int

    Examples
    --------
    >>> counts = np.array([[0, 3], [1, 2]])
    >>> PairHistograms(counts, counts[:, ::-1], n_clips=6).same.sum()
    np.int64(6)
    """

    same: np.ndarray
    different: np.ndarray
    n_clips: int

    @property
    def arrays(self) -> dict[str, np.ndarray]:
        """All of it as arrays, from which `of` makes the same again."""
        return {"same": self.same, "different": self.different, "n_clips": np.array(self.n_clips)}

    @classmethod
    def of(cls, arrays: Mapping[str, np.ndarray]) -> "PairHistograms":
        """From what `arrays` gave."""
        return cls(arrays["same"], arrays["different"], int(arrays["n_clips"]))


def verification_eer(
    X: ArrayLike,
    speakers: ArrayLike,
    X_background: ArrayLike,
    speakers_background: ArrayLike,
    content: ArrayLike | None = None,
) -> VerificationResult:
    """Equal error rate of telling whether two clips are of one speaker, for speakers not in the background.

    Clips are compared by their cosine after the background has centred and scaled columns and whitened them within
    speakers (Hatch, Kajarekar & Stolcke 2006, Within-class covariance normalization for SVM-based speaker
    recognition, Interspeech), with shrinkage as in `LeaceEraser`.

    Parameters
    ----------
    X : array-like of shape (n, d)
    speakers : array-like of shape (n,)
    X_background : array-like of shape (m, d)
        The same features, erased the same way, of other speakers.
    speakers_background : array-like of shape (m,)
    content : array-like of shape (n,), optional
        Only clips of different content are compared.

    Raises
    ------
    InputError
        If a speaker is in the background too, or there are no pairs of one speaker, or none of two.

    Examples
    --------
    Speakers whose clips lie apart are told without error:

    >>> rng = np.random.default_rng(0)
    >>> background, others = np.repeat(["a", "b"], 20), np.repeat(["c", "d"], 20)
    >>> X_background, X = rng.normal(size=(40, 2)), rng.normal(size=(40, 2)) / 100
    >>> X[:20] += 3
    >>> X[20:] -= 3
    >>> verification_eer(X, others, X_background, background).eer
    0.0
    """
    both = np.intersect1d(speakers, speakers_background)
    if len(both):
        raise InputError(f"speakers: {both[0]!s} is in the background as well; verification is of unseen speakers")
    return equal_error([compare_pairs(X, speakers, X_background, speakers_background, content)])


def present_rows(
    X: ArrayLike, speakers: ArrayLike, content: ArrayLike | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """Rows of X (n, d) or (n,) that hold any value, as floats, with their speakers and contents.

    Examples
    --------
    >>> X, speakers, _ = present_rows([[1], [np.nan]], ["a", "b"], None)
    >>> X.tolist(), speakers.tolist()
    ([[1.0]], ['a'])
    """
    values, names = np.asarray(X), np.asarray(speakers)
    contents = None if content is None else np.asarray(content)
    values = values.reshape(len(values), -1)
    if values.dtype.kind != "f":
        values = values.astype(np.float64)
    if len(names) != len(values) or (contents is not None and len(contents) != len(values)):
        raise InputError(f"speakers, content: one value for each of the {len(values)} rows is needed")
    rows = ~np.isnan(values).all(axis=1)
    return values[rows], names[rows], None if contents is None else contents[rows]


def compare_pairs(
    X: ArrayLike,
    speakers: ArrayLike,
    X_background: ArrayLike,
    speakers_background: ArrayLike,
    content: ArrayLike | None = None,
) -> PairHistograms:
    """Compare all clips of unseen speakers; the arguments are those of `verification_eer`.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> X, speakers = rng.normal(size=(40, 2)), np.repeat(["a", "b", "c", "d"], 10)
    >>> pairs = compare_pairs(X[:20], speakers[:20], X[20:], speakers[20:])
    >>> pairs.same.sum(axis=1).tolist(), pairs.different.sum(axis=1).tolist()
    ([45, 45], [100, 100])
    """
    X, speakers, content = present_rows(X, speakers, content)
    if len(X) > MAX_CLIPS:
        spaced = np.linspace(0, len(X) - 1, MAX_CLIPS).astype(int)
        X, speakers, content = X[spaced], speakers[spaced], None if content is None else content[spaced]
    X_background, speakers_background, _ = present_rows(X_background, speakers_background, None)
    preparation = Preparation(balance=False).fit(X_background)
    whiten = within_whitening(preparation.transform(X_background).astype(np.float64), speakers_background)
    Z = whiten(preparation.transform(X).astype(np.float64))
    Z /= np.maximum(np.linalg.norm(Z, axis=1, keepdims=True), np.finfo(float).tiny)
    names, codes = np.unique(speakers, return_inverse=True)
    first, second = np.triu_indices(len(Z), 1)
    if content is not None:
        different = content[first] != content[second]
        first, second = first[different], second[different]
    bins = np.clip(((Z @ Z.T)[first, second] + 1) / 2 * SCORE_BINS, 0, SCORE_BINS - 1).astype(int)
    same = codes[first] == codes[second]
    if not same.any() or same.all():
        raise InputError("speakers: pairs of clips of one speaker and of two are needed to measure verification")

    def histogram(owner: np.ndarray, rows: np.ndarray) -> np.ndarray:
        cells = owner[rows] * SCORE_BINS + bins[rows]
        return np.bincount(cells, minlength=len(names) * SCORE_BINS).reshape(len(names), SCORE_BINS)

    others = histogram(codes[first], ~same) + histogram(codes[second], ~same)
    return PairHistograms(histogram(codes[first], same), others, len(Z))


def within_whitening(Z: np.ndarray, speakers: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """Learn to whiten rows within speakers.

    Parameters
    ----------
    Z : ndarray of shape (n, d)
        Centred, standardised rows.
    speakers : ndarray of shape (n,)

    Returns
    -------
    callable
        From rows (m, d) to rows (m, d) in which the covariance of Z about its speakers' means, shrunken as in
        `LeaceEraser`, is the identity.

    Examples
    --------
    >>> rng, speakers = np.random.default_rng(0), np.repeat([0, 1], 500)
    >>> Z = rng.normal(size=(1000, 2)) * [1, 5]
    >>> within_whitening(Z, speakers)(Z).std(axis=0).round(1).tolist()
    [1.0, 1.0]
    """
    residuals = Z.copy()
    for name in np.unique(speakers):
        residuals[speakers == name] -= Z[speakers == name].mean(axis=0)
    n, d = Z.shape
    shrinkage = max(ledoit_wolf(residuals, d), 1e-3)
    if n < d:
        variances, U = eigh(residuals @ residuals.T / n)
        positive = variances > 1e-10 * variances[-1]
        variances, V = variances[positive], residuals.T @ (U[:, positive] / np.sqrt(n * variances[positive]))
    else:
        variances, V = eigh(residuals.T @ residuals / n)
    outside = 1 / np.sqrt(shrinkage)
    gain = 1 / np.sqrt((1 - shrinkage) * np.maximum(variances, 0) + shrinkage) - outside
    return lambda rows: outside * rows + ((rows @ V) * gain) @ V.T


def equal_error(parts: Sequence[PairHistograms]) -> VerificationResult:
    """Equal error rate of the pooled pairs of one or several sets of speakers, no speaker being in two.

    Examples
    --------
    Half of the pairs of one speaker score as low as half of the pairs of two:

    >>> counts = np.array([[2, 2], [2, 2]])
    >>> equal_error([PairHistograms(counts, counts, n_clips=6)]).eer
    0.5
    """
    same = np.concatenate([part.same for part in parts])
    different = np.concatenate([part.different for part in parts])
    # A pair of two speakers stands in both of their rows: once in a total, gone with either.
    total_same, total_different = same.sum(axis=0), different.sum(axis=0) / 2
    value = _crossing(total_same, total_different)
    low = high = float("nan")
    if len(same) > 2 and 0 < value < 1:
        without = [
            _crossing(total_same - own, total_different - others) for own, others in zip(same, different, strict=True)
        ]
        low, high = jackknife_t(value, np.array(without), (0.0, 1.0), 0.95)
    n_pairs = int(round(total_same.sum() + total_different.sum()))
    return VerificationResult(value, float(low), float(high), len(same), sum(part.n_clips for part in parts), n_pairs)


def _crossing(same: np.ndarray, different: np.ndarray) -> float:
    """Rate at which the share of refused pairs of one speaker meets that of accepted pairs of two."""
    refused = np.concatenate([[0], np.cumsum(same)]) / max(same.sum(), 1)
    accepted = 1 - np.concatenate([[0], np.cumsum(different)]) / max(different.sum(), 1)
    place = int(np.argmax(refused >= accepted))
    gap = np.array([accepted[i] - refused[i] for i in (place - 1, place)])
    share = gap[0] / (gap[0] - gap[1]) if gap[0] != gap[1] else 0.5
    return float(refused[place - 1] + share * (refused[place] - refused[place - 1]))
