"""The one place that knows readers and learners by name."""

from dataclasses import dataclass
from importlib import import_module

from avbaselines.errors import InputError
from avbaselines.schema import nearest

READERS = {
    "table": "avbaselines.corpora.table",
    "synthetic": "avbaselines.corpora.synthetic",
    "structured": "avbaselines.corpora.structured",
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
    """Where a learner's regressor and classifier are, the regressor's own settings, and whether it can use a GPU."""

    module: str
    regressor: str
    classifier: str
    device: bool = False
    classifier_module: str | None = None
    settings: tuple = ()


def _boosted(library, objective):
    """A booster by an objective of ours; classes have no concordance and are learnt by the library's own."""
    name = {"lightgbm": "LightGBMClassifier", "xgboost": "XGBoostClassifier"}[library]
    settings = (("library", library), ("objective", objective))
    return Learner("concordance", "BoostedConcordanceRegressor", name, classifier_module="boosting", settings=settings)


LEARNERS = {
    "ridge": Learner("ridge", "RidgeRegressor", "RidgeClassifier"),
    "svr": Learner("kernel", "KernelRegressor", "KernelClassifier"),
    "lightgbm": Learner("boosting", "LightGBMRegressor", "LightGBMClassifier"),
    "xgboost": Learner("boosting", "XGBoostRegressor", "XGBoostClassifier", device=True),
    **{
        f"{library}-{objective}": _boosted(library, objective)
        for library in ("lightgbm", "xgboost")
        for objective in ("squared", "pcc", "ccc")
    },
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
    "score-weighted": ("ScoreWeightedFusionRegressor", "ScoreWeightedFusionClassifier"),
    "joint-mean": ("JointMeanFusionRegressor", "JointMeanFusionClassifier"),
    "joint-greedy": ("JointGreedyFusionRegressor", "JointGreedyFusionClassifier"),
    "joint-score-weighted": ("JointScoreWeightedFusionRegressor", "JointScoreWeightedFusionClassifier"),
}
JOINT = "joint-"


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


def family(name):
    """The library of a learner and its objective, such as ("xgboost", "ccc").

    A learner that has no choice of objectives is a library of its own, with the objective "own".
    """
    settings = dict(LEARNERS[learner_name(name)].settings)
    return settings.get("library", name), settings.get("objective", "own")


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
    if kind == "regression":
        module, cls = learner.module, learner.regressor
        parameters |= dict(learner.settings)
    else:
        module, cls = learner.classifier_module or learner.module, learner.classifier
    return getattr(import_module(f"avbaselines.estimators.{module}"), cls)(**parameters)


def chain(name, class_targets, **parameters):
    """A new chain over a learner.

    Parameters
    ----------
    name : str
        Key of `LEARNERS`.
    class_targets : tuple of int
        Columns of y that hold class codes.
    **parameters
        Of the chain, and ``class_metric``, which its classifiers are tuned by.
    """
    device = {"device": parameters.pop("device", "cpu")}
    classes = {"metric": parameters.pop("class_metric")} if "class_metric" in parameters else {}
    module = import_module("avbaselines.estimators.chain")
    return module.ChainRegressor(
        regressor=estimator(name, "regression", **device),
        classifier=estimator(name, "classes", **device, **classes),
        class_targets=class_targets,
        **parameters,
    )


def joint(name, **parameters):
    """A new ensemble of jointly grown trees; the learner's name says by which objective.

    Raises
    ------
    InputError
        For a learner that has no trees with several outputs.
    """
    if not name.startswith("xgboost"):
        raise InputError(
            f"systems.tasks: 'joint' grows XGBoost's trees; learner {name!r} has none with several outputs - add "
            "'xgboost' (or 'xgboost-ccc', 'xgboost-pcc') to systems.learners"
        )
    objective = name.partition("-")[2] or "squared"
    return import_module("avbaselines.estimators.joint").JointBoostingRegressor(objective=objective, **parameters)


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
    module = "fusion_joint" if method.startswith(JOINT) else "fusion"
    return getattr(import_module(f"avbaselines.estimators.{module}"), FUSIONS[method][kind == "classes"])(**parameters)


def missing_fusion(method, strategy, kind, **parameters):
    """A new fusion that is learnt for what may be missing.

    Parameters
    ----------
    method : str
        Key of `FUSIONS`.
    strategy : str
        See `MissingFusionRegressor`.
    kind : {"regression", "classes"}
    **parameters
        Passed to the constructor.
    """
    module = import_module("avbaselines.estimators.fusion_missing")
    maker = module.MissingFusionClassifier if kind == "classes" else module.MissingFusionRegressor
    return maker(method, strategy, **parameters)
