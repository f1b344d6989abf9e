"""Columns that follow the targets."""

import numpy as np

from avbaselines.estimators.preprocessing.screening import screened_columns

RNG = np.random.default_rng(0)

X = RNG.normal(size=(200, 6)).astype(np.float32)

Y = np.column_stack([X[:, 0] * X[:, 1], X[:, 2]]) + 0.1 * RNG.normal(size=(200, 2))

CODES = np.digitize(Y[:, 1], [-0.4, 0.4])


def test_screening_takes_what_explains_any_target_or_the_classes():
    noise = RNG.normal(size=(200, 30))
    noise[:, 7] = 1e6 + Y[:, 0]
    noise[:, 20] = Y[:, 1]
    noise[::5, 20] = np.nan
    noise[:, 9], noise[:, 10] = 3.0, np.nan
    gaps = Y.copy()
    gaps[:50, 0] = np.nan
    assert screened_columns(noise, gaps, 2).tolist() == [7, 20]
    assert screened_columns(noise, CODES, 1).tolist() == [20]
    assert screened_columns(noise, CODES, 30).tolist() == list(range(30))
