"""Scores with a modality hidden: a plain fusion, and one that is learnt for it."""

import tempfile
from pathlib import Path

import pandas as pd
from small_corpus import write_corpus

from avbaselines import run_study

folder = Path(tempfile.mkdtemp())
write_corpus(folder)
result = run_study(
    folder / "study.toml",
    out=folder / "run",
    overrides=[
        "targets.emotion={metric='uar'}",
        "systems.fusion=['greedy', {method='greedy', missing='best'}]",
        "masking.shares=[0.5]",
        "masking.by=['clip']",
    ],
)
masked = pd.read_csv(folder / "run" / "masking.csv")
shown = masked[masked["target"] == "mean"].pivot(index="condition", columns="system", values="value")
print(shown[["late-greedy", "late-greedy-best", "best on what is left"]].round(2).to_string())
