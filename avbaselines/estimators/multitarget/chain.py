"""Chains of targets: each is predicted from the features and from predictions of the targets before it."""

import itertools
import math
from collections.abc import Callable, Sequence
from functools import cache
from typing import Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, MultiOutputMixin, RegressorMixin
from sklearn.utils.validation import check_is_fitted

from avbaselines.errors import InputError
from avbaselines.estimators.linear.ridge import RidgeClassifier, RidgeRegressor
from avbaselines.estimators.multitarget.chain_steps import ChainSetting, ChainSteps, Order
from avbaselines.estimators.preprocessing.preparation import Blocks, column_blocks
from avbaselines.estimators.tuned.group_folds import Folds, resolve_cv
from avbaselines.estimators.tuned.interface import TargetModel
from avbaselines.estimators.tuned.parameter_checks import CheckedParameters, MetricName, Minimum, OneOf
from avbaselines.estimators.tuned.remarks import ChosenOrder, SingleTarget
from avbaselines.estimators.tuned.search_space import Choice, Dimension
from avbaselines.estimators.tuned.target_scaling import check_targets, tuning_score
from avbaselines.estimators.tuned.validation import GapTolerant, RandomState, drawn_seed
from avbaselines.evaluation.metrics import score

__all__ = ["ChainRegressor"]

MOST_PERMUTED = 3
Evidence = Callable[[Order], np.ndarray]


class ChainRegressor(MultiOutputMixin, RegressorMixin, CheckedParameters, TargetModel, GapTolerant):
    """A chain over any learner of ours, with out-of-fold predictions in the place of earlier targets' labels.

    Labels of other targets are not there when a new clip comes, so no step learns from them: it learns from what the
    earlier steps predict for clips of groups that they have not seen, which is as good as what they will predict for a
    new clip. Unlabelled clips have predictions too, so a target with few labels profits from one with many.

    Parameters
    ----------
    regressor : estimator, default=None
        Base learner of regressed targets; None is `RidgeRegressor`. Its blocks, cv, metric, matching and random_state
        are replaced by those given here.
    classifier : estimator, default=None
        Base learner of class targets; None is `RidgeClassifier`. Keeps its own metric.
    class_targets : tuple of int, default=()
        Numbers of the columns of y that hold class codes.
    order : {'given', 'search', 'ensemble'} or sequence of int, default='given'
        'given' takes the columns of y as they come. 'search' keeps the order of the best mean out-of-fold score among
        `n_orders`. 'ensemble' averages the predictions of `n_orders` orders. A sequence is the order itself.
    n_orders : int, default=6
        Orders that are tried or averaged; all, where there are no more. The columns as they come are the first, from
        the best to the worst predictable is the second, its reverse the third, and the rest is random.
    inputs : {'predictions', 'features'}, default='predictions'
        What a step sees beside the predictions of earlier targets: the target's own out-of-fold prediction, or the
        features themselves, with the predictions as one more block. Prefer the first where features are many: trees
        rarely look at the few columns that hold predictions, and linear and kernel learners can work out from features
        and out-of-fold predictions together what the label of a training clip was, see Notes.
    nested : bool, optional
        Whether out-of-fold predictions come from whole chains fitted without the fold, which costs a chain a fold more,
        or are those of each step. None does it for `inputs` = 'features'.
    blocks : optional
        The columns of each modality, see `Preparation`. Predictions of earlier targets become one more block.
    one_target : {'error', 'fit'}, default='error'
        A chain over one target is none: refuse it, or fit that target alone and remark it.
    cv : int, splitter or iterable, default=5
        Folds, see `resolve_cv`; the same for all steps.
    metric : str, default='ccc'
        Metric of the regressed targets.
    matching : bool, default=True
        Whether a concordance is compared after mean/std matching.
    random_state : int or RandomState, optional

    Attributes
    ----------
    target_classes_ : list of ndarray or None
        Class codes of each class target; None for a regressed one.
    orders_ : list of tuple of int
        The order used; several under 'ensemble'.
    oof_prediction_ : ndarray of shape (n, T)
        Predictions (class codes) of each row by fits that saw nobody of its group, from inputs that are such as well.
    oof_outputs_ : list of ndarray
        The same per target: (n, 1) for a regressed one, posteriors (n, K) for classes.
    oof_scores_ : ndarray of shape (1, T)
        Score of each target, larger is better.
    best_params_ : list of dict
        Of each target's last step.
    searched_ : list of (tuple, float)
        Tried orders and their mean out-of-fold scores; empty unless searched.
    remarks_ : list of FitRemark
        Choices and fallbacks; mostly empty.

    Notes
    -----
    Without nesting, all steps share their folds, so the inputs of a step for training rows come from fits that knew the
    labels of the fold held out. An out-of-fold prediction differs from that of a fit to all rows by the pull of the
    row's own label; a step that sees the features can reproduce the latter, and so read the label off the difference.
    On 700 clips with 420 features and 16 targets, chained ridge then scored .43 out of fold and .20 on new clips.
    Nesting shows the true figure; seeing predictions alone avoids the harm.

    Examples
    --------
    >>> X, speakers = np.random.default_rng(0).normal(size=(40, 3)), np.repeat(np.arange(8), 5)
    >>> Y = np.column_stack([X[:, 0], X[:, 0] > 0])  # a value and a class
    >>> model = ChainRegressor(class_targets=(1,), cv=4).fit(X, Y, groups=speakers)
    >>> [values.shape for values in model.outputs(X)], model.orders_
    ([(40, 1), (40, 2)], [(0, 1)])
    """

    constraints = {
        "one_target": OneOf("error", "fit"),
        "inputs": OneOf("features", "predictions"),
        "n_orders": Minimum(1),
        "metric": MetricName("regression"),
    }

    @staticmethod
    def search_space(n_targets: int) -> dict[str, Dimension]:
        """Orders that a search may try: those of `order`, and every permutation of three targets or fewer."""
        named = {name: name for name in ("ensemble", "given", "search")}
        every = itertools.permutations(range(n_targets)) if n_targets <= MOST_PERMUTED else ()
        return {"order": Choice(named | {"-".join(map(str, order)): list(order) for order in every}, part="order")}

    def __init__(
        self,
        regressor: BaseEstimator | None = None,
        classifier: BaseEstimator | None = None,
        class_targets: Sequence[int] = (),
        order: str | Sequence[int] = "given",
        n_orders: int = 6,
        inputs: str = "predictions",
        nested: bool | None = None,
        blocks: Blocks = None,
        one_target: str = "error",
        cv: Folds = 5,
        metric: str = "ccc",
        matching: bool = True,
        random_state: RandomState = 0,
    ):
        self.regressor = regressor
        self.classifier = classifier
        self.class_targets = class_targets
        self.order = order
        self.n_orders = n_orders
        self.inputs = inputs
        self.nested = nested
        self.blocks = blocks
        self.one_target = one_target
        self.cv = cv
        self.metric = metric
        self.matching = matching
        self.random_state = random_state

    def fit(self, X: ArrayLike, y: ArrayLike, groups: ArrayLike | None = None) -> Self:
        """Fit the chain.

        Parameters
        ----------
        X : array-like of shape (n, n_features)
            NaN allowed; an all-NaN block in a row = the modality is missing there.
        y : array-like of shape (n, T)
            Values, or codes 0, 1 .. in the columns of `class_targets`; NaN = not labelled.
        groups : array-like of shape (n,), optional
            What no fold may have on both sides.

        Raises
        ------
        InputError
            If there is one target only, a target has no label or one value, an order is none of the targets, or the
            folds split a group.
        """
        self.check_parameters()
        X = self._validated(X, reset=True, min_rows=2)
        Y = check_targets(X, y)
        self._squeeze = np.asarray(y).ndim == 1
        self._check(Y.shape[1])
        self._remarks = [SingleTarget("no chain")] if Y.shape[1] == 1 else []
        self._seed = drawn_seed(self.random_state)
        folds = resolve_cv(self.cv, X, Y if Y.shape[1] > 1 else Y[:, 0], groups)
        groups = None if groups is None else np.asarray(groups)
        setting = ChainSetting(
            RidgeRegressor() if self.regressor is None else self.regressor,
            RidgeClassifier() if self.classifier is None else self.classifier,
            {k: np.unique(Y[~np.isnan(Y[:, k]), k]) for k in self._class_numbers},
            self.inputs,
            None if self.blocks is None else column_blocks(self.blocks, X.shape[1]),
            {"metric": self.metric, "matching": self.matching},
            self._seed,
        )
        self._steps = ChainSteps(setting, X, Y, folds, groups)
        evidence = self._evidence(setting, X, Y, folds, groups)
        self.orders_ = self._chosen_orders(Y, evidence)
        oof = self._averaged(evidence)
        self._oof_outputs = oof
        self.oof_prediction_ = self._table(oof)[:, 0] if self._squeeze else self._table(oof)
        self.oof_scores_ = np.array([[self._score(k, t, v) for k, (t, v) in enumerate(zip(Y.T, oof, strict=True))]])
        final = [order[: k + 1] for order in self.orders_ for k in range(len(order))]
        for name in final:
            self._steps.oof(name)
        self._steps.forget(final)
        last = {name[-1]: name for name in final}
        self.best_params_ = [self._steps.best_params(last[k]) for k in range(Y.shape[1])]
        return self

    def predict(self, X: ArrayLike) -> np.ndarray:
        """Predictions for X (n, n_features), of shape (n, T); class codes in the columns of `class_targets`."""
        predicted = self._table(self.outputs(X))
        return predicted[:, 0] if self._squeeze else predicted

    def outputs(
        self, X: ArrayLike, recordings: ArrayLike | None = None, times: ArrayLike | None = None
    ) -> list[np.ndarray]:
        """Predictions per target, (n, 1) for a regressed one, posteriors (n, K) for classes, see `TargetModel`."""
        check_is_fitted(self)
        X = self._validated(X)
        known: dict[Order, np.ndarray] = {}
        return self._averaged(lambda name: self._steps.outputs(name, X, known))

    @property
    def target_classes_(self) -> list[np.ndarray | None]:
        """Class codes of each class target; None for a regressed target."""
        return [self._steps.setting.classes.get(number) for number in range(len(self.best_params_))]

    @property
    def oof_outputs_(self) -> list[np.ndarray]:
        """Out-of-fold predictions per target, (n, 1) or (n, K)."""
        return self._oof_outputs

    def _evidence(
        self, setting: ChainSetting, X: np.ndarray, Y: np.ndarray, folds: np.ndarray, groups: np.ndarray | None
    ) -> Evidence:
        """A function from a step to its out-of-fold outputs."""
        if not (self.inputs == "features" if self.nested is None else self.nested):
            return self._steps.oof
        without: dict[int, ChainSteps] = {}
        known: dict[int, dict[Order, np.ndarray]] = {}
        for fold in np.unique(folds[folds >= 0]):
            rows = folds != fold
            inner, kept = folds[rows], None if groups is None else groups[rows]
            if len(np.unique(inner[inner >= 0])) < 2:
                inner = resolve_cv(5, X[rows], None, kept)
            without[fold], known[fold] = ChainSteps(setting, X[rows], Y[rows], inner, kept), {}

        def outputs(name: Order) -> np.ndarray:
            held = {}
            for fold, steps in without.items():
                steps.oof(name)
                held[fold] = steps.outputs(name, X[folds == fold], known[fold])
            values = np.full((len(X), next(iter(held.values())).shape[1]), np.nan)
            for fold, part in held.items():
                values[folds == fold] = part
            return values

        return cache(outputs)

    # ---- orders ----

    def _chosen_orders(self, Y: np.ndarray, evidence: Evidence) -> list[Order]:
        n_targets = Y.shape[1]
        self.searched_ = []
        if n_targets == 1 or (isinstance(self.order, str) and self.order == "given"):
            return [tuple(range(n_targets))]
        if not isinstance(self.order, str):
            return [tuple(int(k) for k in self.order)]

        def mean_score(order: Order) -> float:
            return float(np.mean([self._score(k, Y[:, k], evidence(order[: p + 1])) for p, k in enumerate(order)]))

        orders = self._candidates([self._score(k, Y[:, k], evidence((k,))) for k in range(n_targets)])
        if self.order == "ensemble":
            return orders
        self.searched_ = [(order, mean_score(order)) for order in orders]
        self._remarks = [ChosenOrder(len(orders))]
        return [max(self.searched_, key=lambda tried: tried[1])[0]]

    def _candidates(self, alone: list[float]) -> list[Order]:
        """Orders to try, given the score of each target alone."""
        given = tuple(range(len(alone)))
        if math.factorial(len(alone)) <= self.n_orders:
            return list(itertools.permutations(given))
        falling = tuple(int(k) for k in np.argsort(-np.array(alone), kind="stable"))
        orders = list(dict.fromkeys([given, falling, falling[::-1]]))
        rng = np.random.default_rng(self._seed)
        while len(orders) < self.n_orders:
            order = tuple(int(k) for k in rng.permutation(len(alone)))
            if order not in orders:
                orders.append(order)
        return orders[: self.n_orders]

    # ---- what comes out ----

    def _averaged(self, outputs: Evidence) -> list[np.ndarray]:
        """Mean output per target over the orders, each (n, 1) or (n, K)."""
        names = [{order[k]: order[: k + 1] for k in range(len(order))} for order in self.orders_]
        return [np.mean([outputs(name[k]) for name in names], axis=0) for k in range(len(names[0]))]

    def _table(self, outputs: list[np.ndarray]) -> np.ndarray:
        """Values and class codes (n, T); NaN where there is no output."""
        columns = []
        for k, values in enumerate(outputs):
            if k in self._class_numbers:
                codes = self._steps.setting.classes[k][np.nan_to_num(values).argmax(axis=1)]
                values = np.where(np.isnan(values).any(axis=1), np.nan, codes)[:, None]
            columns.append(values)
        return np.hstack(columns)

    def _score(self, target: int, truth: np.ndarray, oof: np.ndarray) -> float:
        if target not in self._class_numbers:
            return tuning_score(self.metric, truth, oof[:, 0], self.matching)
        metric = self._steps.setting.classifier.metric
        rows = ~np.isnan(truth) & ~np.isnan(oof).any(axis=1)
        codes = np.searchsorted(self._steps.setting.classes[target], truth[rows])
        return score(metric, codes, oof[rows], n_classes=oof.shape[1])

    def _check(self, n_targets: int) -> None:
        if n_targets < 2 and self.one_target == "error":
            raise InputError("y: a chain needs two targets or more, got one; fit the base learner itself instead")
        self._class_numbers = sorted({int(k) for k in self.class_targets})
        if not set(self._class_numbers) <= set(range(n_targets)):
            raise InputError(f"class_targets: numbers from 0 to {n_targets - 1} are needed, got {self.class_targets}")
        named = isinstance(self.order, str)
        if named and self.order not in ("given", "search", "ensemble"):
            raise InputError(f"order: 'given', 'search', 'ensemble' or a sequence is needed, got {self.order!r}")
        if not named and sorted(self.order) != list(range(n_targets)):
            raise InputError(f"order: each of the targets 0 to {n_targets - 1} is needed once, got {list(self.order)}")
