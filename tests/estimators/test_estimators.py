"""Every public estimator can be imported from the room itself, each when it is asked for."""

import subprocess
import sys

import pytest

from avbaselines import estimators


def test_every_name_is_there():
    assert sorted(estimators._MODULES) == sorted(estimators.__all__) == dir(estimators)
    for name in estimators.__all__:
        assert getattr(estimators, name).__name__ == name
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        _ = estimators.Nothing


def test_nothing_is_loaded_before_it_is_asked_for():
    code = "import sys, avbaselines.estimators; print(*({'sklearn', 'lightgbm', 'xgboost'} & set(sys.modules)))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert loaded == []
