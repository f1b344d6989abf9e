"""The leaderboard as a table for a LaTeX paper."""

from .board import Board
from .words import MARKS, caption, column_heads, figure, name_marks, remarks

LATEX_MARKS = {"picked": r"$\star$", "reported": r"$\dagger$", "imported": r"$\ddagger$"}
LATEX_ESCAPES = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_", "{": r"\{", "}": r"\}",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "★": r"$\star$", "†": r"$\dagger$", "‡": r"$\ddagger$", "±": r"$\pm$", "×": r"$\times$", "–": "--", "—": "---",
    "−": r"$-$", "→": r"$\rightarrow$", "≥": r"$\geq$", "≤": r"$\leq$", "…": r"\ldots{}", "\u00a0": "~",
}  # fmt: skip


def escape_latex(text: str) -> str:
    """Text as LaTeX prints it, special characters escaped, on one line."""
    return "".join(LATEX_ESCAPES.get(sign, sign) for sign in " ".join(text.split()))


def render_latex(board: Board, *, digits: int = 2, label: str = "tab:leaderboard") -> str:
    """The leaderboard as a ``table*`` for a paper (packages: booktabs, xcolor); it ends in a newline.

    Intervals stand small beside the values, the best measured figure is bold, reported rows carry a dagger and are grey
    where not comparable; the caption states metric, interval, protocol and marks.
    """
    heads = [
        "System",
        *["Protocol"] * board.shows_protocol,
        *(escape_latex(" ".join(column_heads(board, c))) for c in board.columns),
    ]
    title = _sentences([board.heading.title, *caption(board, MARKS | {"best": "bold"})])
    lines = [
        "% needs \\usepackage{booktabs,xcolor}",
        "\\begin{table*}",
        "\\centering",
        "\\small",
        f"\\caption{{{title}}}",
        f"\\label{{{label}}}",
        f"\\begin{{tabular}}{{{'l' * len(heads)}}}",
        "\\toprule",
        " & ".join(heads) + r" \\",
        "\\midrule",
    ]
    for row in board.rows:
        name = escape_latex(row.system) + (f" (\\emph{{{escape_latex(', '.join(row.labels))}}})" if row.labels else "")
        signs = name_marks(row, LATEX_MARKS)
        cells = [name + (f"~{signs}" if signs else ""), *[escape_latex(row.protocol)] * board.shows_protocol]
        for column in board.columns:
            value, spread = (escape_latex(text) for text in figure(board, row, column, digits, MARKS))
            value = f"\\textbf{{{value}}}" if board.is_best(row, column) else value
            small = f"{{\\scriptsize {spread}}}"
            stacked = f"\\begin{{tabular}}[t]{{@{{}}l@{{}}}}{value}\\\\{small}\\end{{tabular}}"
            both = stacked if len(board.columns) > 4 else f"{value} {small}"
            cells.append(both if spread else value)
        if not row.comparable:
            cells = [f"\\textcolor{{gray}}{{{cell}}}" for cell in cells]
        # The empty group keeps LaTeX from reading a name's "[" as an option of the row before it.
        lines.append("{}" + " & ".join(cells) + r" \\")
    lines += ["\\bottomrule", "\\end{tabular}"]
    notes = [f"{name_marks(row, MARKS)} {row.system}: {text}".strip() for row, text in remarks(board)]
    if notes:
        lines += ["\\par\\smallskip", f"\\parbox{{\\linewidth}}{{\\footnotesize {_sentences(notes)}}}"]
    return "\n".join([*lines, "\\end{table*}", ""])


def _sentences(sentences: list[str]) -> str:
    return " ".join(escape_latex(sentence.rstrip(". ") + ".") for sentence in sentences)
