"""The one out-of-fold score by which systems, trials and inputs are chosen; no evaluated clip has a say in it."""

from collections.abc import Mapping, Sequence
from typing import Literal, Protocol

import numpy as np

from avbaselines.evaluation.combined import Combined
from avbaselines.evaluation.metrics import METRICS, score


class JudgedTarget(Protocol):
    """A target with its metric and the width of a prediction (a column a class, or one).

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> target: JudgedTarget = SimpleNamespace(name="mood", metric="uar", kind="classes", width=3)
    """

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def metric(self) -> str:
        """The metric that the study judges it by."""

    @property
    def kind(self) -> Literal["regression", "classes"] | str:
        """Whether its values are numbers or class codes."""

    @property
    def width(self) -> int:
        """Number of classes, or 1."""


def selection_score(
    targets: Sequence[JudgedTarget],
    truth: Mapping[str, np.ndarray],
    predictions: Mapping[str, np.ndarray],
    recording_codes: np.ndarray | None = None,
    combined: Combined | None = None,
) -> float:
    """Score of out-of-fold predictions of one system for several targets; higher is better.

    Parameters
    ----------
    targets
        Those that count.
    truth : dict of ndarray, shape (n,)
        By target: values or class codes, NaN = not labelled.
    predictions : dict of ndarray, shape (n, width)
        By target: values, or posteriors of the classes.
    recording_codes : shape (n,)
        Needed where a metric is per recording.
    combined
        The combined score of the study, where it has one.

    Returns
    -------
    float
        The combined score, else the mean over targets of the study's metrics, in which an error counts in units of the
        standard deviation of the target, with its sign changed.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> arousal = SimpleNamespace(name="arousal", metric="mae", kind="regression", width=1)
    >>> selection_score([arousal], {"arousal": np.array([1.0, 3.0])}, {"arousal": np.array([[2.0], [2.0]])})
    -1.0
    """
    values = []
    for target in targets:
        y, predicted = truth[target.name], predictions[target.name]
        classes = target.kind == "classes"
        value = score(
            target.metric,
            y,
            predicted if classes else predicted[:, 0],
            recording_codes=recording_codes,
            n_classes=target.width if classes else None,
        )
        if combined is not None:
            values.append(value * {combined.label: 1.0, combined.value: -combined.weight}.get(target.name, 0.0))
        else:
            metric = METRICS[target.metric]
            values.append(metric.oriented(value if metric.higher_is_better else value / np.nanstd(y)))
    return float(np.sum(values) if combined is not None else np.mean(values))
