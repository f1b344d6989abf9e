"""Ridge regression and classification: every penalty of the grid for the price of one decomposition."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from sklearn.utils.extmath import randomized_svd

from avbaselines.estimators.linear.dual_ridge import dual_ridge, dual_weights
from avbaselines.estimators.linear.group_sums import eigen_decomposed
from avbaselines.estimators.preprocessing.preparation import NARROW, Blocks, Preparation, column_blocks
from avbaselines.estimators.preprocessing.preparation_options import PreparationOptions
from avbaselines.estimators.preprocessing.prepared_model import PreparedModel
from avbaselines.estimators.preprocessing.row_parts import Rows
from avbaselines.estimators.tuned.base import Candidate, TunedClassifier, TunedRegressor
from avbaselines.estimators.tuned.group_folds import Folds
from avbaselines.estimators.tuned.remarks import PrincipalDirections
from avbaselines.estimators.tuned.validation import RandomState

__all__ = ["RidgeClassifier", "RidgeRegressor", "ridge_path"]

Solver = Callable[[float], np.ndarray]
RidgeModel = list[tuple[np.ndarray, Preparation, np.ndarray, np.ndarray]]
FEW_ROWS = 300
"""Rows below which bent lines are not tried: of 80 made-up clips they lost .02 of correlation, of 300 nothing."""
PENALTIES = tuple(float(10.0**exponent) for exponent in np.arange(3, -3.1, -0.5))


def ridge_path(
    Z: np.ndarray | Rows,
    Y: np.ndarray,
    penalties: Sequence[float] | np.ndarray,
    max_exact: int = 3000,
    seed: int = 0,
    weights: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Ridge solutions of all targets for all penalties.

    Minimises ``|Y - Z w - b|^2 + penalty |w|^2`` per target on its labelled rows, by an eigen-decomposition of the
    smaller of the two Gram matrices; targets labelled on the same rows share it.

    Parameters
    ----------
    Z : ndarray of shape (n, d), or Rows
    Y : ndarray of shape (n, T)
        NaN = not labelled.
    penalties : sequence of float
    max_exact : int, default=3000
        With both more rows and more columns than this, the leading `max_exact` / 2 principal directions stand for Z.
    seed : int, default=0
        Of the search for those directions.
    weights : ndarray of shape (n,), optional
        Of each row's squared error.

    Returns
    -------
    weights : ndarray of shape (len(penalties), d, T)
    intercepts : ndarray of shape (len(penalties), T)

    Examples
    --------
    >>> Z = np.array([[0.0], [1.0], [2.0]])
    >>> weights, intercepts = ridge_path(Z, 1 + 2 * Z, penalties=(1e-9, 2.0))
    >>> weights[:, 0, 0].round(3).tolist(), intercepts[:, 0].round(3).tolist()
    ([2.0, 1.0], [1.0, 2.0])
    """
    Z = Z if isinstance(Z, Rows) else Rows(Z)
    row_weights, weights = weights, np.empty((len(penalties), Z.width, Y.shape[1]))
    intercepts = np.empty((len(penalties), Y.shape[1]))
    labelled = ~np.isnan(Y)
    alike: dict[bytes, list[int]] = {}
    for target, pattern in enumerate(labelled.T):
        alike.setdefault(pattern.tobytes(), []).append(target)
    if Z.width > max_exact and len(alike) > 1:
        # Taken whole for each pattern: made ready once.
        Z = Rows(Z.whole())
    for targets in alike.values():
        rows = np.flatnonzero(labelled[:, targets[0]])
        used, y = Z if len(rows) == len(Z) else Z.take(rows), Y[np.ix_(rows, np.array(targets))]
        own = None if row_weights is None else row_weights[rows]
        mean = np.average(y, axis=0, weights=own)
        few_columns = Z.width <= min(len(rows), max_exact)
        center, solve = (_from_moments if few_columns else _from_rows)(used, y - mean, own, penalties, max_exact, seed)
        for p, penalty in enumerate(penalties):
            solution = solve(penalty)
            weights[p][:, targets] = solution
            intercepts[p, targets] = mean - center @ solution
    return weights, intercepts


def _from_moments(Z: Rows, y: np.ndarray, weights: np.ndarray | None, *_: Any) -> tuple[np.ndarray, Solver]:
    """Center of the columns, and a function from a penalty to the weights (d, T) for centred y (n, T): one pass."""
    center: Any = None
    total, sums = 0.0, np.zeros(Z.width)
    gram, cross = np.zeros((Z.width, Z.width)), np.zeros((Z.width, y.shape[1]))
    for part, A in Z:
        own = np.ones(len(A)) if weights is None else weights[part]
        if center is None:
            # About the middle: moments about 0 would lose the digits of columns far from it.
            center = np.average(A, axis=0, weights=own).astype(A.dtype)
        A, root = A - center, np.sqrt(own)[:, None]
        total, sums = total + own.sum(), sums + own @ A
        if weights is not None:
            A *= root.astype(A.dtype)
        gram += A.T @ A
        cross += A.T @ (y[part] * root).astype(A.dtype)
    shift = sums / total
    gram -= total * np.outer(shift, shift)
    squares, V = eigen_decomposed(gram)
    moments, squares = V.T @ cross, np.maximum(squares, 0)[:, None]
    return center + shift, lambda penalty: V @ (moments / (squares + penalty))


def _from_rows(
    Z: Rows,
    y: np.ndarray,
    weights: np.ndarray | None,
    penalties: Sequence[float] | np.ndarray,
    max_exact: int,
    seed: int,
) -> tuple[np.ndarray, Solver]:
    """The same for more columns than rows, or where both are many: all rows at once."""
    A = Z.whole()
    center = np.average(A, axis=0, weights=weights) if weights is not None else A.mean(axis=0, dtype=np.float64)
    A -= center.astype(A.dtype)
    if weights is not None:
        root = np.sqrt(weights)[:, None]
        A *= root.astype(A.dtype)
        y = y * root
    y = y.astype(A.dtype)
    if min(A.shape) > max_exact:
        U, s, Vt = randomized_svd(A, max_exact // 2, n_iter=2, random_state=seed)
        moments, squares = s[:, None] * (U.T @ y), s[:, None] ** 2
        return center, lambda penalty: Vt.T @ (moments / (squares + penalty))
    gram, y = (A @ A.T).astype(np.float64), y.astype(np.float64)
    solutions = dict(zip(penalties, dual_weights(gram, y, penalties), strict=True))
    return center, lambda penalty: A.T @ solutions[penalty].astype(A.dtype)


class _Ridge(PreparedModel):
    """Parts of the regressor and the classifier; `Y` is (n, T) here, one column per class for classes."""

    search_space = PreparationOptions.search_space

    penalties: Sequence[float]
    max_exact: int

    def _candidates(self) -> list[Candidate]:
        return [{"scaling": s, "penalty": float(p)} for s in self._scalings for p in self.penalties]

    @property
    def _own_scalings(self) -> tuple[str, ...]:
        plain = super()._own_scalings
        narrow = min(map(len, column_blocks(self.blocks, self.n_features_in_))) <= NARROW
        return (*plain, "joined") if narrow and self._n_rows >= FEW_ROWS else plain

    def _try_columns(
        self, X: np.ndarray, train: np.ndarray, Y: np.ndarray, test: np.ndarray, row_weights: np.ndarray | None = None
    ) -> Iterator[np.ndarray]:
        table = self._table(X)
        for scaling in self._scalings:
            fold = table.fold(scaling, train)
            own = self._weights(fold, Y)
            if len(train) < np.count_nonzero(own) and len(train) <= self.max_exact:
                yield from dual_ridge(fold.products(own), train, Y, test, self.penalties, row_weights)
                continue
            Z, Z_test = fold.weighed(own, train), fold.weighed(own, test)
            lines = ridge_path(Z, Y, self.penalties, self.max_exact, self._seed, row_weights)
            yield from _lines(Z_test, *lines, X.dtype)

    def _refit_columns(
        self, X: np.ndarray, rows: np.ndarray | None, Y: np.ndarray, chosen: Any, row_weights: np.ndarray | None = None
    ) -> RidgeModel:
        model, table = [], self._table(X)
        for scaling in dict.fromkeys(c["scaling"] for c in chosen):
            targets = [t for t, c in enumerate(chosen) if c["scaling"] == scaling]
            penalties, which = np.unique([chosen[t]["penalty"] for t in targets], return_inverse=True)
            preparation = self._options.fitted(scaling, self.blocks, X, Y[:, targets], rows)
            Z = table.fold(scaling, rows).as_by(preparation)
            weights, intercepts = ridge_path(Z, Y[:, targets], penalties, self.max_exact, self._seed, row_weights)
            if min(len(Y), weights.shape[1]) > self.max_exact:
                self._remarks = [PrincipalDirections(self.max_exact)]
            own = np.arange(len(targets))
            model.append((np.array(targets), preparation, weights[which, :, own].T, intercepts[which, own]))
        return model

    def _outputs(self, model: Any, X: np.ndarray) -> np.ndarray:
        outputs = np.empty((len(X), sum(len(targets) for targets, *_ in model)))
        for targets, preparation, weights, intercept in model:
            outputs[:, targets] = _lines(preparation.rows(X), weights[None], intercept[None], X.dtype)[0]
        return outputs


def _lines(Z: Rows, weights: np.ndarray, intercepts: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """Values of lines (lines, d, T) for prepared rows, of shape (lines, n, T)."""
    values = np.empty((len(weights), len(Z), weights.shape[2]), dtype)
    for part, prepared in Z:
        for value, w, b in zip(values, weights, intercepts, strict=True):
            value[part] = prepared @ w.astype(dtype) + b
    return values


class RidgeRegressor(_Ridge, TunedRegressor):
    """Ridge regression, tuned per target over scalings and penalties.

    Parameters
    ----------
    blocks : optional
        The columns of each modality, see `Preparation`; None is one block.
    preparation : PreparationOptions, optional
        Scalings that are tried, screening and weights of the blocks; None is the defaults: standard, quantile, and, of
        300 rows or more and a block of up to 500 columns, joined.
    penalties : tuple of float
        Tried penalties, largest first. They act on blocks of unit mean square length.
    cv : int, splitter or iterable, default=5
        Inner folds, see `resolve_cv`.
    metric : str, default='ccc'
        Metric the candidates are compared by on pooled out-of-fold predictions.
    matching : bool, default=True
        Whether a concordance is compared after mean/std matching.
    max_exact : int, default=3000
        See `ridge_path`.
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
    >>> model = RidgeRegressor(cv=4).fit(X, y, groups=speakers)
    >>> model.predict(X).shape, model.oof_prediction_.shape, sorted(model.best_params_[0])
    ((40,), (40,), ['penalty', 'scaling'])
    """

    def __init__(
        self,
        blocks: Blocks = None,
        preparation: PreparationOptions | None = None,
        penalties: Sequence[float] = PENALTIES,
        cv: Folds = 5,
        metric: str = "ccc",
        matching: bool = True,
        max_exact: int = 3000,
        random_state: RandomState = 0,
    ):
        self.blocks = blocks
        self.preparation = preparation
        self.penalties = penalties
        self.cv = cv
        self.metric = metric
        self.matching = matching
        self.max_exact = max_exact
        self.random_state = random_state

    def _try(
        self,
        X: np.ndarray,
        train: np.ndarray,
        targets: np.ndarray,
        test: np.ndarray,
        candidates: list[Candidate],
        weights: np.ndarray | None = None,
    ) -> Iterable[np.ndarray]:
        return self._try_columns(X, train, targets, test)

    def _refit(
        self,
        X: np.ndarray,
        rows: np.ndarray | None,
        targets: np.ndarray,
        chosen: Any,
        weights: np.ndarray | None = None,
    ) -> Any:
        return self._refit_columns(X, rows, targets, chosen)


class RidgeClassifier(_Ridge, TunedClassifier):
    """Ridge regression on one-hot classes, tuned over scalings and penalties, with calibrated posteriors.

    Parameters
    ----------
    blocks, preparation, penalties, cv, max_exact, random_state
        As for `RidgeRegressor`.
    metric : str, default='accuracy'
        Metric the candidates are compared by on pooled out-of-fold predictions.

    Attributes
    ----------
    classes_ : ndarray of shape (K,)
    oof_prediction_ : ndarray of shape (n, K)
        Posteriors of each row by fits and calibrators that saw nobody of its group.
    best_params_, oof_scores_, remarks_
        As for `RidgeRegressor`.

    Examples
    --------
    >>> X, speakers = np.random.default_rng(0).normal(size=(40, 3)), np.repeat(np.arange(8), 5)
    >>> y = np.where(X[:, 0] > 0, "happy", "sad")
    >>> model = RidgeClassifier(cv=4).fit(X, y, groups=speakers)
    >>> model.classes_.tolist(), model.predict_proba(X).shape
    (['happy', 'sad'], (40, 2))
    """

    def __init__(
        self,
        blocks: Blocks = None,
        preparation: PreparationOptions | None = None,
        penalties: Sequence[float] = PENALTIES,
        cv: Folds = 5,
        metric: str = "accuracy",
        max_exact: int = 3000,
        random_state: RandomState = 0,
    ):
        self.blocks = blocks
        self.preparation = preparation
        self.penalties = penalties
        self.cv = cv
        self.metric = metric
        self.max_exact = max_exact
        self.random_state = random_state

    def _try(
        self,
        X: np.ndarray,
        train: np.ndarray,
        targets: np.ndarray,
        test: np.ndarray,
        candidates: list[Candidate],
        weights: np.ndarray | None = None,
    ) -> Iterable[np.ndarray]:
        return self._try_columns(X, train, np.eye(targets.max() + 1)[targets], test, weights)

    def _refit(
        self,
        X: np.ndarray,
        rows: np.ndarray | None,
        targets: np.ndarray,
        chosen: Any,
        weights: np.ndarray | None = None,
    ) -> Any:
        one_hot = np.eye(targets.max() + 1)[targets]
        return self._refit_columns(X, rows, one_hot, [chosen] * one_hot.shape[1], weights)
