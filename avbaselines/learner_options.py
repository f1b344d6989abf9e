"""A learner that is named by the class of its estimator, as a study or another package describes it."""

from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Discriminator, Field, Tag, model_validator

from avbaselines.schema import Name, Section

__all__ = ["LearnerChoice", "NamedLearner"]


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


class NamedLearner(Section):
    """A learner made of a regressor, a classifier, or both, with scikit-learn's interface.

    Attributes
    ----------
    name
        What it is called in the names of systems.
    regressor, classifier
        Importable classes of regressed and of class targets, such as ``sklearn.ensemble.ExtraTreesRegressor``.
    parameters
        Given to the constructor of either.
    search
        Values to try of each parameter, all combinations; the best out-of-fold is kept for each target.
    scaling
        How features are scaled; of several, the best out-of-fold is kept.

    Examples
    --------
    >>> trees = NamedLearner(name="extra-trees", regressor="sklearn.ensemble.ExtraTreesRegressor")
    >>> trees.scaling, trees.parameters
    (['standard'], {})
    """

    name: Name
    regressor: str | None = None
    classifier: str | None = None
    parameters: dict[str, Any] = {}
    search: dict[str, Annotated[list[Any], Field(min_length=1)]] = {}
    scaling: Annotated[list[Literal["standard", "quantile"]], Field(min_length=1), BeforeValidator(_listed)] = [
        "standard"
    ]

    @model_validator(mode="after")
    def _of_a_class(self) -> Self:
        if self.regressor is None and self.classifier is None:
            raise ValueError(
                f"learner {self.name!r} names no class; give regressor, classifier or both, such as "
                "regressor = 'sklearn.ensemble.ExtraTreesRegressor'"
            )
        twice = [name for name in self.search if name in self.parameters]
        if twice:
            raise ValueError(f"learner {self.name!r}: {twice[0]!r} is in parameters and in search; leave one out")
        return self


def _branch(value: Any) -> str:
    return "str" if isinstance(value, str) else "NamedLearner"


LearnerChoice = Annotated[
    Annotated[str, Tag("str")] | Annotated[NamedLearner, Tag("NamedLearner")], Discriminator(_branch)
]
"""A learner by its name, or by the class of its estimator."""
