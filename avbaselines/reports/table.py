"""A table of texts, and its renderings: for the terminal, Markdown and LaTeX (templates render it as HTML)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from rich import box
from rich.table import Table
from rich.text import Text

from avbaselines.safe_text import markdown as escape_markdown
from avbaselines.safe_text import shown

LATEX_ESCAPES = str.maketrans({
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_", "{": r"\{", "}": r"\}",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "★": r"$\star$", "†": r"$\dagger$", "‡": r"$\ddagger$", "±": r"$\pm$", "×": r"$\times$", "–": "--", "—": "---",
    "−": r"$-$", "→": r"$\rightarrow$", "≥": r"$\geq$", "≤": r"$\leq$", "…": r"\ldots{}", "\u00a0": "~",
    "≈": r"$\approx$", "◇": r"$\diamond$",
})  # fmt: skip
ASCII_SIGNS = {0x2013: "-", 0x2014: "-", 0x2026: "..."}


@dataclass(frozen=True)
class Entry:
    """One cell of a table.

    Attributes
    ----------
    text : str
    aside : str
        A label in italics and parentheses behind the text.
    small : str
        Of less weight than the text: an interval.
    mark : str
        A sign behind the text.
    bold : bool

    Examples
    --------
    >>> Entry(".62", small="[.55, .68]", bold=True).text
    '.62'
    """

    text: str
    aside: str = ""
    small: str = ""
    mark: str = ""
    bold: bool = False


@dataclass(frozen=True)
class Line:
    """One row of a table; ``style`` is a style of rich, and ``grey`` sets it back in LaTeX too.

    Examples
    --------
    >>> Line.of("svr-audio", ".62").entries[1].text
    '.62'
    """

    entries: tuple[Entry, ...]
    style: str = ""
    grey: bool = False

    @classmethod
    def of(cls, *texts: str) -> "Line":
        """A row of plain texts."""
        return cls(tuple(map(Entry, texts)))


@dataclass(frozen=True)
class Grid:
    """A table: a title, heads, and rows as long as the heads.

    Examples
    --------
    >>> Grid(["system", "CCC"], [Line.of("svr-audio", ".62")]).rows
    [['svr-audio', '.62']]
    """

    heads: Sequence[str]
    lines: Sequence[Line] = field(default_factory=list)
    title: str = ""

    @property
    def rows(self) -> list[list[str]]:
        """The texts of its cells."""
        return [[entry.text for entry in line.entries] for line in self.lines]


def escape_latex(text: str) -> str:
    """Text as LaTeX prints it, special characters escaped, on one line.

    Examples
    --------
    >>> print(escape_latex("95 % of late_mean"))
    95 \\% of late\\_mean
    """
    return " ".join(shown(" ".join(text.split())).split()).translate(LATEX_ESCAPES)


def encodable(text: str, ascii_only: bool) -> str:
    """The text, for a console that is not UTF-8 without the signs it might choke on.

    Examples
    --------
    >>> encodable("5 – 10 %", ascii_only=True)
    '5 - 10 %'
    """
    return text.translate(ASCII_SIGNS).encode("ascii", "replace").decode() if ascii_only else text


def markdown_table(grid: Grid) -> list[str]:
    """Lines of a GitHub table, and an empty one.

    Examples
    --------
    >>> print("\\n".join(markdown_table(Grid(["system", "CCC"], [Line((Entry("svr"), Entry(".6", bold=True)))]))))
    | system | CCC |
    | --- | --- |
    | svr | **.6** |
    <BLANKLINE>
    """
    cells = [list(map(escape_markdown, grid.heads)), ["---"] * len(grid.heads)]
    cells += [[_markdown(entry) for entry in line.entries] for line in grid.lines]
    return ["| " + " | ".join(line) + " |" for line in cells] + [""]


def _markdown(entry: Entry) -> str:
    text = escape_markdown(entry.text) + (f" *({escape_markdown(entry.aside)})*" if entry.aside else "") + entry.mark
    return f"{f'**{text}**' if entry.bold and text else text} {entry.small}".strip()


def latex_table(
    grid: Grid, caption: str, label: str, *, notes: str = "", packages: str = "booktabs", stacked: bool = False
) -> str:
    """A ``table*`` for a paper; it ends in a newline.

    Parameters
    ----------
    grid
    caption, notes
        Above and below the table.
    label
        For references.
    packages
        That it needs, said in a comment.
    stacked
        Whether small texts stand under the text, not beside it.

    Examples
    --------
    >>> text = latex_table(Grid(["system", "CCC"], [Line.of("svr_a", ".6")]), "A study.", "tab:study")
    >>> "svr\\\\_a & .6" in text
    True
    """
    lines = [f"% needs \\usepackage{{{packages}}}", "\\begin{table*}", "\\centering", "\\small"]
    lines += [f"\\caption{{{escape_latex(caption)}}}", f"\\label{{{label}}}"]
    lines += [f"\\begin{{tabular}}{{{'l' * len(grid.heads)}}}", "\\toprule"]
    lines += [" & ".join(map(escape_latex, grid.heads)) + r" \\", "\\midrule"]
    for line in grid.lines:
        cells = [_latex(entry, stacked) for entry in line.entries]
        if line.grey:
            cells = [f"\\textcolor{{gray}}{{{cell}}}" for cell in cells]
        # The empty group keeps LaTeX from reading a "[" that begins a row as an option of the row before it.
        lines.append("{}" + " & ".join(cells) + r" \\")
    lines += ["\\bottomrule", "\\end{tabular}"]
    if notes:
        lines += ["\\par\\smallskip", f"\\parbox{{\\linewidth}}{{\\footnotesize {escape_latex(notes)}}}"]
    return "\n".join([*lines, "\\end{table*}", ""])


def _latex(entry: Entry, stacked: bool) -> str:
    text = escape_latex(entry.text)
    text = f"\\textbf{{{text}}}" if entry.bold else text
    text += f" (\\emph{{{escape_latex(entry.aside)}}})" if entry.aside else ""
    text += f"~{escape_latex(entry.mark)}" if entry.mark else ""
    if not entry.small:
        return text
    small = f"{{\\scriptsize {escape_latex(entry.small)}}}"
    return f"\\begin{{tabular}}[t]{{@{{}}l@{{}}}}{text}\\\\{small}\\end{{tabular}}" if stacked else f"{text} {small}"


def rich_table(grid: Grid, *, folded: Collection[int] = (0,), stacked: bool = False, ascii_only: bool = False) -> Table:
    """The table for ``rich.console.Console.print``.

    Parameters
    ----------
    grid
    folded
        Numbers of the columns that may be broken into several lines.
    stacked
        Whether small texts stand under the text, not beside it.
    ascii_only
        Leave out signs that a console which is not UTF-8 might choke on.

    Examples
    --------
    >>> rich_table(Grid(["system", "CCC"], [Line.of("svr-audio", ".62")])).row_count
    1
    """
    table = Table(
        title=encodable(grid.title, ascii_only) or None, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD
    )
    table.pad_edge, table.padding = False, (0, 1, 0, 0)
    for number, head in enumerate(grid.heads):
        head = encodable(head, ascii_only)
        if number in folded:
            table.add_column(head, overflow="fold")
        else:
            table.add_column(head, no_wrap=True)
    for line in grid.lines:
        table.add_row(*(_rich(entry, stacked, ascii_only) for entry in line.entries), style=line.style)
    return table


def _rich(entry: Entry, stacked: bool, ascii_only: bool) -> Text:
    text = Text(encodable(entry.text, ascii_only) + entry.mark, style="bold" if entry.bold else "")
    if entry.aside:
        text.append(f"\n({entry.aside})", style="italic")
    if entry.small:
        text.append(("\n" if stacked else " " if entry.mark else "  ") + entry.small, style="not bold dim")
    return text
