"""Learners that are classes of other packages: found by their names, checked, and made into models to fit."""

import hashlib
import inspect
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.metadata import EntryPoint, PackageNotFoundError, entry_points, packages_distributions, requires, version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from avbaselines.errors import InputError
from avbaselines.estimators.tuned.search_space import NOTHING, Drawn
from avbaselines.learner_options import NamedLearner
from avbaselines.schema import nearest, validate

if TYPE_CHECKING:
    # Imported by the functions that look at a class: a study of learners by their keys is planned without it.
    from sklearn.base import BaseEstimator

__all__ = ["GROUP", "OutsideLearner", "adapted", "model_class", "plugin_classes", "plugin_learner", "plugin_names"]

GROUP = "avbaselines.learners"
"""Entry points of packages that bring learners: a `NamedLearner`, or a mapping of its keys without the name."""

Kind = Literal["regression", "classes"]
KEYS: dict[Kind, str] = {"regression": "regressor", "classes": "classifier"}
# Whose classes a study may name: a package that builds on one of these brings estimators, and importing it is harmless.
BUILT_ON = {"scikit-learn", "avbaselines"}
PATH = re.compile(r"[A-Za-z]\w*(\.[A-Za-z]\w*)+")


@dataclass(frozen=True)
class OutsideLearner:
    """A learner from outside whose classes were found and checked.

    Attributes
    ----------
    options : NamedLearner
    code : tuple of str
        Version of the package and digest of the module of each class: what makes finished fits stale.

    Examples
    --------
    >>> ridge = NamedLearner(name="bayes", regressor="sklearn.linear_model.BayesianRidge")
    >>> OutsideLearner.checked(ridge, ["regression"]).options.name
    'bayes'
    """

    options: NamedLearner
    code: tuple[str, ...] = ()

    @classmethod
    def checked(cls, options: NamedLearner, kinds: Iterable[Kind]) -> "OutsideLearner":
        """The learner, once for each kind of target an estimator could be made.

        Raises
        ------
        InputError
            Where it names no class for a kind, the class is none that may be named, or takes other parameters.
        """
        for kind in dict.fromkeys(kinds):
            if getattr(options, KEYS[kind]) is None:
                raise InputError(
                    f"systems.learners {options.name!r}: has no {KEYS[kind]}, which "
                    f"{'class' if kind == 'classes' else 'regressed'} targets need; name one"
                )
        named = [kind for kind, key in KEYS.items() if getattr(options, key)]
        for kind in named:
            adapted(options, kind)
        return cls(options, tuple(part for kind in named for part in _code(_class_of(options, kind))))

    def shape(self) -> dict[str, Any]:
        """All that shapes its fits, as plain values."""
        return {"options": self.options.model_dump(), "code": list(self.code)}


def adapted(options: NamedLearner, kind: Kind, drawn: Drawn = NOTHING, **parameters: Any) -> Any:
    """A new model of a kind of targets.

    Parameters
    ----------
    options
    kind
    drawn
        Values of a search.
    **parameters
        ``blocks``, ``cv``, ``metric``, ``matching`` and ``random_state`` of a run.

    Examples
    --------
    >>> neighbours = NamedLearner(name="knn", regressor="sklearn.neighbors.KNeighborsRegressor")
    >>> adapted(neighbours, "regression", metric="mae")
    AdaptedRegressor(estimator=KNeighborsRegressor(), grid={}, metric='mae')
    """
    cls, made = _class_of(options, kind), model_class(options, kind)
    if made is cls:  # tuned and cross-predicted by itself, as the learners here are
        _refuse_unknown(options, cls, options.parameters, "parameters")
        if options.search:
            raise InputError(f"systems.learners {options.name!r}: {cls.__name__} has its own grid; leave out search")
        return made(**options.parameters, **parameters, **drawn.parameters(made))
    given = {"grid": options.search, "scalings": tuple(options.scaling)} | parameters | drawn.parameters(made)
    return made(estimator=_estimator(options, cls), **given)


def model_class(options: NamedLearner, kind: Kind) -> Any:
    """The class that is fitted: the one named where it is tuned by itself, else one that tunes any estimator.

    Examples
    --------
    >>> ours = NamedLearner(name="flat", regressor="avbaselines.estimators.RidgeRegressor")
    >>> model_class(ours, "regression").__name__
    'RidgeRegressor'
    """
    from avbaselines.estimators.adapters.scikit_learn import AdaptedClassifier, AdaptedRegressor
    from avbaselines.estimators.tuned.base import TunedClassifier, TunedRegressor

    cls = _class_of(options, kind)
    if kind == "regression":
        return cls if issubclass(cls, TunedRegressor) else AdaptedRegressor
    return cls if issubclass(cls, TunedClassifier) else AdaptedClassifier


def plugin_names() -> list[str]:
    """Names of the learners that installed packages bring.

    Examples
    --------
    >>> isinstance(plugin_names(), list)
    True
    """
    return sorted({point.name for point in entry_points(group=GROUP)})


def plugin_learner(name: str) -> NamedLearner | None:
    """The learner that an installed package brings under a name; None where none does.

    Raises
    ------
    InputError
        Where two packages bring it, or what the entry point names is no learner.

    Examples
    --------
    >>> plugin_learner("nobody's") is None
    True
    """
    points = [point for point in entry_points(group=GROUP) if point.name == name]
    if len(points) > 1:
        brought = " and ".join(sorted(_package(point) for point in points))
        raise InputError(f"learner {name!r} is brought by two packages, {brought}; uninstall one")
    return _loaded(points[0]) if points else None


def plugin_classes() -> set[str]:
    """Full names of the classes that installed packages bring as learners; broken packages are left out.

    Examples
    --------
    >>> isinstance(plugin_classes(), set)
    True
    """
    found: set[str] = set()
    for name in plugin_names():
        try:
            options = plugin_learner(name)
            classes = [_class_of(options, kind) for kind, key in KEYS.items() if options and getattr(options, key)]
        except InputError:
            continue
        found |= {f"{cls.__module__}.{cls.__qualname__}" for cls in classes}
    return found


def _loaded(point: EntryPoint) -> NamedLearner:
    source = f"entry point {GROUP} {point.name!r} of {_package(point)}"
    try:
        value = point.load()
    except Exception as error:  # whatever a package raises when it is imported
        reason = f"{type(error).__name__}: {error}"
        raise InputError(f"{source}: cannot be loaded ({reason}); update or uninstall it") from None
    if isinstance(value, NamedLearner):
        return value.model_copy(update={"name": point.name})
    if isinstance(value, Mapping):
        return validate(NamedLearner, {**value, "name": point.name}, source)
    raise InputError(f"{source}: must name a mapping with regressor or classifier, or a NamedLearner; got {value!r}")


def _package(point: EntryPoint) -> str:
    return point.dist.name if point.dist is not None else point.value


def _class_of(options: NamedLearner, kind: Kind) -> Any:
    path = getattr(options, KEYS[kind])
    if path is None:
        raise InputError(f"systems.learners {options.name!r}: has no {KEYS[kind]}; name one")
    return _found(path, f"systems.learners {options.name!r}: {KEYS[kind]} {path!r}")


@cache
def _found(path: str, what: str) -> Any:
    """The class at a path: of a package with estimators, a subclass of BaseEstimator with fit and predict."""
    from sklearn.base import BaseEstimator

    if not PATH.fullmatch(path):
        raise InputError(f"{what} is no path of a public class, such as sklearn.ensemble.ExtraTreesRegressor")
    module, _, name = path.rpartition(".")
    _refuse_other_packages(path.partition(".")[0], what)
    try:
        cls = getattr(import_module(module), name, None)
    except Exception as error:  # whatever a package raises when it is imported
        raise InputError(f"{what} cannot be imported ({type(error).__name__}: {error})") from None
    if cls is None:
        raise InputError(f"{what} is not there{nearest(name, dir(import_module(module)))}")
    methods = all(callable(getattr(cls, method, None)) for method in ("fit", "predict"))
    if not (isinstance(cls, type) and issubclass(cls, BaseEstimator) and methods):
        raise InputError(f"{what} is no estimator: needed is a subclass of BaseEstimator with fit and predict")
    return cls


def _refuse_other_packages(top: str, what: str) -> None:
    """Nothing is imported but packages that are installed and say that they build on scikit-learn or on this one."""
    if top in {"sklearn", "avbaselines"}:
        return
    owners = packages_distributions().get(top, [])
    if not owners:
        raise InputError(f"{what}: no package {top!r} is installed; install it with pip, or correct the name")
    if not any(_requirements(owner) & BUILT_ON for owner in owners):
        raise InputError(
            f"{what}: {owners[0]} does not require scikit-learn, and only packages that do are imported; let a package "
            f"of yours bring it by the entry point {GROUP}"
        )


def _requirements(package: str) -> set[str]:
    named = (re.match(r"[\w.-]+", line) for line in requires(package) or [])
    return {re.sub(r"[-_.]+", "-", match.group()).lower() for match in named if match}


def _estimator(options: NamedLearner, cls: Any) -> "BaseEstimator":
    _refuse_unknown(options, cls, options.parameters, "parameters")
    try:
        estimator = cls(**options.parameters)
    except Exception as error:  # an abstract class, a parameter that is required, or what a constructor refuses
        raise InputError(
            f"systems.learners {options.name!r}: {cls.__name__} cannot be made ({' '.join(str(error).split())})"
        ) from None
    _refuse_unknown(options, cls, options.search, "search", estimator.get_params())
    return estimator


def _refuse_unknown(
    options: NamedLearner, cls: Any, given: Iterable[str], key: str, known: Iterable[str] | None = None
) -> None:
    names = list(inspect.signature(cls).parameters) if known is None else list(known)
    for name in given:
        if name not in names:
            raise InputError(
                f"systems.learners {options.name!r}: {key}: {cls.__name__} has no parameter {name!r}"
                f"{nearest(name, names)}"
            )


def _code(cls: type) -> list[str]:
    """Version of the package of a class, and digest of the file it is written in."""
    top = cls.__module__.partition(".")[0]
    owners = ["scikit-learn"] if top == "sklearn" else packages_distributions().get(top, [])
    try:
        versions = [f"{owner} {version(owner)}" for owner in owners]
        source = hashlib.sha256(Path(inspect.getfile(cls)).read_bytes()).hexdigest()
    except (PackageNotFoundError, TypeError, OSError):
        return []
    return [*versions, source]
