"""A search of 200 trials killed five times by SIGKILL, wherever it was, against the same search left alone.

    python benchmarks/killed_search.py [--trials 200] [--kills 5] [--learner ridge]
"""

import argparse
import json
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path

import numpy as np

from avbaselines.corpora.corpus import Target
from avbaselines.estimators.tuned.group_folds import group_folds
from avbaselines.experiment.fitting.optuna_search import Search
from avbaselines.experiment.fitting.split_task import SplitTask
from avbaselines.experiment.fitting.tuned import fit_tuned
from avbaselines.experiment.planning.system import BaseSystem
from avbaselines.systems import Tuning


def tuned(folder, learner, trials):
    """Search on made data with the journal in a folder; trials and out-of-fold predictions as JSON in result.json."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 40)).astype(np.float32)
    y = X[:, 0] + 0.5 * X[:, 1] * X[:, 2] + rng.normal(size=300)
    groups = np.arange(300) // 10
    task = SplitTask([Target("arousal", "ccc")], {"arousal": y}, groups, groups[:0], group_folds(groups), True, 0)
    tuning = Tuning(trials=trials)
    system = BaseSystem(name="tuned", raw_label="tuned-raw", modalities=("audio",), learner=learner, tuning=tuning)
    fitted, _ = fit_tuned(system, task, [X], [X[:0]], Search("search", str(folder / "trials.journal")))
    trials_made = [asdict(trial) for trial in fitted.trials]
    result = {"trials": trials_made, "oof": fitted.oof["arousal"].tolist(), "note": fitted.note}
    (folder / "result.json").write_text(json.dumps(result))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=200)
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--learner", default="ridge")
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.folder:
        tuned(options.folder, options.learner, options.trials)
        return 0
    with tempfile.TemporaryDirectory() as place:
        whole, cut = Path(place) / "whole", Path(place) / "cut"
        for folder in (whole, cut):
            folder.mkdir()
        journal, rng, kept = cut / "trials.journal", np.random.default_rng(), []
        command = [sys.executable, __file__, "--trials", str(options.trials), "--learner", options.learner, "--folder"]
        subprocess.run([*command, str(whole)], check=True)
        for kill in range(1, options.kills + 1):
            process = subprocess.Popen([*command, str(cut)])
            while _lines(journal) < kill * options.trials // (options.kills + 1) and process.poll() is None:
                time.sleep(0.01)
            time.sleep(rng.random() * 0.1)
            process.send_signal(signal.SIGKILL)
            process.wait()
            kept.append(_lines(journal))
        subprocess.run([*command, str(cut)], check=True)
        results = [json.loads((folder / "result.json").read_text()) for folder in (whole, cut)]
        ended = sum(trial["state"] == "complete" for trial in results[0]["trials"])
        print("| killed after | trials | complete, others pruned | trials, choice and predictions equal |")
        print("| --- | ---: | ---: | --- |")
        print(f"| {', '.join(map(str, kept))} | {options.trials} | {ended} | {results[0] == results[1]} |")
        return 0 if results[0] == results[1] else 1


def _lines(path):
    """Trials in a journal: its first line is the study."""
    return max(0, path.read_bytes().count(b"\n") - 1) if path.is_file() else 0


if __name__ == "__main__":
    raise SystemExit(main())
