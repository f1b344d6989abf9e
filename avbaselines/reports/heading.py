"""The heading of a report: title, targets, notes, and how metrics are written."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from ..errors import InputError

METRIC_LABELS = {
    "ccc": "CCC", "ccc_per_recording": "CCC per recording", "pcc": "PCC", "rmse": "RMSE", "mae": "MAE", "mse": "MSE",
    "accuracy": "accuracy", "uar": "UAR", "f1_macro": "F1 macro", "f1_micro": "F1 micro", "f1_weighted": "F1 weighted",
}  # fmt: skip


class ReportTarget(NamedTuple):
    """A target of a study: its name, the study's metric for it, and ``regression`` or ``classes``.

    Examples
    --------
    >>> ReportTarget("arousal", "ccc").kind
    'regression'
    """

    name: str
    metric: str
    kind: str = "regression"


@dataclass(frozen=True)
class Heading:
    """All that tables say of a study beside its results.

    Parameters
    ----------
    title : str
        The study's title.
    targets : sequence of ReportTarget
        In the order of the columns; plain tuples of name, metric and kind will do.
    metric_labels : dict of str to str
        How a metric is written for people; those left out are written as in `METRIC_LABELS`.
    notes : sequence of str
        Sentences that belong under every table, such as "Every clip is its own group: the corpus names no speakers."
    interval : str
        How the intervals were made, as a noun phrase.
    protocols : dict of str to str
        Each protocol's meaning in words, by name.
    units : str
        What intervals and tests resample, in the plural.
    margin : float
        The difference that matters, in the unit of what systems are compared by; NaN where nothing was compared.

    Raises
    ------
    InputError
        There is no target.

    Examples
    --------
    >>> Heading("A study", [ReportTarget("arousal", "ccc")]).metric_label("ccc_per_recording")
    'CCC per recording'
    """

    title: str
    targets: Sequence[ReportTarget]
    metric_labels: dict[str, str] = field(default_factory=dict)
    notes: Sequence[str] = ()
    interval: str = "95 % intervals by resampling groups"
    protocols: dict[str, str] = field(default_factory=dict)
    units: str = "groups"
    margin: float = math.nan

    def __post_init__(self) -> None:
        object.__setattr__(self, "targets", tuple(ReportTarget(*target) for target in self.targets))
        if not self.targets:
            raise InputError("heading/targets: empty; a leaderboard needs at least one target")

    def metric_label(self, metric: str) -> str:
        """The metric's name as people write it."""
        return self.metric_labels.get(metric) or METRIC_LABELS.get(metric, metric)
