"""Files that know what they are: a first line with a name and a checksum, then the content."""

import hashlib
from pathlib import Path

__all__ = ["LONGEST", "is_whole", "seal", "unsealed"]

MARK = "avbaselines"
LONGEST = 400
"""Bytes of a first line, at most."""


def seal(content: bytes, name: str) -> bytes:
    """The content under a first line that says whose it is and what it must add up to.

    The checksum tells damage and mistaken files from whole ones. It is no signature: whoever can write a file can write
    its checksum.

    Examples
    --------
    >>> seal(b"text", "a1").split(b"\\n")[1]
    b'text'
    """
    return _first_line(name, hashlib.sha256(content).hexdigest()) + content


def unsealed(data: bytes, name: str) -> bytes:
    """The content of a sealed file.

    Raises
    ------
    ValueError
        It is damaged, or the file of another name.

    Examples
    --------
    >>> unsealed(seal(b"text", "a1"), "a1")
    b'text'
    >>> unsealed(seal(b"text", "a1"), "b2")
    Traceback (most recent call last):
    ValueError: damaged
    """
    content = data[data.find(b"\n", 0, LONGEST) + 1 :]
    if data[: len(data) - len(content)] != _first_line(name, hashlib.sha256(content).hexdigest()):
        raise ValueError("damaged")
    return content


def is_whole(path: Path, name: str) -> bool:
    """Whether a file is there and is, whole, the one of this name; it is read piece by piece.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp(), "a1")
    >>> _ = path.write_bytes(seal(b"text", "a1"))
    >>> is_whole(path, "a1"), is_whole(path, "b2")
    (True, False)
    """
    try:
        with open(path, "rb") as stream:
            first = stream.readline(LONGEST)
            return first == _first_line(name, hashlib.file_digest(stream, "sha256").hexdigest())
    except OSError:
        return False


def _first_line(name: str, checksum: str) -> bytes:
    return f"{MARK} {name} {checksum}\n".encode()
