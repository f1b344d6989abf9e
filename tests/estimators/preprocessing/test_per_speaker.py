"""Features on each speaker's own scale."""

import numpy as np

from avbaselines.estimators.preprocessing.per_speaker import standardise_per_group


def test_each_speaker_has_mean_0_and_deviation_1_and_gaps_stay():
    rng = np.random.default_rng(0)
    X, groups = rng.normal(size=(40, 3)), np.arange(40) % 2
    X[groups == 1] = 5 + 3 * X[groups == 1]
    X[:4, 0] = np.nan
    X[groups == 0, 2] = 7.0
    standardised = standardise_per_group(X, groups)
    assert np.isnan(standardised[:4, 0]).all() and np.isfinite(standardised[4:]).all()
    for name in (0, 1):
        own = standardised[groups == name][:, :2]
        np.testing.assert_allclose(np.nanmean(own, axis=0), 0, atol=1e-6)
        np.testing.assert_allclose(np.nanstd(own, axis=0), 1, atol=1e-6)
    assert (standardised[groups == 0, 2] == 0).all()
