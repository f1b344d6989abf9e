"""Search spaces of learners: what may be searched of one, each parameter with a range that holds the default."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from inspect import signature
from typing import Any

__all__ = ["BOOSTED", "NOTHING", "PARTS", "Choice", "Dimension", "Drawn", "Real", "Whole", "parameter_names"]

PARTS = ("learner", "scaling", "features", "order", "weights", "fusion")
"""What dimensions of a search space are about."""


@dataclass(frozen=True)
class Real:
    """A number between bounds.

    Attributes
    ----------
    log : bool
        Whether it is even on a logarithmic scale.
    times : bool
        Whether it multiplies the learner's own grid, so that each target still chooses from a grid of its own.
    part : str
        One of `PARTS`.

    Examples
    --------
    >>> Real(0.1, 10.0, 1.0, times=True).value(2.0, own=(1.0, 3.0))
    (2.0, 6.0)
    """

    low: float
    high: float
    default: float
    log: bool = True
    times: bool = False
    part: str = "learner"

    def value(self, drawn: float, own: Any = None) -> Any:
        """The constructor's value for a drawn number; ``own`` is the constructor's default."""
        return tuple(drawn * item for item in own) if self.times else drawn


@dataclass(frozen=True)
class Whole:
    """A whole number between bounds, even on a logarithmic scale; attributes as for `Real`.

    Examples
    --------
    >>> Whole(2, 8, 3).value(4.0)
    4
    """

    low: int
    high: int
    default: int
    part: str = "learner"

    def value(self, drawn: float, own: Any = None) -> int:
        """As for `Real`."""
        return int(drawn)


@dataclass(frozen=True)
class Choice:
    """One of several values, by label, the default first.

    Examples
    --------
    >>> kernels = Choice({"all": (0.0, 1.0), "linear": (0.0,)})
    >>> kernels.default, kernels.value("linear")
    ('all', (0.0,))
    """

    options: dict[str, Any]
    part: str = "learner"

    @property
    def default(self) -> str:
        """Label of the default."""
        return next(iter(self.options))

    def value(self, drawn: str, own: Any = None) -> Any:
        """The value of a label."""
        return self.options[drawn]


Dimension = Real | Whole | Choice

# What all boosted trees share.
BOOSTED: dict[str, Dimension] = {
    "columns_per_tree": Whole(20, 2000, 300, part="features"),
    "row_fraction": Real(0.4, 1.0, 0.7, log=False),
}


@dataclass(frozen=True)
class Drawn:
    """Values drawn from a search space; with none, every estimator keeps its defaults.

    Attributes
    ----------
    space : dict of str to Real, Whole or Choice
        Names with a number after a dot (``block_weights.0``) are the items of one tuple.
    values : dict of str to float, int or str

    Examples
    --------
    >>> from avbaselines.estimators.linear.ridge import RidgeRegressor
    >>> drawn = Drawn({"column_share": Real(0.03, 1.0, 1.0)}, {"column_share": 0.5})
    >>> RidgeRegressor(**drawn.parameters(RidgeRegressor)).preparation.column_share
    0.5
    """

    space: Mapping[str, Dimension] = field(default_factory=dict)
    values: Mapping[str, Any] = field(default_factory=dict)

    def parameters(self, cls: type) -> dict[str, Any]:
        """Constructor parameters of a class; values that neither it nor its parts have a parameter for are left out."""
        found = self._known_to(cls)
        for name, part in _parts(cls).items():
            values = self._known_to(part)
            if values:
                found[name] = part(**values)
        return found

    def _known_to(self, cls: type) -> dict[str, Any]:
        known: Mapping[str, Any] = signature(cls).parameters
        found: dict[str, Any] = {}
        for name, drawn in self.values.items():
            parameter, _, item = name.partition(".")
            if parameter in known:
                value = self.space[name].value(drawn, known[parameter].default)
                found[parameter] = (*found.get(parameter, ()), value) if item else value
        return found


NOTHING = Drawn()


def parameter_names(cls: type) -> set[str]:
    """Names of the constructor parameters of a class and of its parts.

    Examples
    --------
    >>> from avbaselines.estimators.linear.ridge import RidgeRegressor
    >>> {"penalties", "column_share"} <= parameter_names(RidgeRegressor)
    True
    """
    return set(signature(cls).parameters).union(*(signature(part).parameters for part in _parts(cls).values()))


def _parts(cls: type) -> dict[str, type]:
    """Estimators that a class takes as parameters and whose parameters are searched with its own."""
    return getattr(cls, "parts", {})
