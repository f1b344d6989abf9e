"""The scripts of ``examples/``: each runs and prints what the documentation shows."""

import math
import re
import runpy
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
# Imported by the scripts; and one that needs torch, and writes no corpus of its own.
NOT_RUN = {"small_corpus", "deep_reference"}
NUMBER = re.compile(r"-?(?:\d+\.\d+|\d*\.\d+|\d+)")


def scripts() -> list[str]:
    return sorted(path.stem for path in EXAMPLES.glob("*.py") if path.stem not in NOT_RUN)


@pytest.fixture
def printed(monkeypatch, capsys, tmp_path):
    """What a script prints, run as from a command line in a folder of its own."""
    monkeypatch.syspath_prepend(str(EXAMPLES))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")

    def run(name: str) -> str:
        runpy.run_path(str(EXAMPLES / f"{name}.py"), run_name="__main__")
        return capsys.readouterr().out

    return run


def assert_alike(text: str, expected: str, tolerance: float = 0.03) -> None:
    """Same words; numbers within a tolerance, since other versions of the libraries round otherwise."""
    lines, wanted = ([line.rstrip() for line in part.strip().splitlines()] for part in (text, expected))
    assert [NUMBER.sub("#", line).split() for line in lines] == [NUMBER.sub("#", line).split() for line in wanted]
    for line, other in zip(lines, wanted, strict=True):
        for number, given in zip(NUMBER.findall(line), NUMBER.findall(other), strict=True):
            assert math.isclose(float(number), float(given), abs_tol=tolerance), f"{line!r}, documented {other!r}"


@pytest.mark.parametrize("name", scripts())
def test_a_script_prints_what_the_documentation_shows(name, printed):
    assert_alike(printed(name), (EXAMPLES / f"{name}.txt").read_text("utf-8"))


def test_every_script_is_in_the_documentation_with_its_output():
    pages = "\n".join(page.read_text("utf-8") for page in (EXAMPLES.parent / "docs").glob("*.md"))
    missing = [name for name in scripts() for ending in ("py", "txt") if f"../examples/{name}.{ending}" not in pages]
    assert missing == [] and len(scripts()) >= 8


def test_another_figure_or_word_is_seen():
    assert_alike("ridge  0.71\n", "ridge 0.70")
    for other in ("ridge 0.80", "svr 0.71", "ridge 0.71 0.71", ""):
        with pytest.raises(AssertionError):
            assert_alike("ridge 0.71", other)
