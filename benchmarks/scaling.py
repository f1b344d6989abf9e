"""How time and memory of the default learners grow with the number of clips.

Each fit (three targets, five grouped folds, the learner's own grid) runs in a process of its own, on one thread. Memory
is the float32 matrix and what the largest resident set grew by once that was there, over the size of the matrix. Data
are random, made on the spot.

    python benchmarks/scaling.py [--clips 2000 20000 200000] [--features 88] [--learners ridge svr lightgbm]

With ``--whole CLIPS`` a study of these learners on such a table is run, from its files to the report: four of five
clips to learn from, one split; CPU time of all processes, and the largest sum of their memory, shared pages once.

    python benchmarks/scaling.py --whole 20000 --features 6373 [--jobs 2]
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
from watching import watched

LEARNERS = ("ridge", "svr", "lightgbm")
STUDY = """
title = "A wide table, made on the spot"
corpus = {{ reader = "table", clips = "clips.parquet", group = "speaker" }}
split = {{ column = "part", train = ["train"], test = ["test"] }}
targets = {{ a = {{ metric = "ccc" }}, b = {{ metric = "ccc" }}, c = {{ metric = "ccc" }} }}
modalities = {{ audio = "audio.npz" }}
systems = {{ learners = {learners}, tasks = ["single"], transductive = [], fusion = ["mean"] }}
"""


def measure(learner, clips, features):
    """CPU seconds and MiB of one fit, in this process."""
    from threadpoolctl import threadpool_limits

    from avbaselines.experiment.planning.learners import estimator

    X, Y = drawn(clips, features)
    model = estimator(learner, "regression", random_state=0)
    before = _largest()
    started = time.process_time()
    with threadpool_limits(1):
        model.fit(X, Y, groups=np.arange(clips) // 20)
    seconds = time.process_time() - started
    peak = _largest()
    return {"seconds": seconds, "extra": (peak - before) / X.nbytes + 1, "peak": peak / 2**20, "note": model.note_}


def drawn(clips, features):
    """Random features (clips, features), and three targets that follow nine of them."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((clips, features), dtype=np.float32)
    return X, X[:, :3] + X[:, 3:6] * X[:, 6:9] + rng.normal(size=(clips, 3))


def whole(clips, features, learners, jobs):
    """A study on such a table in processes of its own, watched."""
    with tempfile.TemporaryDirectory() as place:
        X, Y = drawn(clips, features)
        ids, speaker = np.array([f"c{number}" for number in range(clips)]), np.arange(clips) // 20
        names = np.array([f"x{number}" for number in range(features)])
        np.savez(f"{place}/audio.npz", clip_id=ids, X=X, columns=names)
        part = np.where(speaker % 5 == 4, "test", "train")
        table = pd.DataFrame({"clip_id": ids, "speaker": speaker, "part": part} | dict(zip("abc", Y.T, strict=True)))
        table.to_parquet(f"{place}/clips.parquet")
        del X, table
        study = Path(place, "wide.toml")
        study.write_text(STUDY.format(learners=json.dumps(list(learners))))
        command = [sys.executable, "-m", "avbaselines.run", str(study), "--out", f"{place}/run", "--jobs", str(jobs)]
        done = watched(command)
    if done.status:
        sys.exit(f"exit status {done.status}\n{done.errors[-2000:]}")
    return done


def _largest():
    """Largest resident set of this process so far, bytes; macOS counts bytes, others KiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clips", type=int, nargs="+", default=[2000, 20000, 200000])
    parser.add_argument("--features", type=int, default=88)
    parser.add_argument("--learners", nargs="+", default=LEARNERS)
    parser.add_argument("--whole", type=int, metavar="CLIPS", help="a whole study on so many clips")
    parser.add_argument("--jobs", type=int, default=2, help="with --whole")
    parser.add_argument("--one", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        learner, clips, features = options.one
        print(json.dumps(measure(learner, int(clips), int(features))))
        return
    if options.whole:
        done = whole(options.whole, options.features, options.learners, options.jobs)
        print("| a whole run of | clips x features | processes | CPU s | peak MiB of all |")
        print("| --- | --- | ---: | ---: | ---: |")
        print(f"| {', '.join(options.learners)} | {options.whole:,} x {options.features:,} | {options.jobs} | "
              f"{done.cpu:,.0f} | {done.peak:,.0f} |")  # fmt: skip
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
