"""A reader that leaves early, such as ``head``."""

import os
import subprocess
import sys

import pytest


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize(("command", "option"), [("run", "--list"), ("run", "--reported"), ("extract", "--list")])
def test_a_reader_that_leaves_ends_the_command_quietly(command, option, unbuffered):
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = subprocess.run(
            [sys.executable, "-m", f"avbaselines.{command}", option],
            stdout=writing,
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
            timeout=300,
        )
    finally:
        os.close(writing)
    # rich ends the command with 1 where it was the one to write; what counts is that nothing is said.
    assert done.returncode in (0, 1) and done.stderr == b""
