"""Rows set beside one another: reported figures, paired tests, weights of fusions, and stages that beat no mean."""

import numpy as np
import pandas as pd

from avbaselines.evaluation.combined import COMBINED
from avbaselines.evaluation.comparison import compare_means, holm
from avbaselines.evaluation.metrics import METRICS
from avbaselines.experiment.planning.reserved_names import PICKED
from avbaselines.experiment.planning.system import BaseSystem, FusionSystem

ALL_TUNED, ALL_DEFAULTS = "all tuned systems", "their defaults"


def fusion_weights(systems, fitted_run, splits):
    """What each input weighs in each fusion, as the mean over splits.

    Returns
    -------
    pandas.DataFrame
        system, target, input, weight.
    """
    found = []
    for system in systems:
        for split in splits:
            key = fitted_run.keys.get((split.id, system.name))
            if not system.inputs or key is None:
                continue
            inputs = [name for name in system.inputs if (split.id, name) not in fitted_run.failures]
            for target, weights in fitted_run.store.load(key).weights.items():
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
        means also of each target; positive = a is better. Tuned systems stand against their defaults, one by one and
        (`ALL_TUNED` against `ALL_DEFAULTS`) on average.
    """
    by_name = {row.name: row for row in rows if not row.failed}
    pairs = [(picked, name) for name in by_name if picked and name != picked]
    fused = [row for row in by_name.values() if isinstance(row.system, FusionSystem)]
    means = [row.name for row in fused if row.system.is_mean]
    fusions = [row for row in by_name.values() if row.system.stage and row.name not in means]
    pairs += [(row.name, mean) for row in fusions for mean in means if not row.is_twin and row.name != picked]
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
        if by_name[a] in fused and by_name[a].system.decodes_jointly and a != picked
        for target in board.corpus.targets
    ]
    found += _tuning_gains(board, by_name, protocol)
    columns = ["protocol", "system_a", "system_b", "target", "difference", "ci_low", "ci_high", "p_value"]
    table = pd.DataFrame(found, columns=columns)
    return table.assign(p_holm=holm(table["p_value"].to_numpy(float)) if len(table) else [])


def _tuning_gains(board, by_name, protocol):
    """Every tuned system against its defaults, and the mean over all of these pairs."""
    tuned = [row for row in by_name.values() if isinstance(row.system, BaseSystem) and row.system.defaults]
    pairs = [(row.name, row.system.defaults) for row in tuned if row.system.defaults in by_name and not row.is_twin]
    target = COMBINED if board.corpus.combined else "mean"
    named = {"protocol": protocol, "target": target}
    found = [named | {"system_a": a, "system_b": b, **_compared(board, by_name[a], by_name[b])} for a, b in pairs]
    if len(pairs) > 1:
        together = [part for a, b in pairs for part in _parts(board, by_name[a], by_name[b])]
        found.append(named | {"system_a": ALL_TUNED, "system_b": ALL_DEFAULTS, **_figures(together)})
    return found


def tuning_words(tests):
    """A sentence a protocol on what tuning gained on the evaluated clips; none where nothing was tuned."""
    return [
        f"Tuning changed the score of its systems by {row.difference:+.3f} [{row.ci_low:.3f}, {row.ci_high:.3f}] on "
        f"average against their defaults (paired, over groups; protocol {row.protocol})."
        for row in tests.itertuples()
        if row.system_a == ALL_TUNED
    ]


def _compared(board, a, b, targets=None):
    return _figures(_parts(board, a, b, targets))


def _figures(parts):
    result = compare_means(parts)
    return {name: getattr(result, name) for name in ("difference", "ci_low", "ci_high", "p_value")}


def _parts(board, a, b, targets=None):
    """Metric and sums per group of both rows, for each term of the mean that is compared."""
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
    return parts


def flag_fusions(results, targets):
    """Note on every fusion whose mean score does not exceed that of the best mean of predictions beside it."""
    metric = targets[0].metric
    sign, target = 1 if METRICS[metric].higher_is_better else -1, "mean"
    if (results["target"] == COMBINED).any():
        metric, sign, target = COMBINED, 1, COMBINED
    overall = results[(results["split"] == "all") & (results["target"] == target) & (results["metric"] == metric)]
    overall = overall[(overall["kind"] != "reported") & (overall["status"] == "ok")]
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
