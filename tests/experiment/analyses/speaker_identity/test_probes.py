"""The probe finds planted identity, finds none where there is none, and sees what an erasure takes."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from avbaselines.errors import InputError
from avbaselines.estimators.preprocessing.erasure import LeaceEraser, NullspaceEraser
from avbaselines.estimators.preprocessing.erasure_strength import tune_strength
from avbaselines.estimators.preprocessing.speaker_normalizer import SpeakerNormalizer
from avbaselines.experiment.analyses.speaker_identity.probes import (
    disentanglement,
    identity_probe,
    measure_identity,
    verification_eer,
)

N_SPEAKERS, N_CLIPS = 12, 40


def planted(shared=False, speaker_size=2.0, seed=0):
    """Emotion in columns 0 and 1; speakers in columns 2 to 7, and in 0 and 1 too where the two share directions.

    Returns features (n, 20), speakers, emotions and contents; each speaker says each of four contents alike often.
    """
    rng = np.random.default_rng(seed)
    speakers = np.repeat(np.arange(N_SPEAKERS), N_CLIPS)
    clip = np.tile(np.arange(N_CLIPS), N_SPEAKERS)
    emotion, content = clip % 2, clip // 2 % 4
    X = rng.normal(size=(len(clip), 20))
    for name in range(N_SPEAKERS):
        for half in range(2):
            # No mean of a speaker's noise: emotion and speaker lie at right angles in the clips, not in theory alone.
            rows = (speakers == name) & (emotion == half)
            X[rows] -= X[rows].mean(axis=0)
    X[:, :2] += np.array([[0, 0], [2, 2]])[emotion]
    places = slice(0, 8) if shared else slice(2, 8)
    offsets = rng.normal(size=(N_SPEAKERS, 20))[:, places]
    X[:, places] += speaker_size * offsets[speakers]
    return X, speakers, np.array(["calm", "angry"])[emotion], content


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


def test_seen_and_unseen_speakers_are_measured_apart():
    X, speakers, _, content = planted()
    folds, calls = speakers % 3, []
    raw = measure_identity(X, speakers, folds, None, content, kinds=("linear",))
    assert raw.seen["linear"].chance == pytest.approx(1 / 8) and raw.unseen["linear"].chance == pytest.approx(1 / 4)
    assert raw.seen["linear"].n_speakers == raw.unseen["linear"].n_speakers == 12
    assert raw.seen["linear"].n_clips == 2 * raw.unseen["linear"].n_clips == 960
    options = {"content": content, "kinds": ("linear",), "progress": lambda *call: calls.append(call)}
    leace = measure_identity(X, speakers, folds, LeaceEraser(strength=0.3), **options)
    assert [call[:2] for call in calls] == [(0, 3), (1, 3), (2, 3)]
    # Three of six directions of eight speakers.
    assert leace.seen["linear"].corrected < raw.seen["linear"].corrected - 0.1
    full = measure_identity(X, speakers, folds, LeaceEraser(), content, kinds=("linear",))
    assert full.seen["linear"].corrected < 0.05
    assert full.unseen["linear"].corrected < raw.unseen["linear"].corrected
    assert full.verification.eer > raw.verification.eer


def test_new_clips_of_seen_speakers_keep_the_eraser_from_knowing_the_answer():
    X, speakers, _, content = planted()
    X += np.random.default_rng(0).normal(size=X.shape)
    folds = speakers % 3
    fitted = np.tile(np.arange(N_CLIPS) < 8, N_SPEAKERS)
    options = {"content": content, "kinds": ("linear",)}
    same = measure_identity(X, speakers, folds, SpeakerNormalizer(), **options).seen["linear"]
    new = measure_identity(X, speakers, folds, SpeakerNormalizer(), fitted=fitted, **options).seen["linear"]
    assert new.n_clips == same.n_clips * 0.8
    # What eight clips say of a speaker is off by a constant, which tells that speaker's other clips.
    assert new.corrected > same.corrected + 0.05


def test_folds_that_cannot_be_measured_are_refused():
    X, speakers, _, content = planted()
    with pytest.raises(InputError, match="more than one fold"):
        measure_identity(X, speakers, np.arange(len(X)) % 3, None, content)
    with pytest.raises(InputError, match="two speakers"):
        measure_identity(X, speakers, speakers, None, content)
