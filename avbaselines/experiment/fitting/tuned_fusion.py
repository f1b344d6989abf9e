"""Searching how systems are fused: by which method, and how many of the best of them."""

import time
from dataclasses import replace

from optuna.trial import TrialState
from threadpoolctl import threadpool_limits

from avbaselines.estimators.tuned.search_space import Choice, Whole
from avbaselines.experiment.fitting.fusion import fit_fusion
from avbaselines.experiment.fitting.optuna_search import drawn_of, importances, search
from avbaselines.experiment.fitting.tuned import found_words, out_of_fold_score, trial_row
from avbaselines.experiment.planning.learners import FUSIONS, JOINT

PART = "fusion"


def fit_searched_fusion(system, task, inputs, reads, where):
    """Search a late fusion's method and inputs, and fit what scores best out-of-fold.

    The choice is made by all folds at once, so the engine takes the result for two stages: its out-of-fold predictions
    are then those of searches that did not see the fold.

    Parameters
    ----------
    system : FusionSystem
        Its method is where the search starts.
    task : SplitTask
    inputs, reads
        As for :func:`avbaselines.experiment.fitting.fusion.fit_fusion`.
    where : Search

    Returns
    -------
    fitted : Fitted
        With ``trials`` and ``importance``.
    models : dict of str to estimator
    """
    started = time.perf_counter()
    space = fusion_space(system.method, len(inputs), [target.kind for target in task.targets])

    unmasked = replace(task, masks={})

    def score(drawn, watch):
        fitted, _ = fit_fusion(as_drawn(system, drawn), unmasked, inputs, reads)
        return out_of_fold_score(fitted, task, system.matched)

    with threadpool_limits(1):
        trials = search(where, space, system.tuning.trials, task.seed, score, False)
    best = max((trial for trial in trials if trial.state == TrialState.COMPLETE), key=lambda trial: trial.value)
    fitted, models = fit_fusion(as_drawn(system, drawn_of(best, space)), task, inputs, reads)
    fitted.trials = [trial_row(trial, number) for number, trial in enumerate(trials)]
    fitted.importance = importances(trials)
    fitted.note = "; ".join(filter(None, [found_words(trials, trials.index(best), space), fitted.note]))
    fitted.seconds = time.perf_counter() - started
    return fitted, models


def fusion_space(method, n_inputs, kinds):
    """What is searched of a fusion.

    Parameters
    ----------
    method : str
        The default.
    n_inputs : int
        Systems to fuse; all of them by default.
    kinds : sequence of {"regression", "classes"}
        Of the targets: several may be decoded together.

    Returns
    -------
    dict of str to Choice or Whole
    """
    methods = [name for name in FUSIONS if len(kinds) > 1 or not name.startswith(JOINT)]
    return {
        "method": Choice({name: name for name in [method, *(name for name in methods if name != method)]}, part=PART),
        "best": Whole(1, n_inputs, n_inputs, part=PART),
    }


def as_drawn(system, drawn):
    """The fusion with the method and the number of inputs that were drawn."""
    values = {name: drawn.space[name].value(value, None) for name, value in drawn.values.items()}
    changes = stage_of(values["method"]) if "method" in values else {}
    best = values.get("best", len(system.inputs))
    if best < len(system.inputs):
        changes["best"] = best
    return replace(system, fusion=system.fusion.model_copy(update=changes))


def stage_of(method):
    """Options of a stage that fits by a method of `FUSIONS`: joint methods read the predictions of all targets."""
    joint = method.startswith(JOINT)
    return {"method": method.removeprefix(JOINT), "targets": "all" if joint else "own"}
