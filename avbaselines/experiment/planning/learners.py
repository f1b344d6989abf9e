"""The one place that knows learners and fusion methods by name."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from typing import Any, Literal

from avbaselines.errors import InputError
from avbaselines.estimators.tuned.search_space import NOTHING, Dimension, Drawn, Real, Whole, parameter_names
from avbaselines.experiment.planning.outside_learners import (
    OutsideLearner,
    adapted,
    model_class,
    plugin_learner,
    plugin_names,
)
from avbaselines.experiment.planning.system import TaskMode
from avbaselines.learner_options import NamedLearner
from avbaselines.schema import nearest

Kind = Literal["regression", "classes"]
LearnerKey = str | NamedLearner
"""A learner by its key of `LEARNERS`, or one from outside as it is described."""

ESTIMATORS = "avbaselines.estimators"


@dataclass(frozen=True)
class Learner:
    """Places of a learner's estimators below `avbaselines.estimators`, and what they take beside what all take.

    Attributes
    ----------
    regressor, classifier : str
        Module and class.
    device : bool
        Whether they can use a GPU.
    settings : tuple of (str, str)
        Parameters of the regressor.

    Examples
    --------
    >>> LEARNERS["xgboost"].device, LEARNERS["ridge"].device
    (True, False)
    """

    regressor: str
    classifier: str
    device: bool = False
    settings: tuple[tuple[str, str], ...] = ()


def _pair(module: str, name: str) -> tuple[str, str]:
    """Places of a regressor and a classifier of one name."""
    return f"{module}.{name}Regressor", f"{module}.{name}Classifier"


def _boosted(library: str, objective: str) -> Learner:
    """A booster by an objective of ours; classes have no concordance and are learnt by the library's own."""
    settings = (("library", library), ("objective", objective))
    place, trees = "boosting.concordance.BoostedConcordanceRegressor", TREES[library]
    return Learner(place, trees.classifier, trees.device, settings)


TREES = {
    "lightgbm": Learner(*_pair("boosting.lightgbm_models", "LightGBM")),
    "xgboost": Learner(*_pair("boosting.xgboost_models", "XGBoost"), device=True),
}
LEARNERS = {
    "ridge": Learner(*_pair("linear.ridge", "Ridge")),
    "svr": Learner(*_pair("kernel.support_vectors", "Kernel")),
    "ridge-kernels": Learner(*_pair("kernel.multiple_kernels", "MultipleKernel")),
    **TREES,
    **{
        f"{library}-{objective}": _boosted(library, objective)
        for library in TREES
        for objective in ("squared", "pcc", "ccc")
    },
}
ALIASES = {"svc": "svr"}

# Method of a fusion: estimators of regressed and of class targets. Correlation weights have no counterpart for
# classes, whose posteriors are averaged there.
FUSIONS = {
    "best-single": _pair("fusion.averages", "BestSingle"),
    "mean": _pair("fusion.averages", "MeanFusion"),
    "greedy": _pair("fusion.averages", "GreedyFusion"),
    "ridge": _pair("fusion.learnt_weights", "RidgeFusion"),
    "blend": _pair("fusion.averages", "MeanFusion"),
    "correlation": ("fusion.learnt_weights.CorrelationWeightedFusionRegressor", "fusion.averages.MeanFusionClassifier"),
    "score-weighted": _pair("fusion.averages", "ScoreWeightedFusion"),
    "joint-mean": _pair("fusion.joint_decoding", "JointMeanFusion"),
    "joint-greedy": _pair("fusion.joint_decoding", "JointGreedyFusion"),
    "joint-score-weighted": _pair("fusion.joint_decoding", "JointScoreWeightedFusion"),
}
CHAIN, JOINT_TREES = "multitarget.chain.ChainRegressor", "multitarget.joint.JointBoostingRegressor"
MISSING = _pair("fusion.missing_inputs", "MissingFusion")
JOINT = "joint-"


def learner_name(name: str) -> str:
    """The name a learner goes by in system names.

    Examples
    --------
    >>> learner_name("svc")
    'svr'
    """
    key = ALIASES.get(name, name)
    if key not in LEARNERS:
        known = [*LEARNERS, *plugin_names()]
        raise InputError(f"systems.learners: no learner {name!r}{nearest(name, known)}; known: {', '.join(known)}")
    return key


def outside_learner(choice: LearnerKey, kinds: Sequence[Kind]) -> OutsideLearner | None:
    """The checked learner that a study describes, or that an installed package brings; None for one of ours.

    Parameters
    ----------
    choice
        An item of the study's ``systems.learners``.
    kinds
        Of the targets.

    Raises
    ------
    InputError
        Where its class is none that may be named, or its name is that of a learner of ours.

    Examples
    --------
    >>> outside_learner("svc", ["classes"]) is None
    True
    """
    if isinstance(choice, NamedLearner):
        if choice.name in LEARNERS or choice.name in ALIASES:
            raise InputError(f"systems.learners: a learner of avbaselines is named {choice.name!r}; give yours another")
        return OutsideLearner.checked(choice, kinds)
    options = None if choice in LEARNERS or choice in ALIASES else plugin_learner(choice)
    return None if options is None else OutsideLearner.checked(options, kinds)


def estimator_places() -> list[str]:
    """Places of all estimators that are named here: what ships, and what makes finished fits stale.

    Examples
    --------
    >>> "linear.ridge.RidgeRegressor" in estimator_places()
    True
    """
    learners = [place for learner in LEARNERS.values() for place in (learner.regressor, learner.classifier)]
    fusions = [place for pair in FUSIONS.values() for place in pair]
    return sorted({*learners, *fusions, *MISSING, CHAIN, JOINT_TREES})


def family(name: str) -> tuple[str, str]:
    """The library of a learner and its objective, such as ("xgboost", "ccc").

    A learner that has no choice of objectives is a library of its own, with the objective "own".

    Examples
    --------
    >>> family("xgboost-ccc"), family("ridge")
    (('xgboost', 'ccc'), ('ridge', 'own'))
    """
    settings = dict(LEARNERS[name].settings) if name in LEARNERS else {}
    return settings.get("library", name), settings.get("objective", "own")


def knows_device(key: LearnerKey) -> bool:
    """Whether a learner can use a GPU.

    Examples
    --------
    >>> knows_device("xgboost-ccc"), knows_device("lightgbm-ccc")
    (True, False)
    """
    return isinstance(key, str) and LEARNERS[learner_name(key)].device


def estimator(key: LearnerKey, kind: Kind, drawn: Drawn = NOTHING, **parameters: Any) -> Any:
    """A new estimator of a learner.

    Parameters
    ----------
    key
    kind
    drawn
        Values of a search.
    **parameters
        Passed to the constructor; ``device`` and ``final`` only where the learner knows it.

    Examples
    --------
    >>> type(estimator("ridge", "classes")).__name__
    'RidgeClassifier'
    """
    if isinstance(key, NamedLearner):
        for name in ("device", "final"):
            parameters.pop(name, None)
        return adapted(key, kind, drawn, **parameters)
    learner = LEARNERS[learner_name(key)]
    if not learner.device:
        parameters.pop("device", None)
    if kind == "regression":
        parameters |= dict(learner.settings)
    cls = _class(key, kind)
    if "final" not in parameter_names(cls):
        parameters.pop("final", None)
    return cls(**parameters, **drawn.parameters(cls))


def _class(key: LearnerKey, kind: Kind) -> Any:
    if isinstance(key, NamedLearner):
        return model_class(key, kind)
    learner = LEARNERS[learner_name(key)]
    return _at(learner.regressor if kind == "regression" else learner.classifier)


def _at(place: str) -> Any:
    """An estimator of ours; what it needs is loaded now, and not before."""
    module, _, name = place.rpartition(".")
    return getattr(import_module(f"{ESTIMATORS}.{module}"), name)


def search_space(
    key: LearnerKey, task: TaskMode, kinds: Sequence[Kind], widths: Sequence[int], settings: Mapping[str, Any]
) -> dict[str, Dimension]:
    """What may be searched of a learner in a task mode.

    Parameters
    ----------
    key
    task
    kinds
        Of the targets, in order.
    widths
        Number of columns of each modality.
    settings
        Of the system; an order or weights that the study fixes are not searched.

    Examples
    --------
    >>> "column_share" in search_space("ridge", "single", ["regression"], [100], {})
    True
    """
    space: dict[str, Dimension] = {}
    for kind in sorted(set(kinds)):
        cls = _at(JOINT_TREES) if task == "joint" and kind == "regression" else _class(key, kind)
        parameters = parameter_names(cls)
        space |= {name: dimension for name, dimension in cls.search_space.items() if name in parameters}
    narrowed = {name: _no_wider_than(dimension, sum(widths)) for name, dimension in space.items()}
    space = {name: dimension for name, dimension in narrowed.items() if dimension}
    if task == "chain" and settings.get("order") in ("ensemble", "search"):
        space |= _at(CHAIN).search_space(len(kinds))
    if task == "joint" and settings.get("target_weights") is None:
        weights = range(sum(kind == "regression" for kind in kinds))
        space |= {f"target_weights.{number}": Real(0.2, 5.0, 1.0, part="weights") for number in weights}
    # A chain adds a block of predictions of its own.
    if "column_share" in space and len(widths) > 1 and task != "chain":
        space |= {f"block_weights.{number}": Real(0.1, 10.0, 1.0, part="features") for number in range(len(widths))}
    return space


def _no_wider_than(dimension: Dimension, n_columns: int) -> Dimension | None:
    """A number of columns within what there is; None where it would change nothing."""
    if not (isinstance(dimension, Whole) and dimension.part == "features"):
        return dimension
    most = min(dimension.high, n_columns)
    return replace(dimension, high=most, default=min(dimension.default, most)) if most > dimension.low else None


def chain(key: LearnerKey, class_targets: tuple[int, ...], drawn: Drawn = NOTHING, **parameters: Any) -> Any:
    """A new chain over a learner.

    Parameters
    ----------
    key
    class_targets
        Columns of y that hold class codes.
    drawn
        Values of a search, for the chain and its learner.
    **parameters
        Of the chain, and ``class_metric``, which its classifiers are tuned by.

    Examples
    --------
    >>> type(chain("ridge", (1,)).classifier).__name__
    'RidgeClassifier'
    """
    own = {name: parameters.pop(name) for name in ("device", "final") if name in parameters}
    classes = {"metric": parameters.pop("class_metric")} if "class_metric" in parameters else {}
    cls = _at(CHAIN)
    parameters |= drawn.parameters(cls)
    return cls(
        regressor=_step(key, "regression", drawn, **own),
        classifier=_step(key, "classes", drawn, **own, **classes),
        class_targets=class_targets,
        **parameters,
    )


def _step(key: LearnerKey, kind: Kind, drawn: Drawn, **parameters: Any) -> Any:
    """An estimator of a chain; None where a learner from outside has none of this kind, and so no target is of it."""
    if isinstance(key, NamedLearner) and not (key.regressor if kind == "regression" else key.classifier):
        return None
    return estimator(key, kind, drawn, **parameters)


def joint(key: LearnerKey, drawn: Drawn = NOTHING, **parameters: Any) -> Any:
    """A new ensemble of jointly grown trees; the learner's name says by which objective.

    Raises
    ------
    InputError
        For a learner that has no trees with several outputs.

    Examples
    --------
    >>> joint("xgboost-ccc").objective
    'ccc'
    """
    name = key if isinstance(key, str) else key.name
    if not (isinstance(key, str) and key.startswith("xgboost")):
        raise InputError(
            f"systems.tasks: 'joint' grows XGBoost's trees; learner {name!r} has none with several outputs - add "
            "'xgboost' (or 'xgboost-ccc', 'xgboost-pcc') to systems.learners"
        )
    objective = name.partition("-")[2] or "squared"
    parameters.pop("final", None)
    cls = _at(JOINT_TREES)
    return cls(objective=objective, **(parameters | drawn.parameters(cls)))


def fusion(method: str, kind: Kind, **parameters: Any) -> Any:
    """A new fusion estimator.

    Parameters
    ----------
    method
        Key of `FUSIONS`.
    kind
    **parameters
        Passed to the constructor.

    Examples
    --------
    >>> type(fusion("mean", "regression")).__name__
    'MeanFusionRegressor'
    """
    return _at(FUSIONS[method][kind == "classes"])(**parameters)


def missing_fusion(method: str, strategy: str | None, kind: Kind, **parameters: Any) -> Any:
    """A new fusion that is learnt for what may be missing.

    Parameters
    ----------
    method
        Key of `FUSIONS`.
    strategy
        See `MissingFusionRegressor`.
    kind
    **parameters
        Passed to the constructor.

    Examples
    --------
    >>> type(missing_fusion("mean", "best", "classes")).__name__
    'MissingFusionClassifier'
    """
    return _at(MISSING[kind == "classes"])(method, strategy, **parameters)
