"""Verdicts on intervals of a difference, and the default margins."""

import math

import numpy as np
import pytest

from avbaselines.evaluation.comparison import compare
from avbaselines.evaluation.metrics import METRICS
from avbaselines.evaluation.verdicts import Verdict, default_margin, tells_from_zero, verdict

NONE = (math.nan, math.nan)


@pytest.mark.parametrize(
    ("outer", "inner", "margin", "said"),
    [
        ((0.03, 0.09), (0.035, 0.08), 0.02, "better"),
        ((-0.09, -0.03), (-0.08, -0.035), 0.02, "worse"),
        ((-0.015, 0.018), (-0.012, 0.015), 0.02, "equivalent"),
        ((0.001, 0.021), (0.002, 0.0199), 0.02, "equivalent"),  # told from 0, and smaller than what matters
        ((-0.018, 0.022), (-0.015, 0.02), 0.02, "not worse"),  # an end at the margin is not within it
        ((-0.06, 0.005), (-0.05, 0.004), 0.02, "not better"),
        ((-0.021, 0.06), (-0.02, 0.05), 0.02, "undecided"),
        ((-0.06, 0.06), (-0.05, 0.05), 0.02, "undecided"),
        ((0.001, 0.015), (0.002, 0.014), 0.0, "better"),
        ((0.0, 0.0), (0.0, 0.0), 0.0, "undecided"),
        ((0.0, 0.0), (0.0, 0.0), 0.02, "equivalent"),  # the same predictions
        (NONE, NONE, 0.02, "undecided"),
    ],
)
def test_the_verdict_follows_from_two_intervals_and_the_margin(outer, inner, margin, said):
    assert verdict(outer, inner, margin) is Verdict(said)
    turned = verdict((-outer[1], -outer[0]), (-inner[1], -inner[0]), margin)
    assert turned is Verdict(said).reversed


def test_a_margin_is_no_negative_number():
    for margin in (-0.01, math.nan):
        with pytest.raises(ValueError, match="margin must be 0 or more"):
            verdict((0, 1), (0, 1), margin)


def test_a_row_is_tied_where_its_interval_holds_0():
    assert [tells_from_zero(ends) for ends in ((0, 1), (-1, 0), (0.1, 1), (-1, -0.1), NONE)] == [
        False, False, True, True, None,
    ]  # fmt: skip


def test_default_margins_of_errors_go_with_the_labels_scale():
    for name in ("ccc", "pcc", "uar", "accuracy", "f1_macro"):
        assert default_margin(METRICS[name]) == 0.02
    for name, power in (("rmse", 1), ("mae", 1), ("mse", 2)):
        assert default_margin(METRICS[name], 10) / default_margin(METRICS[name], 1) == pytest.approx(10**power)


def test_two_one_sided_tests_are_the_90_per_cent_interval():
    rng = np.random.default_rng(0)
    truth, people = rng.normal(size=300), np.repeat(np.arange(30), 10)
    mae = METRICS["mae"]
    a, b = (mae.sums(truth, truth + rng.normal(0, 1, 300), people, 30) for _ in range(2))
    result = compare(mae, a, b)
    narrow = compare(mae, a, b, level=0.9)
    assert (result.inner_low, result.inner_high) == (narrow.ci_low, narrow.ci_high)
    just = max(-result.inner_low, result.inner_high)
    assert result.verdict(just * 1.001) is Verdict.EQUIVALENT and result.verdict(just * 0.999) is not Verdict.EQUIVALENT


def test_better_needs_the_swap_test_too_where_the_groups_let_it():
    ends = (0.001, 0.09), (0.01, 0.08)
    assert verdict(*ends, 0.02, p_value=0.05, p_floor=0.002) is Verdict.BETTER
    assert verdict(*ends, 0.02, p_value=0.051, p_floor=0.002) is Verdict.NOT_WORSE
    assert verdict(*ends, 0.0, p_value=0.051, p_floor=0.002) is Verdict.UNDECIDED
    assert verdict(*ends, 0.02, p_value=0.0625, p_floor=0.0625) is Verdict.BETTER  # five groups: no p reaches .05
    assert tells_from_zero((-0.01, 0.09), p_value=0.01, p_floor=0.002) is False
