"""The layout of a text table: its separator, the line of its header, and whether every line is whole."""

import csv
import gzip
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from avbaselines.errors import InputError

MOST_COLUMNS, MOST_NAMELESS = 100_000, 100
_POINTER = b"version https://git-lfs.github.com/spec/"


@dataclass(frozen=True)
class Layout:
    """How the lines of a text table are to be read.

    Attributes
    ----------
    separator : str
        Of ``, ; tab``.
    skipped : int
        Lines before the header: blank ones, and ``sep=;`` as spreadsheets write it.
    names : tuple of str
        Cells of the header as they stand there, empty ones at the end left out where no line has more.
    trailing : bool
        Every line ends in a separator that the header lacks.
    """

    separator: str
    skipped: int
    names: tuple[str, ...]
    trailing: bool = False


def open_text(path: Path) -> io.TextIOBase:
    """A text table opened as UTF-8, compressed by gzip or not.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "x.csv.gz")
    ...     _ = path.write_bytes(gzip.compress(b"a,b"))
    ...     with open_text(path) as file:
    ...         file.read()
    'a,b'
    """
    if is_gzip(path):
        return gzip.open(path, "rt", encoding="utf-8-sig", newline="")
    return open(path, encoding="utf-8-sig", newline="")


def is_gzip(path: Path) -> bool:
    """Whether a file is compressed by gzip, by its first bytes.

    Examples
    --------
    >>> is_gzip(Path(__file__))
    False
    """
    with open(path, "rb") as file:
        return file.read(2) == b"\x1f\x8b"


def refuse_pointer(path: Path) -> None:
    """Refuse the stub that Git LFS leaves in place of a file that was not fetched.

    Raises
    ------
    InputError

    Examples
    --------
    >>> refuse_pointer(Path(__file__))
    """
    with open(path, "rb") as file:
        if file.read(len(_POINTER)) == _POINTER:
            raise InputError(f"{path}: is a Git LFS pointer, not the file itself; fetch it with `git lfs pull`")


def layout_of(path: Path) -> Layout:
    """Find out a text table's layout, and refuse one with lines that are cut or have cells too many.

    Raises
    ------
    InputError
        Naming the line.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "x.csv")
    ...     _ = path.write_text("sep=;\\nid;f1\\na;0,5\\n")
    ...     layout_of(path)
    Layout(separator=';', skipped=1, names=('id', 'f1'), trailing=False)
    """
    with open_text(path) as file:
        skipped, separator, header = 0, "", ""
        for line in file:
            text = line.strip("\r\n\"'")
            if text.lower().startswith("sep=") and not separator and len(text) == 5:
                separator = text[4]
            elif text.strip(",;\t\" '"):
                header = line
                break
            skipped += 1
    separator = separator or max(",;\t", key=header.count)
    if header.count(separator) >= MOST_COLUMNS:
        raise InputError(f"{path}: has more than {MOST_COLUMNS:,} columns; save so wide a table as npz or parquet")
    names = next(csv.reader([header], delimiter=separator), [])
    counts = list(_cells(path, separator, skipped + 1))
    longest = max((cells for _, cells, _ in counts), default=0)
    while names and not names[-1].strip() and longest < len(names):
        names.pop()
    nameless = sum(not name.strip() for name in names)
    if nameless > MOST_NAMELESS:
        raise InputError(f"{path}: {nameless:,} of its columns have no name in the header; give them names")
    trailing = bool(counts) and all(cells == len(names) + 1 and not last for _, cells, last in counts)
    for number, cells, last in counts:
        if trailing or cells == len(names):
            continue
        if cells < len(names) and number == counts[-1][0]:
            raise InputError(
                f"{path}, line {number}: the last line is cut, it has {cells} of {len(names)} cells; get the whole "
                "file, or remove the line"
            )
        what = "decimal commas need quotes or another separator" if separator == "," else "mend the line"
        raise InputError(
            f"{path}, line {number}: has {cells} cells where the header has {len(names)} names"
            f"{f' (the last cell is {last!r})' if cells > len(names) and last else ''}; "
            f"{what if cells > len(names) else 'is the line whole?'}"
        )
    return Layout(separator, skipped, tuple(names), trailing)


def _cells(path: Path, separator: str, first: int) -> Iterator[tuple[int, int, str]]:
    """Of every line after the header that is not blank: its number (from 1), its cells, and the last of them."""
    with open_text(path) as file:
        for _ in range(first):
            file.readline()
        begun: list[str] = []
        inside = False
        for number, line in enumerate(file, first + 1):
            inside ^= line.count('"') % 2 == 1
            begun.append(line)
            if inside:  # a quoted cell goes on in the next line
                continue
            line, begun = "".join(begun), []
            if not line.strip("\r\n "):
                continue
            if '"' in line:
                row = next(csv.reader(io.StringIO(line, newline=""), delimiter=separator))
                yield number, len(row), row[-1].strip()
            else:
                yield number, line.count(separator) + 1, line.rstrip("\r\n").rpartition(separator)[2].strip()
        if begun:
            yield number, 0, ""
