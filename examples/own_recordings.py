"""Your own recordings: wav files in a folder, labels in a table, features made by a recipe."""

import tempfile
import wave
from pathlib import Path

import numpy as np
import pandas as pd

from avbaselines import run_study
from avbaselines.corpora.synthesis.voice import RATE, draw_traits, speak  # stands in for a microphone

folder = Path(tempfile.mkdtemp())
rng = np.random.default_rng(0)

# Eight speakers of six clips; a file is named after its clip.
rows = []
(folder / "audio").mkdir()
for speaker in range(8):
    voice = draw_traits(rng, female=speaker % 2 == 0)
    for number in range(6):
        clip, arousal = f"s{speaker}_{number}", rng.normal()
        with wave.open(str(folder / "audio" / f"{clip}.wav"), "wb") as file:
            file.setparams((1, 2, RATE, 0, "NONE", ""))
            file.writeframes(speak(voice, arousal, valence=0.0, seconds=1.5, rng=rng).tobytes())
        rows.append({"clip_id": clip, "speaker": speaker, "arousal": arousal})
pd.DataFrame(rows).to_csv(folder / "clips.csv", index=False)

(folder / "mine.toml").write_text("""
title = "My recordings"
[corpus]
reader = "table"
clips = "${data}/clips.csv"
group = "speaker"
[split]
group_kfold = 4
[targets]
arousal = { metric = "ccc" }
[modalities]
voice = { recipe = "egemaps", media = "${data}/audio" }
[systems]
learners = ["ridge"]
transductive = ["ridge"]
inner_folds = 3
fusion = []
""")

result = run_study(folder / "mine.toml", data=folder, out=folder / "run")
table = result.results.query("split == 'all' and metric == 'ccc' and target == 'arousal'")
for row in table.sort_values("value", ascending=False).itertuples():
    print(f"{row.system:24} {row.value:.2f} [{row.ci_low:.2f}, {row.ci_high:.2f}]")
print("picked:", result.picked)
