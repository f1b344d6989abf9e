"""Ridge regression and classification: every penalty of the grid for the price of one decomposition."""

import numpy as np
from scipy.linalg import eigh
from sklearn.utils.extmath import randomized_svd

from avbaselines.estimators.preparation import Preparation
from avbaselines.estimators.space import PREPARED
from avbaselines.estimators.tuned import TunedClassifier, TunedRegressor

__all__ = ["RidgeClassifier", "RidgeRegressor", "ridge_path"]

SCALINGS = ("standard", "quantile")
PENALTIES = tuple(float(10.0**exponent) for exponent in np.arange(3, -3.1, -0.5))


def ridge_path(Z, Y, penalties, max_exact=3000, seed=0, weights=None):
    """Ridge solutions of all targets for all penalties.

    Minimises ``|Y - Z w - b|^2 + penalty |w|^2`` per target on its labelled rows, by an eigen-decomposition of the
    smaller of the two Gram matrices; targets labelled on the same rows share it.

    Parameters
    ----------
    Z : ndarray of shape (n, d)
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
    """
    row_weights, weights = weights, np.empty((len(penalties), Z.shape[1], Y.shape[1]))
    intercepts = np.empty((len(penalties), Y.shape[1]))
    patterns, pattern_of = np.unique(~np.isnan(Y), axis=1, return_inverse=True)
    for number, rows in enumerate(patterns.T):
        targets = np.flatnonzero(pattern_of.reshape(-1) == number)
        used, y = Z[rows], Y[np.ix_(rows, targets)]
        if row_weights is None:
            center, mean, root = used.mean(axis=0, dtype=np.float64), y.mean(axis=0), None
        else:
            own = row_weights[rows]
            center, mean = np.average(used, axis=0, weights=own), np.average(y, axis=0, weights=own)
            root = np.sqrt(own)[:, None]
        A, b = used - center.astype(Z.dtype), y - mean
        if root is not None:
            A, b = A * root.astype(Z.dtype), b * root
        solve = _solver(A, b, max_exact, seed)
        for p, penalty in enumerate(penalties):
            solution = solve(penalty)
            weights[p][:, targets] = solution
            intercepts[p, targets] = mean - center @ solution
    return weights, intercepts


def _solver(A, y, max_exact, seed):
    """A function from a penalty to the weights (d, T), for centred A (n, d) and y (n, T)."""
    n, d = A.shape
    y = y.astype(A.dtype)
    if min(n, d) > max_exact:
        U, s, Vt = randomized_svd(A, max_exact // 2, n_iter=2, random_state=seed)
        moments, squares = s[:, None] * (U.T @ y), s[:, None] ** 2
        return lambda penalty: Vt.T @ (moments / (squares + penalty))
    if d <= n:
        squares, V = eigh((A.T @ A).astype(np.float64), check_finite=False)
        moments, squares = V.T @ (A.T @ y), np.maximum(squares, 0)[:, None]
        return lambda penalty: V @ (moments / (squares + penalty))
    squares, U = eigh((A @ A.T).astype(np.float64), check_finite=False)
    moments, squares = U.T @ y, np.maximum(squares, 0)[:, None]
    return lambda penalty: A.T @ (U @ (moments / (squares + penalty))).astype(A.dtype)


class _Ridge:
    """What the regressor and the classifier share; `targets` are (n, T) here, one column per class for classes."""

    search_space = PREPARED

    def _candidates(self):
        return [{"scaling": s, "penalty": float(p)} for s in self.scalings for p in self.penalties]

    def _path(self, X, Y, scaling, penalties, row_weights=None):
        preparation = Preparation(self.blocks, scaling, True, self.column_share, self.block_weights).fit(X, Y)
        Z = preparation.transform(X)
        return preparation, *ridge_path(Z, Y, penalties, self.max_exact, self._seed, row_weights)

    def _try_columns(self, X, Y, X_test, row_weights=None):
        outputs = []
        for scaling in self.scalings:
            preparation, weights, intercepts = self._path(X, Y, scaling, self.penalties, row_weights)
            Z = preparation.transform(X_test)
            outputs += [Z @ w.astype(Z.dtype) + b for w, b in zip(weights, intercepts, strict=True)]
        return np.array(outputs)

    def _refit_columns(self, X, Y, chosen, row_weights=None):
        if min(X.shape) > self.max_exact:
            self.note_ = f"ridge on {self.max_exact // 2} principal directions past {self.max_exact} rows and columns"
        model = []
        for scaling in dict.fromkeys(c["scaling"] for c in chosen):
            targets = [t for t, c in enumerate(chosen) if c["scaling"] == scaling]
            penalties = [chosen[t]["penalty"] for t in targets]
            preparation, weights, intercepts = self._path(X, Y[:, targets], scaling, penalties, row_weights)
            own = np.arange(len(targets))
            model.append((np.array(targets), preparation, weights[own, :, own].T, intercepts[own, own]))
        return model

    def _outputs(self, model, X):
        outputs = np.empty((len(X), sum(len(targets) for targets, *_ in model)))
        for targets, preparation, weights, intercept in model:
            outputs[:, targets] = preparation.transform(X) @ weights.astype(X.dtype) + intercept
        return outputs


class RidgeRegressor(_Ridge, TunedRegressor):
    """Ridge regression, tuned per target over scalings and penalties.

    Parameters
    ----------
    blocks : optional
        The columns of each modality, see `Preparation`; None is one block.
    scalings : tuple of str
        Tried values of `Preparation.scaling`.
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
    column_share, block_weights
        See `Preparation`.
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
        scalings=SCALINGS,
        penalties=PENALTIES,
        cv=5,
        metric="ccc",
        matching=True,
        max_exact=3000,
        column_share=1.0,
        block_weights=None,
        random_state=0,
    ):
        self.blocks = blocks
        self.scalings = scalings
        self.penalties = penalties
        self.cv = cv
        self.metric = metric
        self.matching = matching
        self.max_exact = max_exact
        self.column_share = column_share
        self.block_weights = block_weights
        self.random_state = random_state

    def _try(self, X, targets, X_test, candidates):
        return self._try_columns(X, targets, X_test)

    def _refit(self, X, targets, chosen):
        return self._refit_columns(X, targets, chosen)


class RidgeClassifier(_Ridge, TunedClassifier):
    """Ridge regression on one-hot classes, tuned over scalings and penalties, with calibrated posteriors.

    Parameters
    ----------
    blocks, scalings, penalties, cv, max_exact, column_share, block_weights, random_state
        As for `RidgeRegressor`.
    metric : str, default='accuracy'
        Metric the candidates are compared by on pooled out-of-fold predictions.

    Attributes
    ----------
    classes_ : ndarray of shape (K,)
    oof_prediction_ : ndarray of shape (n, K)
        Posteriors of each row by fits and calibrators that saw nobody of its group.
    best_params_, oof_scores_, note_
        As for `RidgeRegressor`.
    """

    def __init__(
        self,
        blocks=None,
        scalings=SCALINGS,
        penalties=PENALTIES,
        cv=5,
        metric="accuracy",
        max_exact=3000,
        column_share=1.0,
        block_weights=None,
        random_state=0,
    ):
        self.blocks = blocks
        self.scalings = scalings
        self.penalties = penalties
        self.cv = cv
        self.metric = metric
        self.max_exact = max_exact
        self.column_share = column_share
        self.block_weights = block_weights
        self.random_state = random_state

    def _try(self, X, targets, X_test, candidates, weights=None):
        return self._try_columns(X, np.eye(targets.max() + 1)[targets], X_test, weights)

    def _refit(self, X, targets, chosen, weights=None):
        one_hot = np.eye(targets.max() + 1)[targets]
        return self._refit_columns(X, one_hot, [chosen] * one_hot.shape[1], weights)
