"""Base of tuned learners that bring columns to one scale before they learn."""

from collections.abc import Sequence
from typing import ClassVar

from sklearn.base import clone

from avbaselines.estimators.preprocessing.preparation import Blocks
from avbaselines.estimators.preprocessing.preparation_options import PreparationOptions
from avbaselines.estimators.tuned.base import TunedModel

__all__ = ["PreparedModel"]


class PreparedModel(TunedModel):
    """A `TunedModel` with the parameters `blocks` and `preparation`; see `RidgeRegressor`, with an example.

    `scalings` are tried where the options name none.
    """

    parts: ClassVar[dict[str, type]] = {"preparation": PreparationOptions}
    scalings: ClassVar[tuple[str, ...]] = ("standard", "quantile")

    blocks: Blocks
    preparation: PreparationOptions | None

    @property
    def _options(self) -> PreparationOptions:
        options = PreparationOptions() if self.preparation is None else self.preparation
        return options if options.scalings is not None else clone(options).set_params(scalings=self.scalings)

    @property
    def _scalings(self) -> Sequence[str]:
        """The scalings that are tried."""
        return self._options.scalings or self.scalings
