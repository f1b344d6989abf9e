"""What the reports need to know of a study beside its results: targets, words and notes."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from ..errors import InputError

METRIC_LABELS = {
    "ccc": "CCC", "ccc_per_recording": "CCC per recording", "pcc": "PCC", "rmse": "RMSE", "mae": "MAE", "mse": "MSE",
    "accuracy": "accuracy", "uar": "UAR", "f1_macro": "F1 macro", "f1_micro": "F1 micro", "f1_weighted": "F1 weighted",
}  # fmt: skip


class Target(NamedTuple):
    """What is predicted: its name, the study's metric for it, and ``regression`` or ``classes``."""

    name: str
    metric: str
    kind: str = "regression"


@dataclass(frozen=True)
class Heading:
    """What the tables need to know of a study beside its results.

    Parameters
    ----------
    title : str
        The study's title.
    targets : sequence of (name, metric, kind)
        In the order of the columns; ``metric`` is the study's own for that target, ``kind`` is ``regression`` or
        ``classes``.
    metric_labels : dict of str to str
        How a metric is written for people; those left out are written as in `METRIC_LABELS`.
    notes : sequence of str
        Sentences that belong under every table, such as "Every clip is its own group: the corpus names no speakers."
    interval : str
        How the intervals were made, as a noun phrase.
    protocols : dict of str to str
        Each protocol's meaning in words, by name.
    labels : tuple of str
        Words that a reader must see beside a system's name when its note contains them.
    """

    title: str
    targets: Sequence[tuple]
    metric_labels: dict[str, str] = field(default_factory=dict)
    notes: Sequence[str] = ()
    interval: str = "95 % intervals by resampling groups"
    protocols: dict[str, str] = field(default_factory=dict)
    labels: tuple[str, ...] = ("transductive", "resubstitution", "not above the mean")

    def __post_init__(self):
        object.__setattr__(self, "targets", tuple(Target(*target) for target in self.targets))
        if not self.targets:
            raise InputError("heading/targets: empty; a leaderboard needs at least one target")

    def metric_label(self, metric: str) -> str:
        """The metric's name as people write it."""
        return self.metric_labels.get(metric) or METRIC_LABELS.get(metric, metric)
