"""Paired comparisons of two systems on the same clips: intervals of differences, p-values, and their correction.

Both questions are asked of groups. The interval of the difference leaves out the same group from both systems. The
p-value swaps the two systems' predictions within groups: if nothing but a name distinguished the systems, every such
swap would have been as likely as what was seen. That null hypothesis makes the test exact for any metric, any number
of groups of any size, and any correlation within a group or between the systems (Ernst 2004, Statistical Science 19,
676-685; Yeh 2000, COLING, for scores that are no means). It needs only sums: a swap exchanges two rows.

If the systems differ in kind and merely tie in score, the test is approximate. At the 5 % level, with 10 and 28
groups, it told systems of equal CCC apart in 4.5 to 6.1 % of 1,000 corpora where they were alike, in 1.6 to 2.4 %
where one was timid and exact and the other bold and noisy, and in 7.6 to 9.7 % where one erred by group and the other
by clip (benchmarks/interval_coverage.py).

Swapping G groups gives 2^G outcomes in pairs of opposite sign, so no p-value can fall below 2^(1-G): with five groups
or fewer nothing is significant at 5 %.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from avbaselines.evaluation.cross_validation import Training, inflation
from avbaselines.evaluation.intervals import Method, interval_of_score, mean_of_present, occupied
from avbaselines.evaluation.metrics import Metric
from avbaselines.evaluation.verdicts import Verdict, verdict

_ENUMERATE = 4096  # swaps up to which all are tried
_CELLS = 5_000_000  # swaps x groups held at once


@dataclass(frozen=True)
class Comparison:
    """Outcome of a paired comparison of systems a and b.

    Attributes
    ----------
    difference
        Score of a minus score of b; `Metric.oriented` turns it so that positive is good.
    ci_low, ci_high
        95 % (or `level`) interval of the difference; NaN with fewer than two groups.
    inner_low, inner_high
        90 % interval (2 `level` - 1), for two one-sided tests at 5 %.
    p_value
        Two-sided, of the swap test; not corrected for the number of comparisons (see `holm`).
    p_floor
        The smallest p-value that so many groups in which the systems differ allow.
    n_groups
        Groups with at least one clip.
    test
        Which swaps the p-value is a share of.

    Examples
    --------
    >>> ends = {"ci_low": 0.02, "ci_high": 0.18, "inner_low": 0.04, "inner_high": 0.16}
    >>> outcome = Comparison(0.1, **ends, p_value=0.031, p_floor=0.031, n_groups=6, test="swap of groups, all 64 ways")
    >>> outcome.verdict(margin=0.02).value
    'better'
    """

    difference: float
    ci_low: float
    ci_high: float
    inner_low: float
    inner_high: float
    p_value: float
    p_floor: float
    n_groups: int
    test: str

    def verdict(self, margin: float) -> Verdict:
        """The verdict on a against b by a margin, where a positive difference is good; see `verdicts.verdict`."""
        ends = (self.ci_low, self.ci_high), (self.inner_low, self.inner_high)
        return verdict(*ends, margin, self.p_value, self.p_floor)


def compare(
    metric: Metric,
    sums_a: ArrayLike,
    sums_b: ArrayLike,
    level: float = 0.95,
    n_permutations: int = 9999,
    seed: int = 0,
    n_resamples: int = 2000,
    method: Method = "jackknife_t",
    training: Training = "fixed",
) -> Comparison:
    """Compare two systems by one score.

    Parameters
    ----------
    metric
        A value of `METRICS`.
    sums_a, sums_b : shape (groups, S)
        ``metric.sums(...)`` of both systems, with the same truth, groups and (for classes) ``n_classes``.
    level
        Coverage of the interval, between .5 and 1.
    n_permutations
        Random swaps where there are more than 4096 possible ones; else all are tried.
    seed
        Of random swaps, and of resamples where `method` draws any.
    n_resamples, method
        As for `intervals.interval`.
    training
        ``"shared"``: both are scores of several fits that share training clips, and the variance of their difference is
        doubled. Needed where the two learn different things, such as two modalities (docs/intervals.md).

    Raises
    ------
    ValueError
        If the sums are of different clips, groups or classes.

    Examples
    --------
    >>> from avbaselines.evaluation.metrics import METRICS
    >>> mae, truth, speakers = METRICS["mae"], [1, 2, 3, 4, 5, 6], [0, 0, 1, 1, 2, 2]
    >>> close = mae.sums(truth, [1.1, 2.2, 3.1, 4.2, 5.1, 6.1], speakers, n_groups=3)
    >>> far = mae.sums(truth, [2, 2, 4, 4, 6, 7], speakers, n_groups=3)
    >>> result = compare(mae, close, far)
    >>> round(result.difference, 3), result.p_value, result.n_groups
    (-0.533, 0.25, 3)
    """
    return compare_means([(metric, sums_a, sums_b)], level, n_permutations, seed, n_resamples, method, training)


def compare_means(
    parts: Sequence[tuple[Metric, ArrayLike, ArrayLike]],
    level: float = 0.95,
    n_permutations: int = 9999,
    seed: int = 0,
    n_resamples: int = 2000,
    method: Method = "jackknife_t",
    training: Training = "fixed",
) -> Comparison:
    """Compare two systems by a mean of scores, over several targets, or over several given splits.

    Parameters
    ----------
    parts
        Metric, sums of a, sums of b, each of shape (groups, S). One entry a target or split, all
        over the same list of groups (rows of zeros for groups a part does not test). A group is swapped, drawn or left
        out in all parts at once.
    level, n_permutations, seed, n_resamples, method, training
        As for `compare`.

    Raises
    ------
    ValueError
        As for `compare`.

    Examples
    --------
    >>> from avbaselines.evaluation.metrics import METRICS
    >>> mse, speakers = METRICS["mse"], [0, 0, 1, 1]
    >>> sums = [mse.sums([0, 0, 0, 0], [error] * 4, speakers, n_groups=2) for error in (1, 2, 3)]
    >>> compare_means([(mse, sums[0], sums[1]), (mse, sums[0], sums[2])]).difference
    -5.5
    """
    metrics = [metric for metric, _, _ in parts]
    n_parts = len(metrics)
    for metric, sums_a, sums_b in parts:
        _check_same_clips(metric, np.asarray(sums_a), np.asarray(sums_b))
    sums = occupied(metrics * 2, [part[1] for part in parts] + [part[2] for part in parts])

    def difference(totals: list[np.ndarray]) -> np.ndarray:
        pairs = zip(metrics, totals[:n_parts], totals[n_parts:], strict=True)
        return mean_of_present([metric.value(a) - metric.value(b) for metric, a, b in pairs])

    unbounded = (-np.inf, np.inf)  # a difference hardly ever nears its bounds, so no transformation is called for
    widening = inflation(training)
    furthest = np.mean([metric.bounds[1] - metric.bounds[0] for metric in metrics])

    def ends(level: float) -> tuple[float, float]:
        low, high = interval_of_score(difference, sums, unbounded, level, n_resamples, seed, method, widening)
        return float(np.clip(low, -furthest, furthest)), float(np.clip(high, -furthest, furthest))

    (low, high), (inner_low, inner_high) = ends(level), ends(2 * level - 1)
    swapped = _swap_test(difference, sums[:n_parts], sums[n_parts:], n_permutations, seed, widening)
    p_value, p_floor, test = swapped
    return Comparison(
        difference=float(difference([part.sum(axis=0) for part in sums])),
        ci_low=low,
        ci_high=high,
        inner_low=inner_low,
        inner_high=inner_high,
        p_value=p_value,
        p_floor=p_floor,
        n_groups=len(sums[0]),
        test=test,
    )


def holm(p_values: ArrayLike) -> np.ndarray:
    """p-values corrected for their number (S. Holm 1979, Scandinavian Journal of Statistics 6, 65-70).

    Parameters
    ----------
    p_values : shape (n,)
        Of all the comparisons that one would have reported, each between 0 and 1.

    Returns
    -------
    shape (n,)
        In the order given. Rejecting those at or below .05 errs in 5 % of such families at most, however the
        comparisons depend on each other.

    Raises
    ------
    ValueError
        If a p-value is NaN or outside [0, 1].

    Examples
    --------
    >>> holm([0.01, 0.04, 0.03]).tolist()
    [0.03, 0.06, 0.06]
    """
    p_values = np.asarray(p_values, dtype=np.float64)
    if not ((p_values >= 0) & (p_values <= 1)).all():
        raise ValueError("p-values must lie between 0 and 1")
    order = np.argsort(p_values)
    stepped = np.maximum.accumulate(p_values[order] * np.arange(len(p_values), 0, -1))
    corrected = np.empty_like(p_values)
    corrected[order] = np.minimum(stepped, 1.0)
    return corrected


def smallest_p(n_groups: int) -> float:
    """The smallest two-sided p-value that swaps of so many groups allow: what was seen and its mirror image.

    Examples
    --------
    >>> [smallest_p(n_groups) for n_groups in (1, 5, 9)]
    [1.0, 0.0625, 0.00390625]
    """
    return min(1.0, 2.0 ** (1 - n_groups))


def _check_same_clips(metric: Metric, sums_a: np.ndarray, sums_b: np.ndarray) -> None:
    if sums_a.shape != sums_b.shape:
        raise ValueError(f"{metric.name}: sums of shape {sums_a.shape} and {sums_b.shape} cannot be compared")
    same = np.isclose(metric.clips(sums_a), metric.clips(sums_b), rtol=1e-9, atol=1e-9).all(axis=-1)
    if not same.all():
        raise ValueError(f"{metric.name}: the systems were scored on different clips in {(~same).sum()} groups")


def _swap_test(
    difference: Callable[[list[np.ndarray]], np.ndarray],
    sums_a: list[np.ndarray],
    sums_b: list[np.ndarray],
    n_permutations: int,
    seed: int,
    widening: float = 1.0,
) -> tuple[float, float, str]:
    """Two-sided p-value of the observed difference among `widening` times those with the systems swapped; its floor."""
    to_b = [b - a for a, b in zip(sums_a, sums_b, strict=True)]
    differs = np.any([(part != 0).any(axis=1) for part in to_b], axis=0)
    to_b = [part[differs] for part in to_b]  # swapping equals changes nothing
    n_groups = int(differs.sum())
    totals_a, totals_b = [part.sum(axis=0) for part in sums_a], [part.sum(axis=0) for part in sums_b]

    def extreme(swaps: np.ndarray) -> int:
        moved = [swaps.astype(np.float64) @ part for part in to_b]
        swapped = [t + m for t, m in zip(totals_a, moved, strict=True)]
        swapped += [t - m for t, m in zip(totals_b, moved, strict=True)]
        return int(np.sum(widening * np.abs(difference(swapped)) >= observed - 1e-12))

    observed = abs(difference(totals_a + totals_b))
    if 2**n_groups <= _ENUMERATE:
        swaps = (np.arange(2**n_groups)[:, None] >> np.arange(n_groups)) & 1
        return extreme(swaps) / len(swaps), smallest_p(n_groups), f"swap of groups, all {len(swaps)} ways"
    rng = np.random.default_rng(seed)
    block = max(1, _CELLS // n_groups)
    sizes = [min(block, n_permutations - start) for start in range(0, n_permutations, block)]
    count = sum(extreme(rng.integers(0, 2, (size, n_groups))) for size in sizes)
    floor = max(smallest_p(n_groups), 1 / (n_permutations + 1))
    return (count + 1) / (n_permutations + 1), floor, f"swap of groups, {n_permutations} random ways"
