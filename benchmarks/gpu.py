"""XGBoost on the CPU and on a GPU: time and difference of predictions. For anybody who has a GPU.

    python benchmarks/gpu.py [--clips 20000] [--features 400]

Without a usable GPU it says why and ends with status 2.
"""

import argparse
import sys
import time

import numpy as np

from avbaselines.experiment.fitting.device import why_no_gpu
from avbaselines.experiment.planning.learners import estimator, joint

MAKERS = {
    "xgboost": lambda device: estimator("xgboost", "regression", device=device),
    "joint xgboost": lambda device: joint("xgboost", device=device),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clips", type=int, default=20000)
    parser.add_argument("--features", type=int, default=400)
    options = parser.parse_args()
    reason = why_no_gpu()
    if reason:
        print(f"no GPU can be used: {reason}", file=sys.stderr)
        return 2
    rng = np.random.default_rng(0)
    X = rng.standard_normal((options.clips, options.features), dtype=np.float32)
    Y = X[:, :3] + X[:, 3:6] * X[:, 6:9] + rng.normal(size=(options.clips, 3))
    groups = np.arange(options.clips) // 20
    print("| learner | cpu, s (one thread) | cuda, s | ratio | largest difference / deviation | least correlation |")
    print("| --- | --- | --- | --- | --- | --- |")
    for name, make in MAKERS.items():
        make("cuda").fit(X[:500], Y[:500], groups=groups[:500])  # the first call starts the driver
        taken, predicted = {}, {}
        for device in ("cpu", "cuda"):
            started = time.perf_counter()
            predicted[device] = make(device).fit(X, Y, groups=groups).predict(X)
            taken[device] = time.perf_counter() - started
        gap = np.abs(predicted["cpu"] - predicted["cuda"]).max(axis=0) / Y.std(axis=0)
        agree = min(np.corrcoef(a, b)[0, 1] for a, b in zip(predicted["cpu"].T, predicted["cuda"].T, strict=True))
        print(
            f"| {name} | {taken['cpu']:.1f} | {taken['cuda']:.1f} | {taken['cpu'] / taken['cuda']:.1f} | "
            f"{gap.max():.1e} | {agree:.4f} |"
        )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
