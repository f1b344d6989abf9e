"""Who speaks, before and after an erasure, beside what the erasure costs the emotion: measured split by split.

A representation is a set of modalities, as it is or without its speakers. Its erasure is fitted on the training
speakers of a split; identity is then probed among those (seen) and among the evaluated ones (unseen), and the study's
targets are predicted from it. `leakage` sums this up.
"""

import json
import time
from dataclasses import dataclass, field
from functools import cache

import joblib
import numpy as np
from sklearn.base import clone
from sklearn.model_selection import PredefinedSplit
from threadpoolctl import threadpool_limits

from avbaselines.errors import InputError
from avbaselines.estimators.preprocessing.erasure import LeaceEraser, NullspaceEraser
from avbaselines.estimators.preprocessing.erasure_strength import tune_strength
from avbaselines.estimators.preprocessing.preparation_options import PreparationOptions
from avbaselines.estimators.preprocessing.speaker_normalizer import SpeakerNormalizer
from avbaselines.experiment.analyses.speaker_identity.probes import probe_part
from avbaselines.experiment.analyses.speaker_identity.verification import trials
from avbaselines.experiment.fitting.base import by_target, predict, spread
from avbaselines.experiment.fitting.fingerprint import source_digest
from avbaselines.experiment.fitting.store import Fitted, digest, replacing
from avbaselines.experiment.planning.learners import estimator

SPEAKER = "speaker"
RAW = "raw"
ERASERS = {
    "leace": lambda blocks: LeaceEraser(blocks=blocks),
    "nullspace": lambda blocks: NullspaceEraser(n_rounds=1, blocks=blocks),
    "per-speaker": lambda blocks: SpeakerNormalizer(),
    "per-speaker-rank": lambda blocks: SpeakerNormalizer(scaling="rank"),
}
TRANSDUCTIVE = {"per-speaker", "per-speaker-rank"}
# Beyond this many clips on one side evenly spaced ones stand for them in the probes.
MOST_CLIPS = 4000
_GRIDS = {"width": "widths", "cost": "costs", "penalty": "penalties"}


@dataclass
class Measured:
    """One representation in one split.

    Attributes
    ----------
    key : str
        Of its finished work.
    strength : float
        The largest strength within the agreed loss of out-of-fold score on training speakers.
    params : list of dict
        What the learner chose without erasure, a dict a target.
    probes : dict of str to [names, shares, n_clips]
        By ``side/kind/strength``: ``seen`` or ``unseen``, ``linear`` or ``boosted``.
    seconds : float
    failed : str
        Reason, where it could not be measured.
    """

    key: str
    strength: float = 0.0
    params: list = field(default_factory=list)
    probes: dict = field(default_factory=dict)
    seconds: float = 0.0
    failed: str = ""

    def part(self, side, kind, strength):
        """What `pool_probes` takes, or None where it was not probed."""
        names, *rest = self.probes.get(f"{side}/{kind}/{strength:g}", (None,))
        return None if names is None else (np.array(names), np.array(rest[0], float), rest[1])


def measure(run, fitted_run, people, *, jobs=1, force=False, progress=None):
    """Measure every representation of a study in every split, reusing whatever the run folder holds.

    Parameters
    ----------
    run : ProtocolRun
        With a study that has the section ``[identity]``.
    fitted_run : FittedRun
        Of the study's systems: where finished work lies, and what each split learns from.
    people : People
    jobs : int
    force : bool
        Measure again what is there.
    progress : callable, optional
        ``progress(done, total, what)``.

    Returns
    -------
    measured : dict of (tuple of str, str, str) to Measured
        By modalities, erasure (`RAW` without) and split.
    computed : int
        How many were not there before.
    """
    corpus, options = run.corpus, run.study.identity
    _check_splits(corpus.splits, people.speakers)
    sets = list(dict.fromkeys(system.modalities for system in run.systems if system.learner))
    features = {name: digest(corpus.modalities[name].X) for name in corpus.modalities}
    measured, computed, done = {}, 0, 0
    total = len(corpus.splits) * len(sets) * (len(options.erasures) + 1)
    for erasures in ((RAW,), tuple(options.erasures)):
        waiting = {}
        for modalities, erasure, split in _product(sets, erasures, corpus.splits):
            # An erasure keeps the learner that was tuned without one.
            raw = measured.get((modalities, RAW, split.name))
            if raw is not None and raw.failed:
                measured[modalities, erasure, split.name] = raw
                continue
            key = _key(run, fitted_run.tasks[split.id], people, split, erasure, [features[m] for m in modalities])
            path = fitted_run.store.path(key, ".json")
            if path.is_file() and not force:
                measured[modalities, erasure, split.name] = read(fitted_run.store, key)
                continue
            blocks = [corpus.modalities[name].X for name in modalities]
            call = joblib.delayed(_measured)(
                key, blocks, erasure, fitted_run.tasks[split.id], split, people, options,
                None if raw is None else raw.params, fitted_run.store,
            )  # fmt: skip
            waiting[key] = ((modalities, erasure, split.name), call)
        done += len(sets) * len(erasures) * len(corpus.splits) - len(waiting)
        workers = joblib.Parallel(n_jobs=max(1, min(jobs, len(waiting))), return_as="generator_unordered")
        for found in workers(call for _, call in waiting.values()):
            place = waiting[found.key][0]
            measured[place], computed, done = found, computed + 1, done + 1
            if progress:
                progress(done, total, f"identity · {'+'.join(place[0])} {place[1]} · {place[2]}")
    return measured, computed


def read(store, key):
    """A finished measurement."""
    return Measured(**json.loads(store.path(key, ".json").read_text(encoding="utf-8")))


def pairs(store, key):
    """Histograms of compared pairs of unseen speakers at the tuned strength, as `equal_error` takes them, or None."""
    path = store.path(f"{key}-pairs")
    if not path.is_file():
        return None
    with np.load(path, allow_pickle=False) as stored:
        return stored["same"], stored["different"], int(stored["n_clips"])


def fitted_at(store, key, strength):
    """Predictions from a representation at a strength: a `Fitted`."""
    return store.load(f"{key}-{strength:g}")


def thinned(rows):
    """Row numbers, at most `MOST_CLIPS` of them, evenly spaced."""
    return rows if len(rows) <= MOST_CLIPS else rows[np.linspace(0, len(rows) - 1, MOST_CLIPS).astype(int)]


def save_pairs(store, key, found):
    """Write what `pairs` reads."""
    with replacing(store.path(f"{key}-pairs")) as temporary:
        np.savez_compressed(temporary, same=found[0], different=found[1], n_clips=found[2])


def save_text(store, key, content):
    """Write plain values under a key, which marks its work as done."""
    with replacing(store.path(key, ".json")) as temporary:
        temporary.write_text(json.dumps(content), encoding="utf-8")


@cache
def code():
    """Digest of what measured identity depends on beside its data."""
    room = __name__.rpartition(".")[0]
    return source_digest((__name__, f"{room}.probes", f"{room}.verification"))


def _check_splits(splits, speakers):
    for split in splits:
        both = np.intersect1d(speakers[split.fit], speakers[split.test])
        if len(both):
            raise InputError(f"identity: speaker '{both[0]}' is on both sides of split {split.name}; group by speaker")
        if len(np.unique(speakers[split.test])) < 2:
            raise InputError(
                f"identity: split {split.name} evaluates a single speaker, who cannot be told from anybody; take folds "
                "of several speakers, such as split.group_kfold"
            )


def _product(sets, erasures, splits):
    return [(modalities, erasure, split) for split in splits for modalities in sets for erasure in erasures]


def _key(run, task, people, split, erasure, features):
    options = run.study.identity
    said = people.content if people.content is not None else np.array([""])
    described = {"erasure": erasure, "seed": run.study.seed, "learner": options.learner, "probes": options.probes}
    if erasure != RAW:
        described |= {"strengths": options.strengths, "max_loss": options.max_loss}
    targets = [[target.name, target.metric, target.classes] for target in task.targets]
    y = [task.y[target.name] for target in task.targets]
    return digest(
        code(), described, features, targets, split.fit, split.test, people.speakers, said, task.folds, *y
    )[:32]  # fmt: skip


def _measured(key, blocks, erasure, task, split, people, options, params, store):
    """Measure one representation in one split and write it down; a failure becomes its reason."""
    started = time.perf_counter()
    try:
        with threadpool_limits(1):
            found = _measure(key, blocks, erasure, task, split, people, options, params, store)
    except Exception as error:  # whatever goes wrong is this representation's reason, and only this one's
        return Measured(key, failed=f"{type(error).__name__}: {' '.join(str(error).split())[:300]}")
    found.seconds = time.perf_counter() - started
    save_text(store, key, vars(found))
    return found


def _measure(key, blocks, erasure, task, split, people, options, params, store):
    widths = [block.shape[1] for block in blocks]
    columns = np.split(np.arange(sum(widths)), np.cumsum(widths)[:-1]) if len(blocks) > 1 else None
    X, speakers = np.hstack(blocks), people.speakers
    models = [_learner(options.learner, task, target, columns) for target in task.targets]
    found = Measured(key, params=params or [])
    if erasure == RAW:
        eraser, strengths = None, [0.0]
    else:
        models = [_narrowed(model, chosen) for model, chosen in zip(models, params, strict=True)]
        eraser, strengths = ERASERS[erasure](columns), [float(s) for s in np.unique(options.strengths) if s > 0]
        found.strength = _tuned_strength(eraser, models, X[split.fit], task, speakers[split.fit], options)
        eraser = clone(eraser).fit(X[split.fit], groups=speakers[split.fit])
    for strength in dict.fromkeys([*strengths, found.strength]):
        erased = X if eraser is None else eraser.set_params(strength=strength).transform(X, groups=speakers)
        fitted, chosen = _emotion(models, task, erased[split.fit], erased[split.test], speakers[split.fit])
        store.save(f"{key}-{strength:g}", fitted)
        if erasure == RAW:
            found.params = chosen
        # Trees take ten times as long as lines: they see the strength that counts.
        kinds = [kind for kind in options.probes if kind == "linear" or strength == found.strength]
        for name, rows in (("seen", thinned(split.fit)), ("unseen", thinned(split.test))):
            said = None if people.content is None else people.content[rows]
            for kind in kinds:
                names, shares, n_clips = probe_part(erased[rows], speakers[rows], said, kind, task.seed)
                found.probes[f"{name}/{kind}/{strength:g}"] = [names.tolist(), shares.tolist(), n_clips]
        if strength == found.strength:
            save_pairs(store, key, _pairs(erased, split, people))
    return found


def _pairs(erased, split, people):
    known, other = thinned(split.fit), thinned(split.test)
    said = None if people.content is None else people.content[other]
    return trials(erased[other], people.speakers[other], erased[known], people.speakers[known], said)


def _learner(name, task, target, columns):
    parameters = {"metric": task.metric(target), "blocks": columns, "random_state": task.seed}
    if target.kind == "regression":
        parameters["matching"] = task.matching and task.metric(target) == "ccc"
    return estimator(name, target.kind, **parameters)


def _narrowed(model, chosen):
    """The learner with a grid of one: what it chose before."""
    grids = {_GRIDS[name]: (value,) for name, value in chosen.items() if name != "scaling"}
    return clone(model).set_params(**grids, preparation=PreparationOptions(scalings=(chosen["scaling"],)))


def _used(X, y):
    return ~np.isnan(X).all(axis=1) & ~np.isnan(y)


def _labels(target, y):
    return y.astype(int) if target.kind == "classes" else y


def _tuned_strength(eraser, models, X, task, speakers, options):
    """The largest strength whose out-of-fold score, mean over targets, is within the agreed loss of no erasure."""
    scores = []
    for model, target in zip(models, task.targets, strict=True):
        used = _used(X, task.y[target.name])
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
    scores = np.mean(scores, axis=0)
    return float(tuned.strengths[np.flatnonzero(scores >= scores[0] - options.max_loss - 1e-12)[-1]])


def _emotion(models, task, X, X_test, speakers):
    """Predictions of every target, and what each learner chose."""
    fitted, chosen = Fitted(), []
    known = ~np.isnan(X_test).all(axis=1)
    for model, target in zip(models, task.targets, strict=True):
        used = _used(X, task.y[target.name])
        model = clone(model).set_params(cv=PredefinedSplit(task.folds[used]))
        model.fit(X[used], _labels(target, task.y[target.name][used]), groups=speakers[used])
        chosen.append(model.best_params_[0])
        name = target.name
        fitted.oof[name] = spread(by_target(model, model.oof_prediction_, [target])[name], used)
        fitted.test[name] = spread(predict(model, X_test[known], [target])[name], known)
    return fitted, chosen
