"""What scalings, speaker normalisation and functionals of sequences bring, one learner and modality at a time.

    python benchmarks/preprocessing_defaults.py [--ravdess DIR] [--pom DIR] [--mosi DIR] [--parts PART ...]

A corpus whose folder is not given is left out; others are generated. A cell is the difference to the default in
thousandths, out-of-fold / on the evaluated clips: accuracy of classes, else the mean over targets of the concordance
(after matching). CPU seconds are those of the change's fits, of one process.
"""

import argparse
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sklearn.model_selection import PredefinedSplit
from threadpoolctl import threadpool_limits

from avbaselines.catalog import find
from avbaselines.corpora.modalities import FUNCTIONALS
from avbaselines.estimators.kernel.support_vectors import KernelClassifier, KernelRegressor
from avbaselines.estimators.linear.ridge import RidgeClassifier, RidgeRegressor
from avbaselines.estimators.preprocessing.per_speaker import standardise_per_group
from avbaselines.estimators.preprocessing.preparation_options import PreparationOptions
from avbaselines.estimators.tuned.group_folds import group_folds
from avbaselines.estimators.tuned.matching import Matcher
from avbaselines.estimators.tuned.target_scaling import tuning_score
from avbaselines.evaluation.metrics import score
from avbaselines.experiment.loading.corpus import load_corpus
from avbaselines.study import load_study

LEARNERS = {
    ("ridge", False): RidgeRegressor,
    ("ridge", True): RidgeClassifier,
    ("svr", False): KernelRegressor,
    ("svr", True): KernelClassifier,
}
TABLES = {
    "ravdess": ("egemaps", "face", "face-dynamic"),
    "pom": ("audio", "face"),
    "mosi": ("audio", "visual"),
    "quickstart": ("audio", "face"),
}
NEED_DATA = ("ravdess", "pom", "mosi")
Folders = Mapping[str, Path | None]
"""By study, where its data are."""
SEQUENCES = {"audio": "audio_covarep_seq.npz", "face": "visual_facet_seq.npz"}
FUNCTIONAL_SETS = {
    "without steps": [name for name in FUNCTIONALS if name != "steps"],
    "and min, max": [*FUNCTIONALS, "min", "max"],
    "and thirds": [*FUNCTIONALS, "first", "middle", "last"],
    "and correlation": [*FUNCTIONALS, "correlation"],
}
SCALINGS = {
    "standard": ("standard",),
    "quantile": ("quantile",),
    "the better of them": ("standard", "quantile"),
    "and joined": ("standard", "quantile", "joined"),
}
Change = Callable[[np.ndarray, np.ndarray, np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]
"""Features of the clips to learn from and of the evaluated ones, from these and the speakers of both."""


@dataclass(frozen=True)
class Table:
    """Features of one modality with the labels and splits of its corpus; clips without the modality are left out.

    Attributes
    ----------
    X : ndarray of shape (n, n_features)
    Y : ndarray of shape (n,) of class codes, or (n, T) of targets
    """

    name: str
    X: np.ndarray
    Y: np.ndarray
    groups: np.ndarray
    splits: Sequence[tuple[np.ndarray, np.ndarray]]

    @property
    def classes(self) -> bool:
        """Whether its target is one of classes."""
        return self.Y.ndim == 1


@dataclass(frozen=True)
class Outcome:
    """Scores out-of-fold and on the evaluated clips, and CPU seconds."""

    oof: float
    evaluated: float
    seconds: float

    def less(self, other: "Outcome") -> str:
        """The difference to another one, in thousandths."""
        return f"{1000 * (self.oof - other.oof):+.0f} / {1000 * (self.evaluated - other.evaluated):+.0f}"


def outcome(table: Table, learner: str, scalings: Sequence[str] | None, change: Change | None = None) -> Outcome:
    """Fit a learner in every split and score it.

    Parameters
    ----------
    table
    learner
        "ridge" or "svr".
    scalings
        See `PreparationOptions`.
    change
        What is done to features before.
    """
    started, oof, truth, predicted = time.process_time(), [], [], []
    for train, test in table.splits:
        X, X_test = table.X[train], table.X[test]
        if change is not None:
            X, X_test = change(X, X_test, table.groups[train], table.groups[test])
        folds = group_folds(table.groups[train], 5, labels=table.Y[train] if table.classes else None)
        model = LEARNERS[learner, table.classes](
            cv=PredefinedSplit(folds), preparation=PreparationOptions(scalings), random_state=0
        ).fit(X, table.Y[train], groups=table.groups[train])
        truth.append(table.Y[test])
        if table.classes:
            oof.append(float(model.oof_scores_.max()))
            predicted.append(model.predict(X_test))
        else:
            pairs = zip(table.Y[train].T, model.oof_prediction_.T, strict=True)
            oof.append(float(np.mean([tuning_score("ccc", y, p, True) for y, p in pairs])))
            predicted.append(Matcher().fit(model.oof_prediction_, table.Y[train]).transform(model.predict(X_test)))
    seconds = time.process_time() - started
    if table.classes:
        evaluated = float((np.concatenate(predicted) == np.concatenate(truth)).mean())
    else:
        pairs = zip(np.vstack(truth).T, np.vstack(predicted).T, strict=True)
        evaluated = float(np.mean([score("ccc", y[~np.isnan(y)], p[~np.isnan(y)]) for y, p in pairs]))
    return Outcome(float(np.mean(oof)), evaluated, seconds)


def study_tables(folders: Folders, functionals: Sequence[str] | None = None) -> Iterator[Table]:
    """Tables of the studies whose data are there; with functionals, of POM's sequences alone."""
    for name, modalities in TABLES.items():
        folder = folders.get(name)
        if (name in NEED_DATA and folder is None) or (functionals and name != "pom"):
            continue
        overrides = [
            f"modalities.{modality}={{path='${{data}}/{SEQUENCES[modality]}', functionals={list(functionals)}, "
            "max_missing=0.6}"
            for modality in (modalities if functionals else ())
        ]
        path = find("studies", name)
        corpus = load_corpus(load_study(path, overrides), path, folder)
        regressed = [target.name for target in corpus.targets if target.kind == "regression"]
        if regressed:
            Y = np.column_stack([corpus.y[target] for target in regressed])
        else:
            Y = corpus.y[corpus.targets[0].name].astype(int)
        for modality in modalities:
            X = corpus.modalities[modality].X
            there = ~np.isnan(X).all(axis=1) & ~np.isnan(Y.reshape(len(Y), -1)).all(axis=1)
            splits = [(split.train[there[split.train]], split.test[there[split.test]]) for split in corpus.splits]
            yield Table(f"{name}: {modality}", X, Y, corpus.groups, splits)


def generated(tail: str, seed: int = 0) -> Table:
    """600 clips of 30 speakers with 60 features that know two targets, their tails as `tail` says."""
    rng, speakers = np.random.default_rng(seed), np.repeat(np.arange(30), 20)
    latent = rng.normal(size=(600, 3))
    weights = rng.normal(size=(3, 60)) * (rng.random((3, 60)) < 0.4)
    Z = latent @ weights + 1.5 * rng.normal(size=(600, 60)) + 0.7 * rng.normal(size=(30, 60))[speakers]
    if tail == "far outliers":
        Z += 0.5 * rng.standard_t(1.5, size=Z.shape)
    elif tail == "log-normal":
        Z = np.exp(Z * rng.uniform(0.2, 1.5, size=60))
    elif tail == "mixed":
        Z = np.hstack([np.exp(Z[:, :20]), np.maximum(Z[:, 20:40] - 1, 0), Z[:, 40:]])
    folds = group_folds(speakers, 5, seed=seed)
    splits = [(np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)) for fold in range(3)]
    Y = latent[:, :2] + 0.6 * rng.normal(size=(600, 2))
    return Table(f"generated: {tail}", Z.astype(np.float32), Y, speakers, splits)


def per_speaker(X: np.ndarray, X_test: np.ndarray, speakers: np.ndarray, others: np.ndarray) -> tuple[np.ndarray, ...]:
    """Transductive: every speaker by all of its clips."""
    return standardise_per_group(X, speakers), standardise_per_group(X_test, others)


def by_nearest_cluster(
    X: np.ndarray, X_test: np.ndarray, speakers: np.ndarray, others: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Two clusters of training speakers; each clip by the statistics of the one that its own features are nearest."""
    from sklearn.cluster import KMeans

    scale = np.where((deviation := np.nanstd(X, axis=0)) > 0, deviation, np.inf)
    Z, Z_test = (np.nan_to_num((part - np.nanmean(X, axis=0)) / scale) for part in (X, X_test))
    means = np.array([Z[speakers == name].mean(axis=0) for name in np.unique(speakers)])
    clusters = KMeans(2, n_init=5, random_state=0).fit(means)
    own, own_test, normalised = clusters.predict(Z), clusters.predict(Z_test), (X.copy(), X_test.copy())
    for cluster in np.unique(own):
        rows = X[own == cluster]
        mean, spread = np.nanmean(rows, axis=0), np.nanstd(rows, axis=0)
        for part, which in zip(normalised, (own, own_test), strict=True):
            part[which == cluster] = (part[which == cluster] - mean) / np.where(spread > 0, spread, np.inf)
    return normalised


def show(title: str, names: Sequence[str], rows: Iterator[tuple[str, Outcome, dict[str, Outcome]]]) -> None:
    """Print a Markdown table, a row as soon as it is there."""
    heads = [title, "default", "CPU", *(f"{name} (CPU)" for name in names)]
    print("| " + " | ".join(heads) + " |\n| " + " | ".join("---" for _ in heads) + " |")
    for name, default, changed in rows:
        cells = [f"{one.less(default)} ({one.seconds:.1f})" for one in changed.values()]
        first = f"{default.oof:.3f} / {default.evaluated:.3f}"
        print("| " + " | ".join([name, first, f"{default.seconds:.1f}", *cells]) + " |", flush=True)
    print()


def scaling_rows(folders: Folders, learner: str) -> Iterator[tuple[str, Outcome, dict[str, Outcome]]]:
    """Scalings that are tried out-of-fold, against the learner's own."""
    tails = ("none", "far outliers", "log-normal", "mixed")
    for table in [*study_tables(folders), *map(generated, tails)]:
        yield table.name, outcome(table, learner, None), {
            name: outcome(table, learner, scalings) for name, scalings in SCALINGS.items()
        }


def speaker_rows(folders: Folders, learner: str) -> Iterator[tuple[str, Outcome, dict[str, Outcome]]]:
    """Normalisation per speaker (transductive), and by the nearest of two clusters of training speakers."""
    changes = {"per speaker": per_speaker, "nearest cluster": by_nearest_cluster}
    for table in study_tables(folders):
        if not table.name.startswith("pom"):  # one clip a speaker
            yield table.name, outcome(table, learner, None), {
                name: outcome(table, learner, None, change) for name, change in changes.items()
            }


def sequence_rows(folders: Folders, learner: str) -> Iterator[tuple[str, Outcome, dict[str, Outcome]]]:
    """Functionals of sequences."""
    sets = {name: list(study_tables(folders, functionals)) for name, functionals in FUNCTIONAL_SETS.items()}
    for number, table in enumerate(study_tables(folders, list(FUNCTIONALS))):
        yield table.name, outcome(table, learner, None), {
            name: outcome(tables[number], learner, None) for name, tables in sets.items()
        }


PARTS = {
    "scaling": (scaling_rows, list(SCALINGS)),
    "speakers": (speaker_rows, ["per speaker", "nearest cluster"]),
    "sequences": (sequence_rows, list(FUNCTIONAL_SETS)),
}


def main() -> None:
    command = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in NEED_DATA:
        command.add_argument(f"--{name}", type=Path, metavar="DIR")
    command.add_argument("--parts", nargs="+", choices=list(PARTS), default=list(PARTS))
    command.add_argument("--learner", nargs="+", choices=["ridge", "svr"], default=["ridge"])
    given = command.parse_args()
    warnings.simplefilter("ignore")
    with threadpool_limits(1):
        for part in given.parts:
            rows, names = PARTS[part]
            for learner in given.learner:
                show(f"{part}, {learner}", names, rows({name: getattr(given, name) for name in NEED_DATA}, learner))


if __name__ == "__main__":
    main()
