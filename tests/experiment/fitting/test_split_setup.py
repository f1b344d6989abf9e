"""What makes finished fits stale."""

import importlib

import pytest
from small_study import small_release

from avbaselines.experiment.fitting.split_setup import code_digest


@pytest.fixture
def released(monkeypatch):
    """Pretend that a library has a new release."""

    def release(name):
        monkeypatch.setattr(importlib.import_module(name), "__version__", "99.9")
        code_digest.cache_clear()

    code_digest.cache_clear()
    yield release
    monkeypatch.undo()
    code_digest.cache_clear()


@pytest.mark.parametrize("library", ["lightgbm", "numpy", "optuna", "scipy", "sklearn", "xgboost"])
def test_a_new_release_of_any_library_that_fits_makes_old_fits_stale(released, library):
    before = code_digest()
    code_digest.cache_clear()
    assert code_digest() == before
    released(library)
    assert code_digest() != before


def test_fits_of_another_release_are_not_taken_for_new(released, tmp_path):
    study = small_release(tmp_path, speakers=6, clips=5)
    first, again = (study.run(only=["ridge-audio"]).computed for _ in range(2))
    assert first > 0 and again == 0
    released("xgboost")
    assert study.run(only=["ridge-audio"]).computed == first
