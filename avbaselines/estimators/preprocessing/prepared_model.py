"""Base of tuned learners that bring columns to one scale before they learn."""

from typing import ClassVar

import numpy as np

from avbaselines.estimators.preprocessing.preparation import Blocks
from avbaselines.estimators.preprocessing.preparation_options import PreparationOptions
from avbaselines.estimators.preprocessing.prepared_table import PreparedFold, PreparedTable
from avbaselines.estimators.tuned.base import TunedModel
from avbaselines.estimators.tuned.shared_work import SharedWork

__all__ = ["PreparedModel"]


class PreparedModel(TunedModel):
    """A `TunedModel` with the parameters `blocks` and `preparation`; see `RidgeRegressor`, with an example.

    `_own_scalings` are tried where the options name none.
    """

    parts: ClassVar[dict[str, type]] = {"preparation": PreparationOptions}

    blocks: Blocks
    preparation: PreparationOptions | None

    def _table(self, X: np.ndarray) -> PreparedTable:
        """X with what the fits to it share."""
        return PreparedTable(X, self.blocks, self._shared or SharedWork())

    def _weights(self, fold: PreparedFold, targets: np.ndarray) -> np.ndarray:
        """Weights of the prepared columns; targets are those of the rows that the fold knows."""
        return fold.weights(targets, self._options.column_share, self._options.block_weights)

    @property
    def _options(self) -> PreparationOptions:
        return PreparationOptions() if self.preparation is None else self.preparation

    @property
    def _scalings(self) -> tuple[str, ...]:
        """Scalings that are tried."""
        asked = self._options.scalings
        return self._own_scalings if asked is None else tuple(asked)

    @property
    def _own_scalings(self) -> tuple[str, ...]:
        """Scalings that the learner tries by default, once it has seen the table."""
        return "standard", "quantile"
