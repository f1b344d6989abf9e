"""Erasers take out what tells speakers, and nothing else."""

import numpy as np
import pytest
from scipy.linalg import pinvh, sqrtm
from sklearn.covariance import ledoit_wolf_shrinkage
from sklearn.linear_model import LogisticRegression
from sklearn.utils.estimator_checks import parametrize_with_checks

from avbaselines.errors import InputError
from avbaselines.estimators.preprocessing.erasure import LeaceEraser, NullspaceEraser, ledoit_wolf
from avbaselines.estimators.preprocessing.speaker_normalizer import SpeakerNormalizer

PROJECTIONS = [LeaceEraser, NullspaceEraser]


def three_speakers(X):
    return np.arange(X.shape[0] if hasattr(X, "shape") else len(np.asarray(X))) % 3


class GroupedLeace(LeaceEraser):
    """Dealt to three speakers, so that the common checks see an eraser that erases."""

    def fit(self, X, y=None, groups=None):
        return super().fit(X, y, groups=three_speakers(X))


class GroupedNullspace(NullspaceEraser):
    def fit(self, X, y=None, groups=None):
        return super().fit(X, y, groups=three_speakers(X))


@pytest.mark.filterwarnings("ignore:.*nothing is erased:UserWarning")
@parametrize_with_checks(
    [
        SpeakerNormalizer(),
        SpeakerNormalizer(scaling="rank"),
        LeaceEraser(),
        NullspaceEraser(),
        GroupedLeace(),
        GroupedNullspace(),
    ]
)
def test_scikit_learn(estimator, check):
    check(estimator)


def made(n=240, d=12, n_speakers=6, seed=0):
    """Correlated features whose mean depends on the speaker."""
    rng = np.random.default_rng(seed)
    speakers = np.arange(n) % n_speakers
    X = rng.normal(size=(n, d)) @ rng.normal(size=(d, d)) + 2 * rng.normal(size=(n_speakers, d))[speakers]
    return 10 * X + 100, speakers


def covariance_with(X, speakers):
    return (X - X.mean(axis=0)).T @ np.eye(speakers.max() + 1)[speakers] / len(X)


@pytest.mark.parametrize("d", [12, 400])
@pytest.mark.parametrize("shrinkage", ["auto", 0.0, 0.3, 1.0])
def test_leace_leaves_no_covariance_with_speakers(d, shrinkage):
    X, speakers = made(d=d)
    erased = LeaceEraser(shrinkage=shrinkage).fit_transform(X, groups=speakers)
    assert np.abs(covariance_with(X, speakers)).max() > 1
    assert np.abs(covariance_with(erased, speakers)).max() < 1e-4
    np.testing.assert_allclose(erased.mean(axis=0), X.mean(axis=0))


def test_leace_is_the_published_form():
    X, speakers = made()
    center, scale = X.mean(axis=0), X.std(axis=0)
    Z = (X - center) / scale
    S, C = Z.T @ Z / len(Z), covariance_with(Z, speakers)
    W = pinvh(np.real(sqrtm(S)))
    projection = (W @ C) @ np.linalg.pinv(W @ C)
    expected = Z - Z @ (np.linalg.pinv(W) @ projection @ W).T
    found = LeaceEraser(shrinkage=0.0).fit_transform(X, groups=speakers)
    np.testing.assert_allclose((found - center) / scale, expected, atol=1e-5)


def test_full_shrinkage_projects_the_means_out_at_right_angles():
    X, speakers = made()
    X = (X - X.mean(axis=0)) / X.std(axis=0)
    means = covariance_with(X, speakers)
    expected = X - X @ means @ np.linalg.pinv(means)
    np.testing.assert_allclose(LeaceEraser(shrinkage=1.0).fit_transform(X, groups=speakers), expected, atol=1e-8)


def test_shrinkage_is_that_of_ledoit_and_wolf():
    Z = made(n=40, d=90)[0]
    Z = (Z - Z.mean(axis=0)) / Z.std(axis=0)
    expected = ledoit_wolf_shrinkage(Z, assume_centered=True)
    assert 0 < expected < 1
    assert ledoit_wolf(Z, 90) == pytest.approx(expected)
    assert ledoit_wolf(np.linalg.qr(Z.T)[1].T, 90) == pytest.approx(expected)


@pytest.mark.parametrize("eraser", PROJECTIONS)
def test_strength_is_a_share_of_the_directions(eraser):
    X, speakers = made(d=40)
    fitted = eraser().fit(X, groups=speakers)
    total = fitted.maps_[0][1].shape[1]
    assert total == (5 if eraser is LeaceEraser else 15)
    for strength in (0.0, 0.2, 0.5, 1.0):
        change = fitted.set_params(strength=strength).transform(X) - X
        assert (np.linalg.matrix_rank(change) if strength else np.abs(change).max()) == np.ceil(strength * total)


def test_nullspace_rounds_are_one_orthogonal_projection():
    X, speakers = made(d=40)
    fitted = NullspaceEraser(n_rounds=2).fit(X, groups=speakers)
    directions = fitted.maps_[0][1]
    np.testing.assert_allclose(directions.T @ directions, np.eye(10), atol=1e-8)
    erased = fitted.transform(X)
    np.testing.assert_allclose(fitted.transform(erased), erased)
    # The first round is what a classifier reads: there is less left for another one.
    probe = LogisticRegression(max_iter=2000)
    told = [probe.fit(Z / 100 - 1, speakers).score(Z / 100 - 1, speakers) for Z in (X, erased)]
    assert told[0] > 0.9 and told[1] < told[0] - 0.2


def test_nullspace_of_few_columns_leaves_a_direction():
    X, speakers = made(d=6)
    assert NullspaceEraser(n_rounds=9).fit(X, groups=speakers).maps_[0][1].shape[1] == 5


@pytest.mark.parametrize("eraser", PROJECTIONS)
def test_missing_modalities_stay_missing(eraser):
    X, speakers = made(d=20)
    X[::3, :8] = np.nan
    X[5, 15] = np.nan
    blocks = [slice(0, 8), slice(8, 20)]
    erased = eraser(blocks=blocks).fit(X, groups=speakers).transform(X)
    np.testing.assert_array_equal(np.isnan(erased), np.isnan(X))
    rows = ~np.isnan(X[:, 0])
    alone = eraser().fit_transform(X[rows, :8], groups=speakers[rows])
    np.testing.assert_allclose(erased[rows, :8], alone)


@pytest.mark.parametrize("eraser", PROJECTIONS)
def test_unseen_speakers_are_projected_clip_by_clip(eraser):
    X, speakers = made(d=20)
    fitted = eraser().fit(X[speakers < 4], groups=speakers[speakers < 4])
    unseen = X[speakers >= 4]
    alone = np.vstack([fitted.transform(row[None]) for row in unseen])
    np.testing.assert_allclose(alone, fitted.transform(unseen, groups=speakers[speakers >= 4]))


@pytest.mark.parametrize("eraser", PROJECTIONS)
def test_corpora_without_identity_are_refused(eraser):
    X, speakers = made(n=30)
    with pytest.raises(InputError, match="two speakers"):
        eraser().fit(X, groups=np.zeros(30))
    with pytest.raises(InputError, match="one clip"):
        eraser().fit(X, groups=np.arange(30))
    with pytest.raises(InputError, match="one value per row"):
        eraser().fit(X, groups=speakers[:-1])
    with pytest.raises(InputError, match="strength"):
        eraser(strength=1.5).fit(X, groups=speakers)
    with pytest.warns(UserWarning, match="nothing is erased"):
        np.testing.assert_array_equal(eraser().fit(X).transform(X), X)


def test_a_speaker_with_one_clip_counts_by_it():
    X, speakers = made(n=61)
    speakers[-1] = 6
    erased = LeaceEraser().fit_transform(X, groups=speakers)
    np.testing.assert_allclose(erased[-1], X.mean(axis=0), rtol=1e-5)


def emotional(shared, n=2000, n_speakers=10):
    """Two emotions in column 0; speakers differ in four other columns, or in three others and column 0."""
    rng = np.random.default_rng(1)
    speakers, emotion = np.arange(n) % n_speakers, np.arange(n) // n_speakers % 2
    X = rng.normal(size=(n, 40))
    X[:, 0] += 3 * emotion
    places = [0, 2, 3, 4] if shared else [2, 3, 4, 5]
    X[:, places] += 3 * rng.normal(size=(n_speakers, 4))[speakers]
    return X, np.array(["calm", "angry"])[emotion], speakers
