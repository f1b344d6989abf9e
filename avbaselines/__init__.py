"""Honest classical-machine-learning baselines for audiovisual emotion recognition.

The names of `__all__` are what a notebook wants; each is imported when it is first used, so that ``import avbaselines``
costs nothing.

Examples
--------
>>> import avbaselines
>>> round(avbaselines.ccc([1, 2, 3, 4], [1, 2, 3, 5]), 3)
0.929
>>> avbaselines.load_study("quickstart").systems.inner_folds
5
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from avbaselines.version import __version__ as __version__

if TYPE_CHECKING:
    from avbaselines import estimators as estimators
    from avbaselines.errors import InputError as InputError
    from avbaselines.evaluation.comparison import compare as compare
    from avbaselines.evaluation.comparison import compare_means as compare_means
    from avbaselines.evaluation.comparison import holm as holm
    from avbaselines.evaluation.intervals import interval as interval
    from avbaselines.evaluation.intervals import interval_of_mean as interval_of_mean
    from avbaselines.evaluation.metrics import METRICS as METRICS
    from avbaselines.evaluation.metrics import Metric as Metric
    from avbaselines.evaluation.metrics import score as score
    from avbaselines.evaluation.scores import accuracy as accuracy
    from avbaselines.evaluation.scores import ccc as ccc
    from avbaselines.evaluation.scores import ccc_per_recording as ccc_per_recording
    from avbaselines.evaluation.scores import f1_macro as f1_macro
    from avbaselines.evaluation.scores import f1_micro as f1_micro
    from avbaselines.evaluation.scores import f1_weighted as f1_weighted
    from avbaselines.evaluation.scores import mae as mae
    from avbaselines.evaluation.scores import mse as mse
    from avbaselines.evaluation.scores import pcc as pcc
    from avbaselines.evaluation.scores import rmse as rmse
    from avbaselines.evaluation.scores import uar as uar
    from avbaselines.experiment.bundles.bundle import load as load_bundle
    from avbaselines.experiment.fitting.run_options import RunOptions as RunOptions
    from avbaselines.experiment.study_run import run_study as run_study
    from avbaselines.finished_run import results as results
    from avbaselines.mlflow_export import to_mlflow as to_mlflow
    from avbaselines.study import load_study as load_study

_SCORES = (
    *("ccc", "ccc_per_recording", "pcc", "rmse", "mae", "mse"),
    *("accuracy", "uar", "f1_macro", "f1_micro", "f1_weighted"),
)
# Module and name of each public name.
_PLACES = {
    "load_study": ("avbaselines.study", "load_study"),
    "run_study": ("avbaselines.experiment.study_run", "run_study"),
    "RunOptions": ("avbaselines.experiment.fitting.run_options", "RunOptions"),
    "to_mlflow": ("avbaselines.mlflow_export", "to_mlflow"),
    "results": ("avbaselines.finished_run", "results"),
    "load_bundle": ("avbaselines.experiment.bundles.bundle", "load"),
    "METRICS": ("avbaselines.evaluation.metrics", "METRICS"),
    "Metric": ("avbaselines.evaluation.metrics", "Metric"),
    "score": ("avbaselines.evaluation.metrics", "score"),
    **{name: ("avbaselines.evaluation.scores", name) for name in _SCORES},
    "interval": ("avbaselines.evaluation.intervals", "interval"),
    "interval_of_mean": ("avbaselines.evaluation.intervals", "interval_of_mean"),
    "compare": ("avbaselines.evaluation.comparison", "compare"),
    "compare_means": ("avbaselines.evaluation.comparison", "compare_means"),
    "holm": ("avbaselines.evaluation.comparison", "holm"),
    "InputError": ("avbaselines.errors", "InputError"),
}

__all__ = [
    "METRICS", "InputError", "Metric", "RunOptions", "accuracy", "ccc", "ccc_per_recording", "compare", "compare_means",
    "estimators", "f1_macro", "f1_micro", "f1_weighted", "holm", "interval", "interval_of_mean", "load_bundle",
    "load_study", "mae", "mse", "pcc", "results", "rmse", "run_study", "score", "to_mlflow", "uar",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used."""
    if name == "estimators":
        return import_module("avbaselines.estimators")
    if name not in _PLACES:
        raise AttributeError(f"module 'avbaselines' has no attribute {name!r}")
    module, attribute = _PLACES[name]
    value = globals()[name] = getattr(import_module(module), attribute)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
