"""Coverage of the 95 % intervals and false positives of the paired test, on drawn corpora with known scores."""

import interval_coverage as drawn
from harness import Outcome
from scipy.stats import binom

TOPIC = "intervals"
# What the documentation states for few and uneven groups; luck comes on top.
LEAST, MOST = 0.92, 0.05
CASES = [("ccc", 10), ("ccc", 28), ("ccc difference", 28), ("accuracy", 10), ("uar", 28), ("rmse", 28)]


def trial(rounds: int, seed: int) -> list[Outcome]:
    """Eight corpora a round and case."""
    n, outcomes = 8 * rounds, []
    for name, groups in CASES:
        _, covered, _ = drawn.coverage(name, groups, False, n, 50)
        share = covered[drawn.NAMES.index("jackknife_t")] / 100
        least = binom.ppf(0.001, n, LEAST) / n
        told = f"covered in {share:.1%} of {n} corpora, at least {least:.1%}"
        outcomes.append(Outcome(TOPIC, f"{name} of {groups} groups: 95 % intervals", bool(share >= least), told))
    for groups in (10, 28):
        _, percent = drawn.rejections("alike", groups, False, n)
        most = binom.ppf(0.999, n, MOST) / n
        told = f"fired in {percent:.1f} % of {n} corpora without a difference, at most {100 * most:.1f} %"
        case = f"{groups} groups: the paired test at 5 %"
        outcomes.append(Outcome(TOPIC, case, bool(percent <= 100 * most), told))
    return outcomes
