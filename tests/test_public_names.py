"""``from avbaselines import ...``: every public name is there, explained, and costs nothing before it is used."""

import inspect
import subprocess
import sys

import pytest

import avbaselines


@pytest.mark.parametrize("name", sorted(avbaselines.__all__))
def test_every_public_name_is_there_and_explained(name):
    value = getattr(avbaselines, name)
    if inspect.ismodule(value):
        assert value.__doc__
    elif callable(value):
        text = inspect.getdoc(value)
        assert text and "Examples\n--------\n" in text and ">>>" in text


def test_a_name_is_what_its_module_has():
    from avbaselines.evaluation.scores import ccc
    from avbaselines.experiment.bundles import bundle

    assert avbaselines.ccc is ccc and avbaselines.load_bundle is bundle.load
    assert avbaselines.estimators.__name__ == "avbaselines.estimators"


def test_names_are_listed_and_others_refused():
    assert set(avbaselines.__all__) <= set(dir(avbaselines))
    with pytest.raises(AttributeError, match="'avbaselines' has no attribute 'cccc'"):
        _ = avbaselines.cccc


def test_the_import_alone_loads_no_library():
    code = "import sys, avbaselines; print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert "avbaselines" in loaded
    assert not {"numpy", "pandas", "scipy", "sklearn", "lightgbm", "xgboost", "pydantic", "matplotlib"} & set(loaded)
