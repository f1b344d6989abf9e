"""Defaults of boosting, each change by itself: out-of-fold and evaluated scores and CPU seconds over several corpora.

    python benchmarks/boosting_defaults.py --data-root DIR [--corpora NAME ...] [--variants NAME ...]

A corpus is one table (its modalities side by side), its first split or splits and its inner folds by speaker. A variant
is one change of `LightGBMRegressor` and `LightGBMClassifier` or their XGBoost twins. One that grows further than today
is read at all numbers of rounds, and what stopping early would have grown is told beside it ("stopped": the share of
those rounds that growing takes which ends after 60 rounds without a better score). Printed a row a corpus and variant:

- out-of-fold: the score of the learner's own choice of rounds, by the study's metric (a concordance after matching);
- refit, folds, both: scores of the evaluated clips by the refit to all rows (`final` = 'all'), by the mean of the fits
  without each fold (`final` = 'folds', the default), and by the mean of all of these;
- CPU s: of the fit. One thread.

Corpora that are not below --data-root are named and skipped.
"""

import argparse
import time
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from generated_families import write_family
from sklearn.model_selection import PredefinedSplit
from threadpoolctl import threadpool_limits

from avbaselines.catalog import find
from avbaselines.estimators.boosting.base import _by_class
from avbaselines.estimators.boosting.lightgbm_models import LightGBMClassifier, LightGBMRegressor
from avbaselines.estimators.boosting.xgboost_models import XGBoostClassifier, XGBoostRegressor
from avbaselines.estimators.tuned.group_folds import group_folds
from avbaselines.estimators.tuned.matching import Matcher
from avbaselines.estimators.tuned.target_scaling import standardised
from avbaselines.evaluation.metrics import score
from avbaselines.experiment.study_run import prepare
from avbaselines.study import load_study

LONG = tuple(range(25, 601, 25))
PATIENCE = 60


@dataclass(frozen=True)
class Variant:
    """A change of the default: parameters of the estimator, and of the library beside them."""

    library: str = "lightgbm"
    parameters: tuple[tuple[str, object], ...] = ()
    growing: tuple[tuple[str, object], ...] = ()


def changed(library="lightgbm", growing=(), **parameters):
    parameters.setdefault("final", "all")
    return Variant(library, tuple(parameters.items()), tuple(dict(growing).items()))


VARIANTS = {
    "today": changed(),
    "long": changed(rounds=LONG),
    "slow, long": changed(rounds=LONG, learning_rate=0.03),
    "extra trees": changed(growing={"extra_trees": True}),
    "4 leaves": changed(num_leaves=4),
    "15 leaves": changed(num_leaves=15),
    "15 leaves of 30": changed(num_leaves=15, min_leaf=30),
    "half of the rows": changed(row_fraction=0.5),
    "100 columns a tree": changed(columns_per_tree=100),
    "31 bins": changed(max_bin=31),
    "xgboost today": changed("xgboost"),
    "xgboost long": changed("xgboost", rounds=tuple(range(10, 241, 10))),
    "xgboost 120": changed("xgboost", rounds=(10, 20, 40, 80, 120)),
    "xgboost depth 2": changed("xgboost", max_depth=2),
    "xgboost depth 4": changed("xgboost", max_depth=4),
    "xgboost depth 5": changed("xgboost", max_depth=5),
    "31 leaves of 30": changed(num_leaves=31, min_leaf=30),
    "xgboost leaves of 10": changed("xgboost", min_child_weight=10.0),
}


@dataclass(frozen=True)
class Table:
    """One split of a corpus."""

    X: np.ndarray
    y: np.ndarray
    groups: np.ndarray
    X_test: np.ndarray
    y_test: np.ndarray
    metric: str

    @property
    def classes(self):
        return self.y.ndim == 1


def of_study(path, data, modalities=None, targets=None, splits=1):
    """Tables of a study's first splits."""
    (run,) = prepare(load_study(path), path, data, ["honest"])
    corpus = run.corpus
    X = np.hstack([corpus.modalities[name].X for name in modalities or corpus.modalities])
    chosen = [target for target in corpus.targets if targets is None or target.name in targets]
    Y = np.column_stack([corpus.y[target.name] for target in chosen])
    y = Y[:, 0].astype(int) if chosen[0].kind == "classes" else Y
    known = ~np.isnan(X).all(axis=1) & ~np.isnan(Y).all(axis=1)
    groups = np.unique(corpus.groups, return_inverse=True)[1]
    for split in corpus.splits[:splits]:
        fit, test = split.fit[known[split.fit]], split.test[known[split.test]]
        yield Table(X[fit], y[fit], groups[fit], X[test], y[test], chosen[0].metric)


def of_family(name, splits):
    with TemporaryDirectory() as folder:
        yield from of_study(write_family(name, Path(folder)), None, splits=splits)


def stacked(path, data):
    """Every fourth frame of 28 people, of whom 6 are evaluated: what others' systems predict for it, as features."""
    (run,) = prepare(load_study(path), path, data, ["honest"])
    corpus = run.corpus
    X = np.hstack([values for system in corpus.predictions.values() for values in system.values.values()])[::4]
    Y = np.column_stack([corpus.y[target.name] for target in corpus.targets])[::4]
    groups = np.unique(corpus.groups, return_inverse=True)[1][::4]
    test = groups % 5 == 4
    yield Table(X[~test].astype(np.float32), Y[~test], groups[~test], X[test].astype(np.float32), Y[test], "ccc")


def large(noise, seed):
    """10,000 clips of 250 speakers: 150 columns, of which targets know sums, steps and products."""
    rng = np.random.default_rng(seed)
    speaker = rng.integers(0, 250, 10_000)
    latent = rng.normal(size=(10_000, 8)) + 0.7 * rng.normal(size=(250, 8))[speaker]
    X = latent @ rng.normal(size=(8, 150)) / 2 + 1.5 * rng.normal(size=(10_000, 150))
    X += 0.7 * rng.normal(size=(250, 150))[speaker]
    arousal = latent[:, 0] + (latent[:, 1] > 0) + latent[:, 2] * latent[:, 3]
    valence = np.tanh(latent[:, 4] + latent[:, 5] * (latent[:, 6] > 0)) + 0.4 * latent[:, 7]
    Y = np.column_stack([arousal / arousal.std(), valence / valence.std()]) + noise * rng.normal(size=(10_000, 2))
    fit = speaker < 200
    yield Table(X[fit], Y[fit], speaker[fit], X[~fit], Y[~fit], "ccc")


POM = ["confident", "passionate", "persuasive", "humorous", "relaxed", "nervous"]
CORPORA = {
    "small (300)": lambda data: of_family("small", 3),
    "wide (926)": lambda data: of_family("wide", 1),
    "quickstart": lambda data: of_study(find("studies", "quickstart"), None),
    "POM audio": lambda data: of_study(find("studies", "pom"), data / "cmu_pom", ["audio"], POM),
    "RAVDESS face": lambda data: of_study(find("studies", "ravdess"), data / "ravdess", ["face", "face-dynamic"]),
    "MOSI audio": lambda data: of_study(find("studies", "mosi"), data / "cmu_mosi", ["audio"], ["sentiment"]),
    "heavy (3,000)": lambda data: of_family("heavy", 1),
    "large (10,000)": lambda data: large(0.9, seed=5),
    "large, noisy": lambda data: large(2.5, seed=6),
    "SEWA stacked": lambda data: stacked(find("studies", "multistage-fusion"), data / "sewa_dev"),
}


def watched(table, variant):
    """The learner of a variant, whose fits without each fold are kept."""
    regressor, classifier = {
        "lightgbm": (LightGBMRegressor, LightGBMClassifier),
        "xgboost": (XGBoostRegressor, XGBoostClassifier),
    }[variant.library]

    class Watched(classifier if table.classes else regressor):
        def __init__(self, **given):
            super().__init__(**given)
            self.kept = []

        def _growing(self, n_rows, n_columns):
            return {**super()._growing(n_rows, n_columns), **dict(variant.growing)}

        def _binned(self, X, columns):
            self.columns = columns
            return super()._binned(X, columns)

        def _staged(self, ensemble):
            self.kept.append((self.columns, ensemble))
            return super()._staged(ensemble)

    folds = group_folds(table.groups, 5, seed=0)
    model = Watched(cv=PredefinedSplit(folds), metric=table.metric, **dict(variant.parameters))
    return model, folds


def of_folds(model, table, folds):
    """Mean prediction of the evaluated clips by the fits without each fold; of classes, mean margins."""
    rounds, kept, parts = [chosen["rounds"] for chosen in model.best_params_], iter(model.kept), []
    for fold in range(folds.max() + 1):
        if table.classes:
            columns, ensemble = next(kept)
            margins = model._margins(ensemble.booster, table.X_test[:, columns], rounds[0])
            parts.append(_by_class(margins.reshape(len(margins), -1)))
            continue
        _, mean, scale = standardised(table.y[folds != fold])
        predicted = np.empty((len(table.X_test), len(mean)))
        for t in range(len(mean)):
            columns, ensemble = next(kept)
            predicted[:, t] = model._margins(ensemble.booster, table.X_test[:, columns], rounds[t])
        parts.append(predicted * scale + mean)
    return np.array(parts)


def measured(table, variant):
    """Out-of-fold score, scores of the evaluated clips (refit, folds, both), CPU seconds, share grown if stopped."""
    model, folds = watched(table, variant)
    started = time.process_time()
    model.fit(table.X, table.y, groups=table.groups)
    seconds = time.process_time() - started
    parts = of_folds(model, table, folds)
    if table.classes:
        refit = model._outputs(model.model_, table.X_test)
        codes = np.searchsorted(model.classes_, table.y_test)
    else:
        refit = model.predict(table.X_test)
    evaluated = []
    for predicted in (refit, parts.mean(axis=0), np.mean([refit, *parts], axis=0)):
        if table.classes:
            evaluated.append(score(table.metric, codes, predicted, n_classes=len(model.classes_)))
            continue
        if table.metric == "ccc":
            predicted = Matcher().fit(model.oof_prediction_, table.y).transform(predicted)
        evaluated.append(
            np.mean([score(table.metric, t, p) for t, p in zip(table.y_test.T, predicted.T, strict=True)])
        )
    return model.oof_scores_.max(axis=0).mean(), *evaluated, seconds, stopped(model)


def stopped(model):
    """Share of the rounds that growing takes which ends PATIENCE rounds after the best score so far."""
    ends = []
    for scores in model.oof_scores_.T:
        best = np.maximum.accumulate(scores)
        since = np.array([model.rounds[i] - model.rounds[int(np.argmax(scores[: i + 1]))] for i in range(len(best))])
        late = np.flatnonzero(since >= PATIENCE)
        ends.append(model.rounds[late[0]] if len(late) else model.rounds[-1])
    return np.mean(ends) / model.rounds[-1]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data-root", type=Path, required=True)
    parser.add_argument("--corpora", nargs="+", default=list(CORPORA), choices=list(CORPORA))
    parser.add_argument("--variants", nargs="+", default=list(VARIANTS), choices=list(VARIANTS))
    options = parser.parse_args()
    print("| corpus | variant | out-of-fold | refit | folds | both | CPU s | stopped |")
    print("|---|---|---|---|---|---|---|---|")
    with threadpool_limits(1):
        for corpus in options.corpora:
            try:
                tables = list(CORPORA[corpus](options.data_root))
            except OSError as error:
                print(f"| {corpus} | skipped: {error} |")
                continue
            for name in options.variants:
                rows = np.array([measured(table, VARIANTS[name]) for table in tables])
                figures = rows.mean(axis=0)
                shown = " | ".join(f"{figure:.3f}" for figure in figures[:4])
                print(f"| {corpus} | {name} | {shown} | {rows[:, 4].sum():.1f} | {figures[5]:.2f} |", flush=True)


if __name__ == "__main__":
    main()
