"""The table of objective, task mode and modality as a person reads it, and what it says in words."""

import math
from dataclasses import dataclass

import pandas as pd
from rich import box
from rich.console import Group
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from .latex import escape_latex
from .words import number

TITLE = "Objective, task mode and modality"
OBJECTIVES = {"squared": "squared error", "pcc": "PCC", "ccc": "CCC", "own": "the learner's own"}
QUESTIONS = {
    "ccc": "CCC + matching against squared error + matching",
    "ccc-raw": "CCC, unmatched, against squared error + matching",
    "pcc": "PCC + matching against squared error + matching",
    "matching": "squared error + matching against squared error",
    "chain": "chain against single",
    "joint": "joint against single",
}
MORE, LESS, WITHIN = "more than its interval", "a loss of more than its interval", "within its interval"


@dataclass(frozen=True)
class Grid:
    """A table in words: its title, heads and rows of equal length."""

    title: str
    heads: list
    rows: list


def factor_grids(table, digits=3):
    """Scores, averages of differences, and single differences, each as a `Grid`.

    Parameters
    ----------
    table : DataFrame
        factors.csv.
    digits : int
    """
    scores, differences = table[table["kind"] == "score"], table[table["kind"] == "difference"]
    if scores.empty:
        return []
    several = [name for name in ("protocol", "learner") if scores[name].nunique() > 1]
    modalities = list(dict.fromkeys(scores["modalities"]))
    grids = [_by_modality("Mean concordance", scores, [*several, "objective", "task"], modalities, digits, _score)]
    averages = differences[differences["system"].isna()]
    single = differences[differences["system"].notna()]
    if len(averages):
        rows = [
            [*(row[name] for name in several), QUESTIONS[row["question"]], _difference(row, digits), _p(row["p_value"]),
             _p(row["p_holm"]), f"{row['n_pairs']:.0f}", verdict(row)]
            for row in averages.to_dict("records")
        ]  # fmt: skip
        heads = [*several, "difference", "mean over pairs", "p", "p (Holm)", "pairs", ""]
        grids.append(Grid("What each adds, on average", heads, rows))
    if len(single):
        keys = [*several, "question", "objective", "task"]
        title = "What each adds, pair by pair, with Holm-corrected p"
        grids.append(_by_modality(title, single, keys, modalities, digits, _tested))
    return grids


def factor_sentences(table, digits=3):
    """What the CCC objective adds once squared error is matched, and multitask learning over single: a text a protocol.

    "More than its interval" is a difference whose 95 % interval over groups leaves out zero.

    Parameters
    ----------
    table : DataFrame
        factors.csv.
    digits : int

    Returns
    -------
    list of str
    """
    averages = table[(table["kind"] == "difference") & table["system"].isna()]
    texts = []
    for protocol, part in averages.groupby("protocol", sort=False):
        said = {row["question"]: f"{_difference(row, digits)} ({verdict(row)})" for row in part.to_dict("records")}
        sentences = []
        if "ccc" in said:
            matching = f"Matching changes squared error by {said['matching']}. " if "matching" in said else ""
            sentences.append(
                f"{matching}Once squared-error predictions are matched, the CCC objective changes mean concordance by "
                f"{said['ccc']} where its predictions are matched too"
                + (f", and by {said['ccc-raw']} where they are not." if "ccc-raw" in said else ".")
            )
        modes = [f"{words} by {said[name]}" for name, words in MODES.items() if name in said]
        if modes:
            sentences.append(f"Against one target at a time, {' and '.join(modes)}.")
        if sentences and averages["protocol"].nunique() > 1:
            sentences.insert(0, f"Protocol {protocol}:")
        texts.append(" ".join(sentences))
    return list(filter(None, texts))


MODES = {"chain": "a chain changes mean concordance", "joint": "jointly grown trees change it"}


def verdict(row):
    """Whether a difference is more than its interval allows for."""
    if math.isnan(row["ci_low"]):
        return "no interval"
    return MORE if row["ci_low"] > 0 else LESS if row["ci_high"] < 0 else WITHIN


def caption(table):
    """The line under the table: what was averaged, tested and corrected."""
    row = table.iloc[0]
    return (
        f"Mean concordance over the targets, {row['n_clips']:,.0f} clips of {row['n_groups']:,.0f} groups, with 95 % "
        "intervals over groups (jackknife-t); paired swap tests over groups, Holm-corrected among the averages and "
        "among the single pairs."
    )


def render_factors_markdown(table, title):
    """factors.md.

    Parameters
    ----------
    table : DataFrame
        factors.csv.
    title : str
        Of the study.
    """
    first, *others = factor_grids(table)
    lines = [f"# {TITLE}: {title}", "", *_markdown(first), *factor_sentences(table), ""]
    for grid in others:
        lines += [f"## {grid.title}", "", *_markdown(grid)]
    return "\n".join([*lines, caption(table)]) + "\n"


def render_factors_latex(table, title, label="tab:factors"):
    """factors.tex: the scores as a ``table*`` (package booktabs), the paragraph in its caption.

    Parameters
    ----------
    table : DataFrame
        factors.csv.
    title, label : str
    """
    grid = factor_grids(table, digits=2)[0]
    words = " ".join([f"{title}.", *factor_sentences(table), caption(table)])
    lines = ["% needs \\usepackage{booktabs}", "\\begin{table*}", "\\centering", "\\small"]
    lines += [f"\\caption{{{escape_latex(words)}}}", f"\\label{{{label}}}"]
    lines += [f"\\begin{{tabular}}{{{'l' * len(grid.heads)}}}"]
    # The empty group keeps LaTeX from reading a "[" that begins a row as an option of the row before it.
    body = ["{}" + " & ".join(map(escape_latex, row)) + r" \\" for row in grid.rows]
    lines += ["\\toprule", " & ".join(map(escape_latex, grid.heads)) + r" \\", "\\midrule", *body, "\\bottomrule"]
    return "\n".join([*lines, "\\end{tabular}", "\\end{table*}", ""])


def render_factors(table):
    """The table for ``rich.console.Console.print``; single differences are left to the files."""
    parts = []
    for grid in factor_grids(table, digits=2)[:2]:
        shown = Table(box=box.SIMPLE_HEAD)
        shown.pad_edge, shown.padding = False, (0, 1, 0, 0)
        for head in grid.heads:
            shown.add_column(head, overflow="fold")
        for row in grid.rows:
            shown.add_row(*map(Text, row))
        parts += [Text(grid.title, style="bold"), shown]
    where = "Every pair with its test is in factors.md and factors.csv."
    told = [(text, "default") for text in factor_sentences(table)] + [(f"{caption(table)} {where}", "dim")]
    return Group(*parts, *(Padding(Text(text, style=style), (0, 0, 0, 1)) for text, style in told))


def _by_modality(title, part, keys, modalities, digits, cell):
    """A row a combination of the keys, a column a set of modalities."""
    rows = {}
    for row in part.to_dict("records"):
        name = tuple(_words(key, row) for key in keys)
        rows.setdefault(name, {})[row["modalities"]] = cell(row, digits)
    body = [[*name, *(found.get(one, "-") for one in modalities)] for name, found in rows.items()]
    heads = ["task mode" if key == "task" else "difference" if key == "question" else key for key in keys]
    return Grid(title, [*heads, *modalities], body)


def _words(key, row):
    if key == "question":
        return QUESTIONS[row["question"]]
    asked = row["question"] if row["kind"] == "difference" else ""
    if key == "objective":
        if asked and asked not in MODES:
            return ""  # the difference names both objectives
        name = OBJECTIVES.get(row["objective"], row["objective"])
        return f"{name} + matching" if row["matching"] == "matched" else name
    return "" if key == "task" and asked in MODES else row[key]


def _score(row, digits):
    return " ".join(filter(None, [number(row["value"], digits), _interval(row, digits)]))


def _difference(row, digits):
    value = number(row["value"], digits)
    sign = "+" if row["value"] > 0 and float(value) else ""
    return " ".join(filter(None, [sign + value, _interval(row, digits)]))


def _tested(row, digits):
    return f"{_difference(row, digits)} p {_p(row['p_holm'])}"


def _interval(row, digits):
    if pd.isna(row["ci_low"]) or pd.isna(row["ci_high"]):
        return ""
    return f"[{number(row['ci_low'], digits)}, {number(row['ci_high'], digits)}]"


def _p(value):
    return "< .001" if value < 0.001 else number(value, 3)


def _markdown(grid):
    lines = [grid.heads, ["---"] * len(grid.heads), *grid.rows]
    return ["| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines] + [""]
