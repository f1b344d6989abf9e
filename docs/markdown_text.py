"""Plain text and docstring text as Markdown."""

import re

_SPECIAL = re.compile(r"[\\<>*_\[\]|#]")
_ROLE = re.compile(r":[a-z]+:(?=`)")
# Words that a sentence may begin with in lower case.
_AS_THEY_ARE = ("csv", "npz", "openSMILE", "py-feat")


def plain(text: str) -> str:
    """Text with Markdown's own signs escaped, code in backticks left as it is.

    Examples
    --------
    >>> plain("runs/<study>, ``svr-*`` and `x_y`")
    'runs/\\\\<study\\\\>, `svr-*` and `x_y`'
    """
    pieces = re.split(r"(`[^`]*`)", _ROLE.sub("", text.replace("``", "`")))
    return "".join(piece if piece.startswith("`") else _SPECIAL.sub(r"\\\g<0>", piece) for piece in pieces)


def sentence(text: str) -> str:
    """The same as a sentence: a capital letter, a full stop.

    Examples
    --------
    >>> sentence("seconds between clips")
    'Seconds between clips.'
    """
    text = plain(text.rstrip("."))
    return (text if text.startswith(_AS_THEY_ARE) else text[:1].upper() + text[1:]) + "."
