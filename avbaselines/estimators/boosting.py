"""Gradient-boosted trees whose number of rounds is chosen on out-of-fold predictions, binned once for all targets."""

import lightgbm as lgb
import numpy as np

from avbaselines.errors import InputError
from avbaselines.estimators.screening import screened_columns
from avbaselines.estimators.tuned import TunedClassifier, TunedRegressor

__all__ = ["LightGBMClassifier", "LightGBMRegressor", "XGBoostClassifier", "XGBoostRegressor"]


class _LightGBM:
    """How LightGBM bins, trains and predicts."""

    def _parameters(self, X):
        return {
            "learning_rate": self.learning_rate,
            "num_leaves": self.num_leaves,
            # Corpora of a few dozen rows must still be able to split.
            "min_data_in_leaf": int(np.clip(len(X) // 20, 1, self.min_leaf)),
            "feature_fraction": _fraction(self.columns_per_tree, X.shape[1]),
            "bagging_fraction": self.row_fraction,
            "bagging_freq": 1,
            "lambda_l2": 1.0,
            "max_bin": self.max_bin,
            # Labels come after binning, so binning must not drop columns by what one target needs.
            "feature_pre_filter": False,
            "force_col_wise": True,
            "deterministic": True,
            "num_threads": self.n_jobs,
            "seed": self._seed,
            "verbose": -1,
        }

    def _bin(self, X):
        return lgb.Dataset(X, params=self._parameters(X), free_raw_data=True).construct()

    def _train(self, binned, X, y, rounds, n_classes=0):
        parameters = {**self._parameters(X), **_objective(n_classes, "regression", "binary", "multiclass")}
        rows = np.flatnonzero(~np.isnan(y))
        data = binned if len(rows) == len(y) else binned.subset(rows)
        data.construct().set_label(y[rows])
        return lgb.train(parameters, data, num_boost_round=rounds)

    def _margins(self, booster, X, first, last):
        return booster.predict(
            X, start_iteration=first, num_iteration=last - first, raw_score=True, num_threads=self.n_jobs
        )


class _XGBoost:
    """How XGBoost bins, trains and predicts; imported at first use, as few studies need it and it is large."""

    def _bin(self, X):
        import xgboost

        if self.device not in ("cpu", "cuda"):
            raise InputError(f"device: 'cpu' or 'cuda' is needed, got {self.device!r}")
        return xgboost.QuantileDMatrix(X, max_bin=self.max_bin, nthread=self.n_jobs)

    def _train(self, binned, X, y, rounds, n_classes=0):
        import xgboost

        parameters = {
            "learning_rate": self.learning_rate,
            "max_depth": self.max_depth,
            "min_child_weight": self.min_child_weight,
            "colsample_bytree": _fraction(self.columns_per_tree, X.shape[1]),
            "subsample": self.row_fraction,
            "tree_method": "hist",
            "max_bin": self.max_bin,
            # Margins of parts of the ensemble must add up.
            "base_score": 0.5 if n_classes else 0.0,
            "device": self.device,
            "nthread": self.n_jobs,
            "seed": self._seed,
            "verbosity": 0,
            **_objective(n_classes, "reg:squarederror", "binary:logistic", "multi:softprob"),
        }
        labelled = ~np.isnan(y)
        binned.set_label(np.where(labelled, y, 0))
        # A row of weight 0 has neither gradient nor Hessian: as if it were not there.
        binned.set_weight(labelled.astype(np.float32))
        return xgboost.train(parameters, binned, num_boost_round=rounds)

    def _margins(self, booster, X, first, last):
        import xgboost

        rows = xgboost.DMatrix(X, nthread=self.n_jobs)
        return booster.predict(rows, output_margin=True, iteration_range=(first, last))


def _objective(n_classes, regression, binary, multiclass):
    if not n_classes:
        return {"objective": regression}
    return {"objective": binary} if n_classes == 2 else {"objective": multiclass, "num_class": n_classes}


def _fraction(columns_per_tree, n_columns):
    """Share of columns a tree may look at: never more than .6, so that trees differ."""
    return min(0.6, columns_per_tree / n_columns) if n_columns > 1 else 1.0


class _Boosting:
    """Rounds as candidates: one ensemble is trained, and read after each number of rounds."""

    def _candidates(self):
        if list(self.rounds) != sorted(set(self.rounds)) or self.rounds[0] < 1:
            raise InputError(f"rounds: rising numbers of 1 or more are needed, got {self.rounds}")
        return [{"rounds": int(rounds)} for rounds in self.rounds]

    def _staged(self, booster, X):
        """Margins after each candidate's rounds, of shape (candidates, n, ...); later ones add to earlier ones."""
        parts, first = [], 0
        for last in self.rounds:
            parts.append(self._margins(booster, X, first, int(last)))
            first = int(last)
        return np.cumsum(np.array(parts, dtype=np.float64), axis=0)


class _BoostedRegressor(_Boosting, TunedRegressor):
    def _try(self, X, targets, X_test, candidates):
        columns = screened_columns(X, targets, self.max_columns)
        X, X_test = X[:, columns], X_test[:, columns]
        binned = self._bin(X)
        staged = [self._staged(self._train(binned, X, y, self.rounds[-1]), X_test) for y in targets.T]
        return np.stack(staged, axis=2)

    def _refit(self, X, targets, chosen):
        columns = screened_columns(X, targets, self.max_columns)
        X = X[:, columns]
        binned = self._bin(X)
        return columns, [self._train(binned, X, y, c["rounds"]) for y, c in zip(targets.T, chosen, strict=True)]

    def _outputs(self, model, X):
        columns, boosters = model
        X = X[:, columns]
        rounds = [c["rounds"] for c in self.best_params_]
        return np.column_stack([self._margins(b, X, 0, last) for b, last in zip(boosters, rounds, strict=True)])


class _BoostedClassifier(_Boosting, TunedClassifier):
    def _try(self, X, targets, X_test, candidates):
        columns = screened_columns(X, targets, self.max_columns)
        X = X[:, columns]
        booster = self._train(self._bin(X), X, targets, self.rounds[-1], targets.max() + 1)
        return _by_class(self._staged(booster, X_test[:, columns]), targets.max() + 1)

    def _refit(self, X, targets, chosen):
        columns = screened_columns(X, targets, self.max_columns)
        X = X[:, columns]
        return columns, self._train(self._bin(X), X, targets, chosen["rounds"], targets.max() + 1)

    def _outputs(self, model, X):
        columns, booster = model
        return _by_class(self._margins(booster, X[:, columns], 0, self.best_params_[0]["rounds"]), len(self.classes_))


def _by_class(margins, n_classes):
    """Margins of shape (..., K); the single one of two classes is that of the second against the first."""
    return np.stack([np.zeros_like(margins), margins], axis=-1) if n_classes == 2 else margins


class LightGBMRegressor(_LightGBM, _BoostedRegressor):
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
    max_bin : int, default=63
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
    note_ : str
        What a reader of the scores should know; mostly empty.
    """

    def __init__(
        self,
        blocks=None,
        rounds=(25, 50, 100, 150, 200, 300),
        learning_rate=0.05,
        num_leaves=7,
        min_leaf=10,
        max_columns=2000,
        columns_per_tree=300,
        row_fraction=0.7,
        max_bin=63,
        n_jobs=1,
        cv=5,
        metric="ccc",
        matching=True,
        random_state=0,
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
        self.n_jobs = n_jobs
        self.cv = cv
        self.metric = metric
        self.matching = matching
        self.random_state = random_state


class LightGBMClassifier(_LightGBM, _BoostedClassifier):
    """LightGBM on classes, with the number of rounds chosen and posteriors calibrated on out-of-fold margins.

    Parameters
    ----------
    blocks, rounds, learning_rate, num_leaves, min_leaf, max_columns, columns_per_tree, row_fraction, max_bin, n_jobs,
    cv
        As for `LightGBMRegressor`.
    metric : str, default='accuracy'
        Metric the numbers of rounds are compared by on pooled out-of-fold predictions.
    random_state : int or RandomState, optional

    Attributes
    ----------
    classes_ : ndarray of shape (K,)
    oof_prediction_ : ndarray of shape (n, K)
        Posteriors of each row by fits and calibrators that saw nobody of its group.
    best_params_, oof_scores_, note_
        As for `LightGBMRegressor`.
    """

    def __init__(
        self,
        blocks=None,
        rounds=(25, 50, 100, 150, 200, 300),
        learning_rate=0.05,
        num_leaves=7,
        min_leaf=10,
        max_columns=2000,
        columns_per_tree=300,
        row_fraction=0.7,
        max_bin=63,
        n_jobs=1,
        cv=5,
        metric="accuracy",
        random_state=0,
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
        self.n_jobs = n_jobs
        self.cv = cv
        self.metric = metric
        self.random_state = random_state


class XGBoostRegressor(_XGBoost, _BoostedRegressor):
    """XGBoost, one ensemble per target, with the number of rounds chosen per target.

    Parameters
    ----------
    blocks, max_columns, columns_per_tree, row_fraction, max_bin, n_jobs, cv, metric, matching, random_state
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
    oof_prediction_, best_params_, oof_scores_, note_
        As for `LightGBMRegressor`.
    """

    def __init__(
        self,
        blocks=None,
        rounds=(10, 20, 40, 80),
        learning_rate=0.1,
        max_depth=3,
        min_child_weight=1.0,
        max_columns=2000,
        columns_per_tree=300,
        row_fraction=0.7,
        max_bin=64,
        device="cpu",
        n_jobs=1,
        cv=5,
        metric="ccc",
        matching=True,
        random_state=0,
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
        self.device = device
        self.n_jobs = n_jobs
        self.cv = cv
        self.metric = metric
        self.matching = matching
        self.random_state = random_state


class XGBoostClassifier(_XGBoost, _BoostedClassifier):
    """XGBoost on classes, with the number of rounds chosen and posteriors calibrated on out-of-fold margins.

    Parameters
    ----------
    blocks, rounds, learning_rate, max_depth, min_child_weight, max_columns, columns_per_tree,
    row_fraction, max_bin, device, n_jobs, cv
        As for `XGBoostRegressor`.
    metric : str, default='accuracy'
        Metric the numbers of rounds are compared by on pooled out-of-fold predictions.
    random_state : int or RandomState, optional

    Attributes
    ----------
    classes_, oof_prediction_, best_params_, oof_scores_, note_
        As for `LightGBMClassifier`.
    """

    def __init__(
        self,
        blocks=None,
        rounds=(10, 20, 40, 80),
        learning_rate=0.1,
        max_depth=3,
        min_child_weight=1.0,
        max_columns=2000,
        columns_per_tree=300,
        row_fraction=0.7,
        max_bin=64,
        device="cpu",
        n_jobs=1,
        cv=5,
        metric="accuracy",
        random_state=0,
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
        self.device = device
        self.n_jobs = n_jobs
        self.cv = cv
        self.metric = metric
        self.random_state = random_state
