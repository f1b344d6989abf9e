"""Labels that may stand for missing ones: `doubtful_labels` of the checks."""

import numpy as np
import pytest

from avbaselines.corpora.corpus import Target
from avbaselines.experiment.loading.checks import doubtful_labels

RNG = np.random.default_rng(0)


@pytest.mark.parametrize(
    "values",
    [
        RNG.normal(size=500), RNG.uniform(1, 5, 300), RNG.integers(1, 6, 200), RNG.integers(0, 2, 50), np.arange(4.0),
        RNG.exponential(size=400), np.repeat([-3.0, -1, 0, 2, 3], 30), np.round(RNG.normal(0, 1, 300) * 3) / 3,
    ],
)  # fmt: skip
def test_labels_as_people_give_them_are_in_no_doubt(values):
    assert doubtful_labels(Target("x", "ccc"), np.asarray(values, float)) == []


@pytest.mark.parametrize("mark", [-1.0, 0.0 - 9, 99.0])
def test_marks_of_several_clips_are_told(mark):
    values = np.concatenate([RNG.uniform(1, 5, 300), np.full(4, mark)])
    assert f"label {mark:g} of 4 clips" in doubtful_labels(Target("x", "ccc"), values)[0]


def test_tiny_classes_are_told_where_others_are_large():
    codes = np.repeat([0.0, 1, 2], [40, 30, 2])
    assert "class 'c' has 2 of 72 clips" in doubtful_labels(Target("x", "uar", ("a", "b", "c")), codes)[0]
    assert doubtful_labels(Target("x", "uar", ("a", "b", "c")), np.repeat([0.0, 1, 2], 4)) == []
