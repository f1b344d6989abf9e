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

from avbaselines.evaluation.metrics import Metric
from avbaselines.evaluation.regression_sums import moments

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


def upright_totals(metric: Metric, sums: ArrayLike) -> np.ndarray:
    """Totals over groups as they would be if no training mean leant away from its test clips.

    The level of a fit's predictions is the mean of its training labels. Over all folds their mean is the mean of all
    labels, whose square error V (that of the mean of as many groups) is thus missing from the covariance of labels and
    predictions, and from both variances. V is estimated from the groups' own means and added to the three.

    Parameters
    ----------
    metric
        Only CCC and PCC over clips lean; of other metrics the plain totals come back.
    sums : shape (groups, S)
        Every group occupied.

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
