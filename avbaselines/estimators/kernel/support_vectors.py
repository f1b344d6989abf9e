"""Support vector machines on Gram matrices that all targets and candidates of a fold share."""

from collections.abc import Iterable, Sequence
from typing import Any, Self

import numpy as np
from sklearn import config_context
from sklearn.base import clone
from sklearn.svm import SVC, SVR

from avbaselines.estimators.kernel.kernel_model import GRIDS, WIDTHS, KernelModel, Machines, primal_machines
from avbaselines.estimators.kernel.kernel_space import (
    KernelSpace,
    class_decisions,
    pairwise_machines,
)
from avbaselines.estimators.preprocessing.preparation import Blocks
from avbaselines.estimators.preprocessing.preparation_options import PreparationOptions
from avbaselines.estimators.preprocessing.row_parts import Rows
from avbaselines.estimators.tuned.base import Candidate, TunedClassifier, TunedRegressor
from avbaselines.estimators.tuned.group_folds import Folds
from avbaselines.estimators.tuned.validation import RandomState

__all__ = ["KernelClassifier", "KernelRegressor"]

CACHE_MIB = 500
# What goes into the solvers was made here: checking it again took half as long as solving where clips are few.
UNCHECKED = {"assume_finite": True, "skip_parameter_validation": True}


class KernelRegressor(KernelModel, TunedRegressor):
    """Support vector regression, tuned per target over scalings, kernels and costs.

    Parameters
    ----------
    blocks : optional
        The columns of each modality, see `Preparation`; None is one block.
    preparation : PreparationOptions, optional
        Scalings that are tried, screening and weights of the blocks; None is the defaults.
    widths : tuple of float
        Tried kernels: 0 is linear, another is a Gaussian of gamma = width / (mean squared distance of training rows).
    costs : tuple of float
        Tried penalties C, for targets of deviation 1.
    epsilon : float, default=0.1
        Half-width of the tube, in deviations of the target.
    cv : int, splitter or iterable, default=5
        Inner folds, see `resolve_cv`.
    metric : str, default='ccc'
        Metric the candidates are compared by on pooled out-of-fold predictions.
    matching : bool, default=True
        Whether a concordance is compared after mean/std matching.
    max_exact : int, default=8000
        With more training rows, Nystroem features and a squared loss in the primal; a remark says so.
    n_landmarks : int, default=1000
    random_state : int or RandomState, optional
        Draws the landmarks.

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
    >>> model = KernelRegressor(widths=(0.0, 1.0), costs=(1.0,), cv=3).fit(X, y, groups=speakers)
    >>> model.best_params_[0]["width"], model.predict(X).shape
    (0.0, (40,))
    """

    constraints = {**TunedRegressor.constraints, **GRIDS}
    narrows = True

    def __init__(
        self,
        blocks: Blocks = None,
        preparation: PreparationOptions | None = None,
        widths: Sequence[float] = WIDTHS,
        costs: Sequence[float] = (0.03, 0.3, 3.0),
        epsilon: float = 0.1,
        cv: Folds = 5,
        metric: str = "ccc",
        matching: bool = True,
        max_exact: int = 8000,
        n_landmarks: int = 1000,
        random_state: RandomState = 0,
    ):
        self.blocks = blocks
        self.preparation = preparation
        self.widths = widths
        self.costs = costs
        self.epsilon = epsilon
        self.cv = cv
        self.metric = metric
        self.matching = matching
        self.max_exact = max_exact
        self.n_landmarks = n_landmarks
        self.random_state = random_state

    def _landmark_machines(
        self,
        space: KernelSpace,
        kernel: Rows,
        targets: np.ndarray,
        costs: Sequence[float],
        weights: np.ndarray | None = None,
    ) -> Machines:
        return primal_machines(space, kernel, targets, costs, self.epsilon)

    def _exact_machines(
        self, gram: np.ndarray, targets: np.ndarray, costs: Sequence[float], weights: np.ndarray | None = None
    ) -> Machines:
        machines = [(np.zeros((len(gram), targets.shape[1])), np.zeros(targets.shape[1])) for _ in costs]
        for t, target in enumerate(targets.T):
            rows = np.flatnonzero(~np.isnan(target))
            own = gram if len(rows) == len(gram) else np.ascontiguousarray(gram[np.ix_(rows, rows)])
            for (slopes, offsets), cost in zip(machines, costs, strict=True):
                svr = SVR(kernel="precomputed", C=cost, epsilon=self.epsilon, cache_size=CACHE_MIB)
                with config_context(**UNCHECKED):
                    svr.fit(own, target[rows])
                slopes[rows[svr.support_], t] = svr.dual_coef_[0]
                offsets[t] = svr.intercept_[0]
        return machines

    def _try(
        self,
        X: np.ndarray,
        train: np.ndarray,
        targets: np.ndarray,
        test: np.ndarray,
        candidates: list[Candidate],
        weights: np.ndarray | None = None,
    ) -> Iterable[np.ndarray]:
        return (values for _, values in self._try_spaces(X, train, targets, test))

    def _refit(
        self,
        X: np.ndarray,
        rows: np.ndarray | None,
        targets: np.ndarray,
        chosen: Any,
        weights: np.ndarray | None = None,
    ) -> Any:
        model = []
        for scaling, width in dict.fromkeys((c["scaling"], c["width"]) for c in chosen):
            own = [t for t, c in enumerate(chosen) if (c["scaling"], c["width"]) == (scaling, width)]
            costs = [chosen[t]["cost"] for t in own]
            model.append((np.array(own), self._refit_space(X, rows, targets[:, own], scaling, width, costs)))
        return model

    def _outputs(self, model: Any, X: np.ndarray) -> np.ndarray:
        outputs = np.empty((len(X), sum(len(own) for own, _ in model)))
        for own, space in model:
            outputs[:, own] = space.decide(X)
        return outputs

    def narrowed(self, targets: Sequence[int]) -> Self:
        """An unfitted one that tries the scalings, kernels and costs that these targets have chosen."""
        chosen = [self.best_params_[t] for t in targets]
        tried = {name: {params[name] for params in chosen} for name in ("scaling", "width", "cost")}
        scalings = [scaling for scaling in self._scalings if scaling in tried["scaling"]]
        return clone(self).set_params(
            preparation=clone(self._options).set_params(scalings=tuple(scalings)),
            widths=tuple(width for width in self.widths if width in tried["width"]),
            costs=tuple(cost for cost in self.costs if cost in tried["cost"]),
        )


class KernelClassifier(KernelModel, TunedClassifier):
    """Support vector classification, tuned over scalings, kernels and costs, with calibrated posteriors.

    Classes are separated pair by pair; the decision value of a class is the sum of its pairwise decisions, each cut at
    +-1 (beyond the margin a machine is sure, and how sure says nothing).

    Parameters
    ----------
    blocks, preparation, widths, cv, max_exact, n_landmarks, random_state
        As for `KernelRegressor`.
    costs : tuple of float
        Tried penalties C.
    metric : str, default='accuracy'
        Metric the candidates are compared by on pooled out-of-fold predictions.

    Attributes
    ----------
    classes_ : ndarray of shape (K,)
    oof_prediction_ : ndarray of shape (n, K)
        Posteriors of each row by fits and calibrators that saw nobody of its group.
    best_params_, oof_scores_, remarks_
        As for `KernelRegressor`.

    Examples
    --------
    >>> X, speakers = np.random.default_rng(0).normal(size=(40, 3)), np.repeat(np.arange(8), 5)
    >>> y = np.where(X[:, 0] > 0, "happy", "sad")
    >>> model = KernelClassifier(widths=(0.0,), costs=(1.0,), cv=3).fit(X, y, groups=speakers)
    >>> model.classes_.tolist(), model.predict_proba(X).shape
    (['happy', 'sad'], (40, 2))
    """

    constraints = {**TunedClassifier.constraints, **GRIDS}

    def __init__(
        self,
        blocks: Blocks = None,
        preparation: PreparationOptions | None = None,
        widths: Sequence[float] = WIDTHS,
        costs: Sequence[float] = (0.3, 1.0, 3.0, 10.0),
        cv: Folds = 5,
        metric: str = "accuracy",
        max_exact: int = 8000,
        n_landmarks: int = 1000,
        random_state: RandomState = 0,
    ):
        self.blocks = blocks
        self.preparation = preparation
        self.widths = widths
        self.costs = costs
        self.cv = cv
        self.metric = metric
        self.max_exact = max_exact
        self.n_landmarks = n_landmarks
        self.random_state = random_state

    def _landmark_machines(
        self,
        space: KernelSpace,
        kernel: Rows,
        targets: np.ndarray,
        costs: Sequence[float],
        weights: np.ndarray | None = None,
    ) -> Machines:
        return primal_machines(space, kernel, 2.0 * np.eye(targets.max() + 1)[targets] - 1, costs, weights=weights)

    def _exact_machines(
        self, gram: np.ndarray, targets: np.ndarray, costs: Sequence[float], weights: np.ndarray | None = None
    ) -> Machines:
        machines = []
        for cost in costs:
            svc = SVC(kernel="precomputed", C=cost, decision_function_shape="ovo", cache_size=CACHE_MIB)
            with config_context(**UNCHECKED):
                svc.fit(gram, targets, sample_weight=weights)
            machines.append(pairwise_machines(svc, targets))
        return machines

    def _try(
        self,
        X: np.ndarray,
        train: np.ndarray,
        targets: np.ndarray,
        test: np.ndarray,
        candidates: list[Candidate],
        weights: np.ndarray | None = None,
    ) -> Iterable[np.ndarray]:
        return (class_decisions(*values) for values in self._try_spaces(X, train, targets, test, weights))

    def _refit(
        self,
        X: np.ndarray,
        rows: np.ndarray | None,
        targets: np.ndarray,
        chosen: Any,
        weights: np.ndarray | None = None,
    ) -> Any:
        return self._refit_space(X, rows, targets, chosen["scaling"], chosen["width"], [chosen["cost"]], weights)

    def _outputs(self, model: Any, X: np.ndarray) -> np.ndarray:
        return class_decisions(model.exact, model.decide(X))
