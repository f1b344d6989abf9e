"""Paired tests as reports read and word them."""

import math
from dataclasses import replace

import pandas as pd
import pytest

from avbaselines.errors import InputError
from avbaselines.evaluation.verdicts import Verdict
from avbaselines.reports.paired_tests import Comparison, by_question, p_text, read_comparisons, signed

TEST = Comparison("honest", "late-ridge", "early", "mean", 0.03, 0.01, 0.05, 0.004, 0.012)
FULL = replace(TEST, p_floor=0.0039, margin=0.02, question="picked against the others", given=Verdict.NOT_WORSE)


def test_a_test_reads_the_same_from_both_sides():
    assert TEST.text == "+.030 [+.010, +.050], p = .004" and TEST.corrected == " (.012 corrected)"
    back = TEST.reversed()
    assert back.text == "−.030 [−.050, −.010], p = .004" and (TEST.verdict, back.verdict) == ("better", "worse")
    bare = Comparison("honest", "a", "b", "mean", 0.0, math.nan, math.nan, math.nan)
    assert (bare.text, bare.corrected, bare.verdict) == (".000", "", "undecided")
    assert Comparison("", "a", "b", "mean", 0.1, 0.0, 0.2, 0.1, 0.0001).corrected == " (p < .001 corrected)"


def test_signs_and_p_values():
    assert [signed(0.0304), signed(-0.02), signed(-0.0001)] == ["+.030", "−.020", ".000"]
    assert [p_text(0.012), p_text(0.0009)] == ["p = .012", "p < .001"]


def test_tests_are_read_from_the_table_of_a_run():
    table = pd.DataFrame([vars(FULL)]).rename(columns={"low": "ci_low", "high": "ci_high", "given": "verdict"})
    assert read_comparisons(table) == [FULL] and read_comparisons(None) == []
    assert math.isnan(read_comparisons(table.drop(columns=["p_holm", "protocol", "verdict"]))[0].p_holm)
    with pytest.raises(InputError, match="comparisons/p_value: column missing"):
        read_comparisons(table.drop(columns="p_value"))


def test_the_verdict_given_is_shown_and_turned_round():
    assert FULL.verdict is Verdict.NOT_WORSE and FULL.reversed().verdict is Verdict.NOT_BETTER
    assert FULL.words == "not worse by .02 or more, and not told from equal"
    assert FULL.corrected == " (.012 corrected, least .004)"
    assert replace(FULL, p_floor=0.0001).corrected == TEST.corrected
    alike = replace(FULL, given=Verdict.EQUIVALENT, low=-0.01, high=0.015)
    assert alike.words == "equivalent, the difference is smaller than .02"
    assert replace(alike, low=0.001).words.endswith("though told from 0")


def test_tests_stand_under_their_question():
    tuned = replace(FULL, question="tuned against defaults")
    assert by_question([FULL, tuned, FULL]) == [("picked against the others", [FULL, FULL]), (tuned.question, [tuned])]
    paper = replace(FULL, protocol="paper")
    titles = [title for title, _ in by_question([FULL, paper])]
    assert titles == ["picked against the others (honest)", "picked against the others (paper)"]
