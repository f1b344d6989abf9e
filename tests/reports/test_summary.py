"""The answer of the first screen."""

from dataclasses import replace

from made_results import RESUBSTITUTION, changed, made_results, of, result

from avbaselines.evaluation.verdicts import Verdict
from avbaselines.reports.heading import Heading, ReportTarget
from avbaselines.reports.paired_tests import Comparison
from avbaselines.reports.ranking import leaderboard
from avbaselines.reports.summary import answers
from avbaselines.results_table import Remark, RemarkKind

TEST = Comparison("honest", "late-ridge", "early", "mean", 0.03, 0.01, 0.05, 0.004, 0.012)


def answer(rows, heading, tests=()):
    [found] = answers(leaderboard(rows, heading), list(tests))
    return found


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


def test_the_first_screen_says_how_many_are_tied_and_what_the_verdicts_are(results, heading):
    said = {"early": (True, "not better"), "late-mean": (True, "equivalent"), "svr-face": (False, "worse")}
    for name, (tied, verdict) in said.items():
        results = changed(results, name, tied=tied, verdict=Verdict(verdict))
    twin = changed(of(results, system="svr-face"), system="svr-face-raw", twin=True, tied=True)
    sentences = answer([*results, *twin], replace(heading, margin=0.02)).sentences
    assert (
        "2 of 3 other systems are tied with it (≈): differences not told from 0 at 95 %, which is no equality."
        in sentences
    )
    assert "Against it by a margin of .02: 1 worse, 1 equivalent, 1 not better." in sentences


def test_the_verdict_of_an_equivalent_rival_names_the_margin(results, heading):
    test = replace(TEST, low=0.002, high=0.018, difference=0.01, margin=0.02, given=Verdict.EQUIVALENT)
    found = answer(results, heading, [test])
    assert found.verdict == "equivalent"
    assert found.sentences[0].endswith("equivalent, the difference is smaller than .02 though told from 0.")
    unsure = replace(TEST, low=-0.01, margin=0.02, given=Verdict.NOT_WORSE)
    assert answer(results, heading, [unsure]).verdict == "not-worse"  # one word, as it becomes a class of the page
