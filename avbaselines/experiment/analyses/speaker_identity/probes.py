"""Probes that tell the speaker from a representation, and the share of that which an erasure takes away."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal, NamedTuple

import numpy as np
from lightgbm import LGBMClassifier
from numpy.typing import ArrayLike

from avbaselines.errors import InputError
from avbaselines.estimators.preprocessing.preparation import Preparation
from avbaselines.estimators.tuned.group_folds import group_folds
from avbaselines.evaluation.intervals import interval_of_score
from avbaselines.experiment.analyses.speaker_identity.verification import present_rows, within_whitening

__all__ = [
    *("KINDS", "Estimate", "ProbeKind", "ProbeResult", "SpeakerShares"),
    *("disentanglement", "identity_probe", "pool_probes", "probe_speakers", "relative_drop"),
]

ProbeKind = Literal["linear", "boosted"]
KINDS: tuple[ProbeKind, ...] = ("linear", "boosted")
N_FOLDS = 5
# Columns that a tree of the boosted probe may use, drawn anew for each: wide tables would take minutes otherwise.
TREE_COLUMNS = 300


class Estimate(NamedTuple):
    """A figure with its 95 % interval; NaN where there is none.

    Examples
    --------
    >>> Estimate(0.4, 0.3, 0.5).value
    0.4
    """

    value: float
    ci_low: float
    ci_high: float


@dataclass(frozen=True)
class ProbeResult:
    """Accuracy of a probe that tells speakers.

    Attributes
    ----------
    accuracy : float
        Share of clips whose speaker was told, mean over speakers (each counts the same, whatever its clips).
    chance : float
        1 / number of speakers to choose from.
    corrected : float
        (accuracy - chance) / (1 - chance): 0 at chance, 1 where every clip is told; negative below chance.
    ci_low, ci_high : float
        95 % interval of `corrected`, speakers left out one at a time; NaN where all are told perfectly.
    n_speakers, n_clips : int
        Probed speakers, and the clips by which they were probed (once for each time that they were).

    Examples
    --------
    >>> ProbeResult(0.75, 0.5, 0.5, 0.2, 0.8, n_speakers=2, n_clips=8).estimate
    Estimate(value=0.5, ci_low=0.2, ci_high=0.8)
    """

    accuracy: float
    chance: float
    corrected: float
    ci_low: float
    ci_high: float
    n_speakers: int
    n_clips: int

    @property
    def estimate(self) -> Estimate:
        """Corrected accuracy with its interval."""
        return Estimate(self.corrected, self.ci_low, self.ci_high)


@dataclass(frozen=True)
class SpeakerShares:
    """Shares of the clips of some speakers that a probe told; those of several probes can be pooled.

    Attributes
    ----------
    names : ndarray of str, shape (n_speakers,)
    shares : ndarray of float, shape (n_speakers,)
        Of each speaker's clips, 0 to 1.
    n_clips : int
        Of all of them.

    Examples
    --------
    >>> SpeakerShares(np.array(["a", "b"]), np.array([1.0, 0.5]), n_clips=8).chance
    0.5
    """

    names: np.ndarray
    shares: np.ndarray
    n_clips: int

    @property
    def chance(self) -> float:
        """Share that guessing tells: 1 / number of speakers."""
        return 1 / len(self.names)


def identity_probe(
    X: ArrayLike,
    speakers: ArrayLike,
    content: ArrayLike | None = None,
    kind: ProbeKind = "linear",
    seed: int = 0,
) -> ProbeResult:
    """Train a classifier of the speakers on some contents and let it tell the speakers of the others.

    Parameters
    ----------
    X : array-like of shape (n, d)
        Features, predictions, an embedding. Rows without any value are left out.
    speakers : array-like of shape (n,)
    content : array-like of shape (n,), optional
        What was said, or the recording: no content is on both sides, so that a recording's own sound is not taken for
        its speaker's. Up to five contents are left out one at a time, more are dealt into five folds. Without it the
        clips of each speaker are dealt at random.
    kind : {'linear', 'boosted'}, default='linear'
        Linear discriminant analysis on standardised columns, with the pooled covariance within speakers shrunken as in
        `LeaceEraser` and all speakers equally likely (least squares on indicators would miss speakers that lie between
        others); or small LightGBM trees.
    seed : int, default=0
        Deals contents or clips; seeds the trees.

    Raises
    ------
    InputError
        If fewer than two speakers have clips in two folds. Those that do not, such as a speaker with one clip, cannot
        be probed and are left out.

    Notes
    -----
    An erasure fitted on the very clips of both sides leaves a speaker's mean over them at zero, so what the probe
    learns of a speaker on one side is reversed on the other: accuracy below chance is a sign of this, not of anything
    below no identity at all.

    Examples
    --------
    >>> rng, speakers = np.random.default_rng(0), np.repeat(["a", "b", "c"], 20)
    >>> X = rng.normal(size=(60, 2)) + np.repeat([[0, 0], [9, 0], [0, 9]], 20, axis=0)
    >>> result = identity_probe(X, speakers)
    >>> result.accuracy, round(result.chance, 3)
    (1.0, 0.333)
    """
    return pool_probes([probe_speakers(X, speakers, content, kind, seed)])


def disentanglement(before: ProbeResult, after: ProbeResult) -> float:
    """Relative drop of chance-corrected identity accuracy.

    Returns
    -------
    float
        1 where `after` is at chance, more below it; NaN where there was no identity to take away.

    Examples
    --------
    >>> before, after = (ProbeResult(0, 0, corrected, 0, 0, 2, 8) for corrected in (0.8, 0.2))
    >>> disentanglement(before, after)
    0.75
    """
    return 1 - after.corrected / before.corrected if before.corrected > 0 else float("nan")


def probe_speakers(
    X: ArrayLike, speakers: ArrayLike, content: ArrayLike | None, kind: ProbeKind, seed: int
) -> SpeakerShares:
    """Share of each speaker's clips that a probe tells; the arguments are those of `identity_probe`.

    Examples
    --------
    >>> rng, speakers = np.random.default_rng(0), np.repeat(["a", "b"], 20)
    >>> X = rng.normal(size=(40, 2)) + np.repeat([[0, 0], [9, 9]], 20, axis=0)
    >>> probe_speakers(X, speakers, None, "linear", 0).shares.tolist()
    [1.0, 1.0]
    """
    if kind not in KINDS:
        raise InputError(f"kind: one of {', '.join(KINDS)} is needed, got {kind!r}")
    X, speakers, content = present_rows(X, speakers, content)
    folds = _content_folds(speakers, content, seed)
    names, codes = np.unique(speakers, return_inverse=True)
    spread = np.array([len(np.unique(folds[codes == code])) for code in range(len(names))])
    able = spread[codes] > 1
    if (spread > 1).sum() < 2:
        raise InputError(
            f"speakers: {(spread > 1).sum()} of {len(names)} have clips of more than one content; a probe needs two "
            "speakers who have"
        )
    X, folds = X[able], folds[able]
    names, codes = np.unique(speakers[able], return_inverse=True)
    told = np.zeros(len(codes), bool)
    for fold in np.unique(folds):
        train, test = folds != fold, folds == fold
        preparation = Preparation(balance=False).fit(X[train])
        classify = _nearest_mean if kind == "linear" else partial(_trees, seed=seed)
        predicted = classify(preparation.transform(X[train]), codes[train], preparation.transform(X[test]))
        told[test] = predicted == codes[test]
    return SpeakerShares(names, np.bincount(codes, told) / np.bincount(codes), len(codes))


def _content_folds(speakers: np.ndarray, content: np.ndarray | None, seed: int) -> np.ndarray:
    if content is not None:
        names, codes = np.unique(content, return_inverse=True)
        return codes if len(names) <= N_FOLDS else group_folds(content, N_FOLDS, seed=seed)
    rng, folds = np.random.default_rng(seed), np.empty(len(speakers), int)
    for name in np.unique(speakers):
        rows = np.flatnonzero(speakers == name)
        folds[rows] = rng.permutation(len(rows)) % N_FOLDS
    return folds


def _nearest_mean(Z: np.ndarray, codes: np.ndarray, Z_test: np.ndarray) -> np.ndarray:
    """The speaker whose mean is nearest once rows are whitened within speakers."""
    Z, Z_test = Z.astype(np.float64), Z_test.astype(np.float64)
    whiten = within_whitening(Z, codes)
    means = whiten(np.stack([Z[codes == code].mean(axis=0) for code in range(codes.max() + 1)]))
    return (whiten(Z_test) @ means.T - np.square(means).sum(axis=1) / 2).argmax(axis=1)


def _trees(Z: np.ndarray, codes: np.ndarray, Z_test: np.ndarray, seed: int) -> np.ndarray:
    model = LGBMClassifier(
        n_estimators=60,
        num_leaves=7,
        min_child_samples=5,
        max_bin=31,
        extra_trees=True,
        colsample_bytree=min(1.0, TREE_COLUMNS / Z.shape[1]),
        class_weight="balanced",
        random_state=seed,
        deterministic=True,
        force_col_wise=True,
        n_jobs=1,
        verbose=-1,
    )
    return np.asarray(model.fit(Z, codes).predict(Z_test))


def pool_probes(parts: Sequence[SpeakerShares]) -> ProbeResult:
    """One result of one or several probes; a speaker of several is one speaker, chance that of one part, averaged.

    Examples
    --------
    >>> parts = [SpeakerShares(np.array([a, b]), np.array([1.0, 0.5]), n_clips=8) for a, b in ("ab", "cd")]
    >>> pooled = pool_probes(parts)
    >>> pooled.accuracy, pooled.corrected, pooled.n_speakers
    (0.75, 0.5, 4)
    """
    shares, chance, groups, sums = _per_speaker(parts)
    bounds = (float((-chance / (1 - chance)).min()), 1.0)
    low, high = interval_of_score(
        lambda totals: _mean(totals[0]), [sums], bounds, 0.95, n_resamples=0, seed=0, method="jackknife_t"
    )
    corrected = float(((shares - chance) / (1 - chance)).mean())
    n_clips = sum(part.n_clips for part in parts)
    return ProbeResult(float(shares.mean()), float(chance.mean()), corrected, low, high, len(groups), n_clips)


def relative_drop(before: Sequence[SpeakerShares], after: Sequence[SpeakerShares]) -> Estimate:
    """`disentanglement` of pooled probes of the same speakers, who are left out one at a time on both sides.

    Returns
    -------
    Estimate
        NaN where there was no identity to take away.

    Raises
    ------
    InputError
        If the speakers are not the same.

    Examples
    --------
    >>> before, after = (
    ...     SpeakerShares(np.array(list("abcd")), np.array(shares), n_clips=40)
    ...     for shares in ([1.0, 0.9, 0.8, 0.9], [0.3, 0.2, 0.3, 0.3])
    ... )
    >>> round(relative_drop([before], [after]).value, 2)
    0.96
    """
    (_, _, names, sums), (_, _, names_after, sums_after) = _per_speaker(before), _per_speaker(after)
    if not np.array_equal(names, names_after):
        raise InputError("speakers: a drop is of the same speakers before and after")
    if _mean(sums.sum(axis=0)) <= 0:
        return Estimate(float("nan"), float("nan"), float("nan"))
    unbounded = (-np.inf, np.inf)
    low, high = interval_of_score(
        _drop, [sums, sums_after], unbounded, 0.95, n_resamples=0, seed=0, method="jackknife_t"
    )
    return Estimate(float(_drop([sums.sum(axis=0), sums_after.sum(axis=0)])), low, high)


def _drop(totals: Sequence[np.ndarray]) -> np.ndarray:
    before, after = totals
    return 1 - _mean(after) / _mean(before)


def _per_speaker(parts: Sequence[SpeakerShares]) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Shares and chance of each speaker of each part; all speakers, and their (probes, sum of corrected shares)."""
    names = np.concatenate([part.names for part in parts])
    shares = np.concatenate([part.shares for part in parts])
    chance = np.concatenate([np.full(len(part.names), part.chance) for part in parts])
    groups, codes = np.unique(names, return_inverse=True)
    corrected = np.bincount(codes, (shares - chance) / (1 - chance))
    return shares, chance, groups, np.column_stack([np.bincount(codes), corrected]).astype(float)


def _mean(totals: np.ndarray) -> np.ndarray:
    """Mean of corrected shares from (probes, sum of corrected shares) on the last axis."""
    return totals[..., 1] / totals[..., 0]
