"""Simulated voices: what emotion and speaker change in the sound."""

import numpy as np
import pytest

from avbaselines.corpora.synthesis.voice import RATE, draw_traits, speak


def level(samples):
    return 20 * np.log10(np.sqrt(np.mean((samples / 32768) ** 2)))


def voice(female=True, seed=0):
    return draw_traits(np.random.default_rng(seed), female)


@pytest.mark.parametrize("seconds", [0.5, 1.234])
def test_sound_has_the_length_asked_for_and_stays_below_full_scale(seconds):
    samples = speak(voice(), 2.5, 2.5, seconds, np.random.default_rng(0))
    assert samples.shape == (round(seconds * RATE),) and samples.dtype == np.int16
    assert 500 < np.abs(samples.astype(int)).max() < 32767


def test_the_same_seed_gives_the_same_sound_and_another_another():
    first, again, other = (speak(voice(), 0.0, 0.0, 1.0, np.random.default_rng(seed)) for seed in (0, 0, 1))
    assert (first == again).all() and (first != other).any()


def test_women_are_higher_than_men():
    pitches = {female: np.mean([voice(female, seed).pitch for seed in range(20)]) for female in (True, False)}
    assert pitches[True] > 1.5 * pitches[False]


def test_arousal_is_loud():
    calm, excited = (
        np.mean([level(speak(voice(), arousal, 0.0, 1.0, np.random.default_rng(seed))) for seed in range(6)])
        for arousal in (-2.0, 2.0)
    )
    assert excited > calm + 4
