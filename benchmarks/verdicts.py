"""How often verdicts err, and how often they find what is there.

Draws corpora of 10, 28 and 100 groups, about 30 clips a group (equal sizes, or from 5 to several hundred), and two
systems whose true scores differ by nothing, by the margin of .02, or by twice that. Systems that are alike share most
of their errors, as networks and classical learners on the same features do. Prints, in per cent of the corpora: better
and worse at no difference (each should be at most 2.5), equivalent at a difference of the margin (at most 5), better at
twice the margin (the more the better), and equivalent at no difference (the same). Takes about ten minutes.

    python benchmarks/verdicts.py [--corpora 2000] [--groups 10 28 100] [--systems UAR]
"""

import argparse
from functools import cache

import numpy as np
from scipy.optimize import brentq
from scipy.special import ndtr

from avbaselines.evaluation.comparison import compare
from avbaselines.evaluation.metrics import METRICS
from avbaselines.evaluation.verdicts import DEFAULT_MARGIN, Verdict

CLASS_SHARES = [0.4, 0.3, 0.2, 0.1]
POPULATION = 100_000  # groups from which true scores are read


def groups_of_clips(rng, n_groups, unequal):
    """Group of each clip: 30 a group, or between 5 and several hundred."""
    sizes = np.round(30 * rng.lognormal(0, 0.7, n_groups)) if unequal else np.full(n_groups, 30)
    return np.repeat(np.arange(n_groups), np.maximum(5, sizes).astype(int))


def alike(rng, groups, n_groups, worse):
    """CCC of two systems of one kind that share errors; the second is noisier by `worse`."""
    truth = 0.6 * rng.normal(size=n_groups)[groups] + 0.8 * rng.normal(size=len(groups))
    offset, noise = rng.normal(size=n_groups)[groups], rng.normal(size=len(groups))

    def system(spread):
        gain = 0.5 * (1 + 0.05 * rng.normal(size=n_groups))[groups]
        own = 0.95 * offset + 0.3 * rng.normal(size=n_groups)[groups]
        return gain * truth + 0.25 * own + spread * (0.95 * noise + 0.3 * rng.normal(size=len(groups)))

    return truth, system(0.45), system(0.45 + worse)


def unlike(rng, groups, n_groups, worse):
    """CCC of a timid, exact system and a bold, noisy one that is noisier by `worse`."""
    truth = 0.6 * rng.normal(size=n_groups)[groups] + 0.8 * rng.normal(size=len(groups))

    def system(gain, offset, spread):
        gains = gain * (1 + 0.1 * rng.normal(size=n_groups))[groups]
        return gains * truth + offset * rng.normal(size=n_groups)[groups] + spread * rng.normal(size=len(groups))

    return truth, system(0.394, 0.05, 0.135), system(0.8, 0.4, 0.62 + worse)


def classes(rng, groups, n_groups, worse):
    """UAR of two classifiers of four unequal classes that miss many clips together; the second misses more."""
    truth = rng.choice(4, len(groups), p=CLASS_SHARES)
    ease = 0.67 + 0.4 * rng.normal(size=n_groups)[groups] + np.array([0.3, 0.1, -0.2, -0.6])[truth]
    shared = rng.normal(size=len(groups))

    def system(by):
        hardness = 0.95 * shared + 0.3 * rng.normal(size=len(groups)) + 0.1 * rng.normal(size=n_groups)[groups]
        wrong = (truth + rng.integers(1, 4, len(groups))) % 4
        return np.where(ndtr(hardness) < ndtr(ease - by), truth, wrong)

    return truth, system(0.0), system(worse)


PAIRS = {"CCC, alike": ("ccc", alike), "CCC, unlike": ("ccc", unlike), "UAR": ("uar", classes)}


def sums_of(rng, pair, n_groups, unequal, worse):
    """Sums per group of both systems."""
    name, draw = PAIRS[pair]
    groups = groups_of_clips(rng, n_groups, unequal)
    truth, first, second = draw(rng, groups, n_groups, worse)
    n_classes = 4 if name == "uar" else None
    return [METRICS[name].sums(truth, part, groups, n_groups, n_classes=n_classes) for part in (first, second)]


@cache
def handicap(pair, unequal, wanted):
    """What makes the second system worse by the wanted difference of true scores."""
    metric = METRICS[PAIRS[pair][0]]

    def gap(worse):
        sums = sums_of(np.random.default_rng(0), pair, POPULATION, unequal, worse)
        first, second = (float(metric.value(part.sum(axis=0))) for part in sums)
        return first - second - wanted

    return brentq(gap, -0.4, 1.5, xtol=1e-4)


def shares(pair, unequal, n_groups, wanted, n_corpora):
    """Per cent of the corpora by verdict on the first system."""
    worse, metric = handicap(pair, unequal, wanted), METRICS[PAIRS[pair][0]]
    rng, counts = np.random.default_rng(n_groups), dict.fromkeys(Verdict, 0)
    for _ in range(n_corpora):
        sums = sums_of(rng, pair, n_groups, unequal, worse)
        counts[compare(metric, *sums, n_permutations=399).verdict(DEFAULT_MARGIN)] += 1
    return {verdict: 100 * count / n_corpora for verdict, count in counts.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpora", type=int, default=2000)
    parser.add_argument("--groups", type=int, nargs="+", default=[10, 28, 100])
    parser.add_argument("--systems", nargs="+", default=list(PAIRS), choices=list(PAIRS))
    options = parser.parse_args()
    heads = ("better at 0", "worse at 0", "equivalent at .02", "better at .04", "worse at .04", "equivalent at 0")
    print(f"{'systems':12}{'groups':>7} {'sizes':8}" + "".join(f"{head:>19}" for head in heads))
    for pair in options.systems:
        for unequal in (False, True):
            for n_groups in options.groups:
                none, margin, twice = (
                    shares(pair, unequal, n_groups, times * DEFAULT_MARGIN, options.corpora) for times in range(3)
                )
                cells = (
                    *(none[Verdict.BETTER], none[Verdict.WORSE], margin[Verdict.EQUIVALENT], twice[Verdict.BETTER]),
                    *(twice[Verdict.WORSE], none[Verdict.EQUIVALENT]),
                )
                kind = "unequal" if unequal else "equal"
                print(f"{pair:12}{n_groups:7} {kind:8}" + "".join(f"{cell:19.1f}" for cell in cells), flush=True)


if __name__ == "__main__":
    main()
