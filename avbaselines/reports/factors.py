"""The table of objective, task mode and modality as a person reads it, and its findings in words."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pandas as pd
from rich.console import Group
from rich.padding import Padding
from rich.text import Text

from .formatting import interval, number
from .table import Grid, Line, latex_table, markdown_table, rich_table

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


Record = Mapping[Any, Any]
"""A row of factors.csv, by column."""


def factor_grids(table: pd.DataFrame, digits: int = 3) -> list[Grid]:
    """Scores, averages of differences, and single differences.

    Parameters
    ----------
    table
        factors.csv.
    digits
        Of the figures.

    Examples
    --------
    >>> score = {"kind": "score", "protocol": "honest", "learner": "ridge", "objective": "squared", "task": "single"}
    >>> score |= {"matching": "matched", "modalities": "audio", "value": 0.5, "ci_low": 0.4, "ci_high": 0.6}
    >>> factor_grids(pd.DataFrame([score | {"system": "ridge-audio"}]))[0].rows
    [['squared error + matching', 'single', '.500 [.400, .600]']]
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
        lines = [
            Line.of(*(row[name] for name in several), QUESTIONS[row["question"]], _difference(row, digits),
                    _p(row["p_value"]), _p(row["p_holm"]), f"{row['n_pairs']:.0f}", verdict(row))
            for row in averages.to_dict("records")
        ]  # fmt: skip
        heads = [*several, "difference", "mean over pairs", "p", "p (Holm)", "pairs", ""]
        grids.append(Grid(heads, lines, "What each adds, on average"))
    if len(single):
        keys = [*several, "question", "objective", "task"]
        title = "What each adds, pair by pair, with Holm-corrected p"
        grids.append(_by_modality(title, single, keys, modalities, digits, _tested))
    return grids


def factor_sentences(table: pd.DataFrame, digits: int = 3) -> list[str]:
    """Gains of the CCC objective over matched squared error, and of multitask learning over single: a text a protocol.

    "More than its interval" is a difference whose 95 % interval over groups leaves out zero.

    Parameters
    ----------
    table
        factors.csv.
    digits
        Of the figures.

    Examples
    --------
    >>> gain = {"kind": "difference", "system": None, "protocol": "honest", "question": "joint", "value": 0.02}
    >>> factor_sentences(pd.DataFrame([gain | {"ci_low": 0.01, "ci_high": 0.03}]))[0][:70]
    'Against one target at a time, jointly grown trees change it by +.020 ['
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


HEADS = {"task": "task mode", "question": "difference"}
MODES = {"chain": "a chain changes mean concordance", "joint": "jointly grown trees change it"}


def verdict(row: Record) -> str:
    """Whether a difference is more than its interval allows for.

    Examples
    --------
    >>> verdict({"ci_low": -0.01, "ci_high": 0.03})
    'within its interval'
    """
    if math.isnan(row["ci_low"]):
        return "no interval"
    return MORE if row["ci_low"] > 0 else LESS if row["ci_high"] < 0 else WITHIN


def caption(table: pd.DataFrame) -> str:
    """The line under the table, on what was averaged, tested and corrected.

    Examples
    --------
    >>> caption(pd.DataFrame({"n_clips": [1440], "n_groups": [24]}))[:66]
    'Mean concordance over the targets, 1,440 clips of 24 groups, with '
    """
    row = table.iloc[0]
    return (
        f"Mean concordance over the targets, {row['n_clips']:,.0f} clips of {row['n_groups']:,.0f} groups, with 95 % "
        "intervals over groups (jackknife-t); paired swap tests over groups, Holm-corrected among the averages and "
        "among the single pairs."
    )


def render_factors_markdown(table: pd.DataFrame, title: str) -> str:
    """factors.md, of a study with this title.

    Examples
    --------
    >>> score = {"kind": "score", "protocol": "honest", "learner": "ridge", "objective": "squared", "task": "single"}
    >>> score |= {"matching": "matched", "modalities": "audio", "value": 0.5, "ci_low": 0.4, "ci_high": 0.6}
    >>> table = pd.DataFrame([score | {"system": "ridge-audio", "n_clips": 480, "n_groups": 24}])
    >>> print(render_factors_markdown(table, "A study").splitlines()[2])
    | objective | task mode | audio |
    """
    first, *others = factor_grids(table)
    lines = [f"# {TITLE}: {title}", "", *markdown_table(first), *factor_sentences(table), ""]
    for grid in others:
        lines += [f"## {grid.title}", "", *markdown_table(grid)]
    return "\n".join([*lines, caption(table)]) + "\n"


def render_factors_latex(table: pd.DataFrame, title: str, label: str = "tab:factors") -> str:
    """factors.tex: the scores as a ``table*`` (package booktabs), the paragraph in its caption.

    Examples
    --------
    As `render_factors_markdown`.
    """
    words = " ".join([f"{title}.", *factor_sentences(table), caption(table)])
    return latex_table(factor_grids(table, digits=2)[0], words, label)


def render_factors(table: pd.DataFrame) -> Group:
    """The table for ``rich.console.Console.print``; single differences are left to the files.

    Examples
    --------
    As `render_factors_markdown`.
    """
    shown = [rich_table(grid, folded=range(len(grid.heads))) for grid in factor_grids(table, digits=2)[:2]]
    where = "Every pair with its test is in factors.md and factors.csv."
    told = [(text, "default") for text in factor_sentences(table)] + [(f"{caption(table)} {where}", "dim")]
    return Group(*shown, *(Padding(Text(text, style=style), (0, 0, 0, 1)) for text, style in told))


def _by_modality(
    title: str,
    part: pd.DataFrame,
    keys: Sequence[str],
    modalities: Sequence[str],
    digits: int,
    cell: Callable[[Record, int], str],
) -> Grid:
    """A row a combination of the keys, a column a set of modalities."""
    rows: dict[tuple[str, ...], dict[str, str]] = {}
    for row in part.to_dict("records"):
        name = tuple(_words(key, row) for key in keys)
        rows.setdefault(name, {})[row["modalities"]] = cell(row, digits)
    lines = [Line.of(*name, *(cells.get(one, "-") for one in modalities)) for name, cells in rows.items()]
    return Grid([*(HEADS.get(key, key) for key in keys), *modalities], lines, title)


def _words(key: str, row: Record) -> str:
    if key == "question":
        return QUESTIONS[row["question"]]
    asked = row["question"] if row["kind"] == "difference" else ""
    if key == "objective":
        if asked and asked not in MODES:
            return ""  # the difference names both objectives
        name = str(OBJECTIVES.get(row["objective"], row["objective"]))
        return f"{name} + matching" if row["matching"] == "matched" else name
    return "" if key == "task" and asked in MODES else str(row[key])


def _score(row: Record, digits: int) -> str:
    return " ".join(filter(None, [number(row["value"], digits), interval(row["ci_low"], row["ci_high"], digits)]))


def _difference(row: Record, digits: int) -> str:
    value = number(row["value"], digits)
    sign = "+" if row["value"] > 0 and float(value) else ""
    return " ".join(filter(None, [sign + value, interval(row["ci_low"], row["ci_high"], digits)]))


def _tested(row: Record, digits: int) -> str:
    return f"{_difference(row, digits)} p {_p(row['p_holm'])}"


def _p(value: float) -> str:
    return "< .001" if value < 0.001 else number(value, 3)
