"""The one place that knows learners and fusion methods by name."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from typing import Any, Literal

from avbaselines.errors import InputError
from avbaselines.estimators.tuned.search_space import NOTHING, Choice, Drawn, Real, Whole, parameter_names
from avbaselines.experiment.planning.system import TaskMode
from avbaselines.schema import nearest

Kind = Literal["regression", "classes"]
Dimension = Real | Whole | Choice


@dataclass(frozen=True)
class Learner:
    """Names of a learner's public estimators, whether they can use a GPU, and the regressor's own settings.

    Examples
    --------
    >>> LEARNERS["xgboost"].device, LEARNERS["ridge"].device
    (True, False)
    """

    regressor: str
    classifier: str
    device: bool = False
    settings: tuple[tuple[str, str], ...] = ()


def _boosted(library: str, objective: str) -> Learner:
    """A booster by an objective of ours; classes have no concordance and are learnt by the library's own."""
    name = {"lightgbm": "LightGBMClassifier", "xgboost": "XGBoostClassifier"}[library]
    settings = (("library", library), ("objective", objective))
    return Learner("BoostedConcordanceRegressor", name, settings=settings)


LEARNERS = {
    "ridge": Learner("RidgeRegressor", "RidgeClassifier"),
    "svr": Learner("KernelRegressor", "KernelClassifier"),
    "lightgbm": Learner("LightGBMRegressor", "LightGBMClassifier"),
    "xgboost": Learner("XGBoostRegressor", "XGBoostClassifier", device=True),
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


def learner_name(name: str) -> str:
    """The name a learner goes by in system names.

    Examples
    --------
    >>> learner_name("svc")
    'svr'
    """
    key = ALIASES.get(name, name)
    if key not in LEARNERS:
        raise InputError(
            f"systems.learners: no learner {name!r}{nearest(name, LEARNERS)}; known: {', '.join(LEARNERS)}"
        )
    return key


def family(name: str) -> tuple[str, str]:
    """The library of a learner and its objective, such as ("xgboost", "ccc").

    A learner that has no choice of objectives is a library of its own, with the objective "own".

    Examples
    --------
    >>> family("xgboost-ccc"), family("ridge")
    (('xgboost', 'ccc'), ('ridge', 'own'))
    """
    settings = dict(LEARNERS[learner_name(name)].settings)
    return settings.get("library", name), settings.get("objective", "own")


def estimator(name: str, kind: Kind, drawn: Drawn = NOTHING, **parameters: Any) -> Any:
    """A new estimator of a learner.

    Parameters
    ----------
    name
        Key of `LEARNERS`.
    kind
    drawn
        Values of a search.
    **parameters
        Passed to the constructor; ``device`` only where the learner knows it.

    Examples
    --------
    >>> type(estimator("ridge", "classes")).__name__
    'RidgeClassifier'
    """
    learner = LEARNERS[learner_name(name)]
    if not learner.device:
        parameters.pop("device", None)
    if kind == "regression":
        parameters |= dict(learner.settings)
    cls = _class(learner, kind)
    return cls(**parameters, **drawn.parameters(cls))


def _class(learner: Learner, kind: Kind) -> Any:
    return _public(learner.regressor if kind == "regression" else learner.classifier)


def _public(name: str) -> Any:
    """A public estimator; what it needs is loaded now, and not before."""
    return getattr(import_module("avbaselines.estimators"), name)


def search_space(
    name: str, task: TaskMode, kinds: Sequence[Kind], widths: Sequence[int], settings: Mapping[str, Any]
) -> dict[str, Dimension]:
    """What may be searched of a learner in a task mode.

    Parameters
    ----------
    name
        Key of `LEARNERS`.
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
    learner = LEARNERS[learner_name(name)]
    space: dict[str, Dimension] = {}
    for kind in sorted(set(kinds)):
        cls = _public("JointBoostingRegressor") if task == "joint" and kind == "regression" else _class(learner, kind)
        parameters = parameter_names(cls)
        space |= {name: dimension for name, dimension in cls.search_space.items() if name in parameters}
    narrowed = {name: _no_wider_than(dimension, sum(widths)) for name, dimension in space.items()}
    space = {name: dimension for name, dimension in narrowed.items() if dimension}
    if task == "chain" and settings.get("order") in ("ensemble", "search"):
        space |= _public("ChainRegressor").search_space(len(kinds))
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


def chain(name: str, class_targets: tuple[int, ...], drawn: Drawn = NOTHING, **parameters: Any) -> Any:
    """A new chain over a learner.

    Parameters
    ----------
    name
        Key of `LEARNERS`.
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
    device = {"device": parameters.pop("device", "cpu")}
    classes = {"metric": parameters.pop("class_metric")} if "class_metric" in parameters else {}
    cls = _public("ChainRegressor")
    parameters |= drawn.parameters(cls)
    return cls(
        regressor=estimator(name, "regression", drawn, **device),
        classifier=estimator(name, "classes", drawn, **device, **classes),
        class_targets=class_targets,
        **parameters,
    )


def joint(name: str, drawn: Drawn = NOTHING, **parameters: Any) -> Any:
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
    if not name.startswith("xgboost"):
        raise InputError(
            f"systems.tasks: 'joint' grows XGBoost's trees; learner {name!r} has none with several outputs - add "
            "'xgboost' (or 'xgboost-ccc', 'xgboost-pcc') to systems.learners"
        )
    objective = name.partition("-")[2] or "squared"
    cls = _public("JointBoostingRegressor")
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
    return _public(FUSIONS[method][kind == "classes"])(**parameters)


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
    name = "MissingFusionClassifier" if kind == "classes" else "MissingFusionRegressor"
    return _public(name)(method, strategy, **parameters)
