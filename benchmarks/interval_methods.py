"""Intervals of a cross-validated concordance compared: how often they miss, how wide they are, how many fits they take.

Ridge regression in closed form (penalty chosen on inner folds of groups, predictions matched to the labels' mean and
deviation), so that methods which refit the whole procedure hundreds of times can be tried; `end_to_end_coverage.py`
does the same with the engine for those that need no refits. Corpora are drawn from a population whose moments are
known, 20 clips a group, with labels, features and slopes that differ by group. The true score is the mean over all
corpora of a cell of what its fits score in the population.

    python benchmarks/interval_methods.py [--corpora 200] [--groups 10 30] [--features 10 60] [--folds 5 0] [--refits]

Folds 0 is one fold a group. The methods:

    fixed           jackknife over groups of predictions that stand still
    upright         the same, freed of the lean of training means
    shared          the variance of `fixed` doubled
    nadeau-bengio   the variance of `fixed` times 1 + K / (K - 1) (Nadeau & Bengio 2003, Machine Learning 52, 239-281)
    folds           `upright` with the variance doubled: the default of cross-validated rows
    mean of folds   Student's t over the scores of the folds (not with one fold a group)
    repeated        --refits: mean of 10 partitions into folds, the mean error of `shared`, freed of lean
    nested          --refits: nested cross-validation, 10 partitions (Bates, Hastie & Tibshirani 2024, JASA 119, 1434)
    refitted        --refits: jackknife over groups of the whole procedure, refitted without each
"""

import argparse
import time
from collections import defaultdict

import numpy as np
from scipy.special import stdtrit

from avbaselines.evaluation.cross_validation import upright_totals
from avbaselines.evaluation.intervals import left_out
from avbaselines.evaluation.metrics import METRICS

CCC, LEVEL = METRICS["ccc"], 0.95
PENALTIES = 10.0 ** np.arange(3, -3.1, -0.5)
CLIPS, REPEATS, INNER = 20, 10, 4


def draw(rng, n_groups, n_features, strength):
    """Moments of (1, features, label) about 0, summed over the clips of each group."""
    group = np.repeat(np.arange(n_groups), CLIPS)
    n = len(group)
    X = 0.55 * rng.normal(size=(n_groups, n_features))[group] + 0.84 * rng.normal(size=(n, n_features))
    slopes = 0.3 * rng.normal(size=(n_groups, n_features)) / n_features**0.5
    slopes[:, :5] += 5**-0.5
    own = 0.55 * rng.normal(size=n_groups)[group] + 0.84 * rng.normal(size=n)
    y = strength * (X * slopes[group]).sum(axis=1) + (1 - strength**2) ** 0.5 * own
    A = np.column_stack([np.ones(n), X, y]).reshape(n_groups, CLIPS, -1)
    return np.einsum("gci,gcj->gij", A, A)


def sums_of(moments, weights):
    """Columns n, t, p, tt, pp, tp of `METRICS["ccc"]`, for weights with the intercept first."""
    XX, Xy = moments[..., :-1, :-1], moments[..., :-1, -1]
    label = moments[..., 0, -1], XX[..., 0, :] @ weights, moments[..., -1, -1]
    return np.stack([moments[..., 0, 0], *label, (XX @ weights) @ weights, Xy @ weights], axis=-1)


def ridge_path(total):
    n = total[0, 0]
    center, mean = total[0, 1:-1] / n, total[0, -1] / n
    gram = total[1:-1, 1:-1] - n * np.outer(center, center)
    squares, V = np.linalg.eigh(gram)
    cross = V.T @ (total[1:-1, -1] - n * center * mean)
    W = (V @ (cross[:, None] / (np.maximum(squares, 0)[:, None] + PENALTIES))).T
    return np.column_stack([mean - W @ center, W])


def deal(rng, n_groups, n_folds):
    folds = np.empty(n_groups, int)
    folds[rng.permutation(n_groups)] = np.arange(n_groups) % (n_folds or n_groups)
    return folds


def fit(moments, rng):
    """Weights of the whole procedure: the penalty of the best concordance on inner folds, then matching."""
    folds = deal(rng, len(moments), min(INNER, len(moments)))
    total, tried = moments.sum(axis=0), np.zeros((len(PENALTIES), 6))
    for fold in np.unique(folds):
        held = moments[folds == fold].sum(axis=0)
        tried += [sums_of(held, weights) for weights in ridge_path(total - held)]
    best = int(np.argmax(CCC.value(tried)))
    n, t, p, tt, pp, _ = tried[best]
    spread = pp / n - (p / n) ** 2
    factor = ((tt / n - (t / n) ** 2) / spread) ** 0.5 if spread > 1e-12 else 0.0
    weights = factor * ridge_path(total)[best]
    weights[0] += (t - factor * p) / n
    return weights


def cross_validated(moments, folds, rng):
    """Sums per group of predictions by fits that have not seen the group, and the fits."""
    sums, fits = np.zeros((len(moments), 6)), []
    for fold in np.unique(folds):
        weights = fit(moments[folds != fold], rng)
        sums[folds == fold] = sums_of(moments[folds == fold], weights)
        fits.append(weights)
    return sums, fits


def score(sums):
    return float(CCC.value(sums.sum(axis=0)))


def error(sums):
    """Standard error over groups of predictions that stand still."""
    without = CCC.value(left_out(sums))
    return ((len(sums) - 1) / len(sums) * np.sum((without - without.mean()) ** 2)) ** 0.5


def about(centre, standard_error, n_groups):
    """Student's interval on Fisher's scale, as `avbaselines.evaluation.intervals.jackknife_t` lays it."""
    centre = np.clip(centre, -0.999, 0.999)
    reach = stdtrit(n_groups - 1, (1 + LEVEL) / 2) * standard_error / (1 - centre**2)
    return np.tanh(np.arctanh(centre) - reach), np.tanh(np.arctanh(centre) + reach)


def cheap(sums, folds):
    """Intervals from one cross-validation."""
    n, value, spread = len(sums), score(sums), error(sums)
    upright, n_folds = float(CCC.value(upright_totals(CCC, sums))), len(np.unique(folds))
    found = {
        "fixed": about(value, spread, n),
        "upright": about(upright, spread, n),
        "shared": about(value, 2**0.5 * spread, n),
        "nadeau-bengio": about(value, (1 + n_folds / (n_folds - 1)) ** 0.5 * spread, n),
        "folds": about(upright, 2**0.5 * spread, n),
    }
    if n_folds < n:
        each = np.array([score(sums[folds == fold]) for fold in np.unique(folds)])
        reach = stdtrit(n_folds - 1, (1 + LEVEL) / 2) * each.std(ddof=1) / n_folds**0.5
        found["mean of folds"] = (each.mean() - reach, each.mean() + reach)
    return found


def refitting(moments, sums, folds, rng):
    """Intervals that refit the procedure."""
    n, n_folds = len(moments), len(np.unique(folds))
    several = [cross_validated(moments, deal(rng, n, n_folds), rng)[0] for _ in range(REPEATS)]
    upright = np.mean([CCC.value(upright_totals(CCC, one)) for one in several])
    found = {"repeated": about(upright, 2**0.5 * np.mean([error(one) for one in several]), n)}
    if n_folds < n:
        found["nested"] = nested(moments, n_folds, rng, error(sums))
    without = []
    for left in range(n):
        keep = np.arange(n) != left
        without.append(score(cross_validated(moments[keep], folds[keep], rng)[0]))
    spread = ((n - 1) / n * np.sum((np.array(without) - np.mean(without)) ** 2)) ** 0.5
    found["refitted"] = about(score(sums), spread, n)
    return found


def nested(moments, n_folds, rng, naive):
    """Point and error of nested cross-validation; the error is kept between the naive one and sqrt(K) times it."""
    n, inner, squares, noise = len(moments), [], [], []
    for _ in range(REPEATS):
        folds = deal(rng, n, n_folds)
        for fold in range(n_folds):
            rest, held = moments[folds != fold], moments[folds == fold]
            within = score(cross_validated(rest, deal(rng, len(rest), n_folds - 1), rng)[0])
            outer = sums_of(held, fit(rest, rng))
            inner.append(within)
            squares.append((within - score(outer)) ** 2)
            noise.append(error(outer) ** 2 if len(outer) > 2 else 0.0)
    mse = max(np.mean(squares) - np.mean(noise), 0.0) * (n_folds - 1) / n_folds
    return about(np.mean(inner), float(np.clip(mse**0.5, naive, n_folds**0.5 * naive)), n)


def cell(n_groups, n_folds, n_features, strength, options):
    """Ends of every method's intervals, the true score, and seconds a corpus."""
    rng = np.random.default_rng([n_groups, n_folds, n_features, int(10 * strength)])
    population = draw(np.random.default_rng(0), 20_000, n_features, strength).sum(axis=0)
    ends, truths, started = defaultdict(list), [], time.perf_counter()
    for _ in range(options.corpora):
        moments, folds = draw(rng, n_groups, n_features, strength), deal(rng, n_groups, n_folds)
        sums, fits = cross_validated(moments, folds, rng)
        sizes = np.bincount(folds)
        mixed = sum(size * sums_of(population, weights) for size, weights in zip(sizes, fits, strict=True))
        truths.append(float(CCC.value(mixed)))
        found = cheap(sums, folds) | (refitting(moments, sums, folds, rng) if options.refits else {})
        for method, both in found.items():
            ends[method].append(both)
    return ends, np.mean(truths), (time.perf_counter() - started) / options.corpora


def fits_of(method, n_groups, n_folds):
    """How often the procedure is fitted."""
    k = n_folds or n_groups
    return {"repeated": REPEATS * k, "nested": REPEATS * k * k, "refitted": n_groups * k}.get(method, k)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpora", type=int, default=200)
    parser.add_argument("--groups", type=int, nargs="+", default=[10, 30])
    parser.add_argument("--features", type=int, nargs="+", default=[10, 60])
    parser.add_argument("--folds", type=int, nargs="+", default=[5, 0])
    parser.add_argument("--strengths", type=float, nargs="+", default=[0.0, 0.5])
    parser.add_argument("--refits", action="store_true")
    options = parser.parse_args()
    print("per cent of nominal 95 % intervals above / below the true score, mean width, fits")
    for n_groups in options.groups:
        for n_folds in options.folds:
            for n_features in options.features:
                for strength in options.strengths:
                    ends, true, seconds = cell(n_groups, n_folds, n_features, strength, options)
                    print(f"\n{n_groups} groups, {n_folds or n_groups} folds, {n_features} features, CCC {true:.2f}")
                    for method, both in ends.items():
                        low, high = np.array(both).T
                        misses = f"{100 * np.mean(low > true):5.1f} /{100 * np.mean(high < true):5.1f}"
                        fits = fits_of(method, n_groups, n_folds)
                        print(f"    {method:14}{misses}  {np.mean(high - low):.3f}{fits:6}", flush=True)


if __name__ == "__main__":
    main()
