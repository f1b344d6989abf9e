"""Tables in Weka's ARFF, as the AVEC challenges hand them out; dense rows only."""

import csv
import re
from pathlib import Path

import numpy as np
import pandas as pd

from avbaselines.errors import InputError

_ATTRIBUTE = re.compile(r"""@attribute\s+('(?:[^'])*'|"(?:[^"])*"|\S+)\s+(.+)""", re.IGNORECASE)
_NUMERIC = {"numeric", "real", "integer"}


def read_arff(path: Path | str) -> pd.DataFrame:
    """Read an ARFF file.

    ``scipy.io.arff`` refuses string attributes, which every file of AVEC begins with.

    Parameters
    ----------
    path : Path

    Returns
    -------
    DataFrame
        A column an attribute, in order: numbers as float (``?`` = NaN), anything else as text.

    Raises
    ------
    InputError
        Naming the line that cannot be read.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "x.arff")
    ...     _ = path.write_text("@relation x\\n@attribute name string\\n@attribute F0 numeric\\n@data\\n'a.wav',1.5\\n")
    ...     read_arff(path).to_dict("records")
    [{'name': 'a.wav', 'F0': 1.5}]
    """
    path = Path(path)
    try:
        lines = path.read_text(encoding="utf-8-sig", errors="replace").splitlines()
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror or error})") from None
    attributes, start = _header(path, lines)
    numbered = [(number, line) for number, line in enumerate(lines[start:], start + 1) if _is_row(line)]
    if not numbered:
        raise InputError(f"{path}: has no rows after @data")
    quote = "'" if any("'" in line for _, line in numbered) else '"'
    rows = list(csv.reader((line for _, line in numbered), quotechar=quote, skipinitialspace=True))
    for (number, line), row in zip(numbered, rows, strict=True):
        if line.lstrip().startswith("{"):
            raise InputError(f"{path}, line {number}: sparse rows are not read; save the file with dense rows")
        if len(row) != len(attributes):
            raise InputError(f"{path}, line {number}: {len(row)} values for {len(attributes)} attributes")
    table = pd.DataFrame(rows, columns=list(attributes))
    for name, kind in attributes.items():
        text = table[name].str.strip()
        if kind in _NUMERIC:
            values = pd.to_numeric(text.where(text != "?"), errors="coerce").to_numpy(float, na_value=np.nan)
            wrong = np.isnan(values) & ~text.str.lower().isin(["?", "nan"]).to_numpy(bool)
            if wrong.any():
                first = int(wrong.argmax())
                raise InputError(f"{path}, line {numbered[first][0]}: {name} is {text[first]!r}, which is no number")
            table[name] = values
        else:
            table[name] = text
    return table


def _is_row(line: str) -> bool:
    return bool(line.strip()) and not line.lstrip().startswith("%")


def _header(path: Path, lines: list[str]) -> tuple[dict[str, str], int]:
    """Kinds of the attributes by name, and how many lines come before the rows."""
    attributes: dict[str, str] = {}
    for number, line in enumerate(lines, 1):
        text = line.strip()
        if not _is_row(line) or text.lower().startswith("@relation"):
            continue
        if text.lower() == "@data":
            if not attributes:
                raise InputError(f"{path}, line {number}: @data before any @attribute")
            return attributes, number
        match = _ATTRIBUTE.fullmatch(text)
        if match is None:
            raise InputError(f"{path}, line {number}: {text[:60]!r} is no line of an ARFF header")
        name = match[1].strip("'\"")
        if name in attributes:
            raise InputError(f"{path}, line {number}: attribute {name!r} stands there twice")
        attributes[name] = match[2].strip().lower()
    raise InputError(f"{path}: has no @data line; is it an ARFF file?")
