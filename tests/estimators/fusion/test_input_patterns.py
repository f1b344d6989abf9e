"""Sets of systems that are there together."""

import numpy as np

from avbaselines.estimators.fusion.input_patterns import without_partial


def test_a_half_blind_system_gives_way_to_whole_ones_only():
    columns = [np.array([0]), np.array([1])]
    left = without_partial(np.array([[1.0, 2.0], [1.0, np.nan]]), columns, np.array([[False, True], [False, True]]))
    assert np.isnan(left[0, 0]) and left[1, 0] == 1.0
