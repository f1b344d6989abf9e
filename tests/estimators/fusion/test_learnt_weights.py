"""Weights estimated by ridge, by likelihood and by correlation."""

import numpy as np

from avbaselines.estimators.fusion.learnt_weights import (
    CorrelationWeightedFusionRegressor,
    RidgeFusionClassifier,
    RidgeFusionRegressor,
)

RNG = np.random.default_rng(0)
Y = RNG.normal(size=120)
P = Y[:, None] + RNG.normal(size=(120, 3)) * [0.3, 1.0, 30.0]
GROUPS = np.arange(120) // 10


def test_a_huge_penalty_leaves_equal_weights_and_a_tiny_one_least_squares():
    equal = RidgeFusionRegressor(penalties=(1e6,), cv=3).fit(P, Y, GROUPS).weights_
    np.testing.assert_allclose(equal, equal[0], rtol=1e-3)
    free = RidgeFusionRegressor(penalties=(1e-9,), towards_mean=False, cv=3).fit(P, Y, GROUPS)
    design = np.column_stack([P, np.ones(120)])
    np.testing.assert_allclose(free.predict(P), design @ np.linalg.lstsq(design, Y, rcond=None)[0], atol=1e-5)


def test_posteriors_of_a_system_that_knows_nothing_weigh_little():
    codes = (Y > 0).astype(int)
    good = np.where(codes[:, None] == [0, 1], 0.8, 0.2)
    noise = RNG.dirichlet([1, 1], size=120)
    weights = RidgeFusionClassifier(cv=3).fit(np.hstack([good, noise]), codes, GROUPS).weights_
    assert weights[0] > 5 * abs(weights[1])


def test_correlations_below_zero_weigh_nothing():
    weights = CorrelationWeightedFusionRegressor(cv=3).fit(np.column_stack([P[:, 0], -P[:, 1]]), Y, GROUPS).weights_
    assert weights.tolist() == [1.0, 0.0]
    nothing = CorrelationWeightedFusionRegressor(cv=3).fit(np.column_stack([-P[:, 0], -P[:, 1]]), Y, GROUPS).weights_
    assert nothing.tolist() == [0.5, 0.5]
