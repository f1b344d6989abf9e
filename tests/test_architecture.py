"""The house keeps its floors: what `docs/architecture.py` declares is what the files of avbaselines import."""

import ast
import configparser
import shutil
from pathlib import Path

import architecture
import pytest
from import_arrows import Arrow, arrows, circles, files

ROOT, PACKAGE = architecture.ROOT, architecture.PACKAGE

# Arrows upwards that are still to be removed: (importer, imported). Strike a line when its arrow has gone.
KNOWN: set[tuple[str, str]] = set()


# Arrows that close a circle between folders, still to be removed: tuned/prepared belongs into preprocessing.
CLOSING: set[tuple[str, str]] = set()


@pytest.fixture(scope="module")
def house():
    """The package's files, parsed, and the arrows between them."""
    modules = files(PACKAGE)
    return modules, arrows(modules)


def faults(modules, found) -> list[str]:
    """Everything a package does against the rules of the house, one line each; the arrows that are known left out."""
    found = [arrow for arrow in found if (arrow.importer, arrow.imported) not in KNOWN | CLOSING]
    rings = circles((arrow.importer, arrow.imported) for arrow in found) + circles(architecture.units(found))
    return [
        *architecture.homeless(modules),
        *(f"{arrow}, on a higher floor" for arrow in architecture.upward(found)),
        *(f"imports lead in a circle: {', '.join(ring)}" for ring in rings),
        *architecture.parses_command_line(modules),
        *(f"evaluation/metrics.py imports {name}" for name in architecture.beyond_numpy(modules, found)),
    ]


def drift(found, docs) -> list[str]:
    """Committed files that are not what the script writes from the arrows."""
    text = (docs / "architecture.md").read_text("utf-8")
    wrong = []
    if (docs / "architecture.svg").read_text("utf-8") != architecture.svg(found):
        wrong.append("docs/architecture.svg")
    if text != architecture.page(text, architecture.markdown(found)):
        wrong.append("docs/architecture.md")
    return wrong


def test_the_house_keeps_its_floors(house):
    assert faults(*house) == []


def test_what_is_known_is_still_there(house):
    upward = {(arrow.importer, arrow.imported) for arrow in architecture.upward(house[1])}
    assert KNOWN <= upward, f"gone, strike from KNOWN: {sorted(KNOWN - upward)}"
    there = {(arrow.importer, arrow.imported) for arrow in house[1]}
    assert CLOSING <= there, f"gone, strike from CLOSING: {sorted(CLOSING - there)}"


def test_every_declared_file_or_folder_exists():
    names = [name for _, rooms in architecture.FLOORS for room in rooms for name in room.files]
    assert len(names) == len(set(names))
    assert [name for name in names if not (PACKAGE / name).is_dir() and not (PACKAGE / f"{name}.py").is_file()] == []


def test_the_committed_picture_and_table_are_what_the_script_writes(house):
    assert drift(house[1], ROOT / "docs") == [], "run: python docs/architecture.py"


PLANTED = [
    # file, lines at its end, what is told
    ("estimators/linear/ridge", "import avbaselines.experiment.planning.plan", "on a higher floor"),
    ("corpora/targets", "def late():\n    from avbaselines.experiment.loading.corpus import load", "on a higher floor"),
    ("evaluation/intervals", "from .. import catalog, systems", "on a higher floor"),
    ("reports/formatting", "import_module('avbaselines.experiment.planning.plan')", "on a higher floor"),
    ("reports/board", "import avbaselines.reports.page", "circle: reports/board, "),
    ("reports/formatting", "def late():\n    import avbaselines.reports.page", "circle: reports/factors, "),
    (
        *("estimators/preprocessing/row_parts", "import avbaselines.estimators.linear.linear_svr"),
        "circle: estimators/linear, estimators/preprocessing",
    ),
    ("experiment/attic", "", "avbaselines/experiment/attic.py lies in no room"),
    ("experiment/cellar/wine", "", "avbaselines/experiment/cellar/wine.py lies in no room"),
    ("experiment/study_run", "import argparse", "study_run.py reads the command line"),
    ("extractors/audio", "import sys\nsys.argv", "audio.py reads the command line"),
    ("estimators/tuned/base", "from sys import argv", "base.py reads the command line"),
    ("evaluation/metrics", "import scipy.stats", "evaluation/metrics.py imports scipy.stats"),
    ("evaluation/class_sums", "import pandas", "evaluation/metrics.py imports pandas"),
    ("evaluation/metrics", "from avbaselines.errors import InputError", "evaluation/metrics.py imports errors"),
]


@pytest.mark.parametrize(("file", "lines", "message"), PLANTED)
def test_a_planted_fault_is_told(house, tmp_path, file, lines, message):
    modules, found = house
    copy, source = tmp_path / "avbaselines" / f"{file}.py", PACKAGE / f"{file}.py"
    copy.parent.mkdir(parents=True)
    copy.write_text(f"{source.read_text('utf-8') if source.exists() else ''}\n{lines}\n", "utf-8")
    changed = modules | files(tmp_path / "avbaselines")
    found = [arrow for arrow in found if arrow.importer != file] + arrows(changed, [file])
    told = faults({name: changed[name] for name in changed if name.startswith("evaluation/") or name == file}, found)
    assert any(message in line for line in told), told


def test_docstrings_and_the_beginnings_of_names_are_no_arrows():
    text = '"""See avbaselines.b."""\nNAME = f"avbaselines.{1}"\nUSED = "avbaselines.b.thing"'
    modules = {"a": ast.parse(text), "b": ast.parse(""), "__init__": ast.parse("")}
    assert arrows(modules) == [Arrow("a", "b", 3, True)]


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [("architecture.svg", ">readers<", ">writers<"), ("architecture.md", "| corpora |", "| corpses |")],
)
def test_a_changed_picture_or_table_is_told(house, tmp_path, file, old, new):
    for name in ("architecture.svg", "architecture.md"):
        shutil.copy(ROOT / "docs" / name, tmp_path)
    text = (tmp_path / file).read_text("utf-8")
    assert old in text
    (tmp_path / file).write_text(text.replace(old, new, 1), "utf-8")
    assert drift(house[1], tmp_path) == [f"docs/{file}"]


@pytest.mark.parametrize(("importer", "imported"), [("reports/page", "extractors/audio"), ("reports/page", "study")])
def test_a_new_arrow_between_rooms_changes_picture_and_table(house, importer, imported):
    more = [*house[1], Arrow(importer, imported, 1, False)]
    assert drift(more, ROOT / "docs") == ["docs/architecture.svg", "docs/architecture.md"]


def test_every_folder_of_the_package_is_installed():
    """A folder that `packages` in setup.cfg does not name works in a checkout and is absent from the wheel."""
    root = Path(__file__).resolve().parents[1]
    options = configparser.ConfigParser()
    options.read(root / "setup.cfg", encoding="utf-8")
    named = set(options["options"]["packages"].split())
    folders = {".".join(path.relative_to(root).parts[:-1]) for path in root.glob("avbaselines/**/__init__.py")}
    assert named == folders | {"avbaselines.features", "avbaselines.studies"}
