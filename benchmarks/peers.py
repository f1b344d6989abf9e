"""A study by the suite, by plain scikit-learn, FLAML and AutoGluon: score on the same test clips, CPU time, memory.

Every peer gets the modalities of the study side by side, the same outer splits, and grouped folds inside. Scores are
means over targets of the study's metric, pooled over the splits; where that is a concordance, the correlation, which is
what matching would give at best, stands beside it. Each runs in processes of its own; CPU time and peak memory are
those of all of them. For studies of one metric. A peer that is not installed is named with the reason; AutoGluon needs
pandas below 2.4, so give it an environment of its own: ``pip install . flaml 'autogluon.tabular[lightgbm]'``.

    python benchmarks/peers.py STUDY --data FOLDER [--peers suite sklearn flaml autogluon] [--seconds 600] [--jobs 2]
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

from avbaselines import catalog
from avbaselines.evaluation.metrics import score
from avbaselines.experiment.study_run import prepare, run_study
from avbaselines.study import load_study


def sklearn_peer(X, y, groups, X_test, kind, options):
    """Stacked grid searches of the same families, with grouped folds wherever scikit-learn takes them."""
    from sklearn.ensemble import (
        HistGradientBoostingClassifier,
        HistGradientBoostingRegressor,
        StackingClassifier,
        StackingRegressor,
    )
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression, Ridge
    from sklearn.model_selection import GridSearchCV, GroupKFold
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC, SVR

    classes = kind == "classes"
    splits = list(GroupKFold(5).split(X, y, groups))
    linear = (LogisticRegression(max_iter=500), "C") if classes else (Ridge(), "alpha")
    trees = HistGradientBoostingClassifier() if classes else HistGradientBoostingRegressor()
    parts = []
    for name, model, grid in (
        ("linear", linear[0], {linear[1]: np.logspace(-3, 3, 7)}),
        ("svm", SVC() if classes else SVR(), {"C": [0.03, 0.3, 3.0]}),
        ("trees", trees, {"max_iter": [100]}),
    ):
        pipeline = make_pipeline(SimpleImputer(keep_empty_features=True), StandardScaler(), model)
        step = pipeline.steps[-1][0]
        # Inside the stack the search cannot be given groups: its folds are plain ones, as in most published code.
        parts.append((name, GridSearchCV(pipeline, {f"{step}__{key}": value for key, value in grid.items()}, cv=5)))
    stack = (StackingClassifier if classes else StackingRegressor)(parts, cv=splits, n_jobs=options.jobs)
    stack.fit(X, y)
    return stack.predict(X_test)


def flaml_peer(X, y, groups, X_test, kind, options):
    from flaml import AutoML

    task = "classification" if kind == "classes" else "regression"
    model = AutoML()
    settings = {"time_budget": options.seconds, "n_jobs": options.jobs, "verbose": 0, "eval_method": "cv", "seed": 0}
    model.fit(X, y, task=task, split_type="group", groups=groups, n_splits=5, **settings)
    return np.asarray(model.predict(X_test))


def autogluon_peer(X, y, groups, X_test, kind, options):
    from autogluon.tabular import TabularPredictor

    columns = [f"f{number}" for number in range(X.shape[1])]
    # AutoGluon takes one fold a group, so groups are dealt into five.
    train = pd.DataFrame(X, columns=columns).assign(y=y, fold=pd.factorize(groups)[0] % 5)
    problem = "multiclass" if kind == "classes" else "regression"
    with tempfile.TemporaryDirectory() as place:
        predictor = TabularPredictor("y", problem_type=problem, groups="fold", path=place, verbosity=0)
        settings = {"time_limit": options.seconds, "num_cpus": options.jobs}
        predictor.fit(train, presets="best_quality", dynamic_stacking=False, **settings)
        return predictor.predict(pd.DataFrame(X_test, columns=columns)).to_numpy()


PEERS = {"sklearn": sklearn_peer, "flaml": flaml_peer, "autogluon": autogluon_peer}


def measure(peer, options):
    """Mean score (and correlation) of a peer over the targets."""
    path = catalog.find("studies", options.study)
    side = prepare(load_study(path), path, options.data, ["honest"], jobs=options.jobs)[0]
    corpus = side.corpus
    if peer == "suite":
        with tempfile.TemporaryDirectory() as place:
            result = run_study([side], Path(place) / "run", jobs=options.jobs)
            rows = pd.read_csv(result.folder / "results.csv", keep_default_na=False, na_values=[""])
        rows = rows.query("picked == 'yes' and split == 'all' and target == 'mean'").set_index("metric")["value"]
        return {"score": rows[corpus.targets[0].metric], "pcc": rows.get("pcc")}
    X = np.hstack([modality.X for modality in corpus.modalities.values()])
    scores, correlations = [], []
    for target in corpus.targets:
        truth = corpus.y[target.name]
        predicted = np.full(len(truth), np.nan)
        for split in corpus.splits:
            rows = split.fit[~np.isnan(truth[split.fit])]
            y = truth[rows].astype(int) if target.kind == "classes" else truth[rows]
            predicted[split.test] = PEERS[peer](X[rows], y, corpus.groups[rows], X[split.test], target.kind, options)
        known = ~np.isnan(predicted) & ~np.isnan(truth)
        given = predicted[known]
        if target.kind == "classes":
            given = np.eye(target.width)[given.astype(int)]
        else:
            correlations.append(score("pcc", truth[known], given))
        n_classes = target.width if target.kind == "classes" else None
        scores.append(score(target.metric, truth[known], given, n_classes=n_classes))
    return {"score": np.mean(scores), "pcc": np.mean(correlations) if correlations else None}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("study")
    parser.add_argument("--data")
    parser.add_argument("--peers", nargs="+", choices=["suite", *PEERS], default=["suite", *PEERS])
    parser.add_argument("--seconds", type=int, default=600, help="budget of each fit of FLAML and AutoGluon")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--one", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps({name: value and float(value) for name, value in measure(options.one, options).items()}))
        return
    print("| who | score | pcc | CPU s | peak MiB of a process |")
    print("| --- | --- | --- | --- | --- |")
    for peer in options.peers:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run([sys.executable, __file__, *sys.argv[1:], "--one", peer], capture_output=True, text=True)
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        if done.returncode:
            print(f"| {peer} | not run: {done.stderr.strip().splitlines()[-1]} | | | |", flush=True)
            continue
        found = json.loads(done.stdout.strip().splitlines()[-1])
        cpu = used.ru_utime + used.ru_stime - before.ru_utime - before.ru_stime
        pcc = "" if found["pcc"] is None else f"{found['pcc']:.3f}"
        print(f"| {peer} | {found['score']:.3f} | {pcc} | {cpu:,.0f} | {used.ru_maxrss / 1024:,.0f} |", flush=True)


if __name__ == "__main__":
    main()
