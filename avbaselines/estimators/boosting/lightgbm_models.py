"""LightGBM with the number of rounds tuned, binned once for all targets."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from avbaselines.estimators.boosting.base import BoostedClassifier, BoostedModel, BoostedRegressor, column_fraction
from avbaselines.estimators.boosting.binned_data import BinnedData
from avbaselines.estimators.boosting.lightgbm_data import LightGBMData
from avbaselines.estimators.preprocessing.preparation import Blocks
from avbaselines.estimators.tuned.group_folds import Folds
from avbaselines.estimators.tuned.search_space import BOOSTED, Real, Whole
from avbaselines.estimators.tuned.validation import RandomState

__all__ = ["LightGBMClassifier", "LightGBMRegressor"]


class _LightGBM(BoostedModel):
    """Binning, training and predicting by LightGBM."""

    num_leaves: int
    min_leaf: int

    search_space = {
        **BOOSTED,
        "learning_rate": Real(0.02, 0.2, 0.05),
        "num_leaves": Whole(3, 63, 7),
        "min_leaf": Whole(3, 60, 10),
        "max_columns": Whole(30, 2000, 2000, part="features"),
    }

    def _bin(self, X: np.ndarray) -> BinnedData:
        return LightGBMData(X, self.max_bin, self.n_jobs, self._seed)

    def _growing(self, n_rows: int, n_columns: int) -> dict[str, Any]:
        return {
            "learning_rate": self.learning_rate,
            "num_leaves": self.num_leaves,
            # Corpora of a few dozen rows must still be able to split.
            "min_data_in_leaf": int(np.clip(n_rows // 20, 1, self.min_leaf)),
            "feature_fraction": column_fraction(self.columns_per_tree, n_columns),
            "bagging_fraction": self.row_fraction,
            "bagging_freq": 1,
            "lambda_l2": 1.0,
            "seed": self._seed,
        }

    def _cut(self, stored: bytes, rounds: int) -> Any:
        import lightgbm

        whole = lightgbm.Booster(model_str=stored.decode())
        return lightgbm.Booster(model_str=whole.model_to_string(num_iteration=rounds))

    def _margins(self, booster: Any, X: np.ndarray, rounds: int) -> np.ndarray:
        return booster.predict(X, num_iteration=rounds, raw_score=True, num_threads=self.n_jobs)


class LightGBMRegressor(_LightGBM, BoostedRegressor):
    """LightGBM, one ensemble per target, with the number of rounds chosen per target.

    Needs no scaling; NaN is a value of its own for the trees. Results do not depend on the number of threads.

    Parameters
    ----------
    blocks : ignored
        Accepted as all learners do; trees treat columns alone.
    rounds : tuple of int
        Tried numbers of rounds, rising; all cost together what the last one costs.
    learning_rate : float, default=0.05
    num_leaves : int, default=7
    min_leaf : int, default=10
        Least rows in a leaf (fewer on corpora of less than 200 rows).
    max_columns : int, default=2000
        In wider tables only the columns that follow the targets best in the training rows, see `screened_columns`.
    columns_per_tree : int, default=300
        Columns each tree looks at, at most .6 of all: on thousands of columns speed and variety of trees need it.
    row_fraction : float, default=0.7
        Share of rows each tree sees.
    max_bin : int, default=31
    final : {'folds', 'all'}, default='folds'
        What predicts new rows: the mean of the fits without each fold, which are there anyway, or one more fit to all
        rows. The mean was the better one on seven of ten corpora, and saves one fit of six.
    n_jobs : int, default=1
        Threads.
    cv : int, splitter or iterable, default=5
        Inner folds, see `resolve_cv`.
    metric : str, default='ccc'
        Metric the numbers of rounds are compared by on pooled out-of-fold predictions.
    matching : bool, default=True
        Whether a concordance is compared after mean/std matching.
    random_state : int or RandomState, optional

    Attributes
    ----------
    oof_prediction_ : ndarray of shape (n,) or (n, T)
        Predictions of each row by fits that saw nobody of its group.
    best_params_ : list of dict
        The chosen candidate of each target.
    oof_scores_ : ndarray of shape (candidates, T)
        Score of each candidate, larger is better.
    remarks_ : list of FitRemark
        Choices and fallbacks; mostly empty.

    Examples
    --------
    >>> X, speakers = np.random.default_rng(0).normal(size=(40, 3)), np.repeat(np.arange(8), 5)
    >>> y = X[:, 0] + 0.1 * X[:, 1]
    >>> model = LightGBMRegressor(rounds=(5, 10), cv=3).fit(X, y, groups=speakers)
    >>> model.predict(X).shape, model.oof_scores_.shape
    ((40,), (2, 1))
    """

    def __init__(
        self,
        blocks: Blocks = None,
        rounds: Sequence[int] = (25, 50, 100, 150, 200, 300),
        learning_rate: float = 0.05,
        num_leaves: int = 7,
        min_leaf: int = 10,
        max_columns: int = 2000,
        columns_per_tree: int = 300,
        row_fraction: float = 0.7,
        max_bin: int = 31,
        final: str = "folds",
        n_jobs: int = 1,
        cv: Folds = 5,
        metric: str = "ccc",
        matching: bool = True,
        random_state: RandomState = 0,
    ):
        self.blocks = blocks
        self.rounds = rounds
        self.learning_rate = learning_rate
        self.num_leaves = num_leaves
        self.min_leaf = min_leaf
        self.max_columns = max_columns
        self.columns_per_tree = columns_per_tree
        self.row_fraction = row_fraction
        self.max_bin = max_bin
        self.final = final
        self.n_jobs = n_jobs
        self.cv = cv
        self.metric = metric
        self.matching = matching
        self.random_state = random_state


class LightGBMClassifier(_LightGBM, BoostedClassifier):
    """LightGBM on classes, with the number of rounds chosen and posteriors calibrated on out-of-fold margins.

    Parameters
    ----------
    blocks, rounds, learning_rate, num_leaves, min_leaf, max_columns, columns_per_tree, row_fraction, max_bin, final,
    n_jobs, cv
        As for `LightGBMRegressor`.
    metric : str, default='accuracy'
        Metric the numbers of rounds are compared by on pooled out-of-fold predictions.
    random_state : int or RandomState, optional

    Attributes
    ----------
    classes_ : ndarray of shape (K,)
    oof_prediction_ : ndarray of shape (n, K)
        Posteriors of each row by fits and calibrators that saw nobody of its group.
    best_params_, oof_scores_, remarks_
        As for `LightGBMRegressor`.

    Examples
    --------
    >>> X, speakers = np.random.default_rng(0).normal(size=(40, 3)), np.repeat(np.arange(8), 5)
    >>> y = np.where(X[:, 0] > 0, "happy", "sad")
    >>> model = LightGBMClassifier(rounds=(5, 10), cv=3).fit(X, y, groups=speakers)
    >>> model.classes_.tolist(), model.predict_proba(X).shape
    (['happy', 'sad'], (40, 2))
    """

    def __init__(
        self,
        blocks: Blocks = None,
        rounds: Sequence[int] = (25, 50, 100, 150, 200, 300),
        learning_rate: float = 0.05,
        num_leaves: int = 7,
        min_leaf: int = 10,
        max_columns: int = 2000,
        columns_per_tree: int = 300,
        row_fraction: float = 0.7,
        max_bin: int = 31,
        final: str = "folds",
        n_jobs: int = 1,
        cv: Folds = 5,
        metric: str = "accuracy",
        random_state: RandomState = 0,
    ):
        self.blocks = blocks
        self.rounds = rounds
        self.learning_rate = learning_rate
        self.num_leaves = num_leaves
        self.min_leaf = min_leaf
        self.max_columns = max_columns
        self.columns_per_tree = columns_per_tree
        self.row_fraction = row_fraction
        self.max_bin = max_bin
        self.final = final
        self.n_jobs = n_jobs
        self.cv = cv
        self.metric = metric
        self.random_state = random_state
