"""The figures of a search."""

import math

import pandas as pd

from avbaselines.reports.tuning import MOST_BARS, tuning_drawings

PLACE = {"protocol": "honest", "system": "ridge-tuned"}
TRIALS = pd.DataFrame([
    PLACE | {"split": split, "trial": trial, "value": value}
    for split, values in (("0", (0.4, 0.5, math.nan, 0.45)), ("1", (0.3, 0.2, 0.6, math.nan)))
    for trial, value in enumerate(values)
])  # fmt: skip


def importance(n):
    return pd.DataFrame([
        PLACE | {"split": "0", "parameter": f"p{number:02d}", "importance": number / 100} for number in range(n)
    ])  # fmt: skip


def test_nothing_tuned_nothing_drawn():
    assert tuning_drawings(TRIALS[:0], importance(0)) == []


def test_the_gain_is_that_of_the_best_so_far_over_the_defaults_and_splits():
    (history,) = tuning_drawings(TRIALS, importance(0))
    assert history.table == [["system", "gain"], ["ridge-tuned", "+0.200"]]  # (.1 + .3) / 2
    assert "2 of 8 trials were pruned or failed" in history.caption and history.svg.startswith("<svg")


def test_the_most_important_parameters_are_drawn():
    _, bars = tuning_drawings(TRIALS, importance(MOST_BARS + 2))
    assert len(bars.table) == MOST_BARS + 1 and bars.table[1] == ["p13", "0.13"] and "p01" not in bars.alt
