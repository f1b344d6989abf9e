"""Shipped models to spoil."""

import shutil

import pytest


@pytest.fixture
def copy(given, tmp_path):
    """A copy of the shipped models to spoil."""
    return shutil.copytree(given / "run" / "models", tmp_path / "models")
