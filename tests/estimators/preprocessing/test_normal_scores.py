import numpy as np
from scipy.stats import norm

from avbaselines.estimators.preprocessing.normal_scores import MAX_REFERENCES, score_table, thinned_positions


def test_scores_are_those_of_mid_ranks_within_three_deviations():
    table = score_table(1000, np.float64)
    np.testing.assert_allclose(table[1:2000], np.clip(norm.ppf(np.arange(1, 2000) / 2000), -3, 3))
    assert table[0] == -3 and table[2000] == 3 and table[2001] == 0


def test_positions_are_evenly_spaced_and_those_of_several_columns_are_those_of_each():
    both = thinned_positions(np.array([[5000], [0]]))
    assert both.shape == (2, MAX_REFERENCES) and (both[0] == thinned_positions(5000)).all() and not both[1].any()
    assert both[0, [0, -1]].tolist() == [0, 4999] and np.diff(both[0]).min() >= 2
