"""How LightGBM and XGBoost bin rows and grow an ensemble round by round under a loss of ours."""

from dataclasses import dataclass

import lightgbm as lgb
import numpy as np

from avbaselines.estimators.boosting.objectives import Surrogate

__all__ = ["LightGBMData", "XGBoostData"]


class LightGBMData:
    """Rows binned for LightGBM, from which ensembles for one target each are grown.

    Parameters
    ----------
    X : ndarray of shape (n, n_features)
    parameters : dict
        Of LightGBM.
    held : ndarray of shape (n_held, n_features), optional
        Rows whose margins are followed.
    """

    def __init__(self, X, parameters, held=None):
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

    def ensemble(self, targets, sample_weight=None, **surrogate):
        """An empty ensemble for targets (n, 1) under a `Surrogate`.

        LightGBM counts rows in leaves whatever their Hessian, so unlabelled ones are left out altogether.
        """
        rows = np.flatnonzero(~np.isnan(targets[:, 0]))
        data = self._binned if len(rows) == len(targets) else self._binned.subset(rows).construct()
        weight = None if sample_weight is None else sample_weight[rows]
        booster = lgb.Booster(self._parameters, data)
        if self._held is not None:
            booster.add_valid(self._held, "held")
        return _LightGBMEnsemble(booster, Surrogate(targets=targets[rows], sample_weight=weight, **surrogate))


class _LightGBMEnsemble:
    def __init__(self, booster, loss):
        self._booster, self.loss = booster, loss

    def grow(self, rounds, rho=None):
        def gradient_and_hessian(margins, _):
            gradient, hessian = self.loss(margins[:, None], rho)
            return gradient[:, 0], hessian[:, 0]

        for _ in range(rounds):
            self._booster.update(fobj=gradient_and_hessian)

    def fitted(self):
        """Margins (n, 1) of the rows it grows on."""
        return _seen(self._booster.eval_train)

    def held(self):
        """Margins (n_held, 1)."""
        return _seen(self._booster.eval_valid)

    def reader(self, rounds, slope, offset):
        return _LightGBMReader(self._booster, rounds, slope, offset)


def _seen(evaluate):
    """Margins that LightGBM shows to a custom metric."""
    seen = []
    evaluate(feval=lambda margins, _: seen.append(margins.copy()) or ("seen", 0.0, True))
    return seen[0][:, None]


@dataclass
class _LightGBMReader:
    """Predictions of one target off rows."""

    booster: lgb.Booster
    rounds: list
    slope: np.ndarray
    offset: np.ndarray

    def __call__(self, X, threads=1):
        margins = self.booster.predict(X, num_iteration=self.rounds[0], raw_score=True, num_threads=threads)
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
    """

    def __init__(self, X, parameters, held=None):
        import xgboost

        threads = parameters["nthread"]
        # Margins start at 0, the mean of the centred targets.
        fixed = {"tree_method": "hist", "base_score": 0.0, "verbosity": 0, "disable_default_eval_metric": True}
        self._parameters = {**parameters, **fixed}
        self._binned = xgboost.QuantileDMatrix(X, max_bin=parameters["max_bin"], nthread=threads)
        self._held = None if held is None else xgboost.DMatrix(held, nthread=threads)

    def ensemble(self, targets, **surrogate):
        """An empty ensemble for targets (n, T) under a `Surrogate`; T margins a row."""
        import xgboost

        known = [self._binned] if self._held is None else [self._binned, self._held]
        booster = xgboost.Booster({**self._parameters, "num_target": targets.shape[1]}, known)
        return _XGBoostEnsemble(booster, Surrogate(targets=targets, **surrogate), self._binned, self._held)


class _XGBoostEnsemble:
    def __init__(self, booster, loss, binned, held):
        self._booster, self.loss, self._binned, self._held, self._grown = booster, loss, binned, held, 0

    def grow(self, rounds, rho=None):
        def gradient_and_hessian(margins, _):
            return self.loss(margins.reshape(len(margins), -1), rho)

        for _ in range(rounds):
            self._booster.update(self._binned, self._grown, fobj=gradient_and_hessian)
            self._grown += 1

    def fitted(self):
        """Margins (n, T) of the rows it grows on."""
        return self._margins(self._binned)

    def held(self):
        """Margins (n_held, T)."""
        return self._margins(self._held)

    def configuration(self):
        """What XGBoost made of the parameters, as JSON."""
        return self._booster.save_config()

    def _margins(self, data):
        return self._booster.predict(data, output_margin=True).reshape(data.num_row(), -1)

    def reader(self, rounds, slope, offset):
        return _XGBoostReader(self._booster, rounds, slope, offset)


@dataclass
class _XGBoostReader:
    """Predictions of all targets off rows, each after its own number of rounds."""

    booster: object
    rounds: list
    slope: np.ndarray
    offset: np.ndarray

    def __call__(self, X, threads=1):
        import xgboost

        rows = xgboost.DMatrix(X, nthread=threads)
        margins = np.empty((len(X), len(self.rounds)))
        for last in set(self.rounds):
            targets = [t for t, r in enumerate(self.rounds) if r == last]
            read = self.booster.predict(rows, output_margin=True, iteration_range=(0, last))
            margins[:, targets] = read.reshape(len(X), -1)[:, targets]
        return margins * self.slope + self.offset
