"""The score by which systems are picked, on the clips that a split learns from."""

from dataclasses import replace

import numpy as np
import pytest
from small_board import AROUSAL, EMOTION, SPLITS, TRUTH, VALENCE, corpus, scored

from avbaselines.evaluation.combined import Combined
from avbaselines.evaluation.metrics import score
from avbaselines.experiment.scoring.selection_score import oof_score, recording_codes

FIT = SPLITS[0].fit


def oof_of(whole, error):
    return scored("row", whole, error).oof["0"]


def test_it_is_the_mean_over_targets_with_errors_in_units_of_spread():
    whole = corpus(AROUSAL, VALENCE)
    oof = oof_of(whole, 0.5)
    ccc = score("ccc", TRUTH[FIT], oof["arousal"][:, 0])
    assert oof_score(whole, SPLITS[0], oof) == pytest.approx((ccc - 0.25 / TRUTH[FIT].std()) / 2)


@pytest.mark.parametrize("target", [AROUSAL, VALENCE, EMOTION])
def test_the_closer_row_scores_more(target):
    whole = corpus(target)
    assert oof_score(whole, SPLITS[0], oof_of(whole, 0.1)) > oof_score(whole, SPLITS[0], oof_of(whole, 9))


def test_the_combined_score_takes_the_place_of_the_mean():
    whole = corpus(EMOTION, VALENCE, combined=Combined("mood", "valence", "accuracy", weight=0.5))
    assert oof_score(whole, SPLITS[0], oof_of(whole, 0)) == pytest.approx(1.0)
    oof = oof_of(whole, 0) | {"valence": oof_of(whole, 2.0)["valence"]}
    assert oof_score(whole, SPLITS[0], oof) == pytest.approx(1.0 - 0.5 * 4.0)


def test_recordings_are_those_of_the_clips_to_learn_from():
    target = replace(AROUSAL, metric="ccc_per_recording")
    whole = corpus(target, recordings=np.repeat(["d", "c", "b", "a"], 3))
    assert oof_score(whole, SPLITS[0], oof_of(whole, 0.0)) == pytest.approx(1.0)
    assert recording_codes(np.array(["b", "a", "b"])).tolist() == [1, 0, 1]


def test_each_clip_to_learn_from_counts_in_its_own_recording():
    # The first six clips lie in one recording, those to learn from in two of unlike length.
    target = replace(AROUSAL, metric="ccc_per_recording")
    whole = corpus(target, recordings=np.array(["a"] * 6 + ["b"] * 4 + ["c"] * 2))
    oof = oof_of(whole, 0.4)
    own = np.array([0, 0, 0, 0, 1, 1])
    apart = [score("ccc", TRUTH[FIT][own == code], oof["arousal"][own == code, 0]) for code in (0, 1)]
    assert apart[0] != pytest.approx(apart[1])
    assert oof_score(whole, SPLITS[0], oof) == pytest.approx(np.mean(apart))
