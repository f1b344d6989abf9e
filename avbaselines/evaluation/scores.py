"""The scores as plain functions of truth and prediction, for notebooks.

Each is `avbaselines.evaluation.metrics.score` of one metric: NaN in the truth means "not labelled", a missing or
infinite prediction of a labelled clip is an error, and classes are codes 0 .. n_classes-1 or, as predictions,
posteriors of shape (n, n_classes).
"""

from numpy.typing import ArrayLike

from avbaselines.evaluation.metrics import score


def ccc(truth: ArrayLike, prediction: ArrayLike) -> float:
    """Lin's concordance correlation, -1 to 1; 0 where truth or prediction is constant.

    L. I. Lin 1989, Biometrics 45, 255-268, with population moments.

    Examples
    --------
    >>> round(ccc([1, 2, 3, 4], [1, 2, 3, 5]), 3)
    0.929
    """
    return score("ccc", truth, prediction)


def ccc_per_recording(truth: ArrayLike, prediction: ArrayLike, recording_codes: ArrayLike) -> float:
    """Mean of the recordings' own concordances, -1 to 1; `recording_codes` are any integers, one a clip.

    Examples
    --------
    >>> ccc_per_recording([1, 2, 1, 2], [1, 2, 2, 1], recording_codes=[0, 0, 1, 1])
    0.0
    """
    return score("ccc_per_recording", truth, prediction, recording_codes=recording_codes)


def pcc(truth: ArrayLike, prediction: ArrayLike) -> float:
    """Pearson's correlation, -1 to 1; 0 where truth or prediction is constant.

    Examples
    --------
    >>> round(pcc([1, 2, 3, 4], [3, 5, 7, 9]), 6)
    1.0
    """
    return score("pcc", truth, prediction)


def rmse(truth: ArrayLike, prediction: ArrayLike) -> float:
    """Root of the mean squared error, in the truth's unit.

    Examples
    --------
    >>> rmse([1, 2], [4, 5])
    3.0
    """
    return score("rmse", truth, prediction)


def mae(truth: ArrayLike, prediction: ArrayLike) -> float:
    """Mean absolute error, in the truth's unit.

    Examples
    --------
    >>> mae([1, 2], [1, 5])
    1.5
    """
    return score("mae", truth, prediction)


def mse(truth: ArrayLike, prediction: ArrayLike) -> float:
    """Mean squared error, in the square of the truth's unit.

    Examples
    --------
    >>> mse([1, 2], [1, 5])
    4.5
    """
    return score("mse", truth, prediction)


def accuracy(truth: ArrayLike, prediction: ArrayLike) -> float:
    """Share of clips whose class was hit, 0 to 1.

    Examples
    --------
    >>> accuracy([0, 0, 0, 1], [0, 0, 0, 0])
    0.75
    """
    return score("accuracy", truth, prediction)


def uar(truth: ArrayLike, prediction: ArrayLike) -> float:
    """Unweighted average recall over the classes that occur in the truth, 0 to 1.

    Examples
    --------
    >>> uar([0, 0, 0, 1], [0, 0, 0, 0])
    0.5
    """
    return score("uar", truth, prediction)


def f1_macro(truth: ArrayLike, prediction: ArrayLike) -> float:
    """Mean F1 over the classes that occur in truth or prediction, 0 to 1.

    Examples
    --------
    >>> round(f1_macro([0, 0, 0, 1], [0, 0, 1, 1]), 3)
    0.733
    """
    return score("f1_macro", truth, prediction)


def f1_micro(truth: ArrayLike, prediction: ArrayLike) -> float:
    """F1 of all decisions together, 0 to 1; with one label a clip it equals the accuracy.

    Examples
    --------
    >>> f1_micro([0, 0, 0, 1], [0, 0, 1, 1])
    0.75
    """
    return score("f1_micro", truth, prediction)


def f1_weighted(truth: ArrayLike, prediction: ArrayLike) -> float:
    """Mean F1 weighted by how often each class occurs in the truth, 0 to 1.

    Examples
    --------
    >>> round(f1_weighted([0, 0, 0, 1], [0, 0, 1, 1]), 3)
    0.767
    """
    return score("f1_weighted", truth, prediction)
