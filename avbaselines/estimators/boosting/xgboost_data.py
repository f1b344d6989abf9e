"""Rows binned by XGBoost, on CPU or GPU, and ensembles grown from them round by round."""

from typing import Any

import numpy as np

from avbaselines.estimators.boosting.base import loss_parameters
from avbaselines.estimators.boosting.binned_data import (
    BinnedPart,
    ClassEnsemble,
    Reader,
    _XGBoostReader,
    threads_beside,
)
from avbaselines.estimators.boosting.objectives import Surrogate

__all__ = ["XGBoostData"]


class XGBoostData:
    """Rows binned for XGBoost, once for all folds and targets.

    On the CPU a fold's rows are laid out once more by the bounds that all rows gave, as rows without weight cost what
    others do. On a GPU all folds share one table, which is sent once: rows that a fold holds out weigh nothing there,
    so no tree sees them, and their margins are those that the GPU keeps anyway. Ensembles take turns: grown side by
    side they were slower on an H100 but for the plainest, and not the same twice.

    Parameters
    ----------
    X : ndarray of shape (n, n_features)
    max_bin : int
    device : {'cpu', 'cuda'}
    threads : int
        For the CPU's work, where there is no GPU beside it.

    Examples
    --------
    >>> X = np.arange(40.0)[:, None]
    >>> part = XGBoostData(X, max_bin=16).part(np.arange(30), held=np.arange(30, 40))
    >>> ensemble = part.ensemble(np.hstack([X / 20 - 1, 1 - X / 20])[:30], {}, objective="squared")
    >>> ensemble.grow(2)
    >>> ensemble.held().shape
    (10, 2)
    """

    def __init__(self, X: np.ndarray, max_bin: int, device: str = "cpu", threads: int = 1):
        self._X, self._max_bin, self._device = X, max_bin, device
        self._threads = threads_beside(device, threads)
        if device == "cpu":
            self._binned = self._laid_out(X)
            self.nbytes = X.nbytes + X.size
            return
        self._binned = self._plain(X)
        self.nbytes = X.nbytes + X.size * 8
        # A GPU finds the bounds itself when trees first grow, by the weights of then: let all rows weigh the same.
        self.part().ensemble(np.zeros((len(X), 1)), {"max_depth": 1}, objective="squared").grow(1)

    def part(self, rows: np.ndarray | None = None, held: np.ndarray | None = None) -> BinnedPart:
        """Rows to grow on and rows whose margins are followed."""
        fixed = {
            "tree_method": "hist",
            "max_bin": self._max_bin,
            "device": self._device,
            "nthread": self._threads,
            "verbosity": 0,
            "disable_default_eval_metric": True,
        }
        if rows is None and held is None:
            return _Part(self._binned, fixed, None, None)
        chosen = np.arange(len(self._X)) if rows is None else rows
        if self._device == "cuda" and (np.diff(chosen) > 0).all():
            return _Part(self._binned, fixed, chosen, held)
        matrix = self._plain(self._X[chosen]) if self._device == "cuda" else self._laid_out(self._X[chosen], True)
        return _Part(matrix, fixed, None, None if held is None else self._plain(self._X[held]))

    def _plain(self, X: np.ndarray) -> Any:
        import xgboost

        return xgboost.DMatrix(X, nthread=self._threads)

    def _laid_out(self, X: np.ndarray, known: bool = False) -> Any:
        """Rows binned on the CPU, by bounds that are known or by their own."""
        import xgboost

        bounds = {"ref": self._binned} if known else {}
        return xgboost.QuantileDMatrix(X, max_bin=self._max_bin, nthread=self._threads, **bounds)


class _Part:
    """A matrix to grow on, all or some of its rows; `held` is a matrix of its own, or numbers of rows of this one."""

    def __init__(self, matrix: Any, fixed: dict[str, Any], rows: np.ndarray | None, held: Any):
        self._matrix, self._fixed, self._rows, self._held = matrix, fixed, rows, held

    def ensemble(self, targets: np.ndarray, growing: dict[str, Any], **surrogate: Any) -> "_XGBoostEnsemble":
        """An empty ensemble for targets (n, T) under a `Surrogate`; T margins a row."""
        weight = surrogate.pop("sample_weight", None)
        loss = Surrogate(
            targets=self._everywhere(targets, np.nan),
            sample_weight=None if weight is None else self._everywhere(weight, 0.0),
            **surrogate,
        )
        # Margins start at 0, the mean of the centred targets.
        booster = self._booster({**growing, "base_score": 0.0, "num_target": targets.shape[1]})
        return _XGBoostEnsemble(booster, loss, self._matrix, self._held)

    def classes(self, codes: np.ndarray, growing: dict[str, Any], weight: np.ndarray | None = None) -> ClassEnsemble:
        """An empty ensemble for codes of classes under XGBoost's own loss."""
        known = np.ones(len(codes)) if weight is None else weight
        self._matrix.set_label(self._everywhere(codes.astype(np.float32), 0.0))
        self._matrix.set_weight(self._everywhere(known.astype(np.float32), 0.0))
        loss = loss_parameters(int(codes.max()) + 1, "", "binary:logistic", "multi:softprob")
        booster = self._booster({**growing, "base_score": 0.5, **loss})
        return _XGBoostClasses(booster, self._matrix, self._held)

    def _booster(self, parameters: dict[str, Any]) -> Any:
        import xgboost

        follows = not (self._held is None or isinstance(self._held, np.ndarray))
        return xgboost.Booster({**parameters, **self._fixed}, [self._matrix, *([self._held] if follows else [])])

    def _everywhere(self, values: np.ndarray, elsewhere: float) -> np.ndarray:
        """Values of the part's rows as values of the matrix' rows."""
        if self._rows is None:
            return values
        spread = np.full((self._matrix.num_row(), *values.shape[1:]), elsewhere, dtype=values.dtype)
        spread[self._rows] = values
        return spread


class _XGBoostClasses:
    """Trees under a loss of XGBoost's own, for the labels and weights that are set in the matrix."""

    def __init__(self, booster: Any, matrix: Any, held: Any):
        self.booster, self._matrix, self._held, self._grown = booster, matrix, held, 0

    def grow(self, rounds: int, rho: np.ndarray | None = None) -> None:
        for _ in range(rounds):
            self.booster.update(self._matrix, self._grown)
            self._grown += 1

    def stored(self) -> bytes:
        """Its trees."""
        return bytes(self.booster.save_raw("ubj"))

    def held(self) -> np.ndarray:
        """Margins (n_held, outputs)."""
        if isinstance(self._held, np.ndarray):
            return self._margins(self._matrix)[self._held]
        return self._margins(self._held)

    def _margins(self, data: Any) -> np.ndarray:
        return self.booster.predict(data, output_margin=True).reshape(data.num_row(), -1)


class _XGBoostEnsemble(_XGBoostClasses):
    """Trees under a loss of ours, which XGBoost computes itself where it is a squared error."""

    def __init__(self, booster: Any, loss: Surrogate, matrix: Any, held: Any):
        super().__init__(booster, matrix, held)
        self.loss = loss

    def grow(self, rounds: int, rho: np.ndarray | None = None) -> None:
        """Grow by some rounds."""
        squared = self.loss.as_squared_error(rho)
        if squared is not None:
            # The rows are shared with other ensembles, so labels are set whenever this one grows.
            self._matrix.set_label(squared[0])
            self._matrix.set_weight(squared[1])
            super().grow(rounds)
            return

        def gradient_and_hessian(margins: np.ndarray, _: Any) -> tuple[np.ndarray, np.ndarray]:
            return self.loss(margins.reshape(len(margins), -1), rho)

        for _ in range(rounds):
            self.booster.update(self._matrix, self._grown, fobj=gradient_and_hessian)
            self._grown += 1

    def fitted(self) -> np.ndarray:
        """Margins (n, T) of the matrix' rows."""
        return self._margins(self._matrix)

    def reader(self, rounds: list[int], slope: np.ndarray, offset: np.ndarray) -> Reader:
        """What predicts off rows."""
        return _XGBoostReader(self.booster, rounds, slope, offset)
