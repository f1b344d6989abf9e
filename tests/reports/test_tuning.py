"""Figures of a search."""

import numpy as np
import pandas as pd

from avbaselines.reports.tuning import tuning_drawings

PLACE = {"protocol": "honest", "split": "0"}
TRIALS = pd.DataFrame(
    [
        PLACE | {"system": system, "trial": number, "value": value}
        for system, values in (("a", (0.5, 0.4, 0.7)), ("b", (0.2, np.nan, 0.2)))
        for number, value in enumerate(values)
    ]
)
IMPORTANCE = pd.DataFrame(
    [PLACE | {"system": "a", "parameter": name, "importance": share} for name, share in (("depth", 0.2), ("rate", 0.8))]
)


def test_the_gain_over_the_defaults_is_that_of_the_best_so_far():
    history, importance = tuning_drawings(TRIALS, IMPORTANCE)
    assert history.table == [["system", "gain"], ["a", "+0.200"], ["b", "+0.000"]]
    assert "1 of 6 trials were pruned or failed" in history.caption
    assert importance.table[1:] == [["rate", "0.80"], ["depth", "0.20"]]


def test_without_a_search_nothing_is_drawn():
    assert tuning_drawings(TRIALS[:0], IMPORTANCE[:0]) == []
    assert len(tuning_drawings(TRIALS, IMPORTANCE[:0])) == 1
