"""A missing prediction from those present."""

import numpy as np

from avbaselines.estimators.fusion.imputation import fill_gaps, learn_gaps


def test_ridge_on_what_is_there_fills_a_gap():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 1)) @ [[1.0, 2.0, -1.0]] + 0.01 * rng.normal(size=(300, 3)) + 4
    gaps = learn_gaps(np.where(rng.random(X.shape) < 0.1, np.nan, X))
    holed = X.copy()
    holed[:, 1] = np.nan
    assert np.corrcoef(fill_gaps(holed, gaps, 0.01)[:, 1], X[:, 1])[0, 1] > 0.99
    assert np.isnan(fill_gaps(np.full((1, 3), np.nan), gaps, 0.01)).all()
