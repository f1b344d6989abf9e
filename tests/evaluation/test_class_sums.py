import numpy as np
import pytest
from sklearn.metrics import accuracy_score, confusion_matrix, f1_score, recall_score

from avbaselines.evaluation.class_sums import (
    accuracy,
    add_confusion,
    checked_codes,
    confusion,
    f1_macro,
    f1_weighted,
    truths,
    uar,
)

RNG = np.random.default_rng(1)
TRUTH, PREDICTION, GROUPS = RNG.integers(0, 3, 60), RNG.integers(0, 3, 60), RNG.integers(0, 5, 60)


def test_groups_add_up_to_the_confusion_matrix():
    sums = add_confusion(TRUTH, PREDICTION, GROUPS, 5, 3)
    assert sums.sum(axis=0).reshape(3, 3).tolist() == confusion_matrix(TRUTH, PREDICTION).tolist()
    assert truths(sums.sum(axis=0)).tolist() == np.bincount(TRUTH).tolist()
    assert confusion(sums.sum(axis=0))[2].tolist() == np.bincount(PREDICTION).tolist()


@pytest.mark.parametrize(
    ("read", "expected"),
    [
        (accuracy, accuracy_score(TRUTH, PREDICTION)),
        (uar, recall_score(TRUTH, PREDICTION, average="macro")),
        (f1_macro, f1_score(TRUTH, PREDICTION, average="macro")),
        (f1_weighted, f1_score(TRUTH, PREDICTION, average="weighted")),
    ],
)
def test_scores_are_those_of_scikit_learn(read, expected):
    assert read(add_confusion(TRUTH, PREDICTION, GROUPS, 5).sum(axis=0)) == pytest.approx(expected)


def test_the_first_of_equal_posteriors_counts():
    sums = add_confusion(np.array([0, 2]), np.array([[0.5, 0.5, 0.0], [0.1, 0.2, 0.7]]), np.array([0, 0]), 1)
    assert sums.reshape(3, 3).tolist() == [[1, 0, 0], [0, 0, 0], [0, 0, 1]]


def test_posteriors_of_another_width_are_refused():
    with pytest.raises(ValueError, match="posteriors have 2 columns for 3 classes"):
        add_confusion(np.array([0]), np.array([[0.5, 0.5]]), np.array([0]), 1, 3)


@pytest.mark.parametrize(("codes", "message"), [([0.5], "must be integers"), ([3], r"lie in 0 .. 2"), ([-1], "got -1")])
def test_codes_out_of_range_are_refused(codes, message):
    with pytest.raises(ValueError, match=message):
        checked_codes(np.array(codes), 3, "codes")
