"""One representation in one split: its speakers erased on training speakers, then probed, beside what is predicted.

Identity is probed among the training speakers of the split (seen) and among the evaluated ones (unseen), and the
study's targets are predicted from the representation.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, clone
from sklearn.model_selection import PredefinedSplit
from threadpoolctl import threadpool_limits

from avbaselines.corpora.corpus import Split, Target
from avbaselines.estimators.preprocessing.erasure import LeaceEraser, NullspaceEraser
from avbaselines.estimators.preprocessing.erasure_strength import tune_strength
from avbaselines.estimators.preprocessing.preparation_options import PreparationOptions
from avbaselines.estimators.preprocessing.speaker_normalizer import SpeakerNormalizer
from avbaselines.experiment.analyses.speaker_identity.probes import probe_speakers
from avbaselines.experiment.analyses.speaker_identity.representations import Measured, ProbeId, Representation, Side
from avbaselines.experiment.analyses.speaker_identity.verification import PairHistograms, compare_pairs
from avbaselines.experiment.fitting.base import by_target, predict, spread
from avbaselines.experiment.fitting.fingerprint import source_digest
from avbaselines.experiment.fitting.split_task import SplitTask
from avbaselines.experiment.fitting.store import Fitted, Store
from avbaselines.experiment.planning.learners import estimator
from avbaselines.experiment.protocol_run import People
from avbaselines.systems import Identity

__all__ = ["ERASERS", "TRANSDUCTIVE", "Job", "code_digest", "measure_representation", "thinned"]

Blocks = list[np.ndarray] | None
"""Column numbers of each modality; None where there is one."""

ERASERS: dict[str, Callable[[Blocks], BaseEstimator]] = {
    "leace": lambda blocks: LeaceEraser(blocks=blocks),
    "nullspace": lambda blocks: NullspaceEraser(n_rounds=1, blocks=blocks),
    "per-speaker": lambda blocks: SpeakerNormalizer(),
    "per-speaker-rank": lambda blocks: SpeakerNormalizer(scaling="rank"),
}
TRANSDUCTIVE = frozenset({"per-speaker", "per-speaker-rank"})
"""Erasures that read the evaluated speakers' own unlabelled clips."""

# Beyond this many clips on one side evenly spaced ones stand for them in the probes.
MOST_CLIPS = 4000
# Constructor parameters of the learners that hold the grids from which `best_params_` are chosen.
GRIDS = {"width": "widths", "cost": "costs", "penalty": "penalties"}


@dataclass(frozen=True)
class Job:
    """One representation to be measured in one split.

    Attributes
    ----------
    key : str
        Under which its work is stored.
    representation : Representation
    features : list of ndarray, shape (n_clips, n_features)
        Of each of its modalities.
    split : Split
    task : SplitTask
        Of the split.
    people : People
    options : Identity
    chosen : list of dict
        Parameters that the learner chose without erasure; empty for features as they are.
    """

    key: str
    representation: Representation
    features: list[np.ndarray]
    split: Split
    task: SplitTask
    people: People
    options: Identity
    chosen: list[dict[str, Any]]

    @property
    def blocks(self) -> Blocks:
        """Column numbers of each modality where they stand side by side."""
        ends = np.cumsum([X.shape[1] for X in self.features])
        return np.split(np.arange(ends[-1]), ends[:-1]) if len(self.features) > 1 else None


@cache
def code_digest() -> str:
    """Digest of the code that measured identity depends on beside its data.

    Examples
    --------
    >>> len(code_digest())
    64
    """
    return source_digest((__name__,))


def thinned(rows: np.ndarray) -> np.ndarray:
    """Row numbers, at most `MOST_CLIPS` of them, evenly spaced.

    Examples
    --------
    >>> thinned(np.arange(8000))[:3].tolist()
    [0, 2, 4]
    """
    return rows if len(rows) <= MOST_CLIPS else rows[np.linspace(0, len(rows) - 1, MOST_CLIPS).astype(int)]


def measure_representation(job: Job, store: Store) -> Measured:
    """Measure one representation in one split and write it down; a failure becomes its reason."""
    started = time.perf_counter()
    try:
        with threadpool_limits(1):
            measured = _measured(job, store)
    except Exception as error:  # whatever goes wrong is this representation's reason, and only this one's
        return Measured(job.key, failed=f"{type(error).__name__}: {' '.join(str(error).split())[:300]}")
    measured.seconds = time.perf_counter() - started
    measured.save(store)
    return measured


def _measured(job: Job, store: Store) -> Measured:
    X, speakers, fit = np.hstack(job.features), job.people.speakers, job.split.fit
    models = [_learner(job, target) for target in job.task.targets]
    measured = Measured(job.key, chosen=job.chosen)
    if job.representation.is_raw:
        eraser, strengths = None, [0.0]
    else:
        models = [_narrowed(model, chosen) for model, chosen in zip(models, job.chosen, strict=True)]
        eraser = ERASERS[job.representation.erasure](job.blocks)
        strengths = [float(strength) for strength in np.unique(job.options.strengths) if strength > 0]
        measured.strength = _tuned_strength(job, eraser, models, X)
        eraser = clone(eraser).fit(X[fit], groups=speakers[fit])
    for strength in dict.fromkeys([*strengths, measured.strength]):
        erased = X if eraser is None else eraser.set_params(strength=strength).transform(X, groups=speakers)
        fitted, chosen = _emotion(job, models, erased)
        measured.save_predictions(store, strength, fitted)
        if job.representation.is_raw:
            measured.chosen = chosen
        _probe(job, erased, strength, measured)
        if strength == measured.strength:
            measured.save_pairs(store, _pairs(job, erased))
    return measured


def _probe(job: Job, erased: np.ndarray, strength: float, measured: Measured) -> None:
    """Probe seen and unseen speakers at one strength."""
    people = job.people
    # Trees take ten times as long as lines: they see the strength that counts.
    kinds = [kind for kind in job.options.probes if kind == "linear" or strength == measured.strength]
    sides: tuple[tuple[Side, np.ndarray], ...] = (("seen", job.split.fit), ("unseen", job.split.test))
    for side, clips in sides:
        rows = thinned(clips)
        content = None if people.content is None else people.content[rows]
        for kind in kinds:
            shares = probe_speakers(erased[rows], people.speakers[rows], content, kind, job.task.seed)
            measured.probes[ProbeId(side, kind, strength)] = shares


def _pairs(job: Job, erased: np.ndarray) -> PairHistograms:
    """Pairs of unseen speakers' clips compared before the background of seen ones."""
    people, background, rows = job.people, thinned(job.split.fit), thinned(job.split.test)
    content = None if people.content is None else people.content[rows]
    return compare_pairs(
        erased[rows], people.speakers[rows], erased[background], people.speakers[background], content
    )


def _learner(job: Job, target: Target) -> Any:
    task = job.task
    parameters: dict[str, Any] = {"metric": task.metric(target), "blocks": job.blocks, "random_state": task.seed}
    if target.kind == "regression":
        parameters["matching"] = task.matching and task.metric(target) == "ccc"
    return estimator(job.options.learner, target.kind, **parameters)


def _narrowed(model: Any, chosen: dict[str, Any]) -> Any:
    """The learner with a grid of one: what it chose before."""
    grids = {GRIDS[name]: (value,) for name, value in chosen.items() if name != "scaling"}
    return clone(model).set_params(**grids, preparation=PreparationOptions(scalings=(chosen["scaling"],)))


def _labelled(X: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Rows that have features and a label, a mask."""
    return ~np.isnan(X).all(axis=1) & ~np.isnan(y)


def _labels(target: Target, y: np.ndarray) -> np.ndarray:
    return y.astype(int) if target.kind == "classes" else y


def _tuned_strength(job: Job, eraser: BaseEstimator, models: Sequence[Any], X: np.ndarray) -> float:
    """The largest strength whose out-of-fold score, mean over targets, is within the agreed loss of no erasure."""
    task, options, fit = job.task, job.options, job.split.fit
    X, speakers, scores = X[fit], job.people.speakers[fit], []
    for model, target in zip(models, task.targets, strict=True):
        used = _labelled(X, task.y[target.name])
        tuned = tune_strength(
            eraser,
            clone(model).set_params(cv=2),  # nothing is left to tune; posteriors need two folds to be calibrated
            X[used],
            _labels(target, task.y[target.name][used]),
            speakers[used],
            strengths=options.strengths,
            metric=task.metric(target),
            cv=PredefinedSplit(task.folds[used]),
        )
        scores.append(tuned.scores)
    means = np.mean(scores, axis=0)
    return float(tuned.strengths[np.flatnonzero(means >= means[0] - options.max_loss - 1e-12)[-1]])


def _emotion(job: Job, models: Sequence[Any], erased: np.ndarray) -> tuple[Fitted, list[dict[str, Any]]]:
    """Predictions of every target, and the parameters that each learner chose."""
    task, fitted, chosen = job.task, Fitted(), []
    X, X_test, speakers = erased[job.split.fit], erased[job.split.test], job.people.speakers[job.split.fit]
    present = ~np.isnan(X_test).all(axis=1)
    for model, target in zip(models, task.targets, strict=True):
        name = target.name
        used = _labelled(X, task.y[name])
        model = clone(model).set_params(cv=PredefinedSplit(task.folds[used]))
        model.fit(X[used], _labels(target, task.y[name][used]), groups=speakers[used])
        chosen.append(model.best_params_[0])
        fitted.oof[name] = spread(by_target(model, model.oof_outputs_, [target])[name], used)
        fitted.test[name] = spread(predict(model, X_test[present], [target])[name], present)
    return fitted, chosen
