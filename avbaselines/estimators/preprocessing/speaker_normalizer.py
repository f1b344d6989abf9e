"""Per-speaker normalisation: each speaker's features on a scale of that speaker's own."""

from collections.abc import Iterator
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtri
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from avbaselines.errors import InputError
from avbaselines.estimators.preprocessing.erasure import Eraser, check_per_row
from avbaselines.estimators.preprocessing.normal_scores import QUANTILE_LIMIT
from avbaselines.estimators.preprocessing.preparation import Preparation
from avbaselines.estimators.tuned.parameter_checks import OneOf
from avbaselines.estimators.tuned.validation import RandomState

__all__ = ["SpeakerNormalizer"]

Own = tuple[np.ndarray, np.ndarray]  # a speaker's statistics of each column


class SpeakerNormalizer(Eraser):
    """Each speaker's features on a scale of that speaker's own clips.

    Parameters
    ----------
    strength : float, default=1.0
        From 0 (every speaker is brought to the mean and deviation of all training clips) to 1 (to the speaker's own);
        between them means are mixed linearly and deviations geometrically; ranks are mixed linearly.
    scaling : {'standard', 'rank'}, default='standard'
        'standard' takes off the speaker's mean and divides by the speaker's deviation. 'rank' replaces a value by the
        normal score of its rank among the speaker's values, ties in random order (Dunn & Smyth 1996, Randomized
        quantile residuals, Journal of Computational and Graphical Statistics 5, 236-244): every speaker then has the
        same distribution in each column.
    min_clips : int, default=2
        A speaker's own statistic of a column needs this many values.
    random_state : int or RandomState, default=0
        Orders ties.

    Attributes
    ----------
    center_, scale_ : ndarray of shape (n_features,)
        Mean and deviation over all fitted clips.
    speakers_ : dict or None
        Mean and deviation, or sorted values and their number, of each fitted speaker; None without groups.

    Notes
    -----
    'standard' takes the speaker from linear models, not from trees: where a feature has a floor (an action unit that
    is off is 0), its place on the speaker's scale is the same in all clips of a speaker and of nobody else. There
    'rank' is the erasure.

    A speaker that was fitted keeps the statistics of the fit. Any other speaker is normalised by the rows that are
    transformed together: no label of theirs is read, but their other clips are, so scores on evaluated speakers are
    *transductive* and have to be called so.

    With a mask of neutral clips the mean is that of the speaker's neutral clips: unlike the mean of all, it does not
    move with the emotions a speaker happens to show. It needs these labels of evaluated speakers too. The deviation is
    over all clips of the speaker.

    A speaker with fewer than `min_clips` values in a column gets the training statistics there (less is erased, never
    the clip itself); fewer neutral ones, and the mean over all clips of the speaker is taken. Without groups all rows
    are one speaker. Missing values stay missing. A column that does not vary becomes 0; one that varies, but not for a
    speaker, becomes 0 there, or in ranks noise, as 0 would tell who it is.

    Examples
    --------
    >>> X = np.array([[1.0], [3.0], [10.0], [14.0]])
    >>> SpeakerNormalizer().fit_transform(X, groups=["a", "a", "b", "b"]).ravel().tolist()
    [-1.0, 1.0, -1.0, 1.0]
    """

    constraints = {**Eraser.constraints, "scaling": OneOf("standard", "rank")}

    def __init__(
        self, strength: float = 1.0, scaling: str = "standard", min_clips: int = 2, random_state: RandomState = 0
    ):
        self.strength = strength
        self.scaling = scaling
        self.min_clips = min_clips
        self.random_state = random_state

    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike | None = None,
        groups: ArrayLike | None = None,
        neutral: ArrayLike | None = None,
    ) -> Self:
        """Learn the statistics of all clips and of each speaker.

        Parameters
        ----------
        X : array-like of shape (n, n_features)
        y : ignored
        groups : array-like of shape (n,), optional
            Speakers; without them all rows are one speaker.
        neutral : array-like of bool, shape (n,), optional
            Clips known to be neutral; not for ranks.
        """
        self.check_parameters()
        if self.scaling == "rank" and neutral is not None:
            raise InputError("neutral: ranks have no origin to set by neutral clips; leave it out or use 'standard'")
        X = self._validated(X, reset=True)
        self.overall_ = Preparation(scaling="quantile" if self.scaling == "rank" else "standard", balance=False).fit(X)
        center, scale = _center_and_scale(X, 1)
        self.center_, self.scale_ = np.nan_to_num(center), np.where(np.isnan(scale), np.inf, scale)
        self.speakers_ = None
        if groups is not None:
            self.speakers_ = {name: self._own(X[rows], part) for name, rows, part in _each(X, groups, neutral)}
        return self

    def transform(self, X: ArrayLike, groups: ArrayLike | None = None, neutral: ArrayLike | None = None) -> np.ndarray:
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
        self.check_parameters()
        X = self._validated(X)
        if groups is None:
            if self.speakers_ is not None:
                raise InputError("groups: transform needs the speaker of each row, as fit had them")
            return self._overall(X)
        known, normalised = self.speakers_ or {}, np.empty_like(X)
        rng, overall = check_random_state(self.random_state), self._overall(X) if self.scaling == "rank" else None
        for name, rows, part in _each(X, groups, neutral):
            own = known.get(name) or self._own(X[rows], part)
            if overall is None:
                normalised[rows] = self._shifted(X[rows], own)
            else:
                normalised[rows] = self._ranked(X[rows], overall[rows], own, rng)
        return normalised

    def fit_transform(
        self,
        X: ArrayLike,
        y: ArrayLike | None = None,
        groups: ArrayLike | None = None,
        neutral: ArrayLike | None = None,
    ) -> np.ndarray:
        """Fit, then transform the same rows; see `fit` and `transform`."""
        return self.fit(X, y, groups=groups, neutral=neutral).transform(X, groups=groups, neutral=neutral)

    def _overall(self, X: np.ndarray) -> np.ndarray:
        """Rows on the scale of all fitted clips."""
        return np.where(np.isnan(X), X, self.overall_.transform(X)[:, : X.shape[1]])

    def _shifted(self, X: np.ndarray, own: Own) -> np.ndarray:
        center, scale = own
        center = (1 - self.strength) * self.center_ + self.strength * center
        ratio = np.divide(scale, self.scale_, out=np.ones_like(scale), where=np.isfinite(self.scale_))
        return _scaled(X, center, self.scale_ * ratio**self.strength)

    def _ranked(self, X: np.ndarray, overall: np.ndarray, own: Own, rng: np.random.RandomState) -> np.ndarray:
        known, counts = own
        able = (counts >= self.min_clips) & np.isfinite(self.scale_)
        ranked = np.where(able, _random_rank_scores(X, known, counts, rng), overall)
        return (1 - self.strength) * overall + self.strength * ranked

    def _own(self, X: np.ndarray, neutral: np.ndarray | None) -> Own:
        """A speaker's mean and deviation per column, those of all clips where there are too few; or its values."""
        if self.scaling == "rank":
            return np.sort(X, axis=0), (~np.isnan(X)).sum(axis=0)
        center, scale = _center_and_scale(X, self.min_clips)
        if neutral is not None:
            calm = _center_and_scale(X[neutral], self.min_clips)[0]
            center = np.where(np.isnan(calm), center, calm)
        # What is constant for a speaker is 0 on any scale; that of all clips suits the speaker's clips yet to come.
        return np.where(np.isnan(center), self.center_, center), np.where(np.isfinite(scale), scale, self.scale_)


def _each(
    X: np.ndarray, groups: ArrayLike, neutral: ArrayLike | None
) -> Iterator[tuple[Any, np.ndarray, np.ndarray | None]]:
    """Name, row numbers and neutral rows among them, of each speaker."""
    groups = check_per_row(groups, X, "groups")
    neutral = None if neutral is None else check_per_row(neutral, X, "neutral").astype(bool)
    for name in np.unique(groups).tolist():
        rows = np.flatnonzero(groups == name)
        yield name, rows, None if neutral is None else neutral[rows]


def _center_and_scale(X: np.ndarray, min_clips: int) -> tuple[np.ndarray, np.ndarray]:
    """Mean and deviation of columns: NaN with fewer values than asked for, an infinite deviation of a constant."""
    known = ~np.isnan(X)
    counts = known.sum(axis=0)
    filled = np.where(known, X, 0).astype(np.float64)
    center = filled.sum(axis=0) / np.maximum(counts, 1)
    scale = np.sqrt((np.where(known, filled - center, 0) ** 2).sum(axis=0) / np.maximum(counts, 1))
    scale = np.where(scale > 1e-6 * np.abs(filled).max(axis=0, initial=0), scale, np.inf)
    few = counts < max(min_clips, 1)
    return np.where(few, np.nan, center), np.where(few, np.nan, scale)


def _random_rank_scores(
    values: np.ndarray, known: np.ndarray, counts: np.ndarray, rng: np.random.RandomState
) -> np.ndarray:
    """Normal scores of ranks, column by column, among sorted known values (NaN last) of which there are `counts`.

    A value that is known several times gets one of its ranks at random.
    """
    low, high = _known_before(values, known, ties=False), _known_before(values, known, ties=True)
    drawn = rng.uniform(size=values.shape)
    rank = low + (high - low) * np.where(high - low > 1, drawn, 0.5)
    scores = np.clip(ndtri(rank / np.maximum(counts, 1)), -QUANTILE_LIMIT, QUANTILE_LIMIT)
    return np.where(np.isnan(values), values, scores.astype(values.dtype))


def _known_before(values: np.ndarray, known: np.ndarray, ties: bool) -> np.ndarray:
    """How many known values of the same column are less than each value, or with `ties` no greater, shape of values."""
    n = len(known)
    # A stable sort leaves equals in their order, so whichever of the two stands first counts as less.
    columns = np.hstack([known.T, values.T] if ties else [values.T, known.T])
    order = np.argsort(columns, axis=1, kind="stable")
    is_known = order < n if ties else order >= len(values)
    places = np.empty_like(order)
    np.put_along_axis(places, order, np.cumsum(is_known, axis=1), axis=1)
    return (places[:, n:] if ties else places[:, : len(values)]).T


def _scaled(X: np.ndarray, center: np.ndarray, scale: np.ndarray) -> np.ndarray:
    return (X - center.astype(X.dtype)) / scale.astype(X.dtype)
