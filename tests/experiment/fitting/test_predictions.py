"""Predictions by target: classes that were not learnt, rows without a prediction, and bounds."""

import numpy as np

from avbaselines.corpora.corpus import Target
from avbaselines.estimators.linear.ridge import RidgeClassifier, RidgeRegressor
from avbaselines.experiment.fitting.predictions import MARGIN, bounded, bounds_of, predict, rows_of, spread

MOOD, AROUSAL = Target("mood", "uar", ("glad", "mad", "sad")), Target("arousal", "ccc")
X = np.random.default_rng(0).normal(size=(30, 2))


def test_a_class_that_was_not_learnt_has_no_posterior():
    model = RidgeClassifier(cv=3).fit(X, np.where(X[:, 0] > 0, 2, 0))
    posteriors = predict(model, X[:4], [MOOD])["mood"]
    assert posteriors.shape == (4, 3) and (posteriors[:, 1] == 0).all()
    np.testing.assert_allclose(posteriors.sum(axis=1), 1)


def test_nobody_is_predicted_without_asking_the_model():
    assert predict(RidgeRegressor(), X[:0], [AROUSAL])["arousal"].shape == (0, 1)


def test_values_go_back_to_their_rows():
    rows = np.array([True, False, True])
    np.testing.assert_array_equal(spread(np.array([[1.0], [2.0]]), rows), [[1], [np.nan], [2]])
    assert rows_of(X, np.ones(len(X), bool)) is X and len(rows_of(X[:3], rows)) == 2


def test_bounds_are_the_declared_range_else_the_labels_and_a_margin():
    declared, flat = Target("valence", "ccc", range=(-1, 1)), Target("flat", "mae")
    y = {"arousal": np.array([0.0, np.nan, 10.0]), "valence": np.array([0.0, 0.1, 0.2]), "flat": np.ones(3)}
    bounds = bounds_of([AROUSAL, declared, flat, MOOD], y)
    assert bounds == {"arousal": (-10 * MARGIN, 10 + 10 * MARGIN), "valence": (-1.0, 1.0)}
    predicted = {"arousal": np.array([[1e9], [np.nan], [5.0]]), "flat": np.array([[7.0]])}
    kept = bounded(predicted, bounds)
    np.testing.assert_array_equal(kept["arousal"], [[11.0], [np.nan], [5.0]])
    assert kept["flat"] is predicted["flat"]
