"""The answer of the first screen."""

import math

import pandas as pd
import pytest
from made_results import RESUBSTITUTION, changed, made_results, of, result

from avbaselines.errors import InputError
from avbaselines.reports.heading import Heading, ReportTarget
from avbaselines.reports.ranking import leaderboard
from avbaselines.reports.summary import Comparison, answers, p_text, read_comparisons, signed
from avbaselines.results_table import Remark, RemarkKind

TEST = Comparison("honest", "late-ridge", "early", "mean", 0.03, 0.01, 0.05, 0.004, 0.012)


def answer(rows, heading, tests=()):
    [found] = answers(leaderboard(rows, heading), list(tests))
    return found


def test_a_test_reads_the_same_from_both_sides():
    assert TEST.text == "+.030 [+.010, +.050], p = .004" and TEST.corrected == " (.012 corrected)"
    back = TEST.reversed()
    assert back.text == "−.030 [−.050, −.010], p = .004" and (TEST.verdict, back.verdict) == ("better", "worse")
    bare = Comparison("honest", "a", "b", "mean", 0.0, math.nan, math.nan, math.nan)
    assert (bare.text, bare.corrected, bare.verdict) == (".000", "", "open")
    assert Comparison("", "a", "b", "mean", 0.1, 0.0, 0.2, 0.1, 0.0001).corrected == " (p < .001 corrected)"


def test_signs_and_p_values():
    assert [signed(0.0304), signed(-0.02), signed(-0.0001)] == ["+.030", "−.020", ".000"]
    assert [p_text(0.012), p_text(0.0009)] == ["p = .012", "p < .001"]


def test_tests_are_read_from_the_table_of_a_run():
    table = pd.DataFrame([vars(TEST)]).rename(columns={"low": "ci_low", "high": "ci_high"})
    assert read_comparisons(table) == [TEST] and read_comparisons(None) == []
    assert math.isnan(read_comparisons(table.drop(columns=["p_holm", "protocol"]))[0].p_holm)
    with pytest.raises(InputError, match="comparisons/p_value: column missing"):
        read_comparisons(table.drop(columns="p_value"))


def test_the_gain_is_said_with_its_test(results, heading):
    found = answer(results, heading, [TEST.reversed()])
    assert (found.system, found.verdict) == ("late-ridge", "better") and found.figure == "mean CCC .635 [.565, .695]"
    assert found.sentences[0].startswith("+.030 [+.010, +.050], p = .004 over the best single system, early (paired")
    assert found.sentences[1].startswith("+.005 over the best mean of predictions, late-matched-mean; no paired test")


def test_the_best_single_system_is_no_unmatched_twin():
    chosen = {"learner": "best-single", "stage": 1}
    rows = [
        result("late-ridge", "mean", value=0.5, stage=1, picked=True),
        result("best-single", "mean", value=0.4, **chosen),
        result("best-single-raw", "mean", value=0.6, twin=True, **chosen),
    ]
    heading = Heading("x", [ReportTarget("arousal", "ccc"), ReportTarget("valence", "ccc")])
    assert "+.100 over the best single system as chosen out-of-fold, best-single;" in answer(rows, heading).sentences[0]
    assert "no other single system" in answer(rows[:1], heading).sentences[0]


def test_an_error_that_is_smaller_is_a_gain():
    rows = of(made_results(), metric="rmse")
    heading = Heading("x", [ReportTarget("arousal", "rmse"), ReportTarget("valence", "rmse")])
    assert answer(rows, heading).sentences[0].startswith("+.075 over the best single system, early")


def test_what_the_answer_is_made_of_and_whether_it_is_to_be_believed(results, heading):
    made = Remark(RemarkKind.COMPOSED, "best out-of-fold system of each split (a in 1, b in 1 of 2)")
    composed = answer(changed(results, "late-ridge", remarks=(made,)), heading)
    assert composed.composed == made.text and not composed.warning
    flawed = answer(changed(results, "late-ridge", remarks=(RESUBSTITUTION,)), heading, [TEST])
    assert flawed.verdict == "none" and flawed.warning.startswith("Not to be believed") and not flawed.composed


def test_a_reported_figure_is_said_to_lie_inside_or_outside_the_interval(results, heading):
    inside = "Best comparable reported figure: Deep A, .620, inside the interval above."
    assert answer(results, heading).sentences[-1] == inside
    better = changed(results, "Deep A", value=0.9)
    assert answer(better, heading).sentences[-1].endswith("Deep A, .900, outside the interval above.")


def test_a_system_that_scores_higher_is_shown_and_not_taken(results, heading):
    found = answer(changed(results, "early", value=0.9), heading)
    assert found.system == "late-ridge"
    words = "early scores .900; choosing it for that would be learning from the evaluated clips."
    assert words in found.sentences


def test_transductive_systems_are_no_rivals(results, heading):
    results = changed(results, "svr-audio-by-speaker", value=0.9)
    assert "over the best single system, early;" in answer(results, heading).sentences[0]


def test_without_a_picked_row_there_is_no_answer(results, heading):
    assert answers(leaderboard(changed(results, picked=False), heading), []) == []
