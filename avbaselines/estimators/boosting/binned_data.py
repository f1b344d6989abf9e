"""Rows binned by LightGBM and XGBoost, and ensembles grown from them round by round under a loss of ours."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import lightgbm as lgb
import numpy as np

from avbaselines.estimators.boosting.objectives import Surrogate

__all__ = ["BinnedData", "Ensemble", "LightGBMData", "Reader", "XGBoostData"]


class Reader(Protocol):
    """Predictions (n, T) off rows X (n, n_features)."""

    def __call__(self, X: np.ndarray, threads: int = 1) -> np.ndarray:
        """Predict."""


class Ensemble(Protocol):
    """An ensemble that grows on binned rows."""

    loss: Surrogate

    def grow(self, rounds: int, rho: np.ndarray | None = None) -> None:
        """Grow by some rounds; `rho` as in a call of `Surrogate`."""

    def fitted(self) -> np.ndarray:
        """Margins (n, T) of the rows it grows on."""

    def held(self) -> np.ndarray:
        """Margins (n_held, T) of the rows held out."""

    def reader(self, rounds: list[int], slope: np.ndarray, offset: np.ndarray) -> Reader:
        """What predicts off rows after some rounds of each target: ``slope * margin + offset``."""


class BinnedData(Protocol):
    """Rows binned once, from which ensembles are grown."""

    def ensemble(self, targets: np.ndarray, **surrogate: Any) -> Ensemble:
        """An empty ensemble for targets (n, T) under a `Surrogate`."""


class LightGBMData:
    """Rows binned for LightGBM, from which ensembles for one target each are grown.

    Parameters
    ----------
    X : ndarray of shape (n, n_features)
    parameters : dict
        Of LightGBM.
    held : ndarray of shape (n_held, n_features), optional
        Rows whose margins are followed.

    Examples
    --------
    >>> X = np.arange(40.0)[:, None]
    >>> data = LightGBMData(X, {"num_leaves": 3, "num_threads": 1})
    >>> ensemble = data.ensemble(X / 20 - 1, objective="squared")
    >>> ensemble.grow(2)
    >>> ensemble.fitted().shape
    (40, 1)
    """

    def __init__(self, X: np.ndarray, parameters: dict[str, Any], held: np.ndarray | None = None):
        # Labels come after binning, so binning must not drop columns by what one target needs.
        self._parameters = {
            **parameters,
            "objective": "none",
            "metric": "None",
            "feature_pre_filter": False,
            "force_col_wise": True,
            "deterministic": True,
            "verbose": -1,
        }
        self._binned = lgb.Dataset(X, params=self._parameters, free_raw_data=True).construct()
        self._held = None
        if held is not None:
            self._held = lgb.Dataset(held, reference=self._binned, params=self._parameters).construct()

    def ensemble(self, targets: np.ndarray, sample_weight: np.ndarray | None = None, **surrogate: Any) -> Ensemble:
        """An empty ensemble for targets (n, 1) under a `Surrogate`.

        LightGBM counts rows in leaves whatever their Hessian, so unlabelled ones are left out altogether.
        """
        rows = np.flatnonzero(~np.isnan(targets[:, 0]))
        data = self._binned if len(rows) == len(targets) else self._binned.subset(rows.tolist()).construct()
        weight = None if sample_weight is None else sample_weight[rows]
        booster = lgb.Booster(self._parameters, data)
        if self._held is not None:
            booster.add_valid(self._held, "held")
        return _LightGBMEnsemble(booster, Surrogate(targets=targets[rows], sample_weight=weight, **surrogate))


class _LightGBMEnsemble:
    def __init__(self, booster: Any, loss: Surrogate):
        self._booster, self.loss = booster, loss

    def grow(self, rounds: int, rho: np.ndarray | None = None) -> None:
        def gradient_and_hessian(margins: np.ndarray, _: Any) -> tuple[np.ndarray, np.ndarray]:
            gradient, hessian = self.loss(margins[:, None], rho)
            return gradient[:, 0], hessian[:, 0]

        for _ in range(rounds):
            self._booster.update(fobj=gradient_and_hessian)

    def fitted(self) -> np.ndarray:
        """Margins (n, 1) of the rows it grows on."""
        return _seen(self._booster.eval_train)

    def held(self) -> np.ndarray:
        """Margins (n_held, 1)."""
        return _seen(self._booster.eval_valid)

    def reader(self, rounds: list[int], slope: np.ndarray, offset: np.ndarray) -> Reader:
        return _LightGBMReader(self._booster, rounds, slope, offset)


def _seen(evaluate: Callable[..., Any]) -> np.ndarray:
    """Margins that LightGBM shows to a custom metric."""
    seen = []

    def metric(margins: np.ndarray, _: Any) -> tuple[str, float, bool]:
        seen.append(margins.copy())
        return "seen", 0.0, True

    evaluate(feval=metric)
    return seen[0][:, None]


@dataclass
class _LightGBMReader:
    """Predictions of one target off rows."""

    booster: lgb.Booster
    rounds: list[int]
    slope: np.ndarray
    offset: np.ndarray

    def __call__(self, X: np.ndarray, threads: int = 1) -> np.ndarray:
        margins: Any = self.booster.predict(X, num_iteration=self.rounds[0], raw_score=True, num_threads=threads)
        return margins[:, None] * self.slope + self.offset


class XGBoostData:
    """Rows binned for XGBoost, from which ensembles for one or several targets are grown.

    Parameters
    ----------
    X : ndarray of shape (n, n_features)
    parameters : dict
        Of XGBoost; a ``multi_strategy`` of 'multi_output_tree' gives trees whose leaves hold a value per target.
    held : ndarray of shape (n_held, n_features), optional
        Rows whose margins are followed.

    Examples
    --------
    >>> X = np.arange(40.0)[:, None]
    >>> data = XGBoostData(X, {"nthread": 1, "max_bin": 16})
    >>> ensemble = data.ensemble(np.hstack([X / 20 - 1, 1 - X / 20]), objective="squared")
    >>> ensemble.grow(2)
    >>> ensemble.fitted().shape
    (40, 2)
    """

    def __init__(self, X: np.ndarray, parameters: dict[str, Any], held: np.ndarray | None = None):
        import xgboost

        threads = parameters["nthread"]
        # Margins start at 0, the mean of the centred targets.
        fixed = {"tree_method": "hist", "base_score": 0.0, "verbosity": 0, "disable_default_eval_metric": True}
        self._parameters = {**parameters, **fixed}
        self._binned = xgboost.QuantileDMatrix(X, max_bin=parameters["max_bin"], nthread=threads)
        self._held = None if held is None else xgboost.DMatrix(held, nthread=threads)

    def ensemble(self, targets: np.ndarray, **surrogate: Any) -> "_XGBoostEnsemble":
        """An empty ensemble for targets (n, T) under a `Surrogate`; T margins a row."""
        import xgboost

        known = [self._binned] if self._held is None else [self._binned, self._held]
        booster = xgboost.Booster({**self._parameters, "num_target": targets.shape[1]}, known)
        return _XGBoostEnsemble(booster, Surrogate(targets=targets, **surrogate), self._binned, self._held)


class _XGBoostEnsemble:
    def __init__(self, booster: Any, loss: Surrogate, binned: Any, held: Any):
        self._booster, self.loss, self._binned, self._held, self._grown = booster, loss, binned, held, 0

    def grow(self, rounds: int, rho: np.ndarray | None = None) -> None:
        def gradient_and_hessian(margins: np.ndarray, _: Any) -> tuple[np.ndarray, np.ndarray]:
            return self.loss(margins.reshape(len(margins), -1), rho)

        squared = self.loss.as_squared_error(rho)
        if squared is not None:
            # The rows are shared with the ensembles of other targets, so labels are set whenever this one grows.
            self._binned.set_label(squared[0])
            self._binned.set_weight(squared[1])
        for _ in range(rounds):
            self._booster.update(self._binned, self._grown, fobj=gradient_and_hessian if squared is None else None)
            self._grown += 1

    def fitted(self) -> np.ndarray:
        """Margins (n, T) of the rows it grows on."""
        return self._margins(self._binned)

    def held(self) -> np.ndarray:
        """Margins (n_held, T)."""
        return self._margins(self._held)

    def configuration(self) -> str:
        """What XGBoost made of the parameters, as JSON."""
        return self._booster.save_config()

    def _margins(self, data: Any) -> np.ndarray:
        return self._booster.predict(data, output_margin=True).reshape(data.num_row(), -1)

    def reader(self, rounds: list[int], slope: np.ndarray, offset: np.ndarray) -> Reader:
        return _XGBoostReader(self._booster, rounds, slope, offset)


@dataclass
class _XGBoostReader:
    """Predictions of all targets off rows, each after its own number of rounds."""

    booster: Any
    rounds: list[int]
    slope: np.ndarray
    offset: np.ndarray

    def __call__(self, X: np.ndarray, threads: int = 1) -> np.ndarray:
        import xgboost

        rows = xgboost.DMatrix(X, nthread=threads)
        margins = np.empty((len(X), len(self.rounds)))
        for last in set(self.rounds):
            targets = [t for t, r in enumerate(self.rounds) if r == last]
            read = self.booster.predict(rows, output_margin=True, iteration_range=(0, last))
            margins[:, targets] = read.reshape(len(X), -1)[:, targets]
        return margins * self.slope + self.offset
