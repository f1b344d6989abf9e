"""What cross-validation does to a score and its error: fits share training clips, and training means lean away.

An interval made from predictions that stand still asks how the score would change with other evaluated groups. The
score of a cross-validated procedure changes for two more reasons. Its fits learn from one another's test groups, so a
pair of groups that happens to agree counts twice, once each way: where nothing but such pairs makes the score (no
signal), its variance is twice that of predictions that stand still. And a fold whose labels are high leaves a training
part whose labels are low: the level of its predictions leans away from its labels, which costs a pooled correlation.
How much each of the two matters was measured (`benchmarks/end_to_end_coverage.py`, docs/intervals.md).
"""

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from avbaselines.evaluation.class_sums import confusion
from avbaselines.evaluation.metrics import Metric
from avbaselines.evaluation.regression_sums import moments, ratio

Training = Literal["fixed", "shared", "folds"]
"""Where the predictions of a score come from: fits that stand still (one given split, so that the interval is that of
these fits), several fits that share training clips, or such fits that each predict the groups that they have not seen,
all pooled into one score."""

SHARED_VARIANCE = 2.0
"""Variance of a score of fits that share training clips, in units of the one that leaves these fits as they are."""


def inflation(training: Training) -> float:
    """What the standard error over groups is multiplied by.

    Examples
    --------
    >>> inflation("fixed"), round(inflation("folds"), 3)
    (1.0, 1.414)
    """
    return 1.0 if training == "fixed" else SHARED_VARIANCE**0.5


def upright_totals(metric: Metric, sums: ArrayLike, folds: ArrayLike | None = None) -> np.ndarray:
    """Totals over groups as they would be if no fit leant away from the labels of its test clips.

    Of CCC and PCC: the level of a fit's predictions is the mean of its training labels. Over all folds their mean is
    the mean of all labels, whose square error V (that of the mean of as many groups) is thus missing from the
    covariance of labels and predictions, and from both variances. V is estimated from the groups' own means and added
    to the three.

    Of UAR: a class that is frequent in a fold is rare where its fit learnt, and chosen too seldom. The recall of a
    class is the mean over folds of its recall there, which does not weigh folds by how frequent the class is.

    Parameters
    ----------
    metric
        Of others than these the plain totals come back.
    sums : shape (groups, S)
        Every group occupied.
    folds : int, shape (groups,)
        The fold that tests each group; without it UAR is left as it is.

    Returns
    -------
    shape (S,)

    Examples
    --------
    Nothing to learn, and each of three speakers predicted by the mean of the others:

    >>> from avbaselines.evaluation.metrics import METRICS
    >>> ccc, speaker, labels = METRICS["ccc"], [0, 0, 1, 1, 2, 2], [1, 2, 3, 4, 5, 6]
    >>> sums = ccc.sums(labels, [4.5, 4.5, 3.5, 3.5, 2.5, 2.5], speaker, n_groups=3)
    >>> round(float(ccc.value(sums.sum(axis=0))), 2), abs(round(float(ccc.value(upright_totals(ccc, sums))), 2))
    (-0.74, 0.0)
    """
    sums = np.asarray(sums, dtype=np.float64)
    if metric.name == "uar" and folds is not None:
        return _recalls_by_fold(sums, np.asarray(folds))
    total = sums.sum(axis=0)
    if metric.name not in ("ccc", "pcc") or len(sums) < 2:
        return total
    mean, _, _, spread, _ = moments(total)
    if spread == 0:
        return total  # one level for all: no fold's mean leans anywhere
    n, n_groups = total[0], len(sums)
    variance = n_groups / (n_groups - 1) * np.sum((sums[:, 1] - sums[:, 0] * mean) ** 2) / n**2
    total[3:] += n * variance
    return total


def _recalls_by_fold(sums: np.ndarray, folds: np.ndarray) -> np.ndarray:
    """Confusion cells with as many hits of each class as the mean recall over folds gives; misses are of any class."""
    cells = np.zeros((folds.max() + 1, sums.shape[1]))
    np.add.at(cells, folds, sums)
    hits, clips, _ = confusion(cells)
    recalls = ratio(hits, clips, 1.0).sum(axis=0) / np.maximum((clips > 0).sum(axis=0), 1)
    total, n_classes = clips.sum(axis=0), clips.shape[1]
    upright = np.zeros((n_classes, n_classes))
    upright[np.arange(n_classes), np.arange(n_classes)] = recalls * total
    upright[np.arange(n_classes), (np.arange(n_classes) + 1) % n_classes] += (1 - recalls) * total
    return upright.ravel()
