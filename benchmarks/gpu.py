"""XGBoost's learners on a GPU: seconds of ours, of bare XGBoost doing the same rounds there, and of one CPU thread.

    python benchmarks/gpu.py [--sizes 20000x400 100000x1000] [--device cuda] [--no-thread]

Three learners, each over three targets with five inner folds and a refit: `xgboost` and `xgboost-ccc` (an ensemble a
target) and `joint` (an ensemble of trees with vector leaves). "bare" is XGBoost by itself under its own squared error:
rows binned once the plain way, as many ensembles of as many rounds, folds held out by weight 0, predictions of all rows
after each. It knows the numbers of rounds beforehand and looks at nothing in between.

"one thread" is the same fit on one CPU thread: two fits of few rounds, of which the line through both gives the time of
all rounds; a lower bound where these took longer than `--thread-limit`.

It needs numpy, scikit-learn and XGBoost alone. Without a usable GPU it says why and ends with status 2; with
`--device cpu --sizes 2000x50` it runs anywhere.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import numpy as np
import xgboost

from avbaselines.estimators.boosting import xgboost_data
from avbaselines.estimators.boosting.base import column_fraction
from avbaselines.estimators.boosting.concordance import BoostedConcordanceRegressor
from avbaselines.estimators.boosting.xgboost_models import XGBoostRegressor
from avbaselines.estimators.multitarget.joint import JointBoostingRegressor, _usable_device

TARGETS, FOLDS = 3, 5
LEARNERS = {
    "xgboost": XGBoostRegressor,
    "xgboost-ccc": lambda **given: BoostedConcordanceRegressor(library="xgboost", **given),
    "joint": JointBoostingRegressor,
}
CORES = len(os.sched_getaffinity(0))


def drawn(size):
    rows, columns = map(int, size.split("x"))
    rng = np.random.default_rng(0)
    X = rng.standard_normal((rows, columns), dtype=np.float32)
    Y = X[:, :TARGETS] + X[:, 3 : 3 + TARGETS] * X[:, 6 : 6 + TARGETS] + 2 * rng.normal(size=(rows, TARGETS))
    return X, Y, np.arange(rows) // 20


class Clock:
    """Seconds by what they were spent on."""

    def __init__(self):
        self.seconds = {}

    @contextmanager
    def of(self, what):
        started = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[what] = self.seconds.get(what, 0.0) + time.perf_counter() - started

    def watching(self, owner, name, what):
        method = getattr(owner, name)

        def watched(*arguments, **options):
            with self.of(what):
                return method(*arguments, **options)

        setattr(owner, name, watched)
        return lambda: setattr(owner, name, method)


def timed_fit(name, X, Y, groups, device):
    """Seconds of a fit and of predicting all rows; the model and its predictions."""
    model = LEARNERS[name](device=device)
    started = time.perf_counter()
    model.fit(X, Y, groups=groups)
    fitted = time.perf_counter()
    predicted = model.predict(X)
    return fitted - started, time.perf_counter() - fitted, model, predicted


def spent(name, X, Y, groups, device):
    """What `timed_fit` gives, and what the seconds went to."""
    clock = Clock()
    undo = [
        clock.watching(xgboost_data.XGBoostData, "__init__", "binning"),
        clock.watching(xgboost_data.XGBoostData, "part", "parts"),
        clock.watching(xgboost_data._XGBoostEnsemble, "grow", "growing"),
        clock.watching(xgboost_data._XGBoostClasses, "held", "held"),
    ]
    try:
        fit, predict, model, predicted = timed_fit(name, X, Y, groups, device)
    finally:
        for put_back in undo:
            put_back()
    # Bounds are found in a first tree, which grows within the binning.
    parts = clock.seconds | {"rest of the fit": fit - sum(clock.seconds.values()), "prediction": predict}
    return fit, predict, model, predicted, ", ".join(f"{what} {seconds:.2f}" for what, seconds in parts.items())


def rounds_of(name, model):
    """Rounds that each ensemble of a fold grew, and each of the refit; by target, one for joint trees."""
    final = [chosen["rounds"] for chosen in model.best_params_]
    if name == "xgboost":
        return [model.rounds[-1]] * TARGETS, final
    looked = (~np.isnan(model.oof_scores_)).sum(axis=0) * model.every
    return ([int(looked[0])], [max(final)]) if name == "joint" else (looked.tolist(), final)


def bare(name, model, X, Y, device):
    """Seconds of XGBoost alone: binning, growing, predicting."""
    folds, clock = np.arange(len(X)) // 20 % FOLDS, Clock()
    columns = column_fraction(model.columns_per_tree, X.shape[1])
    common = {"device": device, "nthread": CORES if device == "cuda" else 1, "tree_method": "hist", "verbosity": 0}
    common |= {"max_bin": model.max_bin, "learning_rate": model.learning_rate}
    common |= {"colsample_bytree": columns, "subsample": model.row_fraction}
    if name == "xgboost-ccc":
        common |= {"grow_policy": "lossguide", "max_depth": 0, "max_leaves": model.num_leaves}
        common |= {"min_child_weight": model.min_leaf}
    else:
        common |= {"max_depth": model.max_depth, "min_child_weight": model.min_child_weight}
    if name == "joint":
        common |= {"multi_strategy": "multi_output_tree"}
    labels = [Y] if name == "joint" else list(Y.T)
    with clock.of("binning"):
        data = xgboost.DMatrix(X, nthread=CORES)
        data.set_label(labels[0])
        xgboost.train({**common, "max_depth": 1}, data, 1)
    refitted = name != "xgboost" or model.final == "all"
    for fold in [*range(FOLDS), *([None] if refitted else [])]:
        data.set_weight((folds != fold).astype(np.float32) if fold is not None else np.ones(len(X), np.float32))
        for y, (looked, final) in zip(labels, zip(*rounds_of(name, model), strict=True), strict=True):
            data.set_label(y)
            with clock.of("growing"):
                booster = xgboost.train(common, data, final if fold is None else looked)
            with clock.of("predicting"):
                booster.predict(data, output_margin=True)
    return sum(clock.seconds.values()), ", ".join(f"{what} {seconds:.2f}" for what, seconds in clock.seconds.items())


def on_one_thread(name, size):
    """In a process of its own: seconds of the fit and its predictions on one CPU thread, and how they were got."""
    X, Y, groups = drawn(size)
    seconds, few = [], (10, 40) if X.size < 10_000_000 else (2, 4) if name == "xgboost" else (5, 10)
    for rounds in few:
        model = LEARNERS[name](device="cpu", rounds=(rounds,) if name == "xgboost" else rounds)
        started = time.perf_counter()
        model.fit(X, Y, groups=groups).predict(X)
        seconds.append(time.perf_counter() - started)
    return {"seconds": seconds, "rounds": few}


def asked_on_one_thread(name, size, limit):
    """The answer of `on_one_thread`; None where it did not come in so many seconds."""
    words = [sys.executable, __file__, "--child", name, "--sizes", size]
    threads = {variable: "1" for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")}
    try:
        answer = subprocess.run(
            words, env=os.environ | threads, capture_output=True, text=True, check=True, timeout=limit
        )
    except subprocess.TimeoutExpired:
        return None
    return json.loads(answer.stdout.splitlines()[-1])


def thread_seconds(answer, rounds):
    """Seconds of so many rounds in all."""
    seconds, few = answer["seconds"], answer["rounds"]
    return seconds[0] + (seconds[1] - seconds[0]) / (few[1] - few[0]) * (rounds - few[0])


def told(text):
    print(text, file=sys.stderr, flush=True)


def on_device(options):
    """By size and learner: seconds of ours and of bare XGBoost, and rounds a fold; details are told as they come."""
    found = {}
    for size in options.sizes:
        X, Y, groups = drawn(size)
        timed_fit("xgboost", X[:500], Y[:500], groups[:500], options.device)  # the first call starts the driver
        for name in options.learners:
            if name == "joint" and options.device == "cuda":
                device, reason = _usable_device("cuda", "multi_output_tree")
                if device != "cuda":
                    told(f"{size} joint: not measured, XGBoost has no such trees here ({reason})")
                    continue
            fit, predict, model, predicted, parts = spent(name, X, Y, groups, options.device)
            agree = min(np.corrcoef(a, b)[0, 1] for a, b in zip(predicted.T, Y.T, strict=True))
            looked, final = rounds_of(name, model)
            told(f"{size} {name}: rounds a fold {looked}, refit {final}; least correlation with labels {agree:.3f}")
            told(f"  ours {fit + predict:.2f} s: {parts}")
            alone, parts = bare(name, model, X, Y, options.device)
            told(f"  bare {alone:.2f} s: {parts}")
            found[size, name] = fit + predict, alone, float(np.mean(looked))
    return found


def device_words():
    asked = ["nvidia-smi", "--query-gpu=name,driver_version", "--format=csv,noheader"]
    try:
        return subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "no GPU"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", nargs="+", default=["20000x400", "100000x1000"], metavar="ROWSxCOLUMNS")
    parser.add_argument("--learners", nargs="+", default=list(LEARNERS), choices=list(LEARNERS))
    parser.add_argument("--device", default="cuda", choices=["cuda", "cpu"])
    parser.add_argument("--no-thread", action="store_true", help="leave the one CPU thread out")
    parser.add_argument("--thread-limit", type=float, default=600, metavar="SECONDS")
    parser.add_argument("--child", choices=list(LEARNERS), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        print(json.dumps(on_one_thread(options.child, options.sizes[0])))
        return 0
    used, reason = _usable_device(options.device, "one_output_per_tree")
    if used != options.device:
        print(f"no GPU can be used: {reason}", file=sys.stderr)
        return 2
    told(f"XGBoost {xgboost.__version__}, {CORES} cores, {device_words()}")
    found = on_device(options)
    with ThreadPoolExecutor(CORES) as pool:
        asked = {} if options.no_thread else {
            key: pool.submit(asked_on_one_thread, key[1], key[0], options.thread_limit) for key in found
        }
    print("| clips x features | learner | ours, s | bare XGBoost, s | ratio | one CPU thread, s | ratio |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for (size, name), (taken, alone, rounds) in found.items():
        thread = [" ", " "]
        if (size, name) in asked:
            answer = asked[size, name].result()
            least = options.thread_limit if answer is None else thread_seconds(answer, rounds)
            more = "more than " if answer is None else ""
            thread = [f"{more}{least:.0f}", f"{more}{least / taken:.0f}"]
        size = " x ".join(f"{int(number):,}" for number in size.split("x"))
        print(f"| {size} | `{name}` | {taken:.2f} | {alone:.2f} | {taken / alone:.2f} | {' | '.join(thread)} |")
    print(f"\n{device_words()}, {CORES} cores beside it.")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
