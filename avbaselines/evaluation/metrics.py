"""The scores of the suite, each a function of sums that add up over groups.

A group is what is resampled and never split: a speaker, a session, else a recording. Every metric first turns the
clips of each group into a row of sums, ``sums`` of shape (groups, S), and then reads a score off any total of such
rows. So ``metric.value(weights @ sums)`` with ``weights`` of shape (B, groups) scores B resamples at once, and equals
scoring the literally concatenated clips.

Conventions, the same for every metric:

- NaN in the truth means "not labelled": such clips are left out, whatever was predicted for them.
- A missing (NaN) or infinite prediction of a labelled clip is an error, never a NaN score.
- Truth is centred and scaled by its own mean and standard deviation, and the prediction by those same two numbers,
  before anything is summed. Large offsets then cost no precision, and the sums of two systems on the same clips
  may be mixed group by group, as the paired comparison does.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal, TypeVar

import numpy as np
from numpy.typing import ArrayLike

from avbaselines.evaluation.class_sums import (
    accuracy,
    add_confusion,
    checked_codes,
    f1_macro,
    f1_weighted,
    truths,
    uar,
)
from avbaselines.evaluation.regression_sums import (
    add_ccc_per_recording,
    add_errors,
    add_moments,
    concordance,
    correlation,
    mean,
    moment_clips,
    number,
    root_mean,
)

MetricKind = Literal["regression", "classes"]
Number = TypeVar("Number", bound=Any)  # a float, or an array of them
Operand = TypeVar("Operand")


@dataclass(frozen=True)
class Metric:
    """One score: how clips are summed per group, and how a score is read off a total of sums.

    Attributes
    ----------
    name
        Key in `METRICS` and in result files.
    kind
        Which targets it applies to.
    higher_is_better
        False for errors (``rmse``, ``mae``, ``mse``); `oriented` and `oriented_pair` are its uses.
    bounds
        Smallest and largest possible score.
    per_recording
        Whether `sums` needs ``recording_codes``.

    Examples
    --------
    >>> metric = METRICS["mae"]
    >>> sums = metric.sums([1, 2, 3], [1, 3, 5], group_codes=[0, 0, 1], n_groups=2)
    >>> metric.value(sums)
    array([0.5, 2. ])
    >>> float(metric.value(sums.sum(axis=0)))
    1.0
    """

    name: str
    kind: MetricKind
    higher_is_better: bool
    bounds: tuple[float, float]
    per_recording: bool = False
    _accumulate: Callable[..., np.ndarray] = field(repr=False, kw_only=True)
    _read: Callable[[np.ndarray], np.ndarray] = field(repr=False, kw_only=True)
    _clips: Callable[[np.ndarray], np.ndarray] = field(repr=False, kw_only=True)

    def sums(
        self,
        truth: ArrayLike,
        prediction: ArrayLike,
        group_codes: ArrayLike,
        n_groups: int,
        recording_codes: ArrayLike | None = None,
        n_classes: int | None = None,
    ) -> np.ndarray:
        """Sum the labelled clips of each group.

        Parameters
        ----------
        truth : shape (n,)
            Values, or class codes 0 .. n_classes-1; NaN = not labelled.
        prediction : shape (n,), or (n, n_classes) for classes
            Values, class codes, or posteriors of which the largest counts (the first of equals).
        group_codes : int, shape (n,)
            Group of each clip, 0 .. n_groups-1.
        n_groups
            Number of groups; one without a labelled clip gets a row of zeros.
        recording_codes : int, shape (n,)
            Recording of each clip, any integers; each recording lies within one group. Only for metrics with
            `per_recording`; ignored by the others.
        n_classes
            Number of classes; by default the largest code seen plus one, or the width of the posteriors. Give it
            where several systems are to be compared. Ignored by regression metrics.

        Returns
        -------
        shape (n_groups, S), float64

        Raises
        ------
        ValueError
            If lengths differ, no clip is labelled, a labelled clip lacks a finite prediction, a code is out of
            range, or a recording spans groups.

        Examples
        --------
        >>> METRICS["accuracy"].sums([0, 1, 1], [0, 1, 0], group_codes=[0, 0, 1], n_groups=2)
        array([[1., 0., 0., 1.],
               [0., 0., 1., 0.]])
        """
        truth, prediction, group_codes = np.asarray(truth), np.asarray(prediction), np.asarray(group_codes)
        columns = {"prediction": prediction, "group_codes": group_codes}
        if self.per_recording:
            if recording_codes is None:
                raise ValueError(f"{self.name}: recording_codes are needed")
            columns["recording_codes"] = np.asarray(recording_codes)
        self._check(truth, columns)
        rows = np.flatnonzero(labelled(truth))
        if not len(rows):
            raise ValueError(f"{self.name}: no labelled clip to score")
        truth, prediction = truth[rows], prediction[rows]
        finite = np.isfinite(np.column_stack([truth, prediction])).all(axis=1)
        if not finite.all():
            bad = rows[~finite]
            raise ValueError(
                f"{self.name}: {len(bad)} labelled clips have a missing or infinite value, first at row {bad[0]}"
            )
        groups = checked_codes(group_codes[rows], n_groups, f"{self.name}: group_codes")
        if self.kind == "classes":
            return self._accumulate(truth, prediction, groups, n_groups, n_classes)
        extra = [columns["recording_codes"][rows]] if self.per_recording else []
        return self._accumulate(truth.astype(np.float64), prediction.astype(np.float64), groups, n_groups, *extra)

    def _check(self, truth: np.ndarray, columns: dict[str, np.ndarray]) -> None:
        """Raise ValueError unless truth and prediction are numbers, and all columns are as long as the truth."""
        prediction = columns["prediction"]
        if truth.dtype.kind not in "biuf" or prediction.dtype.kind not in "biuf":
            raise ValueError(f"{self.name}: numbers are needed, got {truth.dtype} truth, {prediction.dtype} prediction")
        if truth.ndim != 1 or prediction.ndim > 1 + (self.kind == "classes"):
            raise ValueError(f"{self.name}: truth of shape {truth.shape}, prediction of shape {prediction.shape}")
        for what, values in columns.items():
            if len(values) != len(truth):
                raise ValueError(f"{self.name}: {what} has {len(values)} rows but truth has {len(truth)}")

    def value(self, sums: ArrayLike) -> np.ndarray:
        """Read the score off sums.

        Parameters
        ----------
        sums : shape (..., S)
            Totals over groups, each group counted as often as it was drawn.

        Returns
        -------
        shape (...)
            The score; NaN only where a total holds no clip at all.

        Examples
        --------
        >>> METRICS["mse"].value([[2.0, 8.0], [0.0, 0.0]])
        array([ 4., nan])
        """
        with np.errstate(divide="ignore", invalid="ignore"):
            return self._read(np.asarray(sums, dtype=np.float64))

    def clips(self, sums: ArrayLike) -> np.ndarray:
        """The part of sums that the truth alone determines, of shape (..., T); systems on the same clips share it.

        Examples
        --------
        >>> METRICS["mse"].clips([[2.0, 8.0], [1.0, 0.0]])
        array([[2.],
               [1.]])
        """
        return self._clips(np.asarray(sums, dtype=np.float64))

    def count(self, sums: ArrayLike) -> np.ndarray:
        """Number of clips (recordings, for metrics per recording) in each total, of shape (...).

        Examples
        --------
        >>> METRICS["uar"].count([[3.0, 1.0, 0.0, 2.0]])
        array([6.])
        """
        clips = self.clips(sums)
        return clips.sum(axis=-1) if self.kind == "classes" else clips[..., 0]

    def oriented(self, value: Number) -> Number:
        """A score, or a difference of scores, turned so that more is better: that of an error changes its sign.

        Examples
        --------
        >>> METRICS["mse"].oriented(0.25), METRICS["ccc"].oriented(0.25)
        (-0.25, 0.25)
        """
        return value if self.higher_is_better else -value

    def oriented_pair(self, a: Operand, b: Operand) -> tuple[Operand, Operand]:
        """The operands of a difference of scores that is positive where system a is better: (a, b), of an error (b, a).

        Examples
        --------
        >>> METRICS["mse"].oriented_pair("sums of a", "sums of b")
        ('sums of b', 'sums of a')
        """
        return (a, b) if self.higher_is_better else (b, a)


def score(
    name: str,
    truth: ArrayLike,
    prediction: ArrayLike,
    recording_codes: ArrayLike | None = None,
    n_classes: int | None = None,
) -> float:
    """Score predictions with the metric called `name`.

    Parameters
    ----------
    name
        A key of `METRICS`.
    truth, prediction, recording_codes, n_classes
        As for `Metric.sums`.

    Raises
    ------
    ValueError
        As `Metric.sums` does, and for an unknown name.

    Examples
    --------
    >>> round(score("ccc", [1, 2, 3, 4], [1, 2, 3, 5]), 3)
    0.929
    >>> score("uar", [0, 0, 0, 1], [0, 0, 0, 0])
    0.5
    """
    if name not in METRICS:
        raise ValueError(f"unknown metric {name!r}; known are {', '.join(METRICS)}")
    metric = METRICS[name]
    one_group = np.zeros(len(np.asarray(truth)), dtype=np.intp)
    sums = metric.sums(truth, prediction, one_group, 1, recording_codes=recording_codes, n_classes=n_classes)
    return float(metric.value(sums[0]))


def higher_is_better(name: str) -> bool:
    """Whether more is better by the metric of that name.

    A name outside `METRICS` is a score: the combined one, or one that a paper reports.

    Examples
    --------
    >>> higher_is_better("ccc"), higher_is_better("mse"), higher_is_better("combined")
    (True, False, True)
    """
    return name not in METRICS or METRICS[name].higher_is_better


def oriented(name: str, value: Number) -> Number:
    """`Metric.oriented` by the metric's name, which may be outside `METRICS` as for `higher_is_better`.

    Examples
    --------
    >>> oriented("rmse", 0.5), oriented("combined", 0.5)
    (-0.5, 0.5)
    """
    return value if higher_is_better(name) else -value


def labelled(truth: ArrayLike) -> np.ndarray:
    """Mask of the clips that carry a label, i.e. whose truth is not NaN.

    Examples
    --------
    >>> labelled([0.5, float("nan")])
    array([ True, False])
    """
    truth = np.asarray(truth)
    return ~np.isnan(truth) if truth.dtype.kind == "f" else np.ones(len(truth), dtype=bool)


def _concordance(
    name: str,
    accumulate: Callable[..., np.ndarray],
    read: Callable[[np.ndarray], np.ndarray],
    clips: Callable[[np.ndarray], np.ndarray],
    per_recording: bool = False,
) -> Metric:
    return Metric(
        name, "regression", True, (-1.0, 1.0), per_recording, _accumulate=accumulate, _read=read, _clips=clips
    )


def _error(
    name: str, loss: Callable[[np.ndarray], np.ndarray], read: Callable[[np.ndarray], np.ndarray]
) -> Metric:
    accumulate = partial(add_errors, loss)
    return Metric(name, "regression", False, (0.0, np.inf), _accumulate=accumulate, _read=read, _clips=number)


def _classes(name: str, read: Callable[[np.ndarray], np.ndarray]) -> Metric:
    return Metric(name, "classes", True, (0.0, 1.0), _accumulate=add_confusion, _read=read, _clips=truths)


CONCORDANCES = ("ccc", "ccc_per_recording")
REGRESSION = ("ccc", "ccc_per_recording", "pcc", "rmse", "mae")
CLASSES = ("accuracy", "uar", "f1_macro", "f1_micro", "f1_weighted")
METRICS: dict[str, Metric] = {
    metric.name: metric
    for metric in (
        _concordance("ccc", add_moments, concordance, moment_clips),
        _concordance("ccc_per_recording", add_ccc_per_recording, mean, number, per_recording=True),
        _concordance("pcc", add_moments, correlation, moment_clips),
        _error("rmse", np.square, root_mean),
        _error("mae", np.abs, mean),
        _error("mse", np.square, mean),
        _classes("accuracy", accuracy),
        _classes("uar", uar),
        _classes("f1_macro", f1_macro),
        _classes("f1_micro", accuracy),
        _classes("f1_weighted", f1_weighted),
    )
}
