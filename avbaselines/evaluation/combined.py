"""A score of a class and an attribute together, as challenges rank by: class score - weight * error."""

from dataclasses import dataclass

import numpy as np

from avbaselines.evaluation.metrics import METRICS, Metric

COMBINED = "combined"
"""Name under which it stands among targets and metrics of results."""


@dataclass(frozen=True)
class Combined:
    """What is combined.

    Of MER 2023 (Lian et al. 2023, arXiv:2304.08981, section on evaluation): weighted F1 of the emotion - 0.25 * mean
    squared error of valence, the defaults. As a sum of terms of one target each, it is largest where each target's own
    metric is best, so learners tune on it by tuning on these.

    Attributes
    ----------
    label, value : str
        Names of the class target and of the regressed one.
    label_metric, value_metric : str
        Their metrics, the second one an error.
    weight : float
        Of the error.
    """

    label: str
    value: str
    label_metric: str = "f1_weighted"
    value_metric: str = "mse"
    weight: float = 0.25

    def metric(self, n_classes):
        """The metric that reads the score off sums of `sums`, which add up over groups as those of any metric."""
        label, value, cells = METRICS[self.label_metric], METRICS[self.value_metric], n_classes**2

        def read(sums):
            return label.value(sums[..., :cells]) - self.weight * value.value(sums[..., cells:])

        def clips(sums):
            return np.concatenate([label.clips(sums[..., :cells]), value.clips(sums[..., cells:])], axis=-1)

        return Metric(
            COMBINED, "regression", True, (-np.inf, np.inf), _accumulate=_refuse, _read=read, _clips=_with_count(clips)
        )

    @staticmethod
    def sums(label_sums, value_sums):
        """Sums per group of both targets side by side, shape (n_groups, S), or None where one has no labels."""
        return None if label_sums is None or value_sums is None else np.hstack([label_sums, value_sums])


def _with_count(clips):
    """Parts that the truth determines, with the number of labels first: groups without any are left aside."""

    def counted(sums):
        parts = clips(sums)
        return np.concatenate([parts.sum(axis=-1, keepdims=True), parts], axis=-1)

    return counted


def _refuse(*_):
    raise TypeError("the combined score is read off the sums of its two targets; it sums no clips itself")
