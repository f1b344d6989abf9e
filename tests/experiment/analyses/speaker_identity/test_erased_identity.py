"""Identity left by erasures among seen and unseen speakers, measured over folds of speakers."""

import numpy as np
import pytest
from planted_speakers import N_CLIPS, N_SPEAKERS, planted

from avbaselines.errors import InputError
from avbaselines.estimators.preprocessing.erasure import LeaceEraser
from avbaselines.estimators.preprocessing.speaker_normalizer import SpeakerNormalizer
from avbaselines.experiment.analyses.speaker_identity.erased_identity import measure_identity


def test_seen_and_unseen_speakers_are_measured_apart():
    X, speakers, _, content = planted()
    folds = speakers % 3
    raw = measure_identity(X, speakers, folds, None, content, kinds=("linear",))
    assert raw.seen["linear"].chance == pytest.approx(1 / 8) and raw.unseen["linear"].chance == pytest.approx(1 / 4)
    assert raw.seen["linear"].n_speakers == raw.unseen["linear"].n_speakers == 12
    assert raw.seen["linear"].n_clips == 2 * raw.unseen["linear"].n_clips == 960
    options = {"content": content, "kinds": ("linear",)}
    leace = measure_identity(X, speakers, folds, LeaceEraser(strength=0.3), **options)
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
