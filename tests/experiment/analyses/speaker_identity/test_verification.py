"""Error of telling whether two clips are of one speaker: planted speakers, noise, and the rate of the very pairs."""

import numpy as np
import pytest
from planted_speakers import planted

from avbaselines.errors import InputError
from avbaselines.estimators.preprocessing.erasure import ledoit_wolf
from avbaselines.experiment.analyses.speaker_identity.verification import (
    PairHistograms,
    compare_pairs,
    equal_error,
    present_rows,
    verification_eer,
    within_whitening,
)


def test_verification_of_unseen_speakers():
    X, speakers, _, content = planted()
    known = speakers < 7
    arguments = X[~known], speakers[~known], X[known], speakers[known]
    result = verification_eer(*arguments, content[~known])
    assert result.eer < 0.3 and result.ci_low < result.eer < result.ci_high
    pairs = 5 * 40 * 30 // 2, 10 * 40 * 30
    assert (result.n_speakers, result.n_clips, result.n_pairs) == (5, 200, sum(pairs))
    assert verification_eer(*arguments).n_pairs == 200 * 199 // 2
    noise = np.random.default_rng(0).normal(size=X.shape)
    guess = verification_eer(noise[~known], speakers[~known], noise[known], speakers[known])
    assert 0.47 < guess.eer < 0.53
    with pytest.raises(InputError, match="background"):
        verification_eer(X, speakers, X, speakers)


def test_equal_error_rate_is_that_of_the_pairs():
    rng = np.random.default_rng(4)
    X, speakers = rng.normal(size=(120, 3)) + 0.7 * rng.normal(size=(6, 3))[np.arange(120) % 6], np.arange(120) % 6
    background = rng.normal(size=(4000, 3))
    result = verification_eer(X, speakers, background, np.arange(4000) % 400 + 10)
    # The background is white, so that nothing but its centre and scale matters.
    Z = (X - background.mean(axis=0)) / background.std(axis=0)
    Z /= np.linalg.norm(Z, axis=1, keepdims=True)
    first, second = np.triu_indices(120, 1)
    scores, same = (Z @ Z.T)[first, second], speakers[first] == speakers[second]
    gaps = [abs((scores[same] < cut).mean() - (scores[~same] >= cut).mean()) for cut in np.linspace(-1, 1, 2001)]
    cut = np.linspace(-1, 1, 2001)[int(np.argmin(gaps))]
    assert result.eer == pytest.approx((scores[same] < cut).mean(), abs=0.02)


def test_pairs_of_several_splits_are_pooled_and_kept_as_arrays():
    X, speakers, _, content = planted()
    background = speakers < 6
    parts = [
        compare_pairs(X[rows], speakers[rows], X[background], speakers[background], content[rows])
        for rows in ((speakers >= 6) & (speakers < 9), speakers >= 9)
    ]
    pooled = equal_error(parts)
    assert pooled.n_speakers == 6 and pooled.n_clips == 240
    alone = [equal_error([part]).eer for part in parts]
    assert min(alone) <= pooled.eer <= max(alone)
    again = PairHistograms.of(parts[0].arrays)
    assert equal_error([again]) == equal_error([parts[0]])


def test_pairs_that_tell_nothing_are_refused():
    X = np.random.default_rng(0).normal(size=(4, 2))
    with pytest.raises(InputError, match="pairs of clips of one speaker and of two"):
        compare_pairs(X, np.array(["a", "a", "a", "a"]), X, np.array(["b", "b", "c", "c"]))


def test_rows_without_values_are_left_out_with_their_speakers():
    X, speakers, content = present_rows(np.array([[1.0, np.nan], [np.nan, np.nan]]), ["a", "b"], [3, 4])
    assert len(X) == 1 and speakers.tolist() == ["a"] and content.tolist() == [3]
    with pytest.raises(InputError, match="one value for each of the 2 rows"):
        present_rows(np.zeros((2, 1)), ["a"], None)


@pytest.mark.parametrize("clips", [400, 12])
def test_the_shrunken_covariance_within_speakers_becomes_the_identity(clips):
    rng, speakers = np.random.default_rng(0), np.repeat([0, 1], clips // 2)
    Z = rng.normal(size=(clips, 20)) @ rng.normal(size=(20, 20)) + 3 * rng.normal(size=(2, 20))[speakers]
    Z = (Z - Z.mean(axis=0)) / Z.std(axis=0)
    residuals = Z - np.stack([Z[speakers == name].mean(axis=0) for name in (0, 1)])[speakers]
    shrinkage = ledoit_wolf(residuals, 20)
    assert shrinkage > 0.001
    shrunken = (1 - shrinkage) * residuals.T @ residuals / clips + shrinkage * np.eye(20)
    W = within_whitening(Z, speakers)(np.eye(20))
    np.testing.assert_allclose(W.T @ shrunken @ W, np.eye(20), atol=1e-8)
