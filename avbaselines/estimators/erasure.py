"""Take the speaker out of features: per-speaker normalisation, least-squares erasure, iterative null-space projection.

All are fitted on training speakers (``fit(X, groups=speakers)``) and have a `strength` from 0 (nothing is taken out) to
1, read when rows are transformed: one fit serves every strength. The two projections are fixed once fitted and so need
to know nothing of an unseen speaker, but they know only the directions in which the training speakers differ.
"""

import math
import warnings
from dataclasses import dataclass

import numpy as np
from scipy.linalg import cho_factor, cho_solve, eigh
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.utils.validation import check_is_fitted, has_fit_parameter, validate_data

from avbaselines.errors import InputError
from avbaselines.estimators.folds import resolve_cv
from avbaselines.estimators.preparation import Preparation, column_blocks
from avbaselines.evaluation.metrics import METRICS, score

__all__ = ["LeaceEraser", "NullspaceEraser", "SpeakerNormalizer", "Tuned", "tune_strength"]

# Directions along which speakers differ by less than this share of the strongest one are rounding.
RANK_TOLERANCE = 1e-8
# What keeps the covariance of fewer clips than columns invertible where no shrinkage is asked for.
SMALLEST_SHRINKAGE = 1e-9


class _Eraser(TransformerMixin, BaseEstimator):
    """What all erasers share: validation, and groups in fit and transform."""

    def fit_transform(self, X, y=None, groups=None):
        """Fit, then transform the same rows; see `fit` and `transform`."""
        return self.fit(X, y, groups=groups).transform(X, groups=groups)

    def _validate(self, X, reset):
        if not 0 <= self.strength <= 1:
            raise InputError(f"strength: a number from 0 to 1 is needed, got {self.strength!r}")
        return validate_data(self, X, dtype=[np.float64, np.float32], ensure_all_finite="allow-nan", reset=reset)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


class SpeakerNormalizer(_Eraser):
    """Each speaker's features less that speaker's mean, over that speaker's deviation.

    Parameters
    ----------
    strength : float, default=1.0
        From 0 (every speaker is brought to the mean and deviation of all training clips) to 1 (to the speaker's own);
        between them means are mixed linearly and deviations geometrically.
    min_clips : int, default=2
        A speaker's own statistic of a column needs this many values.

    Attributes
    ----------
    center_, scale_ : ndarray of shape (n_features,)
        Mean and deviation over all fitted clips.
    speakers_ : dict
        Mean and deviation of each fitted speaker.

    Notes
    -----
    A speaker that was fitted keeps the statistics of the fit. Any other speaker is normalised by the rows that are
    transformed together: no label of theirs is read, but their other clips are, so scores on evaluated speakers are
    *transductive* and have to be called so.

    With a mask of neutral clips the mean is that of the speaker's neutral clips: unlike the mean of all, it does not
    move with the emotions a speaker happens to show. It needs these labels of evaluated speakers too. The deviation is
    over all clips of the speaker.

    A speaker with fewer than `min_clips` values in a column gets the training statistics there (less is erased, never
    the clip itself); fewer neutral ones, and the mean over all clips of the speaker is taken. Without groups all rows
    are one speaker. Missing values stay missing, and a column that does not vary becomes 0.
    """

    def __init__(self, strength=1.0, min_clips=2):
        self.strength = strength
        self.min_clips = min_clips

    def fit(self, X, y=None, groups=None, neutral=None):
        """Learn the statistics of all clips and of each speaker.

        Parameters
        ----------
        X : array-like of shape (n, n_features)
        y : ignored
        groups : array-like of shape (n,), optional
            Speakers; without them all rows are one speaker.
        neutral : array-like of bool, shape (n,), optional
            Clips known to be neutral.

        Returns
        -------
        self
        """
        X = self._validate(X, reset=True)
        self.center_, self.scale_ = _center_and_scale(X, 1)[:2]
        self.center_ = np.nan_to_num(self.center_)
        self.scale_ = np.where(np.isnan(self.scale_), np.inf, self.scale_)
        self.speakers_ = None
        if groups is not None:
            self.speakers_ = {name: self._own(X[rows], part) for name, rows, part in _each(X, groups, neutral)}
        return self

    def transform(self, X, groups=None, neutral=None):
        """Normalise rows.

        Parameters
        ----------
        X : array-like of shape (n, n_features)
        groups : array-like of shape (n,), optional
            Speakers; needed where `fit` had them.
        neutral : array-like of bool, shape (n,), optional
            Clips known to be neutral, for speakers that were not fitted.

        Returns
        -------
        ndarray of shape (n, n_features)
            In units of a deviation.
        """
        check_is_fitted(self)
        X = self._validate(X, reset=False)
        if groups is None:
            if self.speakers_ is not None:
                raise InputError("groups: transform needs the speaker of each row, as fit had them")
            return _scaled(X, self.center_, self.scale_)
        normalised = np.empty_like(X)
        for name, rows, part in _each(X, groups, neutral):
            center, scale = (self.speakers_ or {}).get(name) or self._own(X[rows], part)
            center = (1 - self.strength) * self.center_ + self.strength * center
            with np.errstate(invalid="ignore"):
                scale = np.exp((1 - self.strength) * np.log(self.scale_) + self.strength * np.log(scale))
            normalised[rows] = _scaled(X[rows], center, np.where(np.isnan(scale), np.inf, scale))
        return normalised

    def fit_transform(self, X, y=None, groups=None, neutral=None):
        """Fit, then transform the same rows; see `fit` and `transform`."""
        return self.fit(X, y, groups=groups, neutral=neutral).transform(X, groups=groups, neutral=neutral)

    def _own(self, X, neutral):
        """A speaker's mean and deviation per column, those of all clips where there are too few."""
        center, scale = _center_and_scale(X, self.min_clips)
        if neutral is not None:
            calm = _center_and_scale(X[neutral], self.min_clips)[0]
            center = np.where(np.isnan(calm), center, calm)
        return np.where(np.isnan(center), self.center_, center), np.where(np.isnan(scale), self.scale_, scale)


class _Projection(_Eraser):
    """Affine erasers: block by block, ``x - write (read' z)`` with z the standardised x, in the units of x."""

    def fit(self, X, y=None, groups=None):
        """Find the directions in which the speakers differ.

        Parameters
        ----------
        X : array-like of shape (n, n_features)
            NaN allowed; an all-NaN block in a row = the modality is missing there.
        y : ignored
        groups : array-like of shape (n,), optional
            The speaker of each row. Without them nothing can be erased, and a warning says so.

        Returns
        -------
        self

        Raises
        ------
        InputError
            With a single speaker (there is no identity to find), or where no speaker has two clips.
        """
        X = self._validate(X, reset=True)
        if self.shrinkage != "auto" and not 0 <= self.shrinkage <= 1:
            raise InputError(f"shrinkage: 'auto' or a number from 0 to 1 is needed, got {self.shrinkage!r}")
        self.blocks_ = column_blocks(self.blocks, X.shape[1])
        self.maps_ = []
        if groups is None:
            warnings.warn(f"{type(self).__name__}: no groups were given, so nothing is erased", UserWarning, stacklevel=2)
            return self
        groups = _checked(groups, X, "groups")
        for number, columns in enumerate(self.blocks_):
            rows = ~np.isnan(X[:, columns]).all(axis=1)
            self.maps_.append(self._fit_block(X[np.ix_(rows, columns)], groups[rows], number))
        return self

    def transform(self, X, groups=None):
        """Erase the leading directions, as many of them as `strength` says (rounded up).

        Parameters
        ----------
        X : array-like of shape (n, n_features)
        groups : ignored
            Unseen speakers need no treatment of their own.

        Returns
        -------
        ndarray of shape (n, n_features)
            In the units of X; missing values stay missing.
        """
        check_is_fitted(self)
        X = self._validate(X, reset=False)
        erased = X.copy()
        for columns, (preparation, read, write) in zip(self.blocks_, self.maps_, strict=bool(self.maps_)):
            rows = np.flatnonzero(~np.isnan(X[:, columns]).all(axis=1))
            directions = math.ceil(self.strength * read.shape[1] - 1e-9)
            if len(rows) and directions:
                Z = preparation.transform(X[np.ix_(rows, columns)])
                found = Z @ read[:, :directions].astype(X.dtype)
                erased[np.ix_(rows, columns)] -= found @ write[:, :directions].T.astype(X.dtype)
        return erased

    def _fit_block(self, X, groups, number):
        names, codes = np.unique(groups, return_inverse=True)
        if len(names) < 2:
            raise InputError(f"groups: two speakers at least are needed, got {len(names)} (n_samples={len(X)}, block {number})")
        if len(names) == len(groups):
            raise InputError(f"groups: each of {len(names)} speakers has one clip in block {number}; who and what cannot be told apart")
        preparation = Preparation(balance=False).fit(X)
        Z = preparation.transform(X).astype(np.float64)
        # All directions of interest lie in the span of the rows: with fewer rows than columns that is the smaller space.
        basis, Z = (None, Z) if len(Z) >= Z.shape[1] else _row_space(Z)
        shrinkage = _ledoit_wolf(Z, X.shape[1]) if self.shrinkage == "auto" else float(self.shrinkage)
        read, write = self._directions(Z, _indicators(codes), max(shrinkage, SMALLEST_SHRINKAGE))
        if basis is not None:
            read, write = basis @ read, basis @ write
        scale = np.where(np.isfinite(preparation.scale_), preparation.scale_, 0)
        return preparation, read, scale[:, None] * write


class LeaceEraser(_Projection):
    """Least-squares concept erasure of the speaker: no linear probe can use what is left, at the least change of X.

    Belrose, Schneider-Joseph, Ravfogel, Cotterell, Raff & Biderman 2023, LEACE: Perfect linear concept erasure in closed
    form, arXiv 2306.03819. With S the covariance of X and C its cross-covariance with the speakers' indicators,
    ``x -> x - C (C' S^-1 C)^+ C' S^-1 (x - mean)``, which leaves no cross-covariance between fitted rows and speakers.

    Parameters
    ----------
    strength : float, default=1.0
        Share of the directions that are erased, those that tell the speakers best first.
    shrinkage : 'auto' or float, default='auto'
        S becomes ``(1 - shrinkage) S + shrinkage I`` on standardised columns. 'auto' is the choice of Ledoit & Wolf
        (2004, Journal of Multivariate Analysis 88, 365-411). Without it the erasure of fewer clips than columns would
        fit these clips and no others. With 1 the speakers' means are projected out at right angles, which is nuisance
        attribute projection.
    blocks : optional
        The columns of each modality, see `Preparation`; None is one block. Each is erased by itself, which erases
        them jointly too, and leaves rows that lack one as they are.

    Attributes
    ----------
    maps_ : list of (Preparation, ndarray of shape (d, k), ndarray of shape (d, k))
        For each block: its standardisation, what is read from standardised columns, what is taken from X for it.

    Notes
    -----
    A speaker with one clip counts as any other, by that clip: the weight of a speaker is the number of its clips.
    """

    def __init__(self, strength=1.0, shrinkage="auto", blocks=None):
        self.strength = strength
        self.shrinkage = shrinkage
        self.blocks = blocks

    def _directions(self, Z, Y, shrinkage):
        cross = Z.T @ Y / len(Z)
        solved = _solve_covariance(Z, cross, shrinkage)
        strengths, Q = eigh(cross.T @ solved)
        kept = strengths > RANK_TOLERANCE * max(strengths[-1], np.finfo(float).tiny)
        Q = Q[:, kept][:, ::-1] / np.sqrt(strengths[kept][::-1])
        return solved @ Q, cross @ Q


class NullspaceEraser(_Projection):
    """Iterative null-space projection: fit a linear classifier of the speakers, project its weights out, and again.

    Ravfogel, Elazar, Gonen, Twiton & Goldberg 2020, Null it out: guarding protected attributes by iterative nullspace
    projection, ACL, arXiv 2004.07667. The classifier is least squares on the speakers' indicators.

    Parameters
    ----------
    strength : float, default=1.0
        Share of the directions that are projected out, in the order in which they were found.
    n_rounds : int, default=3
        Classifiers; each gives as many directions as there are speakers, less one. With few columns that soon is all
        of them: at least one direction is always left.
    shrinkage, blocks
        As for `LeaceEraser`.

    Attributes
    ----------
    maps_
        As for `LeaceEraser`.
    """

    def __init__(self, strength=1.0, n_rounds=3, shrinkage="auto", blocks=None):
        self.strength = strength
        self.n_rounds = n_rounds
        self.shrinkage = shrinkage
        self.blocks = blocks

    def _directions(self, Z, Y, shrinkage):
        found = np.empty((Z.shape[1], 0))
        rank = np.linalg.matrix_rank(Z)
        for _ in range(self.n_rounds):
            left = Z - (Z @ found) @ found.T
            weights = _solve_covariance(left, left.T @ Y / len(Z), shrinkage)
            weights -= found @ (found.T @ weights)
            U, s, _ = np.linalg.svd(weights, full_matrices=False)
            more = U[:, s > RANK_TOLERANCE * max(s[0], np.finfo(float).tiny)][:, : max(rank - 1 - found.shape[1], 0)]
            found = np.hstack([found, more])
        return found, found


@dataclass(frozen=True)
class Tuned:
    """Outcome of `tune_strength`.

    Attributes
    ----------
    strength : float
        The largest strength within the bound.
    loss : float
        Score lost by it; negative where erasure helped.
    strengths, scores : ndarray
        All that were tried, ascending, and their out-of-fold scores (errors negated: larger is better).
    """

    strength: float
    loss: float
    strengths: np.ndarray
    scores: np.ndarray


def tune_strength(
    eraser, estimator, X, y, groups, *, strengths=(0.25, 0.5, 0.75, 1.0), max_loss=0.02, metric="accuracy", cv=5, progress=None
):
    """The largest erasure that costs no more than a stated loss of out-of-fold score.

    Parameters
    ----------
    eraser : one of this module
        Fitted on the training part of each fold.
    estimator : scikit-learn classifier or regressor
        Fitted on the erased training part of each fold; gets groups if its fit takes them.
    X : array-like of shape (n, n_features)
    y : array-like of shape (n,)
        Class labels, or values; leave unlabelled rows out.
    groups : array-like of shape (n,)
        Speakers. Give training speakers only: the choice is learnt from all rows.
    strengths : sequence of float
        Tried strengths; 0 is added, and is what losses are measured against.
    max_loss : float, default=0.02
        In units of the metric.
    metric : str, default='accuracy'
        A key of `METRICS`, not per recording.
    cv : int, splitter or iterable, default=5
        Folds over the groups, see `resolve_cv`.
    progress : callable, optional
        Called with (done, total, what runs now).

    Returns
    -------
    Tuned
        Strengths need not be monotone in score: the largest one within the bound is taken, whatever lies below it.
    """
    X, y, groups = np.asarray(X), np.asarray(y), _checked(groups, X, "groups")
    classes = METRICS[metric].kind == "classes"
    folds = resolve_cv(cv, X, y, groups, classes=classes)
    strengths = np.unique([0.0, *strengths])
    numbers = [fold for fold in np.unique(folds) if fold >= 0]
    predictions = np.empty((len(strengths), len(y)), dtype=y.dtype if classes else float)
    for done, fold in enumerate(numbers):
        train, test = folds != fold, folds == fold
        fitted = clone(eraser).fit(X[train], groups=groups[train])
        for place, strength in enumerate(strengths):
            if progress:
                progress(done * len(strengths) + place, len(numbers) * len(strengths), f"fold {fold}, strength {strength:g}")
            fitted.set_params(strength=strength)
            more = {"groups": groups[train]} if has_fit_parameter(estimator, "groups") else {}
            model = clone(estimator).fit(fitted.transform(X[train], groups=groups[train]), y[train], **more)
            predictions[place, test] = model.predict(fitted.transform(X[test], groups=groups[test]))
    rows = folds >= 0
    names = np.unique(y)
    sign = 1 if METRICS[metric].higher_is_better else -1
    scores = np.empty(len(strengths))
    for place, predicted in enumerate(predictions):
        truth, predicted = y[rows], predicted[rows]
        if classes:
            truth, predicted = np.searchsorted(names, truth), np.searchsorted(names, predicted)
        scores[place] = sign * score(metric, truth, predicted, n_classes=len(names) if classes else None)
    best = np.flatnonzero(scores >= scores[0] - max_loss - 1e-12)[-1]
    return Tuned(float(strengths[best]), float(scores[0] - scores[best]), strengths, scores)


def _checked(values, X, what):
    values = np.asarray(values)
    if values.shape != (len(X),):
        raise InputError(f"{what}: one value per row is needed, got shape {values.shape} for {len(X)} rows")
    return values


def _each(X, groups, neutral):
    """Name, row numbers and neutral rows among them, of each speaker."""
    groups = _checked(groups, X, "groups")
    neutral = None if neutral is None else _checked(neutral, X, "neutral").astype(bool)
    for name in np.unique(groups).tolist():
        rows = np.flatnonzero(groups == name)
        yield name, rows, None if neutral is None else neutral[rows]


def _center_and_scale(X, min_clips):
    """Mean and deviation of columns: NaN with fewer values than asked for, an infinite deviation where nothing varies."""
    known = ~np.isnan(X)
    counts = known.sum(axis=0)
    filled = np.where(known, X, 0).astype(np.float64)
    center = filled.sum(axis=0) / np.maximum(counts, 1)
    scale = np.sqrt((np.where(known, filled - center, 0) ** 2).sum(axis=0) / np.maximum(counts, 1))
    scale = np.where(scale > 1e-6 * np.abs(filled).max(axis=0, initial=0), scale, np.inf)
    few = counts < max(min_clips, 1)
    return np.where(few, np.nan, center), np.where(few, np.nan, scale)


def _scaled(X, center, scale):
    return (X - center.astype(X.dtype)) / scale.astype(X.dtype)


def _indicators(codes):
    """One centred column a speaker, of shape (n, speakers)."""
    Y = np.eye(codes.max() + 1)[codes]
    return Y - Y.mean(axis=0)


def _row_space(Z):
    """Orthonormal basis (d, n) of the rows of Z (n, d), and the rows in it (n, n)."""
    basis, R = np.linalg.qr(Z.T)
    return basis, R.T


def _solve_covariance(Z, right, shrinkage):
    """``((1 - shrinkage) cov Z + shrinkage I)^-1 right`` for centred Z (n, d) and right (d, k)."""
    covariance = (1 - shrinkage) / len(Z) * (Z.T @ Z)
    covariance[np.diag_indices_from(covariance)] += shrinkage
    return cho_solve(cho_factor(covariance, lower=True, overwrite_a=True), right)


def _ledoit_wolf(Z, n_columns):
    """Ledoit & Wolf's shrinkage for centred rows, whose squared lengths and inner products are all that it needs.

    As `sklearn.covariance.ledoit_wolf_shrinkage`, but rows may be given in any orthonormal basis of their span.
    """
    n = len(Z)
    lengths = np.einsum("ij,ij->i", Z, Z)
    mean = lengths.sum() / n / n_columns
    squares = np.square(Z.T @ Z).sum() / n**2
    spread = squares / n_columns - mean**2
    noise = (np.square(lengths).sum() / n - squares) / (n * n_columns)
    return 1.0 if spread <= noise else float(max(noise, 0) / spread)
