"""How often the paired comparison tells two equally good modalities apart, over folds that share training clips.

Two feature tables that tell as much of a label (nothing, or something), each learnt by a ridge in five folds over the
groups, its predictions matched out-of-fold; their CCC compared as if the fits stood still (``fixed``) and as runs do
(``shared``: doubled variance, see `avbaselines.evaluation.cross_validation`). Per cent of the corpora with p < .05 and
with 0 outside the 95 % interval, where 5 is right. A minute on one core.

    python benchmarks/paired_folds.py [--corpora 150]
"""

import argparse

import numpy as np
from sklearn.linear_model import Ridge

from avbaselines.evaluation.comparison import compare
from avbaselines.evaluation.metrics import METRICS

CLIPS, FEATURES, FOLDS, PENALTY = 20, 10, 5, 50.0
OF_GROUP = 0.5
"""Deviation of what all clips of a group share, in labels and features, where a clip's own is 1."""
KINDS = ("fixed", "shared")


def matched_predictions(X: np.ndarray, y: np.ndarray, fold: np.ndarray) -> np.ndarray:
    """Predictions of each fold by the others, brought to the labels' mean and deviation by out-of-fold constants."""
    predicted = np.zeros(len(y))
    for left in range(FOLDS):
        train = fold != left
        inner = np.concatenate([
            Ridge(PENALTY).fit(X[train & (fold != other)], y[train & (fold != other)]).predict(X[fold == other])
            for other in range(FOLDS) if other != left
        ])  # fmt: skip
        own = Ridge(PENALTY).fit(X[train], y[train]).predict(X[~train])
        predicted[~train] = (own - inner.mean()) / inner.std() * y[train].std() + y[train].mean()
    return predicted


def errors(n_groups: int, signal: float, corpora: int) -> dict[str, np.ndarray]:
    """By kind, per cent of corpora with p < .05, and with 0 outside the interval."""
    rng, metric = np.random.default_rng(n_groups), METRICS["ccc"]
    groups = np.repeat(np.arange(n_groups), CLIPS)
    told = {kind: np.zeros(2) for kind in KINDS}
    for _ in range(corpora):
        y = rng.normal(size=len(groups)) + OF_GROUP * rng.normal(size=n_groups)[groups]
        sums = []
        for _ in range(2):
            X = rng.normal(size=(len(y), FEATURES)) + OF_GROUP * rng.normal(size=(n_groups, FEATURES))[groups]
            X[:, 0] += signal * y
            sums.append(metric.sums(y, matched_predictions(X, y, groups % FOLDS), groups, n_groups))
        for kind in KINDS:
            outcome = compare(metric, *sums, training=kind, n_permutations=499)
            told[kind] += outcome.p_value < 0.05, not outcome.ci_low <= 0 <= outcome.ci_high
    return {kind: 100 * count / corpora for kind, count in told.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--corpora", type=int, default=150)
    corpora = parser.parse_args().corpora
    print("| groups | signal | fixed: p < .05, interval | shared: p < .05, interval |\n| --- | --- | --- | --- |")
    for n_groups in (10, 30):
        for signal in (0.0, 0.5):
            cells = (f"{p:.1f}, {beyond:.1f}" for p, beyond in errors(n_groups, signal, corpora).values())
            print(f"| {n_groups} | {signal:g} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
