"""Fixtures shared by all tests."""

import os
from pathlib import Path

# One thread a process, as in runs: two BLAS threads on two busy cores spin more than they work. Set before numpy is
# imported, and inherited by whatever a test starts.
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

import pytest  # noqa: E402

REPOSITORY = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def shared_data():
    """Folder of real corpora beside the checkout, or named by AVBASELINES_TEST_DATA; elsewhere tests skip."""
    folder = Path(os.environ.get("AVBASELINES_TEST_DATA", REPOSITORY.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"real data not found at {folder}; set AVBASELINES_TEST_DATA to its folder")
    return folder


@pytest.fixture(autouse=True)
def cache_of_its_own(tmp_path_factory, monkeypatch):
    """No test reads or fills the user's own cache."""
    monkeypatch.setenv("AVBASELINES_CACHE", str(tmp_path_factory.getbasetemp() / "cache"))
