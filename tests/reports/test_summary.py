"""The first screen of the report: what is handed over, by how much it gains, and how sure that is."""

import math

import pandas as pd
import pytest

from avbaselines.errors import InputError
from avbaselines.reports.leaderboard import leaderboard
from avbaselines.reports.summary import Comparison, answers, p_text, read_comparisons, signed


@pytest.fixture
def numbered(results):
    """The results with numbered stages, as a run writes them."""
    return results.assign(stage=results.stage.replace({"base": "0", "stage 1": "1"}))


def pair_of(a="late-ridge", b="early", difference=0.075, low=0.02, high=0.13, p_value=0.004, **more):
    pair = {"system_a": a, "system_b": b, "target": "mean", "difference": difference}
    return pair | {"ci_low": low, "ci_high": high, "p_value": p_value} | more


def compared(**changes):
    return read_comparisons(pd.DataFrame([pair_of(**changes)]))[0]


@pytest.mark.parametrize(("value", "text"), [(0.03, "+.030"), (-0.02, "−.020"), (0.0, ".000"), (-0.0001, ".000")])
def test_differences_carry_their_sign(value, text):
    assert signed(value) == text


@pytest.mark.parametrize(("value", "text"), [(0.012, "p = .012"), (0.0009, "p < .001"), (1.0, "p = 1.000")])
def test_p_values(value, text):
    assert p_text(value) == text


@pytest.mark.parametrize(
    ("low", "high", "verdict"), [(0.01, 0.2, "better"), (-0.2, -0.01, "worse"), (-0.1, 0.1, "open"), (0.0, 0.1, "open")]
)
def test_the_verdict_is_the_intervals(low, high, verdict):
    assert compared(low=low, high=high).verdict == verdict


def test_a_test_is_written_with_what_it_has_and_can_be_turned_round():
    pair = compared(p_holm=0.012)
    assert pair.text == "+.075 [+.020, +.130], p = .004" and pair.corrected == " (.012 corrected)"
    turned = pair.reversed()
    assert (turned.system_a, turned.system_b, turned.low, turned.high) == ("early", "late-ridge", -0.13, -0.02)
    bare = compared(low=math.nan, high=math.nan, p_value=math.nan)
    assert bare.text == "+.075" and bare.corrected == ""
    assert isinstance(pair, Comparison)


def test_tables_of_tests_are_checked():
    assert read_comparisons(None) == []
    with pytest.raises(InputError, match="comparisons/p_value: column missing"):
        read_comparisons(pd.DataFrame([pair_of()]).drop(columns="p_value"))


def test_the_gain_over_the_best_single_system_is_that_of_the_paired_test(numbered, heading):
    board = leaderboard(numbered, heading)
    turned = pair_of(a="early", b="late-ridge", difference=-0.075, low=-0.13, high=-0.02)
    (answer,) = answers(board, read_comparisons(pd.DataFrame([turned])))
    assert (answer.protocol, answer.system, answer.verdict, answer.warning) == ("honest", "late-ridge", "better", "")
    assert answer.figure == "mean CCC .635 [.565, .695]"
    assert answer.sentences[0] == (
        "+.075 [+.020, +.130], p = .004 over the best single system, early (paired over groups): more than chance "
        "explains."
    )


def test_without_a_test_a_gain_may_be_chance(numbered, heading):
    (answer,) = answers(leaderboard(numbered, heading), [])
    assert answer.verdict == "none"
    assert "no paired test of the two was given, so this may be chance" in answer.sentences[0]


def test_a_system_that_scores_higher_is_shown_and_not_taken(numbered, heading):
    higher = numbered.assign(value=numbered["value"].where(numbered["system"] != "late-mean", 0.9))
    (answer,) = answers(leaderboard(higher, heading), [])
    assert answer.system == "late-ridge"
    words = "late-mean scores .900; choosing it for that would be learning from the evaluated clips."
    assert words in answer.sentences and words not in answers(leaderboard(numbered, heading), [])[0].sentences


def test_transductive_systems_are_no_rivals(numbered, heading):
    (answer,) = answers(leaderboard(numbered, heading), [])
    assert "by-speaker" not in " ".join(answer.sentences)


def test_the_best_reported_figure_that_may_be_compared_is_placed(numbered, heading):
    alone = numbered[numbered["target"].isin(["arousal"])]
    one = type(heading)(heading.title, [("arousal", "ccc", "regression")], protocols=heading.protocols)
    (answer,) = answers(leaderboard(alone, one), [])
    assert "Best comparable reported figure: Deep A, .660, inside the interval above." in answer.sentences
    far = alone.assign(value=alone["value"].where(alone["system"] != "Deep A", 0.95))
    (answer,) = answers(leaderboard(far, one), [])
    assert "Deep A, .950, outside the interval above." in " ".join(answer.sentences)


def test_a_figure_of_resubstitution_is_not_to_be_believed(numbered, heading):
    flawed = numbered.assign(note=numbered["note"].where(numbered["picked"] == "", "resubstitution: fitted and scored"))
    (answer,) = answers(leaderboard(flawed, heading), read_comparisons(pd.DataFrame([pair_of()])))
    assert answer.verdict == "none" and answer.warning.startswith("Not to be believed")


def test_without_a_picked_row_there_is_no_answer(numbered, heading):
    assert answers(leaderboard(numbered.assign(picked=""), heading), []) == []
