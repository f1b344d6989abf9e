"""The figures of the page, by what their captions and alternative texts say."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from made_results import POOLED, TRANSDUCTIVE, changed, of

from avbaselines.reports import figures
from avbaselines.reports.heading import ReportTarget
from avbaselines.reports.ranking import leaderboard

SPREADS = {"steady": 0.1, "middling": 0.5, "wild": 2.0}


@pytest.fixture
def predictions():
    """Three groups of ten clips that are predicted well, less well and badly."""
    parts = []
    for group, spread in SPREADS.items():
        truth = np.linspace(0, 2, 10)
        guess = truth + spread * np.where(np.arange(10) % 2, 1, -1)
        parts.append(pd.DataFrame({"clip_id": [f"{group}{k}" for k in range(10)], "group": group, "truth": truth,
                                   "prediction": guess}))  # fmt: skip
    base = {"protocol": "honest", "split": "all", "part": "test", "class": "", "system": "svr", "target": "valence"}
    return pd.concat(parts, ignore_index=True).assign(**base)


@pytest.mark.parametrize("metric", ["ccc", "pcc", "mse", "rmse", "mae", "ccc_per_recording"])
def test_the_group_called_the_worst_is_the_one_predicted_worst_whatever_the_metric(predictions, heading, metric):
    drawing = figures.groups(predictions, "honest", "svr", ReportTarget("valence", metric), heading)
    assert drawing.caption.startswith("Served worst: wild "), drawing.caption
    assert "; best: steady " in drawing.alt, drawing.alt


def test_groups_need_two_of_five_clips(predictions, heading):
    few = predictions[predictions["group"] == "wild"]
    drawing = figures.groups(few, "honest", "svr", ReportTarget("valence", "mse"), heading)
    assert not drawing.svg and "fewer than two groups" in drawing.caption


def test_stages_leave_transductive_systems_aside(results, heading):
    best = changed(results, "svr-audio-by-speaker", value=0.9, remarks=(POOLED, TRANSDUCTIVE))
    assert "single systems: early .56" in figures.stages(leaderboard(best, heading), "honest").alt
    plain = changed(results, "svr-audio-by-speaker", value=0.9, remarks=(POOLED,))
    assert "single systems: svr-audio-by-speaker .90" in figures.stages(leaderboard(plain, heading), "honest").alt


def test_stages_need_a_fusion(results, heading):
    single = of(results, stage=0)
    assert "no fusion was measured" in figures.stages(leaderboard(single, heading), "honest").caption


def test_raw_and_matched_predictions_are_drawn_apart(predictions):
    raw = predictions.assign(system="svr-raw", prediction=1.0 + predictions["prediction"] / 9)
    both = pd.concat([predictions, raw])
    drawings = figures.fits(both, "honest", "svr", "svr-raw", ReportTarget("valence", "ccc"))
    assert [drawing.title for drawing in drawings] == ["valence: raw", "valence: matched", "valence: calibration"]
    assert "svr-raw" in drawings[0].alt
    alone = figures.fits(both, "honest", "svr", None, ReportTarget("valence", "ccc"))
    assert [drawing.title for drawing in alone] == ["valence: prediction against truth", "valence: calibration"]
    assert not figures.fits(both, "honest", "nobody", None, ReportTarget("valence", "ccc"))[0].svg


def test_protocol_gaps_are_of_systems_measured_twice(results, heading):
    paper = [replace(row, protocol="paper") for row in of(results, system="early")]
    gaps = figures.protocol_gaps(leaderboard([*results, *paper], heading))
    assert [(system, sorted(name for name, _ in rows)) for system, rows in gaps] == [("early", ["honest", "paper"])]
