"""One ensemble of trees for all targets: each leaf holds a value per target, each target has a weight in the loss."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from avbaselines.errors import InputError
from avbaselines.estimators.boosting.base import column_fraction
from avbaselines.estimators.boosting.binned_data import BinnedData
from avbaselines.estimators.boosting.early_stopping import EarlyStoppedRegressor, StoppedGrowth, folded_parts
from avbaselines.estimators.boosting.xgboost_data import XGBoostData
from avbaselines.estimators.preprocessing.preparation import Blocks
from avbaselines.estimators.tuned.group_folds import Folds
from avbaselines.estimators.tuned.parameter_checks import OneOf
from avbaselines.estimators.tuned.remarks import (
    ChosenTargetWeights,
    DeviceFallback,
    NoVectorLeaves,
    SearchedTargetWeights,
    SingleTarget,
)
from avbaselines.estimators.tuned.search_space import BOOSTED, Real, Whole
from avbaselines.estimators.tuned.validation import RandomState

__all__ = ["JointBoostingRegressor"]


class JointBoostingRegressor(EarlyStoppedRegressor):
    """XGBoost trees with vector leaves over all targets, grown under one loss per target and a weight for each.

    All targets share every split, so a target with few or noisy labels borrows the structure that the others find. It
    pays where they share it, and costs where they do not.

    Parameters
    ----------
    blocks : ignored
        Accepted as all learners do; trees treat columns alone.
    objective : {'squared', 'pcc', 'ccc'}, default='squared'
        See `Surrogate`.
    target_weights : None, array-like of shape (T,) or 'search', default=None
        Weights of the targets in the loss (the alpha, beta, gamma of multitask learning), 0 or more, of which only the
        ratios matter; None weighs all the same. A target of weight 0 is not learnt. 'search' compares weights by the
        mean out-of-fold score of the targets.
    trials : int, default=12
        Tried sets of weights in a search: equal ones first, then random ones between .05 and 1, even on a logarithmic
        scale. Each costs what one fit costs.
    rho : {'out-of-fold', 'training'}, default='out-of-fold'
        Which concordance stretches the targets under 'ccc', see `BoostedConcordanceRegressor`.
    rho_min : float, default=0.3
        Least of it, in (0, 1].
    rounds : int, default=300
        Most rounds. Each target has its own number of them: where its out-of-fold score was best.
    patience : int, default=60
        Stop after so many rounds without a better out-of-fold score of any target.
    every : int, default=5
        Rounds between two looks at the out-of-fold predictions.
    learning_rate : float, default=0.05
    max_depth : int, default=4
    min_child_weight : float, default=10.0
        Least sum of Hessians in a leaf, averaged over the targets (less on corpora of less than 200 rows).
    columns_per_tree : int, default=300
        Columns each tree looks at, at most .6 of all.
    row_fraction : float, default=0.7
        Share of rows each tree sees.
    max_bin : int, default=63
    one_target : {'error', 'fit'}, default='error'
        With a single target there is nothing to share: refuse it, or fit it alone and remark it.
    device : {'cpu', 'cuda'}, default='cpu'
    n_jobs : int, default=1
        Threads.
    cv : int, splitter or iterable, default=5
        Inner folds, see `resolve_cv`.
    metric : str, default='ccc'
        Metric that rounds and weights are chosen by, on pooled out-of-fold predictions.
    matching : bool, default=True
        Whether a concordance is compared after mean/std matching.
    random_state : int or RandomState, optional

    Attributes
    ----------
    oof_prediction_ : ndarray of shape (n, T)
        Predictions of each row by fits that saw nobody of its group.
    target_weights_ : ndarray of shape (T,)
        The weights used, of mean 1.
    best_params_ : list of dict
        Number of rounds and weight of each target.
    oof_scores_ : ndarray of shape (steps, T)
        Score after each `every` rounds with these weights, larger is better.
    searched_ : list of (ndarray of shape (T,), float)
        Tried weights and their mean out-of-fold scores; empty without a search.
    remarks_ : list of FitRemark
        Choices and fallbacks; mostly empty.

    Examples
    --------
    >>> X, speakers = np.random.default_rng(0).normal(size=(40, 3)), np.repeat(np.arange(8), 5)
    >>> Y = np.column_stack([X[:, 0], X[:, 0] - X[:, 1]])
    >>> model = JointBoostingRegressor(rounds=10, cv=3).fit(X, Y, groups=speakers)
    >>> model.predict(X).shape, model.target_weights_.tolist()
    ((40, 2), [1.0, 1.0])
    """

    constraints = {
        **EarlyStoppedRegressor.constraints,
        "one_target": OneOf("error", "fit"),
        "device": OneOf("cpu", "cuda"),
    }
    search_space = {
        **BOOSTED,
        "learning_rate": Real(0.02, 0.2, 0.05),
        "max_depth": Whole(2, 8, 4),
        "min_child_weight": Real(1.0, 60.0, 10.0),
    }

    def __init__(
        self,
        blocks: Blocks = None,
        objective: str = "squared",
        target_weights: ArrayLike | str | None = None,
        trials: int = 12,
        rho: str = "out-of-fold",
        rho_min: float = 0.3,
        rounds: int = 300,
        patience: int = 60,
        every: int = 5,
        learning_rate: float = 0.05,
        max_depth: int = 4,
        min_child_weight: float = 10.0,
        columns_per_tree: int = 300,
        row_fraction: float = 0.7,
        max_bin: int = 63,
        one_target: str = "error",
        device: str = "cpu",
        n_jobs: int = 1,
        cv: Folds = 5,
        metric: str = "ccc",
        matching: bool = True,
        random_state: RandomState = 0,
    ):
        self.blocks = blocks
        self.objective = objective
        self.target_weights = target_weights
        self.trials = trials
        self.rho = rho
        self.rho_min = rho_min
        self.rounds = rounds
        self.patience = patience
        self.every = every
        self.learning_rate = learning_rate
        self.max_depth = max_depth
        self.min_child_weight = min_child_weight
        self.columns_per_tree = columns_per_tree
        self.row_fraction = row_fraction
        self.max_bin = max_bin
        self.one_target = one_target
        self.device = device
        self.n_jobs = n_jobs
        self.cv = cv
        self.metric = metric
        self.matching = matching
        self.random_state = random_state

    def _fit_on(self, X: np.ndarray, Y: np.ndarray, folds: np.ndarray, weight: np.ndarray | None) -> np.ndarray:
        given = self._checked_weights(Y.shape[1])
        self._strategy, self._device = self._capability(Y.shape[1])
        data = self._binned(X)
        grow = partial(self._grow, folded_parts(data, folds), Y, folds, weight)
        self.searched_: list[tuple[np.ndarray, float]] = []
        if given is None:
            given, growth = self._search(grow, Y.shape[1])
        else:
            growth = grow(given)
        self.target_weights_ = given
        self.oof_scores_ = growth.scores
        self.best_params_ = [{"rounds": int(r), "weight": float(w)} for r, w in zip(growth.rounds, given, strict=True)]
        self.model_ = [self._grow_all(data, Y, growth, weight, given)]
        return growth.oof

    def _data(self, X: np.ndarray) -> BinnedData:
        return XGBoostData(X, self.max_bin, self._device, self.n_jobs)

    def _growing(self, n_rows: int, n_columns: int) -> dict[str, Any]:
        return {
            "multi_strategy": self._strategy,
            "learning_rate": self.learning_rate,
            "max_depth": self.max_depth,
            # Corpora of a few dozen rows must still be able to split.
            "min_child_weight": float(np.clip(n_rows / 20, 1, self.min_child_weight)),
            "colsample_bytree": column_fraction(self.columns_per_tree, n_columns),
            "subsample": self.row_fraction,
            "seed": self._seed,
        }

    def _checked_weights(self, n_targets: int) -> np.ndarray | None:
        """Weights of mean 1, or None if they are to be searched."""
        if n_targets < 2 and self.one_target == "error":
            raise InputError("y: joint trees need two targets or more, got one; fit a single-target learner instead")
        if self.target_weights is None:
            return np.ones(n_targets)
        if isinstance(self.target_weights, str):
            if self.target_weights != "search" or self.trials < 1:
                raise InputError(
                    f"target_weights: None, {n_targets} numbers, or 'search' with 1 trial or more is needed, "
                    f"got {self.target_weights!r} with {self.trials} trials"
                )
            return None
        weights = np.asarray(self.target_weights, dtype=np.float64)
        if weights.shape != (n_targets,):
            raise InputError(f"target_weights: {n_targets} targets need {n_targets} weights, got {weights.size}")
        if not np.isfinite(weights).all() or (weights < 0).any():
            raise InputError(f"target_weights: each must be 0 or more, got {weights.tolist()}")
        if not weights.any():
            raise InputError("target_weights: all are 0, so there is nothing to learn")
        return weights / weights.mean()

    def _search(self, grow: Callable[[np.ndarray], StoppedGrowth], n_targets: int) -> tuple[np.ndarray, StoppedGrowth]:
        """Best weights by mean out-of-fold score, and the growth under them; equal weights are tried first."""
        rng = np.random.default_rng(self._seed)
        best: list[tuple[np.ndarray, StoppedGrowth]] = []
        for trial in range(self.trials):
            weights = np.exp(rng.uniform(np.log(0.05), 0, n_targets)) if trial else np.ones(n_targets)
            weights /= weights.mean()
            growth = grow(weights)
            value = float(growth.scores.max(axis=0).mean())
            if not best or value > max(known for _, known in self.searched_):
                best = [(weights, growth)]
            self.searched_.append((weights, value))
        ((weights, growth),) = best
        chosen = ChosenTargetWeights(tuple(float(weight) for weight in weights))
        self._remarks += [SearchedTargetWeights(self.trials), chosen]
        return weights, growth

    def _capability(self, n_targets: int) -> tuple[str, str]:
        """Tree strategy and device that this XGBoost build serves; what it cannot serve is remarked."""
        if n_targets == 1:
            self._remarks.append(SingleTarget("nothing to share"))
            return "one_output_per_tree", _usable_device(self.device, "one_output_per_tree")[0] or "cpu"
        device, reason = _usable_device(self.device, "multi_output_tree")
        if device is None:
            self._remarks.append(NoVectorLeaves(reason))
            return "one_output_per_tree", "cpu"
        if device != self.device:
            self._remarks.append(DeviceFallback(reason))
        return "multi_output_tree", device


def _usable_device(device: str, strategy: str) -> tuple[str | None, str]:
    """The device that grows such trees (None if none does), and why it is not the one asked for."""
    reason = ""
    for candidate in dict.fromkeys([device, "cpu"]):
        try:
            used = _grown_on(candidate, strategy)
        except Exception as error:  # xgboost's own error class is only there once it is imported
            reason = f"{candidate}: {str(error).strip().splitlines()[-1]}"
            continue
        if used == device:
            return device, ""
        return used, reason or f"XGBoost found no {device} device: grown on the {used}"
    return None, reason


def _grown_on(device: str, strategy: str) -> str:
    """Grow one tree on a handful of rows; the device that was really used."""
    import json

    import xgboost

    rows = np.arange(8.0)[:, None]
    with xgboost.config_context(verbosity=0):
        part = XGBoostData(rows, max_bin=4, device=device).part()
        growing = {"multi_strategy": strategy, "max_depth": 1}
        ensemble = part.ensemble(np.hstack([rows, -rows]), growing, objective="squared")
        ensemble.grow(1)
    used = json.loads(ensemble.booster.save_config())["learner"]["generic_param"]["device"]
    return used.split(":")[0]
