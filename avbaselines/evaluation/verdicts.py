"""Verdicts on a paired difference: better, worse, equivalent, or not told apart, by its intervals and a margin.

The margin is the difference that matters to whoever asks. A difference is equivalent to none where two one-sided tests
at 5 % refuse both that system a is worse by the margin or more and that it is better by it, which is the same as a
90 % interval that lies within the margin on both sides (Schuirmann 1987, Journal of Pharmacokinetics and
Biopharmaceutics 15, 657-680; Lakens 2017, Social Psychological and Personality Science 8, 355-362). One of these two
tests alone yields "not worse" and "not better". Better and worse need both a 95 % interval that excludes 0 and, where
six groups or more let it, the swap test at 5 %: of systems that are equal in score and unlike in kind the interval
alone errs in up to 4 % each way, the swap test alone in up to 9.7 %, both together in no more than 2.5 % each way
(benchmarks/verdicts.py). None of them is corrected for the number of comparisons: `holm` is.
"""

import math
from enum import StrEnum

from avbaselines.evaluation.metrics import Metric

ALPHA = 0.05
"""Level of the swap test."""
DEFAULT_MARGIN = 0.02
"""Of a score such as CCC or UAR; of an error in units of the labels' deviation."""


class Verdict(StrEnum):
    """Outcome of a comparison of systems a and b, read as "a is ... than b".

    Examples
    --------
    >>> Verdict.NOT_WORSE.value, Verdict.NOT_WORSE.reversed.value, Verdict.EQUIVALENT.reversed.value
    ('not worse', 'not better', 'equivalent')
    """

    BETTER = "better"
    """The difference is told from 0, and is not known to be smaller than the margin."""
    WORSE = "worse"
    EQUIVALENT = "equivalent"
    """The difference is smaller than the margin, whichever way it goes."""
    NOT_WORSE = "not worse"
    """If a is worse, then by less than the margin."""
    NOT_BETTER = "not better"
    UNDECIDED = "undecided"
    """The clips and groups at hand do not tell."""

    @property
    def reversed(self) -> "Verdict":
        """The verdict on b against a."""
        return REVERSED.get(self, self)


REVERSED = {
    Verdict.BETTER: Verdict.WORSE,
    Verdict.WORSE: Verdict.BETTER,
    Verdict.NOT_WORSE: Verdict.NOT_BETTER,
    Verdict.NOT_BETTER: Verdict.NOT_WORSE,
}


def verdict(
    interval_95: tuple[float, float],
    interval_90: tuple[float, float],
    margin: float,
    p_value: float = math.nan,
    p_floor: float = math.nan,
) -> Verdict:
    """The verdict on a difference a - b whose positive values mean that a is better.

    Equivalence goes first: a difference that is told from 0 and still smaller than what matters is equivalent.

    Parameters
    ----------
    interval_95, interval_90
        Of the difference, by the same method; NaN where there is none, which leaves it undecided.
    margin
        The difference that matters, 0 or more; with 0 there are only better, worse and undecided.
    p_value, p_floor
        As for `tells_from_zero`.

    Raises
    ------
    ValueError
        If the margin is negative.

    Examples
    --------
    >>> verdict((0.01, 0.09), (0.02, 0.08), margin=0.02).value
    'better'
    >>> verdict((0.001, 0.015), (0.002, 0.014), margin=0.02).value
    'equivalent'
    >>> verdict((-0.012, 0.06), (-0.008, 0.055), margin=0.02).value
    'not worse'
    >>> verdict((-0.05, 0.06), (-0.04, 0.05), margin=0.02).value
    'undecided'
    """
    if not margin >= 0:
        raise ValueError(f"a margin must be 0 or more, got {margin}")
    above, below = interval_90[0] > -margin, interval_90[1] < margin
    if margin and above and below:
        return Verdict.EQUIVALENT
    if tells_from_zero(interval_95, p_value, p_floor):
        return Verdict.BETTER if interval_95[0] > 0 else Verdict.WORSE
    if margin and (above or below):
        return Verdict.NOT_WORSE if above else Verdict.NOT_BETTER
    return Verdict.UNDECIDED


def tells_from_zero(
    interval: tuple[float, float], p_value: float = math.nan, p_floor: float = math.nan
) -> bool | None:
    """Whether a difference is told from 0; None where it has no interval.

    Parameters
    ----------
    interval
        95 % interval of the difference.
    p_value, p_floor
        Of the swap test, and the smallest that the number of groups allows. The test has a say only where it can
        reach 5 %; NaN = it was not done.

    Examples
    --------
    >>> tells_from_zero((0.01, 0.09)), tells_from_zero((-0.01, 0.09)), tells_from_zero((math.nan, math.nan))
    (True, False, None)
    >>> tells_from_zero((0.01, 0.09), p_value=0.08, p_floor=0.002), tells_from_zero((0.01, 0.09), 0.0625, 0.0625)
    (False, True)
    """
    low, high = interval
    if math.isnan(low) or math.isnan(high):
        return None
    tested = math.isnan(p_value) or p_floor > ALPHA or p_value <= ALPHA
    return (low > 0 or high < 0) and tested


def default_margin(metric: Metric, deviation: float = math.nan) -> float:
    """The difference that matters where nobody names another.

    Parameters
    ----------
    metric
    deviation
        Standard deviation of the labels that are scored; needed for errors.

    Returns
    -------
    float
        In the metric's own unit: .02 of a score; of rmse and mae .02 of the labels' deviation; of mse .02 of their
        variance, which is .02 of explained variance.

    Examples
    --------
    >>> from avbaselines.evaluation.metrics import METRICS
    >>> default_margin(METRICS["ccc"]), default_margin(METRICS["mae"], 0.5), default_margin(METRICS["mse"], 0.5)
    (0.02, 0.01, 0.005)
    """
    if metric.higher_is_better:
        return DEFAULT_MARGIN
    return DEFAULT_MARGIN * deviation ** (2 if metric.name == "mse" else 1)
