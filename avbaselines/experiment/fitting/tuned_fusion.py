"""Searching how systems are fused: by which method, and how many of the best of them."""

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from optuna.trial import TrialState
from threadpoolctl import threadpool_limits

from avbaselines.estimators.tuned.interface import TargetModel
from avbaselines.estimators.tuned.search_space import Choice, Drawn, Whole
from avbaselines.experiment.fitting.fusion import fit_fusion
from avbaselines.experiment.fitting.optuna_search import Search, Watch, drawn_of, importances, search, value_of
from avbaselines.experiment.fitting.split_task import SplitTask
from avbaselines.experiment.fitting.store import Fitted
from avbaselines.experiment.fitting.tuned import out_of_fold_score, search_words, stored_trial
from avbaselines.experiment.planning.learners import FUSIONS, JOINT
from avbaselines.experiment.planning.system import FusionSystem

PART = "fusion"


def fit_searched_fusion(
    system: FusionSystem,
    task: SplitTask,
    inputs: Sequence[Fitted],
    reads: Sequence[tuple[str, ...]],
    where: Search,
) -> tuple[Fitted, dict[str, TargetModel]]:
    """Search a late fusion's method and inputs, and fit what scores best out-of-fold.

    The choice is made by all folds at once, so the engine takes the result for two stages: its out-of-fold predictions
    are then those of searches that did not see the fold.

    Parameters
    ----------
    system
        Its method is where the search starts.
    task
    inputs, reads
        As for :func:`avbaselines.experiment.fitting.fusion.fit_fusion`.
    where

    Returns
    -------
    fitted : Fitted
        With ``trials`` and ``importance``.
    models : dict of str to TargetModel

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> from avbaselines.corpora.corpus import Target
    >>> from avbaselines.systems import Stage, Tuning
    >>> y, groups = np.arange(12.0), np.arange(12) // 2
    >>> task = SplitTask([Target("arousal", "ccc")], {"arousal": y}, groups, groups[:0], groups % 3, True, 0)
    >>> inputs = [Fitted({"arousal": y[:, None] * k}, {"arousal": np.ones((1, 1)) * k}) for k in (1, 3)]
    >>> late = FusionSystem(
    ...     name="late", fusion=Stage(method="mean"), depth=1, parts=("a", "b"), tuning=Tuning(trials=1)
    ... )
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     fitted, _ = fit_searched_fusion(late, task, inputs, [(), ()], Search("late", f"{folder}/trials.journal"))
    >>> fitted.test["arousal"].tolist()
    [[2.0]]
    """
    assert system.tuning is not None
    started = time.perf_counter()
    space = fusion_space(system.method, len(inputs), [target.kind for target in task.targets])

    unmasked = replace(task, masks={})

    def score(drawn: Drawn, watch: Watch) -> float:
        fitted, _ = fit_fusion(as_drawn(system, drawn), unmasked, inputs, reads)
        return out_of_fold_score(fitted, task, system.matched)

    with threadpool_limits(1):
        trials = search(where, space, system.tuning.trials, task.seed, score, False)
    best = max((trial for trial in trials if trial.state == TrialState.COMPLETE), key=value_of)
    fitted, models = fit_fusion(as_drawn(system, drawn_of(best, space)), task, inputs, reads)
    fitted.trials = [stored_trial(trial, number) for number, trial in enumerate(trials)]
    fitted.importance = importances(trials)
    words = search_words(fitted.trials, trials.index(best), space)
    fitted.note = "; ".join(filter(None, [words, fitted.note]))
    fitted.seconds = time.perf_counter() - started
    return fitted, models


def fusion_space(method: str, n_inputs: int, kinds: Sequence[str]) -> dict[str, Choice | Whole]:
    """What is searched of a fusion.

    Parameters
    ----------
    method
        The default.
    n_inputs
        Systems to fuse; all of them by default.
    kinds : sequence of {"regression", "classes"}
        Of the targets: several may be decoded together.

    Examples
    --------
    >>> space = fusion_space("mean", 4, ["regression"])
    >>> space["method"].default, space["best"].default
    ('mean', 4)
    """
    methods = [name for name in FUSIONS if name != "blend" and (len(kinds) > 1 or not name.startswith(JOINT))]
    return {
        "method": Choice({name: name for name in [method, *(name for name in methods if name != method)]}, part=PART),
        "best": Whole(1, n_inputs, n_inputs, part=PART),
    }


def as_drawn(system: FusionSystem, drawn: Drawn) -> FusionSystem:
    """The fusion with the method and the number of inputs that were drawn.

    Examples
    --------
    >>> from avbaselines.systems import Stage
    >>> late = FusionSystem(name="late", fusion=Stage(method="greedy"), depth=1, parts=("a", "b"))
    >>> as_drawn(late, Drawn(fusion_space("greedy", 2, ["regression"]), {"method": "mean", "best": 2})).method
    'mean'
    """
    values = {name: drawn.space[name].value(value, None) for name, value in drawn.values.items()}
    changes = stage_of(str(values["method"])) if "method" in values else {}
    best = values.get("best", len(system.inputs))
    if best < len(system.inputs):
        changes["best"] = best
    return replace(system, fusion=system.fusion.model_copy(update=changes))


def stage_of(method: str) -> dict[str, Any]:
    """Options of a stage that fits by a method of `FUSIONS`: joint methods read the predictions of all targets.

    Examples
    --------
    >>> stage_of("joint-mean")
    {'method': 'mean', 'targets': 'all'}
    """
    joint = method.startswith(JOINT)
    return {"method": method.removeprefix(JOINT), "targets": "all" if joint else "own"}
