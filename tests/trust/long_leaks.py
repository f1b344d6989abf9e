"""Planted leaks: a label among the features is refused, a speaker's voice is no knowledge of new speakers."""

import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from guard import refusal
from harness import Outcome
from small_study import SmallStudy, people, write_study

TOPIC = "leaks"
SPEAKERS, CLIPS = 10, 8


def study(folder: Path, seed: int, planted: Callable[[np.ndarray, np.random.Generator], np.ndarray]) -> SmallStudy:
    """Four columns of noise and one that `planted` makes of the labels, which are a speaker's habit and luck."""
    rng, clips = np.random.default_rng(seed), people(SPEAKERS, CLIPS)
    speaker = np.repeat(np.arange(SPEAKERS), CLIPS)
    arousal = 2 * rng.normal(size=SPEAKERS)[speaker] + 0.5 * rng.normal(size=len(clips))
    X = np.column_stack([rng.normal(size=(len(clips), 4)), planted(arousal, rng)])
    face = pd.DataFrame(X, index=clips["clip_id"], columns=list("abcde"))
    clips = clips.assign(arousal=arousal)
    return write_study(folder, clips, {"face": face}, targets={"arousal": {"metric": "ccc"}})


def habit(arousal: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Who speaks, by a number that has nothing to do with the labels."""
    return rng.permutation(SPEAKERS)[np.repeat(np.arange(SPEAKERS), CLIPS)].astype(float)


REFUSED: dict[str, Callable[[np.ndarray, np.random.Generator], np.ndarray]] = {
    "the label among the features": lambda arousal, rng: arousal,
    "the label to three digits": lambda arousal, rng: arousal.round(3),
    "the label on another scale": lambda arousal, rng: 10 - 3 * arousal,
}


def known_speakers(folder: Path, seed: int) -> tuple[float, float]:
    """CCC of speakers that were known in training, and of those that were not."""
    made = study(folder, seed, habit)
    learner = "systems.learners=['lightgbm']"
    new = made.run(learner, out="new").results(system="lightgbm-face", metric="ccc", split="all", target="arousal")
    made.change(fold=lambda table: np.arange(len(table)) % 3)
    by_clip = "corpus.group='clip_id'"
    known = made.run(learner, by_clip, out="known").results(
        system="lightgbm-face", metric="ccc", split="all", target="arousal"
    )
    return float(known["value"].iloc[0]), float(new["value"].iloc[0])


def trial(rounds: int, seed: int) -> list[Outcome]:
    """Each leak a few times over."""
    outcomes = []
    with tempfile.TemporaryDirectory() as place:
        for name, planted in REFUSED.items():
            for number in range(max(1, rounds // 10)):
                made = study(Path(place) / f"{name} {number}", seed + number, planted)
                outcomes.append(refusal(TOPIC, name, made.prepare, "modalities.face", 60))
        pairs = [known_speakers(Path(place) / str(number), seed + number) for number in range(max(3, rounds // 10))]
        known, new = np.mean(pairs, axis=0)
        told = f"CCC {known:.2f} of known speakers, {new:.2f} of new ones, over {len(pairs)} corpora"
        held = bool(known > 0.5 and new < known / 2)
        outcomes.append(Outcome(TOPIC, "who speaks among the features", held, told))
    return outcomes
