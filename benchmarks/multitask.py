"""What multitask boosting and its losses cost: time per round, and time to equal out-of-fold concordance.

Two tables. The first is the time of a round under each loss against LightGBM's and XGBoost's own squared error, on the
same rows and number of leaves, and how much of it is spent in our code rather than in growing the tree. 'ccc' is as the
learners grow it (targets stretched by the correlation of out-of-fold predictions), 'ccc, training' stretches by the
concordance of the fitted rows. What a round costs beyond our code is the library's: a loss from outside has no constant
Hessian to leave out of the histograms, and other gradients give trees of other shapes.

The second is the fit of joint trees against one ensemble per target of the same library and tree size, with the first
time at which each reaches the out-of-fold concordance that both attain in the end (mean over targets, matched).
Everything runs on one thread; the machine should be doing nothing else. Takes a few minutes.

    python benchmarks/multitask.py [--sizes 700x200 2000x200 10000x100] [--targets 4] [--repeats 5]
"""

import argparse
import time
from functools import partial

import lightgbm as lgb
import numpy as np
import xgboost as xgb
from threadpoolctl import threadpool_limits

from avbaselines.estimators.boosting.concordance import BoostedConcordanceRegressor
from avbaselines.estimators.boosting.lightgbm_data import LightGBMData
from avbaselines.estimators.boosting.objectives import OBJECTIVES
from avbaselines.estimators.boosting.xgboost_data import XGBoostData
from avbaselines.estimators.multitarget.joint import JointBoostingRegressor

COMMON = {"learning_rate": 0.05, "max_bin": 63, "seed": 0}
LIGHTGBM = {**COMMON, "num_leaves": 7, "min_data_in_leaf": 10, "num_threads": 1, "verbose": -1}
LIGHTGBM |= {"feature_pre_filter": False, "force_col_wise": True, "deterministic": True}
XGBOOST = {**COMMON, "max_depth": 3, "nthread": 1}
ROUNDS = 100


def drawn(rows, columns, targets, seed=0):
    """Features, targets that share a factor each adds something to, and groups of ten rows."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(rows, columns)).astype(np.float32)
    factor = X[:, 0] + X[:, 1] + X[:, 2] * X[:, 3]
    Y = factor[:, None] + 0.5 * X[:, 4 : 4 + targets] + 1.5 * rng.normal(size=(rows, targets))
    return X, (Y - Y.mean(axis=0)) / Y.std(axis=0), np.arange(rows) // 10


def seconds(works, repeats):
    """Shortest CPU time of each work, all taking turns so that a busy spell hits them alike."""
    shortest = np.full(len(works), np.inf)
    for _ in range(repeats):
        for number, work in enumerate(works):
            start = time.process_time()
            work()
            shortest[number] = min(shortest[number], time.process_time() - start)
    return shortest


def own_lightgbm(X, y):
    booster = lgb.Booster({**LIGHTGBM, "objective": "regression"}, lgb.Dataset(X, y, params=LIGHTGBM).construct())

    def grow():
        for _ in range(ROUNDS):
            booster.update()

    return grow


def own_xgboost(X, y):
    data = xgb.QuantileDMatrix(X, y, max_bin=63, nthread=1)
    booster = xgb.Booster({**XGBOOST, "objective": "reg:squarederror", "base_score": 0.0}, [data])

    def grow():
        for number in range(booster.num_boosted_rounds(), booster.num_boosted_rounds() + ROUNDS):
            booster.update(data, number)

    return grow


class Timed:
    """A loss that adds up the CPU time spent in it."""

    def __init__(self, loss):
        self.loss, self.taken = loss, 0.0

    def __call__(self, margins, rho=None):
        return self._timed(self.loss, margins, rho)

    def as_squared_error(self, rho=None):
        return self._timed(self.loss.as_squared_error, rho)

    def _timed(self, work, *given):
        start = time.process_time()
        result = work(*given)
        self.taken += time.process_time() - start
        return result


def per_round(X, y, repeats):
    print(f"{'library':10}{'loss':18}{'ms a round':>12}{'ratio':>8}{'in our code':>13}")
    losses = {name: (name, None) for name in OBJECTIVES}
    losses |= {"ccc": ("ccc", np.array([0.5])), "ccc, training": ("ccc", None)}
    for library, own, data in (
        ("lightgbm", own_lightgbm, LightGBMData(X, max_bin=63).part()),
        ("xgboost", own_xgboost, XGBoostData(X, max_bin=63).part()),
    ):
        growing = {"lightgbm": LIGHTGBM, "xgboost": XGBOOST}[library]
        ours = []
        for objective, rho in losses.values():
            ensemble = data.ensemble(y[:, None], growing, objective=objective)
            ensemble.loss = Timed(ensemble.loss)
            ours.append((ensemble, rho))
        taken = seconds([own(X, y), *(partial(ensemble.grow, ROUNDS, rho) for ensemble, rho in ours)], repeats)
        shares = ["", *(f"{1000 * ensemble.loss.taken / ROUNDS / repeats:.3f} ms" for ensemble, _ in ours)]
        for name, one, share in zip(["its own squared", *losses], taken, shares, strict=True):
            print(f"{library:10}{name:18}{1000 * one / ROUNDS:12.2f}{one / taken[0]:8.2f}{share:>13}", flush=True)


def path(model, X, Y, groups):
    """CPU seconds of the fit, and mean out-of-fold concordance after each step of rounds."""
    start = time.process_time()
    model.fit(X, Y, groups=groups)
    taken = time.process_time() - start
    scores = np.fmax.accumulate(model.oof_scores_, axis=0)
    return taken, scores.mean(axis=1)


def together(X, Y, groups):
    growth = {"objective": "squared", "rounds": 200, "patience": 200, "learning_rate": 0.05}
    tried = {
        "one ensemble per target, xgboost": BoostedConcordanceRegressor(library="xgboost", num_leaves=8, **growth),
        "one ensemble per target, lightgbm": BoostedConcordanceRegressor(library="lightgbm", num_leaves=8, **growth),
        "joint trees, xgboost": JointBoostingRegressor(max_depth=3, **growth),
    }
    results = {name: path(model, X, Y, groups) for name, model in tried.items()}
    common = min(scores.max() for _, scores in results.values())
    print(f"{'fit with 5 folds':36}{'CPU s':>8}{'best':>8}{'to reach ' + format(common, '.3f'):>18}{'ratio':>8}")
    base = None
    for name, (taken, scores) in results.items():
        share = (int(np.argmax(scores >= common)) + 1) / len(scores)
        base = base or taken * share
        print(f"{name:36}{taken:8.1f}{scores.max():8.3f}{taken * share:16.1f} s{taken * share / base:8.2f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", nargs="+", default=["700x200", "2000x200", "10000x100"], metavar="ROWSxCOLUMNS")
    parser.add_argument("--targets", type=int, default=4)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--rounds-only", action="store_true", help="leave the fits of joint trees out")
    options = parser.parse_args()
    with threadpool_limits(1):
        for size in options.sizes:
            rows, columns = map(int, size.split("x"))
            print(f"\n{rows} rows, {columns} columns")
            X, Y, groups = drawn(rows, columns, options.targets)
            per_round(X, Y[:, 0], options.repeats)
        if options.rounds_only:
            return
        rows, columns = map(int, options.sizes[0].split("x"))
        print(f"\n{rows} rows, {columns} columns, {options.targets} targets")
        together(*drawn(rows, columns, options.targets))


if __name__ == "__main__":
    main()
