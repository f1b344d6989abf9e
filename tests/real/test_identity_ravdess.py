"""Who speaks in RAVDESS: told from features, taken out of them, and what that costs the emotion."""

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import RidgeClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from avbaselines.estimators.preprocessing.erasure import LeaceEraser
from avbaselines.estimators.preprocessing.speaker_normalizer import SpeakerNormalizer
from avbaselines.experiment.analyses.speaker_identity.erased_identity import measure_identity
from avbaselines.experiment.analyses.speaker_identity.probes import disentanglement, identity_probe


def load(shared_data, table):
    clips = pd.read_csv(shared_data / "ravdess" / "clips.csv").set_index("clip_id")
    with np.load(shared_data / "ravdess" / f"{table}.npz", allow_pickle=False) as stored:
        return stored["X"], clips.loc[stored["clip_id"]]


def emotion_accuracy(X, clips, eraser, model):
    """Mean accuracy over the five subject-wise folds; the eraser is fitted on the training speakers of each."""
    speakers, emotion, folds = (clips[name].to_numpy(str) for name in ("speaker", "emotion", "fold"))
    accuracies = []
    for fold in np.unique(folds):
        train, test = folds != fold, folds == fold
        Z = X if eraser is None else eraser.fit(X[train], groups=speakers[train]).transform(X, groups=speakers)
        fitted = make_pipeline(StandardScaler(), model).fit(Z[train], emotion[train])
        accuracies.append(fitted.score(Z[test], emotion[test]))
    return np.mean(accuracies)


def identity(X, clips, eraser, **options):
    return measure_identity(
        X, clips["speaker"].to_numpy(str), clips["fold"], eraser, clips["statement"].to_numpy(), **options
    )


@pytest.mark.real
def test_faces_without_their_speakers(shared_data):
    X, clips = load(shared_data, "visual_openface_au_mean")
    raw = identity(X, clips, None)
    assert raw.seen["linear"].ci_low > 0.65 and raw.seen["boosted"].ci_low > 0.7
    assert raw.unseen["linear"].ci_low > 0.8 and raw.verification.ci_high < 0.35
    emotion = emotion_accuracy(X, clips, None, SVC(C=3))
    assert emotion == pytest.approx(0.60, abs=0.01)

    # Each speaker's mean and deviation: nothing left for a line, in unseen speakers either, but more for a tree.
    standard = identity(X, clips, SpeakerNormalizer())
    assert disentanglement(raw.seen["linear"], standard.seen["linear"]) > 0.95
    assert disentanglement(raw.unseen["linear"], standard.unseen["linear"]) > 0.95
    assert standard.seen["boosted"].corrected > raw.seen["boosted"].corrected + 0.1
    assert emotion_accuracy(X, clips, SpeakerNormalizer(), SVC(C=3)) > emotion + 0.05

    ranks = identity(X, clips, SpeakerNormalizer(scaling="rank"))
    for kind in ("linear", "boosted"):
        assert disentanglement(raw.seen[kind], ranks.seen[kind]) > 0.95
        assert disentanglement(raw.unseen[kind], ranks.unseen[kind]) > 0.95
    assert emotion_accuracy(X, clips, SpeakerNormalizer(scaling="rank"), SVC(C=3)) > emotion + 0.03

    # A fixed projection takes half of 35 columns: seen speakers go, unseen ones mostly stay, and emotion pays.
    leace = identity(X, clips, LeaceEraser(), kinds=("linear",))
    assert disentanglement(raw.seen["linear"], leace.seen["linear"]) > 0.95
    assert disentanglement(raw.unseen["linear"], leace.unseen["linear"]) < 0.5
    assert emotion_accuracy(X, clips, LeaceEraser(), SVC(C=3)) < emotion - 0.05


@pytest.mark.real
def test_new_clips_of_seen_faces(shared_data):
    X, clips = load(shared_data, "visual_openface_au_mean")
    fitted = clips["repetition"].to_numpy() == 1
    raw = identity(X[~fitted], clips[~fitted], None, kinds=("linear",))
    for eraser in (SpeakerNormalizer(), SpeakerNormalizer(scaling="rank"), LeaceEraser()):
        new = identity(X, clips, eraser, fitted=fitted, kinds=("linear",))
        assert new.seen["linear"].n_clips == raw.seen["linear"].n_clips
        assert disentanglement(raw.seen["linear"], new.seen["linear"]) > 0.8


@pytest.mark.real
@pytest.mark.slow
def test_voices_without_their_speakers(shared_data):
    X, clips = load(shared_data, "audio_compare2016")
    assert X.shape == (1424, 6373)
    speakers, statements = clips["speaker"].to_numpy(str), clips["statement"].to_numpy()
    raw = identity_probe(X, speakers, statements)
    assert raw.ci_low > 0.75 and raw.n_speakers == 24
    ridge = RidgeClassifier(alpha=3000)
    emotion = emotion_accuracy(X, clips, None, ridge)
    assert emotion > 0.55
    train = clips["fold"].to_numpy() != 0
    for eraser in (LeaceEraser(), SpeakerNormalizer()):
        fitted = eraser.fit(X[train], groups=speakers[train])
        Z = fitted.transform(X, groups=speakers)
        seen = identity_probe(Z[train], speakers[train], statements[train])
        assert disentanglement(raw, seen) > 0.95
        unseen = identity_probe(Z[~train], speakers[~train], statements[~train])
        # The projection does not know what is particular to speakers that it has not seen.
        assert unseen.corrected > 0.6 if isinstance(eraser, LeaceEraser) else unseen.corrected < 0.05
        assert emotion_accuracy(X, clips, eraser, ridge) > emotion - 0.02
