"""What matching by a part trades: concordance against absolute error, of one system of a finished run.

Predictions of a regression are timid; matched to the deviation of the targets they gain concordance and lose absolute
error. The table shows both, out of fold (constants from the other folds) and on the evaluated clips (constants from all
out-of-fold predictions), at each strength of matching; 0 is the unmatched prediction. The last line is the strength
that a bound on the out-of-fold error chooses, looking at no evaluated clip.

    python benchmarks/matching_strength.py RUN [--system NAME] [--most-error .86]

RUN is the folder of a run with one split, such as that of ``python -m avbaselines.run pom --data ...``.
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd

from avbaselines.estimators.folds import group_folds
from avbaselines.estimators.matching import Matcher, cross_matched
from avbaselines.evaluation.metrics import score

STRENGTHS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
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
    parser.add_argument("--most-error", type=float, default=0.86, help="most out-of-fold MAE of the chosen strength")
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
    print(f"{'strength':>8}" + "".join(f"{head:>17}" for head in heads))
    chosen = None
    for strength in STRENGTHS:
        oof, test = P, P_test
        if strength:
            oof = cross_matched(P, Y, folds, strength=strength)
            test = Matcher(strength=strength).fit(P, Y).transform(P_test)
        figures = [*scored(Y, oof), *scored(Y_test, test)]
        print(f"{strength:8.1f}" + "".join(f"{figure:17.3f}" for figure in figures))
        if figures[2] <= options.most_error and (chosen is None or figures[0] > chosen[1]):
            chosen = strength, *figures
    if chosen is None:
        print(f"no strength has an out-of-fold MAE of {options.most_error} or less")
    else:
        strength, *_, ccc, pcc, mae = chosen
        print(f"chosen by out-of-fold MAE <= {options.most_error}: strength {strength}, evaluated CCC {ccc:.3f}, "
              f"PCC {pcc:.3f}, MAE {mae:.3f}")  # fmt: skip


if __name__ == "__main__":
    main()
