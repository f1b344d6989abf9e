"""Questions that comparisons answer, and margins of a scoreboard."""

import numpy as np
import pytest
from small_board import AROUSAL, EMOTION, SPLITS, TRUTH, VALENCE, corpus, scored

from avbaselines.evaluation.combined import Combined
from avbaselines.experiment.planning.system import BaseSystem, ExternalSystem, FusionSystem
from avbaselines.experiment.scoring.questions import Margins, question_of
from avbaselines.experiment.scoring.scoreboard import Scoreboard
from avbaselines.systems import Stage

BOARD = Scoreboard(corpus(AROUSAL, VALENCE), SPLITS)


def row(system):
    return scored(system.name, BOARD.corpus, 0.5, system=system)


def fusion(name, method):
    return row(FusionSystem(name=name, fusion=Stage(method=method), depth=1, parts=("a", "b")))


A = row(BaseSystem(name="a", learner="ridge"))
MEAN, RIDGE = fusion("late-mean", "mean"), fusion("late-ridge", "ridge")
DEEP = row(ExternalSystem(name="deep-matched", raw_label="deep", source="deep"))


@pytest.mark.parametrize(
    ("one", "other", "text"),
    [
        (A, RIDGE, "picked against the others"),
        (A, DEEP, "deep against ours"),
        (MEAN, DEEP, "deep against ours"),
        (RIDGE, MEAN, "late-ridge against the mean"),
        (A, MEAN, "picked against the others"),
        (MEAN, RIDGE, "further comparisons"),
    ],
)
def test_a_comparison_belongs_to_one_question(one, other, text):
    assert question_of(one, other, picked="a").text == text


def test_the_picked_fusion_has_its_own_question_against_the_mean():
    assert question_of(RIDGE, MEAN, picked="late-ridge").text == "late-ridge against the mean"
    assert question_of(MEAN, A, picked="late-mean").text == "picked against the others"


def test_margins_are_those_of_each_metric_or_the_one_given():
    margins = Margins.of(BOARD)
    assert margins.of_target == {"arousal": 0.02, "valence": pytest.approx(0.02 * np.var(TRUTH))}
    assert margins.overall == pytest.approx((0.02 + 0.02 * np.var(TRUTH)) / 2)
    given = Margins.of(BOARD, 0.1)
    assert set(given.of_target.values()) == {0.1} and given.overall == 0.1
    both = corpus(EMOTION, VALENCE, combined=Combined("mood", "valence", "accuracy"))
    assert Margins.of(Scoreboard(both, SPLITS)).overall == 0.02
