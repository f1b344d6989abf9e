"""The scripts of benchmarks/ against the package and their page: nothing of it is measured here."""

import ast
import re
import sys
from importlib import import_module
from pathlib import Path

import pytest
import tables

FOLDER = Path(tables.__file__).parent
SCRIPTS = sorted(FOLDER.glob("*.py"))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_every_name_that_a_script_takes_from_the_package_is_there(script):
    for node in ast.walk(ast.parse(script.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("avbaselines"):
            module = import_module(node.module)
            for name in node.names:
                assert hasattr(module, name.name) or import_module(f"{node.module}.{name.name}")


def test_page_and_script_know_the_same_tables():
    page = tables.README.read_text("utf-8")
    assert re.findall(r"<!-- table: (\S+) -->", page) == sorted(
        {table.name for table in tables.TABLES}, key=lambda name: page.index(f"table: {name} ")
    )
    assert page.count("<!-- end -->") == len(tables.TABLES)
    for call in (call for table in tables.TABLES for call in (*table.calls, *table.quick)):
        assert (FOLDER / call.split()[0]).is_file()


def test_tables_of_several_calls_become_one_and_sentences_follow():
    heads = "| a | b |\n| --- | --- |\n"
    texts = [f"{heads}| 1 | 2 |\n\nSlow.\n", f"{heads}| 3 | 4 |", "| c |\n| --- |\n| 5 |"]
    assert tables.joined(texts) == f"{heads}| 1 | 2 |\n| 3 | 4 |\n\n| c |\n| --- |\n| 5 |\n\nSlow."


@pytest.fixture
def page(tmp_path, monkeypatch):
    """A page of one table, and a script that prints it."""
    (tmp_path / "made.py").write_text("import sys\nprint('| a |\\n| --- |\\n|', *sys.argv[1:], '|')\n")
    (tmp_path / "broken.py").write_text("raise SystemExit('out of memory')\n")
    readme = tmp_path / "README.md"
    parts = "".join(f"<!-- table: {name} -->\nold {name}\n<!-- end -->\n" for name in ("one", "two", "three"))
    readme.write_text(f"Before\n{parts}after\n")
    monkeypatch.setattr(tables, "FOLDER", tmp_path)
    monkeypatch.setattr(tables, "README", readme)
    monkeypatch.setattr(tables, "TABLES", (
        tables.Table("one", ("made.py {pom}",), ("made.py quick",)),
        tables.Table("two", ("broken.py",)),
        tables.Table("three", ("made.py 3",), ("made.py 3",)),
    ))  # fmt: skip
    return readme


def test_what_scripts_print_is_put_in_place_and_what_fails_keeps_what_it_had(page, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["tables.py", "--data", "pom=/pom"])
    assert tables.main() == 1
    text = page.read_text()
    assert "| /pom |" in text and "| 3 |" in text and "old two" in text and "old one" not in text
    assert text.startswith("Before\n<!-- table: one -->\n*20") and text.endswith("after\n")
    assert "two: out of memory" in capsys.readouterr().err


def test_quick_ones_are_written_where_they_are_the_table_itself(page, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["tables.py", "--quick"])
    assert tables.main() == 0
    text, told = page.read_text(), capsys.readouterr()
    assert "old one" in text and "old two" in text and "| 3 |" in text and "| quick |" in told.out
    monkeypatch.setattr(sys, "argv", ["tables.py", "one"])
    assert tables.main() == 0 and "old one" in page.read_text()
    assert "--data pom=DIR is not given" in capsys.readouterr().err


def test_a_command_is_watched_with_the_processes_that_it_starts():
    from watching import watched

    child = "import time; held = bytearray(60 * 2**20); held[::4096] = b'x' * len(held[::4096]); time.sleep(1.5)"
    program = f"import subprocess, sys; print('out'); sys.exit(subprocess.call([sys.executable, '-c', {child!r}]) + 3)"
    done = watched([sys.executable, "-c", program])
    assert done.status == 3 and done.output == "out\n" and done.cpu > 0 and 60 < done.peak < 300
