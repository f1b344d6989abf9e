"""Identity that an erasure leaves in a table of features, among speakers it was fitted on and among others."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, clone

from avbaselines.errors import InputError
from avbaselines.experiment.analyses.speaker_identity.probes import (
    KINDS,
    ProbeKind,
    ProbeResult,
    SpeakerShares,
    pool_probes,
    probe_speakers,
)
from avbaselines.experiment.analyses.speaker_identity.verification import (
    VerificationResult,
    compare_pairs,
    equal_error,
)

__all__ = ["ErasedIdentity", "measure_identity"]


@dataclass(frozen=True)
class ErasedIdentity:
    """Identity left in a representation, see `measure_identity`.

    Attributes
    ----------
    seen, unseen : dict of str to ProbeResult
        By kind of probe: among the speakers that the eraser was fitted on, and among those that it was not.
    verification : VerificationResult
        For speakers that the eraser was not fitted on.

    Examples
    --------
    >>> ErasedIdentity({}, {}, VerificationResult(0.5, 0.4, 0.6, 4, 40, 780)).verification.eer
    0.5
    """

    seen: dict[ProbeKind, ProbeResult]
    unseen: dict[ProbeKind, ProbeResult]
    verification: VerificationResult


def measure_identity(
    X: ArrayLike,
    speakers: ArrayLike,
    folds: ArrayLike,
    eraser: BaseEstimator | None = None,
    content: ArrayLike | None = None,
    kinds: Sequence[ProbeKind] = KINDS,
    fitted: ArrayLike | None = None,
) -> ErasedIdentity:
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
    kinds : sequence of {"linear", "boosted"}
        Probes.
    fitted : array-like of bool, shape (n,), optional
        Clips that the eraser may be fitted on; seen speakers are then probed by their other clips alone, as somebody
        would who gets new clips of a known speaker.

    Returns
    -------
    ErasedIdentity
        Pooled over folds; chance is that of one fold, averaged.

    Raises
    ------
    InputError
        If a speaker is in two folds, or a fold has a single speaker.

    Examples
    --------
    >>> from avbaselines.estimators.preprocessing.erasure import LeaceEraser
    >>> rng, speakers = np.random.default_rng(0), np.repeat(np.arange(6), 20)
    >>> X = rng.normal(size=(120, 8)) + 3 * rng.normal(size=(6, 8))[speakers]
    >>> raw = measure_identity(X, speakers, speakers % 3, kinds=["linear"])
    >>> erased = measure_identity(X, speakers, speakers % 3, LeaceEraser(), kinds=["linear"])
    >>> raw.seen["linear"].corrected > 0.9, erased.seen["linear"].corrected < 0.1
    (True, True)
    """
    X, speakers, folds = np.asarray(X), np.asarray(speakers), np.asarray(folds)
    content = None if content is None else np.asarray(content)
    fitted = np.ones(len(X), bool) if fitted is None else np.asarray(fitted, bool)
    _check_folds(speakers, folds)
    seen: dict[ProbeKind, list[SpeakerShares]] = {kind: [] for kind in kinds}
    unseen: dict[ProbeKind, list[SpeakerShares]] = {kind: [] for kind in kinds}
    pairs = []
    for fold in np.unique(folds):
        train, test = folds != fold, folds == fold
        erased = X
        if eraser is not None:
            able = clone(eraser).fit(X[train & fitted], groups=speakers[train & fitted])
            erased = able.transform(X, groups=speakers)
        probed = train if fitted.all() else train & ~fitted
        for part, results in ((probed, seen), (test, unseen)):
            for kind in kinds:
                results[kind].append(probe_speakers(erased[part], speakers[part], _of(content, part), kind, seed=0))
        pairs.append(compare_pairs(erased[test], speakers[test], erased[train], speakers[train], _of(content, test)))
    return ErasedIdentity(
        {kind: pool_probes(parts) for kind, parts in seen.items()},
        {kind: pool_probes(parts) for kind, parts in unseen.items()},
        equal_error(pairs),
    )


def _check_folds(speakers: np.ndarray, folds: np.ndarray) -> None:
    numbers = np.unique(folds)
    n_speakers = [len(np.unique(speakers[folds == fold])) for fold in numbers]
    if sum(n_speakers) > len(np.unique(speakers)):
        raise InputError("folds: a speaker is in more than one fold; deal speakers, not clips")
    if len(numbers) < 2 or min(n_speakers) < 2:
        raise InputError(
            "folds: two folds of two speakers at least are needed, to have some to fit on and some to tell apart; "
            f"got {n_speakers} speakers a fold"
        )


def _of(values: np.ndarray | None, rows: np.ndarray) -> np.ndarray | None:
    return None if values is None else values[rows]
