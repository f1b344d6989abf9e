"""What matching to a share of the deviation trades: concordance against absolute error, of a system of a finished run.

Predictions matched to the deviation of the targets gain concordance and lose absolute error, which likes timid ones.
The table shows both, out of fold (constants from the other folds) and on the evaluated clips (constants from all
out-of-fold predictions), at each share. The last line is the share of least out-of-fold error among those that keep an
out-of-fold concordance, a choice that looks at no evaluated clip.

    python benchmarks/matching_strength.py RUN [--system NAME] [--least-ccc .24]

RUN is the folder of a run with one split, such as that of ``python -m avbaselines.run pom --data ...``.
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd

from avbaselines.estimators.tuned.group_folds import group_folds
from avbaselines.estimators.tuned.matching import Matcher, cross_matched
from avbaselines.evaluation.metrics import score

SHARES = (0.1, 0.2, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.7, 0.8, 0.9, 1.0)
METRICS = ("ccc", "pcc", "mae")


def wide(part):
    """Truths and predictions (clips, targets), and the groups of the clips."""
    truth, prediction = (part.pivot(index="clip_id", columns="target", values=name) for name in ("truth", "prediction"))
    groups = part.drop_duplicates("clip_id").set_index("clip_id")["group"][truth.index]
    return truth.to_numpy(), prediction.to_numpy(), np.unique(groups, return_inverse=True)[1]


def scored(truth, prediction):
    """Mean over targets of each metric."""
    return [float(np.mean([score(m, t, p) for t, p in zip(truth.T, prediction.T, strict=True)])) for m in METRICS]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("--system", help="a matched row; by default the picked one")
    parser.add_argument("--least-ccc", type=float, default=0.24, help="out-of-fold CCC that the chosen share keeps")
    options = parser.parse_args()
    results = pd.read_csv(options.run / "results.csv", keep_default_na=False, na_values=[""])
    name = options.system or results.loc[results["picked"] == "yes", "system"].iloc[0]
    raw = name.replace("matched-mean", "mean") if "matched-mean" in name else f"{name}-raw"
    stored = pd.read_parquet(options.run / "predictions.parquet")
    stored = stored[stored["system"].astype(str) == raw].astype({"clip_id": str, "target": str, "group": str})
    Y, P, groups = wide(stored[stored["part"] != "test"])
    Y_test, P_test, _ = wide(stored[stored["part"] == "test"])
    folds = group_folds(groups, 5, seed=0)
    print(f"{name}: {len(Y)} clips to learn from, {len(Y_test)} evaluated, {Y.shape[1]} targets")
    heads = [f"{part} {metric.upper()}" for part in ("out-of-fold", "evaluated") for metric in METRICS]
    print(f"{'share':>8}" + "".join(f"{head:>17}" for head in heads))
    chosen = None
    for share in SHARES:
        oof = cross_matched(P, Y, folds, strength=share)
        test = Matcher(strength=share).fit(P, Y).transform(P_test)
        figures = [*scored(Y, oof), *scored(Y_test, test)]
        print(f"{share:8.2f}" + "".join(f"{figure:17.3f}" for figure in figures))
        if figures[0] >= options.least_ccc and (chosen is None or figures[2] < chosen[3]):
            chosen = share, *figures
    if chosen is None:
        print(f"no share has an out-of-fold CCC of {options.least_ccc} or more")
    else:
        share, *_, ccc, pcc, mae = chosen
        print(f"least out-of-fold MAE at a CCC of {options.least_ccc} or more: share {share}, evaluated CCC {ccc:.3f}, "
              f"PCC {pcc:.3f}, MAE {mae:.3f}")  # fmt: skip


if __name__ == "__main__":
    main()
