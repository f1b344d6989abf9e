"""An emotion and an attribute in one study, decoded jointly."""

import tempfile
from pathlib import Path

from small_corpus import write_corpus

from avbaselines import run_study

folder = Path(tempfile.mkdtemp())
write_corpus(folder)
result = run_study(
    folder / "study.toml",
    out=folder / "run",
    overrides=["targets.emotion={metric='uar'}", "systems.fusion=['mean', {method='mean', targets='all'}]"],
)
overall = result.results.query("split == 'all'")
scores = overall[((overall["target"] == "arousal") & (overall["metric"] == "ccc"))
                 | ((overall["target"] == "emotion") & (overall["metric"] == "uar"))]  # fmt: skip
systems = ["ridge-voice", "ridge-face", "late-mean", "late-joint-mean"]
print(scores.pivot(index="system", columns="target", values="value").loc[systems].round(2).to_string())
