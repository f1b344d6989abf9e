"""The command ``board``."""

import pandas as pd
import pytest
from run_folders import picked, row, write_run

from avbaselines.__main__ import main as verbs
from avbaselines.board import main


@pytest.fixture
def runs(tmp_path):
    write_run(tmp_path / "runs" / "pom", [picked("late", 0.5), row("LSTM", 0.3, kind="reported")])
    write_run(tmp_path / "runs" / "=cmd()", [picked("late", 0.6)], title="Other")
    write_run(tmp_path / "old" / "pom", [picked("svr", 0.45)], version="0.1.0")
    write_run(tmp_path / "old" / "gone", [picked("svr", 0.45)], title="Gone")
    return tmp_path


def test_all_formats_are_written_and_the_table_is_shown(runs, capsys):
    files = [str(runs / "out" / f"board.{ending}") for ending in ("html", "csv", "md")]
    options = [word for file in files for word in ("--out", file)]
    assert verbs(["board", str(runs / "runs"), "--before", str(runs / "old"), *options]) == 0
    shown = capsys.readouterr().out
    assert "better: below" in shown and "Not run again: gone." in shown
    page, table, text = (runs / "out" / name for name in ("board.html", "board.csv", "board.md"))
    assert "../runs/pom/report.html" in page.read_text() and "Not run again: gone." in text.read_text()
    frame = pd.read_csv(table).set_index("study")
    assert frame.loc["pom", "before_picked"] == "svr" and frame.loc["pom", "change"] == pytest.approx(0.05)
    assert "'=cmd()" in frame.index  # which no spreadsheet runs


def test_a_page_is_written_by_default(runs, monkeypatch):
    monkeypatch.chdir(runs)
    assert main(["runs"]) == 0
    assert "<h1>Studies</h1>" in (runs / "board.html").read_text()


@pytest.mark.parametrize(
    ("words", "said"),
    [(["nowhere"], "nowhere: no such folder"), (["runs", "--out", "x.pdf"], "unknown format '.pdf'")],
)
def test_bad_input_is_told_in_a_line(runs, monkeypatch, capsys, words, said):
    monkeypatch.chdir(runs)
    assert main(words) == 2
    assert said in capsys.readouterr().err
