"""Trees as arrays: sound ones pass, and each kind of fault is told."""

import numpy as np
import pytest

from avbaselines.experiment.bundles.trees import check_tree

LEFT, RIGHT, FEATURE = [1, 3, -1, -1, -1], [2, 4, -1, -1, -1], [0, 2, 9, 9, 9]


def check(left=LEFT, right=RIGHT, feature=FEATURE):
    check_tree(np.array(left), np.array(right), np.array(feature), 3, "tree 0")


def test_sound_trees_pass():
    check()
    check([-1], [-1], [9])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"left": [5, 3, -1, -1, -1]}, "a child that is not there"),
        ({"left": [-2, 3, -1, -1, -1]}, "a child that is not there"),
        ({"left": [0, 3, -1, -1, -1]}, "a child that is not there"),
        ({"left": [2, 3, -1, -1, -1]}, "another node's"),
        ({"right": [2, 1, -1, -1, -1]}, "a child that is not there"),
        ({"left": [-1, 3, -1, -1, -1], "right": [-1, 4, -1, -1, -1]}, "a child that is not there"),
        ({"left": [], "right": [], "feature": []}, "a child that is not there"),
        ({"feature": [0, 3, 9, 9, 9]}, "a feature that is not there"),
        ({"feature": [-1, 2, 9, 9, 9]}, "a feature that is not there"),
    ],
)
def test_a_fault_is_told(change, words):
    with pytest.raises(ValueError, match=words):
        check(**change)
