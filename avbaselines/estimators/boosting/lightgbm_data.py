"""Rows binned by LightGBM, and ensembles grown from them round by round."""

from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np

from avbaselines.estimators.boosting.base import loss_parameters
from avbaselines.estimators.boosting.binned_data import BinnedPart, ClassEnsemble, Reader, _LightGBMReader
from avbaselines.estimators.boosting.objectives import Surrogate

__all__ = ["LightGBMData"]


class LightGBMData:
    """Rows binned for LightGBM, once for all folds and targets; a fold copies the bins of its rows.

    Parameters
    ----------
    X : ndarray of shape (n, n_features)
    max_bin : int
    threads : int
    seed : int
        Of the rows that bounds are taken from, where there are more than `sampled`.
    sampled : int
        Rows that bounds are taken from, at most.

    Examples
    --------
    >>> X = np.arange(40.0)[:, None]
    >>> part = LightGBMData(X, max_bin=16).part(np.arange(30), held=np.arange(30, 40))
    >>> ensemble = part.ensemble(X[:30] / 20 - 1, {"num_leaves": 3}, objective="squared")
    >>> ensemble.grow(2)
    >>> ensemble.held().shape
    (10, 1)
    """

    def __init__(self, X: np.ndarray, max_bin: int, threads: int = 1, seed: int = 0, sampled: int = 20_000):
        self._X, self.nbytes = X, X.size + X.nbytes
        self._fixed = {
            "max_bin": max_bin,
            # Bounds of 63 bins need no more; ten times as many would take three times the memory of the features.
            "bin_construct_sample_cnt": sampled,
            "data_random_seed": seed,
            # Labels come after binning, so binning must not drop columns by what one target needs.
            "feature_pre_filter": False,
            "force_col_wise": True,
            "deterministic": True,
            "num_threads": threads,
            "verbose": -1,
        }
        self._binned = self._laid_out(X)

    def part(self, rows: np.ndarray | None = None, held: np.ndarray | None = None) -> BinnedPart:
        """Rows to grow on and rows whose margins are followed."""
        return _Part(self, self._fixed, np.arange(len(self._X)) if rows is None else rows, held)

    def features(self, rows: np.ndarray) -> np.ndarray:
        """Rows as they were given."""
        return self._X[rows]

    def chosen(self, rows: np.ndarray, own: bool = False) -> Any:
        """The bins of some rows, as LightGBM has them; of all rows the data itself, or a copy of one's own."""
        if (np.diff(rows) <= 0).any():
            # LightGBM copies the bins of a row no more than once.
            return self._laid_out(self._X[rows], reference=self._binned)
        return self._binned if len(rows) == len(self._X) and not own else self._subset(rows)

    def _subset(self, rows: np.ndarray) -> Any:
        return self._binned.subset(rows.tolist()).construct()

    def _laid_out(self, X: np.ndarray, **options: Any) -> Any:
        import lightgbm

        return lightgbm.Dataset(X, params=self._fixed, free_raw_data=True, **options).construct()


class _Part:
    """Rows to grow on; a target's ensemble grows on those that have its label."""

    def __init__(self, data: LightGBMData, fixed: dict[str, Any], rows: np.ndarray, held: np.ndarray | None):
        self._data, self._fixed, self._rows, self._held = data, fixed, rows, held
        self._followed = None
        self._latest: tuple[np.ndarray, Any] | None = None

    def ensemble(self, targets: np.ndarray, growing: dict[str, Any], **surrogate: Any) -> "_LightGBMEnsemble":
        """An empty ensemble for targets (n, 1) under a `Surrogate`.

        LightGBM counts rows in leaves whatever their Hessian, so unlabelled ones are left out altogether.
        """
        labelled = ~np.isnan(targets[:, 0])
        weight = surrogate.pop("sample_weight", None)
        loss = Surrogate(
            targets=targets[labelled], sample_weight=None if weight is None else weight[labelled], **surrogate
        )
        # Margins start at 0, the mean of the centred targets.
        parameters = {**growing, **self._fixed, "boost_from_average": False, "metric": "None"}
        if self._held is not None and self._followed is None:
            self._followed = self._data.chosen(self._held)
        if weight is None:
            return _LightGBMEnsemble(parameters, self._of(self._rows[labelled]), self._followed, loss)
        data = self._data.chosen(self._rows[labelled], own=True)
        data.set_weight(weight[labelled])
        return _LightGBMEnsemble(parameters, data, self._followed, loss)

    def classes(self, codes: np.ndarray, growing: dict[str, Any], weight: np.ndarray | None = None) -> ClassEnsemble:
        """An empty ensemble for codes of classes under LightGBM's own loss."""
        data = self._of(self._rows) if weight is None else self._data.chosen(self._rows, own=True)
        data.set_label(codes)
        if weight is not None:
            data.set_weight(weight)
        loss = loss_parameters(int(codes.max()) + 1, "", "binary", "multiclass")
        held = None if self._held is None else self._data.features(self._held)
        return _LightGBMClasses({**growing, **self._fixed, **loss, "metric": "None"}, data, held)

    def _of(self, rows: np.ndarray) -> Any:
        """The bins of these rows, kept for the next target: most have the same."""
        if self._latest is None or not np.array_equal(self._latest[0], rows):
            self._latest = rows, self._data.chosen(rows)
        return self._latest[1]


class _LightGBMClasses:
    """Trees under a loss of LightGBM's own, for the labels and weights that are set in the data."""

    def __init__(self, parameters: dict[str, Any], data: Any, held: np.ndarray | None):
        import lightgbm

        self.booster = lightgbm.Booster(parameters, data)
        self._threads, self._held = parameters["num_threads"], held
        self._read, self._margins = 0, np.zeros(())

    def grow(self, rounds: int, rho: np.ndarray | None = None) -> None:
        for _ in range(rounds):
            self.booster.update()

    def stored(self) -> bytes:
        """Its trees."""
        return self.booster.model_to_string(num_iteration=-1).encode()

    def held(self) -> np.ndarray:
        """Margins (n_held, outputs); what LightGBM follows by itself are posteriors."""
        grown = self.booster.current_iteration()
        if grown > self._read:
            new: dict[str, Any] = {"start_iteration": self._read, "num_iteration": grown - self._read}
            added: Any = self.booster.predict(self._held, raw_score=True, num_threads=self._threads, **new)
            self._margins, self._read = self._margins + added.reshape(len(added), -1), grown
        return self._margins


class _LightGBMEnsemble:
    """Trees under a loss of ours, for one target.

    Where the loss is a squared error towards given targets, LightGBM computes it from labels that are set in the data:
    with a Hessian that it knows to be constant, it sums the gradients alone.
    """

    def __init__(self, parameters: dict[str, Any], data: Any, held: Any, loss: Surrogate):
        self.loss, self._parameters, self._data, self._held = loss, parameters, data, held
        self._own = False

    @cached_property
    def booster(self) -> Any:
        """LightGBM's, made when it first grows: only then is known by which loss."""
        import lightgbm

        booster = lightgbm.Booster({**self._parameters, "objective": "l2" if self._own else "none"}, self._data)
        if self._held is not None:
            booster.add_valid(self._held, "held")
        return booster

    def grow(self, rounds: int, rho: np.ndarray | None = None) -> None:
        """Grow by some rounds; `rho` is given in all calls, or in none."""

        def gradient_and_hessian(margins: np.ndarray, _: Any) -> tuple[np.ndarray, np.ndarray]:
            gradient, hessian = self.loss(margins[:, None], rho)
            return gradient[:, 0], hessian[:, 0]

        squared = self.loss.as_squared_error(rho)
        if squared is not None:
            self._own = True
            # The rows are shared with the ensembles of other targets, so labels are set whenever this one grows.
            self._data.set_label(squared[0][:, 0])
        for _ in range(rounds):
            self.booster.update(fobj=None if self._own else gradient_and_hessian)

    def stored(self) -> bytes:
        """Its trees."""
        return self.booster.model_to_string(num_iteration=-1).encode()

    def held(self) -> np.ndarray:
        """Margins (n_held, 1)."""
        return _seen(self.booster.eval_valid)

    def fitted(self) -> np.ndarray:
        """Margins (n, 1) of the rows it grows on."""
        return _seen(self.booster.eval_train)

    def reader(self, rounds: list[int], slope: np.ndarray, offset: np.ndarray) -> Reader:
        """What predicts off rows."""
        return _LightGBMReader(self.booster, rounds, slope, offset)


def _seen(evaluate: Callable[..., Any]) -> np.ndarray:
    """Margins (n, 1) that LightGBM shows to a custom metric."""
    seen = []

    def metric(margins: np.ndarray, _: Any) -> tuple[str, float, bool]:
        seen.append(margins.copy())
        return "seen", 0.0, True

    evaluate(feval=metric)
    return seen[0][:, None]
