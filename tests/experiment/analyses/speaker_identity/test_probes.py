"""The probe finds planted identity, finds none where there is none, and sees what an erasure takes."""

import numpy as np
import pytest
from planted_speakers import planted
from sklearn.linear_model import LogisticRegression

from avbaselines.errors import InputError
from avbaselines.estimators.preprocessing.erasure import LeaceEraser, NullspaceEraser
from avbaselines.estimators.preprocessing.erasure_strength import tune_strength
from avbaselines.estimators.preprocessing.speaker_normalizer import SpeakerNormalizer
from avbaselines.experiment.analyses.speaker_identity.probes import (
    SpeakerShares,
    disentanglement,
    identity_probe,
    pool_probes,
    relative_drop,
)


def emotion_score(X, y, speakers):
    test = speakers >= 8
    return LogisticRegression(max_iter=2000).fit(X[~test], y[~test]).score(X[test], y[test])


@pytest.mark.parametrize("eraser", [LeaceEraser(), NullspaceEraser(n_rounds=1), SpeakerNormalizer()])
def test_orthogonal_identity_goes_and_emotion_stays(eraser):
    X, speakers, y, content = planted()
    before = identity_probe(X, speakers, content)
    assert before.ci_low > 0.6
    assert (before.chance, before.n_speakers, before.n_clips) == (pytest.approx(1 / 12), 12, 480)
    erased = eraser.fit_transform(X, groups=speakers)
    after = identity_probe(erased, speakers, content)
    assert after.ci_low <= 0.02 and after.corrected < 0.06
    assert disentanglement(before, after) > 0.9
    assert abs(emotion_score(erased, y, speakers) - emotion_score(X, y, speakers)) <= 0.02


def test_leace_does_not_touch_planted_emotion_at_all():
    X, speakers, _, _ = planted()
    np.testing.assert_allclose(LeaceEraser().fit_transform(X, groups=speakers)[:, :2], X[:, :2], atol=1e-8)


def test_shared_directions_cost_emotion_and_the_cost_is_reported():
    X, speakers, y, content = planted(shared=True, speaker_size=1.0)
    tuned = tune_strength(LeaceEraser(), LogisticRegression(max_iter=2000), X, y, speakers, max_loss=1.0)
    assert tuned.strength == 1.0 and tuned.loss > 0.03
    assert tuned.loss == pytest.approx(tuned.scores[0] - tuned.scores[-1])
    assert identity_probe(LeaceEraser().fit_transform(X, groups=speakers), speakers, content).corrected < 0.1


@pytest.mark.parametrize("kind", ["linear", "boosted"])
def test_nothing_is_found_in_noise(kind):
    X, speakers, _, content = planted(speaker_size=0.0, seed=3)
    X = np.random.default_rng(0).normal(size=X.shape)
    result = identity_probe(X, speakers, content, kind)
    assert result.ci_low < 0 < result.ci_high
    assert result.corrected == pytest.approx((result.accuracy - result.chance) / (1 - result.chance))


def test_trees_see_what_lines_do_not():
    X, speakers, _, content = planted(speaker_size=0.0)
    X[:, 5] *= 1 + 9 * (speakers % 2)
    linear, boosted = (identity_probe(X, speakers, content, kind).corrected for kind in ("linear", "boosted"))
    assert linear < 0.05 and boosted > linear + 0.04
    assert identity_probe(X, speakers, content, "boosted", seed=0).corrected == boosted


def test_a_recordings_own_sound_is_not_taken_for_its_speakers():
    rng = np.random.default_rng(0)
    speakers, content = np.repeat(np.arange(8), 30), np.tile(np.repeat(np.arange(6), 5), 8)
    recordings = speakers * 6 + content
    X = rng.normal(size=(240, 60)) + 5 * rng.normal(size=(48, 60))[recordings]
    assert identity_probe(X, speakers).corrected > 0.6
    assert identity_probe(X, speakers, recordings).corrected < 0.2


def test_speakers_who_cannot_be_probed_are_left_out_or_named():
    X, speakers, _, content = planted()
    X[0] = np.nan
    content = np.where(speakers == 3, 0, content)
    result = identity_probe(X, np.where(np.arange(len(X)) == 100, 77, speakers), content)
    assert (result.n_speakers, result.n_clips) == (11, 480 - 40 - 1 - 1)
    with pytest.raises(InputError, match="more than one content"):
        identity_probe(X, np.zeros(len(X)), content)
    with pytest.raises(InputError, match="more than one content"):
        identity_probe(X, speakers, speakers)
    with pytest.raises(InputError, match="kind"):
        identity_probe(X, speakers, kind="deep")


def test_predictions_of_one_column_can_be_probed():
    _, speakers, _, content = planted()
    values = np.random.default_rng(0).normal(size=len(speakers)) + 3 * speakers
    for kind in ("linear", "boosted"):
        assert identity_probe(values, speakers, content, kind).ci_low > 0.3


def test_a_speaker_of_several_parts_is_one_speaker():
    names = np.array(list("abc"))
    parts = [SpeakerShares(names, np.array(shares), 30) for shares in ([1.0, 0.5, 0.5], [0.0, 0.5, 0.5])]
    pooled = pool_probes(parts)
    assert (pooled.n_speakers, pooled.n_clips) == (3, 60) and pooled.accuracy == pytest.approx(0.5)
    assert pooled.corrected == pytest.approx((0.5 - 1 / 3) / (2 / 3))


def test_a_drop_is_of_the_same_speakers_and_of_some_identity():
    names = np.array(list("abcd"))
    told, guessed = SpeakerShares(names, np.full(4, 0.85), 40), SpeakerShares(names, np.array([0.5, 0, 0.25, 0.25]), 40)
    drop = relative_drop([told], [guessed])
    assert drop.value == pytest.approx(1) and drop.ci_low < 1
    assert np.isnan(relative_drop([guessed], [told])).all()
    with pytest.raises(InputError, match="same speakers"):
        relative_drop([told], [SpeakerShares(names[:2], np.ones(2), 20)])
