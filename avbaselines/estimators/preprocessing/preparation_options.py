"""Options by which learners bring columns to one scale before they learn: one part of each such learner."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator

from avbaselines.estimators.preprocessing.preparation import Preparation
from avbaselines.estimators.tuned.search_space import Choice, Dimension, Real

__all__ = ["PreparationOptions"]


class PreparationOptions(BaseEstimator):
    """Scalings that a learner tries, and how it weighs columns and modalities; see `Preparation`.

    Parameters
    ----------
    scalings : tuple of {'standard', 'quantile', 'joined'}, optional
        Tried values of `Preparation.scaling`; None tries those that the learner has by default.
    column_share : float, default=1.0
        Share of each block's columns that count, more than 0 and at most 1.
    block_weights : tuple of float, optional
        Weight of each block's columns; None weighs all the same.

    Examples
    --------
    >>> import numpy as np
    >>> from avbaselines.estimators.linear.ridge import RidgeRegressor
    >>> X = np.random.default_rng(0).normal(size=(30, 2))
    >>> learner = RidgeRegressor(preparation=PreparationOptions(scalings=("quantile",)), cv=3).fit(X, X[:, 0])
    >>> learner.best_params_[0]["scaling"]
    'quantile'
    """

    search_space: dict[str, Dimension] = {
        "scalings": Choice(
            {"own": None, "standard": ("standard",), "quantile": ("quantile",)}, part="scaling"
        ),
        "column_share": Real(0.03, 1.0, 1.0, part="features"),
    }

    def __init__(
        self,
        scalings: Sequence[str] | None = None,
        column_share: float = 1.0,
        block_weights: Sequence[float] | None = None,
    ):
        self.scalings = scalings
        self.column_share = column_share
        self.block_weights = block_weights

    def fitted(
        self, scaling: str, blocks: Any, X: np.ndarray, targets: np.ndarray, rows: np.ndarray | None = None
    ) -> Preparation:
        """A `Preparation` with one of the scalings, fitted to some rows of X.

        Parameters
        ----------
        scaling : {'standard', 'quantile', 'joined'}
        blocks
            The columns of each modality, see `Preparation`.
        X : ndarray of shape (n, n_features)
        targets : ndarray of shape (m,) or (m, T)
            Codes or values of the rows, by which columns are screened.
        rows : ndarray of int, shape (m,), optional
            None is all.

        Examples
        --------
        >>> import numpy as np
        >>> X = np.array([[0.0], [2.0]])
        >>> PreparationOptions().fitted("standard", None, X, X).transform(X).tolist()
        [[-1.0], [1.0]]
        """
        preparation = Preparation(blocks, scaling, True, self.column_share, self.block_weights)
        return preparation.fit(X, targets, rows)
