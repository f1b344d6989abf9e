"""How often 95 % intervals cover the true score, how wide they are, and how often tied systems are told apart.

Draws corpora of 10, 28 and 90 groups from populations with a known score, about 30 clips a group: the groups differ in
their labels, in how well they are predicted and in which way, so that clips of one group resemble each other. Prints
the figures that docs/intervals.md and avbaselines.evaluation.comparison quote. Takes about a minute.

    python benchmarks/interval_coverage.py [--corpora 1000] [--resamples 1000]
"""

import argparse

import numpy as np
from scipy.special import ndtr, ndtri

from avbaselines.evaluation.comparison import compare
from avbaselines.evaluation.intervals import jackknife_t, left_out, percentile, resample_weights
from avbaselines.evaluation.metrics import METRICS

LEVEL = 0.95
NAMES = ("percentile", "expanded", "BCa", "jackknife_t")
CLASS_SHARES = [0.4, 0.3, 0.2, 0.1]


def groups_of_clips(rng, n_groups, unequal):
    """Group of each clip: 30 a group, or between 5 and several hundred."""
    sizes = np.round(30 * rng.lognormal(0, 0.7, n_groups)) if unequal else np.full(n_groups, 30)
    return np.repeat(np.arange(n_groups), np.maximum(5, sizes).astype(int))


def regression(rng, groups, n_groups):
    """Truth, and two predictions of it whose gain and offset depend on the group, and agree in part."""
    offset, noise = rng.normal(size=n_groups)[groups], rng.normal(size=len(groups))
    truth = 0.6 * rng.normal(size=n_groups)[groups] + 0.8 * rng.normal(size=len(groups))

    def system(gain, spread):
        own = 0.7 * rng.normal(size=n_groups)[groups] + 0.7 * offset
        error = 0.8 * rng.normal(size=len(groups)) + 0.6 * noise
        return (gain + 0.15 * rng.normal(size=n_groups)[groups]) * truth + 0.35 * own + spread * error

    return truth, system(0.45, 0.45), system(0.4, 0.5)


# Gain, spread of the groups' offsets and noise per clip of two systems whose CCC is the same.
TIES = {
    "alike": ((0.5, 0.3, 0.4), (0.5, 0.3, 0.4)),
    "timid and exact, bold and noisy": ((0.394, 0.05, 0.135), (0.8, 0.6, 0.62)),
    "errors by group, errors by clip": ((0.5, 0.5, 0.1), (0.5, 0.1, 0.5)),
}


def tied_sums(rng, tie, n_groups, unequal):
    """Sums per group of the two systems of a tie."""
    groups = groups_of_clips(rng, n_groups, unequal)
    truth = 0.6 * rng.normal(size=n_groups)[groups] + 0.8 * rng.normal(size=len(groups))
    sums = []
    for gain, offset, noise in TIES[tie]:
        prediction = gain * (1 + 0.1 * rng.normal(size=n_groups))[groups] * truth
        prediction += offset * rng.normal(size=n_groups)[groups] + noise * rng.normal(size=len(groups))
        sums.append(METRICS["ccc"].sums(truth, prediction, groups, n_groups))
    return sums


def classes(rng, groups, n_groups):
    """Four unequal classes, some harder than others, and groups that are recognised better or worse."""
    truth = rng.choice(4, len(groups), p=CLASS_SHARES)
    ease = 0.67 + 0.5 * rng.normal(size=n_groups)[groups] + np.array([0.3, 0.1, -0.2, -0.6])[truth]
    wrong = (truth + rng.integers(1, 4, len(groups))) % 4
    return truth, np.where(rng.random(len(groups)) < ndtr(ease), truth, wrong)


def sums_of(rng, name, n_groups, unequal):
    """Sums per group of one or (for a difference) two systems."""
    groups = groups_of_clips(rng, n_groups, unequal)
    if name in ("accuracy", "uar"):
        truth, prediction = classes(rng, groups, n_groups)
        return [METRICS[name].sums(truth, prediction, groups, n_groups, n_classes=4)]
    truth, first, second = regression(rng, groups, n_groups)
    predictions = (first, second) if name == "ccc difference" else (first,)
    metric = METRICS[name.split()[0]]
    return [metric.sums(truth, prediction, groups, n_groups) for prediction in predictions]


def bca(value, without, resampled):
    """Bias-corrected and accelerated interval (Efron 1987)."""
    share = np.clip(np.mean(resampled < value), 1 / len(resampled), 1 - 1 / len(resampled))
    skewed = without.mean() - without
    acceleration = np.sum(skewed**3) / (6 * np.sum(skewed**2) ** 1.5)
    z = ndtri(share) + ndtri([(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return np.quantile(resampled, ndtr(ndtri(share) + z / (1 - acceleration * z)))


def coverage(name, n_groups, unequal, n_corpora, n_resamples):
    """Share of intervals that cover the truth, and their mean width, for each of `NAMES`."""
    rng = np.random.default_rng(n_groups)
    metric = METRICS[name.split()[0]]
    bounds = (-np.inf, np.inf) if name == "ccc difference" else metric.bounds

    def score(totals):
        values = [metric.value(total) for total in totals]
        return values[0] - values[1] if len(values) == 2 else values[0]

    population = sums_of(np.random.default_rng(0), name, 60_000, unequal)
    true = score([part.sum(axis=0) for part in population])
    weights = resample_weights(n_groups, n_resamples).astype(float)
    ends = np.empty((n_corpora, len(NAMES), 2))
    for corpus in ends:
        sums = sums_of(rng, name, n_groups, unequal)
        value = score([part.sum(axis=0) for part in sums])
        without = score([left_out(part) for part in sums])
        resampled = score([weights @ part for part in sums])
        corpus[0] = percentile(resampled, LEVEL)
        corpus[1] = percentile(resampled, LEVEL, widen_for=n_groups)
        corpus[2] = bca(value, without, resampled)
        corpus[3] = jackknife_t(value, without, bounds, LEVEL)
    covered = (ends[..., 0] <= true) & (true <= ends[..., 1])
    return true, 100 * covered.mean(axis=0), (ends[..., 1] - ends[..., 0]).mean(axis=0)


def rejections(tie, n_groups, unequal, n_corpora):
    """The two CCC of a tie, and in how many per cent of the corpora the swap test is significant at 5 %."""
    population = tied_sums(np.random.default_rng(0), tie, 60_000, unequal)
    scores = [METRICS["ccc"].value(part.sum(axis=0)) for part in population]
    rng = np.random.default_rng(n_groups)
    corpora = (tied_sums(rng, tie, n_groups, unequal) for _ in range(n_corpora))
    p_values = [compare(METRICS["ccc"], *sums, n_permutations=999).p_value for sums in corpora]
    return scores, 100 * np.mean(np.array(p_values) <= 0.05)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpora", type=int, default=1000)
    parser.add_argument("--resamples", type=int, default=1000)
    options = parser.parse_args()
    print(f"{'score (true value)':23}{'groups':>14}  " + "".join(f"{name:>14}" for name in NAMES))
    for name in ("ccc", "ccc difference", "accuracy", "uar", "rmse"):
        for unequal in (False, True):
            for n_groups in (10, 28, 90):
                true, covered, width = coverage(name, n_groups, unequal, options.corpora, options.resamples)
                cells = "".join(f"{c:8.1f} {w:5.3f}" for c, w in zip(covered, width, strict=True))
                label, kind = f"{name} ({true:.2f})", "unequal" if unequal else "equal"
                print(f"{label:23}{n_groups:6} {kind:7}  {cells}", flush=True)
    print("\ntied systems (CCC of both)                             groups   per cent told apart")
    for tie in TIES:
        for unequal in (False, True):
            for n_groups in (10, 28):
                scores, rejected = rejections(tie, n_groups, unequal, options.corpora)
                label, kind = f"{tie} ({scores[0]:.3f} {scores[1]:.3f})", "unequal" if unequal else "equal"
                print(f"{label:52}{n_groups:4} {kind:7}{rejected:8.1f}", flush=True)


if __name__ == "__main__":
    main()
