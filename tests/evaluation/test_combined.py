import numpy as np
import pytest
from sklearn.metrics import f1_score, mean_squared_error

from avbaselines.evaluation.combined import Combined
from avbaselines.evaluation.intervals import interval
from avbaselines.evaluation.metrics import METRICS

N_CLASSES, N_GROUPS = 3, 6
RNG = np.random.default_rng(0)
GROUPS = RNG.integers(0, N_GROUPS, 90)
EMOTION, HEARD = RNG.integers(0, N_CLASSES, 90), RNG.integers(0, N_CLASSES, 90)
VALENCE, ESTIMATE = RNG.normal(size=90), RNG.normal(size=90)


def sums_of(label_metric="f1_weighted", value_metric="mse"):
    label = METRICS[label_metric].sums(EMOTION, HEARD, GROUPS, N_GROUPS, n_classes=N_CLASSES)
    return Combined.sums(label, METRICS[value_metric].sums(VALENCE, ESTIMATE, GROUPS, N_GROUPS))


def test_class_score_minus_weighted_error():
    value = Combined("emotion", "valence").metric(N_CLASSES).value(sums_of().sum(axis=0))
    expected = f1_score(EMOTION, HEARD, average="weighted") - 0.25 * mean_squared_error(VALENCE, ESTIMATE)
    assert value == pytest.approx(expected)


def test_other_terms_and_another_weight():
    combined = Combined("emotion", "valence", "accuracy", "mae", weight=2.0)
    expected = np.mean(EMOTION == HEARD) - 2 * np.mean(np.abs(VALENCE - ESTIMATE))
    assert combined.metric(N_CLASSES).value(sums_of("accuracy", "mae").sum(axis=0)) == pytest.approx(expected)


def test_groups_resample_as_those_of_any_metric():
    metric, sums = Combined("emotion", "valence").metric(N_CLASSES), sums_of()
    low, high = interval(metric, sums)
    assert low < metric.value(sums.sum(axis=0)) < high
    assert metric.count(sums).tolist() == (2 * np.bincount(GROUPS)).tolist()


def test_a_target_without_labels_leaves_nothing_to_combine():
    assert Combined.sums(sums_of(), None) is None and Combined.sums(None, sums_of()) is None


def test_it_sums_no_clips_itself():
    with pytest.raises(TypeError, match="read off the sums of its two targets"):
        Combined("emotion", "valence").metric(N_CLASSES).sums(VALENCE, ESTIMATE, GROUPS, N_GROUPS)
