"""What choosing among 13 delays and 5 windows costs beside one fit without: ridge on windows as many as SEWA's Train.

    python benchmarks/delay.py

The features are noise around three slow traces, and the labels lag them by 2.0 s; prints one table.
"""

import argparse
import time

import numpy as np
from scipy.ndimage import gaussian_filter1d

from avbaselines.estimators.linear.ridge import RidgeRegressor
from avbaselines.estimators.temporal.delay import DelayedRegressor

DELAYS = [0.5 * step for step in range(13)]
SMOOTHING = [0, 1, 3, 5, 10]


def corpus(recordings, frames, columns, lag=20, seed=0):
    """Windows of 0.1 s: features (n, columns), labels (n, 3), recordings and times."""
    rng = np.random.default_rng(seed)
    traces = gaussian_filter1d(rng.normal(size=(recordings, frames + lag, 3)), 10, axis=1) * 6
    X = traces[:, lag:] @ rng.normal(size=(3, columns)) + rng.normal(size=(recordings, frames, columns)) * 3
    names, times = np.repeat(np.arange(recordings), frames), np.tile(np.arange(frames) * 0.1, recordings)
    return X.reshape(-1, columns).astype(np.float32), traces[:, :frames].reshape(-1, 3), names, times


def main():
    """Time both and print the table."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--recordings", type=int, default=68)
    options.add_argument("--frames", type=int, default=1430)
    options.add_argument("--columns", type=int, default=88)
    given = options.parse_args()
    X, Y, names, times = corpus(given.recordings, given.frames, given.columns)
    print("| | CPU s | ratio | chosen delays, s |\n| --- | ---: | ---: | --- |")
    plain = None
    for label, settings in (
        ("one fit, no delay", {}),
        ("13 delays, 5 windows", {"delays": DELAYS, "smoothing": SMOOTHING}),
    ):
        started = time.process_time()
        model = DelayedRegressor(RidgeRegressor(), **settings).fit(X, Y, groups=names, recordings=names, times=times)
        seconds = time.process_time() - started
        plain = plain or seconds
        delays = ", ".join(f"{chosen['delay']:g}" for chosen in model.best_params_)
        print(f"| {label} | {seconds:.1f} | {seconds / plain:.2f} | {delays} |", flush=True)
    print(f"\n{len(X):,} windows x {X.shape[1]} columns, 3 targets, 5 folds.")


if __name__ == "__main__":
    main()
