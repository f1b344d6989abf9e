"""Fixtures shared by all tests."""

import os
from pathlib import Path

# One thread a process, as in runs: two BLAS threads on two busy cores spin more than they work. Set before numpy is
# imported, and inherited by whatever a test starts.
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

import pytest  # noqa: E402

REPOSITORY = Path(__file__).resolve().parents[1]


FIRST = ("tests/real/", "tests/experiment/")


def pytest_collection_modifyitems(items):
    """Put the files of long tests first, so that two workers that take files in turn end together."""
    places = {id(item): [item.nodeid.startswith(folder) for folder in FIRST] for item in items}
    items.sort(key=lambda item: places[id(item)], reverse=True)


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


@pytest.fixture(scope="session")
def given(tmp_path_factory):
    """Folder of a study of `shipped_systems` and, in ``run``, of its run; not to be changed."""
    from shipped_systems import finished, knowing_study

    return finished(knowing_study(tmp_path_factory.mktemp("given"))).folder.parent
