"""Reading the table of predictions for the figures: one system, one target, evaluated clips."""

import numpy as np
import pandas as pd

from ..errors import InputError
from ..evaluation.metrics import METRICS, score

COLUMNS = (
    "protocol", "split", "part", "system", "target", "class", "clip_id", "group", "truth", "prediction",
)  # fmt: skip
LEAST_CLIPS = 5
CORRELATIONS = ("ccc", "pcc")  # undefined where the truth is constant
GROUP_METRICS = {"ccc_per_recording": "ccc"}
"""Metrics that a single group is scored by another one for."""


def check(predictions: pd.DataFrame) -> None:
    """Raise `InputError` where a column of ``predictions.parquet`` is missing.

    Examples
    --------
    >>> check(pd.DataFrame(columns=COLUMNS))
    """
    missing = [name for name in COLUMNS if name not in predictions.columns]
    if missing:
        raise InputError(f"predictions.parquet/{missing[0]}: column missing; has {', '.join(predictions.columns)}")


def evaluated(predictions: pd.DataFrame, protocol: str, system: str, target: str) -> pd.DataFrame:
    """Labelled test rows of one system and target; with several splits a clip has a row in each that tests it.

    Examples
    --------
    >>> rows = pd.DataFrame({"truth": [0.5, None], "prediction": [0.4, 0.2], "part": "test", "protocol": "honest"})
    >>> len(evaluated(rows.assign(system="svr", target="arousal"), "honest", "svr", "arousal"))
    1
    """
    rows = predictions[
        (predictions["part"] == "test")
        & (predictions["protocol"] == protocol)
        & (predictions["system"] == system)
        & (predictions["target"] == target)
    ]
    return rows[rows["truth"].notna() & rows["prediction"].notna()]


def classes(rows: pd.DataFrame) -> tuple[list[str], np.ndarray, np.ndarray, np.ndarray]:
    """Names of the classes, then for each clip its true class, its predicted class (both as codes) and its group.

    Examples
    --------
    >>> rows = pd.DataFrame({"class": ["glad", "sad"], "truth": [0, 1], "prediction": [0.7, 0.3]})
    >>> names, truth, predicted, groups = classes(rows.assign(split="all", group="s1", clip_id="c0"))
    >>> names, truth.tolist(), predicted.tolist()
    (['glad', 'sad'], [1], [0])
    """
    wide = rows.pivot_table(
        index=["split", "group", "clip_id"], columns="class", values=["truth", "prediction"], observed=True
    )
    truth, posterior = wide["truth"], wide["prediction"]
    names = [str(name) for name in truth.columns]
    groups = wide.index.get_level_values("group").astype(str).to_numpy()
    return names, truth.to_numpy().argmax(axis=1), posterior[truth.columns].to_numpy().argmax(axis=1), groups


def group_scores(rows: pd.DataFrame, metric: str, kind: str) -> pd.DataFrame:
    """The metric within each group.

    Returns
    -------
    DataFrame
        Index group, columns ``score`` and ``n_clips``, worst first; groups of fewer than five clips are left out, and
        for concordance or correlation those whose truth is constant.

    Examples
    --------
    >>> rows = pd.DataFrame({"group": ["s1", "s2"] * 5, "truth": [0.0] * 10, "prediction": [1.0, 2.0] * 5})
    >>> group_scores(rows, "mse", "regression")["score"].to_dict()
    {'s2': 4.0, 's1': 1.0}
    """
    name, options = GROUP_METRICS.get(metric, metric), {}
    if kind == "classes":
        names, truth, prediction, groups = classes(rows)
        table = pd.DataFrame({"group": groups, "truth": truth, "prediction": prediction})
        name, options = "accuracy", {"n_classes": len(names)}
    else:
        table = rows[["truth", "prediction"]].assign(group=rows["group"].astype(str))
    judge = METRICS[name]
    scores = {}
    for group, part in table.groupby("group"):
        if len(part) >= LEAST_CLIPS and (name not in CORRELATIONS or part.truth.nunique() > 1):
            scores[group] = (score(name, part.truth.to_numpy(), part.prediction.to_numpy(), **options), len(part))
    by_group = pd.DataFrame.from_dict(scores, orient="index", columns=["score", "n_clips"])
    return by_group.sort_values("score", ascending=judge.higher_is_better, kind="stable")
