"""The leaderboard for a paper."""

import re
from dataclasses import replace

import pandas as pd
import pytest

from avbaselines.reports.latex import LATEX_ESCAPES, escape_latex, render_latex
from avbaselines.reports.leaderboard import leaderboard


@pytest.fixture
def text(results, heading):
    return render_latex(leaderboard(results, heading), label="tab:mine")


def line_of(text, name):
    return next(line for line in text.splitlines() if line.startswith(("{}" + name, "{}\\textcolor{gray}{" + name)))


def test_every_special_sign_is_escaped_and_lines_are_joined():
    assert escape_latex("a_b & 50 % {x} #1 $~^\\") == (
        r"a\_b \& 50 \% \{x\} \#1 \$\textasciitilde{}\textasciicircum{}\textbackslash{}"
    )
    assert escape_latex("two\n  lines") == "two lines"
    for sign in "&%$#_{}~^\\<>|":
        assert sign in LATEX_ESCAPES


def test_the_table_is_whole_and_its_rows_have_one_cell_a_column(text):
    assert text.startswith("% needs \\usepackage{booktabs,xcolor}\n\\begin{table*}")
    assert text.endswith("\\end{table*}\n")
    columns = re.search(r"begin\{tabular\}\{(l+)\}", text).group(1)
    rows = [line for line in text.splitlines() if line.startswith("{}")]
    assert len(rows) == 11 and all(len(re.findall(r"(?<!\\)&", row)) == len(columns) - 1 for row in rows)
    assert r"\label{tab:mine}" in text and r"95 \% intervals by resampling speakers" in text


def test_marks_bold_labels_and_grey(text):
    assert r"~$\star$" in line_of(text, "late-ridge")
    assert r"\textbf{.68} {\scriptsize [.61, .74]}" in line_of(text, "late-matched-mean")
    assert r"(\emph{transductive})" in line_of(text, "svr-audio-by-speaker")
    assert r"\textcolor{gray}" in line_of(text, r"Deep\_B") and "gray" not in line_of(text, "Deep A")
    assert r"$\dagger$" in line_of(text, "Deep A")
    assert "failed: MemoryError" in text and "Smith \\& Co." in text


def test_many_columns_are_stacked(results, heading):
    targets = [*heading.targets, *((f"t{number}", "ccc", "regression") for number in range(4))]
    more = [results.assign(target=results["target"].replace("arousal", f"t{number}")) for number in range(4)]
    more = [part[part["target"].str.startswith("t")] for part in more]
    board = leaderboard(pd.concat([results, *more]), replace(heading, targets=targets))
    assert r"\begin{tabular}[t]{@{}l@{}}" in render_latex(board)
