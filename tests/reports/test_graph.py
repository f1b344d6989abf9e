"""The fusion graph."""

import pandas as pd
import pytest

from avbaselines.errors import InputError
from avbaselines.reports.graph import MOST_INPUTS, fusion_graph
from avbaselines.reports.heading import ReportTarget

AROUSAL = ReportTarget("arousal", "ccc")


def weights(*edges):
    return pd.DataFrame([(upper, "arousal", lower, weight) for upper, lower, weight in edges],
                        columns=["system", "target", "input", "weight"])  # fmt: skip


def test_edges_below_the_answer_are_drawn_folds_averaged():
    folds = ("late", "a", 0.2), ("late", "a", 0.6)
    table = weights(*folds, ("late", "mean", -0.1), ("mean", "a", 0.5), ("else", "b", 1.0))
    drawing = fusion_graph(table, "late", AROUSAL)
    assert drawing.alt == "Weights for arousal: late takes .40 of a; late takes -.10 of mean; mean takes .50 of a."
    assert drawing.caption == "Width: size of the weight; dashed: negative."


def test_of_a_row_put_together_the_weights_are_shares_of_splits():
    table = weights(("picked", "a", 0.6), ("picked", "b", 0.4))
    words = "Into picked: the share of splits that chose it."
    assert words in fusion_graph(table, "picked", AROUSAL, shares=True).caption
    assert words not in fusion_graph(table, "picked", AROUSAL).caption


def test_the_lightest_of_many_inputs_are_not_drawn():
    table = weights(*(("late", f"a{number}", 1 / (number + 1)) for number in range(MOST_INPUTS + 3)))
    drawing = fusion_graph(table, "late", AROUSAL)
    assert "3 lighter inputs are not drawn." in drawing.caption and f"of a{MOST_INPUTS}" not in drawing.alt


@pytest.mark.parametrize("table", [None, weights()])
def test_without_weights_there_is_no_graph(table):
    assert "no fusion weights" in fusion_graph(table, "late", AROUSAL).caption


def test_tables_that_cannot_be_drawn_are_refused():
    with pytest.raises(InputError, match="weights/weight: column missing"):
        fusion_graph(weights(("late", "a", 1.0)).drop(columns="weight"), "late", AROUSAL)
    with pytest.raises(InputError, match="'late' is an input of itself"):
        fusion_graph(weights(("late", "late", 1.0)), "late", AROUSAL)
    with pytest.raises(InputError, match="form a cycle"):
        fusion_graph(weights(("late", "a", 1.0), ("a", "late", 1.0)), "late", AROUSAL)
    assert "is not a weighted fusion" in fusion_graph(weights(("late", "a", 1.0)), "a", AROUSAL).caption
