"""The fusion graph: edges, weights and what is wrong with a table of weights."""

import pandas as pd
import pytest

from avbaselines.errors import InputError
from avbaselines.reports.graph import MOST_INPUTS, fusion_graph
from avbaselines.reports.heading import ReportTarget

AROUSAL = ReportTarget("arousal", "ccc")


def weights(*rows):
    return pd.DataFrame(rows, columns=["system", "target", "input", "weight"])


DEEP = weights(
    ("second", "arousal", "late", 0.75), ("second", "arousal", "svr", -0.25),
    ("late", "arousal", "svr", 0.5), ("late", "arousal", "ridge", 0.5), ("late", "valence", "svr", 9.0),
)  # fmt: skip


def test_every_edge_below_the_answer_is_told_with_its_weight():
    drawing = fusion_graph(DEEP, "second", AROUSAL)
    assert drawing.alt == (
        "Weights for arousal: second takes .75 of late; second takes -.25 of svr; late takes .50 of svr; late takes "
        ".50 of ridge."
    )
    assert all(f">{word}<" in drawing.svg for word in ("second", "late", "svr", "ridge", ".75", "-.25"))
    assert "share of splits" not in drawing.caption


def test_folds_are_averaged():
    twice = pd.concat([DEEP, DEEP.assign(weight=DEEP["weight"] + 0.1)])
    assert "second takes .80 of late" in fusion_graph(twice, "second", AROUSAL).alt


def test_light_inputs_are_left_out_and_counted():
    many = weights(*(("late", "arousal", f"s{number}", number / 10) for number in range(MOST_INPUTS + 3)))
    drawing = fusion_graph(many, "late", AROUSAL)
    assert "3 lighter inputs are not drawn" in drawing.caption and "of s0" not in drawing.alt and "of s3" in drawing.alt


def test_shares_of_a_picked_row_are_explained():
    drawing = fusion_graph(weights(("picked", "arousal", "svr", 1.0)), "picked", AROUSAL, shares=True)
    assert "share of splits that chose it" in drawing.caption


@pytest.mark.parametrize(("table", "why"), [(None, "no fusion weights"), (DEEP[:0], "no fusion weights")])
def test_without_weights_there_is_no_graph(table, why):
    assert why in fusion_graph(table, "second", AROUSAL).caption


def test_what_is_no_fusion_has_no_graph():
    assert "svr is not a weighted fusion" in fusion_graph(DEEP, "svr", AROUSAL).caption


def test_broken_tables_are_named():
    with pytest.raises(InputError, match="weights/input: column missing"):
        fusion_graph(DEEP.drop(columns="input"), "second", AROUSAL)
    with pytest.raises(InputError, match="'late' is an input of itself"):
        fusion_graph(weights(("late", "arousal", "late", 1.0)), "late", AROUSAL)
    with pytest.raises(InputError, match="form a cycle"):
        fusion_graph(weights(("a", "arousal", "b", 1.0), ("b", "arousal", "a", 1.0)), "a", AROUSAL)
