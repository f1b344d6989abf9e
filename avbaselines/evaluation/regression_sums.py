"""Sums per group that regression metrics need, and the scores read off them: moments, and summed errors."""

from collections.abc import Callable

import numpy as np

# A variance below this share of the second moment about the truth's mean is rounding, and counts as zero.
_CONSTANT = 1e-12


def add_moments(truth: np.ndarray, prediction: np.ndarray, groups: np.ndarray, n_groups: int) -> np.ndarray:
    """Columns n, sum t, sum p, sum tt, sum pp, sum tp, in units of the truth's deviation about its mean.

    Each group is centred on its own mean first and shifted back in closed form: adding 10^6 equal numbers one by one
    would be off by 10^-10, enough to give a constant a variance.

    Examples
    --------
    >>> add_moments(np.array([1.0, 3.0]), np.array([2.0, 2.0]), np.array([0, 1]), 2)
    array([[ 1., -1.,  0.,  1.,  0.,  0.],
           [ 1.,  1.,  0.,  1.,  0.,  0.]])
    """
    centre, scale = truth.mean(), truth.std() or 1.0
    n = np.bincount(groups, minlength=n_groups).astype(np.float64)
    total = np.maximum(n, 1.0)
    means: list[np.ndarray] = []
    residuals: list[np.ndarray] = []
    for values in (truth, prediction):
        values = (values - centre) / scale
        mean = np.bincount(groups, values, n_groups) / total
        means.append(mean)
        residuals.append(values - mean[groups])
    (mean_t, mean_p), (t, p) = means, residuals

    def product(a: np.ndarray, b: np.ndarray, mean_a: np.ndarray, mean_b: np.ndarray) -> np.ndarray:
        return np.bincount(groups, a * b, n_groups) + n * mean_a * mean_b

    columns = [n, n * mean_t, n * mean_p]
    columns += [product(t, t, mean_t, mean_t), product(p, p, mean_p, mean_p), product(t, p, mean_t, mean_p)]
    return np.column_stack(columns)


def moments(sums: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Means, population variances and covariance of truth and prediction; those of a constant are exactly zero.

    Parameters
    ----------
    sums : shape (..., 6)
        Totals of the columns of `add_moments`.

    Returns
    -------
    mean_t, mean_p, var_t, var_p, covariance : shape (...)

    Examples
    --------
    >>> [float(value) for value in moments(np.array([2.0, 0.0, 2.0, 2.0, 4.0, 2.0]))]
    [0.0, 1.0, 1.0, 1.0, 1.0]
    """
    mean_t, mean_p, tt, pp, tp = np.moveaxis(sums[..., 1:] / sums[..., :1], -1, 0)
    var_t, var_p = tt - mean_t**2, pp - mean_p**2
    # The truth has variance one, hence the second threshold: a millionth of a millionth of its spread is rounding.
    constant_t, constant_p = var_t <= _CONSTANT * tt + _CONSTANT**2, var_p <= _CONSTANT * pp + _CONSTANT**2
    covariance = np.where(constant_t | constant_p, 0.0, tp - mean_t * mean_p)
    return mean_t, mean_p, np.where(constant_t, 0.0, var_t), np.where(constant_p, 0.0, var_p), covariance


def concordance(sums: np.ndarray) -> np.ndarray:
    """Lin's concordance with population moments (L. I. Lin 1989, Biometrics 45, 255-268).

    2 cov / (var t + var p + (mean t - mean p)^2). A constant truth or prediction gives 0, also when both are the same
    constant: nothing that varies was followed.

    Examples
    --------
    >>> float(concordance(np.array([2.0, 0.0, 0.0, 2.0, 2.0, 2.0])))
    1.0
    """
    mean_t, mean_p, var_t, var_p, covariance = moments(sums)
    spread = var_t + var_p + (mean_t - mean_p) ** 2
    return ratio(2 * covariance, spread, sums[..., 0])


def correlation(sums: np.ndarray) -> np.ndarray:
    """Pearson's correlation; 0 where truth or prediction is constant.

    So counts a prediction that varies by less than a millionth of its distance from the truth's mean.

    Examples
    --------
    >>> float(correlation(np.array([2.0, 0.0, 2.0, 2.0, 10.0, 4.0])))
    1.0
    """
    _, _, var_t, var_p, covariance = moments(sums)
    return np.clip(ratio(covariance, np.sqrt(var_t) * np.sqrt(var_p), sums[..., 0]), -1.0, 1.0)


def add_ccc_per_recording(
    truth: np.ndarray, prediction: np.ndarray, groups: np.ndarray, n_groups: int, recordings: np.ndarray
) -> np.ndarray:
    """Columns number of recordings, sum of their concordances.

    A recording of constant truth or constant prediction counts with 0; one without any label does not count.

    Raises
    ------
    ValueError
        If a recording has clips in more than one group.

    Examples
    --------
    >>> truth = np.array([1.0, 2.0, 3.0, 5.0])
    >>> add_ccc_per_recording(truth, truth, np.array([0, 0, 0, 0]), 1, np.array([7, 7, 8, 8])).round(6)
    array([[2., 2.]])
    """
    _, first, recording = np.unique(recordings, return_index=True, return_inverse=True)
    group_of = groups[first]
    if (group_of[recording] != groups).any():
        raise ValueError("ccc_per_recording: a recording has clips in more than one group")
    values = concordance(add_moments(truth, prediction, recording, len(first)))
    return np.column_stack([np.bincount(group_of, minlength=n_groups), np.bincount(group_of, values, n_groups)])


def add_errors(
    loss: Callable[[np.ndarray], np.ndarray],
    truth: np.ndarray,
    prediction: np.ndarray,
    groups: np.ndarray,
    n_groups: int,
) -> np.ndarray:
    """Columns n, sum of loss(prediction - truth).

    Examples
    --------
    >>> add_errors(np.square, np.array([1.0, 2.0]), np.array([1.0, 5.0]), np.array([0, 0]), 1)
    array([[2., 9.]])
    """
    error = np.bincount(groups, loss(prediction - truth), n_groups)
    return np.column_stack([np.bincount(groups, minlength=n_groups), error])


def mean(sums: np.ndarray) -> np.ndarray:
    """Second column over the first; NaN where the first counts nothing.

    Examples
    --------
    >>> mean(np.array([[2.0, 9.0], [0.0, 0.0]]))
    array([4.5, nan])
    """
    return ratio(sums[..., 1], sums[..., 0], sums[..., 0])


def root_mean(sums: np.ndarray) -> np.ndarray:
    """Root of `mean`.

    Examples
    --------
    >>> float(root_mean(np.array([2.0, 18.0])))
    3.0
    """
    return np.sqrt(mean(sums))


def moment_clips(sums: np.ndarray) -> np.ndarray:
    """Columns of `add_moments` that the truth alone determines: n, sum t, sum tt.

    Examples
    --------
    >>> moment_clips(np.arange(6.0))
    array([0., 1., 3.])
    """
    return sums[..., [0, 1, 3]]


def number(sums: np.ndarray) -> np.ndarray:
    """The first column, which counts clips or recordings.

    Examples
    --------
    >>> number(np.array([[2.0, 9.0]]))
    array([[2.]])
    """
    return sums[..., :1]


def ratio(numerator: np.ndarray, denominator: np.ndarray, present: np.ndarray | float) -> np.ndarray:
    """numerator / denominator, 0 for 0/0, NaN where nothing is `present`.

    Examples
    --------
    >>> ratio(np.array([1.0, 0.0, 0.0]), np.array([2.0, 0.0, 0.0]), np.array([5, 5, 0]))
    array([0.5, 0. , nan])
    """
    quotient = np.where(denominator > 0, numerator / np.where(denominator > 0, denominator, 1.0), 0.0)
    return np.where(np.asarray(present) > 0, quotient, np.nan)
