"""The leaderboard in the terminal, in Markdown and in LaTeX."""

import io
import shutil
import subprocess
from dataclasses import replace

import pytest
from made_results import changed
from rich.console import Console

from avbaselines.evaluation.verdicts import Verdict
from avbaselines.reports.formatting import number
from avbaselines.reports.leaderboard import leaderboard, render_latex, render_markdown, render_terminal


def printed(board, width, encoding="utf-8"):
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    Console(file=stream, width=width, color_system=None).print(render_terminal(board))
    stream.flush()
    return stream.buffer.getvalue().decode(encoding)


@pytest.fixture
def board(results, heading):
    return leaderboard(results, heading)


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.617, ".62"), (-0.05, "-.05"), (1.2, "1.20"), (-0.001, ".00"), (float("nan"), ""), (1.0, "1.00")],
)
def test_numbers_go_without_leading_zero(value, text):
    assert number(value) == text


def test_terminal_is_legible_without_colours(board):
    lines = printed(board, 110).splitlines()
    picked = next(line for line in lines if "late-ridge" in line)
    assert picked.split()[0] == "★" and ".60▲ [.53, .66]" in picked and ".67  [.60, .73]" in picked
    assert ".68▲ [.61, .74]" in next(line for line in lines if "late-matched-mean" in line)
    assert any(line.startswith(" †") and "Deep_B" in line and "(.70)" in line for line in lines)
    assert "(transductive)" in "\n".join(lines)
    assert max(map(len, lines)) <= 110
    caption = " ".join("\n".join(lines).split())
    for words in (
        "CCC [95 % intervals by resampling speakers]; 480 clips of 24 groups; pooled over clips",
        "Protocol honest: everything is learnt on training speakers",
        "★ the suite's answer, picked without looking at the evaluated clips",
        "choosing a system by it would be learning from the evaluated clips",
        "xgboost-face: failed: MemoryError",
        "Deep_B: not comparable: protocol 'paper' was not measured here; matching learnt on test clips",
    ):
        assert words in caption


@pytest.mark.parametrize("width", [40, 60, 80, 100])
def test_terminal_never_overflows_and_keeps_names(board, width):
    text = printed(board, width)
    assert max(map(len, text.splitlines())) <= width
    assert "svr-face" in text and ("[.53, .66]" in text or "do not fit" in text)


def test_a_target_that_does_not_fit_is_named_with_the_file_that_has_it(board):
    shown = 0
    for width in (34, 40, 50, 60):
        text = printed(board, width)
        head = text.split("svr-face")[0]
        below = " ".join(text.split())
        for column in board.columns:
            words = column.label.split()
            if not all(word in head for word in words):
                shown += 1
                assert " ".join(words) in below.split("are in leaderboard.md and results.csv: ")[1], (width, words)
    assert shown


def test_terminal_without_unicode(board):
    text = printed(board, 100, "ascii")
    assert "> " in text and "late-ridge" in text and "?" not in text


def test_markdown_is_a_table_with_bold_best(board):
    text = render_markdown(board)
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert len({line.count("|") - line.count("\\|") for line in rows}) == 1
    assert "**.635** [.565, .695]" in next(line for line in rows if "late-ridge" in line)
    assert "Deep\\_B" in text and "95 % intervals" in text


def test_latex_escapes_and_marks(board):
    text = render_latex(board)
    assert r"\textbf{.60} {\scriptsize [.53, .66]}" in text and r"late-ridge~$\star$" in text
    assert r"\textcolor{gray}{Deep\_B~$\dagger$}" in text and r"Smith \& Co." in text and r"95 \% intervals" in text
    assert text.count(r"\begin{") == text.count(r"\end{") and r"\bottomrule" in text
    assert "everything is learnt on training speakers" in text


@pytest.fixture
def judged(results, heading):
    """The same board with verdicts against the picked row."""
    said = {"early": (True, "not better"), "svr-face": (False, "worse"), "late-mean": (True, "equivalent")}
    for name, (tied, verdict) in said.items():
        results = changed(results, name, tied=tied, verdict=Verdict(verdict))
    return leaderboard(results, replace(heading, margin=0.02))


def test_every_rendering_has_verdicts_and_marks_tied_rows(judged):
    text = printed(judged, 130)
    lines = {name: next(line for line in text.splitlines() if f" {name} " in line) for name in ("early", "svr-face")}
    assert lines["early"].split()[0] == "≈" and lines["early"].rstrip().endswith("not better")
    assert "≈" not in lines["svr-face"] and lines["svr-face"].rstrip().endswith("worse")
    words = " ".join(text.split())
    assert "≈ tied with ★: their paired difference is not told from 0 at 95 %; that is no equality" in words
    assert "a margin of .02; equivalent: the difference is smaller than that" in words
    markdown = render_markdown(judged)
    assert "| verdict | learner |" in markdown and "| ≈ | early |" in markdown and "| equivalent | mean |" in markdown
    latex = render_latex(judged)
    assert r"early~$\approx$ &" in latex and r"& not better \\" in latex and "Verdict \\\\" in latex


def test_verdicts_give_way_where_the_terminal_is_narrow(judged):
    for width in (40, 60, 80, 100):
        text = printed(judged, width)
        assert max(map(len, text.splitlines())) <= width and "svr-face" in text
    assert "not better" not in printed(judged, 40).split("tied with")[0]
    early = next(line for line in printed(judged, 100, "ascii").splitlines() if "early" in line)
    assert early.strip("| ").startswith("~") and "not better" in early, early


def test_a_board_without_comparisons_has_no_column_of_verdicts(board):
    for text in (printed(board, 130), render_markdown(board), render_latex(board)):
        assert "erdict" not in text and "tied" not in text


@pytest.mark.slow
def test_latex_compiles(board, tmp_path):
    engine = next(filter(None, map(shutil.which, ("tectonic", "pdflatex", "lualatex"))), None)
    if engine is None:
        pytest.skip("no TeX found (tectonic, pdflatex or lualatex)")
    (tmp_path / "paper.tex").write_text(
        "\\documentclass{article}\\usepackage{booktabs,xcolor}\\begin{document}\n"
        + render_latex(board)
        + "\\end{document}\n"
    )
    options = [] if "tectonic" in engine else ["-interaction=nonstopmode", "-halt-on-error"]
    done = subprocess.run([engine, *options, "paper.tex"], cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout[-2000:]
