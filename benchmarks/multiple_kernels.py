"""Early systems of several modalities, and what they add to a late fusion: side by side, or a sum of kernels.

For each corpus: ridge and support vector machines on each modality, on all side by side, and ridge in a weighted sum of
kernels; then late fusions of the single ones alone, with the early ones side by side, with the sum of kernels in their
place, and with both. Scores (the study's own, matched) out-of-fold and on the evaluated clips, mean over splits, and
CPU seconds of one thread.

    python benchmarks/multiple_kernels.py quickstart:audio+face [--splits 2]
    python benchmarks/multiple_kernels.py pom:audio+face --data FOLDER
"""

import argparse
import time
from collections import defaultdict

import numpy as np

from avbaselines.catalog import find
from avbaselines.evaluation.selection_score import selection_score
from avbaselines.experiment.fitting.base import fit_base
from avbaselines.experiment.fitting.fusion import fit_fusion
from avbaselines.experiment.fitting.postprocess import finish
from avbaselines.experiment.fitting.split_setup import split_task
from avbaselines.experiment.fitting.tuned import out_of_fold_score
from avbaselines.experiment.planning.system import BaseSystem, FusionSystem
from avbaselines.experiment.study_run import prepare
from avbaselines.study import load_study
from avbaselines.systems import Stage


class Split:
    """One split's fits and what is noted of them."""

    def __init__(self, corpus, task, split, notes):
        self.corpus, self.task, self.split, self.notes, self.fits = corpus, task, split, notes, {}

    def base(self, learner, modalities):
        tables = [self.corpus.modalities[name].X for name in modalities]
        system = BaseSystem(name="x", learner=learner, modalities=tuple(modalities))
        started = time.process_time()
        learnt, evaluated = ([X[rows] for X in tables] for rows in (self.split.fit, self.split.test))
        fitted, _ = fit_base(system, self.task, learnt, evaluated)
        name = f"{learner} {'+'.join(modalities)}"
        self.fits[name] = fitted, tuple(modalities)
        self.note(name, fitted, time.process_time() - started)
        return name

    def late(self, method, words, parts):
        system = FusionSystem(name="late", fusion=Stage(method=method), depth=1, parts=tuple(parts))
        started = time.process_time()
        inputs, reads = zip(*(self.fits[part] for part in parts), strict=True)
        fitted, _ = fit_fusion(system, self.task, inputs, reads)
        self.note(f"late {method}: {words}", fitted, time.process_time() - started)

    def note(self, name, fitted, seconds):
        truth = {target.name: self.corpus.y[target.name][self.split.test] for target in self.task.targets}
        recordings = self.corpus.recordings
        if recordings is not None:
            recordings = np.unique(recordings[self.split.test], return_inverse=True)[1]
        finished = finish(fitted, self.task)
        evaluated = finished.filled(finished.test)
        score = selection_score(self.task.targets, truth, evaluated, recordings, self.task.combined)
        self.notes[name].append((out_of_fold_score(fitted, self.task), score, seconds))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("study", metavar="STUDY:MODALITY+MODALITY")
    parser.add_argument("--data")
    parser.add_argument("--splits", type=int)
    given = parser.parse_args()
    name, _, modalities = given.study.partition(":")
    names, path = modalities.split("+"), find("studies", name)
    (run,) = prepare(load_study(path), path, given.data, ["honest"])
    present = {name: modality.present for name, modality in run.corpus.modalities.items()}
    notes = defaultdict(list)
    for split in run.corpus.splits[: given.splits]:
        work = Split(run.corpus, split_task(run, split, "cpu", present), split, notes)
        single = [work.base(learner, [one]) for learner in ("ridge", "svr") for one in names]
        early = [work.base(learner, names) for learner in ("ridge", "svr")]
        kernels = [work.base("ridge-kernels", names)]
        for method in ("mean", "greedy"):
            work.late(method, "single", single)
            work.late(method, "with early", single + early)
            work.late(method, "with kernels", single + kernels)
            work.late(method, "with both", single + early + kernels)
    print("| system | out-of-fold | evaluated | CPU s |\n| --- | --- | --- | --- |")
    for system, rows in notes.items():
        oof, evaluated, seconds = np.transpose(rows)
        print(f"| {system} | {oof.mean():.3f} | {evaluated.mean():.3f} | {seconds.sum():.1f} |")


if __name__ == "__main__":
    main()
