"""A small made-up corpus for the examples: 12 speakers with voice and face features, an attribute and an emotion."""

from pathlib import Path

import numpy as np
import pandas as pd

STUDY = """
title = "A small corpus"
[corpus]
reader = "table"
clips = "clips.csv"
group = "speaker"
[split]
group_kfold = 4
[targets]
arousal = { metric = "ccc", range = [1, 5] }
[modalities]
voice = "voice.csv"
face = "face.csv"
[systems]
learners = ["ridge"]
inner_folds = 3
fusion = ["mean", "greedy"]
"""


def write_corpus(folder: Path, speakers: int = 12, clips: int = 12, seed: int = 0) -> pd.DataFrame:
    """Write clips.csv, voice.csv, face.csv and study.toml; the table of clips comes back."""
    rng = np.random.default_rng(seed)
    n = speakers * clips
    speaker = np.repeat(np.arange(speakers), clips)
    arousal, valence = rng.normal(size=(2, n))
    table = pd.DataFrame(
        {
            "clip_id": [f"c{number:03}" for number in range(n)],
            "speaker": [f"s{number:02}" for number in speaker],
            "arousal": np.clip(3 + 0.7 * arousal, 1, 5).round(2),
            "emotion": np.where(valence > 0, "happy", np.where(arousal > 0, "angry", "sad")),
        }
    )
    own = rng.normal(size=(speakers, 6))[speaker]  # what is a speaker's own, whatever the emotion
    for name, cues in (("voice", (arousal, 0.3 * valence)), ("face", (0.8 * arousal, valence))):
        signal = np.column_stack([cues[0], cues[0], cues[1], cues[1], 0 * arousal, 0 * arousal])
        features = pd.DataFrame(signal + 0.7 * own + 1.2 * rng.normal(size=(n, 6))).add_prefix(f"{name}_")
        features.insert(0, "clip_id", table["clip_id"])
        features.to_csv(folder / f"{name}.csv", index=False)
    table.to_csv(folder / "clips.csv", index=False)
    (folder / "study.toml").write_text(STUDY)
    return table
