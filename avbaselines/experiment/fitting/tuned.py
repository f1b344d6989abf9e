"""Tuning one base system in one split, by out-of-fold scores inside its training part, then fitting the best found."""

import time

import numpy as np
from optuna.trial import TrialState
from threadpoolctl import threadpool_limits

from avbaselines.estimators.ensemble.fold_average import Averaged
from avbaselines.estimators.tuned.search_space import NOTHING, Choice, Drawn, Real
from avbaselines.evaluation.selection_score import selection_score
from avbaselines.experiment.fitting.annotation_delay import surroundings
from avbaselines.experiment.fitting.base import (
    batches,
    by_target,
    columns_of,
    fit_base,
    labelled,
    labels,
    new_model,
    rows_of,
    side_by_side,
    soft_labels,
    spread,
)
from avbaselines.experiment.fitting.optuna_search import REASON, drawn_of, importances, search
from avbaselines.experiment.fitting.postprocess import finish
from avbaselines.experiment.fitting.store import Fitted
from avbaselines.experiment.planning.learners import search_space


def fit_tuned(system, task, blocks, test_blocks, where):
    """Search a base system's space and fit what scores best out-of-fold.

    Parameters
    ----------
    system : BaseSystem
        Its ``tuning`` says how many trials there are in all, what is searched, and whether hopeless trials are ended.
    task : SplitTask
    blocks, test_blocks : list of ndarray
        As for :func:`avbaselines.experiment.fitting.base.fit_base`; the search reads `blocks` alone.
    where : Search

    Returns
    -------
    fitted : Fitted
        With ``trials`` and ``importance``; the mean of the best few trials, or the best alone where that scores better:
        never worse out-of-fold than the defaults.
    models : dict of str to estimator
    """
    started = time.perf_counter()
    space = _space(system, task, blocks)
    objective = Objective(system, task, blocks)
    with threadpool_limits(1):
        # With nothing to search, every trial would be the defaults.
        number = system.tuning.trials if space else 1
        trials = search(where, space, number, task.seed, objective, system.tuning.pruning)
    best = sorted((t for t in trials if t.state == TrialState.COMPLETE), key=lambda trial: -trial.value)
    most = 1 if system.timing else system.tuning.average
    chosen = [drawn_of(trial, space) for trial in best[:most]]
    fits = [fit_base(system, task, blocks, test_blocks, drawn, objective.tried(drawn)) for drawn in chosen]
    fitted, models, kept = _averaged(fits, task, system.matched)
    fitted.trials = [trial_row(trial, number) for number, trial in enumerate(trials)]
    fitted.importance = importances(trials)
    averaged = f"mean of the best {kept} of {len(trials)} trials" if kept > 1 else ""
    found = found_words(trials, trials.index(best[0]), space)
    fitted.note = "; ".join(filter(None, [averaged, found, fitted.note]))
    fitted.seconds = time.perf_counter() - started
    return fitted, models


def _averaged(fits, task, matching):
    """The mean of the first 1, 2, 4 ... fits, whichever scores best out-of-fold: predictions, models, how many."""
    numbers = [2**k for k in range(len(fits).bit_length())]
    means = [_mean([fitted for fitted, _ in fits[:number]]) for number in numbers]
    scores = [out_of_fold_score(mean, task, matching) for mean in means]
    chosen = int(np.argmax(scores))
    if chosen == 0:
        return *fits[0], 1
    models = [models for _, models in fits[: numbers[chosen]]]
    together = {}
    for name, first in models[0].items():
        # A model of several targets stays one: bundles ask it once.
        together.setdefault(id(first), Averaged([part[name] for part in models]))
    return means[chosen], {name: together[id(first)] for name, first in models[0].items()}, numbers[chosen]


def _mean(parts):
    """Mean predictions of fits that predict the same rows."""

    def mean(values):
        return {name: np.mean([part[name] for part in values], axis=0) for name in values[0]}

    return Fitted(
        oof=mean([part.oof for part in parts]),
        test=mean([part.test for part in parts]),
        masked={mask: mean([part.masked[mask] for part in parts]) for mask in parts[0].masked},
        note=parts[0].note,
    )


def drawn_again(system, task, blocks, trials):
    """The values of a finished search's best trial; of a system that was not tuned, none.

    Parameters
    ----------
    system : BaseSystem
    task : SplitTask
    blocks : list of ndarray
        As for `fit_tuned`.
    trials : list of dict
        Of the finished fit.

    Returns
    -------
    Drawn
    """
    complete = [row for row in trials if row["state"] == "complete"]
    best = max(complete, key=lambda row: row["value"]) if complete else {"trial": 0}
    return Drawn(_space(system, task, blocks), best["params"]) if best["trial"] else NOTHING


def _space(system, task, blocks):
    kinds = [target.kind for target in task.targets]
    widths = [block.shape[1] for block in blocks]
    space = search_space(system.learner, system.task, kinds, widths, system.mode_parameters)
    return {name: dimension for name, dimension in space.items() if dimension.part in system.tuning.search}


class Objective:
    """The study's own score of a system's out-of-fold predictions, as a function of drawn values.

    Parameters
    ----------
    system : BaseSystem
    task : SplitTask
    blocks : list of ndarray, shape (n_fit, n_features)
        Of the clips to learn from: no other clip has a say.
    """

    def __init__(self, system, task, blocks):
        self._system, self._task = system, task
        self._X, self._columns = side_by_side(blocks), columns_of(blocks)
        self._known = ~np.isnan(self._X).all(axis=1)
        self._tried = {}

    def tried(self, drawn):
        """Models that only need their refit, of one of the best trials here; None of those before an interruption."""
        return self._tried.get(frozenset(drawn.values.items()), (None, None))[1]

    def __call__(self, drawn, watch):
        """The score, larger is better; ``watch(step, score)`` is told the score so far, after each fold."""
        task, fitted, latest, sizes, models = self._task, Fitted(), {}, [], []
        folds = len(np.unique(task.folds))
        for number, targets in enumerate(batches(task.targets, self._system.task)):
            sizes.append(len(targets))
            used = (self._known & labelled(task, targets)) | bool(self._system.timing)
            model = new_model(self._system, task, targets, self._columns, used, drawn)
            data = rows_of(self._X, used), labels(task, targets, used)
            known = {"groups": task.groups[used], **soft_labels(task, targets, used)}
            around = surroundings(task.frames) if self._system.timing else {}

            def after_fold(done, value, number=number):
                latest[number] = value
                so_far = np.average(list(latest.values()), weights=[sizes[part] for part in latest])
                watch(number * folds + done, float(so_far))

            models.append(model.cross_predict(*data, **known, **around, watch=after_fold))
            for name, values in by_target(model, model.oof_outputs_, targets).items():
                fitted.oof[name] = spread(values, used)
                fitted.test[name] = np.empty((0, values.shape[1]))
        value = out_of_fold_score(fitted, task, self._system.matched)
        if len(models) == len(sizes):
            self._tried[frozenset(drawn.values.items())] = value, models
            if len(self._tried) > self._system.tuning.average:
                self._tried.pop(min(self._tried, key=lambda key: self._tried[key][0]))
        return value


def out_of_fold_score(fitted, task, matching=True):
    """The selection score of out-of-fold predictions as they are reported; larger is better."""
    finished = finish(fitted, task, matching)
    recordings = None if task.frames is None else task.frames.recordings
    return selection_score(task.targets, task.y, finished.filled(finished.oof), recordings, task.combined)


def trial_row(trial, number):
    """A trial as it is kept with the fit; a score of some folds alone, as pruned trials have, is no value."""
    return {
        "trial": number,
        "value": trial.value if trial.state == TrialState.COMPLETE else None,
        "state": "failed" if trial.state == TrialState.FAIL else trial.state.name.lower(),
        "params": trial.params,
        "reason": trial.user_attrs.get(REASON, ""),
    }


def found_words(trials, best, space):
    """What a search chose, in words."""
    if len(trials) == 1:
        return "nothing to tune" if not space else "defaults: one trial"
    if best == 0:
        return f"tuned: no other of {len(trials)} trials beats the defaults"
    params = trials[best].params
    changed = [_words(name, value, space[name]) for name, value in params.items() if value != space[name].default]
    return f"tuned: trial {best} of {len(trials)} ({', '.join(changed)})"


def _words(name, value, dimension):
    if isinstance(dimension, Choice):
        return f"{name} {value}"
    times = "x" if isinstance(dimension, Real) and dimension.times else ""
    return f"{name} {times}{value:.3g}"
