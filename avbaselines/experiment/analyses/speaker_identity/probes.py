"""How well the speaker can be told from a representation, and how much of that an erasure takes away."""

from dataclasses import dataclass
from functools import partial

import numpy as np
from lightgbm import LGBMClassifier
from sklearn.base import clone

from avbaselines.errors import InputError
from avbaselines.estimators.preprocessing.preparation import Preparation
from avbaselines.estimators.tuned.group_folds import group_folds
from avbaselines.evaluation.intervals import interval_of_score
from avbaselines.experiment.analyses.speaker_identity.verification import (
    VerificationResult,
    equal_error,
    present_rows,
    trials,
    verification_eer,
    within_whitening,
)

__all__ = [
    "Identity",
    "ProbeResult",
    "VerificationResult",
    "disentanglement",
    "identity_probe",
    "measure_identity",
    "pool_probes",
    "probe_part",
    "relative_drop",
    "verification_eer",
]

KINDS = ("linear", "boosted")
N_FOLDS = 5
# Columns that a tree of the boosted probe may use, drawn anew for each: wide tables would take minutes otherwise.
TREE_COLUMNS = 300


@dataclass(frozen=True)
class ProbeResult:
    """How well a probe tells speakers.

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
    """

    accuracy: float
    chance: float
    corrected: float
    ci_low: float
    ci_high: float
    n_speakers: int
    n_clips: int


@dataclass(frozen=True)
class Identity:
    """Identity left in a representation, see `measure_identity`.

    Attributes
    ----------
    seen, unseen : dict of str to ProbeResult
        By kind of probe: among the speakers that the eraser was fitted on, and among those that it was not.
    verification : VerificationResult
        For speakers that the eraser was not fitted on.
    """

    seen: dict
    unseen: dict
    verification: VerificationResult


def identity_probe(X, speakers, content=None, kind="linear", seed=0):
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

    Returns
    -------
    ProbeResult

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
    """
    return pool_probes([probe_part(X, speakers, content, kind, seed)])


def measure_identity(X, speakers, folds, eraser=None, content=None, kinds=KINDS, fitted=None, seed=0, progress=None):
    """Identity left by an erasure among speakers that it was fitted on and among speakers that it was not.

    Parameters
    ----------
    X : array-like of shape (n, d)
    speakers : array-like of shape (n,)
    folds : array-like of int, shape (n,)
        Each speaker is in one fold. For each fold the eraser is fitted on the others; the speakers of the fold are
        then the unseen ones, told from one another.
    eraser : `SpeakerNormalizer`, `LeaceEraser` or `NullspaceEraser`, optional
        Without it the features are measured as they are.
    content : array-like of shape (n,), optional
        As for `identity_probe`.
    kinds : sequence of str
        Probes.
    fitted : array-like of bool, shape (n,), optional
        Clips that the eraser may be fitted on; seen speakers are then probed by their other clips alone, as somebody
        would who gets new clips of a known speaker.
    seed : int
    progress : callable, optional
        Called with (done, total, what runs now).

    Returns
    -------
    Identity
        Pooled over folds; chance is that of one fold, averaged.
    """
    X, speakers, folds = np.asarray(X), np.asarray(speakers), np.asarray(folds)
    content = None if content is None else np.asarray(content)
    fitted = np.ones(len(X), bool) if fitted is None else np.asarray(fitted, bool)
    numbers = np.unique(folds)
    n_speakers = [len(np.unique(speakers[folds == fold])) for fold in numbers]
    if sum(n_speakers) > len(np.unique(speakers)):
        raise InputError("folds: a speaker is in more than one fold; deal speakers, not clips")
    if len(numbers) < 2 or min(n_speakers) < 2:
        raise InputError(
            "folds: two folds of two speakers at least are needed, to have some to fit on and some to tell apart; "
            f"got {n_speakers} speakers a fold"
        )
    seen, unseen, pairs = {kind: [] for kind in kinds}, {kind: [] for kind in kinds}, []
    for done, fold in enumerate(numbers):
        if progress:
            progress(done, len(numbers), f"identity, fold {fold}")
        train, test = folds != fold, folds == fold
        erased = X
        if eraser is not None:
            able = clone(eraser).fit(X[train & fitted], groups=speakers[train & fitted])
            erased = able.transform(X, groups=speakers)
        known = train if fitted.all() else train & ~fitted
        for part, results in ((known, seen), (test, unseen)):
            for kind in kinds:
                results[kind].append(probe_part(erased[part], speakers[part], _part(content, part), kind, seed))
        pairs.append(trials(erased[test], speakers[test], erased[train], speakers[train], _part(content, test)))
    seen, unseen = ({kind: pool_probes(parts) for kind, parts in results.items()} for results in (seen, unseen))
    return Identity(seen, unseen, equal_error(pairs))


def disentanglement(before, after):
    """Relative drop of chance-corrected identity accuracy.

    Parameters
    ----------
    before, after : ProbeResult

    Returns
    -------
    float
        1 where `after` is at chance, more below it; NaN where there was no identity to take away.
    """
    return 1 - after.corrected / before.corrected if before.corrected > 0 else float("nan")


def _part(values, rows):
    return None if values is None else values[rows]


def probe_part(X, speakers, content, kind, seed):
    """What `identity_probe` measures, before it is summed up: one part of several to be pooled.

    Returns
    -------
    names : ndarray of shape (speakers,)
    shares : ndarray of shape (speakers,)
        Share of each speaker's clips that was told, 0 to 1.
    n_clips : int
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
    return names, np.bincount(codes, told) / np.bincount(codes), len(codes)


def _content_folds(speakers, content, seed):
    if content is not None:
        names, codes = np.unique(content, return_inverse=True)
        return codes if len(names) <= N_FOLDS else group_folds(content, N_FOLDS, seed=seed)
    rng, folds = np.random.default_rng(seed), np.empty(len(speakers), int)
    for name in np.unique(speakers):
        rows = np.flatnonzero(speakers == name)
        folds[rows] = rng.permutation(len(rows)) % N_FOLDS
    return folds


def _nearest_mean(Z, codes, Z_test):
    """The speaker whose mean is nearest once rows are whitened within speakers."""
    Z, Z_test = Z.astype(np.float64), Z_test.astype(np.float64)
    whiten = within_whitening(Z, codes)
    means = whiten(np.stack([Z[codes == code].mean(axis=0) for code in range(codes.max() + 1)]))
    return (whiten(Z_test) @ means.T - np.square(means).sum(axis=1) / 2).argmax(axis=1)


def _trees(Z, codes, Z_test, seed):
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
    return model.fit(Z, codes).predict(Z_test)


def pool_probes(parts):
    """One result of one or several probes; a speaker of several is one speaker.

    Parameters
    ----------
    parts : list of results of `probe_part`

    Returns
    -------
    ProbeResult
        Chance is that of one part, averaged over speakers.
    """
    shares, chance, groups, sums = _per_speaker(parts)
    bounds = (float((-chance / (1 - chance)).min()), 1.0)
    low, high = interval_of_score(
        lambda totals: _mean(totals[0]), [sums], bounds, 0.95, n_resamples=0, seed=0, method="jackknife_t"
    )
    means = (float(values.mean()) for values in (shares, chance, (shares - chance) / (1 - chance)))
    return ProbeResult(*means, low, high, len(groups), sum(n for *_, n in parts))


def relative_drop(before, after):
    """`disentanglement` of pooled probes with its interval, speakers left out one at a time on both sides.

    Parameters
    ----------
    before, after : list of results of `probe_part`
        Of the same speakers.

    Returns
    -------
    value, ci_low, ci_high : float
        NaN where there was no identity to take away.
    """
    (_, _, names, sums), (_, _, names_after, sums_after) = _per_speaker(before), _per_speaker(after)
    if not np.array_equal(names, names_after):
        raise InputError("speakers: a drop is of the same speakers before and after")

    def drop(totals):
        return 1 - _mean(totals[1]) / _mean(totals[0])

    if _mean(sums.sum(axis=0)) <= 0:
        return float("nan"), float("nan"), float("nan")
    unbounded, options = (-np.inf, np.inf), {"n_resamples": 0, "seed": 0, "method": "jackknife_t"}
    low, high = interval_of_score(drop, [sums, sums_after], unbounded, 0.95, **options)
    return float(drop([sums.sum(axis=0), sums_after.sum(axis=0)])), low, high


def _per_speaker(parts):
    """Shares and chance of each speaker of each part; all speakers, and their (probes, sum of corrected shares)."""
    names = np.concatenate([names for names, *_ in parts])
    shares = np.concatenate([share for _, share, _ in parts])
    chance = np.concatenate([np.full(len(names), 1 / len(names)) for names, *_ in parts])
    groups, codes = np.unique(names, return_inverse=True)
    corrected = np.bincount(codes, (shares - chance) / (1 - chance))
    return shares, chance, groups, np.column_stack([np.bincount(codes), corrected]).astype(float)


def _mean(totals):
    return totals[..., 1] / totals[..., 0]
