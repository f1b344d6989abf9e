"""The registry of learners and fusions: what it names exists, ships without pickle and makes finished fits stale."""

import sys

import pytest

from avbaselines.errors import InputError
from avbaselines.experiment.bundles.read import TRUSTED
from avbaselines.experiment.fitting.fingerprint import imported_files
from avbaselines.experiment.fitting.split_setup import FITS
from avbaselines.experiment.planning import learners
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
    assert f"{kind.__module__}.{kind.__qualname__}" in TRUSTED, "name it in experiment/bundles/read.py"
    file = sys.modules[kind.__module__].__file__
    assert file in {str(path) for path in imported_files(FITS)}, "name its module in experiment/fitting/split_task.py"


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
