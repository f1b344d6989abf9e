"""Any regressor or classifier with scikit-learn's interface, tuned and cross-predicted like the learners here."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
from sklearn.base import BaseEstimator, clone
from sklearn.model_selection import ParameterGrid
from sklearn.utils.validation import has_fit_parameter

from avbaselines.errors import InputError
from avbaselines.estimators.preprocessing.preparation import Blocks, Preparation, column_blocks
from avbaselines.estimators.tuned.base import Candidate, TunedClassifier, TunedModel, TunedRegressor
from avbaselines.estimators.tuned.group_folds import Folds
from avbaselines.estimators.tuned.parameter_checks import Each, OneOf
from avbaselines.estimators.tuned.search_space import Choice, Dimension, Real
from avbaselines.estimators.tuned.validation import RandomState

__all__ = ["AdaptedClassifier", "AdaptedRegressor"]

Fitted = tuple[Preparation, BaseEstimator]
STANDARD, QUANTILE = "standard", "quantile"
SCALINGS = Each(OneOf(STANDARD, QUANTILE), "'standard', 'quantile' or both are needed")
LEAST_POSTERIOR = 1e-6


class _Adapted(TunedModel):
    """Parts of the regressor and the classifier.

    Features reach the estimator scaled, without gaps, and with a presence column for each modality that some clips
    lack. A column is of unit deviation, as most estimators expect; modalities weigh the same whatever their widths.
    """

    search_space: ClassVar[dict[str, Dimension]] = {
        "scalings": Choice(
            {STANDARD: (STANDARD,), QUANTILE: (QUANTILE,), "both": (STANDARD, QUANTILE)}, part="scaling"
        ),
        "column_share": Real(0.03, 1.0, 1.0, part="features"),
    }

    estimator: BaseEstimator
    grid: Mapping[str, Sequence[Any]] | None
    blocks: Blocks
    scalings: Sequence[str]
    column_share: float
    block_weights: Sequence[float] | None

    def _candidates(self) -> list[Candidate]:
        points = [dict(point) for point in ParameterGrid({name: list(tried) for name, tried in self._grid.items()})]
        return [{"scaling": scaling, **point} for scaling in self.scalings for point in points]

    @property
    def _grid(self) -> Mapping[str, Sequence[Any]]:
        return self.grid or {}

    def _prepared(self, X: np.ndarray, rows: np.ndarray | None, targets: np.ndarray, scaling: str) -> Preparation:
        columns = column_blocks(self.blocks, X.shape[1])
        own = np.ones(len(columns)) if self.block_weights is None else np.asarray(self.block_weights, float)
        mean = X.shape[1] / len(columns)
        balance = [weight * np.sqrt(mean / max(len(block), 1)) for weight, block in zip(own, columns, strict=True)]
        preparation = Preparation(self.blocks, scaling, False, self.column_share, balance)
        return preparation.fit(X, targets, rows)

    def _new(self, candidate: Candidate) -> BaseEstimator:
        """A fresh estimator with the values of a candidate, its random state ours where it has one."""
        model = clone(self.estimator)
        known = model.get_params()
        if "random_state" in known and known["random_state"] is None:
            model.set_params(random_state=self._seed)
        return model.set_params(**{name: value for name, value in candidate.items() if name != "scaling"})

    def _tried(
        self, X: np.ndarray, train: np.ndarray, targets: np.ndarray, test: np.ndarray, candidates: list[Candidate]
    ) -> Iterator[tuple[Candidate, np.ndarray, np.ndarray]]:
        """Each candidate, with the training and test rows as it sees them."""
        scaling, Z, Z_test = "", X, X
        for candidate in candidates:
            if candidate["scaling"] != scaling:
                scaling = candidate["scaling"]
                preparation = self._prepared(X, train, targets, scaling)
                Z, Z_test = preparation.rows(X, train).whole(), preparation.rows(X, test).whole()
            yield candidate, Z, Z_test


class AdaptedRegressor(_Adapted, TunedRegressor):
    """A regressor with scikit-learn's interface: scaled features, a grid tried out-of-fold, one fit per target.

    Parameters
    ----------
    estimator : estimator
        With `fit` and `predict`; it is cloned, never fitted itself. Where it has a `random_state` that is None, it gets
        that of this model.
    grid : mapping of str to sequence, optional
        Values to try of the estimator's parameters, all combinations; the best out-of-fold is kept for each target.
    blocks : optional
        The columns of each modality, see `Preparation`; None is one block.
    scalings : tuple of {'standard', 'quantile'}, default=('standard',)
        Tried values of `Preparation.scaling`.
    column_share : float in (0, 1], default=1.0
        See `Preparation`.
    block_weights : tuple of float, optional
        See `Preparation`.
    cv : int, splitter or iterable, default=5
        Inner folds, see `resolve_cv`.
    metric : str, default='ccc'
        Metric the candidates are compared by on pooled out-of-fold predictions.
    matching : bool, default=True
        Whether a concordance is compared after mean/std matching.
    random_state : int or RandomState, optional

    Attributes
    ----------
    oof_prediction_, best_params_, oof_scores_, remarks_
        As of `RidgeRegressor`.

    Notes
    -----
    Targets reach the estimator with mean 0 and deviation 1.

    Examples
    --------
    >>> from sklearn.neighbors import KNeighborsRegressor
    >>> X, speakers = np.random.default_rng(0).normal(size=(40, 2)), np.repeat(np.arange(8), 5)
    >>> model = AdaptedRegressor(KNeighborsRegressor(), grid={"n_neighbors": [3, 20]}, cv=4)
    >>> model.fit(X, X[:, 0], groups=speakers).best_params_
    [{'scaling': 'standard', 'n_neighbors': 3}]
    """

    constraints = {**TunedRegressor.constraints, "scalings": SCALINGS}

    def __init__(
        self,
        estimator: BaseEstimator,
        grid: Mapping[str, Sequence[Any]] | None = None,
        blocks: Blocks = None,
        scalings: Sequence[str] = (STANDARD,),
        column_share: float = 1.0,
        block_weights: Sequence[float] | None = None,
        cv: Folds = 5,
        metric: str = "ccc",
        matching: bool = True,
        random_state: RandomState = 0,
    ):
        self.estimator = estimator
        self.grid = grid
        self.blocks = blocks
        self.scalings = scalings
        self.column_share = column_share
        self.block_weights = block_weights
        self.cv = cv
        self.metric = metric
        self.matching = matching
        self.random_state = random_state

    def _try(
        self,
        X: np.ndarray,
        train: np.ndarray,
        targets: np.ndarray,
        test: np.ndarray,
        candidates: list[Candidate],
        weights: np.ndarray | None = None,
    ) -> Iterator[np.ndarray]:
        for candidate, Z, Z_test in self._tried(X, train, targets, test, candidates):
            models = [self._fitted(candidate, Z, target) for target in targets.T]
            yield np.column_stack([_values(model, Z_test) for model in models])

    def _refit(
        self,
        X: np.ndarray,
        rows: np.ndarray | None,
        targets: np.ndarray,
        chosen: Any,
        weights: np.ndarray | None = None,
    ) -> list[Fitted]:
        model = []
        for candidate, target in zip(chosen, targets.T, strict=True):
            preparation = self._prepared(X, rows, target[:, None], candidate["scaling"])
            model.append((preparation, self._fitted(candidate, preparation.rows(X, rows).whole(), target)))
        return model

    def _fitted(self, candidate: Candidate, Z: np.ndarray, target: np.ndarray) -> BaseEstimator:
        labelled = ~np.isnan(target)
        return self._new(candidate).fit(Z[labelled], target[labelled])

    def _outputs(self, model: list[Fitted], X: np.ndarray) -> np.ndarray:
        return np.column_stack([_values(fitted, preparation.rows(X).whole()) for preparation, fitted in model])


class AdaptedClassifier(_Adapted, TunedClassifier):
    """A classifier with scikit-learn's interface, a grid tried out-of-fold, with calibrated posteriors.

    Its decision values, or the logarithms of its posteriors, or else its predicted classes, are calibrated on
    out-of-fold rows.

    Parameters
    ----------
    estimator, grid, blocks, scalings, column_share, block_weights, cv, random_state
        As for `AdaptedRegressor`.
    metric : str, default='accuracy'
        Metric the candidates are compared by on pooled out-of-fold predictions.

    Attributes
    ----------
    classes_, oof_prediction_, best_params_, oof_scores_, remarks_
        As of `RidgeClassifier`.

    Examples
    --------
    >>> from sklearn.naive_bayes import GaussianNB
    >>> X, speakers = np.random.default_rng(0).normal(size=(40, 3)), np.repeat(np.arange(8), 5)
    >>> y = np.where(X[:, 0] > 0, "happy", "sad")
    >>> model = AdaptedClassifier(GaussianNB(), cv=4).fit(X, y, groups=speakers)
    >>> model.classes_.tolist(), model.predict_proba(X).shape
    (['happy', 'sad'], (40, 2))
    """

    constraints = {**TunedClassifier.constraints, "scalings": SCALINGS}

    def __init__(
        self,
        estimator: BaseEstimator,
        grid: Mapping[str, Sequence[Any]] | None = None,
        blocks: Blocks = None,
        scalings: Sequence[str] = (STANDARD,),
        column_share: float = 1.0,
        block_weights: Sequence[float] | None = None,
        cv: Folds = 5,
        metric: str = "accuracy",
        random_state: RandomState = 0,
    ):
        self.estimator = estimator
        self.grid = grid
        self.blocks = blocks
        self.scalings = scalings
        self.column_share = column_share
        self.block_weights = block_weights
        self.cv = cv
        self.metric = metric
        self.random_state = random_state

    def _try(
        self,
        X: np.ndarray,
        train: np.ndarray,
        targets: np.ndarray,
        test: np.ndarray,
        candidates: list[Candidate],
        weights: np.ndarray | None = None,
    ) -> Iterator[np.ndarray]:
        for candidate, Z, Z_test in self._tried(X, train, targets, test, candidates):
            yield _decisions(self._fitted(candidate, Z, targets, weights), Z_test, int(targets.max()) + 1)

    def _refit(
        self,
        X: np.ndarray,
        rows: np.ndarray | None,
        targets: np.ndarray,
        chosen: Any,
        weights: np.ndarray | None = None,
    ) -> Fitted:
        preparation = self._prepared(X, rows, targets, chosen["scaling"])
        return preparation, self._fitted(chosen, preparation.rows(X, rows).whole(), targets, weights)

    def _fitted(
        self, candidate: Candidate, Z: np.ndarray, codes: np.ndarray, weights: np.ndarray | None
    ) -> BaseEstimator:
        model = self._new(candidate)
        if weights is None:
            return model.fit(Z, codes)
        if not has_fit_parameter(model, "sample_weight"):
            raise InputError(f"{type(model).__name__} takes no sample weights, which soft labels need; leave them out")
        return model.fit(Z, codes, sample_weight=weights)

    def _outputs(self, model: Fitted, X: np.ndarray) -> np.ndarray:
        preparation, fitted = model
        return _decisions(fitted, preparation.rows(X).whole(), len(self.classes_))


def _values(model: Any, Z: np.ndarray) -> np.ndarray:
    """What a regressor predicts, of shape (n,)."""
    return _checked(model, np.asarray(model.predict(Z)), len(Z), 1)[:, 0]


def _decisions(model: Any, Z: np.ndarray, n_classes: int) -> np.ndarray:
    """Decision values of a classifier of codes 0 .. K-1, of shape (n, K)."""
    if hasattr(model, "decision_function"):
        values = np.asarray(model.decision_function(Z))
        if n_classes == 2 and values.ndim == 1:
            values = np.column_stack([-values, values])
        if values.shape == (len(Z), n_classes):
            return _checked(model, values, len(Z), n_classes)
    if hasattr(model, "predict_proba"):
        values = np.log(np.clip(np.asarray(model.predict_proba(Z)), LEAST_POSTERIOR, None))
    else:
        values = (np.asarray(model.predict(Z))[:, None] == np.arange(n_classes)).astype(float)
    return _checked(model, values, len(Z), n_classes)


def _checked(model: Any, values: np.ndarray, n_rows: int, width: int) -> np.ndarray:
    """Predictions of shape (n, width), refused where they are of another or no numbers."""
    if values.size != n_rows * width or len(values) != n_rows:
        raise InputError(
            f"{type(model).__name__} predicted an array of shape {values.shape}; needed is ({n_rows}, {width})"
        )
    if not np.isfinite(values).all():
        wrong = int((~np.isfinite(values.reshape(n_rows, width))).any(axis=1).sum())
        raise InputError(f"{type(model).__name__} predicted no finite number for {wrong} of {n_rows} clips")
    return values.reshape(n_rows, width)
