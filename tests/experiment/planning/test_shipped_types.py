"""The closed list of types that a model file may hold."""

from importlib import import_module

import pytest

from avbaselines.experiment.planning import shipped_types
from avbaselines.experiment.planning.shipped_types import TRUSTED, untrusted


@pytest.mark.parametrize("name", TRUSTED)
def test_every_type_is_a_class_that_is_there(name):
    module, _, cls = name.rpartition(".")
    assert isinstance(getattr(import_module(module), cls), type)


def test_strange_types_are_told_and_those_of_plug_ins_pass(monkeypatch):
    monkeypatch.setattr(shipped_types, "plugin_classes", lambda: {"package.Learner"})
    assert untrusted([*TRUSTED, "package.Learner", "os.system"]) == ["os.system"]
