"""Base of support vector learners: candidates, and machines in the spaces of several kernels."""

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np

from avbaselines.estimators.kernel.kernel_space import KernelSpace, machine_values
from avbaselines.estimators.kernel.landmarks import (
    kernel_of_products,
    mean_squared_distance,
    spread_of_products,
    squared_loss_machines,
)
from avbaselines.estimators.preprocessing.preparation import Preparation
from avbaselines.estimators.preprocessing.preparation_options import PreparationOptions
from avbaselines.estimators.preprocessing.prepared_model import PreparedModel
from avbaselines.estimators.preprocessing.row_parts import Rows, row_parts
from avbaselines.estimators.tuned.base import Candidate
from avbaselines.estimators.tuned.parameter_checks import Constraint, Each, Minimum, Positive
from avbaselines.estimators.tuned.remarks import LandmarkApproximation
from avbaselines.estimators.tuned.search_space import Choice, Real

__all__ = ["GRIDS", "WIDTHS", "KernelModel", "Machines", "primal_machines"]

# 0 is the linear kernel; others stand for gamma = width / (mean squared distance) in exp(-gamma |x - y|^2).
# Narrow ones are for few columns that hold much: SVRs of POM's 215 voice functionals take 4 and 8.
WIDTHS = (0.0, 1.0, 2.0, 4.0, 8.0)
KERNELS = {"grid": WIDTHS, "linear": (0.0,), "wide": (0.25, 0.5), "middle": (1.0,), "narrow": (4.0, 8.0)}
Machines = list[tuple[np.ndarray, np.ndarray]]
"""Weights and offsets of the machines of each cost."""

GRIDS: dict[str, Constraint] = {
    "widths": Each(Minimum(0), "widths of 0 or more are needed"),
    "costs": Each(Positive(), "positive costs are needed"),
}


class KernelModel(PreparedModel):
    """Candidates and spaces; a subclass gives the machines of each cost in a space. See `KernelRegressor`."""

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
    def _exact_machines(
        self, gram: np.ndarray, targets: np.ndarray, costs: Sequence[float], weights: np.ndarray | None = None
    ) -> Machines:
        """Weights and offsets of the machines of each cost, on a Gram matrix of rows that may be weighted."""

    @abstractmethod
    def _landmark_machines(
        self,
        space: KernelSpace,
        kernel: Rows,
        targets: np.ndarray,
        costs: Sequence[float],
        weights: np.ndarray | None = None,
    ) -> Machines:
        """The same on kernel values with landmarks; the weights are of whitened values."""

    def _candidates(self) -> list[Candidate]:
        return [
            {"scaling": scaling, "width": float(width), "cost": float(cost)}
            for scaling in self._scalings
            for width in self.widths
            for cost in self.costs
        ]

    def _try_spaces(
        self, X: np.ndarray, train: np.ndarray, targets: np.ndarray, test: np.ndarray, weights: np.ndarray | None = None
    ) -> Iterator[tuple[bool, np.ndarray]]:
        """For each candidate in turn: whether exact, and machine values for the test rows."""
        table, exact = self._table(X), len(train) <= self.max_exact
        for scaling in self._scalings:
            fold = table.fold(scaling, train)
            own = self._weights(fold, targets)
            if exact:
                tried = self._try_exact(fold.products(own), train, targets, test, weights)
            else:
                tried = self._try_landmarks(fold.weighed(own, train), targets, fold.weighed(own, test), weights)
            for slopes, offsets, basis in tried:
                values = machine_values(basis, slopes, offsets)
                yield from ((exact, one) for one in np.hsplit(values, len(self.costs)))

    def _try_exact(
        self,
        products: np.ndarray,
        train: np.ndarray,
        targets: np.ndarray,
        test: np.ndarray,
        weights: np.ndarray | None,
    ) -> Iterator[tuple[np.ndarray, np.ndarray, Rows]]:
        """Machines of each kernel for all costs side by side, and what their weights multiply of the test rows."""
        lengths = products.diagonal().copy()
        known, asked = products[np.ix_(train, train)], products[np.ix_(test, train)]
        del products  # as large as both
        spread = spread_of_products(known)
        for width in self.widths:
            gamma = width / spread
            machines = self._exact_machines(_gram(known, gamma), targets, self.costs, weights)
            slopes, offsets = (np.hstack(parts) for parts in zip(*machines, strict=True))
            yield slopes, offsets, Rows(kernel_of_products(asked.copy(), lengths[test], lengths[train], gamma))

    def _try_landmarks(
        self, Z: Rows, targets: np.ndarray, Z_test: Rows, weights: np.ndarray | None
    ) -> Iterator[tuple[np.ndarray, np.ndarray, Rows]]:
        """The same by landmarks."""
        for space, kernel in self._landmark_spaces(None, Z, self.widths):
            machines = self._landmark_machines(space, kernel, targets, self.costs, weights)
            slopes, offsets = (np.hstack(parts) for parts in zip(*machines, strict=True))
            yield space.whitening @ slopes, offsets, space.kernel(Z_test)

    def _landmark_spaces(
        self, preparation: Preparation | None, Z: Rows, widths: Sequence[float]
    ) -> Iterator[tuple[KernelSpace, Rows]]:
        """The spaces of some widths, each with the kernel values of the Rows Z."""
        spread = mean_squared_distance(Z)
        rows = np.random.default_rng(self._seed).permutation(len(Z))[: self.n_landmarks]
        vectors = Z.take(np.sort(rows)).whole()
        for width in widths:
            space = KernelSpace(preparation, vectors, width / spread, exact=False)
            kernel = space.kernel(Z)
            # Narrow tables are smaller than their kernel values, which are cheap to have again.
            yield space, Rows(kernel.whole()) if Z.width >= kernel.width else kernel

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
        Z = self._table(X).fold(scaling, rows).as_by(preparation)
        if len(Z) > self.max_exact:
            self._remarks = [LandmarkApproximation(self.max_exact, self.n_landmarks)]
            ((space, kernel),) = self._landmark_spaces(preparation, Z, [width])
            learn = partial(self._landmark_machines, space, kernel)
        else:
            vectors = Z.whole()
            products = vectors @ vectors.T
            space = KernelSpace(preparation, vectors, width / spread_of_products(products), exact=True)
            learn = partial(self._exact_machines, _gram(products, space.gamma))
        if targets.ndim == 1:
            return space.compact(*learn(targets, costs, weights)[0])
        parts = [learn(targets[:, [t]], [cost])[0] for t, cost in enumerate(costs)]
        return space.compact(np.hstack([w for w, _ in parts]), np.hstack([b for _, b in parts]))


def _gram(products: np.ndarray, gamma: float) -> np.ndarray:
    """Kernel values of rows with each other, float64, from their inner products."""
    gram, lengths = np.empty(products.shape), products.diagonal()
    for part in row_parts(len(products), products.shape[1]):
        gram[part] = kernel_of_products(products[part].copy(), lengths[part], lengths, gamma)
    return gram


def primal_machines(
    space: KernelSpace,
    kernel: Rows,
    targets: np.ndarray,
    costs: Sequence[float],
    epsilon: float | None = None,
    weights: np.ndarray | None = None,
) -> Machines:
    """Machines of every cost with a squared loss, all solved at once; of classes where `epsilon` is None.

    Examples
    --------
    >>> X = np.array([[-1.0], [1.0]])
    >>> space = KernelSpace(Preparation(balance=False).fit(X), X, 0.0, exact=False)
    >>> ((weights, offsets),) = primal_machines(space, space.kernel(Rows(X)), X, [1e6], epsilon=0.0)
    >>> (space.kernel(Rows(X)).whole() @ space.whitening @ weights).round(2).ravel().tolist()
    [-1.0, 1.0]
    """
    columns, each = np.tile(targets.astype(space.dtype), len(costs)), np.repeat(costs, targets.shape[1])
    slopes, offsets = squared_loss_machines(kernel, columns, each, epsilon, weights=weights, whitening=space.whitening)
    return list(zip(np.hsplit(slopes, len(costs)), np.split(offsets, len(costs)), strict=True))
