"""Annotation delay and smoothing around any regressor, for corpora with a label each fraction of a second."""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, MultiOutputMixin, RegressorMixin, clone
from sklearn.model_selection import PredefinedSplit
from sklearn.utils.validation import check_is_fitted

from avbaselines.errors import InputError
from avbaselines.estimators.linear.ridge import RidgeRegressor
from avbaselines.estimators.temporal.context import (
    check_order,
    frame_numbers,
    in_frames,
    shift_back,
    shift_labels,
    smooth,
    window_of,
)
from avbaselines.estimators.tuned.group_folds import Folds, resolve_cv
from avbaselines.estimators.tuned.interface import RegressionModel
from avbaselines.estimators.tuned.parameter_checks import CheckedParameters, Each, MetricName, Minimum
from avbaselines.estimators.tuned.remarks import ChosenByFrames, ChosenDelays, FitRemark
from avbaselines.estimators.tuned.target_scaling import check_targets, tuning_score
from avbaselines.estimators.tuned.validation import GapTolerant

__all__ = ["DelayedRegressor"]


class DelayedRegressor(MultiOutputMixin, RegressorMixin, RegressionModel, CheckedParameters, GapTolerant):
    """A regressor that learns labels moved to the front and whose predictions are moved back and smoothed.

    Raters react late: what is heard at one time is rated a few seconds later; the baseline of AVEC 2019 takes 2.0 s
    (AudioVisualEmotionChallenge/AVEC2019, Baseline_systems/CES/baseline_lstm.py). Here the delay is chosen per target
    by out-of-fold score of the predictions moved back; all delays are learnt at once, as so many targets. Then the
    width of a centred moving average is chosen in the same way. Nothing crosses a recording's border: a moved label has
    to be of the same recording, the first frames repeat its first prediction, and the average repeats its ends.

    Parameters
    ----------
    regressor : estimator, default=None
        A `TargetModel` with `cv` and NaN = not labelled; None is `RidgeRegressor`. Its cv is replaced.
    chooser : estimator, default=None
        Learns each column of y by itself; the delay is chosen by its predictions. None is the regressor, which will
        not do for chains and joint trees.
    delays : sequence of float, default=(0.0,)
        Seconds, taken as the nearest whole number of frames.
    smoothing : sequence of float, default=(0.0,)
        Widths in seconds of the moving average, taken as the nearest odd number of frames; 0 changes nothing.
    cv : int, splitter or iterable, default=5
        Folds, see `resolve_cv`.
    metric : str, default='ccc'
    matching : bool, default=True
        Whether a concordance is compared after mean/std matching.
    most_rows : int, default=20000
        The delay is chosen on every k-th frame of each recording, k such that no more rows take part: neighbours in
        time say nearly the same. The regressor itself learns from all; one whose candidates are dear (its class
        `narrows`) tries on all of them only what was chosen on the part, and a remark says so.

    Attributes
    ----------
    best_params_ : list of dict
        Per target: delay and smoothing in seconds.
    delay_scores_ : ndarray of shape (len(delays), T)
        Out-of-fold scores, larger is better; of one row of NaN where there was nothing to choose.
    oof_prediction_ : ndarray of shape (n,) or (n, T)
        Out-of-fold predictions, moved back and smoothed; NaN where there is none.
    model_ : estimator
        The regressor, fitted to moved labels.
    remarks_ : list of FitRemark
        Choices and fallbacks; mostly empty.

    Examples
    --------
    >>> from avbaselines.estimators.temporal.context import shift_back
    >>> X, recordings = np.random.default_rng(0).normal(size=(60, 2)), np.repeat(np.arange(6), 10)
    >>> times, y = np.tile(np.arange(10) * 0.5, 6), shift_back(X[:, 0], recordings, 2)  # raters are a second late
    >>> model = DelayedRegressor(delays=(0.0, 1.0), cv=3).fit(X, y, recordings, recordings, times)
    >>> model.best_params_, model.remarks_
    ([{'delay': 1.0, 'smoothing': 0.0}], [ChosenDelays(delays=(1.0,), smoothing=(0.0,))])
    """

    needs_whole_recordings = True
    constraints = {
        "delays": Each(Minimum(0), "seconds of 0 or more are needed"),
        "smoothing": Each(Minimum(0), "seconds of 0 or more are needed"),
        "metric": MetricName("regression"),
    }

    def __init__(
        self,
        regressor: BaseEstimator | None = None,
        chooser: BaseEstimator | None = None,
        delays: Sequence[float] = (0.0,),
        smoothing: Sequence[float] = (0.0,),
        cv: Folds = 5,
        metric: str = "ccc",
        matching: bool = True,
        most_rows: int = 20_000,
    ):
        self.regressor = regressor
        self.chooser = chooser
        self.delays = delays
        self.smoothing = smoothing
        self.cv = cv
        self.metric = metric
        self.matching = matching
        self.most_rows = most_rows

    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        groups: ArrayLike | None = None,
        recordings: ArrayLike | None = None,
        times: ArrayLike | None = None,
    ) -> Self:
        """Choose delay and smoothing out-of-fold, and fit to the moved labels of all rows.

        Parameters
        ----------
        X : array-like of shape (n, n_features)
            All frames, those without features (NaN) too: they are neighbours of others.
        y : array-like of shape (n,) or (n, T)
            NaN = not labelled.
        groups : array-like of shape (n,), optional
            What no fold may have on both sides.
        recordings : array-like of shape (n,), optional
            Needed for delays and smoothing; rows of a recording in the order of time.
        times : array-like of shape (n,), optional
            Seconds; needed for delays and smoothing.

        Raises
        ------
        InputError
            Negative delays, recordings or times that are not given, uneven hops, or a recording that a delay leaves
            without any label.
        """
        self.check_parameters()
        X = self._validated(X, reset=True, min_rows=2)
        Y = check_targets(X, y)
        self._single = np.asarray(y).ndim == 1
        groups = None if groups is None else np.asarray(groups)
        folds = resolve_cv(self.cv, X, Y[:, 0] if Y.shape[1] == 1 else Y, groups)
        recordings, hop = self._surroundings(len(X), recordings, times, [*self.delays, *self.smoothing])
        self._refuse_long(recordings, hop)
        recordings = np.unique(recordings, return_inverse=True)[1]  # numbers are told apart faster than names
        frames, template = self._delays(X, Y, folds, groups, recordings, hop)
        moved = np.column_stack([shift_labels(y, recordings, k) for y, k in zip(Y.T, frames, strict=True)])
        self.model_, oof = _cross_fit(template, X, moved[:, 0] if self._single else moved, folds, groups)
        oof = np.column_stack([shift_back(p, recordings, k) for p, k in zip(oof.T, frames, strict=True)])
        self._smooth(oof, Y, recordings, hop)
        self.oof_prediction_ = oof[:, 0] if self._single else oof
        return self

    def predict(self, X: ArrayLike, recordings: ArrayLike | None = None, times: ArrayLike | None = None) -> np.ndarray:
        """Predictions (n,) or (n, T) for X (n, n_features) of whole recordings; NaN where a row has no features.

        The hop may be another than in fitting: delay and smoothing are kept in seconds.
        """
        check_is_fitted(self)
        X = self._validated(X)
        needed = [seconds for chosen in self.best_params_ for seconds in chosen.values()]
        recordings, hop = self._surroundings(len(X), recordings, times, needed)
        known = ~np.isnan(X).all(axis=1)
        predicted = np.full((len(X), len(self.best_params_)), np.nan)
        if known.any():
            predicted[known] = np.reshape(self.model_.predict(X[known]), (known.sum(), -1))
        for t, chosen in enumerate(self.best_params_):
            back = shift_back(predicted[:, t], recordings, in_frames(chosen["delay"], hop))
            predicted[:, t] = _smoothed(back, recordings, window_of(chosen["smoothing"], hop))
        return predicted[:, 0] if self._single else predicted

    @property
    def remarks_(self) -> list[FitRemark]:
        """The chosen delay and smoothing, and the remarks of the regressor."""
        delays = tuple(chosen["delay"] for chosen in self.best_params_)
        smoothing = tuple(chosen["smoothing"] for chosen in self.best_params_)
        by_part = [ChosenByFrames(self._step)] if self._step > 1 else []
        return [ChosenDelays(delays, smoothing), *by_part, *self.model_.remarks_]

    def _surroundings(
        self, n: int, recordings: ArrayLike | None, times: ArrayLike | None, seconds: Sequence[float]
    ) -> tuple[np.ndarray, float | None]:
        """Recordings, and the hop in seconds; where nothing is moved, whatever was given will do."""
        if not any(seconds):
            return (np.zeros(n, int) if recordings is None else np.asarray(recordings)), None
        if recordings is None or times is None:
            raise InputError("delay and smoothing: need the recording and the time of each frame")
        recordings = np.asarray(recordings)
        return recordings, check_order(recordings, times)

    def _refuse_long(self, recordings: np.ndarray, hop: float | None) -> None:
        names, counts = np.unique(recordings, return_counts=True)
        longest = max(self.delays)
        if counts.min() <= in_frames(longest, hop):
            name, count = str(names[counts.argmin()]), counts.min()
            raise InputError(
                f"delays: recording {name!r} lasts {count * hop:g} s; a delay of {longest:g} s leaves no label of it"
            )

    def _delays(
        self,
        X: np.ndarray,
        Y: np.ndarray,
        folds: np.ndarray,
        groups: np.ndarray | None,
        recordings: np.ndarray,
        hop: float | None,
    ) -> tuple[list[int], BaseEstimator]:
        """The delay of each target in frames, chosen by the predictions of all delays learnt at once; what to fit."""
        tried: dict[int, float] = {}
        for seconds in self.delays:
            tried.setdefault(in_frames(seconds, hop), float(seconds))
        frames, T = list(tried), Y.shape[1]
        best = np.zeros(T, int)
        self.delay_scores_ = np.full((1, T), np.nan)
        regressor = RidgeRegressor() if self.regressor is None else self.regressor
        self._step = 1
        if len(frames) > 1:
            numbers, step = frame_numbers(recordings), -(-len(X) // self.most_rows)
            moved = np.hstack([shift_labels(Y, recordings, k) for k in frames])
            template = regressor if self.chooser is None else self.chooser
            chooser, oof = _cross_fit(template, X, moved, folds, groups, part=numbers % step == 0, refit=False)
            oof = oof.reshape(len(X), len(frames), T)
            scores = []
            for number, k in enumerate(frames):
                held = shift_back(oof[:, number], recordings, k)
                # The first frames repeat a prediction; of them, too, every step-th takes part.
                held[(numbers - k) % step != 0] = np.nan
                scores.append([self._score(Y[:, t], held[:, t]) for t in range(T)])
            self.delay_scores_ = np.array(scores)
            best = self.delay_scores_.argmax(axis=0)
            if step > 1 and self.chooser is None and chooser.narrows:
                self._step, regressor = step, chooser.narrowed([int(i) * T + t for t, i in enumerate(best)])
        self.best_params_ = [{"delay": tried[frames[i]]} for i in best]
        return [frames[i] for i in best], regressor

    def _smooth(self, oof: np.ndarray, Y: np.ndarray, recordings: np.ndarray, hop: float | None) -> None:
        """Choose the window of each target, and smooth its out-of-fold predictions in place."""
        tried: dict[int, float] = {}
        for seconds in self.smoothing:
            tried.setdefault(window_of(seconds, hop), float(seconds))
        for t, chosen in enumerate(self.best_params_):
            traces = {width: _smoothed(oof[:, t], recordings, width) for width in tried}
            width = max(traces, key=lambda width: self._score(Y[:, t], traces[width]))
            chosen["smoothing"], oof[:, t] = tried[width], traces[width]

    def _score(self, truth: np.ndarray, prediction: np.ndarray) -> float:
        return tuning_score(self.metric, truth, prediction, self.matching)


def _cross_fit(
    template: BaseEstimator,
    X: np.ndarray,
    Y: np.ndarray,
    folds: np.ndarray,
    groups: np.ndarray | None,
    part: np.ndarray | bool = True,
    refit: bool = True,
) -> tuple[Any, np.ndarray]:
    """Fit to the rows of a part that have features and a label: the model, and predictions out-of-fold (n, T)."""
    columns = Y.reshape(len(Y), -1)
    rows = part & ~np.isnan(X).all(axis=1) & ~np.isnan(columns).all(axis=1)
    model: Any = clone(template).set_params(cv=PredefinedSplit(folds[rows]))
    learn = model.fit if refit else model.cross_predict
    learn(X[rows], Y[rows], groups=None if groups is None else groups[rows])
    oof = np.full(columns.shape, np.nan)
    oof[rows] = np.reshape(model.oof_prediction_, (rows.sum(), -1))
    return model, oof


def _smoothed(values: np.ndarray, recordings: np.ndarray, width: int) -> np.ndarray:
    """Moving average over the values present; what is missing stays so."""
    if width == 1:
        return values
    gaps = np.isnan(values)
    if not gaps.any():
        return smooth(values, recordings, width)
    total, share = smooth(np.where(gaps, 0.0, values), recordings, width), smooth(~gaps, recordings, width)
    return np.where(gaps, np.nan, total / np.where(gaps, 1.0, share))
