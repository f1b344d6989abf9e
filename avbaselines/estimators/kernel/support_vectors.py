"""Support vector machines on Gram matrices that all targets and candidates of a fold share."""

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from sklearn.svm import SVC, SVR

from avbaselines.estimators.kernel.kernel_space import (
    KernelSpace,
    class_decisions,
    machine_values,
    pairwise_machines,
)
from avbaselines.estimators.kernel.landmarks import mean_squared_distance, squared_loss_machines
from avbaselines.estimators.preprocessing.preparation import Blocks, Preparation
from avbaselines.estimators.preprocessing.preparation_options import PreparationOptions
from avbaselines.estimators.preprocessing.row_parts import Rows
from avbaselines.estimators.tuned.base import Candidate, TunedClassifier, TunedRegressor
from avbaselines.estimators.tuned.group_folds import Folds
from avbaselines.estimators.tuned.parameter_checks import AtLeast, Each, Positive
from avbaselines.estimators.tuned.prepared import PreparedModel
from avbaselines.estimators.tuned.remarks import LandmarkApproximation
from avbaselines.estimators.tuned.search_space import Choice, Real
from avbaselines.estimators.tuned.validation import RandomState

__all__ = ["KernelClassifier", "KernelRegressor"]

# 0 is the linear kernel; others stand for gamma = width / (mean squared distance) in exp(-gamma |x - y|^2).
WIDTHS = (0.0, 0.5, 1.0, 2.0)
CACHE_MIB = 500
Machines = list[tuple[np.ndarray, np.ndarray]]  # weights and offsets of each cost
KERNELS = {"grid": WIDTHS, "linear": (0.0,), "wide": (0.25, 0.5), "middle": (1.0,), "narrow": (2.0, 4.0)}


_GRIDS = {
    "widths": Each(AtLeast(0), "widths of 0 or more are needed"),
    "costs": Each(Positive(), "positive costs are needed"),
}


class _Kernel(PreparedModel):
    """Candidates and spaces; a subclass gives the machines of each cost in a space."""

    search_space = {
        **PreparationOptions.search_space,
        "widths": Choice(KERNELS),
        "costs": Real(0.1, 10.0, 1.0, times=True),
        "epsilon": Real(0.01, 0.6, 0.1),
    }

    widths: Sequence[float]
    costs: Sequence[float]
    max_exact: int
    n_landmarks: int

    @abstractmethod
    def _machines(
        self,
        space: KernelSpace,
        kernel: Rows,
        targets: np.ndarray,
        costs: Sequence[float],
        weights: np.ndarray | None = None,
    ) -> Machines:
        """Weights and offsets of the machines of each cost, for kernel values of rows that may be weighted."""

    def _candidates(self) -> list[Candidate]:
        return [
            {"scaling": scaling, "width": float(width), "cost": float(cost)}
            for scaling in self._options.scalings
            for width in self.widths
            for cost in self.costs
        ]

    def _spaces(self, preparation: Preparation, Z: Rows, widths: Sequence[float]) -> Iterator[tuple[KernelSpace, Rows]]:
        """The spaces of some widths, each with the kernel values of the Rows Z."""
        exact, spread = len(Z) <= self.max_exact, mean_squared_distance(Z)
        if exact:
            vectors = Z.whole()
        else:
            rows = np.random.default_rng(self._seed).permutation(len(Z))[: self.n_landmarks]
            vectors = Z.take(np.sort(rows)).whole()
        for width in widths:
            space = KernelSpace(preparation, vectors, width / spread, exact)
            kernel = space.kernel(Z)
            # Narrow tables are smaller than their kernel values, which are cheap to have again.
            hold = not exact and Z.width >= kernel.width
            yield space, Rows(kernel.whole()) if hold else kernel

    def _try_spaces(
        self, X: np.ndarray, train: np.ndarray, targets: np.ndarray, test: np.ndarray, weights: np.ndarray | None = None
    ) -> Iterator[tuple[bool, np.ndarray]]:
        """For each candidate in turn: whether exact, and machine values for the test rows."""
        for scaling in self._options.scalings:
            preparation = self._options.fitted(scaling, self.blocks, X, targets, train)
            Z, Z_test = preparation.rows(X, train), preparation.rows(X, test)
            for space, kernel in self._spaces(preparation, Z, self.widths):
                machines = self._machines(space, kernel, targets, self.costs, weights)
                slopes, offsets = (np.hstack(parts) for parts in zip(*machines, strict=True))
                if space.whitening is not None:
                    slopes = space.whitening @ slopes
                values = machine_values(space.kernel(Z_test), slopes, offsets)
                yield from ((space.exact, own) for own in np.hsplit(values, len(self.costs)))

    def _refit_space(
        self,
        X: np.ndarray,
        rows: np.ndarray | None,
        targets: np.ndarray,
        scaling: str,
        width: float,
        costs: Sequence[float],
        weights: np.ndarray | None = None,
    ) -> KernelSpace:
        """The space with its machines, one cost per column of targets (one for all where targets are codes)."""
        preparation = self._options.fitted(scaling, self.blocks, X, targets, rows)
        Z = preparation.rows(X, rows)
        if len(Z) > self.max_exact:
            self._remarks = [LandmarkApproximation(self.max_exact, self.n_landmarks)]
        ((space, kernel),) = self._spaces(preparation, Z, [width])
        if targets.ndim == 1:
            return space.compact(*self._machines(space, kernel, targets, costs, weights)[0])
        if space.exact:
            # Read once for each target.
            kernel = Rows(kernel.whole())
        parts = [self._machines(space, kernel, targets[:, [t]], [cost])[0] for t, cost in enumerate(costs)]
        return space.compact(np.hstack([w for w, _ in parts]), np.hstack([b for _, b in parts]))


class KernelRegressor(_Kernel, TunedRegressor):
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

    constraints = {**TunedRegressor.constraints, **_GRIDS}

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

    def _machines(
        self,
        space: KernelSpace,
        kernel: Rows,
        targets: np.ndarray,
        costs: Sequence[float],
        weights: np.ndarray | None = None,
    ) -> Machines:
        if not space.exact:
            return _primal(space, kernel, targets, costs, self.epsilon)
        gram = kernel.whole(np.float64)
        machines = [(np.zeros((len(gram), targets.shape[1])), np.zeros(targets.shape[1])) for _ in costs]
        for t, target in enumerate(targets.T):
            rows = np.flatnonzero(~np.isnan(target))
            own = gram if len(rows) == len(gram) else np.ascontiguousarray(gram[np.ix_(rows, rows)])
            for (slopes, offsets), cost in zip(machines, costs, strict=True):
                svr = SVR(kernel="precomputed", C=cost, epsilon=self.epsilon, cache_size=CACHE_MIB)
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


class KernelClassifier(_Kernel, TunedClassifier):
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

    constraints = {**TunedClassifier.constraints, **_GRIDS}

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

    def _machines(
        self,
        space: KernelSpace,
        kernel: Rows,
        targets: np.ndarray,
        costs: Sequence[float],
        weights: np.ndarray | None = None,
    ) -> Machines:
        if not space.exact:
            return _primal(space, kernel, 2.0 * np.eye(targets.max() + 1)[targets] - 1, costs, weights=weights)
        gram = kernel.whole(np.float64)
        machines = []
        for cost in costs:
            svc = SVC(kernel="precomputed", C=cost, decision_function_shape="ovo", cache_size=CACHE_MIB)
            machines.append(pairwise_machines(svc.fit(gram, targets, sample_weight=weights), targets))
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


def _primal(
    space: KernelSpace,
    kernel: Rows,
    targets: np.ndarray,
    costs: Sequence[float],
    epsilon: float | None = None,
    weights: np.ndarray | None = None,
) -> Machines:
    """Machines of every cost, all solved at once."""
    columns, each = np.tile(targets.astype(space.dtype), len(costs)), np.repeat(costs, targets.shape[1])
    slopes, offsets = squared_loss_machines(kernel, columns, each, epsilon, weights=weights, whitening=space.whitening)
    return list(zip(np.hsplit(slopes, len(costs)), np.split(offsets, len(costs)), strict=True))
