"""Long recordings continuous in time: what a whole study costs by learner and number of frames.

Recordings of 10 minutes with 10 frames a second, 88 features in two modalities and three targets, whose raters are 2 s
late; delay and smoothing are searched, and a fusion searches the context of frames that it reads. Four of five
recordings are learnt from in five folds, the fifth is evaluated. Each row is a run of its own, from files to report;
CPU time is that of all its processes, peak memory the largest sum over them, shared pages counted once.

    python benchmarks/long_recordings.py [--recordings 10 20 40] [--learners ridge svr lightgbm] [--jobs 1]

All of it is 200 recordings: 1.2 million frames.
"""

import argparse
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.ndimage import gaussian_filter1d
from watching import watched

LEARNERS = ("ridge", "svr", "lightgbm")
TARGETS = ("arousal", "valence", "dominance")
FRAMES, HOP, LATE = 6000, 0.1, 20
WIDTHS = {"audio": 60, "face": 28}
STUDY = """
title = "Long recordings, made on the spot"
[corpus]
reader = "table"
clips = "clips.parquet"
group = "recording"
recording = "recording"
time = "time"
[split]
column = "part"
train = ["train"]
test = ["test"]
[targets]
arousal = {{ metric = "ccc" }}
valence = {{ metric = "ccc" }}
dominance = {{ metric = "ccc" }}
[modalities]
audio = "audio.npz"
face = "face.npz"
[systems]
learners = ["{learner}"]
tasks = ["single"]
early = "none"
transductive = []
delay = [0, 1, 2, 3, 4]
smoothing = [0, 1, 3]
fusion = ["mean", {{ method = "ridge", context = [0, 10] }}]
"""


def write_corpus(folder: Path, recordings: int, learner: str) -> Path:
    """Tables and study file of so many recordings; the path of the study."""
    rng, n = np.random.default_rng(0), recordings * FRAMES
    traces = gaussian_filter1d(rng.normal(size=(recordings, FRAMES + LATE, 3)).astype(np.float32), 30, axis=1) * 10
    names = np.repeat([f"r{number:03d}" for number in range(recordings)], FRAMES)
    ids = np.char.add(np.char.add(names, "_"), np.tile(np.arange(FRAMES), recordings).astype(str))
    for modality, width in WIDTHS.items():
        X = traces[:, LATE:].reshape(n, 3) @ rng.normal(size=(3, width)).astype(np.float32)
        X += 3 * rng.standard_normal(size=(n, width), dtype=np.float32)
        columns = np.array([f"{modality}_{number}" for number in range(width)])
        np.savez(folder / f"{modality}.npz", clip_id=ids, X=X, columns=columns)
    labels = traces[:, :FRAMES].reshape(n, 3) + 0.3 * rng.standard_normal(size=(n, 3), dtype=np.float32)
    part = np.where(np.arange(recordings) % 5 == 4, "test", "train")
    clips = pd.DataFrame({"clip_id": ids, "recording": names, "time": np.tile(np.arange(FRAMES) * HOP, recordings)})
    clips["part"] = np.repeat(part, FRAMES)
    clips[list(TARGETS)] = labels
    clips.to_parquet(folder / "clips.parquet")
    path = folder / "long.toml"
    path.write_text(STUDY.format(learner=learner))
    return path


def measure(learner: str, recordings: int, jobs: int) -> tuple[float, float, float]:
    """CPU seconds, peak MiB and the fusion's mean CCC of a run."""
    with tempfile.TemporaryDirectory() as place:
        study = write_corpus(Path(place), recordings, learner)
        command = [sys.executable, "-m", "avbaselines.run", str(study), "--out", f"{place}/run", "--jobs", str(jobs)]
        done = watched(command)
        if done.status:
            sys.exit(f"{learner}, {recordings} recordings: exit status {done.status}\n{done.errors[-2000:]}")
        results = pd.read_csv(f"{place}/run/results.csv")
    chosen = (results["system"] == "late-ridge") & (results["target"] == "mean") & (results["metric"] == "ccc")
    return done.cpu, done.peak, float(results.loc[chosen, "value"].iloc[0])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recordings", type=int, nargs="+", default=[10, 20, 40])
    parser.add_argument("--learners", nargs="+", choices=LEARNERS, default=LEARNERS)
    parser.add_argument("--jobs", type=int, default=1)
    options = parser.parse_args()
    print("| learner | recordings | frames | CPU s | per frame, to the size before | peak MiB of all | mean CCC |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    for learner in options.learners:
        before = None
        for recordings in options.recordings:
            cpu, peak, ccc = measure(learner, recordings, options.jobs)
            growth = f"x {cpu / recordings / before:.2f}" if before else ""
            before = cpu / recordings
            print(f"| {learner} | {recordings} | {recordings * FRAMES:,} | {cpu:,.0f} | {growth} | {peak:,.0f} | "
                  f"{ccc:.3f} |", flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
