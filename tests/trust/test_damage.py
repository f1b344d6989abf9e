"""A spoilt file of finished work is found, said and made again; nothing else is fitted."""

import numpy as np
import pytest
from long_damage import OVERRIDES, WAYS, spoilt, study_and_run

from avbaselines.run import main


@pytest.fixture(scope="module")
def given(tmp_path_factory):
    return study_and_run(tmp_path_factory.mktemp("given"))


@pytest.mark.parametrize(("way", "suffix"), [("another file of its kind", ".npz"), ("a byte changed", ".skops")])
def test_a_spoilt_file_is_made_again(way, suffix, given):
    assert way in WAYS and spoilt(*given, way, suffix, np.random.default_rng(1)) == []


def test_the_command_says_so(given, capsys):
    study, run = given
    path = sorted((run / "work").glob("*.npz"))[0]
    path.write_bytes(path.read_bytes()[:-100])
    assert main([str(study.path), "--out", str(run), "--jobs", "1", "--set", *OVERRIDES]) == 0
    said = "".join(capsys.readouterr().err.split())
    assert f"1damagedfilesoffinishedwork,suchas{path}:doneagain1fits" in said
