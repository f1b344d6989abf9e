"""How time and memory of the default learners grow with the number of clips.

Each fit (three targets, five grouped folds, the learner's own grid) runs in a process of its own, on one thread. Memory
is the float32 matrix and what the largest resident set grew by once that was there, over the size of the matrix. Data
are random, made on the spot.

    python benchmarks/scaling.py [--clips 2000 20000 200000] [--features 88] [--learners ridge svr lightgbm]
"""

import argparse
import json
import resource
import subprocess
import sys
import time

import numpy as np

LEARNERS = ("ridge", "svr", "lightgbm")


def measure(learner, clips, features):
    """CPU seconds and MiB of one fit, in this process."""
    from threadpoolctl import threadpool_limits

    from avbaselines.experiment.planning.learners import estimator

    rng = np.random.default_rng(0)
    X = rng.standard_normal((clips, features), dtype=np.float32)
    Y = X[:, :3] + X[:, 3:6] * X[:, 6:9] + rng.normal(size=(clips, 3))
    model = estimator(learner, "regression", random_state=0)
    before = _largest()
    started = time.process_time()
    with threadpool_limits(1):
        model.fit(X, Y, groups=np.arange(clips) // 20)
    seconds = time.process_time() - started
    peak = _largest()
    return {"seconds": seconds, "extra": (peak - before) / X.nbytes + 1, "peak": peak / 2**20, "note": model.note_}


def _largest():
    """Largest resident set of this process so far, bytes; macOS counts bytes, others KiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clips", type=int, nargs="+", default=[2000, 20000, 200000])
    parser.add_argument("--features", type=int, default=88)
    parser.add_argument("--learners", nargs="+", default=LEARNERS)
    parser.add_argument("--one", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        learner, clips, features = options.one
        print(json.dumps(measure(learner, int(clips), int(features))))
        return
    print("| learner | clips x features | CPU s | per clip, to the size before | peak MiB | x float32 matrix | note |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for learner in options.learners:
        before = None
        for clips in options.clips:
            command = [sys.executable, __file__, "--one", learner, str(clips), str(options.features)]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            found = json.loads(done.stdout)
            growth = f"x {found['seconds'] / clips / before:.2f}" if before else ""
            before = found["seconds"] / clips
            print(
                f"| {learner} | {clips:,} x {options.features:,} | {found['seconds']:.1f} | {growth} | "
                f"{found['peak']:,.0f} | {found['extra']:.1f} | {found['note']} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
