"""A killed run goes on from where it was; told to end, it does so soon."""

import signal

import pytest
from long_kills import Kill, killed, undisturbed


@pytest.fixture(scope="module")
def given(tmp_path_factory):
    return undisturbed(tmp_path_factory.mktemp("given"))


@pytest.mark.slow
@pytest.mark.parametrize(
    "kill",
    [
        Kill("parent", signal.SIGKILL, 2, 0.7),
        Kill("parent", signal.SIGTERM, 2, 0.7),
        Kill("parent", signal.SIGINT, 1, 0.1),
        Kill("a worker", signal.SIGKILL, 2, 0.7),
    ],
    ids=lambda kill: kill.case,
)
def test_a_run_that_is_killed_loses_nothing(kill, given):
    study, whole, seconds = given
    assert killed(study, whole, kill, seconds) == []
