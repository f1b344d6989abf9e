"""``avbaselines VERB``: the commands under one name."""

import subprocess
import sys

import pytest

from avbaselines.__main__ import VERBS, main


@pytest.mark.parametrize(("words", "status"), [([], 2), (["fit"], 2), (["-h"], 0), (["--help"], 0)])
def test_without_a_verb_the_verbs_are_told(words, status, capsys):
    assert main(words) == status
    told = capsys.readouterr().err
    assert all(verb in told and meaning in told for verb, meaning in VERBS.items())


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_gets_the_rest_of_the_line(verb, capsys):
    with pytest.raises(SystemExit) as left:
        main([verb, "--help"])
    assert left.value.code == 0 and verb in capsys.readouterr().out


def test_the_package_runs_as_a_program():
    done = subprocess.run([sys.executable, "-m", "avbaselines", "run", "nostudy"], capture_output=True, text=True)
    assert done.returncode == 2 and done.stderr.startswith("error: no study 'nostudy'")
