"""A study by the suite, by plain scikit-learn, FLAML and AutoGluon: scores, CPU time, memory.

Every peer gets the modalities of the study side by side, the same outer splits, and the suite's own grouped folds
inside. Scores are means over targets of the study's metric: out-of-fold inside the training part (mean over the splits;
plain scikit-learn's would cost its stack five times more and stays empty) and of the evaluated clips (pooled over the
splits). Concordances are given with every peer's predictions matched as the suite matches its own, by out-of-fold
constants, and unmatched; the correlation, which matching leaves as it is, stands beside them. Each runs in processes of
its own; CPU time is that of all of them, peak memory the largest sum over them, shared pages counted once. Errors
count out-of-fold in units of deviation, with a minus. A peer that is not installed is named with the reason; AutoGluon
needs pandas below 2.4, so give it an environment of its own:
``pip install . flaml 'autogluon.tabular[lightgbm,xgboost,catboost,fastai]'``.

    python benchmarks/peers.py STUDY --data FOLDER [--peers suite sklearn flaml autogluon] [--splits N] [--seconds 600]
"""

import argparse
import json
import os
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pandas as pd
from watching import watched

from avbaselines import catalog
from avbaselines.evaluation.metrics import score
from avbaselines.experiment.fitting.postprocess import finish
from avbaselines.experiment.fitting.run_options import RunOptions
from avbaselines.experiment.fitting.scheduler import fit_systems
from avbaselines.experiment.fitting.split_setup import split_task
from avbaselines.experiment.fitting.store import Fitted
from avbaselines.experiment.scoring.gathering import gather
from avbaselines.experiment.scoring.picking import pick
from avbaselines.experiment.scoring.selection_score import oof_score
from avbaselines.experiment.study_plan import prepare
from avbaselines.experiment.study_run import execute
from avbaselines.results_table import joined
from avbaselines.study import load_study


@dataclass
class Given:
    """One target of one split, as a peer gets it: labelled training clips their folds, and clips to predict."""

    X: np.ndarray
    y: np.ndarray
    folds: np.ndarray
    X_test: np.ndarray
    classes: bool
    seconds: float
    jobs: int


@dataclass
class Found:
    """What a peer predicts: evaluated clips, training clips out-of-fold (None = not known), and models by name."""

    test: np.ndarray
    oof: np.ndarray | None = None
    models: dict = field(default_factory=dict)


def sklearn_peer(given):
    """Stacked grid searches of the same families, with grouped folds wherever scikit-learn takes them."""
    from sklearn.ensemble import (
        HistGradientBoostingClassifier,
        HistGradientBoostingRegressor,
        StackingClassifier,
        StackingRegressor,
    )
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression, Ridge
    from sklearn.model_selection import GridSearchCV, PredefinedSplit
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC, SVR

    classes = given.classes
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
    folds = PredefinedSplit(given.folds)
    stack = (StackingClassifier if classes else StackingRegressor)(parts, cv=folds, n_jobs=given.jobs)
    stack.fit(given.X, given.y)
    return Found(stack.predict(given.X_test))


def flaml_peer(given):
    from flaml import AutoML
    from sklearn.base import clone
    from sklearn.model_selection import PredefinedSplit, cross_val_predict

    kind = {"task": "classification", "metric": "accuracy"} if given.classes else {"task": "regression"}
    model = AutoML()
    settings = {"time_budget": given.seconds, "n_jobs": given.jobs, "verbose": 0, "eval_method": "cv", "seed": 0}
    # A fold is a group, so that its folds are these.
    folds = {"split_type": "group", "groups": given.folds, "n_splits": len(np.unique(given.folds))}
    train, test = framed(given.X), framed(given.X_test)
    model.fit(train, given.y, **kind, **settings, **folds)
    prepared = model.feature_transformer.transform(train)
    oof = cross_val_predict(clone(model.model.estimator), prepared, given.y, cv=PredefinedSplit(given.folds))
    return Found(np.asarray(model.predict(test)), oof, {model.best_estimator: 1 - model.best_loss})


def autogluon_peer(given):
    from autogluon.tabular import TabularPredictor

    train = pd.concat([framed(given.X), pd.DataFrame({"y": given.y, "fold": given.folds})], axis=1)
    # Of what it knows, the correlation is nearest to a concordance of matched predictions.
    kind = (
        {"problem_type": "multiclass"} if given.classes else {"problem_type": "regression", "eval_metric": "pearsonr"}
    )
    with tempfile.TemporaryDirectory() as place:
        predictor = TabularPredictor("y", groups="fold", path=place, verbosity=0, **kind)
        settings = {"time_limit": given.seconds, "num_cpus": given.jobs}
        predictor.fit(train, presets="best_quality", dynamic_stacking=False, **settings)
        board = predictor.leaderboard().set_index("model")["score_val"]
        test = predictor.predict(framed(given.X_test))
        return Found(test.to_numpy(), predictor.predict_oof().to_numpy(), board.to_dict())


def framed(X):
    """Features with names, which FLAML needs to fill gaps."""
    return pd.DataFrame(X, columns=[f"f{number}" for number in range(X.shape[1])])


PEERS = {"sklearn": sklearn_peer, "flaml": flaml_peer, "autogluon": autogluon_peer}


def by_suite(side, options):
    """The picked system's predictions, matched and unmatched, as lists of (oof, test), and its name."""
    splits = side.corpus.splits
    with tempfile.TemporaryDirectory() as place:
        execute([side], Path(place) / "run", RunOptions(jobs=options.jobs))
        outcome = fit_systems(side, Path(place) / "run", RunOptions())  # reads what the run has just fitted
        rows = gather(side, outcome, splits)
    name, rows = pick(side.corpus, rows, splits)
    by_name = {row.name: row for row in rows}
    row, note = by_name[name], f"{name}: {joined(by_name[name].remarks)}".rstrip(": ")
    raw = by_name.get(row.system.raw_label)
    return *([(each.oof[split.name], each.test[split.name]) for split in splits] for each in (row, raw) if each), note


def by_peer(side, peer, options):
    """As `by_suite`, of a peer."""
    corpus, models = side.corpus, []
    X = np.hstack([modality.X for modality in corpus.modalities.values()])
    present = {name: modality.present for name, modality in corpus.modalities.items()}
    matched, raw = [], []
    for split in corpus.splits:
        task, fitted = split_task(side, split, "cpu", present), Fitted()
        for target in corpus.targets:
            y, classes = task.y[target.name], target.kind == "classes"
            known = ~np.isnan(y)
            given = Given(
                *(X[split.fit][known], y[known].astype(int) if classes else y[known], task.folds[known]),
                *(X[split.test], classes, options.seconds / len(corpus.targets), options.jobs),
            )
            found = PEERS[peer](given)
            models.append(found.models)
            fitted.oof[target.name] = np.full((len(y), target.width), np.nan)
            if found.oof is not None:
                fitted.oof[target.name][known] = wide(found.oof, target)
            fitted.test[target.name] = wide(found.test, target)
        for several, matching in ((matched, True), (raw, False)):
            done = finish(fitted, task, matching)
            unknown = all(np.isnan(values).all() for values in fitted.oof.values())
            several.append((None if unknown else done.filled(done.oof), done.filled(done.test)))
    return matched, raw, families(models)


def wide(values, target):
    """Predictions as the suite has them: a column, or a column a class."""
    return np.eye(target.width)[values.astype(int)] if target.kind == "classes" else np.reshape(values, (-1, 1))


def families(models):
    """How often each family of models was the best of a target, and the mean over targets of its best score."""
    best = [{} for _ in models]
    for scores, of_target in zip(models, best, strict=True):
        for name, value in scores.items():
            family = name.partition("_")[0]
            of_target[family] = max(value, of_target.get(family, -np.inf))
    single = [{name: value for name, value in each.items() if "Ensemble" not in name} for each in best]
    wins = Counter(max(each, key=each.get) for each in single if each)
    names = {name for each in best for name in each}
    means = {name: np.mean([each[name] for each in best if name in each]) for name in names}
    tried = {name: sum(name in each for each in best) for name in names}
    ordered = sorted(names, key=lambda name: -means[name])
    return ", ".join(f"{name} {means[name]:.3f} (best {wins[name]}/{tried[name]})" for name in ordered)


def means(corpus, predicted):
    """Out-of-fold score, test score and its correlation, means over targets, of a list of (oof, test)."""
    oofs = [oof for oof, _ in predicted]
    oof = (
        None
        if oofs[0] is None
        else np.mean([oof_score(corpus, *pair) for pair in zip(corpus.splits, oofs, strict=True)])
    )
    rows = np.concatenate([split.test for split in corpus.splits])
    scores, correlations = [], []
    for target in corpus.targets:
        truth = corpus.y[target.name][rows]
        values = np.concatenate([test[target.name] for _, test in predicted])
        if target.kind == "classes":
            scores.append(score(target.metric, truth, values, n_classes=target.width))
        else:
            scores.append(score(target.metric, truth, values[:, 0]))
            correlations.append(score("pcc", truth, values[:, 0]))
    return oof, np.mean(scores), np.mean(correlations) if correlations else None


def measure(peer, options):
    """One row of the table, by column."""
    path = catalog.find("studies", options.study)
    side = prepare(load_study(path), path, options.data, ["honest"], options=RunOptions(jobs=options.jobs))[0]
    side = replace(side, corpus=replace(side.corpus, splits=side.corpus.splits[: options.splits]))
    *predicted, note = by_suite(side, options) if peer == "suite" else by_peer(side, peer, options)
    oof, test, pcc = means(side.corpus, predicted[0])
    row = {"oof": oof, "oof_raw": None, "test": test, "test_raw": None, "pcc": pcc}
    if len(predicted) > 1 and pcc is not None:
        row["oof_raw"], row["test_raw"], _ = means(side.corpus, predicted[1])
        if oof is None:  # nothing to learn the matching from
            row["test"] = None
    return {name: None if value is None else float(value) for name, value in row.items()} | {"note": note}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("study")
    parser.add_argument("--data")
    parser.add_argument("--peers", nargs="+", choices=["suite", *PEERS], default=["suite", *PEERS])
    parser.add_argument("--splits", type=int, help="only the first outer splits, for everybody")
    parser.add_argument("--seconds", type=float, default=600, help="budget of FLAML and AutoGluon for a split")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--one", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(measure(options.one, options)))
        return
    print("| who | out-of-fold | unmatched | test | unmatched | test pcc | CPU s | peak MiB | models |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    for peer in options.peers:
        # Waiting threads that spin would cost everybody their time on a machine that others use.
        done = watched([sys.executable, __file__, *sys.argv[1:], "--one", peer], OMP_WAIT_POLICY="PASSIVE")
        if done.status:
            reason = (done.errors.strip().splitlines() or [done.status])[-1]
            print(f"| {peer} | not run: {reason} | | | | | | | |", flush=True)
            continue
        found = json.loads(done.output.strip().splitlines()[-1])
        names = ("oof", "oof_raw", "test", "test_raw", "pcc")
        values = " | ".join("" if found[name] is None else f"{found[name]:.3f}" for name in names)
        print(f"| {peer} | {values} | {done.cpu:,.0f} | {done.peak:,.0f} | {found['note']} |", flush=True)


if __name__ == "__main__":
    main()
