"""Which inputs a late fusion of the best few takes: chosen in each split by out-of-fold score on training groups."""

import numpy as np
from scipy.stats import rankdata

from avbaselines.estimators.tuned.target_scaling import tuning_score
from avbaselines.evaluation.metrics import METRICS, score


def kept_inputs(system, task, inputs):
    """Positions of the inputs that each target is fused from, in their order.

    Parameters
    ----------
    system : FusionSystem
    task : SplitTask
    inputs : list of Fitted

    Returns
    -------
    dict of str to list of int
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


def oof_score_of(task, target, oof, matching):
    """Score of one target's out-of-fold predictions (n, width), larger is better.

    Clips without a prediction count as the mean of the others does.
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


def spread_weights(weights, kept, n_inputs):
    """Weights by target with 0 for each input that was left out."""
    whole = {}
    for target, values in weights.items():
        whole[target] = values
        if len(values) == len(kept[target]):
            full = np.zeros((n_inputs, *np.shape(values)[1:]))
            full[kept[target]] = values
            whole[target] = full.tolist()
    return whole


def selection_note(selected, n_inputs):
    """The chosen inputs of each target in words."""
    parts = {target: ", ".join(names) for target, names in selected.items()}
    if len(set(parts.values())) == 1:
        return f"fuses the best of {n_inputs}: {next(iter(parts.values()))}"
    return f"fuses the best of {n_inputs}: " + "; ".join(f"{target}: {names}" for target, names in parts.items())
