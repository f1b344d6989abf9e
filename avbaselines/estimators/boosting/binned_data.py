"""What boosters grow from: rows binned once, the parts of them that folds learn from, and ensembles on these."""

from dataclasses import dataclass
from typing import Any, Protocol

import joblib
import numpy as np

from avbaselines.estimators.boosting.objectives import Surrogate

__all__ = ["BinnedData", "BinnedPart", "ClassEnsemble", "Ensemble", "Reader", "threads_beside"]

class Reader(Protocol):
    """Predictions (n, T) off rows X (n, n_features)."""

    def __call__(self, X: np.ndarray, threads: int = 1) -> np.ndarray:
        """Predict."""


class ClassEnsemble(Protocol):
    """An ensemble that grows on binned rows."""

    @property
    def booster(self) -> Any:
        """The library's own."""

    def stored(self) -> bytes:
        """Its trees, without the rows that it grows on."""

    def grow(self, rounds: int, rho: np.ndarray | None = None) -> None:
        """Grow by some rounds; `rho` as in a call of `Surrogate`."""

    def held(self) -> np.ndarray:
        """Margins (n_held, outputs) of the rows held out."""


class Ensemble(ClassEnsemble, Protocol):
    """An ensemble that grows on binned rows under a loss of ours."""

    loss: Surrogate

    def fitted(self) -> np.ndarray:
        """Margins (n, T) of the rows that `loss` was made for."""

    def reader(self, rounds: list[int], slope: np.ndarray, offset: np.ndarray) -> Reader:
        """What predicts off rows after some rounds of each target: ``slope * margin + offset``."""


class BinnedPart(Protocol):
    """Some of the binned rows to grow on, and others whose margins are followed."""

    def ensemble(self, targets: np.ndarray, growing: dict[str, Any], **surrogate: Any) -> Ensemble:
        """An empty ensemble for targets (n, T) of the part's rows under a `Surrogate`; NaN = not labelled.

        `growing` holds the library's parameters, save those of binning.
        """

    def classes(self, codes: np.ndarray, growing: dict[str, Any], weight: np.ndarray | None = None) -> ClassEnsemble:
        """An empty ensemble for codes (n,) of two or more classes under the library's own loss.

        Its margins have a column a class; of two classes there is one, that of the second against the first.
        """


class BinnedData(Protocol):
    """Rows binned once, for all folds and targets of a fit.

    The bounds of the bins come from all rows, those that a fold holds out too: from their features, never from labels.
    """

    nbytes: int
    """Bytes of the bins, and of a table of their own that they are read beside."""

    def part(self, rows: np.ndarray | None = None, held: np.ndarray | None = None) -> BinnedPart:
        """The rows of these numbers (None = all; the numbers rise, and one may repeat), without those held out."""


def threads_beside(device: str, n_jobs: int) -> int:
    """Threads for the CPU's share of the work: beside a GPU all cores, as one process has the GPU.

    Examples
    --------
    >>> threads_beside("cpu", 2)
    2
    """
    return joblib.cpu_count() if device == "cuda" else n_jobs


@dataclass
class _LightGBMReader:
    """Predictions of one target off rows."""

    booster: Any
    rounds: list[int]
    slope: np.ndarray
    offset: np.ndarray

    def __call__(self, X: np.ndarray, threads: int = 1) -> np.ndarray:
        margins: Any = self.booster.predict(X, num_iteration=self.rounds[0], raw_score=True, num_threads=threads)
        return margins[:, None] * self.slope + self.offset


@dataclass
class _XGBoostReader:
    """Predictions of all targets off rows, each after its own number of rounds."""

    booster: Any
    rounds: list[int]
    slope: np.ndarray
    offset: np.ndarray

    def __call__(self, X: np.ndarray, threads: int = 1) -> np.ndarray:
        margins = np.empty((len(X), len(self.rounds)))
        for last in set(self.rounds):
            targets = [t for t, r in enumerate(self.rounds) if r == last]
            read = xgboost_margins(self.booster, X, last, threads)
            margins[:, targets] = read.reshape(len(X), -1)[:, targets]
        return margins * self.slope + self.offset


def xgboost_margins(booster: Any, X: np.ndarray, rounds: int, threads: int) -> np.ndarray:
    """Raw predictions after some rounds, off the rows as they lie there: no copy of them is made, and none is sent.

    Trees of a few levels are read faster on the CPU, wherever they grew, than rows are copied.
    """
    booster.set_param({"device": "cpu", "nthread": threads})
    return booster.inplace_predict(X, iteration_range=(0, rounds), predict_type="margin")
