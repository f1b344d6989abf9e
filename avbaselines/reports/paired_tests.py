"""Paired tests as reports read and word them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pandas as pd

from ..errors import InputError
from ..evaluation.verdicts import Verdict, tells_from_zero, verdict
from ..results_table import RemarkKind
from .formatting import margin_text, number

COLUMNS = ("system_a", "system_b", "target", "difference", "ci_low", "ci_high", "p_value")
NOTHING = (math.nan, math.nan)
TRANSDUCTIVE = f" ({RemarkKind.TRANSDUCTIVE.value})"
WORDS = {
    Verdict.BETTER: "better, by more than chance explains",
    Verdict.WORSE: "worse, by more than chance explains",
    Verdict.EQUIVALENT: "equivalent, the difference is smaller than {margin}",
    Verdict.NOT_WORSE: "not worse by {margin} or more, and not told from equal",
    Verdict.NOT_BETTER: "not better by {margin} or more, and not told from equal",
    Verdict.UNDECIDED: "undecided, chance alone may do this",
}


@dataclass(frozen=True)
class Comparison:
    """A paired test of two systems on the same clips; positive = a is better, whatever the metric.

    ``p_holm`` is the p-value corrected within the question, ``p_floor`` the smallest that the design allows,
    ``margin`` the difference that matters; NaN where they were not given. ``verdict`` is on a against b.
    ``transductive`` says which of the two read unlabelled clips of evaluated groups: a, b, both, or empty.

    Examples
    --------
    >>> test = Comparison("honest", "late", "early", "mean", 0.03, 0.01, 0.05, 0.004)
    >>> test.text, test.verdict.value, test.reversed().verdict.value
    ('+.030 [+.010, +.050], p = .004', 'better', 'worse')
    """

    protocol: str
    system_a: str
    system_b: str
    target: str
    difference: float
    low: float
    high: float
    p_value: float
    p_holm: float = math.nan
    p_floor: float = math.nan
    margin: float = math.nan
    question: str = ""
    given: Verdict | None = field(default=None, repr=False)
    transductive: str = ""

    @property
    def name_a(self) -> str:
        """The first system as tables name it."""
        return self.system_a + TRANSDUCTIVE * (self.transductive in ("a", "both"))

    @property
    def name_b(self) -> str:
        """The second system as tables name it."""
        return self.system_b + TRANSDUCTIVE * (self.transductive in ("b", "both"))

    @property
    def verdict(self) -> Verdict:
        """The one given, or what the interval tells without a margin."""
        return self.given or verdict((self.low, self.high), NOTHING, 0.0)

    @property
    def words(self) -> str:
        """The verdict in words."""
        text = WORDS[self.verdict].format(margin=margin_text(self.margin))
        told = tells_from_zero((self.low, self.high), self.p_value, self.p_floor)
        if self.verdict is Verdict.EQUIVALENT and told:
            return f"{text} though told from 0"
        return text

    @property
    def text(self) -> str:
        """Difference, interval and p-value in words."""
        spread = "" if math.isnan(self.low) else f" [{signed(self.low)}, {signed(self.high)}]"
        p_value = "" if math.isnan(self.p_value) else f", {p_text(self.p_value)}"
        return signed(self.difference) + spread + p_value

    @property
    def corrected(self) -> str:
        """The corrected p-value, and the smallest possible one where it is worth saying, in parentheses, or nothing."""
        said = []
        if not math.isnan(self.p_holm):
            said.append(f"{'p < .001' if self.p_holm < 0.001 else number(self.p_holm, 3)} corrected")
        if self.p_floor >= 0.001:
            said.append(f"least {number(self.p_floor, 3)}")
        return f" ({', '.join(said)})" if said else ""

    def reversed(self) -> "Comparison":
        """The same test read as b - a."""
        return replace(
            self, system_a=self.system_b, system_b=self.system_a, difference=-self.difference, low=-self.high,
            high=-self.low, given=None if self.given is None else self.given.reversed,
            transductive={"a": "b", "b": "a"}.get(self.transductive, self.transductive),
        )  # fmt: skip


def read_comparisons(table: pd.DataFrame | None) -> list[Comparison]:
    """The given paired tests.

    Parameters
    ----------
    table : DataFrame or None
        Columns system_a, system_b, target, difference (positive = a is better), ci_low, ci_high, p_value, and
        optionally protocol, question, p_holm, p_floor, margin, verdict and transductive.

    Raises
    ------
    InputError
        A column is missing.

    Examples
    --------
    >>> table = pd.DataFrame([("late", "early", "mean", 0.03, 0.01, 0.05, 0.004)], columns=COLUMNS)
    >>> read_comparisons(table)[0].verdict.value
    'better'
    """
    if table is None:
        return []
    missing = [name for name in COLUMNS if name not in table.columns]
    if missing:
        raise InputError(f"comparisons/{missing[0]}: column missing; has {', '.join(map(str, table.columns))}")
    return [
        Comparison(
            row.get("protocol", ""), row["system_a"], row["system_b"], row["target"], float(row["difference"]),
            float(row["ci_low"]), float(row["ci_high"]), float(row["p_value"]), float(row.get("p_holm", math.nan)),
            float(row.get("p_floor", math.nan)), float(row.get("margin", math.nan)), row.get("question", ""),
            Verdict(row["verdict"]) if "verdict" in row else None, row.get("transductive", ""),
        )
        for row in table.to_dict("records")
    ]  # fmt: skip


def by_question(tests: Sequence[Comparison]) -> list[tuple[str, list[Comparison]]]:
    """The tests by the question that they answer, in order of appearance; where there are several protocols, by these.

    Examples
    --------
    >>> test = Comparison("honest", "late", "deep", "mean", 0.03, 0.01, 0.05, 0.004, question="deep against ours")
    >>> [(title, len(part)) for title, part in by_question([test, replace(test, system_a="early")])]
    [('deep against ours', 2)]
    """
    several = len({test.protocol for test in tests}) > 1
    parts: dict[tuple[str, str], list[Comparison]] = {}
    for test in tests:
        parts.setdefault((test.question, test.protocol), []).append(test)
    return [
        (f"{question} ({protocol})".strip() if several else question, part)
        for (question, protocol), part in parts.items()
    ]


def signed(value: float) -> str:
    """A difference with its sign, to three digits.

    Examples
    --------
    >>> signed(0.03), signed(-0.02), signed(0.0)
    ('+.030', '−.020', '.000')
    """
    text = number(abs(value), 3)
    return text if float(text or 0) == 0 else f"{'−' if value < 0 else '+'}{text}"


def p_text(value: float) -> str:
    """A p-value to three digits.

    Examples
    --------
    >>> p_text(0.012), p_text(0.0002)
    ('p = .012', 'p < .001')
    """
    return "p < .001" if value < 0.001 else f"p = {number(value, 3)}"
