"""A score of a class and an attribute together, as challenges rank by: class score - weight * error."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn

import numpy as np

from avbaselines.evaluation.metrics import METRICS, Metric

COMBINED = "combined"
"""Name of the combined score among targets and metrics of results."""


@dataclass(frozen=True)
class Combined:
    """Class score - weight * error of a regressed target.

    Of MER 2023 (Lian et al. 2023, arXiv:2304.08981, section on evaluation): weighted F1 of the emotion - 0.25 * mean
    squared error of valence, the defaults. As a sum of terms of one target each, it is largest where each target's own
    metric is best, so learners tune on it by tuning on these.

    Attributes
    ----------
    label, value
        Names of the class target and of the regressed one.
    label_metric, value_metric
        Their metrics, the second one an error.
    weight
        Of the error.

    Examples
    --------
    >>> from avbaselines.evaluation.metrics import METRICS
    >>> combined = Combined("emotion", "valence")
    >>> emotion = METRICS["f1_weighted"].sums([0, 1, 1], [0, 1, 1], group_codes=[0, 0, 1], n_groups=2)
    >>> valence = METRICS["mse"].sums([0.0, 2.0], [0.0, 0.0], group_codes=[0, 1], n_groups=2)
    >>> metric, sums = combined.metric(n_classes=2), combined.sums(emotion, valence)
    >>> float(metric.value(sums.sum(axis=0)))
    0.5
    """

    label: str
    value: str
    label_metric: str = "f1_weighted"
    value_metric: str = "mse"
    weight: float = 0.25

    def metric(self, n_classes: int) -> Metric:
        """The metric that reads the score off sums of `sums`, which add up over groups as those of any metric.

        Examples
        --------
        >>> Combined("emotion", "valence").metric(n_classes=6).higher_is_better
        True
        """
        label, value, cells = METRICS[self.label_metric], METRICS[self.value_metric], n_classes**2

        def read(sums: np.ndarray) -> np.ndarray:
            return label.value(sums[..., :cells]) - self.weight * value.value(sums[..., cells:])

        def clips(sums: np.ndarray) -> np.ndarray:
            return np.concatenate([label.clips(sums[..., :cells]), value.clips(sums[..., cells:])], axis=-1)

        return Metric(
            COMBINED, "regression", True, (-np.inf, np.inf), _accumulate=_refuse, _read=read, _clips=_with_count(clips)
        )

    @staticmethod
    def sums(label_sums: np.ndarray | None, value_sums: np.ndarray | None) -> np.ndarray | None:
        """Sums per group of both targets side by side, shape (n_groups, S), or None where one has no labels.

        Examples
        --------
        >>> Combined.sums(np.ones((2, 4)), np.ones((2, 2))).shape
        (2, 6)
        >>> Combined.sums(None, np.ones((2, 2))) is None
        True
        """
        return None if label_sums is None or value_sums is None else np.hstack([label_sums, value_sums])


def _with_count(clips: Callable[[np.ndarray], np.ndarray]) -> Callable[[np.ndarray], np.ndarray]:
    """Parts that the truth determines, with the number of labels first: groups without any are left aside."""

    def counted(sums: np.ndarray) -> np.ndarray:
        parts = clips(sums)
        return np.concatenate([parts.sum(axis=-1, keepdims=True), parts], axis=-1)

    return counted


def _refuse(*_: object) -> NoReturn:
    raise TypeError("the combined score is read off the sums of its two targets; it sums no clips itself")
