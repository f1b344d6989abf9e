"""A fitted system on new clips: from Python, and by the command."""

import os
import tempfile
from pathlib import Path

import pandas as pd
from small_corpus import write_corpus

from avbaselines import ccc, load_bundle, run_study
from avbaselines.predict import main as predict

here = Path.cwd()
os.chdir(tempfile.mkdtemp())
for name in ("known", "new"):
    Path(name).mkdir()
write_corpus(Path("known"))
truth = write_corpus(Path("new"), speakers=4, seed=1).set_index("clip_id")["arousal"]
run_study("known/study.toml", out="run")

system = load_bundle("run", "late-greedy")
predictions = system.predict({"voice": "new/voice.csv", "face": "new/face.csv"})
print(f"{len(predictions)} clips of new speakers, CCC {ccc(truth[predictions.index], predictions['arousal']):.2f}")
alone = system.predict({"face": "new/face.csv"})
print(f"face alone: CCC {ccc(truth[alone.index], alone['arousal']):.2f}")

# On a command line: python -m avbaselines.predict run new/voice.csv new/face.csv --system late-greedy
predict(["run", "new/voice.csv", "new/face.csv", "--system", "late-greedy", "--out", "predictions.csv"])
print(pd.read_csv("predictions.csv").round(1).head(3).to_string(index=False))
os.chdir(here)
