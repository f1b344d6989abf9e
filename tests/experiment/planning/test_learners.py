"""The registry of learners and fusions: what it names exists, ships without pickle and makes finished fits stale."""

import sys
from inspect import signature

import pytest

from avbaselines.errors import InputError
from avbaselines.estimators.preprocessing.preparation_options import PreparationOptions
from avbaselines.estimators.tuned.search_space import NOTHING, Choice, Drawn, Real
from avbaselines.experiment.fitting.fingerprint import imported_files
from avbaselines.experiment.fitting.split_setup import FITS
from avbaselines.experiment.planning import learners
from avbaselines.experiment.planning.shipped_types import TRUSTED
from avbaselines.systems import FUSION_METHODS, JOINT_METHODS

KINDS = ("regression", "classes")
MADE = [
    *((f"{name} of {kind}", learners.estimator(name, kind)) for name in learners.LEARNERS for kind in KINDS),
    *((f"{name} of {kind}", learners.fusion(name, kind)) for name in learners.FUSIONS for kind in KINDS),
    ("a chain", learners.chain("ridge", ())),
    ("jointly grown trees", learners.joint("xgboost")),
    *((f"missing inputs of {kind}", learners.missing_fusion("mean", "best", kind)) for kind in KINDS),
]


@pytest.mark.parametrize("model", [pytest.param(model, id=name) for name, model in MADE])
def test_whatever_the_registry_names_ships_and_is_watched(model):
    kind = type(model)
    assert f"{kind.__module__}.{kind.__qualname__}" in TRUSTED, "name its place in the registry"
    file = sys.modules[kind.__module__].__file__
    assert file in {str(path) for path in imported_files(FITS)}, "name its place in the registry"


def test_a_study_may_name_every_fusion_of_the_registry():
    assert set(learners.FUSIONS) <= {*FUSION_METHODS, *(f"{learners.JOINT}{method}" for method in JOINT_METHODS)}


def test_names_are_resolved_and_unknown_ones_refused():
    assert learners.learner_name("svc") == "svr" and learners.learner_name("ridge") == "ridge"
    with pytest.raises(InputError, match="no learner 'rigde'.*'ridge'.*known: ridge, svr"):
        learners.learner_name("rigde")


def test_family_tells_library_and_objective():
    assert learners.family("xgboost-ccc") == ("xgboost", "ccc")
    assert learners.family("ridge") == ("ridge", "own")


def test_a_device_goes_to_learners_that_know_it_alone():
    assert learners.estimator("xgboost", "regression", device="cuda").device == "cuda"
    assert not hasattr(learners.estimator("ridge", "regression", device="cuda"), "device")


def test_only_trees_with_several_outputs_are_grown_jointly():
    assert learners.joint("xgboost-pcc").objective == "pcc" and learners.joint("xgboost").objective == "squared"
    with pytest.raises(InputError, match="learner 'lightgbm' has none with several outputs"):
        learners.joint("lightgbm")


def test_a_search_draws_no_more_columns_than_there_are():
    wide = learners.search_space("ridge", "single", ["regression"], [5000], {})
    narrow = learners.search_space("ridge", "single", ["regression"], [3], {})
    assert set(narrow) <= set(wide)
    for dimension in narrow.values():
        if getattr(dimension, "part", "") == "features" and isinstance(dimension, learners.Whole):
            assert dimension.high <= 3


@pytest.mark.parametrize("learner", learners.LEARNERS)
@pytest.mark.parametrize("kind", ["regression", "classes"])
def test_every_space_holds_the_defaults(learner, kind):
    for name, dimension in learners.search_space(learner, "single", [kind], [5000], {}).items():
        model = learners.estimator(learner, kind)
        default = getattr(model, name) if hasattr(model, name) else getattr(PreparationOptions(), name)
        if isinstance(dimension, Choice):
            assert dimension.options[dimension.default] == default, name
        elif isinstance(dimension, Real) and dimension.times:
            assert dimension.low <= dimension.default == 1 <= dimension.high and isinstance(default, tuple), name
        else:
            assert dimension.low <= default == dimension.default <= dimension.high, name


def test_drawn_values_reach_the_estimators_that_know_them():
    space = learners.search_space("svr", "single", ["regression"], [10, 4], {})
    values = {"costs": 2.0, "widths": "linear", "block_weights.0": 0.5, "block_weights.1": 3.0}
    model = learners.estimator("svr", "regression", Drawn(space, values))
    default = signature(type(model)).parameters["costs"].default
    assert model.costs == tuple(2 * cost for cost in default) and model.widths == (0.0,)
    assert model.preparation.block_weights == (0.5, 3.0)
    chain_space = learners.search_space("ridge", "chain", ["regression"] * 3, [10, 4], {"order": "ensemble"})
    assert not any(name.startswith("block_weights") for name in chain_space)
    chained = learners.chain("ridge", (), Drawn(chain_space, {"order": "2-0-1", "column_share": 0.5}), order="ensemble")
    assert chained.order == [2, 0, 1] and chained.regressor.preparation.column_share == 0.5
    assert "order" not in learners.search_space("ridge", "chain", ["regression"] * 3, [10], {"order": [0, 1, 2]})
    joint = learners.search_space("xgboost", "joint", ["regression"] * 2, [10], {"target_weights": None})
    weights = Drawn(joint, {"target_weights.0": 1.0, "target_weights.1": 4.0})
    model = learners.joint("xgboost", weights, target_weights=None)
    assert model.target_weights == (1.0, 4.0) and "max_columns" not in joint
    assert learners.estimator("ridge", "regression", NOTHING).preparation is None
