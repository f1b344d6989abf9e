"""Shuffled targets through every learner, task mode, stage and fusion: nothing may know what cannot be known.

Targets are drawn anew for each corpus, so that every score has mean 0 (classes: the chance of a guess) and differs from
it by luck alone. Of each system and target the mean over corpora is held against twice its standard error; the share
beyond is what Student's t says, whose binomial bounds are taken over targets, as the systems of one kind share luck;
and the mean of a whole kind, one number a corpus, has to lie within what 99.9 % of such means do.
"""

import tempfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from harness import Outcome
from scipy.stats import binom, t
from small_study import people, write_study

TOPIC = "shuffled"
TARGETS = ("arousal", "valence", "mood")
STAGE = ("late-mean", "late-greedy", "late-ridge", "all-targets")
SYSTEMS = {
    "learners": ["ridge", "svr", "lightgbm", "xgboost"],
    "tasks": ["single", "chain", "joint"],
    "fusion": [
        "best-single", "mean", "greedy", "ridge", "non-negative", "score-weighted", "correlation",
        {"method": "ridge", "name": "all-targets", "targets": "all"},
        {"method": "greedy", "name": "second-greedy", "inputs": [*STAGE]},
        {"method": "ridge", "name": "second-ridge", "inputs": [*STAGE, "second-greedy"]},
    ],
}  # fmt: skip


def corpus(folder: Path, seed: int) -> pd.DataFrame:
    """Results of all systems on a corpus whose features know speakers and nothing of its targets."""
    rng, clips = np.random.default_rng(seed), people(12, 8, tested=4)
    n, speaker = len(clips), np.repeat(np.arange(12), 8)
    features = {
        name: pd.DataFrame(rng.normal(size=(12, 4))[speaker] + rng.normal(size=(n, 4)), index=clips["clip_id"])
        for name in ("audio", "face")
    }
    clips = clips.assign(
        arousal=rng.normal(size=n), valence=rng.normal(size=n), mood=np.array(["glad", "sad"])[rng.integers(0, 2, n)]
    )
    study = write_study(
        folder, clips, features, split={"column": "partition", "train": ["train"], "test": ["test"]}, systems=SYSTEMS,
        targets={"arousal": {"metric": "ccc"}, "valence": {"metric": "ccc"}, "mood": {"metric": "uar"}},
    )  # fmt: skip
    found = study.run(jobs=1)
    assert not found.result.failed
    return found.results(kind="measured", split="all")


def scored(rows: pd.DataFrame) -> Iterator[tuple[str, str, str, float]]:
    """Kind of system, its name, target, and how far its score lies from what a guess gets."""
    metrics = {"arousal": "ccc", "valence": "ccc", "mood": "uar"}
    for row in rows.to_dict("records"):
        value = float(row["value"])
        if metrics.get(row["target"]) == row["metric"] and value == value:
            kind = f"stage {row['stage']}" if float(row["stage"] or 0) else f"{row['learner']}, {row['task']}"
            yield kind, row["system"], row["target"], value - (0.5 if row["metric"] == "uar" else 0.0)


def trial(rounds: int, seed: int) -> list[Outcome]:
    """A corpus for every five rounds, at least ten: with fewer, nothing that may happen is beyond chance."""
    corpora = max(10, rounds // 5)
    values: dict[tuple[str, str, str], list[float]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as place:
        for number in range(corpora):
            for kind, system, target, value in scored(corpus(Path(place) / str(number), 1000 * seed + number)):
                values[kind, system, target].append(value)
    kinds = dict.fromkeys(kind for kind, _, _ in values)
    chance = float(2 * t.sf(2, corpora - 1))
    most = binom.ppf(0.999, len(TARGETS), chance) / len(TARGETS)
    outcomes = []
    for kind in kinds:
        own = {key: np.array(part) for key, part in values.items() if key[0] == kind and np.std(part) > 0}
        beyond = [abs(part.mean()) > 2 * part.std(ddof=1) / len(part) ** 0.5 for part in own.values()]
        # One number a corpus, over all systems and targets of the kind: these are independent of one another.
        means = np.mean(list(own.values()), axis=0) if own else np.zeros(corpora)
        middle, error = float(means.mean()), float(means.std(ddof=1)) / corpora**0.5
        near = abs(middle) <= t.ppf(0.9995, corpora - 1) * error
        share = float(np.mean(beyond)) if beyond else 0.0
        told = (
            f"{sum(beyond)} of {len(beyond)} beyond two standard errors (chance {chance:.0%}, at most {most:.0%}); "
            f"mean {middle:+.3f} with a standard error of {error:.3f} over {corpora} corpora"
        )
        outcomes.append(Outcome(TOPIC, kind, bool(share <= most and near), told))
    return outcomes
