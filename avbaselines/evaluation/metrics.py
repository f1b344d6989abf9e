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

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import numpy as np

# A variance below this share of the second moment about the truth's mean is rounding, and counts as zero.
_CONSTANT = 1e-12


@dataclass(frozen=True)
class Metric:
    """One score: how clips are summed per group, and how a score is read off a total of sums.

    Attributes
    ----------
    name : str
        Key in `METRICS` and in result files.
    kind : {"regression", "classes"}
        Which targets it applies to.
    higher_is_better : bool
        False for errors (``rmse``, ``mae``, ``mse``).
    bounds : tuple of float
        Smallest and largest possible score.
    per_recording : bool
        Whether `sums` needs ``recording_codes``.
    """

    name: str
    kind: str
    higher_is_better: bool
    bounds: tuple[float, float]
    per_recording: bool = False
    _accumulate: Callable = field(repr=False, kw_only=True)
    _read: Callable = field(repr=False, kw_only=True)
    _clips: Callable = field(repr=False, kw_only=True)

    def sums(self, truth, prediction, group_codes, n_groups, recording_codes=None, n_classes=None):
        """Sum the labelled clips of each group.

        Parameters
        ----------
        truth : array of shape (n,)
            Values, or class codes 0 .. n_classes-1; NaN = not labelled.
        prediction : array of shape (n,), or (n, n_classes) for classes
            Values, class codes, or posteriors of which the largest counts (the first of equals).
        group_codes : int array of shape (n,)
            Group of each clip, 0 .. n_groups-1.
        n_groups : int
            Number of groups; one without a labelled clip gets a row of zeros.
        recording_codes : int array of shape (n,), optional
            Recording of each clip, any integers; each recording lies within one group. Only for metrics with
            `per_recording`; ignored by the others.
        n_classes : int, optional
            Number of classes; by default the largest code seen plus one, or the width of the posteriors. Give it
            where several systems are to be compared. Ignored by regression metrics.

        Returns
        -------
        ndarray of shape (n_groups, S), float64

        Raises
        ------
        ValueError
            If lengths differ, no clip is labelled, a labelled clip lacks a finite prediction, a code is out of
            range, or a recording spans groups.
        """
        truth, prediction, group_codes = np.asarray(truth), np.asarray(prediction), np.asarray(group_codes)
        columns = {"prediction": prediction, "group_codes": group_codes}
        if self.per_recording:
            if recording_codes is None:
                raise ValueError(f"{self.name}: recording_codes are needed")
            columns["recording_codes"] = recording_codes = np.asarray(recording_codes)
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
        groups = _codes(group_codes[rows], n_groups, f"{self.name}: group_codes")
        if self.kind == "classes":
            return self._accumulate(truth, prediction, groups, n_groups, n_classes)
        extra = [recording_codes[rows]] if self.per_recording else []
        return self._accumulate(truth.astype(np.float64), prediction.astype(np.float64), groups, n_groups, *extra)

    def _check(self, truth, columns):
        """Raise ValueError unless truth and prediction are numbers, and all columns are as long as the truth."""
        prediction = columns["prediction"]
        if truth.dtype.kind not in "biuf" or prediction.dtype.kind not in "biuf":
            raise ValueError(f"{self.name}: numbers are needed, got {truth.dtype} truth, {prediction.dtype} prediction")
        if truth.ndim != 1 or prediction.ndim > 1 + (self.kind == "classes"):
            raise ValueError(f"{self.name}: truth of shape {truth.shape}, prediction of shape {prediction.shape}")
        for what, values in columns.items():
            if len(values) != len(truth):
                raise ValueError(f"{self.name}: {what} has {len(values)} rows but truth has {len(truth)}")

    def value(self, sums):
        """Read the score off sums.

        Parameters
        ----------
        sums : array of shape (..., S)
            Totals over groups, each group counted as often as it was drawn.

        Returns
        -------
        ndarray of shape (...)
            The score; NaN only where a total holds no clip at all.
        """
        with np.errstate(divide="ignore", invalid="ignore"):
            return self._read(np.asarray(sums, dtype=np.float64))

    def clips(self, sums):
        """The part of sums that the truth alone determines, of shape (..., T); systems on the same clips share it."""
        return self._clips(np.asarray(sums, dtype=np.float64))

    def count(self, sums):
        """Number of clips (recordings, for metrics per recording) in each total, of shape (...)."""
        clips = self.clips(sums)
        return clips.sum(axis=-1) if self.kind == "classes" else clips[..., 0]


def score(name, truth, prediction, recording_codes=None, n_classes=None):
    """Score predictions with the metric called `name`.

    Parameters
    ----------
    name : str
        A key of `METRICS`.
    truth, prediction, recording_codes, n_classes
        As for `Metric.sums`.

    Returns
    -------
    float

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
    one_group = np.zeros(len(truth), dtype=np.intp)
    sums = metric.sums(truth, prediction, one_group, 1, recording_codes=recording_codes, n_classes=n_classes)
    return float(metric.value(sums[0]))


def labelled(truth):
    """Mask of the clips that carry a label, i.e. whose truth is not NaN."""
    truth = np.asarray(truth)
    return ~np.isnan(truth) if truth.dtype.kind == "f" else np.ones(len(truth), dtype=bool)


def _codes(values, n, what):
    """`values` as integers, each checked to lie in 0 .. n-1."""
    codes = values.astype(np.intp)
    if (codes != values).any():
        raise ValueError(f"{what} must be integers")
    if len(codes) and (codes.min() < 0 or codes.max() >= n):
        raise ValueError(f"{what} must lie in 0 .. {n - 1}, got {codes.min()} .. {codes.max()}")
    return codes


# ---- regression: moments, or summed errors ----


def _add_moments(truth, prediction, groups, n_groups):
    """Columns n, sum t, sum p, sum tt, sum pp, sum tp.

    Each group is centred on its own mean first and shifted back in closed form: adding 10^6 equal numbers one by one
    would be off by 10^-10, enough to give a constant a variance.
    """
    centre, scale = truth.mean(), truth.std() or 1.0
    n = np.bincount(groups, minlength=n_groups).astype(np.float64)
    total = np.maximum(n, 1.0)
    means, residuals = [], []
    for values in (truth, prediction):
        values = (values - centre) / scale
        mean = np.bincount(groups, values, n_groups) / total
        means.append(mean)
        residuals.append(values - mean[groups])
    (mean_t, mean_p), (t, p) = means, residuals

    def product(a, b, mean_a, mean_b):
        return np.bincount(groups, a * b, n_groups) + n * mean_a * mean_b

    columns = [n, n * mean_t, n * mean_p]
    columns += [product(t, t, mean_t, mean_t), product(p, p, mean_p, mean_p), product(t, p, mean_t, mean_p)]
    return np.column_stack(columns)


def _moments(sums):
    """Means, population variances and covariance of truth and prediction; those of a constant are exactly zero."""
    mean_t, mean_p, tt, pp, tp = np.moveaxis(sums[..., 1:] / sums[..., :1], -1, 0)
    var_t, var_p = tt - mean_t**2, pp - mean_p**2
    # The truth has variance one, hence the second threshold: a millionth of a millionth of its spread is rounding.
    constant_t, constant_p = var_t <= _CONSTANT * tt + _CONSTANT**2, var_p <= _CONSTANT * pp + _CONSTANT**2
    covariance = np.where(constant_t | constant_p, 0.0, tp - mean_t * mean_p)
    return mean_t, mean_p, np.where(constant_t, 0.0, var_t), np.where(constant_p, 0.0, var_p), covariance


def _ccc(sums):
    """Lin's concordance with population moments (L. I. Lin 1989, Biometrics 45, 255-268).

    2 cov / (var t + var p + (mean t - mean p)^2). A constant truth or prediction gives 0, also when both are the same
    constant: nothing that varies was followed.
    """
    mean_t, mean_p, var_t, var_p, covariance = _moments(sums)
    spread = var_t + var_p + (mean_t - mean_p) ** 2
    return _ratio(2 * covariance, spread, sums[..., 0])


def _pcc(sums):
    """Pearson's correlation; 0 where truth or prediction is constant.

    So counts a prediction that varies by less than a millionth of its distance from the truth's mean.
    """
    _, _, var_t, var_p, covariance = _moments(sums)
    return np.clip(_ratio(covariance, np.sqrt(var_t) * np.sqrt(var_p), sums[..., 0]), -1.0, 1.0)


def _add_ccc_per_recording(truth, prediction, groups, n_groups, recordings):
    """Columns number of recordings, sum of their concordances.

    A recording of constant truth or constant prediction counts with 0; one without any label does not count.
    """
    _, first, recording = np.unique(recordings, return_index=True, return_inverse=True)
    group_of = groups[first]
    if (group_of[recording] != groups).any():
        raise ValueError("ccc_per_recording: a recording has clips in more than one group")
    values = _ccc(_add_moments(truth, prediction, recording, len(first)))
    return np.column_stack([np.bincount(group_of, minlength=n_groups), np.bincount(group_of, values, n_groups)])


def _add_errors(loss, truth, prediction, groups, n_groups):
    """Columns n, sum of loss(prediction - truth)."""
    error = np.bincount(groups, loss(prediction - truth), n_groups)
    return np.column_stack([np.bincount(groups, minlength=n_groups), error])


def _mean(sums):
    return _ratio(sums[..., 1], sums[..., 0], sums[..., 0])


def _root_mean(sums):
    return np.sqrt(_mean(sums))


def _moment_clips(sums):
    return sums[..., [0, 1, 3]]


def _number(sums):
    return sums[..., :1]


# ---- classes: everything from the confusion matrix ----


def _add_confusion(truth, prediction, groups, n_groups, n_classes=None):
    """The K*K cells of each group's confusion matrix, truth major."""
    if prediction.ndim == 2:
        n_classes = n_classes or prediction.shape[1]
        if prediction.shape[1] != n_classes:
            raise ValueError(f"posteriors have {prediction.shape[1]} columns for {n_classes} classes")
        prediction = prediction.argmax(axis=1)
    n_classes = int(n_classes or max(truth.max(), prediction.max()) + 1)
    truth = _codes(truth, n_classes, "class codes of the truth")
    prediction = _codes(prediction, n_classes, "predicted class codes")
    cells = (groups * n_classes + truth) * n_classes + prediction
    return np.bincount(cells, minlength=n_groups * n_classes**2).reshape(n_groups, -1).astype(np.float64)


def _confusion(sums):
    """Hits, truths and predictions of each class, each of shape (..., K)."""
    n_classes = round(sums.shape[-1] ** 0.5)
    matrix = sums.reshape(*sums.shape[:-1], n_classes, n_classes)
    return np.diagonal(matrix, axis1=-2, axis2=-1), matrix.sum(axis=-1), matrix.sum(axis=-2)


def _truths(sums):
    return _confusion(sums)[1]


def _accuracy(sums):
    """Share of clips whose class was hit; for one label a clip this is also the micro-averaged F1."""
    hits, truths, _ = _confusion(sums)
    return hits.sum(axis=-1) / truths.sum(axis=-1)


def _uar(sums):
    """Unweighted average recall, over the classes that occur in the truth scored."""
    hits, truths, _ = _confusion(sums)
    return _ratio(hits, truths, 1.0).sum(axis=-1) / (truths > 0).sum(axis=-1)


def _f1(hits, truths, predictions):
    return _ratio(2 * hits, truths + predictions, 1.0)


def _f1_macro(sums):
    """Mean F1 over the classes that occur in the truth or the prediction scored, as scikit-learn's default."""
    hits, truths, predictions = _confusion(sums)
    return _f1(hits, truths, predictions).sum(axis=-1) / (truths + predictions > 0).sum(axis=-1)


def _f1_weighted(sums):
    """Mean F1 weighted by how often each class occurs in the truth."""
    hits, truths, predictions = _confusion(sums)
    return (_f1(hits, truths, predictions) * truths).sum(axis=-1) / truths.sum(axis=-1)


def _ratio(numerator, denominator, present):
    """numerator / denominator, 0 for 0/0, NaN where nothing is `present`."""
    ratio = np.where(denominator > 0, numerator / np.where(denominator > 0, denominator, 1.0), 0.0)
    return np.where(np.asarray(present) > 0, ratio, np.nan)


def _regression(name, accumulate, read, clips, bounds, higher_is_better=True, per_recording=False):
    functions = {"_accumulate": accumulate, "_read": read, "_clips": clips}
    return Metric(name, "regression", higher_is_better, bounds, per_recording, **functions)


def _classes(name, read):
    functions = {"_accumulate": _add_confusion, "_read": read, "_clips": _truths}
    return Metric(name, "classes", True, (0.0, 1.0), **functions)


def _error(name, loss, read):
    return _regression(name, partial(_add_errors, loss), read, _number, (0.0, np.inf), higher_is_better=False)


CONCORDANCES = ("ccc", "ccc_per_recording")
REGRESSION = ("ccc", "ccc_per_recording", "pcc", "rmse", "mae")
CLASSES = ("accuracy", "uar", "f1_macro", "f1_micro", "f1_weighted")
METRICS: dict[str, Metric] = {
    metric.name: metric
    for metric in (
        _regression("ccc", _add_moments, _ccc, _moment_clips, (-1.0, 1.0)),
        _regression("ccc_per_recording", _add_ccc_per_recording, _mean, _number, (-1.0, 1.0), per_recording=True),
        _regression("pcc", _add_moments, _pcc, _moment_clips, (-1.0, 1.0)),
        _error("rmse", np.square, _root_mean),
        _error("mae", np.abs, _mean),
        _error("mse", np.square, _mean),
        _classes("accuracy", _accuracy),
        _classes("uar", _uar),
        _classes("f1_macro", _f1_macro),
        _classes("f1_micro", _accuracy),
        _classes("f1_weighted", _f1_weighted),
    )
}
