"""A run whose shipped systems are known: targets of both kinds, gaps, an outside system and a fusion of all targets."""

from pathlib import Path

import numpy as np
import pandas as pd
from small_study import MOODS, SmallRun, SmallStudy, people, write_study

ALL = {"method": "ridge", "name": "all-targets", "targets": "all", "inputs": ["ridge-*"]}


def knowing_study(folder: Path, **sections) -> SmallStudy:
    """Audio without column names knows arousal, face mood and valence; some clips lack a face, one has neither."""
    rng, clips = np.random.default_rng(0), people(9, 8)
    n, ids = len(clips), clips["clip_id"]
    arousal, valence, mood = rng.normal(size=n), rng.normal(size=n), rng.integers(0, 3, n)
    audio = np.column_stack([arousal, arousal / 2, np.zeros(n)]) + rng.normal(size=(n, 3))
    face = np.column_stack([np.eye(3)[mood] * 2, valence, np.zeros(n)]) + rng.normal(size=(n, 5))
    face = pd.DataFrame(face, ids, ["f1", "f2", "f3", "f4", "f5"]).assign(nothing=np.nan)
    clips = clips.assign(arousal=np.clip(3 + arousal * 0.7, 1, 5), valence=valence, mood=MOODS[mood])
    deep = clips.assign(arousal=clips["arousal"] + rng.normal(size=n) * 0.4)
    study = write_study(
        folder, clips, {"audio": pd.DataFrame(audio, ids)[1:], "face.csv": face[np.arange(n) % 7 != 0]},
        **{"split": {"column": "partition", "train": ["train"], "test": ["test"]}} | sections,
        targets={"arousal": {"metric": "ccc", "range": [1, 5]}, "valence": {"metric": "ccc"},
                 "mood": {"metric": "uar"}},
        predictions={"deep": "deep.csv"},
        systems={"learners": ["ridge", "lightgbm"], "transductive": ["ridge"],
                 "fusion": ["mean", "greedy", "ridge", ALL]},
    )  # fmt: skip
    deep[["clip_id", "arousal", "valence", "mood"]].to_csv(folder / "deep.csv", index=False)
    return study


def finished(study: SmallStudy, *overrides: str) -> SmallRun:
    """A run in which nothing failed."""
    run = study.run(*overrides)
    assert not run.result.failed
    return run


def tables_of(folder: Path) -> dict[str, Path]:
    """All that a system of the study may read."""
    return {"audio": folder / "audio.npz", "face": folder / "face.csv", "deep": folder / "deep.csv"}


def inputs_of(system, folder: Path) -> dict[str, Path]:
    """What one system reads."""
    return {name: path for name, path in tables_of(folder).items() if name in [*system.modalities, *system.predictions]}


def stored(folder: Path, system: str, split: str, part: str = "test") -> pd.DataFrame:
    """Predictions of the run, a row a clip and a column a target or class."""
    rows = pd.read_parquet(folder / "run" / "predictions.parquet")
    rows = rows[(rows["system"] == system) & (rows["split"] == split) & (rows["part"] == part)].astype(
        {"target": str, "class": str}
    )
    column = np.where(rows["class"] == "", rows["target"], rows["target"] + "=" + rows["class"])
    return rows.assign(column=column).pivot(index="clip_id", columns="column", values="prediction")
