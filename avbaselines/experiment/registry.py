"""The one place that knows readers and learners by name."""

from dataclasses import dataclass
from importlib import import_module

from avbaselines.errors import InputError
from avbaselines.schema import nearest

READERS = {
    "table": "avbaselines.corpora.table",
    "synthetic": "avbaselines.corpora.synthetic",
    "ravdess": "avbaselines.corpora.ravdess",
    "sewa": "avbaselines.corpora.sewa",
    "recola": "avbaselines.corpora.recola",
    "creativeit": "avbaselines.corpora.creativeit",
    "crema_d": "avbaselines.corpora.crema_d",
    "msp_improv": "avbaselines.corpora.msp_improv",
    "mer2023": "avbaselines.corpora.mer2023",
}


@dataclass(frozen=True)
class Learner:
    """Module and class names of a learner's regressor and classifier, and whether it can use a GPU."""

    module: str
    regressor: str
    classifier: str
    device: bool = False


LEARNERS = {
    "ridge": Learner("ridge", "RidgeRegressor", "RidgeClassifier"),
    "svr": Learner("kernel", "KernelRegressor", "KernelClassifier"),
    "lightgbm": Learner("boosting", "LightGBMRegressor", "LightGBMClassifier"),
    "xgboost": Learner("boosting", "XGBoostRegressor", "XGBoostClassifier", device=True),
}
ALIASES = {"svc": "svr"}

# Method of a fusion: class names for regressed and class targets. Correlation weights have no counterpart for
# classes, whose posteriors are averaged there.
FUSIONS = {
    "best-single": ("BestSingleRegressor", "BestSingleClassifier"),
    "mean": ("MeanFusionRegressor", "MeanFusionClassifier"),
    "greedy": ("GreedyFusionRegressor", "GreedyFusionClassifier"),
    "ridge": ("RidgeFusionRegressor", "RidgeFusionClassifier"),
    "correlation": ("CorrelationWeightedFusionRegressor", "MeanFusionClassifier"),
}


def reader(name):
    """Module of a reader (``Options``, ``ENVIRONMENT``, ``NEEDS``, ``read``)."""
    if name not in READERS:
        raise InputError(f"corpus.reader: no reader {name!r}{nearest(name, READERS)}; known: {', '.join(READERS)}")
    return import_module(READERS[name])


def learner_name(name):
    """The name a learner goes by in system names."""
    known = ALIASES.get(name, name)
    if known not in LEARNERS:
        raise InputError(
            f"systems.learners: no learner {name!r}{nearest(name, LEARNERS)}; known: {', '.join(LEARNERS)}"
        )
    return known


def estimator(name, kind, **parameters):
    """A new estimator of a learner.

    Parameters
    ----------
    name : str
        Key of `LEARNERS`.
    kind : {"regression", "classes"}
    **parameters
        Passed to the constructor; ``device`` only where the learner knows it.
    """
    learner = LEARNERS[learner_name(name)]
    if not learner.device:
        parameters.pop("device", None)
    module = import_module(f"avbaselines.estimators.{learner.module}")
    return getattr(module, learner.regressor if kind == "regression" else learner.classifier)(**parameters)


def fusion(method, kind, **parameters):
    """A new fusion estimator.

    Parameters
    ----------
    method : str
        Key of `FUSIONS`.
    kind : {"regression", "classes"}
    **parameters
        Passed to the constructor.
    """
    return getattr(import_module("avbaselines.estimators.fusion"), FUSIONS[method][kind == "classes"])(**parameters)
