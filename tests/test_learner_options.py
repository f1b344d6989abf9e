"""Learners that a study describes by their classes: what may be said of them."""

import pytest

from avbaselines.errors import InputError
from avbaselines.schema import validate
from avbaselines.systems import Systems

TREES = {"name": "trees", "regressor": "sklearn.ensemble.ExtraTreesRegressor"}


def test_learners_are_named_or_described():
    systems = validate(Systems, {"learners": ["svr", TREES | {"scaling": "quantile"}]}, "mine.toml")
    name, described = systems.learners
    assert name == "svr" and described.name == "trees" and described.scaling == ["quantile"]
    assert validate(Systems, systems.model_dump(), "again.toml") == systems


@pytest.mark.parametrize(
    ("learner", "said"),
    [
        ({"name": "trees"}, "learner 'trees' names no class; give regressor, classifier or both"),
        (TREES | {"regresor": "x"}, "unknown key 'learners.0.regresor' .did you mean 'regressor'"),
        ({"regressor": TREES["regressor"]}, "key 'learners.0.name' is missing"),
        (TREES | {"name": "a/b"}, "a name becomes a folder"),
        (TREES | {"search": {"max_depth": []}}, "learners.0.search.max_depth"),
        (TREES | {"search": {"max_depth": [1]}, "parameters": {"max_depth": 2}}, "'max_depth' is in parameters and in"),
        (TREES | {"scaling": "none"}, "'standard' or 'quantile'"),
        (3, "learners.0"),
    ],
)
def test_what_is_wrong_is_named(learner, said):
    with pytest.raises(InputError, match=said):
        validate(Systems, {"learners": [learner]}, "mine.toml")
