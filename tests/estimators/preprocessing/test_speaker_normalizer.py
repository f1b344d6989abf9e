"""Speakers are brought to a scale of their own."""

import numpy as np
import pytest

from avbaselines.errors import InputError
from avbaselines.estimators.preprocessing.erasure import LeaceEraser
from avbaselines.estimators.preprocessing.speaker_normalizer import SpeakerNormalizer


def made(n=240, d=12, n_speakers=6, seed=0):
    """Correlated features whose mean depends on the speaker."""
    rng = np.random.default_rng(seed)
    speakers = np.arange(n) % n_speakers
    X = rng.normal(size=(n, d)) @ rng.normal(size=(d, d)) + 2 * rng.normal(size=(n_speakers, d))[speakers]
    return 10 * X + 100, speakers


def test_each_speaker_is_normalised_by_own_clips():
    X, speakers = made()
    X[0, 3] = np.nan
    known = speakers < 4
    fitted = SpeakerNormalizer().fit(X[known], groups=speakers[known])
    for name in range(6):
        rows = speakers == name
        own = fitted.transform(X[rows], groups=speakers[rows])
        np.testing.assert_allclose(np.nanmean(own, axis=0), 0, atol=1e-9)
        np.testing.assert_allclose(np.nanstd(own, axis=0), 1)
        one = fitted.transform(X[rows][1:2], groups=speakers[rows][1:2])
        # A fitted speaker keeps its statistics; one clip of another has none, and is not erased.
        expected = own[1:2] if name < 4 else (X[rows][1:2] - fitted.center_) / fitted.scale_
        np.testing.assert_allclose(one, expected)
    assert np.isnan(fitted.transform(X, groups=speakers)).sum() == 1
    with pytest.raises(InputError, match="groups"):
        fitted.transform(X)


def test_neutral_clips_set_the_origin():
    X, speakers = made()
    neutral = np.arange(len(X)) < 60
    neutral[speakers == 5] = False
    Z = SpeakerNormalizer().fit_transform(X, groups=speakers, neutral=neutral)
    for name in range(6):
        rows = (speakers == name) & (neutral | (name == 5))
        np.testing.assert_allclose(Z[rows].mean(axis=0), 0, atol=1e-9)
        assert name == 5 or np.abs(Z[speakers == name].mean(axis=0)).max() > 0.1


def test_strength_moves_speakers_to_their_own_scale():
    X, speakers = made()
    fitted = SpeakerNormalizer().fit(X, groups=speakers)
    plain = (X - X.mean(axis=0)) / X.std(axis=0)
    np.testing.assert_allclose(fitted.set_params(strength=0.0).transform(X, groups=speakers), plain)
    half = fitted.set_params(strength=0.5).transform(X, groups=speakers)
    rows = speakers == 2
    expected = plain[rows].mean(axis=0) / 2 / np.sqrt(plain[rows].std(axis=0))
    np.testing.assert_allclose(half[rows].mean(axis=0), expected)


def test_ranks_give_all_speakers_one_distribution():
    X, speakers = made()
    X[:, 0] = np.maximum(X[:, 0], 100)
    X[3, 1] = np.nan
    fitted = SpeakerNormalizer(scaling="rank").fit(X[speakers < 4], groups=speakers[speakers < 4])
    Z = fitted.transform(X, groups=speakers)
    np.testing.assert_array_equal(Z, fitted.transform(X, groups=speakers))
    assert np.isnan(Z[3, 1]) and np.isnan(Z).sum() == 1
    for name in range(6):
        own = Z[speakers == name]
        # The floor, too, is spread: no value of it is a speaker's own.
        assert len(np.unique(own[:, 0])) == 40
        np.testing.assert_allclose(np.nanmean(own, axis=0), 0, atol=0.35)
        order = np.argsort(X[speakers == name][:, 5])
        assert (np.diff(own[order, 5]) > 0).all()
    single = fitted.transform(X[speakers == 5][:1], groups=[5])
    np.testing.assert_allclose(single, fitted._overall(X[speakers == 5][:1]))
    plain = fitted.set_params(strength=0.0).transform(X, groups=speakers)
    np.testing.assert_allclose(plain, fitted._overall(X))
    with pytest.raises(InputError, match="neutral"):
        SpeakerNormalizer(scaling="rank").fit(X, groups=speakers, neutral=speakers == 0)


def test_constant_columns_become_zero():
    X, speakers = made()
    X[:, 0] = 7.0
    X[speakers == 1, 1] = 3.0
    Z = SpeakerNormalizer(strength=0.5).fit_transform(X, groups=speakers)
    assert not Z[:, 0].any() and np.isfinite(Z).all()
    assert np.ptp(Z[speakers == 1, 1]) == 0
    assert np.isfinite(LeaceEraser().fit_transform(X, groups=speakers)).all()
