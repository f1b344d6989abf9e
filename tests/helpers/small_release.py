"""A small corpus of tables with a study of it, and runs of that study."""

import numpy as np
import pandas as pd

from avbaselines.experiment.fitting.run_options import RunOptions
from avbaselines.experiment.study_run import execute, prepare
from avbaselines.study import load_study

STUDY = """
title = "small"
[corpus]
reader = "table"
clips = "clips.csv"
group = "speaker"
[split]
folds = "fold"
[targets]
arousal = { metric = "ccc", range = [1, 5] }
mood = { metric = "uar" }
[modalities]
audio = "audio.npz"
face = "face.npz"
[systems]
learners = ["ridge"]
transductive = ["ridge"]
inner_folds = 3
[[reported]]
system = "LSTM"
target = "arousal"
metric = "ccc"
value = 0.5
source = "Table 1"
"""


def write_release(folder, seed=0, speakers=12, clips=12):
    """A corpus whose audio knows arousal and whose face knows the mood; a tenth of the faces is missing."""
    rng = np.random.default_rng(seed)
    n = speakers * clips
    speaker = np.repeat(np.arange(speakers), clips)
    arousal, mood = rng.normal(size=n), rng.integers(0, 3, n)
    ids = np.array([f"c{number}" for number in range(n)])
    audio = arousal[:, None] * [1, 0.5, 0, 0] + 0.5 * rng.normal(size=(speakers, 4))[speaker] + rng.normal(size=(n, 4))
    face = np.eye(3)[mood] * 2 + rng.normal(size=(n, 3))
    seen = rng.permutation(n) >= n // 10
    table = pd.DataFrame(
        {
            "clip_id": ids,
            "speaker": [f"s{s}" for s in speaker],
            "fold": speaker % 3,
            "arousal": np.clip(3 + arousal * 0.7, 1, 5),
            "mood": np.array(["glad", "sad", "mad"])[mood],
        }
    )
    table.to_csv(folder / "clips.csv", index=False)
    np.savez(folder / "audio.npz", clip_id=ids, X=audio.astype(np.float32), columns=list("abcd"))
    np.savez(folder / "face.npz", clip_id=ids[seen], X=face[seen].astype(np.float32), columns=list("efg"))
    (folder / "study.toml").write_text(STUDY)
    return folder


def run(folder, *overrides, out="run", jobs=1, only=()):
    path = folder / "study.toml"
    sides = prepare(load_study(path, overrides), path, None, ["honest"], only=only)
    return execute(sides, folder / out, RunOptions(jobs=jobs)), sides[0].corpus


def results_of(result):
    return pd.read_csv(result.folder / "results.csv", keep_default_na=False, na_values=[""], dtype={"split": str})
