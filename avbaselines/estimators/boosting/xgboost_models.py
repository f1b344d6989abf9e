"""XGBoost with the number of rounds tuned, binned once for all targets, on CPU or GPU."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from avbaselines.estimators.boosting.base import BoostedClassifier, BoostedModel, BoostedRegressor, column_fraction
from avbaselines.estimators.boosting.binned_data import BinnedData, threads_beside, xgboost_margins
from avbaselines.estimators.boosting.xgboost_data import XGBoostData
from avbaselines.estimators.preprocessing.preparation import Blocks
from avbaselines.estimators.tuned.group_folds import Folds
from avbaselines.estimators.tuned.parameter_checks import OneOf
from avbaselines.estimators.tuned.search_space import BOOSTED, Real, Whole
from avbaselines.estimators.tuned.validation import RandomState

__all__ = ["XGBoostClassifier", "XGBoostRegressor"]


class _XGBoost(BoostedModel):
    """Binning, training and predicting by XGBoost, imported at first use: few studies need it and it is large."""

    max_depth: int
    min_child_weight: float
    device: str

    search_space = {
        **BOOSTED,
        "learning_rate": Real(0.03, 0.3, 0.1),
        "max_depth": Whole(2, 8, 3),
        "min_child_weight": Real(0.5, 30.0, 1.0),
        "max_columns": Whole(30, 2000, 2000, part="features"),
    }

    def _bin(self, X: np.ndarray) -> BinnedData:
        return XGBoostData(X, self.max_bin, self.device, self.n_jobs)

    def _growing(self, n_rows: int, n_columns: int) -> dict[str, Any]:
        return {
            "learning_rate": self.learning_rate,
            "max_depth": self.max_depth,
            "min_child_weight": self.min_child_weight,
            "colsample_bytree": column_fraction(self.columns_per_tree, n_columns),
            "subsample": self.row_fraction,
            "seed": self._seed,
        }

    def _cut(self, stored: bytes, rounds: int) -> Any:
        import xgboost

        booster = xgboost.Booster()
        booster.load_model(bytearray(stored))
        return booster[:rounds]

    def _margins(self, booster: Any, X: np.ndarray, rounds: int) -> np.ndarray:
        return xgboost_margins(booster, X, rounds, threads_beside(self.device, self.n_jobs))


_DEVICE = {"device": OneOf("cpu", "cuda")}


class XGBoostRegressor(_XGBoost, BoostedRegressor):
    """XGBoost, one ensemble per target, with the number of rounds chosen per target.

    Parameters
    ----------
    blocks, max_columns, columns_per_tree, row_fraction, max_bin, final, n_jobs, cv, metric, matching, random_state
        As for `LightGBMRegressor`.
    rounds : tuple of int
        Tried numbers of rounds, rising. Histograms cover all columns, whatever a tree looks at, so on wide tables a
        round costs several times one of LightGBM: fewer and larger steps.
    learning_rate : float, default=0.1
    max_depth : int, default=3
    min_child_weight : float, default=1.0
        Least sum of Hessians in a leaf.
    device : {'cpu', 'cuda'}, default='cpu'

    Attributes
    ----------
    oof_prediction_, best_params_, oof_scores_, remarks_
        As for `LightGBMRegressor`.

    Examples
    --------
    >>> X, speakers = np.random.default_rng(0).normal(size=(40, 3)), np.repeat(np.arange(8), 5)
    >>> y = X[:, 0] + 0.1 * X[:, 1]
    >>> model = XGBoostRegressor(rounds=(5, 10), cv=3).fit(X, y, groups=speakers)
    >>> model.predict(X).shape, model.oof_scores_.shape
    ((40,), (2, 1))
    """

    constraints = {**BoostedRegressor.constraints, **_DEVICE}

    def __init__(
        self,
        blocks: Blocks = None,
        rounds: Sequence[int] = (10, 20, 40, 80),
        learning_rate: float = 0.1,
        max_depth: int = 3,
        min_child_weight: float = 1.0,
        max_columns: int = 2000,
        columns_per_tree: int = 300,
        row_fraction: float = 0.7,
        max_bin: int = 64,
        final: str = "folds",
        device: str = "cpu",
        n_jobs: int = 1,
        cv: Folds = 5,
        metric: str = "ccc",
        matching: bool = True,
        random_state: RandomState = 0,
    ):
        self.blocks = blocks
        self.rounds = rounds
        self.learning_rate = learning_rate
        self.max_depth = max_depth
        self.min_child_weight = min_child_weight
        self.max_columns = max_columns
        self.columns_per_tree = columns_per_tree
        self.row_fraction = row_fraction
        self.max_bin = max_bin
        self.final = final
        self.device = device
        self.n_jobs = n_jobs
        self.cv = cv
        self.metric = metric
        self.matching = matching
        self.random_state = random_state


class XGBoostClassifier(_XGBoost, BoostedClassifier):
    """XGBoost on classes, with the number of rounds chosen and posteriors calibrated on out-of-fold margins.

    Parameters
    ----------
    blocks, rounds, learning_rate, max_depth, min_child_weight, max_columns, columns_per_tree,
    row_fraction, max_bin, final, device, n_jobs, cv
        As for `XGBoostRegressor`.
    metric : str, default='accuracy'
        Metric the numbers of rounds are compared by on pooled out-of-fold predictions.
    random_state : int or RandomState, optional

    Attributes
    ----------
    classes_, oof_prediction_, best_params_, oof_scores_, remarks_
        As for `LightGBMClassifier`.

    Examples
    --------
    >>> X, speakers = np.random.default_rng(0).normal(size=(40, 3)), np.repeat(np.arange(8), 5)
    >>> y = np.where(X[:, 0] > 0, "happy", "sad")
    >>> model = XGBoostClassifier(rounds=(5, 10), cv=3).fit(X, y, groups=speakers)
    >>> model.classes_.tolist(), model.predict_proba(X).shape
    (['happy', 'sad'], (40, 2))
    """

    constraints = {**BoostedClassifier.constraints, **_DEVICE}

    def __init__(
        self,
        blocks: Blocks = None,
        rounds: Sequence[int] = (10, 20, 40, 80),
        learning_rate: float = 0.1,
        max_depth: int = 3,
        min_child_weight: float = 1.0,
        max_columns: int = 2000,
        columns_per_tree: int = 300,
        row_fraction: float = 0.7,
        max_bin: int = 64,
        final: str = "folds",
        device: str = "cpu",
        n_jobs: int = 1,
        cv: Folds = 5,
        metric: str = "accuracy",
        random_state: RandomState = 0,
    ):
        self.blocks = blocks
        self.rounds = rounds
        self.learning_rate = learning_rate
        self.max_depth = max_depth
        self.min_child_weight = min_child_weight
        self.max_columns = max_columns
        self.columns_per_tree = columns_per_tree
        self.row_fraction = row_fraction
        self.max_bin = max_bin
        self.final = final
        self.device = device
        self.n_jobs = n_jobs
        self.cv = cv
        self.metric = metric
        self.random_state = random_state
