"""The figure of what each family of features is worth."""

import math

import pandas as pd
import pytest

from avbaselines.reports.heading import Heading
from avbaselines.reports.importance import family_losses


def table(targets=("arousal", "valence", "mean"), systems=("svr",)):
    return pd.DataFrame([
        {"system": system, "family": family, "target": target, "metric": "ccc", "score": 0.612, "loss": loss,
         "ci_low": low, "ci_high": loss + 0.05, "n_features": 12, "n_repeats": 5}
        for system in systems for target in targets
        for family, loss, low in (("spectrum", 0.05, math.nan), ("prosody", 0.2, 0.15))
    ])  # fmt: skip


def heading(*names):
    return Heading("study", [(name, "ccc") for name in names])


@pytest.mark.parametrize("nothing", [None, table()[:0]])
def test_nothing_measured_nothing_drawn(nothing):
    assert family_losses(nothing, heading("arousal")) == []


def test_families_stand_by_what_they_are_worth():
    (drawing,) = family_losses(table(), heading("arousal", "valence"))
    assert drawing.title == "What svr takes from each family"
    assert "(of .612)" in drawing.alt and "prosody .200 [.150, .250]; spectrum .050." in drawing.alt
    assert "mean of 5 permutations" in drawing.caption and ">prosody (12)<" in drawing.svg
    assert ">valence<" in drawing.svg


def test_a_figure_a_system_and_no_legend_for_one_target():
    first, second = family_losses(table(("arousal",), ("svr", "ridge")), heading("arousal"))
    assert "What svr takes" in first.title and "What ridge takes" in second.title
    assert ">mean<" not in first.svg
