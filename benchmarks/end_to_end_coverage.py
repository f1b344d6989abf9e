"""How often 95 % intervals of whole runs hold the procedure's true score, and how often the paired test errs.

Draws corpora with nothing to learn (null) and with something (signal), fits ridge regressors and classifiers on two
modalities with the engine in process (penalties, matching and calibration included), and counts how often each kind of
interval lies above or below the true score. The true score of a cell is the mean over its corpora of what the very fits
of the run score on fresh groups that no fit has seen; of a given split it is what each corpus' own fit scores, which is
what that interval is about. Both modalities tell as much, so that the paired test of one against the other should be
significant at 5 % in 5 % of the corpora; `shared` is the test with the variance of the difference doubled. A cell is
null or signal, 10, 30 or 100 evaluated groups, and one given split (as many groups to learn from), 5 folds, or one
fold a group. A corpus takes .1 s of processor time with one split, .5 s with 5 folds, and .07 s a group with one fold a
group.

    python benchmarks/end_to_end_coverage.py [--corpora 100] [--groups 10 30 100] [--designs given folds left-out]
        [--signals null signal] [--targets arousal mood] [--modalities audio face]

The intervals: `fixed` leaves the fits as they are; `shared` doubles the variance for shared training clips; `folds`
also removes what training means lean away from their test clips, and is what runs of several folds report
(docs/intervals.md). All three are read off the same runs.
"""

import argparse
import tempfile
import time
from collections import defaultdict
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from avbaselines.corpora.corpus import Corpus, Modality, Split, Target
from avbaselines.evaluation.comparison import compare
from avbaselines.evaluation.intervals import interval
from avbaselines.evaluation.metrics import METRICS
from avbaselines.experiment.fitting.run_options import RunOptions
from avbaselines.experiment.fitting.scheduler import fit_systems
from avbaselines.experiment.planning.plan import plan
from avbaselines.experiment.protocol_run import ProtocolRun
from avbaselines.experiment.scoring.gathering import gather
from avbaselines.study import Study

CLIPS, FEATURES = 12, 8
FRESH = {"given": 1000, "folds": 60, "left-out": 60}
"""Groups on which fits are scored: of a given split one fit alone, of folds the mean over all corpora counts."""
STRENGTH = {"null": 0.0, "signal": 0.35}
FOLDS = {"folds": 5, "left-out": None}
KINDS = ("fixed", "shared", "folds")
TARGETS = {"arousal": Target("arousal", "ccc"), "mood": Target("mood", "uar", ("glad", "mad", "sad"))}


def draw(rng, n_groups, strength):
    """Groups of clips, labels of both targets, and two tables that tell equally much of them."""
    group = np.repeat(np.arange(n_groups), CLIPS)
    offset, n = rng.normal(size=n_groups)[group], n_groups * CLIPS
    arousal = 0.5 * offset + 0.85 * rng.normal(size=n)
    shares = rng.dirichlet([3.0, 3.0, 3.0], n_groups)
    mood = (rng.random(n)[:, None] > np.cumsum(shares, axis=1)[group]).sum(axis=1).clip(0, 2)
    tables = []
    for _ in range(2):
        X = 0.6 * rng.normal(size=(n_groups, FEATURES))[group] + 0.8 * rng.normal(size=(n, FEATURES))
        gain = strength * (1 + 0.4 * rng.normal(size=n_groups))[group]
        X[:, :2] += gain[:, None] * arousal[:, None]
        X[np.arange(n), 2 + mood] += 1.5 * gain
        tables.append(X.astype(np.float32))
    return group, {"arousal": arousal, "mood": mood.astype(float)}, tables


def corpus_of(rng, n_groups, design, strength, targets, names):
    """A corpus whose splits predict their own test clips, then those of fresh groups; and the rows of each."""
    evaluated = n_groups if design != "given" else 2 * n_groups
    group, y, tables = draw(rng, evaluated + FRESH[design], strength)
    known = np.flatnonzero(group < evaluated)
    fresh = np.flatnonzero(group >= evaluated)
    if design == "given":
        parts = [known[group[known] >= n_groups]]
    else:
        dealt = np.empty(evaluated, int)
        dealt[rng.permutation(evaluated)] = np.arange(evaluated) % (FOLDS[design] or evaluated)
        parts = [known[dealt[group[known]] == fold] for fold in range(dealt.max() + 1)]
    nobody = np.array([], int)
    splits = [
        Split(f"fold{number}", np.setdiff1d(known, part), nobody, np.concatenate([part, fresh]))
        for number, part in enumerate(parts)
    ]
    groups = np.array([f"g{number:03d}" for number in group])
    ids = np.array([f"c{number}" for number in range(len(group))])
    columns = [f"x{column}" for column in range(FEATURES)]
    modalities = {name: Modality(name, X, columns) for name, X in zip(names, tables, strict=False)}
    return Corpus(ids, groups, targets, y, splits, True, modalities=modalities), parts, fresh


def study_of(corpus):
    """Ridge on each modality, without fusion."""
    return Study(
        title="coverage",
        corpus={"reader": "table", "clips": "none.csv"},
        split={"group_kfold": 5},
        targets={target.name: {"metric": target.metric} for target in corpus.targets},
        modalities={name: "none.npz" for name in corpus.modalities},
        systems={"learners": ["ridge"], "fusion": [], "inner_folds": 3},
    )


def run(corpus, folder):
    """Leaderboard rows of the engine by name."""
    study = study_of(corpus)
    systems = plan(study, corpus.targets, [f"ridge-{name}" for name in corpus.modalities])
    ran = ProtocolRun("honest", study, corpus, systems)
    return {row.name: row for row in gather(ran, fit_systems(ran, folder, RunOptions()), corpus.splits)}


def sums_of(corpus, parts, fresh, row, target):
    """Sums per evaluated group, the fold that tests it, and the score of all fresh clips under all fits."""
    classes, metric = target.kind == "classes", METRICS[target.metric]
    own, other = [], []
    for split, part in zip(corpus.splits, parts, strict=True):
        predicted = row.test[split.name][target.name]
        predicted = predicted if classes else predicted[:, 0]
        own.append(predicted[: len(part)])
        other.append(predicted[len(part) :])
    rows = np.concatenate(parts)
    groups, codes = np.unique(corpus.groups[rows], return_inverse=True)
    y, n_classes = corpus.y[target.name], target.width if classes else None
    unseen = np.tile(y[fresh], len(parts))
    folds = np.empty(len(groups), int)
    folds[codes] = np.repeat(np.arange(len(parts)), [len(part) for part in parts])
    sums = metric.sums(y[rows], np.concatenate(own), codes, len(groups), n_classes=n_classes)
    one = metric.sums(unseen, np.concatenate(other), np.zeros(len(unseen), int), 1, n_classes=n_classes)
    return sums, folds, float(metric.value(one[0]))


def cell(signal, n_groups, design, options):
    """Intervals and scores on fresh groups of every row and target, and the outcomes of the paired test."""
    rng = np.random.default_rng([n_groups, len(design), signal == "signal"])
    ends, scores, truths, paired = defaultdict(list), defaultdict(list), defaultdict(list), defaultdict(list)
    targets = [TARGETS[name] for name in options.targets]
    for _ in range(options.corpora):
        corpus, parts, fresh = corpus_of(rng, n_groups, design, STRENGTH[signal], targets, options.modalities)
        with tempfile.TemporaryDirectory() as folder:
            rows = run(corpus, Path(folder))
        for target in targets:
            metric, sums = METRICS[target.metric], {}
            for name, row in rows.items():
                sums[name], folds, truth = sums_of(corpus, parts, fresh, row, target)
                # Both modalities are alike: what holds for one holds for the other, raw and matched apart.
                key = target.name, "raw" if name.endswith("-raw") else "matched"
                truths[key].append(truth)
                scores[key].append(float(metric.value(sums[name].sum(axis=0))))
                ends[key].append([interval(metric, sums[name], training=kind, folds=folds) for kind in KINDS])
            if len(options.modalities) == 2:
                both = [sums[f"ridge-{name}"] for name in options.modalities]
                tests = [compare(metric, *both, n_permutations=999, training=kind) for kind in KINDS[:2]]
                paired[target.name].append([one.p_value < 0.05 for one in tests])
    return ends, scores, truths, paired


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpora", type=int, default=100)
    parser.add_argument("--groups", type=int, nargs="+", default=[10, 30, 100])
    parser.add_argument("--designs", nargs="+", default=["given", "folds", "left-out"])
    parser.add_argument("--signals", nargs="+", default=["null", "signal"])
    parser.add_argument("--targets", nargs="+", default=list(TARGETS))
    parser.add_argument("--modalities", nargs="+", default=["audio", "face"])
    options = parser.parse_args()
    print("per cent of intervals that lie above / below the true score, and their mean width; a row a modality")
    heads = "".join(f"{kind:>20}" for kind in KINDS)
    print(f"{'cell':26}{'score':16}{'true':>6}{'mean':>7}{heads}{'p < .05':>9}{'shared':>9}{'cpu s':>6}")
    with threadpool_limits(1):
        for signal in options.signals:
            for n_groups in options.groups:
                for design in options.designs:
                    report(signal, n_groups, design, options)


def report(signal, n_groups, design, options):
    started = time.process_time()
    ends, scores, truths, paired = cell(signal, n_groups, design, options)
    seconds = (time.process_time() - started) / options.corpora
    for key, intervals in ends.items():
        target, kind = key
        if target == "mood" and kind == "raw":
            continue  # classes are not matched
        low, high = np.moveaxis(np.array(intervals), -1, 0)
        own = np.array(truths[key])
        true = own[:, None] if design == "given" else own.mean()
        cells = "".join(
            f"{100 * a:8.1f} /{100 * b:4.1f} {w:5.3f}"
            for a, b, w in zip(
                (low > true).mean(0), (high < true).mean(0), np.nanmean(high - low, axis=0), strict=True
            )
        )
        tests = ""
        if kind == "matched" and paired:
            tests = "".join(f"{100 * share:9.1f}" for share in np.mean(paired[target], axis=0)) + f"{seconds:6.1f}"
        metric, name = TARGETS[target].metric, f"{signal} {n_groups} {design}"
        means = f"{own.mean():6.3f}{np.mean(scores[key]):7.3f}"
        print(f"{name:26}{metric + ' ' + kind:16}{means}{cells}{tests}", flush=True)


if __name__ == "__main__":
    main()
