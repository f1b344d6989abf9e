"""Extraction against bare openSMILE on real recordings: rate, workers, cache, memory. Prints one table.

    python benchmarks/extraction.py [FOLDER OF WAVS] [--recipe egemaps] [--jobs 2] [--copies 10]

Bare openSMILE is one ``opensmile.Smile`` reused in one process (``process_file`` on every recording). Rates are
recordings a second of processor time for one process, and of the clock for workers, which are started beforehand.
"""

import argparse
import os

# Before numpy is imported: threads beside processes would blur what is measured.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import resource  # noqa: E402
import subprocess  # noqa: E402
import sys  # noqa: E402
import tempfile  # noqa: E402
import time  # noqa: E402
from pathlib import Path  # noqa: E402

import numpy as np  # noqa: E402
import opensmile  # noqa: E402
from joblib import Parallel, delayed  # noqa: E402

from avbaselines.extractors import FeatureCache, Segment, extract, find_media, load_recipe  # noqa: E402

DEFAULT = Path(__file__).resolve().parents[2] / "shared" / "data" / "ravdess" / "audio"


def main():
    command = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    command.add_argument("folder", nargs="?", type=Path, default=DEFAULT)
    command.add_argument("--recipe", default="egemaps")
    command.add_argument("--jobs", type=int, default=2)
    command.add_argument("--copies", type=int, default=10, help="how many times the recordings, for memory")
    command.add_argument("--rounds", type=int, default=3, help="measurements, of which the best counts")
    command.add_argument("--memory-of", type=int, help=argparse.SUPPRESS)
    arguments = command.parse_args()
    media = find_media(arguments.folder, (".wav",))
    if arguments.memory_of:
        extract(arguments.recipe, repeated(media, arguments.memory_of), cache=False)
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
        return
    rows = [*one_process(arguments, media), *workers(arguments, media), *cached(arguments, media)]
    rows += memory(arguments, media)
    print(f"| {arguments.recipe}, {len(media)} recordings | measured | wanted |\n| --- | ---: | --- |")
    for what, value, wanted in rows:
        print(f"| {what} | {value} | {wanted} |")


def repeated(media, times):
    """The recordings again and again under new names, as Segments that differ by nothing that costs time."""
    return {f"{clip_id}-{copy}": Segment(path) for copy in range(times) for clip_id, path in media.items()}


def one_process(arguments, media):
    recipe = arguments.recipe
    smile = opensmile.Smile(opensmile.FeatureSet[load_recipe(recipe).options.feature_set])
    theirs, ours = [], []
    for _ in range(arguments.rounds):  # in turns, the best of each: other work on the machine comes and goes
        started = time.process_time()
        expected = np.concatenate([smile.process_file(str(path)).to_numpy(dtype=np.float32) for path in media.values()])
        theirs.append(time.process_time() - started)
        started = time.process_time()
        table = extract(recipe, media, cache=False)
        ours.append(time.process_time() - started)
    equal = np.array_equal(table.X, expected)
    yield "bare openSMILE, recordings/s of one core", f"{len(media) / min(theirs):.1f}", ""
    yield "avbaselines, recordings/s of one core", f"{len(media) / min(ours):.1f}", ""
    yield "share of the bare rate", f"{min(theirs) / min(ours):.3f}", "at least .95"
    yield "values equal to bare openSMILE", str(equal), "True"


def workers(arguments, media):
    """Speed of several workers against one; bare openSMILE's own, measured in turns, shows what the machine allows."""
    feature_set, jobs = load_recipe(arguments.recipe).options.feature_set, arguments.jobs
    files = [str(path) for path in media.values()]
    runs = {
        "avbaselines": lambda n: extract(arguments.recipe, media, cache=False, jobs=n),
        "bare openSMILE": lambda n: Parallel(n_jobs=n)(delayed(bare)(feature_set, files[part::n]) for part in range(n)),
    }
    for name, run in runs.items():
        run(jobs)
        seconds = {1: [], jobs: []}
        for n in [1, jobs] * arguments.rounds:
            started = time.perf_counter()
            run(n)
            seconds[n].append(time.perf_counter() - started)
        wanted = "at least 1.8 on two idle cores" if (name, jobs) == ("avbaselines", 2) else ""
        yield (
            f"{jobs} workers against one, by the clock: {name}",
            f"{min(seconds[1]) / min(seconds[jobs]):.2f} times",
            wanted,
        )


def bare(feature_set, files):
    smile = opensmile.Smile(opensmile.FeatureSet[feature_set])
    return [smile.process_file(path).to_numpy() for path in files]


def cached(arguments, media):
    with tempfile.TemporaryDirectory() as folder:
        seconds = []
        for _ in range(2):
            started = time.perf_counter()
            extract(arguments.recipe, media, cache=FeatureCache(folder))
            seconds.append(time.perf_counter() - started)
    yield "second run against the first", f"{seconds[0] / seconds[1]:.0f} times", "at least 50"


def memory(arguments, media):
    peaks = []
    for times in (1, arguments.copies):
        call = [
            sys.executable,
            __file__,
            str(arguments.folder),
            "--recipe",
            arguments.recipe,
            "--memory-of",
            str(times),
        ]
        peaks.append(int(subprocess.run(call, check=True, capture_output=True, text=True).stdout) / 1024)
    counts = f"{len(media)} and {len(media) * arguments.copies} recordings"
    yield f"peak memory, {counts}", f"{peaks[0]:.0f} / {peaks[1]:.0f} MiB", "flat"


if __name__ == "__main__":
    main()
