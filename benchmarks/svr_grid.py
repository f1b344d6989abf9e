"""A grid of support vector regressions: ours on shared Gram matrices against the plain scikit-learn loop.

3 targets x 10 costs x 5 grouped folds of 6,373 ComParE functionals, with a Gaussian kernel of the same width, the same
scaling and the same tube. The loop fits ``Pipeline(StandardScaler, SVR)`` for each; as that takes long, a stated share
of its fits, spread over targets, costs and folds, is timed in the same process and multiplied up. CPU time of one
thread; the predictions of the timed fits are compared one by one.

    python benchmarks/svr_grid.py --ravdess FOLDER       # 1,424 clips of RAVDESS
    python benchmarks/svr_grid.py --random 5000 [--fits 3]
"""

import argparse
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.compose import TransformedTargetRegressor
from sklearn.model_selection import PredefinedSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVR
from threadpoolctl import threadpool_limits

from avbaselines.estimators.kernel.support_vectors import KernelRegressor
from avbaselines.estimators.preprocessing.preparation_options import PreparationOptions
from avbaselines.estimators.tuned.group_folds import group_folds

COSTS = tuple(float(cost) for cost in np.logspace(-2, 1.5, 10))
FOLDS, EPSILON = 5, 0.1
# Valence and arousal of RAVDESS' emotions as circumplex signs; the third target is the acted intensity.
CIRCUMPLEX = {
    **{"neutral": (0, 0), "calm": (0.5, -1), "happy": (1, 0.5), "sad": (-1, -0.5)},
    **{"angry": (-1, 1), "fearful": (-1, 0.7), "disgust": (-0.7, 0.3), "surprised": (0.3, 1)},
}


class Kept(KernelRegressor):
    """Keeps the out-of-fold predictions of all candidates, to compare them with the loop's."""

    def _scores(self, Y, oof):
        self.every_oof_ = np.stack(list(oof))
        return super()._scores(Y, oof)


def ravdess(folder):
    """1,424 clips x 6,373 functionals, three targets, 24 actors."""
    with np.load(Path(folder) / "audio_compare2016.npz", allow_pickle=False) as stored:
        ids, X = stored["clip_id"].astype(str), stored["X"].astype(np.float32)
    clips = pd.read_csv(Path(folder) / "clips.csv").set_index("clip_id")
    known = ~np.isnan(X).any(axis=1)
    clips = clips.loc[ids[known]]
    signs = np.array([CIRCUMPLEX[emotion] for emotion in clips["emotion"]])
    Y = np.column_stack([signs, clips["intensity"] != "normal"]).astype(float)
    return X[known], Y, clips["speaker"].to_numpy()


def random(n, width=6373, seed=0):
    """Random clips whose targets are noisy sums of 200 columns each, ten clips a group."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, width)).astype(np.float32)
    weights = rng.normal(size=(width, 3)) * (rng.random((width, 3)) < 200 / width)
    Y = X @ weights
    return X, Y + Y.std(axis=0) * rng.normal(size=Y.shape), np.arange(n) // 10


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ravdess", metavar="FOLDER")
    parser.add_argument("--random", type=int, metavar="CLIPS")
    parser.add_argument("--fits", type=int, default=6, help="timed fits of the loop")
    options = parser.parse_args()
    X, Y, groups = ravdess(options.ravdess) if options.ravdess else random(options.random or 5000)
    folds = group_folds(groups, FOLDS)
    with threadpool_limits(1):
        started = time.process_time()
        # Width 2 is scikit-learn's gamma="scale".
        ours = Kept(
            preparation=PreparationOptions(("standard",)),
            widths=(2.0,),
            costs=COSTS,
            epsilon=EPSILON,
            cv=PredefinedSplit(folds),
        )
        ours.cross_predict(X, Y, groups=groups)
        grid = time.process_time() - started
        taken, differences = [], []
        for number in range(options.fits):
            target, cost, fold = number % 3, (2 * number + 1) * len(COSTS) // (2 * options.fits), number % FOLDS
            train, test = folds != fold, folds == fold
            plain = TransformedTargetRegressor(
                make_pipeline(StandardScaler(), SVR(C=COSTS[cost], epsilon=EPSILON, gamma="scale", cache_size=500)),
                transformer=StandardScaler(),
            )
            started = time.process_time()
            predicted = plain.fit(X[train], Y[train, target]).predict(X[test])
            taken.append(time.process_time() - started)
            gap = np.abs(predicted - ours.every_oof_[cost, test, target]).max() / np.ptp(Y[:, target])
            differences.append(gap)
            what = f"target {target}, C {COSTS[cost]:.3g}, fold {fold}"
            print(f"  fit {number}: {what}: {taken[-1]:.1f} s, gap {gap:.1e}", file=sys.stderr, flush=True)
    fits = 3 * len(COSTS) * FOLDS
    loop = np.mean(taken) * fits
    print("| clips x features | fits | loop, CPU s | ours, CPU s | ratio | largest difference / range |")
    print("| --- | --- | --- | --- | --- | --- |")
    print(
        f"| {len(X):,} x {X.shape[1]:,} | {fits} | {loop:,.0f} (from {options.fits} of {fits} fits) | {grid:.1f} | "
        f"1/{loop / grid:.0f} | {max(differences):.1e} |"
    )


if __name__ == "__main__":
    main()
