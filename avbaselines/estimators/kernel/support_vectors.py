"""Support vector machines on Gram matrices that all targets and candidates of a fold share."""

from itertools import combinations

import numpy as np
from sklearn.svm import SVC, SVR

from avbaselines.errors import InputError
from avbaselines.estimators.kernel.landmarks import (
    kernel_values,
    mean_squared_distance,
    squared_loss_machines,
    whitening,
)
from avbaselines.estimators.preprocessing.preparation_options import PreparationOptions
from avbaselines.estimators.preprocessing.row_parts import Rows
from avbaselines.estimators.tuned.base import TunedClassifier, TunedRegressor
from avbaselines.estimators.tuned.remarks import LandmarkApproximation
from avbaselines.estimators.tuned.search_space import Choice, Real

__all__ = ["KernelClassifier", "KernelRegressor"]

# 0 is the linear kernel; others stand for gamma = width / (mean squared distance) in exp(-gamma |x - y|^2).
WIDTHS = (0.0, 0.5, 1.0, 2.0)
CACHE_MIB = 500
KERNELS = {"grid": WIDTHS, "linear": (0.0,), "wide": (0.25, 0.5), "middle": (1.0,), "narrow": (2.0, 4.0)}


class _Space:
    """Where machines live: prepared rows seen through a kernel, exactly or by landmarks.

    Parameters
    ----------
    preparation : Preparation
    vectors : ndarray of shape (m, d)
        Prepared training rows: all, or the landmarks that stand for them.
    gamma : float
        See `kernel_values`.
    exact : bool
    """

    def __init__(self, preparation, vectors, gamma, exact):
        self.preparation, self.vectors, self.gamma, self.exact = preparation, vectors, gamma, exact
        self.whitening = None if exact else whitening(vectors, gamma)

    def kernel(self, Z):
        """Kernel values of Rows with the vectors, as Rows."""
        return Z.then(lambda part: kernel_values(part, self.vectors, self.gamma), len(self.vectors))

    def compact(self, weights, offsets):
        """Keep the machines and only the rows that they need; a linear machine needs its column weights alone."""
        if not self.exact:
            weights = self.whitening @ weights
        supports = np.flatnonzero(weights.any(axis=1))
        self.vectors, self.weights, self.offsets = self.vectors[supports], weights[supports], offsets
        if self.gamma == 0:
            self.vectors, self.weights = None, self.vectors.T @ self.weights
        self.whitening = None
        return self

    def decide(self, X):
        """Values of the kept machines for rows of X (n, n_features)."""
        Z = self.preparation.rows(X)
        return _values(Z if self.vectors is None else self.kernel(Z), self.weights, self.offsets)


def _values(basis, weights, offsets):
    """Values of machines for Rows of what their weights multiply."""
    values = np.empty((len(basis), len(offsets)))
    for part, rows in basis:
        values[part] = rows @ weights.astype(rows.dtype) + offsets
    return values


class _Kernel:
    """Candidates and spaces; a subclass gives `_machines(space, kernel, targets, costs)`, weights and offsets a cost.

    Classes may come with weights of the rows, a further argument.
    """

    search_space = {
        **PreparationOptions.search_space,
        "widths": Choice(KERNELS),
        "costs": Real(0.1, 10.0, 1.0, times=True),
        "epsilon": Real(0.01, 0.6, 0.1),
    }
    parts = {"preparation": PreparationOptions}

    @property
    def _options(self):
        return PreparationOptions() if self.preparation is None else self.preparation

    def _candidates(self):
        if any(width < 0 for width in self.widths) or any(cost <= 0 for cost in self.costs):
            raise InputError("widths and costs: widths of 0 or more and positive costs are needed")
        return [
            {"scaling": scaling, "width": float(width), "cost": float(cost)}
            for scaling in self._options.scalings
            for width in self.widths
            for cost in self.costs
        ]

    def _spaces(self, preparation, Z, widths):
        """The spaces of some widths, each with the kernel values of the Rows Z."""
        exact, spread = len(Z) <= self.max_exact, mean_squared_distance(Z)
        if exact:
            vectors = Z.whole()
        else:
            rows = np.random.default_rng(self._seed).permutation(len(Z))[: self.n_landmarks]
            vectors = Z.take(np.sort(rows)).whole()
        for width in widths:
            space = _Space(preparation, vectors, width / spread, exact)
            kernel = space.kernel(Z)
            # Narrow tables are smaller than their kernel values, which are cheap to have again.
            hold = not exact and Z.width >= kernel.width
            yield space, Rows(kernel.whole()) if hold else kernel

    def _try_spaces(self, X, train, targets, test, **row_weights):
        """For each candidate in turn: whether exact, and machine values for the test rows."""
        for scaling in self._options.scalings:
            preparation = self._options.fitted(scaling, self.blocks, X, targets, train)
            Z, Z_test = preparation.rows(X, train), preparation.rows(X, test)
            for space, kernel in self._spaces(preparation, Z, self.widths):
                machines = self._machines(space, kernel, targets, self.costs, **row_weights)
                weights, offsets = (np.hstack(parts) for parts in zip(*machines, strict=True))
                if not space.exact:
                    weights = space.whitening @ weights
                values = _values(space.kernel(Z_test), weights, offsets)
                yield from ((space.exact, own) for own in np.hsplit(values, len(self.costs)))

    def _refit_space(self, X, rows, targets, scaling, width, costs, **row_weights):
        """The space with its machines, one cost per column of targets (one for all where targets are codes)."""
        preparation = self._options.fitted(scaling, self.blocks, X, targets, rows)
        Z = preparation.rows(X, rows)
        if len(Z) > self.max_exact:
            self._remarks = [LandmarkApproximation(self.max_exact, self.n_landmarks)]
        ((space, kernel),) = self._spaces(preparation, Z, [width])
        if targets.ndim == 1:
            return space.compact(*self._machines(space, kernel, targets, costs, **row_weights)[0])
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
        With more training rows, Nystroem features and a squared loss in the primal; `note_` says so.
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
    note_ : str
        What a reader of the scores should know; mostly empty.
    """

    def __init__(
        self,
        blocks=None,
        preparation=None,
        widths=WIDTHS,
        costs=(0.03, 0.3, 3.0),
        epsilon=0.1,
        cv=5,
        metric="ccc",
        matching=True,
        max_exact=8000,
        n_landmarks=1000,
        random_state=0,
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

    def _machines(self, space, kernel, targets, costs):
        if not space.exact:
            return _primal(space, kernel, targets, costs, self.epsilon)
        gram = kernel.whole(np.float64)
        machines = [(np.zeros((len(gram), targets.shape[1])), np.zeros(targets.shape[1])) for _ in costs]
        for t, target in enumerate(targets.T):
            rows = np.flatnonzero(~np.isnan(target))
            own = gram if len(rows) == len(gram) else np.ascontiguousarray(gram[np.ix_(rows, rows)])
            for (weights, offsets), cost in zip(machines, costs, strict=True):
                svr = SVR(kernel="precomputed", C=cost, epsilon=self.epsilon, cache_size=CACHE_MIB)
                svr.fit(own, target[rows])
                weights[rows[svr.support_], t] = svr.dual_coef_[0]
                offsets[t] = svr.intercept_[0]
        return machines

    def _try(self, X, train, targets, test, candidates):
        return (values for _, values in self._try_spaces(X, train, targets, test))

    def _refit(self, X, rows, targets, chosen):
        model = []
        for scaling, width in dict.fromkeys((c["scaling"], c["width"]) for c in chosen):
            own = [t for t, c in enumerate(chosen) if (c["scaling"], c["width"]) == (scaling, width)]
            costs = [chosen[t]["cost"] for t in own]
            model.append((np.array(own), self._refit_space(X, rows, targets[:, own], scaling, width, costs)))
        return model

    def _outputs(self, model, X):
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
    best_params_, oof_scores_, note_
        As for `KernelRegressor`.
    """

    def __init__(
        self,
        blocks=None,
        preparation=None,
        widths=WIDTHS,
        costs=(0.3, 1.0, 3.0, 10.0),
        cv=5,
        metric="accuracy",
        max_exact=8000,
        n_landmarks=1000,
        random_state=0,
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

    def _machines(self, space, kernel, codes, costs, weights=None):
        if not space.exact:
            return _primal(space, kernel, 2.0 * np.eye(codes.max() + 1)[codes] - 1, costs, weights=weights)
        gram = kernel.whole(np.float64)
        machines = []
        for cost in costs:
            svc = SVC(kernel="precomputed", C=cost, decision_function_shape="ovo", cache_size=CACHE_MIB)
            machines.append(_pairs(svc.fit(gram, codes, sample_weight=weights), codes))
        return machines

    def _try(self, X, train, targets, test, candidates, **row_weights):
        return (_by_class(*values) for values in self._try_spaces(X, train, targets, test, **row_weights))

    def _refit(self, X, rows, targets, chosen, **row_weights):
        return self._refit_space(X, rows, targets, chosen["scaling"], chosen["width"], [chosen["cost"]], **row_weights)

    def _outputs(self, model, X):
        return _by_class(model.exact, model.decide(X))


def _primal(space, kernel, targets, costs, epsilon=None, weights=None):
    """Machines of every cost, all solved at once."""
    columns, each = np.tile(targets.astype(space.vectors.dtype), len(costs)), np.repeat(costs, targets.shape[1])
    weights, offsets = squared_loss_machines(kernel, columns, each, epsilon, weights=weights, whitening=space.whitening)
    return list(zip(np.hsplit(weights, len(costs)), np.split(offsets, len(costs)), strict=True))


def _pairs(svc, codes):
    """Weights (rows, pairs) and offsets of the pairwise machines of a fitted SVC, positive for the first of a pair.

    Row r of `dual_coef_` holds, for a support vector of class c, its weight against class r (r < c) or r + 1.
    """
    n_classes = len(svc.n_support_)
    pairs = list(combinations(range(n_classes), 2))
    weights = np.zeros((len(codes), len(pairs)))
    of_class = codes[svc.support_]
    # With two classes scikit-learn turns the signs round: positive is the second class.
    sign = -1 if n_classes == 2 else 1
    for column, (first, second) in enumerate(pairs):
        for one, row in ((first, second - 1), (second, first)):
            own = of_class == one
            weights[svc.support_[own], column] = sign * svc.dual_coef_[row, own]
    return weights, sign * svc.intercept_


def _by_class(pairwise, values):
    """Decision values of K classes (n, K) from those of pairs (n, K (K - 1) / 2); others pass unchanged."""
    if not pairwise:
        return values
    n_classes = int((1 + np.sqrt(1 + 8 * values.shape[1])) / 2)
    decisions = np.zeros((len(values), n_classes))
    for column, (first, second) in enumerate(combinations(range(n_classes), 2)):
        vote = np.clip(values[:, column], -1, 1)
        decisions[:, first] += vote
        decisions[:, second] -= vote
    return decisions
