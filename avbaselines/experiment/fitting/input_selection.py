"""Which inputs a late fusion of the best few takes: chosen in each split by out-of-fold score on training groups."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy.stats import rankdata

from avbaselines.corpora.corpus import Target
from avbaselines.estimators.tuned.target_scaling import tuning_score
from avbaselines.evaluation.metrics import METRICS, score
from avbaselines.experiment.fitting.split_task import SplitTask
from avbaselines.experiment.fitting.store import Fitted
from avbaselines.experiment.planning.system import FusionSystem


def kept_inputs(system: FusionSystem, task: SplitTask, inputs: Sequence[Fitted]) -> dict[str, list[int]]:
    """Positions of the inputs that each target is fused from, in their order.

    Examples
    --------
    >>> from avbaselines.systems import Stage
    >>> y, groups = np.arange(12.0), np.arange(12) // 2
    >>> task = SplitTask([Target("arousal", "ccc")], {"arousal": y}, groups, groups[:0], groups % 3, True, 0)
    >>> inputs = [Fitted({"arousal": values[:, None]}) for values in (-y, y, y)]
    >>> late = FusionSystem(name="late", fusion=Stage(method="mean", best=2), depth=1, parts=("a", "b", "c"))
    >>> kept_inputs(late, task, inputs)
    {'arousal': [1, 2]}
    """
    names = [target.name for target in task.targets]
    best = len(inputs) if system.fusion.best is None else system.fusion.best
    if best >= len(inputs):
        return {name: list(range(len(inputs))) for name in names}
    matching = task.matching and system.matched
    # Ranks, since the metrics of several targets have several scales; the first of equals comes first.
    ranks = np.array(
        [
            rankdata([-oof_score_of(task, target, item.oof[target.name], matching) for item in inputs], method="min")
            for target in task.targets
        ]
    )
    if system.fusion.targets == "all":
        ranks[:] = ranks.mean(axis=0)
    order = np.argsort(ranks, axis=1, kind="stable")
    return {name: sorted(row[:best].tolist()) for name, row in zip(names, order, strict=True)}


def oof_score_of(task: SplitTask, target: Target, oof: np.ndarray, matching: bool) -> float:
    """Score of one target's out-of-fold predictions (n, width), larger is better.

    Clips without a prediction count as the mean of the others does.

    Examples
    --------
    >>> y, groups = np.arange(12.0), np.arange(12) // 2
    >>> task = SplitTask([Target("arousal", "rmse")], {"arousal": y}, groups, groups[:0], groups % 3, False, 0)
    >>> oof_score_of(task, task.targets[0], y[:, None] + 1, matching=False)
    -1.0
    """
    y = task.y[target.name]
    gaps = np.isnan(oof).any(axis=1)
    if gaps.all():
        return -np.inf
    filled = np.where(gaps[:, None], oof[~gaps].mean(axis=0), oof)
    metric = task.metric(target)
    if target.kind == "regression":
        return tuning_score(metric, y, filled[:, 0], matching)
    labelled = ~np.isnan(y)
    value = score(metric, y[labelled].astype(int), filled[labelled], n_classes=target.width)
    return value if METRICS[metric].higher_is_better else -value


def spread_weights(
    weights: Mapping[str, list[Any]], chosen: Mapping[str, list[int]], n_inputs: int
) -> dict[str, list[Any]]:
    """Weights by target with 0 for each input that was left out.

    Examples
    --------
    >>> spread_weights({"arousal": [0.3, 0.7]}, {"arousal": [0, 2]}, 3)
    {'arousal': [0.3, 0.0, 0.7]}
    """
    whole = {}
    for target, values in weights.items():
        whole[target] = values
        if len(values) == len(chosen[target]):
            full = np.zeros((n_inputs, *np.shape(values)[1:]))
            full[chosen[target]] = values
            whole[target] = full.tolist()
    return whole


def selection_note(selected: Mapping[str, Sequence[str]], n_inputs: int) -> str:
    """The chosen inputs of each target in words.

    Examples
    --------
    >>> selection_note({"arousal": ["svr-audio", "svr-face"], "valence": ["svr-audio", "svr-face"]}, 4)
    'fuses the best of 4: svr-audio, svr-face'
    """
    parts = {target: ", ".join(names) for target, names in selected.items()}
    if len(set(parts.values())) == 1:
        return f"fuses the best of {n_inputs}: {next(iter(parts.values()))}"
    return f"fuses the best of {n_inputs}: " + "; ".join(f"{target}: {names}" for target, names in parts.items())
