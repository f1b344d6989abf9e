"""Emotion and speaker from one embedding."""

import numpy as np
import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from avbaselines.errors import InputError
from avbaselines.estimators.embedding import SharedEmbedding


@parametrize_with_checks([SharedEmbedding(), SharedEmbedding(classes=False)])
def test_scikit_learn(estimator, check):
    check(estimator)


def made(seed=0, n=900):
    """Three emotions in two of thirty mixed columns, six speakers in five others."""
    rng = np.random.default_rng(seed)
    emotion, speakers = rng.integers(0, 3, n), rng.integers(0, 6, n)
    hidden = 0.3 * rng.normal(size=(n, 30))
    hidden[:, :2] += np.array([[0, 0], [2, 0], [0, 2]])[emotion]
    hidden[:, 2:7] += np.vstack([np.zeros(5), 2 * np.eye(5)])[speakers]
    mixing = np.random.default_rng(9).normal(size=(30, 30))
    return hidden @ mixing, np.array(["calm", "happy", "sad"])[emotion], np.array([f"s{k}" for k in range(6)])[speakers]


def accuracies(model):
    X, emotion, speakers = made(seed=1)
    return (model.predict(X) == emotion).mean(), (model.predict_speaker(X) == speakers).mean()


def test_seven_dimensions_hold_both_tasks():
    model = SharedEmbedding(7, penalty=1e-3).fit(*made())
    assert model.transform(made()[0]).shape == (900, 7)
    assert min(accuracies(model)) > 0.97
    assert model.shares_.sum() == pytest.approx(1) and (np.diff(model.shares_) <= 0).all()


def test_more_dimensions_than_outputs_can_fill_are_not_made():
    model = SharedEmbedding(50, penalty=1e-3).fit(*made())
    assert model.components_.shape == (30, 7)
    assert model.get_feature_names_out().tolist() == [f"sharedembedding{k}" for k in range(7)]


def test_weight_says_whose_the_few_dimensions_are():
    for weight, first, second in [(0.01, 0.97, 0.6), (100.0, 0.6, 0.7)]:
        emotion, speaker = accuracies(SharedEmbedding(2, weight, penalty=1e-3).fit(*made()))
        strong, weak = (emotion, speaker) if weight < 1 else (speaker, emotion)
        assert weak < second
        assert strong > first if weight < 1 else strong > 0.3
    alone = SharedEmbedding(2, 0.0, penalty=1e-3).fit(*made())
    X, emotion, _ = made()
    by_itself = SharedEmbedding(2, penalty=1e-3).fit(X, emotion)
    np.testing.assert_array_equal(alone.predict(X), by_itself.predict(X))
    with pytest.raises(InputError, match="without speakers"):
        by_itself.predict_speaker(X)


def test_full_rank_is_ridge_regression():
    from sklearn.linear_model import Ridge

    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(80, 6)), rng.normal(size=(80, 3))
    X = (X - X.mean(axis=0)) / X.std(axis=0)
    # Prepared columns are divided by the root of their number, which multiplies the penalty.
    expected = Ridge(alpha=2.0 * 6).fit(X, Y).predict(X)
    model = SharedEmbedding(9, penalty=2.0, classes=False).fit(X, Y, groups=np.arange(80) % 4)
    np.testing.assert_allclose(model.predict(X), expected, atol=1e-6)


def test_unlabelled_values_and_missing_modalities():
    X, emotion, speakers = made()
    y = np.column_stack([emotion == "happy", emotion == "sad"]).astype(float)
    y[::4, 0] = np.nan
    X[::5, :10] = np.nan
    model = SharedEmbedding(7, classes=False, blocks=[slice(0, 10), slice(10, 30)]).fit(X, y, groups=speakers)
    predicted = model.predict(X)
    assert predicted.shape == y.shape
    rows = ~np.isnan(y[:, 0])
    assert np.corrcoef(predicted[rows, 0], y[rows, 0])[0, 1] > 0.5


def test_refusals():
    X, emotion, speakers = made()
    with pytest.raises(InputError, match="two speakers"):
        SharedEmbedding().fit(X, emotion, groups=np.zeros(len(X)))
    with pytest.raises(InputError, match="n_components"):
        SharedEmbedding(0).fit(X, emotion, groups=speakers)
