"""Targets on one scale, and scores of predictions of them."""

import numpy as np
import pytest

from avbaselines.errors import InputError
from avbaselines.estimators.tuned.matching import match
from avbaselines.estimators.tuned.target_scaling import check_targets, standardised, tuning_score, tuning_scores
from avbaselines.evaluation.metrics import score

RNG = np.random.default_rng(0)
TRUTH = RNG.normal(size=50)
PREDICTION = 0.3 * TRUTH + 0.2 * RNG.normal(size=50) + 1


def test_a_matched_concordance_is_that_of_matched_predictions():
    for metric in ("ccc", "ccc_per_recording"):
        matched = score("ccc", TRUTH, match(PREDICTION, TRUTH))
        assert tuning_score(metric, TRUTH, PREDICTION, True) == pytest.approx(matched)
        assert tuning_score(metric, TRUTH, PREDICTION, False) == pytest.approx(score("ccc", TRUTH, PREDICTION))
    assert tuning_score("ccc", TRUTH, np.full(50, 3.0), True) == 0


@pytest.mark.parametrize("metric", ["ccc", "ccc_per_recording", "pcc", "rmse"])
@pytest.mark.parametrize("gaps", ["none", "alike", "of_one_target", "everywhere"])
def test_scores_of_several_targets_are_those_of_each(metric, gaps):
    truth = np.column_stack([TRUTH, RNG.normal(size=50), TRUTH**2])
    prediction = truth + RNG.normal(size=(50, 3))
    prediction[:, 2] = 1.0
    if gaps != "none":
        where = {"alike": np.s_[:7], "of_one_target": np.s_[:7, 1], "everywhere": np.s_[:]}[gaps]
        prediction[where] = np.nan
    for matching in (True, False):
        expected = [tuning_score(metric, *pair, matching) for pair in zip(truth.T, prediction.T, strict=True)]
        np.testing.assert_allclose(tuning_scores(metric, truth, prediction, matching), expected, rtol=1e-12)


def test_errors_are_negated_and_gaps_left_out():
    gaps = np.where(np.arange(50) < 5, np.nan, PREDICTION)
    assert tuning_score("rmse", TRUTH, gaps, True) == pytest.approx(-score("rmse", TRUTH[5:], PREDICTION[5:]))
    assert tuning_score("ccc", TRUTH, np.full(50, np.nan), True) == -np.inf


def test_targets_without_labels_or_variance_have_no_scale():
    Y = np.column_stack([TRUTH, np.full(50, 2.0), np.full(50, np.nan)])
    scaled, mean, scale = standardised(Y)
    assert scale[1:].tolist() == [0, 0] and mean[1] == 2 and np.isnan(mean[2])
    np.testing.assert_allclose([scaled[:, 0].mean(), scaled[:, 0].std()], [0, 1], atol=1e-12)


@pytest.mark.parametrize(
    ("y", "message"), [(None, "requires y"), (np.full(3, np.nan), "no labelled row"), (np.ones(3), "is constant")]
)
def test_targets_that_teach_nothing_are_refused(y, message):
    with pytest.raises(InputError, match=message):
        check_targets(np.zeros((3, 1)), y)
