"""A made-up run in the shape of the run folder's tables: two targets, two modalities, reported rows, a failed one."""

import math

import pandas as pd
import pytest

from avbaselines.reports.leaderboard import Heading

SYSTEMS = [
    # system, learner, modalities, stage, arousal, valence, note
    ("svr-audio", "svr", "audio", "base", 0.58, 0.30, ""),
    (
        "svr-audio-by-speaker",
        "svr",
        "audio",
        "base",
        0.66,
        0.33,
        "; transductive: reads the speaker's unlabelled clips",
    ),
    ("svr-face", "svr", "face", "base", 0.25, 0.55, ""),
    ("early", "svr", "audio+face", "base", 0.60, 0.52, ""),
    ("late-mean", "mean", "audio+face", "stage 1", 0.61, 0.50, ""),
    ("late-matched-mean", "mean", "audio+face", "stage 1", 0.68, 0.58, ""),
    ("late-ridge", "ridge", "audio+face", "stage 1", 0.67, 0.60, ""),
]


def result(system, target, metric, value, **others):
    """One row of results.csv."""
    row = {
        "protocol": "honest", "split": "all", "system": system, "picked": "", "kind": "measured", "modalities": "",
        "learner": "", "task": "single", "stage": "", "target": target, "metric": metric, "value": value,
        "ci_low": math.nan, "ci_high": math.nan, "n_clips": math.nan, "n_groups": math.nan, "seconds": 3.2,
        "status": "ok", "note": "",
    }  # fmt: skip
    assert set(others) <= set(row)
    return row | others


@pytest.fixture
def heading():
    return Heading(
        "Quickstart: 480 made-up clips",
        [("arousal", "ccc", "regression"), ("valence", "ccc", "regression")],
        interval="95 % intervals by resampling speakers",
        protocols={"honest": "everything is learnt on training speakers"},
    )


@pytest.fixture
def results():
    rows = []
    for system, learner, modalities, stage, arousal, valence, note in SYSTEMS:
        for target, value in (("arousal", arousal), ("valence", valence), ("mean", (arousal + valence) / 2)):
            for metric, figure in (("ccc", value), ("pcc", value + 0.05), ("rmse", 1 - value)):
                rows.append(result(
                    system, target, metric, figure, ci_low=figure - 0.07, ci_high=figure + 0.06, n_clips=480,
                    n_groups=24, picked="yes" if system == "late-ridge" else "", learner=learner, modalities=modalities,
                    stage=stage, note="pooled over clips" + note,
                ))  # fmt: skip
    for target in ("arousal", "valence", "mean"):
        rows.append(
            result("xgboost-face", target, "ccc", math.nan, status="failed", note="MemoryError: 12 GiB asked for")
        )
    reported = {"kind": "reported", "seconds": math.nan}
    rows += [
        result("Deep A", "arousal", "ccc", 0.66, note="Table 3 of Smith & Co.", **reported),
        result("Deep A", "valence", "ccc", 0.58, note="Table 3 of Smith & Co.", **reported),
        result("Deep_B", "arousal", "ccc", 0.70, protocol="paper", note="matching learnt on test clips", **reported),
        result("Deep C", "arousal", "pcc", 0.72, note="Table 5", **reported),
    ]
    return pd.DataFrame(rows)
