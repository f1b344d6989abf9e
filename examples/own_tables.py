"""Your own tables: two csv files, a study of ten lines, a leaderboard."""

import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

from avbaselines import run_study

folder = Path(tempfile.mkdtemp())
rng = np.random.default_rng(0)

# A row a clip, with its speaker and label; features of the same clips in another table.
speaker = np.repeat(np.arange(10), 12)
arousal = rng.normal(3, 0.7, size=120).clip(1, 5)
clips = pd.DataFrame({"clip_id": [f"c{n}" for n in range(120)], "speaker": speaker, "arousal": arousal})
audio = pd.DataFrame(arousal[:, None] + rng.normal(size=(120, 5))).add_prefix("feature_")
clips.to_csv(folder / "clips.csv", index=False)
audio.assign(clip_id=clips["clip_id"]).to_csv(folder / "audio.csv", index=False)

(folder / "mine.toml").write_text("""
title = "My corpus"
[corpus]
reader = "table"
clips = "${data}/clips.csv"
group = "speaker"
[split]
group_kfold = 5
[targets]
arousal = { metric = "ccc", range = [1, 5] }
[modalities]
audio = "${data}/audio.csv"
""")

result = run_study(folder / "mine.toml", data=folder, out=folder / "run")
table = result.results.query("split == 'all' and metric == 'ccc' and target == 'arousal'").set_index("system")
for name in ("ridge-audio", "svr-audio", "lightgbm-audio", "late-mean", "late-greedy", "late-blend"):
    if name in table.index:
        row = table.loc[name]
        print(f"{name:16} {row['value']:.2f} [{row['ci_low']:.2f}, {row['ci_high']:.2f}]")
