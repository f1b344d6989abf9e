"""Declared ranges of constructor parameters, and the check that refuses others in one voice."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

from avbaselines.errors import InputError
from avbaselines.evaluation.metrics import METRICS

__all__ = ["Minimum", "CheckedParameters", "Constraint", "Each", "MetricName", "OneOf", "Positive", "Rising", "Within"]


class Constraint(Protocol):
    """What a parameter may be: `holds` tells it of a value, `needed` says it in words."""

    @property
    def needed(self) -> str:
        """The need in words, such as "1 or more is needed"."""

    def holds(self, value: Any) -> bool:
        """Whether a value is such."""


@dataclass(frozen=True)
class OneOf:
    """One of a few strings.

    Examples
    --------
    >>> OneOf("cpu", "cuda").needed, OneOf("cpu", "cuda").holds("tpu")
    ("'cpu' or 'cuda' is needed", False)
    """

    options: tuple[str, ...]

    def __init__(self, *options: str):
        object.__setattr__(self, "options", options)

    @property
    def needed(self) -> str:
        """The options in words."""
        if len(self.options) > 2:
            return f"one of {', '.join(self.options)} is needed"
        return " or ".join(repr(option) for option in self.options) + " is needed"

    def holds(self, value: Any) -> bool:
        """Whether a value is one of them."""
        return isinstance(value, str) and value in self.options


@dataclass(frozen=True)
class MetricName:
    """The name of a metric of a kind, 'regression' or 'classes'; None passes where there is a default.

    Examples
    --------
    >>> MetricName("classes").holds("accuracy"), MetricName("classes").holds("ccc")
    (True, False)
    """

    kind: str
    optional: bool = False

    @property
    def needed(self) -> str:
        """The metrics of the kind in words."""
        return f"one of {', '.join(metric.name for metric in METRICS.values() if metric.kind == self.kind)} is needed"

    def holds(self, value: Any) -> bool:
        """Whether a value names such a metric."""
        if value is None:
            return self.optional
        return isinstance(value, str) and value in METRICS and METRICS[value].kind == self.kind


@dataclass(frozen=True)
class Minimum:
    """A number of `low` or more.

    Examples
    --------
    >>> Minimum(1).needed, Minimum(1).holds(0)
    ('1 or more is needed', False)
    """

    low: float

    @property
    def needed(self) -> str:
        """The range in words."""
        return f"{self.low:g} or more is needed"

    def holds(self, value: Any) -> bool:
        """Whether a value is that large."""
        return bool(value >= self.low)


@dataclass(frozen=True)
class Positive:
    """A number greater than 0.

    Examples
    --------
    >>> Positive().holds(0.0)
    False
    """

    needed: ClassVar[str] = "a number greater than 0 is needed"

    def holds(self, value: Any) -> bool:
        """Whether a value is positive."""
        return bool(value > 0)


@dataclass(frozen=True)
class Within:
    """A number from `low` to `high`; without its lower bound where that is open. A string passes where it is named.

    Examples
    --------
    >>> Within(0, 1, open_low=True).needed
    'a number above 0 and at most 1 is needed'
    >>> Within(0, 1, or_string="auto").needed
    "'auto' or a number from 0 to 1 is needed"
    """

    low: float
    high: float
    open_low: bool = False
    or_string: str | None = None

    @property
    def needed(self) -> str:
        """The range in words."""
        low, high = f"{self.low:g}", f"{self.high:g}"
        bounds = f"above {low} and at most {high}" if self.open_low else f"from {low} to {high}"
        string = f"{self.or_string!r} or " if self.or_string else ""
        return f"{string}a number {bounds} is needed"

    def holds(self, value: Any) -> bool:
        """Whether a value lies between the bounds."""
        if isinstance(value, str):
            return value == self.or_string
        return bool(self.low < value <= self.high if self.open_low else self.low <= value <= self.high)


@dataclass(frozen=True)
class Each:
    """A sequence of at least one value, each of which holds another constraint.

    Examples
    --------
    >>> Each(Minimum(0), "seconds of 0 or more are needed").holds([0.0, 2.0])
    True
    """

    constraint: Constraint
    needed: str

    def holds(self, values: Sequence[Any]) -> bool:
        """Whether there are values and each is such."""
        return len(values) > 0 and all(self.constraint.holds(value) for value in values)


@dataclass(frozen=True)
class Rising:
    """Whole numbers of 1 or more, each larger than the one before.

    Examples
    --------
    >>> Rising().holds((25, 50)), Rising().holds((50, 25))
    (True, False)
    """

    needed: ClassVar[str] = "rising numbers of 1 or more are needed"

    def holds(self, values: Sequence[int]) -> bool:
        """Whether they rise from 1 or more."""
        return list(values) == sorted(set(values)) and values[0] >= 1


class CheckedParameters:
    """Mixin of estimators whose constructor parameters have declared ranges.

    `constraints` holds them by the name of the parameter; a subclass may add some. scikit-learn's own
    ``_parameter_constraints`` are private, and raise errors of another kind and voice.

    Examples
    --------
    >>> class Model(CheckedParameters):
    ...     constraints = {"rounds": Minimum(1)}
    ...     rounds = 0
    >>> Model().check_parameters()
    Traceback (most recent call last):
    avbaselines.errors.InputError: rounds: 1 or more is needed, got 0
    """

    constraints: ClassVar[dict[str, Constraint]] = {}

    def check_parameters(self) -> None:
        """Refuse a parameter out of its range.

        Raises
        ------
        InputError
            Naming the parameter, what is needed and what was given.
        """
        for name, constraint in self.constraints.items():
            value = getattr(self, name)
            if not constraint.holds(value):
                shown = list(value) if isinstance(constraint, Each) else value
                raise InputError(f"{name}: {constraint.needed}, got {shown!r}")
