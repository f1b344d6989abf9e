"""Erasure of the speaker from features by fixed projections: least-squares erasure and iterative null-space projection.

Erasers, `SpeakerNormalizer` included, are fitted on training speakers (``fit(X, groups=speakers)``) and have a
`strength` from 0 (nothing is taken out) to 1, read when rows are transformed: one fit serves every strength. The two
projections are fixed once fitted and so need to know nothing of an unseen speaker, but they know only the directions in
which the training speakers differ.
"""

import math
import warnings
from typing import Self

import numpy as np
from numpy.typing import ArrayLike
from scipy.linalg import cho_factor, cho_solve, eigh
from sklearn.base import OneToOneFeatureMixin, TransformerMixin
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted

from avbaselines.errors import InputError
from avbaselines.estimators.preprocessing.preparation import Blocks, Preparation, column_blocks
from avbaselines.estimators.tuned.parameter_checks import CheckedParameters, Within
from avbaselines.estimators.tuned.validation import GapTolerant

__all__ = ["Eraser", "LeaceEraser", "NullspaceEraser", "check_per_row", "ledoit_wolf"]

# Directions along which speakers differ by less than this share of the strongest one are rounding.
RANK_TOLERANCE = 1e-8
# What keeps the covariance of fewer clips than columns invertible where no shrinkage is asked for.
SMALLEST_SHRINKAGE = 1e-9
EraserMap = tuple[Preparation, np.ndarray, np.ndarray]


class Eraser(OneToOneFeatureMixin, TransformerMixin, CheckedParameters, GapTolerant):
    """Base of erasers: `strength`, and groups in fit and transform; see `LeaceEraser`, with an example."""

    constraints = {"strength": Within(0, 1)}

    def fit_transform(self, X: ArrayLike, y: ArrayLike | None = None, groups: ArrayLike | None = None) -> np.ndarray:
        """Fit, then transform the same rows; see `fit` and `transform`."""
        return self.fit(X, y, groups=groups).transform(X, groups=groups)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


class _Projection(Eraser):
    """Affine erasers: block by block, ``x - write (read' z)`` with z the standardised x, in the units of x."""

    constraints = {**Eraser.constraints, "shrinkage": Within(0, 1, or_string="auto")}

    def fit(self, X: np.ndarray, y: np.ndarray | None = None, groups: np.ndarray | None = None) -> Self:
        """Find the directions in which the speakers differ.

        Parameters
        ----------
        X : array-like of shape (n, n_features)
            NaN allowed; an all-NaN block in a row = the modality is missing there.
        y : ignored
        groups : array-like of shape (n,), optional
            The speaker of each row. Without them nothing can be erased, and a warning says so.

        Raises
        ------
        InputError
            With a single speaker (there is no identity to find), or where no speaker has two clips.
        """
        self.check_parameters()
        X = self._validated(X, reset=True)
        self.blocks_ = column_blocks(self.blocks, X.shape[1])
        self.maps_ = []
        if groups is None:
            name = type(self).__name__
            warnings.warn(f"{name}: no groups were given, so nothing is erased", UserWarning, stacklevel=2)
            return self
        groups = check_per_row(groups, X, "groups")
        for number, columns in enumerate(self.blocks_):
            rows = ~np.isnan(X[:, columns]).all(axis=1)
            self.maps_.append(self._fit_block(X[np.ix_(rows, columns)], groups[rows], number))
        return self

    def transform(self, X: np.ndarray, groups: np.ndarray | None = None) -> np.ndarray:
        """Erase the leading directions, as many of them as `strength` says (rounded up).

        Parameters
        ----------
        X : array-like of shape (n, n_features)
        groups : ignored
            Unseen speakers need no treatment of their own.

        Returns
        -------
        ndarray of shape (n, n_features)
            In the units of X; missing values stay missing.
        """
        check_is_fitted(self)
        self.check_parameters()
        X = self._validated(X)
        erased = X.copy()
        for columns, (preparation, read, write) in zip(self.blocks_, self.maps_, strict=bool(self.maps_)):
            rows = np.flatnonzero(~np.isnan(X[:, columns]).all(axis=1))
            directions = math.ceil(self.strength * read.shape[1] - 1e-9)
            if len(rows) and directions:
                Z = preparation.transform(X[np.ix_(rows, columns)])
                found = Z @ read[:, :directions].astype(X.dtype)
                erased[np.ix_(rows, columns)] -= found @ write[:, :directions].T.astype(X.dtype)
        return erased

    def _fit_block(self, X: np.ndarray, groups: np.ndarray, number: int) -> EraserMap:
        names, codes = np.unique(groups, return_inverse=True)
        if len(names) < 2:
            raise InputError(
                f"groups: erasure needs two speakers at least, block {number} has {len(names)} (n_samples={len(X)})"
            )
        if len(names) == len(groups):
            raise InputError(
                f"groups: each of the {len(names)} speakers has one clip in block {number}, and erasing the speaker "
                "would erase the clip; give speakers with more clips"
            )
        preparation = Preparation(balance=False).fit(X)
        Z = preparation.transform(X).astype(np.float64)
        # Directions of interest lie in the span of the rows: the smaller space where columns outnumber them.
        basis, Z = (None, Z) if len(Z) >= Z.shape[1] else _row_space(Z)
        shrinkage = ledoit_wolf(Z, X.shape[1]) if self.shrinkage == "auto" else float(self.shrinkage)
        read, write = self._directions(Z, _indicators(codes), max(shrinkage, SMALLEST_SHRINKAGE))
        if basis is not None:
            read, write = basis @ read, basis @ write
        scale = np.where(np.isfinite(preparation.scale_), preparation.scale_, 0)
        return preparation, read, scale[:, None] * write


class LeaceEraser(_Projection):
    """Least-squares concept erasure of the speaker: no linear probe can use what is left, at the least change of X.

    Belrose, Schneider-Joseph, Ravfogel, Cotterell, Raff & Biderman 2023, LEACE: Perfect linear concept erasure in
    closed form, arXiv 2306.03819. With S the covariance of X and C its cross-covariance with the speakers' indicators,
    ``x -> x - C (C' S^-1 C)^+ C' S^-1 (x - mean)``, which leaves no cross-covariance between fitted rows and speakers.

    Parameters
    ----------
    strength : float, default=1.0
        Share of the directions that are erased, those that tell the speakers best first.
    shrinkage : 'auto' or float, default='auto'
        S becomes ``(1 - shrinkage) S + shrinkage I`` on standardised columns. 'auto' is the choice of Ledoit & Wolf
        (2004, Journal of Multivariate Analysis 88, 365-411). Without it the erasure of fewer clips than columns would
        fit these clips and no others. With 1 the speakers' means are projected out at right angles, which is nuisance
        attribute projection.
    blocks : optional
        The columns of each modality, see `Preparation`; None is one block. Each is erased by itself, which erases
        them jointly too, and leaves rows that lack one as they are.

    Attributes
    ----------
    maps_ : list of (Preparation, ndarray of shape (d, k), ndarray of shape (d, k))
        For each block: its standardisation, what is read from standardised columns, what is taken from X for it.

    Notes
    -----
    A speaker with one clip counts as any other, by that clip: the weight of a speaker is the number of its clips.

    Examples
    --------
    >>> X, speakers = np.random.default_rng(0).normal(size=(40, 3)), np.repeat(np.arange(8), 5)
    >>> X[:, 0] += speakers
    >>> erased = LeaceEraser(shrinkage=0.0).fit_transform(X, groups=speakers)
    >>> means = [erased[speakers == name].mean(axis=0) for name in range(8)]
    >>> bool(np.std(means, axis=0).max() < 1e-6)
    True
    """

    def __init__(self, strength: float = 1.0, shrinkage: float | str = "auto", blocks: Blocks = None):
        self.strength = strength
        self.shrinkage = shrinkage
        self.blocks = blocks

    def _directions(self, Z: np.ndarray, Y: np.ndarray, shrinkage: float) -> tuple[np.ndarray, np.ndarray]:
        cross = Z.T @ Y / len(Z)
        solved = _solve_covariance(Z, cross, shrinkage)
        strengths, Q = eigh(cross.T @ solved)
        kept = strengths > RANK_TOLERANCE * max(strengths[-1], np.finfo(float).tiny)
        Q = Q[:, kept][:, ::-1] / np.sqrt(strengths[kept][::-1])
        return solved @ Q, cross @ Q


class NullspaceEraser(_Projection):
    """Iterative null-space projection: fit a linear classifier of the speakers, project its weights out, and again.

    Ravfogel, Elazar, Gonen, Twiton & Goldberg 2020, Null it out: guarding protected attributes by iterative nullspace
    projection, ACL, arXiv 2004.07667. The classifier is least squares on the speakers' indicators.

    Parameters
    ----------
    strength : float, default=1.0
        Share of the directions that are projected out, in the order in which they were found.
    n_rounds : int, default=3
        Classifiers; each gives as many directions as there are speakers, less one. With few columns that soon is all
        of them: at least one direction is always left.
    shrinkage, blocks
        As for `LeaceEraser`.

    Attributes
    ----------
    maps_
        As for `LeaceEraser`.

    Examples
    --------
    >>> X, speakers = np.random.default_rng(0).normal(size=(40, 3)), np.repeat(np.arange(8), 5)
    >>> X[:, 0] += speakers
    >>> erased = NullspaceEraser(n_rounds=1).fit_transform(X, groups=speakers)
    >>> erased.shape, bool(erased[:, 0].var() < X[:, 0].var())
    ((40, 3), True)
    """

    def __init__(
        self, strength: float = 1.0, n_rounds: int = 3, shrinkage: float | str = "auto", blocks: Blocks = None
    ):
        self.strength = strength
        self.n_rounds = n_rounds
        self.shrinkage = shrinkage
        self.blocks = blocks

    def _directions(self, Z: np.ndarray, Y: np.ndarray, shrinkage: float) -> tuple[np.ndarray, np.ndarray]:
        found = np.empty((Z.shape[1], 0))
        rank = np.linalg.matrix_rank(Z)
        for _ in range(self.n_rounds):
            left = Z - (Z @ found) @ found.T
            weights = _solve_covariance(left, left.T @ Y / len(Z), shrinkage)
            weights -= found @ (found.T @ weights)
            U, s, _ = np.linalg.svd(weights, full_matrices=False)
            more = U[:, s > RANK_TOLERANCE * max(s[0], np.finfo(float).tiny)][:, : max(rank - 1 - found.shape[1], 0)]
            found = np.hstack([found, more])
        return found, found


def check_per_row(values: ArrayLike, X: np.ndarray, what: str) -> np.ndarray:
    """Values as an array with one entry for each row of X; `what` names them in the error.

    Examples
    --------
    >>> check_per_row(["a", "b"], np.zeros((2, 3)), "groups").tolist()
    ['a', 'b']
    """
    values = np.asarray(values)
    if values.shape != (len(X),):
        raise InputError(f"{what}: one value per row is needed, got shape {values.shape} for {len(X)} rows")
    return values


def _indicators(codes: np.ndarray) -> np.ndarray:
    """One centred column a speaker, of shape (n, speakers)."""
    Y = np.eye(codes.max() + 1)[codes]
    return Y - Y.mean(axis=0)


def _row_space(Z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Orthonormal basis (d, n) of the rows of Z (n, d), and the rows in it (n, n)."""
    basis, R = np.linalg.qr(Z.T)
    return basis, R.T


def _solve_covariance(Z: np.ndarray, right: np.ndarray, shrinkage: float) -> np.ndarray:
    """``((1 - shrinkage) cov Z + shrinkage I)^-1 right`` for centred Z (n, d) and right (d, k)."""
    covariance = (1 - shrinkage) / len(Z) * (Z.T @ Z)
    covariance[np.diag_indices_from(covariance)] += shrinkage
    return cho_solve(cho_factor(covariance, lower=True, overwrite_a=True), right)


def ledoit_wolf(Z: np.ndarray, n_columns: int) -> float:
    """Ledoit & Wolf's shrinkage for centred rows, whose squared lengths and inner products are all that it needs.

    As `sklearn.covariance.ledoit_wolf_shrinkage`, but rows may be given in any orthonormal basis of their span.

    Examples
    --------
    >>> Z = np.random.default_rng(0).normal(size=(50, 3))
    >>> 0 < ledoit_wolf(Z - Z.mean(axis=0), 3) <= 1
    True
    """
    n = len(Z)
    lengths = np.einsum("ij,ij->i", Z, Z)
    mean = lengths.sum() / n / n_columns
    # Both Gram matrices have the same sum of squares; the smaller one is taken.
    squares = np.square(Z @ Z.T if n < Z.shape[1] else Z.T @ Z).sum() / n**2
    spread = squares / n_columns - mean**2
    noise = (np.square(lengths).sum() / n - squares) / (n * n_columns)
    return 1.0 if spread <= noise else float(max(noise, 0) / spread)
