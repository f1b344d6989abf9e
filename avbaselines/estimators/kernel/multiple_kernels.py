"""Ridge in a weighted sum of kernels, one over each modality; weights and widths are chosen out-of-fold."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from avbaselines.errors import InputError
from avbaselines.estimators.kernel.kernel_sum import KernelSum, mixes, unit_kernel
from avbaselines.estimators.linear.dual_ridge import dual_lines, dual_ridge
from avbaselines.estimators.linear.ridge import PENALTIES
from avbaselines.estimators.preprocessing.preparation import Blocks, column_blocks
from avbaselines.estimators.preprocessing.preparation_options import PreparationOptions
from avbaselines.estimators.preprocessing.prepared_model import PreparedModel
from avbaselines.estimators.preprocessing.prepared_table import PreparedFold
from avbaselines.estimators.tuned.base import Candidate, TunedClassifier, TunedRegressor
from avbaselines.estimators.tuned.group_folds import Folds
from avbaselines.estimators.tuned.parameter_checks import Constraint, Each, Minimum, Positive
from avbaselines.estimators.tuned.search_space import Choice
from avbaselines.estimators.tuned.validation import RandomState

__all__ = ["MultipleKernelClassifier", "MultipleKernelRegressor"]

WIDTHS = (0.0, 1.0)
GRIDS: dict[str, Constraint] = {
    "widths": Each(Minimum(0), "widths of 0 or more are needed"),
    "penalties": Each(Positive(), "positive penalties are needed"),
}


class _MultipleKernels(PreparedModel):
    """Parts of the regressor and the classifier; `Y` is (n, T) here, one column per class for classes."""

    search_space = {
        "scalings": PreparationOptions.search_space["scalings"],
        "widths": Choice({"both": WIDTHS, "linear": (0.0,), "wide": (0.25, 0.5), "middle": (1.0,), "narrow": (2.0,)}),
    }

    widths: Sequence[float]
    penalties: Sequence[float]
    max_rows: int

    def _candidates(self) -> list[Candidate]:
        if "joined" in self._scalings:
            raise InputError("ridge-kernels: scalings 'standard' and 'quantile' can be tried, not 'joined'")
        return [
            {"scaling": scaling, "width": float(width), "mix": mix, "penalty": float(penalty)}
            for scaling in self._scalings
            for width in self.widths
            for mix in mixes(len(column_blocks(self.blocks, self.n_features_in_)))
            for penalty in self.penalties
        ]

    def _try_kernels(
        self, X: np.ndarray, train: np.ndarray, Y: np.ndarray, test: np.ndarray, row_weights: np.ndarray | None = None
    ) -> Iterator[np.ndarray]:
        """Predictions (n_test, T) of each candidate in turn."""
        if len(train) > self.max_rows:
            raise InputError(
                f"ridge-kernels: Gram matrices of {len(train)} training clips are too large, {self.max_rows} are the "
                "limit (max_rows); take 'svr' or 'ridge'"
            )
        table = self._table(X)
        rows = np.concatenate([train, test])
        known, asked = np.split(np.arange(len(rows)), [len(train)])
        for scaling in self._scalings:
            *blocks, presence = self._products(table.fold(scaling, train), Y, rows)
            for width in self.widths:
                kernels = [unit_kernel(products, len(train), width)[0] for products in blocks]
                for mix in mixes(len(kernels)):
                    total = sum((part * kernel for part, kernel in zip(mix, kernels, strict=True)), start=presence)
                    yield from dual_ridge(total, known, Y, asked, self.penalties, row_weights)

    def _products(self, fold: PreparedFold, Y: np.ndarray, rows: np.ndarray) -> Iterator[np.ndarray]:
        """Inner products of some rows in each block, and of what is present."""
        weights = self._weights(fold, Y)
        for columns in (*fold.table.blocks, np.arange(fold.table.X.shape[1], fold.width)):
            own = np.zeros(fold.width)
            own[columns] = weights[columns]
            yield fold.products(own)[np.ix_(rows, rows)]

    def _refit_kernels(
        self, X: np.ndarray, rows: np.ndarray | None, Y: np.ndarray, chosen: Any, row_weights: np.ndarray | None = None
    ) -> list[tuple[np.ndarray, KernelSum]]:
        table, model = self._table(X), []
        kinds = [(c["scaling"], c["width"], c["mix"]) for c in chosen]
        for scaling, width, mix in dict.fromkeys(kinds):
            own = np.array([t for t, kind in enumerate(kinds) if kind == (scaling, width, mix)])
            preparation = self._options.fitted(scaling, self.blocks, X, Y[:, own], rows)
            space = KernelSum(preparation, table.fold(scaling, rows).as_by(preparation).whole(), width, mix)
            penalties, which = np.unique([chosen[t]["penalty"] for t in own], return_inverse=True)
            assert space.gram is not None
            slopes, offsets = dual_lines(space.gram, Y[:, own], penalties, row_weights)
            each = np.arange(len(own))
            model.append((own, space.keep(slopes[which, :, each].T, offsets[which, each])))
        return model

    def _outputs(self, model: Any, X: np.ndarray) -> np.ndarray:
        outputs = np.empty((len(X), sum(len(own) for own, _ in model)))
        for own, space in model:
            outputs[:, own] = space.decide(X)
        return outputs


class MultipleKernelRegressor(_MultipleKernels, TunedRegressor):
    """Ridge regression in a sum of kernels, tuned per target over scalings, widths, weights and penalties.

    Each modality has a kernel of its own in which the training rows vary by 1. They are summed with equal weights, or
    with most of the weight on one of them. For one modality this is kernel ridge regression.

    Parameters
    ----------
    blocks : optional
        The columns of each modality, see `Preparation`; None is one block.
    preparation : PreparationOptions, optional
        Scalings that are tried, and screening; weights of blocks have no say here.
    widths : tuple of float
        Tried kernels, the same for all modalities: 0 is linear, another is a Gaussian of gamma = width / (mean squared
        distance of training rows in the modality).
    penalties : tuple of float
        Tried penalties, largest first.
    cv : int, splitter or iterable, default=5
        Inner folds, see `resolve_cv`.
    metric : str, default='ccc'
        Metric the candidates are compared by on pooled out-of-fold predictions.
    matching : bool, default=True
        Whether a concordance is compared after mean/std matching.
    max_rows : int, default=5000
        More training rows are refused: there are Gram matrices of all modalities at a time.
    random_state : ignored
        Nothing is drawn.

    Attributes
    ----------
    oof_prediction_ : ndarray of shape (n,) or (n, T)
        Predictions of each row by fits that saw nobody of its group.
    best_params_ : list of dict
        The chosen candidate of each target; `mix` are the weights of the modalities.
    oof_scores_ : ndarray of shape (candidates, T)
        Score of each candidate, larger is better.
    remarks_ : list of FitRemark
        Empty.

    Examples
    --------
    >>> X, speakers = np.random.default_rng(0).normal(size=(60, 3)), np.repeat(np.arange(12), 5)
    >>> y = X[:, 0] + 0.1 * X[:, 2]
    >>> model = MultipleKernelRegressor(blocks=[[0, 1], [2]], widths=(0.0,), cv=3).fit(X, y, groups=speakers)
    >>> model.best_params_[0]["mix"], model.predict(X).shape
    ((0.75, 0.25), (60,))
    """

    constraints = {**TunedRegressor.constraints, **GRIDS}

    def __init__(
        self,
        blocks: Blocks = None,
        preparation: PreparationOptions | None = None,
        widths: Sequence[float] = WIDTHS,
        penalties: Sequence[float] = PENALTIES,
        cv: Folds = 5,
        metric: str = "ccc",
        matching: bool = True,
        max_rows: int = 5000,
        random_state: RandomState = 0,
    ):
        self.blocks = blocks
        self.preparation = preparation
        self.widths = widths
        self.penalties = penalties
        self.cv = cv
        self.metric = metric
        self.matching = matching
        self.max_rows = max_rows
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
        return self._try_kernels(X, train, targets, test)

    def _refit(
        self,
        X: np.ndarray,
        rows: np.ndarray | None,
        targets: np.ndarray,
        chosen: Any,
        weights: np.ndarray | None = None,
    ) -> Any:
        return self._refit_kernels(X, rows, targets, chosen)


class MultipleKernelClassifier(_MultipleKernels, TunedClassifier):
    """The same on one-hot classes, with calibrated posteriors.

    Parameters
    ----------
    blocks, preparation, widths, penalties, cv, max_rows, random_state
        As for `MultipleKernelRegressor`.
    metric : str, default='accuracy'
        Metric the candidates are compared by on pooled out-of-fold predictions.

    Attributes
    ----------
    classes_ : ndarray of shape (K,)
    oof_prediction_ : ndarray of shape (n, K)
        Posteriors of each row by fits and calibrators that saw nobody of its group.
    best_params_, oof_scores_, remarks_
        As for `MultipleKernelRegressor`.

    Examples
    --------
    >>> X, speakers = np.random.default_rng(0).normal(size=(60, 3)), np.repeat(np.arange(12), 5)
    >>> y = np.where(X[:, 0] > 0, "happy", "sad")
    >>> model = MultipleKernelClassifier(blocks=[[0, 1], [2]], widths=(0.0,), cv=3).fit(X, y, groups=speakers)
    >>> model.classes_.tolist(), model.predict_proba(X).shape
    (['happy', 'sad'], (60, 2))
    """

    constraints = {**TunedClassifier.constraints, **GRIDS}

    def __init__(
        self,
        blocks: Blocks = None,
        preparation: PreparationOptions | None = None,
        widths: Sequence[float] = WIDTHS,
        penalties: Sequence[float] = PENALTIES,
        cv: Folds = 5,
        metric: str = "accuracy",
        max_rows: int = 5000,
        random_state: RandomState = 0,
    ):
        self.blocks = blocks
        self.preparation = preparation
        self.widths = widths
        self.penalties = penalties
        self.cv = cv
        self.metric = metric
        self.max_rows = max_rows
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
        return self._try_kernels(X, train, np.eye(targets.max() + 1)[targets], test, weights)

    def _refit(
        self,
        X: np.ndarray,
        rows: np.ndarray | None,
        targets: np.ndarray,
        chosen: Any,
        weights: np.ndarray | None = None,
    ) -> Any:
        one_hot = np.eye(targets.max() + 1)[targets]
        return self._refit_kernels(X, rows, one_hot, [chosen] * one_hot.shape[1], weights)
