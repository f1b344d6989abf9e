"""How well it can be told whether two clips are of one speaker, for speakers that nothing was fitted on."""

from dataclasses import dataclass

import numpy as np
from scipy.linalg import eigh

from avbaselines.errors import InputError
from avbaselines.estimators.preprocessing.erasure import ledoit_wolf
from avbaselines.estimators.preprocessing.preparation import Preparation
from avbaselines.evaluation.intervals import jackknife_t

__all__ = ["VerificationResult", "equal_error", "present_rows", "trials", "verification_eer", "within_whitening"]

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
    """

    eer: float
    ci_low: float
    ci_high: float
    n_speakers: int
    n_clips: int
    n_pairs: int


def verification_eer(X, speakers, X_background, speakers_background, content=None):
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

    Returns
    -------
    VerificationResult

    Raises
    ------
    InputError
        If a speaker is in the background too, or there are no pairs of one speaker, or none of two.
    """
    both = np.intersect1d(speakers, speakers_background)
    if len(both):
        raise InputError(f"speakers: {both[0]!s} is in the background as well; verification is of unseen speakers")
    return equal_error([trials(X, speakers, X_background, speakers_background, content)])


def present_rows(X, speakers, content):
    """Rows of X (n, d) or (n,) that hold any value, as floats, with what belongs to them."""
    X, speakers = np.asarray(X), np.asarray(speakers)
    X = X.reshape(len(X), -1)
    if X.dtype.kind != "f":
        X = X.astype(np.float64)
    if len(speakers) != len(X) or (content is not None and len(content) != len(X)):
        raise InputError(f"speakers, content: one value for each of the {len(X)} rows is needed")
    rows = ~np.isnan(X).all(axis=1)
    return X[rows], speakers[rows], None if content is None else np.asarray(content)[rows]


def trials(X, speakers, X_background, speakers_background, content):
    """Compare all clips of unseen speakers; the arguments are those of `verification_eer`.

    Returns
    -------
    same, different : ndarray of int, shape (speakers, bins)
        Histograms over scores of each speaker's pairs with itself, and with others.
    n_clips : int
    """
    X, speakers, content = present_rows(X, speakers, content)
    if len(X) > MAX_CLIPS:
        kept = np.linspace(0, len(X) - 1, MAX_CLIPS).astype(int)
        X, speakers, content = X[kept], speakers[kept], None if content is None else content[kept]
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

    def histogram(owner, rows):
        cells = owner[rows] * SCORE_BINS + bins[rows]
        return np.bincount(cells, minlength=len(names) * SCORE_BINS).reshape(len(names), SCORE_BINS)

    others = histogram(codes[first], ~same) + histogram(codes[second], ~same)
    return histogram(codes[first], same), others, len(Z)


def within_whitening(Z, speakers):
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
    """
    residuals = Z.copy()
    for name in np.unique(speakers):
        residuals[speakers == name] -= Z[speakers == name].mean(axis=0)
    n, d = Z.shape
    shrinkage = max(ledoit_wolf(residuals, d), 1e-3)
    if n < d:
        variances, U = eigh(residuals @ residuals.T / n)
        kept = variances > 1e-10 * variances[-1]
        variances, V = variances[kept], residuals.T @ (U[:, kept] / np.sqrt(n * variances[kept]))
    else:
        variances, V = eigh(residuals.T @ residuals / n)
    outside = 1 / np.sqrt(shrinkage)
    gain = 1 / np.sqrt((1 - shrinkage) * np.maximum(variances, 0) + shrinkage) - outside
    return lambda rows: outside * rows + ((rows @ V) * gain) @ V.T


def equal_error(parts):
    """Equal error rate of the pooled pairs of one or several `trials`, each of other speakers.

    Parameters
    ----------
    parts : list of results of `trials`

    Returns
    -------
    VerificationResult
    """
    same = np.concatenate([same for same, *_ in parts])
    different = np.concatenate([different for _, different, _ in parts])
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
    return VerificationResult(value, float(low), float(high), len(same), sum(n for *_, n in parts), n_pairs)


def _crossing(same, different):
    """Where the share of refused pairs of one speaker meets that of accepted pairs of two."""
    refused = np.concatenate([[0], np.cumsum(same)]) / max(same.sum(), 1)
    accepted = 1 - np.concatenate([[0], np.cumsum(different)]) / max(different.sum(), 1)
    place = int(np.argmax(refused >= accepted))
    gap = np.array([accepted[i] - refused[i] for i in (place - 1, place)])
    share = gap[0] / (gap[0] - gap[1]) if gap[0] != gap[1] else 0.5
    return float(refused[place - 1] + share * (refused[place] - refused[place - 1]))
