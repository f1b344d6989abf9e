"""A weighted sum of kernels, one over each modality, and the lines learnt in it."""

from collections.abc import Sequence

import numpy as np

from avbaselines.estimators.kernel.landmarks import kernel_of_products, kernel_values, spread_of_products
from avbaselines.estimators.preprocessing.preparation import Preparation

__all__ = ["KernelSum", "mixes", "unit_kernel"]

DOMINANT = {2: 0.75}
MOST = 0.6


def mixes(n_kernels: int) -> list[tuple[float, ...]]:
    """Weights of kernels that sum to 1: all alike, then each in turn with most of the weight.

    Examples
    --------
    >>> mixes(2)
    [(0.5, 0.5), (0.75, 0.25), (0.25, 0.75)]
    """
    alike = tuple([1 / n_kernels] * n_kernels)
    if n_kernels == 1:
        return [alike]
    top = DOMINANT.get(n_kernels, MOST)
    rest = (1 - top) / (n_kernels - 1)
    return [alike, *(tuple(top if other == one else rest for other in range(n_kernels)) for one in range(n_kernels))]


def unit_kernel(products: np.ndarray, n_known: int, width: float) -> tuple[np.ndarray, float, float]:
    """A kernel in which the known rows, the first ones, vary by 1 about their mean.

    Parameters
    ----------
    products : ndarray of shape (n, n)
        Inner products of rows.
    n_known : int
    width : float
        0 is linear, another is a Gaussian of gamma = width / (mean squared distance of the known rows).

    Returns
    -------
    kernel : ndarray of shape (n, n), float64
    gamma : float
    factor : float
        What the kernel's values were multiplied by; 0 where all known rows are equal.

    Examples
    --------
    >>> x = np.array([[0.0], [2.0], [4.0]])
    >>> kernel, gamma, factor = unit_kernel(x @ x.T, n_known=2, width=0.0)
    >>> kernel[2, 2], gamma, factor
    (np.float64(16.0), 0.0, 1.0)
    """
    gamma = width / spread_of_products(products[:n_known, :n_known])
    lengths = products.diagonal().copy()
    kernel = kernel_of_products(products.copy(), lengths, lengths, gamma).astype(np.float64)
    known = kernel[:n_known, :n_known]
    variance = known.diagonal().mean() - known.mean()
    factor = float(1 / variance) if variance > 1e-9 else 0.0
    return kernel * factor, gamma, factor


class KernelSum:
    """Kernels of the blocks of some prepared rows, weighed and summed; columns of presence add their inner products.

    Parameters
    ----------
    preparation : Preparation
        Fitted to the rows.
    vectors : ndarray of shape (n, d)
        The rows, prepared.
    width : float
        See `unit_kernel`.
    mix : sequence of float, shape (blocks,)

    Attributes
    ----------
    gram : ndarray of shape (n, n)
        Of the rows, until `keep`.

    Examples
    --------
    >>> X = np.array([[0.0, 5.0], [2.0, 7.0]])
    >>> preparation = Preparation([[0], [1]]).fit(X)
    >>> space = KernelSum(preparation, preparation.transform(X), 0.0, (0.5, 0.5))
    >>> space.keep(np.array([[0.0], [1.0]]), np.array([0.5])).decide(X).ravel().tolist()
    [-0.5, 1.5]
    """

    gammas: list[float]
    factors: list[float]
    slopes: np.ndarray
    offsets: np.ndarray
    gram: np.ndarray | None

    def __init__(self, preparation: Preparation, vectors: np.ndarray, width: float, mix: Sequence[float]):
        self.preparation, self.vectors = preparation, vectors
        self.gammas, self.factors = [], []
        presence = vectors[:, self._n_features :]
        self.gram = (presence @ presence.T).astype(np.float64)
        for columns, weight in zip(preparation.blocks_, mix, strict=True):
            block = vectors[:, columns]
            kernel, gamma, factor = unit_kernel(block @ block.T, len(vectors), width)
            self.gram += weight * kernel
            self.gammas.append(gamma)
            self.factors.append(weight * factor)

    @property
    def _n_features(self) -> int:
        return len(self.preparation.weight_)

    def keep(self, slopes: np.ndarray, offsets: np.ndarray) -> "KernelSum":
        """Keep lines, (n, T) and (T,), in place of the Gram matrix that they were learnt on."""
        self.slopes, self.offsets, self.gram = slopes, offsets, None
        return self

    def decide(self, X: np.ndarray) -> np.ndarray:
        """Values of the kept lines, of shape (n, T), for rows of X (n, n_features)."""
        values, vectors = np.empty((len(X), len(self.offsets))), self.vectors
        for part, Z in self.preparation.rows(X):
            kernel = (Z[:, self._n_features :] @ vectors[:, self._n_features :].T).astype(np.float64)
            for columns, gamma, factor in zip(self.preparation.blocks_, self.gammas, self.factors, strict=True):
                own, other = Z[:, columns], vectors[:, columns]
                kernel += factor * kernel_values(own, other, gamma)
            values[part] = kernel @ self.slopes + self.offsets
        return values
