"""One boosted ensemble per target, grown towards concordance, correlation or squared error."""

from typing import Any

import numpy as np

from avbaselines.errors import InputError
from avbaselines.estimators.boosting.base import column_fraction
from avbaselines.estimators.boosting.binned_data import BinnedData
from avbaselines.estimators.boosting.early_stopping import EarlyStoppedRegressor, folded_parts
from avbaselines.estimators.boosting.lightgbm_data import LightGBMData
from avbaselines.estimators.boosting.xgboost_data import XGBoostData
from avbaselines.estimators.preprocessing.preparation import Blocks
from avbaselines.estimators.tuned.group_folds import Folds
from avbaselines.estimators.tuned.parameter_checks import OneOf
from avbaselines.estimators.tuned.search_space import BOOSTED, Real, Whole
from avbaselines.estimators.tuned.validation import RandomState

__all__ = ["BoostedConcordanceRegressor"]


class BoostedConcordanceRegressor(EarlyStoppedRegressor):
    """LightGBM or XGBoost under an objective of ours, stopped early on the grouped out-of-fold metric.

    Parameters
    ----------
    blocks : ignored
        Accepted as all learners do; trees treat columns alone.
    objective : {'ccc', 'pcc', 'squared'}, default='ccc'
        See `Surrogate`.
    library : {'lightgbm', 'xgboost'}, default='lightgbm'
    rho : {'out-of-fold', 'training'}, default='out-of-fold'
        Which concordance stretches the targets under 'ccc'. That of the fitted rows runs to 1 as trees overfit, and
        with it the stretch ends; the correlation of out-of-fold predictions does not.
    rho_min : float, default=0.3
        Least of it, in (0, 1].
    rounds : int, default=300
        Most rounds.
    patience : int, default=60
        Stop after so many rounds without a better out-of-fold score.
    every : int, default=5
        Rounds between two looks at the out-of-fold predictions.
    learning_rate : float, default=0.05
    num_leaves : int, default=7
    min_leaf : int, default=10
        Least rows in a leaf (fewer on corpora of less than 200 rows).
    columns_per_tree : int, default=300
        Columns each tree looks at, at most .6 of all.
    row_fraction : float, default=0.7
        Share of rows each tree sees.
    max_bin : int, default=63
    device : {'cpu', 'cuda'}, default='cpu'
        Where XGBoost grows; LightGBM knows the CPU alone.
    n_jobs : int, default=1
        Threads.
    cv : int, splitter or iterable, default=5
        Inner folds, see `resolve_cv`.
    metric : str, default='ccc'
        Metric that the number of rounds is chosen by, on pooled out-of-fold predictions.
    matching : bool, default=True
        Whether a concordance is compared after mean/std matching.
    random_state : int or RandomState, optional

    Attributes
    ----------
    oof_prediction_ : ndarray of shape (n,) or (n, T)
        Predictions of each row by fits that saw nobody of its group.
    best_params_ : list of dict
        The number of rounds of each target.
    oof_scores_ : ndarray of shape (steps, T)
        Score after each `every` rounds, larger is better; NaN after a target's growth was stopped.
    remarks_ : list of FitRemark
        Choices and fallbacks; mostly empty.

    Examples
    --------
    >>> X, speakers = np.random.default_rng(0).normal(size=(40, 3)), np.repeat(np.arange(8), 5)
    >>> y = X[:, 0] + 0.1 * X[:, 1]
    >>> model = BoostedConcordanceRegressor(rounds=10, cv=3).fit(X, y, groups=speakers)
    >>> model.predict(X).shape, len(model.oof_scores_)
    ((40,), 2)
    """

    constraints = {
        **EarlyStoppedRegressor.constraints,
        "library": OneOf("lightgbm", "xgboost"),
        "device": OneOf("cpu", "cuda"),
    }
    search_space = {
        **BOOSTED,
        "learning_rate": Real(0.02, 0.2, 0.05),
        "num_leaves": Whole(3, 63, 7),
        "min_leaf": Whole(3, 60, 10),
        "rho_min": Real(0.1, 1.0, 0.3),
    }

    def __init__(
        self,
        blocks: Blocks = None,
        objective: str = "ccc",
        library: str = "lightgbm",
        rho: str = "out-of-fold",
        rho_min: float = 0.3,
        rounds: int = 300,
        patience: int = 60,
        every: int = 5,
        learning_rate: float = 0.05,
        num_leaves: int = 7,
        min_leaf: int = 10,
        columns_per_tree: int = 300,
        row_fraction: float = 0.7,
        max_bin: int = 63,
        device: str = "cpu",
        n_jobs: int = 1,
        cv: Folds = 5,
        metric: str = "ccc",
        matching: bool = True,
        random_state: RandomState = 0,
    ):
        self.blocks = blocks
        self.objective = objective
        self.library = library
        self.rho = rho
        self.rho_min = rho_min
        self.rounds = rounds
        self.patience = patience
        self.every = every
        self.learning_rate = learning_rate
        self.num_leaves = num_leaves
        self.min_leaf = min_leaf
        self.columns_per_tree = columns_per_tree
        self.row_fraction = row_fraction
        self.max_bin = max_bin
        self.device = device
        self.n_jobs = n_jobs
        self.cv = cv
        self.metric = metric
        self.matching = matching
        self.random_state = random_state

    def _data(self, X: np.ndarray) -> BinnedData:
        if self.library == "xgboost":
            return XGBoostData(X, self.max_bin, self.device, self.n_jobs)
        if self.device != "cpu":
            raise InputError(f"device: LightGBM grows on the CPU, not on {self.device!r}; take library='xgboost'")
        return LightGBMData(X, self.max_bin, self.n_jobs, self._seed)

    def _growing(self, n_rows: int, n_columns: int) -> dict[str, Any]:
        columns = column_fraction(self.columns_per_tree, n_columns)
        # Corpora of a few dozen rows must still be able to split.
        leaf = int(np.clip(n_rows // 20, 1, self.min_leaf))
        common: dict[str, Any] = {"learning_rate": self.learning_rate, "seed": self._seed}
        if self.library == "lightgbm":
            return {
                **common,
                "num_leaves": self.num_leaves,
                "min_data_in_leaf": leaf,
                "feature_fraction": columns,
                "bagging_fraction": self.row_fraction,
                "bagging_freq": 1,
                "lambda_l2": 1.0,
            }
        return {
            **common,
            "grow_policy": "lossguide",
            "max_depth": 0,
            "max_leaves": self.num_leaves,
            "min_child_weight": leaf,
            "colsample_bytree": columns,
            "subsample": self.row_fraction,
        }

    def _fit_on(self, X: np.ndarray, Y: np.ndarray, folds: np.ndarray, weight: np.ndarray | None) -> np.ndarray:
        data = self._binned(X)
        folded = folded_parts(data, folds)
        growths = [self._grow(folded, Y[:, [t]], folds, weight) for t in range(Y.shape[1])]
        self.best_params_ = [{"rounds": int(growth.rounds[0])} for growth in growths]
        self.oof_scores_ = np.full((max(len(growth.scores) for growth in growths), len(growths)), np.nan)
        for t, growth in enumerate(growths):
            self.oof_scores_[: len(growth.scores), t] = growth.scores[:, 0]
        self.model_ = [self._grow_all(data, Y[:, [t]], growth, weight) for t, growth in enumerate(growths)]
        return np.hstack([growth.oof for growth in growths])
