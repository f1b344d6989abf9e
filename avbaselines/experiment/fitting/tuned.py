"""Tuning one base system in one split, by out-of-fold scores inside its training part, then fitting the best found."""

import time
from collections.abc import Sequence
from functools import partial

import numpy as np
from optuna.trial import FrozenTrial, TrialState
from threadpoolctl import threadpool_limits

from avbaselines.estimators.ensemble.fold_average import Averaged
from avbaselines.estimators.tuned.interface import TargetModel
from avbaselines.estimators.tuned.search_space import NOTHING, Choice, Drawn, Real, Whole
from avbaselines.estimators.tuned.shared_work import SEARCH_LIMIT, SharedWork
from avbaselines.evaluation.selection_score import selection_score
from avbaselines.experiment.fitting.base import batches, fit_base, labels, new_model, soft_labels, usable
from avbaselines.experiment.fitting.clip_context import surroundings
from avbaselines.experiment.fitting.fitted_system import columns_of, side_by_side
from avbaselines.experiment.fitting.optuna_search import (
    REASON,
    Search,
    Space,
    Watch,
    drawn_of,
    importances,
    search,
    value_of,
)
from avbaselines.experiment.fitting.postprocess import finish
from avbaselines.experiment.fitting.predictions import Predictions, by_target, rows_of, spread
from avbaselines.experiment.fitting.split_task import SplitTask
from avbaselines.experiment.fitting.store import Fitted, Trial
from avbaselines.experiment.planning.learners import search_space
from avbaselines.experiment.planning.system import BaseSystem

Fit = tuple[Fitted, dict[str, TargetModel]]
"""Predictions, and models by target."""


def fit_tuned(
    system: BaseSystem,
    task: SplitTask,
    blocks: Sequence[np.ndarray],
    test_blocks: Sequence[np.ndarray],
    where: Search,
) -> tuple[Fitted, dict[str, TargetModel]]:
    """Search a base system's space and fit what scores best out-of-fold.

    Parameters
    ----------
    system
        Its ``tuning`` says how many trials there are in all, what is searched, and whether hopeless trials are ended.
    task
    blocks, test_blocks
        As for :func:`avbaselines.experiment.fitting.base.fit_base`; the search reads `blocks` alone.
    where

    Returns
    -------
    fitted : Fitted
        With ``trials`` and ``importance``; the mean of the best few trials and, as much as they all, the defaults, or
        the defaults alone where these score better: never worse out-of-fold than the defaults.
    models : dict of str to TargetModel

    Examples
    --------
    >>> from avbaselines.corpora.corpus import Target
    >>> from avbaselines.systems import Tuning
    >>> X, groups = np.arange(12.0)[:, None], np.arange(12) // 2
    >>> task = SplitTask([Target("arousal", "ccc")], {"arousal": X[:, 0]}, groups, groups[:0], groups % 3, True, 0)
    >>> system = BaseSystem(name="tuned", learner="ridge", tuning=Tuning(trials=1))

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     fitted, _ = fit_tuned(system, task, [X], [X[:2]], Search("tuned", f"{folder}/trials.journal"))
    >>> fitted.note.partition(";")[0], len(fitted.trials)
    ('defaults: one trial', 1)
    """
    assert system.tuning is not None
    started = time.perf_counter()
    space = _space(system, task, blocks)
    objective = Objective(system, task, blocks)
    with threadpool_limits(1):
        # With nothing to search, every trial would be the defaults.
        number = system.tuning.trials if space else 1
        trials = search(where, space, number, task.seed, objective, system.tuning.pruning)
    best = sorted((t for t in trials if t.state == TrialState.COMPLETE), key=lambda trial: -value_of(trial))
    most = 1 if system.timing else system.tuning.average
    # The defaults are trial 0, and first of equals.
    wanted = best[:most] if most == 1 or trials[0] in best[:most] else [*best[:most], trials[0]]
    fits = [
        fit_base(system, task, blocks, test_blocks, drawn, objective.tried(drawn))
        for drawn in (drawn_of(trial, space) for trial in wanted)
    ]
    if len(fits) > 1:
        defaults = fits[wanted.index(trials[0])]
        fitted, models, averaged = _drawn_to_defaults(fits[:most], defaults, task, system.matched)
    else:
        (fitted, models), averaged = fits[0], False
    fitted.trials = [stored_trial(trial, number) for number, trial in enumerate(trials)]
    fitted.importance = importances(trials)
    of_best = f"of the best {len(best[:most])} of {len(trials)} trials"
    words = search_words(fitted.trials, trials.index(best[0]), space)
    if averaged:
        words = f"mean of the defaults and {of_best}; {words}"
    elif len(fits) > 1:
        words = f"tuned: the mean {of_best} does not beat the defaults"
    fitted.note = "; ".join(filter(None, [words, fitted.note]))
    fitted.seconds = time.perf_counter() - started
    return fitted, models


def _drawn_to_defaults(
    best: Sequence[Fit], defaults: Fit, task: SplitTask, matching: bool
) -> tuple[Fitted, dict[str, TargetModel], bool]:
    """The mean of the defaults and of the mean of the best fits, or the defaults where they score better out-of-fold.

    What is best of many trials on a few hundred clips is so by luck in part, and worse than the defaults on new
    speakers as often as better; drawn to them by half it is seldom worse. Returns predictions, models, and whether
    they are a mean's.
    """
    mean = _mean([defaults[0], _mean([fitted for fitted, _ in best])])
    if out_of_fold_score(mean, task, matching) < out_of_fold_score(defaults[0], task, matching):
        return *defaults, False
    together: dict[int, TargetModel] = {}
    for name, first in defaults[1].items():
        # A model of several targets stays one: bundles ask it once.
        if id(first) not in together:
            together[id(first)] = Averaged([first, Averaged([models[name] for _, models in best])])
    return mean, {name: together[id(first)] for name, first in defaults[1].items()}, True


def _mean(parts: Sequence[Fitted]) -> Fitted:
    """Mean predictions of fits that predict the same rows."""

    def mean(values: Sequence[Predictions]) -> Predictions:
        return {name: np.mean([part[name] for part in values], axis=0) for name in values[0]}

    return Fitted(
        oof=mean([part.oof for part in parts]),
        test=mean([part.test for part in parts]),
        masked={mask: mean([part.masked[mask] for part in parts]) for mask in parts[0].masked},
        note=parts[0].note,
    )


def drawn_again(
    system: BaseSystem, task: SplitTask, blocks: Sequence[np.ndarray], trials: Sequence[Trial]
) -> Drawn:
    """The values of a finished search's best trial; of a system that was not tuned, none.

    Parameters
    ----------
    system
    task
    blocks
        As for `fit_tuned`.
    trials
        Of the finished fit.

    Examples
    --------
    >>> from avbaselines.corpora.corpus import Target
    >>> from avbaselines.systems import Tuning
    >>> X, groups = np.arange(12.0)[:, None], np.arange(12) // 2
    >>> task = SplitTask([Target("arousal", "ccc")], {"arousal": X[:, 0]}, groups, groups[:0], groups % 3, True, 0)
    >>> system = BaseSystem(name="tuned", learner="ridge", tuning=Tuning(trials=1))

    >>> drawn_again(system, task, [X], [Trial(0, 0.4, "complete", {})]) == NOTHING
    True
    """
    complete = [(trial.value, -trial.number, trial) for trial in trials if trial.value is not None]
    if not complete:
        return NOTHING
    *_, best = max(complete, key=lambda entry: entry[:2])
    return Drawn(_space(system, task, blocks), best.params) if best.number else NOTHING


def _space(system: BaseSystem, task: SplitTask, blocks: Sequence[np.ndarray]) -> Space:
    assert system.tuning is not None
    kinds = [target.kind for target in task.targets]
    widths = [block.shape[1] for block in blocks]
    space = search_space(system.learner_key, system.task, kinds, widths, system.mode_parameters)
    return {name: dimension for name, dimension in space.items() if dimension.part in system.tuning.search}


class Objective:
    """The study's own score of a system's out-of-fold predictions, as a function of drawn values.

    Parameters
    ----------
    system
    task
    blocks : sequence of ndarray, shape (n_fit, n_features)
        Of the clips to learn from: no other clip has a say.

    Examples
    --------
    >>> from avbaselines.corpora.corpus import Target
    >>> from avbaselines.systems import Tuning
    >>> X, groups = np.arange(12.0)[:, None], np.arange(12) // 2
    >>> task = SplitTask([Target("arousal", "ccc")], {"arousal": X[:, 0]}, groups, groups[:0], groups % 3, True, 0)
    >>> system = BaseSystem(name="tuned", learner="ridge", tuning=Tuning(trials=1))

    >>> Objective(system, task, [X])(NOTHING, lambda step, score: None) > 0.9
    True
    """

    def __init__(self, system: BaseSystem, task: SplitTask, blocks: Sequence[np.ndarray]):
        assert system.tuning is not None
        self._system, self._task = system, task
        self._X, self._columns = side_by_side(blocks), columns_of(blocks)
        self._present = ~np.isnan(self._X).all(axis=1)
        self._most = system.tuning.average
        self._tried: dict[frozenset[tuple[str, object]], tuple[float, list[TargetModel]]] = {}
        batched = list(batches(task.targets, system.task))
        self._batches = [(targets, SharedWork(SEARCH_LIMIT // len(batched))) for targets in batched]

    def tried(self, drawn: Drawn) -> list[TargetModel] | None:
        """Models that only need their refit, of one of the best trials here; None of those before an interruption."""
        entry = self._tried.get(frozenset(drawn.values.items()))
        return None if entry is None else entry[1]

    def __call__(self, drawn: Drawn, watch: Watch) -> float:
        """The score, larger is better; ``watch(step, score)`` is told the score so far, after each fold."""
        task, system = self._task, self._system
        fitted, models = Fitted(), []
        progress = _Progress(watch, len(np.unique(task.folds)))
        for number, (targets, shared) in enumerate(self._batches):
            used = usable(system, task, targets, self._present)
            model = new_model(system, task, targets, self._columns, used, drawn)
            around = surroundings(task.frames if system.timing else None)
            soft = soft_labels(task, targets, used)
            progress.sizes.append(len(targets))
            model.cross_predict(
                *(rows_of(self._X, used), labels(task, targets, used)),
                groups=task.undivided[used],
                watch=partial(progress.after_fold, number),
                shared=shared,
                **around,
                **soft,
            )
            models.append(model)
            oof = {name: spread(p, used) for name, p in by_target(model, model.oof_outputs_, targets).items()}
            fitted.oof |= task.bounded_oof(oof)
            fitted.test |= {name: values[:0] for name, values in oof.items()}
        value = out_of_fold_score(fitted, task, system.matched)
        self._tried[frozenset(drawn.values.items())] = value, models
        others = [key for key in self._tried if key]  # the defaults are always needed
        if len(others) > self._most:
            self._tried.pop(min(others, key=lambda key: self._tried[key][0]))
        return value


class _Progress:
    """The score so far of a trial whose batches of targets are fitted one after the other, fold by fold."""

    def __init__(self, watch: Watch, folds: int):
        self._watch, self._folds = watch, folds
        self.sizes: list[int] = []
        self._latest: dict[int, float] = {}

    def after_fold(self, batch: int, done: int, value: float) -> None:
        self._latest[batch] = value
        so_far = np.average(list(self._latest.values()), weights=[self.sizes[part] for part in self._latest])
        self._watch(batch * self._folds + done, float(so_far))


def out_of_fold_score(fitted: Fitted, task: SplitTask, matching: bool = True) -> float:
    """The selection score of out-of-fold predictions as they are reported; larger is better.

    Examples
    --------
    >>> from avbaselines.corpora.corpus import Target
    >>> y, groups = np.arange(12.0), np.arange(12) // 2
    >>> task = SplitTask([Target("arousal", "ccc")], {"arousal": y}, groups, groups[:0], groups % 3, True, 0)
    >>> out_of_fold_score(Fitted({"arousal": y[:, None]}, {"arousal": y[:0, None]}), task) > 0.99
    True
    """
    finished = finish(fitted, task, matching)
    recordings = None if task.frames is None else task.frames.recordings
    return selection_score(task.targets, task.y, finished.filled(finished.oof), recordings, task.combined)


def stored_trial(trial: FrozenTrial, number: int) -> Trial:
    """A trial as it is kept with the fit.

    Examples
    --------
    >>> from optuna.trial import create_trial
    >>> stored_trial(create_trial(value=0.5), 0).state
    'complete'
    """
    reason = trial.user_attrs.get(REASON, "")
    if trial.state == TrialState.COMPLETE:
        return Trial(number, trial.value, "complete", trial.params, reason)
    return Trial(number, None, "pruned" if trial.state == TrialState.PRUNED else "failed", trial.params, reason)


def search_words(trials: Sequence[Trial], best: int, space: Space) -> str:
    """What a search chose, in words.

    Examples
    --------
    >>> space = {"depth": Whole(1, 9, 3)}
    >>> trials = [Trial(0, 0.4, "complete", {"depth": 3}), Trial(1, 0.5, "complete", {"depth": 6})]
    >>> search_words(trials, 1, space)
    'tuned: trial 1 of 2 (depth 6)'
    """
    if len(trials) == 1:
        return "nothing to tune" if not space else "defaults: one trial"
    if best == 0:
        return f"tuned: no other of {len(trials)} trials beats the defaults"
    params = trials[best].params
    changed = [_words(name, value, space[name]) for name, value in params.items() if value != space[name].default]
    return f"tuned: trial {best} of {len(trials)} ({', '.join(changed)})"


def _words(name: str, value: object, dimension: Real | Whole | Choice) -> str:
    if isinstance(dimension, Choice):
        return f"{name} {value}"
    times = "x" if isinstance(dimension, Real) and dimension.times else ""
    return f"{name} {times}{value:.3g}"
