"""Base of tuned learners that bring columns to one scale before they learn."""

from typing import ClassVar

from avbaselines.estimators.preprocessing.preparation import Blocks
from avbaselines.estimators.preprocessing.preparation_options import PreparationOptions
from avbaselines.estimators.tuned.base import TunedModel

__all__ = ["PreparedModel"]


class PreparedModel(TunedModel):
    """A `TunedModel` with the parameters `blocks` and `preparation`; see `RidgeRegressor`, with an example."""

    parts: ClassVar[dict[str, type]] = {"preparation": PreparationOptions}

    blocks: Blocks
    preparation: PreparationOptions | None

    @property
    def _options(self) -> PreparationOptions:
        return PreparationOptions() if self.preparation is None else self.preparation
