"""A search of a few trials: tuned twins beside their defaults."""

import tempfile
from pathlib import Path

import pandas as pd
from small_corpus import write_corpus

from avbaselines import run_study

folder = Path(tempfile.mkdtemp())
write_corpus(folder)

# On a command line: python -m avbaselines.run study.toml --trials 4
result = run_study(
    folder / "study.toml",
    out=folder / "run",
    overrides=["tuning.trials=4", "tuning.search=['learner', 'scaling']", "systems.fusion=[]", "split.group_kfold=2"],
)
trials = pd.read_csv(folder / "run" / "tuning.csv")
print(f"{len(trials)} trials of", *trials["system"].unique())
overall = result.results.query("split == 'all' and metric == 'ccc' and target == 'arousal'").set_index("system")
for name in ("ridge-voice", "ridge-face", "ridge-voice+face"):
    print(f"{name:18} defaults {overall['value'][name]:.2f}, tuned {overall['value'][name + '-tuned']:.2f}")
