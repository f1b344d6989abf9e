"""Post-processing: from raw predictions to what is scored, by matching and stand-ins for gaps."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from avbaselines.corpora.corpus import Target
from avbaselines.evaluation.metrics import CONCORDANCES
from avbaselines.evaluation.scores import ccc
from avbaselines.experiment.fitting.predictions import Bounds, Predictions, bounded
from avbaselines.experiment.fitting.split_task import SplitTask
from avbaselines.experiment.fitting.store import Fitted

if TYPE_CHECKING:
    # Imported where constants are learnt: a study is planned without any estimator.
    from avbaselines.estimators.tuned.matching import Matching

__all__ = ["Finished", "Postprocessing", "finish"]


@dataclass
class Postprocessing:
    """What becomes of the raw predictions of one system.

    Attributes
    ----------
    matchings : dict of str to Matching
        Of each target whose predictions are matched.
    fallback : dict of str to ndarray, shape (width,)
        What stands in for NaN rows: the training mean, or the training class shares.
    bounds : dict of str to (float, float)
        What matched predictions are kept within, see `bounds_of`.

    Examples
    --------
    >>> from avbaselines.estimators.tuned.matching import Matching
    >>> post = Postprocessing({"arousal": Matching(2.0, 1.0)}, {"arousal": np.array([3.0])})
    >>> post.filled(post.matched({"arousal": np.array([[0.5], [np.nan]])}))["arousal"].tolist()
    [[2.0], [3.0]]
    """

    matchings: "dict[str, Matching]" = field(default_factory=dict)
    fallback: dict[str, np.ndarray] = field(default_factory=dict)
    bounds: Bounds = field(default_factory=dict)

    def matched(self, raw: Predictions) -> Predictions:
        """Raw predictions of new clips, matched where matching applies."""
        matched = {name: matching.apply(raw[name]) for name, matching in self.matchings.items() if name in raw}
        return raw | bounded(matched, self.bounds)

    def filled(self, values: Predictions) -> Predictions:
        """Predictions with nothing missing."""
        whole = {}
        for target, value in values.items():
            gaps = np.asarray(np.isnan(value).any(axis=1))
            whole[target] = np.where(gaps[:, None], self.fallback[target], value) if gaps.any() else value
        return whole


@dataclass
class Finished(Postprocessing):
    """Raw and matched predictions of one system in one split.

    Attributes
    ----------
    raw : Fitted
    oof, test : dict of str to ndarray
        As in `Fitted`, matched where matching applies; out-of-fold predictions by constants of the other folds.
    losses : dict of str to float
        By matched target, how much of the out-of-fold concordance matching has cost; below 0 where it gains.

    Examples
    --------
    >>> from avbaselines.estimators.tuned.matching import Matching
    >>> finished = Finished({"arousal": Matching(2.0, 1.0)}, raw=Fitted(test={"arousal": np.array([[0.5]])}))
    >>> finished.matching
    {'arousal': (2.0, 1.0)}
    """

    raw: Fitted = field(default_factory=Fitted)
    oof: Predictions = field(default_factory=dict)
    test: Predictions = field(default_factory=dict)
    losses: dict[str, float] = field(default_factory=dict)

    @property
    def matching(self) -> dict[str, tuple[float, float]]:
        """Factor and offset of each matched target: a raw prediction p becomes offset + factor * p."""
        return {name: (float(one.factor), float(one.offset)) for name, one in self.matchings.items()}

    def under(self, mask: str) -> Predictions:
        """Test predictions under a mask ('' = none), matched where matching applies."""
        return self.matched(self.raw.under(mask).test) if mask else self.test


def finish(fitted: Fitted, task: SplitTask, matching: bool = True) -> Finished:
    """Match predictions to targets judged by a concordance, with constants learnt out-of-fold.

    Parameters
    ----------
    fitted
    task
    matching
        The system's own word on matching.

    Examples
    --------
    >>> y, groups = np.arange(12.0), np.arange(12) // 2
    >>> task = SplitTask([Target("arousal", "ccc")], {"arousal": y}, groups, groups[:0], groups % 3, True, 0)

    >>> halves = Fitted({"arousal": np.arange(12.0)[:, None] / 2}, {"arousal": np.array([[2.0]])})
    >>> finish(halves, task).test["arousal"].round(6).tolist()
    [[4.0]]
    """
    finished = Finished(bounds=task.bounds, raw=fitted, oof=dict(fitted.oof), test=dict(fitted.test))
    for target in task.targets:
        finished.fallback[target.name] = fallback_of(target, task.y[target.name])
        if task.matching and matching and target.metric in CONCORDANCES:
            _match(finished, task, target.name)
    finished.test = finished.matched(fitted.test)
    return finished


def fallback_of(target: Target, y: np.ndarray) -> np.ndarray:
    """What stands in for a missing prediction, shape (width,), given training labels (n,), NaN = not labelled.

    Examples
    --------
    >>> fallback_of(Target("arousal", "ccc"), np.array([1.0, 2.0, np.nan])).tolist()
    [1.5]
    >>> fallback_of(Target("mood", "uar", ("glad", "sad")), np.array([0.0, 1.0, 1.0, 1.0])).tolist()
    [0.25, 0.75]
    """
    labels = y[~np.isnan(y)]
    if target.kind == "classes":
        return np.bincount(labels.astype(int), minlength=target.width) / len(labels)
    return np.array([labels.mean()])


def _match(finished: Finished, task: SplitTask, name: str) -> None:
    from avbaselines.estimators.tuned.matching import Matcher, cross_matched

    raw, y = finished.raw.oof[name], task.y[name]
    predicted, labelled = ~np.isnan(raw[:, 0]), ~np.isnan(y)
    used = predicted & labelled
    if used.sum() < 3 or len(np.unique(task.folds[used])) < 2:
        return  # an imported system without training predictions: there is nothing to learn the constants from
    matcher = Matcher(strength=task.strength).fit(raw[used], y[used])
    finished.matchings[name] = matcher.matching()
    matched = finished.matchings[name].apply(raw)
    if not task.resubstitution:
        matched[used, 0] = cross_matched(raw[used, 0], y[used], task.folds[used], strength=task.strength)
    finished.oof |= task.bounded_oof({name: matched})
    finished.losses[name] = ccc(y[used], raw[used, 0]) - ccc(y[used], finished.oof[name][used, 0])
