"""Sums per group that class metrics need, and the scores read off them: all from the confusion matrix."""

import numpy as np

from avbaselines.evaluation.regression_sums import ratio


def add_confusion(
    truth: np.ndarray, prediction: np.ndarray, groups: np.ndarray, n_groups: int, n_classes: int | None = None
) -> np.ndarray:
    """The K*K cells of each group's confusion matrix, truth major.

    Parameters
    ----------
    truth : shape (n,)
        Class codes.
    prediction : shape (n,) or (n, K)
        Class codes, or posteriors of which the largest counts.
    groups : shape (n,)
        0 .. n_groups-1.
    n_groups, n_classes
        By default as many classes as the largest code says.

    Raises
    ------
    ValueError
        If a code is no integer or out of range, or posteriors are not of `n_classes` columns.

    Examples
    --------
    >>> add_confusion(np.array([0, 1, 1]), np.array([0, 1, 0]), np.array([0, 0, 1]), 2)
    array([[1., 0., 0., 1.],
           [0., 0., 1., 0.]])
    """
    if prediction.ndim == 2:
        n_classes = n_classes or prediction.shape[1]
        if prediction.shape[1] != n_classes:
            raise ValueError(f"posteriors have {prediction.shape[1]} columns for {n_classes} classes")
        prediction = prediction.argmax(axis=1)
    n_classes = int(n_classes or max(truth.max(), prediction.max()) + 1)
    truth = checked_codes(truth, n_classes, "class codes of the truth")
    prediction = checked_codes(prediction, n_classes, "predicted class codes")
    cells = (groups * n_classes + truth) * n_classes + prediction
    return np.bincount(cells, minlength=n_groups * n_classes**2).reshape(n_groups, -1).astype(np.float64)


def confusion(sums: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Hits, truths and predictions of each class, each of shape (..., K).

    Examples
    --------
    >>> [values.tolist() for values in confusion(np.array([3.0, 1.0, 0.0, 2.0]))]
    [[3.0, 2.0], [4.0, 2.0], [3.0, 3.0]]
    """
    n_classes = round(sums.shape[-1] ** 0.5)
    matrix = sums.reshape(*sums.shape[:-1], n_classes, n_classes)
    return np.diagonal(matrix, axis1=-2, axis2=-1), matrix.sum(axis=-1), matrix.sum(axis=-2)


def truths(sums: np.ndarray) -> np.ndarray:
    """Number of clips of each class, shape (..., K).

    Examples
    --------
    >>> truths(np.array([3.0, 1.0, 0.0, 2.0])).tolist()
    [4.0, 2.0]
    """
    return confusion(sums)[1]


def accuracy(sums: np.ndarray) -> np.ndarray:
    """Share of clips whose class was hit; for one label a clip this is also the micro-averaged F1.

    Examples
    --------
    >>> float(accuracy(np.array([3.0, 1.0, 0.0, 2.0])).round(3))
    0.833
    """
    hits, truths, _ = confusion(sums)
    return hits.sum(axis=-1) / truths.sum(axis=-1)


def uar(sums: np.ndarray) -> np.ndarray:
    """Unweighted average recall, over the classes that occur in the truth scored.

    Examples
    --------
    >>> float(uar(np.array([3.0, 1.0, 0.0, 2.0])).round(3))
    0.875
    """
    hits, truths, _ = confusion(sums)
    return ratio(hits, truths, 1.0).sum(axis=-1) / (truths > 0).sum(axis=-1)


def _f1(hits: np.ndarray, truths: np.ndarray, predictions: np.ndarray) -> np.ndarray:
    return ratio(2 * hits, truths + predictions, 1.0)


def f1_macro(sums: np.ndarray) -> np.ndarray:
    """Mean F1 over the classes that occur in the truth or the prediction scored, as scikit-learn's default.

    Examples
    --------
    >>> float(f1_macro(np.array([3.0, 1.0, 0.0, 2.0])).round(3))
    0.829
    """
    hits, truths, predictions = confusion(sums)
    return _f1(hits, truths, predictions).sum(axis=-1) / (truths + predictions > 0).sum(axis=-1)


def f1_weighted(sums: np.ndarray) -> np.ndarray:
    """Mean F1 weighted by how often each class occurs in the truth.

    Examples
    --------
    >>> float(f1_weighted(np.array([3.0, 1.0, 0.0, 2.0])).round(3))
    0.838
    """
    hits, truths, predictions = confusion(sums)
    return (_f1(hits, truths, predictions) * truths).sum(axis=-1) / truths.sum(axis=-1)


def checked_codes(values: np.ndarray, n: int, what: str) -> np.ndarray:
    """`values` as integers, each checked to lie in 0 .. n-1.

    Raises
    ------
    ValueError
        Beginning with `what`.

    Examples
    --------
    >>> checked_codes(np.array([0.0, 2.0]), 3, "codes")
    array([0, 2])
    """
    codes = values.astype(np.intp)
    if (codes != values).any():
        raise ValueError(f"{what} must be integers")
    if len(codes) and (codes.min() < 0 or codes.max() >= n):
        raise ValueError(f"{what} must lie in 0 .. {n - 1}, got {codes.min()} .. {codes.max()}")
    return codes
