"""What may be searched of a learner: its parameters, each with a range that holds the default."""

from dataclasses import dataclass, field
from inspect import signature

__all__ = ["BOOSTED", "NOTHING", "PREPARED", "Choice", "Drawn", "Real", "Whole"]

PARTS = ("learner", "scaling", "features", "order", "weights", "fusion")
"""What dimensions of a search space are about."""


@dataclass(frozen=True)
class Real:
    """A number between bounds.

    Attributes
    ----------
    low, high, default : float
    log : bool
        Whether it is even on a logarithmic scale.
    times : bool
        Whether it multiplies the learner's own grid, so that each target still chooses from a grid of its own.
    part : str
        One of `PARTS`.
    """

    low: float
    high: float
    default: float
    log: bool = True
    times: bool = False
    part: str = "learner"

    def value(self, drawn, own):
        """The constructor's value for a drawn number; ``own`` is the constructor's default."""
        return tuple(drawn * item for item in own) if self.times else drawn


@dataclass(frozen=True)
class Whole:
    """A whole number between bounds, even on a logarithmic scale; attributes as for `Real`."""

    low: int
    high: int
    default: int
    part: str = "learner"

    def value(self, drawn, own):
        """As for `Real`."""
        return int(drawn)


@dataclass(frozen=True)
class Choice:
    """One of several values, by label, the default first."""

    options: dict
    part: str = "learner"

    @property
    def default(self):
        """Label of the default."""
        return next(iter(self.options))

    def value(self, drawn, own):
        """The value of a label."""
        return self.options[drawn]


# What all learners on prepared columns share.
PREPARED = {
    "scalings": Choice(
        {"both": ("standard", "quantile"), "standard": ("standard",), "quantile": ("quantile",)}, part="scaling"
    ),
    "column_share": Real(0.03, 1.0, 1.0, part="features"),
}

# What all boosted trees share.
BOOSTED = {
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
    """

    space: dict = field(default_factory=dict)
    values: dict = field(default_factory=dict)

    def parameters(self, cls):
        """Constructor parameters of a class; values that the class has no parameter for are left out."""
        known, found = signature(cls).parameters, {}
        for name, value in self.values.items():
            parameter, _, item = name.partition(".")
            if parameter in known:
                value = self.space[name].value(value, known[parameter].default)
                found[parameter] = (*found.get(parameter, ()), value) if item else value
        return found


NOTHING = Drawn()
