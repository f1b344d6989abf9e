"""Text of unknown origin (names, ids, notes) as terminals, drawings and spreadsheets may be given it."""

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

MOST_WORD, MOST_TEXT = 300, 1900
"""Signs of a word and of a message, beyond which the middle of the one and the end of the other are left out."""

# Control signs, lone surrogates, separators of lines, and signs that turn the direction of writing.
_ACTING = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)
_LONG_WORD = re.compile(rf"\S{{{MOST_WORD + 1},}}")
# As the spreadsheets' makers list them; a quotation mark before them makes a text of the cell.
_FORMULA = re.compile("'*[=+\\-@\t\r\uff1d\uff0b\uff0d\uff20]")
_QUOTED = re.compile("'+[=+\\-@\t\r\uff1d\uff0b\uff0d\uff20]")
# What Markdown reads as markup: anywhere; an entity, the end of a link's text; what begins a heading or a list.
_MARKUP = re.compile(r"[\\`*_|<~$]|&(?=#?\w+;)|\](?=[(\[:])|^(?:[#>+-]|\d+(?=[.)]))(?=[#>+.)-]*(?:\s|$))")


def shown(text: str) -> str:
    r"""The text with every sign that a terminal would obey, or that XML may not hold, written out; lines stay lines.

    Examples
    --------
    >>> print(shown("clip\x1b[2J\u202e7"))
    clip\x1b[2J\u202e7
    """
    return _ACTING.sub(lambda sign: sign[0].encode("unicode_escape").decode(), text)


def message(text: str) -> str:
    """A message to a person, see `shown`, of at most two lines and a length that can be read.

    Examples
    --------
    >>> len(message("x" * 60_000))
    181
    """
    first, *more = _LONG_WORD.sub(lambda word: f"{word[0][:120]}…{word[0][-60:]}", shown(text)).split("\n")
    text = "\n".join([first, "\\n".join(more)]) if more else first
    return text if len(text) <= MOST_TEXT else f"{text[: MOST_TEXT - 1]}…"


def markdown(text: str) -> str:
    """Text that Markdown leaves as it is, on one line.

    Examples
    --------
    >>> print(markdown("late_mean [a](b) <b>"))
    late\\_mean [a\\](b) \\<b>
    """
    return _MARKUP.sub(lambda sign: f"\\{sign[0]}", " ".join(shown(" ".join(text.split())).split()))


def markdown_code(text: str) -> str:
    """Text as Markdown's code, on one line.

    Examples
    --------
    >>> print(markdown_code("a`b"))
    `` a`b ``
    """
    text = " ".join(shown(" ".join(text.split())).split())
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    return f"{'`' * (longest + 1)} {text} {'`' * (longest + 1)}" if longest else f"`{text}`"


def cell(text: str) -> str:
    """A text as a csv cell that no spreadsheet runs as a formula; `from_cell` takes the mark away again.

    Numbers stay as they are.

    Examples
    --------
    >>> cell("=cmd()"), cell("-0.5"), cell("'=a"), cell("s01")
    ("'=cmd()", '-0.5', "''=a", 's01')
    """
    return f"'{text}" if _FORMULA.match(text) and not _is_number(text) else text


def from_cell(text: str) -> str:
    """The text that `cell` made a cell of.

    Examples
    --------
    >>> from_cell("'=cmd()"), from_cell("''=a"), from_cell("'s01'")
    ('=cmd()', "'=a", "'s01'")
    """
    return text[1:] if _QUOTED.match(text) else text


def as_cells(table: "pd.DataFrame") -> "pd.DataFrame":
    """The table as it is written to a csv file: texts and names as `cell` makes them.

    Examples
    --------
    >>> import pandas as pd
    >>> as_cells(pd.DataFrame({"clip_id": ["=1+1", "c1"], "x": [-1, 2]})).to_dict("list")
    {'clip_id': ["'=1+1", 'c1'], 'x': [-1, 2]}
    """
    texts = [n for n, kind in enumerate(table.dtypes) if kind.kind not in "biufcMm"]
    cells = {n: table.iloc[:, n].map(_cell_of, na_action="ignore").astype(object) for n in texts}
    table = table.rename(columns=_cell_of).rename_axis(index=_cell_of, columns=_cell_of)
    for n, column in cells.items():
        table.isetitem(n, column)
    return table.set_axis(table.index.map(_cell_of), axis=0) if table.index.dtype.kind not in "biuf" else table


def _cell_of(value: object) -> object:
    return cell(value) if isinstance(value, str) else value


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return text in ("-", "+")
    return "\t" not in text and "\r" not in text
