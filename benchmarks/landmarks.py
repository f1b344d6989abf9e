"""Support vector machines of 10,000 clips: exactly, and by landmarks; out-of-group scores and CPU time of one thread.

    python benchmarks/landmarks.py [--clips 10000] [--columns 400] [--landmarks 500 1000 2000]

Clips are made: ten speakers with offsets of their own, columns of a few common factors and noise, a target that bends
(a sum of products of factors beside a linear part) and four classes cut from two such targets. Machines learn from
eight speakers, with the linear and one Gaussian kernel and two costs each, and predict the other two.
"""

import argparse
import time

import numpy as np
from sklearn.model_selection import PredefinedSplit
from threadpoolctl import threadpool_limits

from avbaselines.estimators.kernel.support_vectors import KernelClassifier, KernelRegressor
from avbaselines.estimators.preprocessing.preparation_options import PreparationOptions

SPEAKERS, FACTORS = 10, 30


def made(n_clips, n_columns, seed=0):
    """Features (n, d), two targets (n, 2), speakers (n,)."""
    rng = np.random.default_rng(seed)
    speakers = np.arange(n_clips) * SPEAKERS // n_clips
    factors = rng.normal(size=(n_clips, FACTORS))
    mixed = factors + 0.5 * rng.normal(size=(SPEAKERS, FACTORS))[speakers]
    X = mixed @ rng.normal(size=(FACTORS, n_columns)) + 4 * rng.normal(size=(n_clips, n_columns))
    bent = factors @ rng.normal(size=(FACTORS, 2)) + (factors @ rng.normal(size=(FACTORS, 2))) * factors[:, :2]
    return X.astype(np.float32), bent + bent.std(axis=0) * rng.normal(size=bent.shape), speakers


def tried(cls, X, y, held, max_exact, n_landmarks, **options):
    """Score of the best candidate of each kernel, and CPU seconds."""
    cv = PredefinedSplit(np.where(held, 0, -1))
    model = cls(
        preparation=PreparationOptions(("standard",)),
        widths=(0.0, 1.0), cv=cv, max_exact=max_exact, n_landmarks=n_landmarks, **options,
    )  # fmt: skip
    started = time.process_time()
    model.cross_predict(X, y)
    by_kernel = model.oof_scores_[:, 0].reshape(2, -1).max(axis=1)
    return [round(float(score), 3) for score in by_kernel], time.process_time() - started


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clips", type=int, default=10000)
    parser.add_argument("--columns", type=int, default=400)
    parser.add_argument("--landmarks", type=int, nargs="*", default=[500, 1000, 2000])
    parser.add_argument("--only", choices=["regression", "classes"])
    given = parser.parse_args()
    X, targets, speakers = made(given.clips, given.columns)
    held = speakers >= SPEAKERS - 2
    classes = (targets > 0) @ np.array([1, 2])
    kinds = {
        "regression": (KernelRegressor, targets[:, 0], {"costs": (0.3, 3.0)}),
        "classes": (KernelClassifier, classes, {"costs": (0.3, 3.0)}),
    }
    print("| kind | machines | linear | Gaussian | CPU s |\n| --- | --- | --- | --- | --- |")
    for kind, (cls, y, options) in kinds.items():
        if given.only in (None, kind):
            for number in [*given.landmarks, 0]:
                limit = 0 if number else given.clips
                with threadpool_limits(1):
                    scores, seconds = tried(cls, X, y, held, limit, number or 1, **options)
                name = f"{number} landmarks" if number else "exact"
                print(f"| {kind} | {name} | {scores[0]} | {scores[1]} | {seconds:.1f} |", flush=True)


if __name__ == "__main__":
    main()
