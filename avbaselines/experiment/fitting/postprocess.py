"""From raw predictions to what is scored: matching, and stand-ins for gaps."""

from dataclasses import dataclass, field

import numpy as np

from avbaselines.estimators.tuned.matching import Matcher, cross_matched
from avbaselines.evaluation.metrics import CONCORDANCES
from avbaselines.experiment.fitting.store import Fitted


@dataclass
class Finished:
    """Raw and matched predictions of one system in one split.

    Attributes
    ----------
    raw : Fitted
    oof, test : dict of str to ndarray
        As in `Fitted`, matched where matching applies.
    matching : dict of str to [factor, offset]
        Per matched target: a raw prediction p becomes offset + factor * p.
    fallback : dict of str to ndarray, shape (width,)
        What stands in for NaN rows when clips are scored: the training mean, or the training class shares.
    """

    raw: Fitted
    oof: dict = field(default_factory=dict)
    test: dict = field(default_factory=dict)
    matching: dict = field(default_factory=dict)
    fallback: dict = field(default_factory=dict)

    def filled(self, values):
        """Predictions by target with nothing missing."""
        whole = {}
        for target, value in values.items():
            gaps = np.isnan(value).any(axis=1)
            whole[target] = np.where(gaps[:, None], self.fallback[target], value) if gaps.any() else value
        return whole


def finish(fitted, task, matching=True):
    """Match predictions to targets judged by a concordance, with constants learnt out-of-fold.

    Parameters
    ----------
    fitted : Fitted
    task : SplitTask
    matching : bool
        The system's own word on matching.

    Returns
    -------
    Finished
    """
    finished = Finished(fitted)
    for target in task.targets:
        name, y = target.name, task.y[target.name]
        labelled = ~np.isnan(y)
        if target.kind == "classes":
            finished.fallback[name] = np.bincount(y[labelled].astype(int), minlength=target.width) / labelled.sum()
        else:
            finished.fallback[name] = np.array([y[labelled].mean()])
        finished.oof[name], finished.test[name] = fitted.oof[name], fitted.test[name]
        if task.matching and matching and target.metric in CONCORDANCES:
            _match(finished, task, name, labelled)
    return finished


def _match(finished, task, name, labelled):
    raw, raw_test = finished.raw.oof[name], finished.raw.test[name]
    known, test_known = ~np.isnan(raw[:, 0]), ~np.isnan(raw_test[:, 0])
    used = known & labelled
    if used.sum() < 3 or len(np.unique(task.folds[used])) < 2:
        return  # an imported system without training predictions: there is nothing to learn the constants from
    matcher = Matcher(strength=task.strength).fit(raw[used], task.y[name][used])
    finished.matching[name] = [float(matcher.factors_[0]), float(matcher.offsets_[0])]
    matched = np.full_like(raw, np.nan)
    if task.resubstitution:
        matched[used] = matcher.transform(raw[used])
    else:
        crossed = cross_matched(raw[used], task.y[name][used], task.folds[used], strength=task.strength)
        matched[used] = np.reshape(crossed, (-1, 1))
    unlabelled = known & ~labelled
    if unlabelled.any():
        matched[unlabelled] = matcher.transform(raw[unlabelled])
    matched_test = np.full_like(raw_test, np.nan)
    if test_known.any():
        matched_test[test_known] = matcher.transform(raw_test[test_known])
    finished.oof[name], finished.test[name] = matched, matched_test
