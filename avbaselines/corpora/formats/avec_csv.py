"""Tables with a file a recording, as the AVEC challenges ship labels, features and predictions.

A row is ``'Devel_DE_07';12.300000;<values>``: the recording's name in single quotes, the time in seconds, then numbers.
The separator is ``;`` or ``,`` and a header line may be absent. Prediction files are padded to a common length.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from avbaselines.errors import InputError
from avbaselines.schema import nearest

__all__ = ["read_folder", "read_recording"]

# Of a hop: times are printed with few digits, so that equal steps differ a little.
TIME_TOLERANCE = 0.1
# Seconds that features may end before the labels do: a window needs frames around it, and the challenges' own baseline
# pads such files with zeros.
FEATURES_MAY_LACK = 2.0


def read_recording(path: Path, *, columns: Sequence[str] | None = None, key: str) -> pd.DataFrame:
    """Read the table of one recording.

    Parameters
    ----------
    path : Path
        csv; its name without suffix is the recording.
    columns : sequence of str, optional
        Names that the values must have, in this order; a file without a header is read by position. None takes what
        the file has.
    key : str
        Key of the study file that names it, for errors.

    Returns
    -------
    pandas.DataFrame
        ``time`` (seconds, increasing by a constant hop), then the values (float).

    Raises
    ------
    InputError
        Missing or empty file, another recording's name, a text or missing value, columns that are absent, too many or
        in another order, times that do not increase evenly.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"{key}: no file {path}")
    separator, header = _first_line(path, key)
    try:
        table = pd.read_csv(
            path,
            sep=separator,
            quotechar="'",
            header=None,
            skiprows=1 if header else 0,
            skipinitialspace=True,
            encoding="utf-8-sig",
            dtype={0: str},
            low_memory=False,
        )
    except pd.errors.EmptyDataError:
        raise InputError(f"{key}: {path}: has no rows") from None
    except Exception as error:  # pandas raises many kinds; each means the file cannot be read
        raise InputError(f"{key}: {path}: cannot be read as a table ({str(error).splitlines()[0]})") from None
    if header and len(header) != table.shape[1]:
        raise InputError(f"{key}: {path}: {len(header)} columns in the header, {table.shape[1]} in the rows below")
    first_line = 2 if header else 1
    names = table.iloc[:, 0]
    strange = (names.isna() | (names.str.strip() != path.stem)).to_numpy()
    if strange.any():
        row = int(strange.argmax())
        raise InputError(
            f"{key}: {path}, line {row + first_line}: names recording {names.iloc[row]!r}, not {path.stem!r} like "
            "the file; it may be a copy of another one"
        )
    values = _numbers(table.iloc[:, 1:], header, path, key, first_line)
    names = _value_columns(header[2:] if header else None, columns, values.shape[1] - 1, path, key)
    _check_times(values[:, 0], path, key, first_line)
    return pd.DataFrame(values, columns=["time", *names])


def read_folder(
    folder: Path, clips: pd.DataFrame, *, columns: Sequence[str] | None = None, key: str, may_lack: float = 0.0
) -> tuple[np.ndarray, list[str]]:
    """Read a table a recording for given frames.

    Rows past a recording's last frame are padding and are cut.

    Parameters
    ----------
    folder : Path
        Holds ``<recording>.csv`` for each recording.
    clips : pandas.DataFrame
        With columns ``recording`` and ``time`` (seconds), the rows of a recording in the order of time.
    columns : sequence of str, optional
        As for :func:`read_recording`.
    key : str
        Key of the study file that names the folder, for errors.
    may_lack : float
        Seconds that a file may end before its recording's last frame.

    Returns
    -------
    X : ndarray of float64, shape (n_clips, d)
        NaN rows for frames that lie past the end of their file.
    columns : list of str

    Raises
    ------
    InputError
        Missing folder or file, a file that is too short, has another hop or other columns than the first, and
        whatever :func:`read_recording` refuses.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise InputError(f"{key}: no folder {folder}")
    times = clips["time"].to_numpy(float)
    X = np.empty((len(clips), 0))
    found: list[str] | None = None
    first = folder
    for recording, rows in clips.groupby("recording", sort=False).indices.items():
        path = folder / f"{recording}.csv"
        if not path.is_file():
            raise InputError(
                f"{key}: {folder} has no file {path.name}, and recording {recording!r} has {len(rows)} labelled frames"
            )
        table = read_recording(path, columns=columns, key=key)
        names = list(table.columns[1:])
        if found is None:
            X, found, first = np.full((len(clips), len(names)), np.nan), names, path
        elif names != found:
            raise InputError(
                f"{key}: {path} has {len(names)} value columns ({_some(names)}), {first.name} has {len(found)} "
                f"({_some(found)}); all files of a folder need the same"
            )
        _check_aligned(table["time"].to_numpy(), times[rows], path, key, may_lack)
        X[rows[: len(table)]] = table.iloc[: len(rows), 1:].to_numpy()
    return X, found or []


def _first_line(path: Path, key: str) -> tuple[str, list[str] | None]:
    """Separator, and the header's names or None."""
    try:
        with open(path, encoding="utf-8-sig") as file:
            line = file.readline().strip()
    except UnicodeDecodeError as error:
        raise InputError(f"{key}: {path}: is no UTF-8 text ({error})") from None
    if not line:
        raise InputError(f"{key}: {path}: is empty")
    separator = max(";,", key=line.count)
    cells = [cell.strip().strip("'\"") for cell in line.split(separator)]
    if len(cells) < 3:
        raise InputError(f"{key}: {path}: line 1 is {line!r}; a name, a time and values are needed, with ';' or ','")
    if _is_number(cells[1]):
        return separator, None
    repeated = {name for name in cells if cells.count(name) > 1}
    if repeated:
        raise InputError(f"{key}: {path}: column {sorted(repeated)[0]!r} occurs twice")
    return separator, cells


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _numbers(table: pd.DataFrame, header: list[str] | None, path: Path, key: str, first_line: int) -> np.ndarray:
    """Times and values as floats; the first cell that is none is named."""
    try:
        values = table.to_numpy(float)
        if np.isfinite(values).all():
            return values
    except ValueError:
        pass
    for number in table.columns:
        numbers = pd.to_numeric(table[number], errors="coerce").to_numpy(float)
        bad = ~np.isfinite(numbers)
        if bad.any():
            row = int(bad.argmax())
            cell = table[number].iloc[row]
            what = "has no value" if pd.isna(cell) else f"is {str(cell)!r}, no finite number"
            column = repr(header[number]) if header else number + 1
            raise InputError(f"{key}: {path}, line {row + first_line}: column {column} {what}; mend or remove the file")
    return table.apply(pd.to_numeric).to_numpy(float)


def _value_columns(
    found: list[str] | None, expected: Sequence[str] | None, n_values: int, path: Path, key: str
) -> list[str]:
    """Names of the values: the header's, the expected ones, or numbers."""
    if expected is None:
        return found or [f"x{number}" for number in range(n_values)]
    expected = list(expected)
    if found is None:
        if n_values != len(expected):
            raise InputError(
                f"{key}: {path}: has {n_values} values a line, needed are {len(expected)} ({_some(expected)})"
            )
        return expected
    absent = [name for name in expected if name not in found]
    if absent:
        raise InputError(f"{key}: {path}: no column {absent[0]!r}{nearest(absent[0], found)}; columns: {_some(found)}")
    if found != expected:
        raise InputError(
            f"{key}: {path}: columns are in the order {', '.join(found)}, expected {', '.join(expected)}; a file with "
            "another order cannot be trusted to name them rightly: write it again in the expected order"
        )
    return expected


def _check_times(times: np.ndarray, path: Path, key: str, first_line: int) -> None:
    steps = np.diff(times)
    if not len(steps):
        return
    hop = np.median(steps)
    uneven = (steps <= 0) | (np.abs(steps - hop) > TIME_TOLERANCE * abs(hop))
    if uneven.any():
        row = int(uneven.argmax())
        raise InputError(
            f"{key}: {path}, line {row + 1 + first_line}: time goes from {times[row]:g} to {times[row + 1]:g} s where "
            f"the hop is {hop:g} s; times must increase by a constant hop"
        )


def _check_aligned(times: np.ndarray, wanted: np.ndarray, path: Path, key: str, may_lack: float) -> None:
    """Refuse a file whose rows are not the wanted frames, followed by padding or nothing, or that ends too early."""
    if min(len(times), len(wanted)) > 1:
        hop, needed = np.median(np.diff(times)), np.median(np.diff(wanted))
        if abs(hop - needed) > TIME_TOLERANCE * needed:
            raise InputError(
                f"{key}: {path}: has a hop of {hop:g} s, the labels one of {needed:g} s; bring both to the same hop"
            )
    else:
        needed = max(abs(wanted[-1]), 1.0)
    if len(times) < len(wanted) and wanted[-1] - times[-1] > may_lack + TIME_TOLERANCE * needed:
        raise InputError(
            f"{key}: {path}: has {len(times)} rows, up to {times[-1]:g} s; the labels have {len(wanted)}, up to "
            f"{wanted[-1]:g} s"
        )
    apart = np.abs(times[: len(wanted)] - wanted[: len(times)]) > TIME_TOLERANCE * needed
    if apart.any():
        row = int(apart.argmax())
        raise InputError(
            f"{key}: {path}: row {row + 1} is at {times[row]:g} s, the label at {wanted[row]:g} s; the frames differ"
        )


def _some(names: Sequence[str], most: int = 8) -> str:
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")
