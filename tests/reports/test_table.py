"""One table in the terminal, Markdown and LaTeX."""

import io

import pytest
from rich.console import Console

from avbaselines.reports.table import (
    Entry,
    Grid,
    Line,
    encodable,
    escape_latex,
    escape_markdown,
    latex_table,
    markdown_table,
    rich_table,
)

LATE = Entry("late_ridge", aside="transductive", mark="★", bold=True)
GRID = Grid(
    ["system_name", "CCC"],
    [
        Line((LATE, Entry(".62", small="[.55, .68]", bold=True))),
        Line((Entry("[LSTM] & co"), Entry("(.5)")), grey=True, style="dim"),
    ],
    "A title",
)  # fmt: skip


def printed(grid, encoding="utf-8", **options):
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    Console(file=stream, width=70, color_system=None).print(rich_table(grid, **options))
    stream.flush()
    return [line.rstrip() for line in stream.buffer.getvalue().decode(encoding).splitlines()]


def test_markdown_escapes_and_emphasises():
    assert markdown_table(GRID) == [
        r"| system\_name | CCC |",
        "| --- | --- |",
        r"| **late\_ridge *(transductive)*★** | **.62** [.55, .68] |",
        "| [LSTM] & co | (.5) |",
        "",
    ]


def test_latex_escapes_emphasises_and_sets_back():
    lines = latex_table(GRID, "50 % of it", "tab:one", notes="a_b").splitlines()
    assert lines[0] == r"% needs \usepackage{booktabs}" and r"\caption{50 \% of it}" in lines
    assert r"system\_name & CCC \\" in lines and r"\begin{tabular}{ll}" in lines
    assert r"{}\textbf{late\_ridge} (\emph{transductive})~$\star$ & \textbf{.62} {\scriptsize [.55, .68]} \\" in lines
    # A row must not begin with a bracket, which LaTeX would take for an option of the row before.
    assert r"{}\textcolor{gray}{[LSTM] \& co} & \textcolor{gray}{(.5)} \\" in lines
    assert r"\parbox{\linewidth}{\footnotesize a\_b}" in lines
    text = "\n".join(lines)
    assert text.count(r"\begin{") == text.count(r"\end{")


def test_latex_stacks_where_asked_and_has_no_notes_where_there_are_none():
    text = latex_table(GRID, "", "tab:one", stacked=True)
    assert r"\begin{tabular}[t]{@{}l@{}}\textbf{.62}\\{\scriptsize [.55, .68]}\end{tabular}" in text
    assert "parbox" not in text


def test_the_terminal_has_the_small_text_beside_or_under_the_figure():
    beside = printed(GRID)
    assert beside[0] == "A title" and any(".62  [.55, .68]" in line for line in beside)
    under = printed(GRID, stacked=True)
    row = next(number for number, line in enumerate(under) if ".62" in line)
    assert "[.55, .68]" not in under[row] and "[.55, .68]" in under[row + 1] and "(transductive)" in under[row + 1]


def test_only_columns_that_may_be_are_broken_into_lines():
    long = Grid(["a", "b"], [Line.of("x" * 90, "y" * 20)])
    lines = [line for line in printed(long) if line.strip("─ ")]
    assert sum("x" in line for line in lines) > 1 and sum("y" in line for line in lines) == 1


def test_a_console_that_is_not_utf_8_gets_plain_signs():
    grid = Grid(["span"], [Line.of("5 – 10 …")])
    assert any("5 - 10 ..." in line for line in printed(grid, "ascii", ascii_only=True))
    assert encodable("µ", True) == "?" and encodable("µ", False) == "µ"


@pytest.mark.parametrize(
    ("text", "latex", "markdown"),
    [
        ("a_b", r"a\_b", r"a\_b"),
        ("50 % & {x}", r"50 \% \& \{x\}", "50 % & {x}"),
        ("a\\b", r"a\textbackslash{}b", r"a\\b"),
        ("a|b*c`<", r"a\textbar{}b*c`\textless{}", r"a\|b\*c\`\<"),
        ("± × –", r"$\pm$ $\times$ --", "± × –"),
        (" two\n lines ", "two lines", "two lines"),
    ],
)
def test_escapes(text, latex, markdown):
    assert escape_latex(text) == latex and escape_markdown(text) == markdown


def test_rows_are_the_texts():
    assert GRID.rows == [["late_ridge", ".62"], ["[LSTM] & co", "(.5)"]]
