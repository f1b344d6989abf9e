"""What a run leaves: results, comparisons and predictions, as tables."""

import tempfile
from pathlib import Path

import pandas as pd
from small_corpus import write_corpus

from avbaselines import ccc, run_study

folder = Path(tempfile.mkdtemp())
write_corpus(folder)
run_study(folder / "study.toml", out=folder / "run")

results = pd.read_csv(folder / "run" / "results.csv")
overall = results.query("split == 'all' and system == 'late-greedy' and target == 'arousal'")
print(overall.set_index("metric")["value"].round(2).to_dict())

comparisons = pd.read_csv(folder / "run" / "comparisons.csv")
print(comparisons[["system_a", "system_b", "target", "difference", "ci_low", "ci_high"]].round(2).head(3).to_string())

# Scores of your own can be computed from the predictions.
predictions = pd.read_parquet(folder / "run" / "predictions.parquet")
test = predictions.query("part == 'test' and system == 'late-greedy'")
print(f"{len(test)} evaluated clips, CCC {ccc(test['truth'], test['prediction']):.2f}")

again = run_study(folder / "study.toml", out=folder / "run")
print("fits of a second call:", again.computed)
