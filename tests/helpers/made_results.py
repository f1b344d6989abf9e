"""Result rows of a made-up run: two targets, two modalities, reported rows, a failed one."""

import math
from dataclasses import replace

from avbaselines.results_table import Remark, RemarkKind, ResultRow

POOLED = Remark(RemarkKind.POOLED, "pooled over clips")
TRANSDUCTIVE = Remark(RemarkKind.TRANSDUCTIVE, "transductive: reads the speaker's unlabelled clips")
RESUBSTITUTION = Remark(RemarkKind.RESUBSTITUTION, "resubstitution: matching learnt on evaluated clips")
SYSTEMS = [
    # system, learner, modalities, stage, arousal, valence, remarks
    ("svr-audio", "svr", ("audio",), 0, 0.58, 0.30, ()),
    ("svr-audio-by-speaker", "svr", ("audio",), 0, 0.66, 0.33, (TRANSDUCTIVE,)),
    ("svr-face", "svr", ("face",), 0, 0.25, 0.55, ()),
    ("early", "svr", ("audio", "face"), 0, 0.60, 0.52, ()),
    ("late-mean", "mean", ("audio", "face"), 1, 0.61, 0.50, ()),
    ("late-matched-mean", "mean", ("audio", "face"), 1, 0.68, 0.58, ()),
    ("late-ridge", "ridge", ("audio", "face"), 1, 0.67, 0.60, ()),
]


def result(system, target, metric="ccc", value=0.5, **others):
    return ResultRow(**{
        "protocol": "honest", "system": system, "target": target, "metric": metric, "value": value, "task": "single",
        "seconds": 3.2,
    } | others)  # fmt: skip


def source(text):
    return (Remark(RemarkKind.SOURCE, text),)


def made_results():
    rows = []
    for system, learner, modalities, stage, arousal, valence, remarks in SYSTEMS:
        picked = system == "late-ridge"
        for target, value in (("arousal", arousal), ("valence", valence), ("mean", (arousal + valence) / 2)):
            for metric, figure in (("ccc", value), ("pcc", value + 0.05), ("rmse", 1 - value)):
                rows.append(result(
                    system, target, metric, figure, ci_low=figure - 0.07, ci_high=figure + 0.06, n_clips=480,
                    n_groups=24, picked=picked, learner=learner, modalities=modalities, stage=stage,
                    remarks=(POOLED, *remarks), raw_label="late-ridge-raw" if picked else None,
                ))  # fmt: skip
    reason = (Remark(RemarkKind.FAILURE, "MemoryError: 12 GiB asked for"),)
    rows.append(result("xgboost-face", "mean", value=math.nan, status="failed", remarks=reason))
    reported = {"kind": "reported", "seconds": None}
    return [
        *rows,
        result("Deep A", "arousal", "ccc", 0.66, remarks=source("Table 3 of Smith & Co."), **reported),
        result("Deep A", "valence", "ccc", 0.58, remarks=source("Table 3 of Smith & Co."), **reported),
        result("Deep_B", "arousal", "ccc", 0.70, protocol="paper", remarks=source("matching learnt on test clips"),
               **reported),
        result("Deep C", "arousal", "pcc", 0.72, remarks=source("Table 5"), **reported),
    ]  # fmt: skip


def changed(rows, of_system=None, **changes):
    """The rows, those of a system (or all) with other values."""
    return [replace(row, **changes) if of_system in (None, row.system) else row for row in rows]


def of(rows, **values):
    """The rows that have these values."""
    return [row for row in rows if all(getattr(row, name) == value for name, value in values.items())]
