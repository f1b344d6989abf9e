"""Errors for people to read: one or two lines that say what is wrong and what to do."""

from avbaselines.safe_text import message


class InputError(ValueError):
    """Something the user gave (a file, a key, a corpus, an option) cannot be used.

    The message names the file, line or key, says what is wrong and what to do about it. The commands print it
    without a traceback and leave with exit status 2. Names in it are data: signs that a terminal would obey are written
    out, and overlong words are cut.

    Examples
    --------
    >>> raise InputError("study.toml, line 3: unknown key 'learner' (did you mean 'learners'?)")
    Traceback (most recent call last):
    avbaselines.errors.InputError: study.toml, line 3: unknown key 'learner' (did you mean 'learners'?)
    """

    def __init__(self, text: object = "") -> None:
        super().__init__(message(str(text)))
