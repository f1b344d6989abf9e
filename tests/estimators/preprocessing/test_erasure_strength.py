"""The largest erasure within a bound."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression, Ridge

from avbaselines.errors import InputError
from avbaselines.estimators.preprocessing.erasure import LeaceEraser
from avbaselines.estimators.preprocessing.erasure_strength import tune_strength
from avbaselines.estimators.preprocessing.speaker_normalizer import SpeakerNormalizer


def emotional(shared, n=2000, n_speakers=10):
    """Two emotions in column 0; speakers differ in four other columns, or in three others and column 0."""
    rng = np.random.default_rng(1)
    speakers, emotion = np.arange(n) % n_speakers, np.arange(n) // n_speakers % 2
    X = rng.normal(size=(n, 40))
    X[:, 0] += 3 * emotion
    places = [0, 2, 3, 4] if shared else [2, 3, 4, 5]
    X[:, places] += 3 * rng.normal(size=(n_speakers, 4))[speakers]
    return X, np.array(["calm", "angry"])[emotion], speakers


def test_tuning_takes_all_that_is_free_and_no_more():
    free = tune_strength(LeaceEraser(), LogisticRegression(), *emotional(shared=False))
    assert free.strength == 1.0 and abs(free.loss) < 0.02
    X, y, speakers = emotional(shared=True)
    costly = tune_strength(LeaceEraser(), LogisticRegression(), X, y, speakers, max_loss=0.02)
    assert costly.strengths.tolist() == [0, 0.25, 0.5, 0.75, 1]
    assert costly.scores[0] - costly.scores[-1] > 0.05 and costly.strength < 1 and costly.loss <= 0.02
    anything = tune_strength(LeaceEraser(), LogisticRegression(), X, y, speakers, max_loss=1.0)
    assert anything.strength == 1.0 and anything.loss == pytest.approx(costly.scores[0] - costly.scores[-1])


def test_tuning_of_values_and_of_normalisation():
    X, _, speakers = emotional(shared=False)
    y = X[:, 0] + 0.1
    calls = []
    options = {"metric": "rmse", "max_loss": 1.0, "cv": 2, "progress": lambda *call: calls.append(call)}
    found = tune_strength(SpeakerNormalizer(), Ridge(), X, y, speakers, **options)
    assert found.strength == 1.0 and (found.scores <= 0).all() and len(calls) == 10
    with pytest.raises(InputError, match="metric"):
        tune_strength(LeaceEraser(), Ridge(), X, y, speakers, metric="uarr")
