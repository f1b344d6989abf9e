"""Rows set beside one another: reported figures, paired tests, weights of fusions, and stages that beat no mean."""

import numpy as np
import pandas as pd

from avbaselines.evaluation.combined import COMBINED
from avbaselines.evaluation.comparison import compare_means, holm
from avbaselines.evaluation.metrics import METRICS
from avbaselines.experiment.registry import JOINT
from avbaselines.experiment.scoring import PICKED


def fusion_weights(systems, outcome, splits):
    """What each input weighs in each fusion, as the mean over splits.

    Returns
    -------
    pandas.DataFrame
        system, target, input, weight.
    """
    found = []
    for system in systems:
        for split in splits:
            key = outcome.keys.get((split.name, system.name))
            if not system.inputs or key is None:
                continue
            inputs = [name for name in system.inputs if (split.name, name) not in outcome.failures]
            for target, weights in outcome.store.load(key).weights.items():
                weights = np.asarray(weights) if len(weights) == len(inputs) else np.full(len(inputs), np.nan)
                found += [(system.name, target, *pair) for pair in zip(inputs, weights, strict=True)]
    columns = ["system", "target", "input", "weight"]
    return pd.DataFrame(found, columns=columns).groupby(columns[:3], as_index=False, sort=False)["weight"].mean()


def reported_rows(study):
    """Rows of results.csv for the figures that others reported."""
    return [
        {
            "protocol": figure.protocol,
            "split": figure.split,
            "system": figure.system,
            "kind": "reported",
            "target": figure.target,
            "metric": figure.metric,
            "value": figure.value,
            "status": "ok",
            "note": "; ".join(filter(None, [figure.source, figure.note])),
        }
        for figure in study.reported
    ]


def comparisons(board, rows, picked, protocol, further=()):
    """Paired tests over groups: the picked row against every other, and every fusion against every mean of predictions.

    Parameters
    ----------
    board : Scoreboard
    rows : list of Scored
    picked : str or None
    protocol : str
    further : sequence of (str, str)
        More pairs of rows, corrected for together with the rest.

    Returns
    -------
    pandas.DataFrame
        protocol, system_a, system_b, target, difference, ci_low, ci_high, p_value, p_holm (corrected for their
        number); of the mean over targets of the study's metrics, or its combined score, and of joint decoding against
        means also of each target; positive = a is better.
    """
    by_name = {row.name: row for row in rows if not row.failed}
    pairs = [(picked, name) for name in by_name if picked and name != picked]
    means = [row.name for row in rows if row.system.method == "mean" and row.name in by_name]
    fusions = [row.name for row in rows if row.system.stage and row.system.method != "mean" and row.name in by_name]
    pairs += [(name, mean) for name in fusions for mean in means if not name.endswith("-raw") and name != picked]
    pairs = list(dict.fromkeys([*pairs, *further]))
    found = [
        {
            "protocol": protocol,
            "system_a": a,
            "system_b": b,
            "target": COMBINED if board.corpus.combined else "mean",
            **_compared(board, by_name[a], by_name[b]),
        }
        for a, b in pairs
    ]
    # What joint decoding does to each target is the question it is there to answer.
    found += [
        {
            "protocol": protocol,
            "system_a": a,
            "system_b": b,
            "target": target.name,
            **_compared(board, by_name[a], by_name[b], [target]),
        }
        for a, b in pairs
        if by_name[a].system.method.startswith(JOINT) and a != picked
        for target in board.corpus.targets
    ]
    columns = ["protocol", "system_a", "system_b", "target", "difference", "ci_low", "ci_high", "p_value"]
    table = pd.DataFrame(found, columns=columns)
    return table.assign(p_holm=holm(table["p_value"].to_numpy(float)) if len(table) else [])


def _compared(board, a, b, targets=None):
    parts = []
    if targets is None and board.corpus.combined is not None:
        ours, theirs = board.combined_parts(a), board.combined_parts(b)
        parts = [(metric, left, right) for (metric, left), (_, right) in zip(ours, theirs, strict=True)]
        targets = []
    for target in board.corpus.targets if targets is None else targets:
        ours, theirs = board.parts(a, target, target.metric), board.parts(b, target, target.metric)
        if not METRICS[target.metric].higher_is_better:
            ours, theirs = theirs, ours
        parts += [(metric, left, right) for (metric, left), (_, right) in zip(ours, theirs, strict=True)]
    result = compare_means(parts)
    names = ("difference", "ci_low", "ci_high", "p_value")
    return {name: getattr(result, name) for name in names}


def flag_fusions(results, targets):
    """Note on every fusion whose mean score does not exceed that of the best mean of predictions beside it."""
    metric = targets[0].metric
    sign, target = 1 if METRICS[metric].higher_is_better else -1, "mean"
    if (results["target"] == COMBINED).any():
        metric, sign, target = COMBINED, 1, COMBINED
    overall = results[(results["split"] == "all") & (results["target"] == target) & (results["metric"] == metric)]
    overall = overall[overall["kind"] != "reported"]
    for protocol, part in overall.groupby("protocol"):
        values = part.set_index("system")["value"] * sign
        means = values[part.set_index("system")["learner"] == "mean"]
        if means.empty:
            continue
        fusions = part[(part["stage"].fillna(0) > 0) & (part["kind"] == "measured") & (part["learner"] != "mean")]
        for name in set(fusions["system"]) - {PICKED}:
            if not name.endswith("-raw") and not values[name] > means.max():
                rows = (results["protocol"] == protocol) & (results["system"] == name)
                note = results.loc[rows, "note"]
                results.loc[rows, "note"] = (
                    note.where(note == "", note + "; ") + f"not above the mean ({means.idxmax()})"
                )
    return results
