"""Files of a bundle, which somebody else may have packed: regular ones of limited size, no links, pipes, devices."""

import stat
from pathlib import Path

from avbaselines.errors import InputError

__all__ = ["MOST_CARD", "MOST_MODEL", "check_plain_file"]

MOST_CARD, MOST_MODEL = 16 * 2**20, 4 * 2**30
"""Bytes of a card or index, and of a model file."""


def check_plain_file(path: Path, most: int) -> None:
    """Refuse what is no regular file of at most so many bytes, or lies in a folder that is a link.

    Raises
    ------
    InputError
        Naming it; nothing of it is opened.

    Examples
    --------
    >>> check_plain_file(Path("/dev/null"), 10)
    Traceback (most recent call last):
    avbaselines.errors.InputError: /dev/null: is no regular file; copy the file itself into the folder
    """
    try:
        found = path.lstat()
        folder = path.parent.lstat()
    except FileNotFoundError:
        raise InputError(f"{path}: no such file; copy the whole folder, or run the study again") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None
    if not stat.S_ISREG(found.st_mode) or stat.S_ISLNK(folder.st_mode):
        raise InputError(f"{path}: is no regular file; copy the file itself into the folder")
    if found.st_size > most:
        raise InputError(f"{path}: has {found.st_size:,} bytes; {most:,} are read at most")
