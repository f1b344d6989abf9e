"""A model of your own beside the baselines: its score, the paired difference, and what the two yield together."""

import tempfile
from pathlib import Path

import numpy as np
from small_corpus import write_corpus

from avbaselines import run_study

folder = Path(tempfile.mkdtemp())
clips = write_corpus(folder)

# Predictions of every clip, by a model that had not seen the clip's speaker (here: the label with much noise).
rng = np.random.default_rng(1)
theirs = clips[["clip_id"]].assign(arousal=clips["arousal"] + rng.normal(0, 0.6, len(clips)))
theirs.to_csv(folder / "theirs.csv", index=False)

# On a command line: python -m avbaselines.run study.toml --compare mine=theirs.csv
result = run_study(folder / "study.toml", out=folder / "run", overrides=[f"predictions.mine='{folder / 'theirs.csv'}'"])
table = result.results.query("split == 'all' and metric == 'ccc' and target == 'arousal'").set_index("system")
for system in ("mine", "ridge-voice+face", "late-greedy"):
    row = table.loc[system]
    print(f"{system:18} {row['value']:.2f} [{row['ci_low']:.2f}, {row['ci_high']:.2f}] {row['kind']}")
for line in result.analyses["external-systems"].terminal:
    print(line)
