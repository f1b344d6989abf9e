"""Scores and intervals of the predictions that Atmaja & Akagi (ICASSP 2020) published for SEWA's development part."""

import numpy as np
import pytest

from avbaselines.evaluation.comparison import compare
from avbaselines.evaluation.intervals import interval
from avbaselines.evaluation.metrics import METRICS

CCC = METRICS["ccc"]
SETS = "b c d e l m p q s 2 9 10".split()


def read(path):
    return np.loadtxt(path, delimiter=";", skiprows=1, usecols=2)


@pytest.fixture(scope="module")
def arousal(shared_data):
    """Gold arousal, the mean of twelve predictions, one of the twelve, and the subject of each frame."""
    folder = shared_data / "sewa_dev"
    subjects = sorted(path.name for path in (folder / "labels").glob("Devel_*.csv"))
    truth = [read(folder / "labels" / name) for name in subjects]
    predictions = [
        np.array([read(folder / "atmaja" / f"predictions_{one}" / name)[: len(labels)] for one in SETS])
        for name, labels in zip(subjects, truth, strict=True)
    ]
    predictions = np.concatenate(predictions, axis=1)
    groups = np.repeat(np.arange(len(subjects)), [len(labels) for labels in truth])
    return np.concatenate(truth), predictions.mean(axis=0), predictions[SETS.index("l")], groups


@pytest.mark.real
def test_interval_by_subject_and_by_frame(arousal):
    truth, mean, _, groups = arousal
    assert len(truth) == 40_032 and groups.max() == 27
    by_subject = CCC.sums(truth, mean, groups, 28)
    assert CCC.value(by_subject.sum(axis=0)) == pytest.approx(0.600, abs=0.0005)
    assert interval(CCC, by_subject, method="percentile") == pytest.approx((0.516, 0.669), abs=0.006)
    assert interval(CCC, by_subject) == pytest.approx((0.516, 0.672), abs=0.001)
    by_frame = CCC.sums(truth, mean, np.arange(len(truth)), len(truth))
    assert interval(CCC, by_frame) == pytest.approx((0.593, 0.606), abs=0.001)


@pytest.mark.real
def test_the_mean_beats_a_weak_member(arousal):
    truth, mean, weak, groups = arousal
    result = compare(CCC, CCC.sums(truth, mean, groups, 28), CCC.sums(truth, weak, groups, 28))
    assert result.difference == pytest.approx(0.600 - 0.376, abs=0.001)
    assert result.ci_low > 0 and result.p_value < 0.001
