"""Leave-one-subject-out ridge for all targets and penalties, against one scikit-learn fit of one target and penalty.

The matrix is that of a fusion stage on the SEWA development part: 12 systems x 3 targets with 19 frames of context on
either side (40,032 rows, 28 subjects, 1,404 columns), 3 targets, 20 penalties: the plain way takes 560 fits. Without
the data a matrix of the same shape is drawn. Takes about two minutes; the machine should be doing nothing else.

    python benchmarks/group_ridge.py [--data DIR] [--threads 2] [--repeats 2]
"""

import argparse
import time
from pathlib import Path

import numpy as np
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from avbaselines.corpora.formats import avec_csv as avec
from avbaselines.corpora.readers import sewa
from avbaselines.estimators.linear.group_ridge import leave_group_out
from avbaselines.estimators.temporal.context import add_context

SETS = "b c d e l m p q s 2 9 10".split()
PENALTIES = np.logspace(0, 6, 20)
CONTEXT = 19
SUBJECTS, FRAMES, TARGETS = 28, 40_032, 3


def published(folder):
    """The twelve systems' predictions (n, 36), gold labels (n, 3) and subjects (n,)."""
    clips = sewa.read(sewa.Options(labels=folder / "labels"), folder).clips
    tables = [
        avec.read_folder(folder / "atmaja" / f"predictions_{one}", clips, columns=sewa.TARGETS, key="--data")[0]
        for one in SETS
    ]
    return np.hstack(tables), clips[list(sewa.TARGETS)].to_numpy(), clips["subject"].to_numpy()


def drawn():
    """Smooth random stand-ins of the same shapes."""
    rng = np.random.default_rng(0)
    subjects = np.sort(rng.integers(0, SUBJECTS, FRAMES))
    steps = rng.normal(size=(FRAMES, TARGETS * (len(SETS) + 1)))
    walks = np.cumsum(steps, axis=0)
    walks = walks[50:] - walks[:-50]
    walks = np.vstack([walks, walks[-50:]]) / 50
    return walks[:, TARGETS:] + walks[:, :1], walks[:, :TARGETS], subjects


def seconds(work, repeats):
    """Shortest of some runs, and what the last returned."""
    shortest, result = np.inf, None
    for _ in range(repeats):
        start = time.perf_counter()
        result = work()
        shortest = min(shortest, time.perf_counter() - start)
    return shortest, result


def largest_difference(X, Y, subjects, predictions):
    """From the plain loop, over two subjects and the first, middle and last penalty."""
    largest = 0.0
    for subject in np.unique(subjects)[[0, -1]]:
        held = subjects == subject
        for number in (0, len(PENALTIES) // 2, len(PENALTIES) - 1):
            plain = make_pipeline(StandardScaler(), Ridge(PENALTIES[number])).fit(X[~held], Y[~held])
            largest = max(largest, np.abs(plain.predict(X[held]) - predictions[held][:, :, number]).max())
    return largest


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="folder with labels/ and atmaja/")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--repeats", type=int, default=2)
    options = parser.parse_args()
    source = published(options.data) if options.data else drawn()
    predicted, Y, subjects = source
    X = add_context(predicted, subjects, CONTEXT, CONTEXT)
    name = "published predictions" if options.data else "drawn data"
    print("| threads | one Ridge fit, s | leave one subject out, s | ratio |\n| ---: | ---: | ---: | ---: |")
    for threads in options.threads:
        with threadpool_limits(threads):
            one, _ = seconds(lambda: Ridge(1.0).fit(X, Y[:, 0]), options.repeats)
            every, predictions = seconds(lambda: leave_group_out(X, Y, subjects, PENALTIES), options.repeats)
        print(f"| {threads} | {one:.2f} | {every:.2f} | {every / one:.1f} |", flush=True)
    print(f"\n{name}: {X.shape[0]:,} rows x {X.shape[1]:,} columns, {len(np.unique(subjects))} subjects, "
          f"{Y.shape[1]} targets, {len(PENALTIES)} penalties. Largest difference from the plain loop (subset): "
          f"{largest_difference(X, Y, subjects, predictions):.1e}.")  # fmt: skip


if __name__ == "__main__":
    main()
