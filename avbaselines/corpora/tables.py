"""Tables of clips: csv, parquet and ARFF files as data frames, rows by clip id."""

import warnings
from collections.abc import Collection, Sequence
from pathlib import Path

import pandas as pd

from avbaselines.corpora.formats.arff import read_arff
from avbaselines.corpora.formats.pickles import refuse_pickle
from avbaselines.corpora.segments import FRAME, SEGMENT
from avbaselines.corpora.text_form import as_text
from avbaselines.corpora.text_tables import Layout, is_gzip, layout_of, refuse_pointer
from avbaselines.errors import InputError
from avbaselines.safe_text import from_cell
from avbaselines.schema import nearest


def read_table(
    path: Path, *, key: str, text: Sequence[str] = (), codes: bool = False, ids: Sequence[str] = ()
) -> pd.DataFrame:
    """Read a csv (any of ``, ; tab``, also compressed by gzip), parquet or ARFF file.

    Parameters
    ----------
    path : Path
    key : str
        Key of the study file that names it, for errors.
    text : sequence of str
        Columns kept as text, so that codes such as ``007`` survive.
    codes : bool
        Whether any column with such a value is.
    ids : sequence of str
        Columns of ids: kept as they are written, ``NA`` and ``None`` included.

    Raises
    ------
    InputError
        Missing or unreadable file, no rows, a column that occurs twice, a line with too many or too few cells.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "x.csv")
    ...     _ = path.write_text("clip_id;f1\\n007;1.5\\n")
    ...     read_table(path, key="modalities.x", ids=["clip_id"]).to_dict("records")
    [{'clip_id': '007', 'f1': 1.5}]
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"{key}: no file {path}")
    refuse_pickle(path, key)
    refuse_pointer(path)
    try:
        if path.suffix.lower() in {".parquet", ".pq"}:
            _refuse_no_text(path)
            table = _with_index(pd.read_parquet(path))
            names = list(table.columns)
        elif path.suffix.lower() == ".arff":
            table = read_arff(path)
            names = list(table.columns)
        else:
            layout = layout_of(path)
            table = _from_cells(_read_csv(path, layout, text, ids, codes))
            # As they stand in the file: pandas renames the second of two.
            names = [from_cell(name.strip()) for name in layout.names if name.strip()]
    except InputError:
        raise
    except UnicodeDecodeError:
        raise InputError(f"{path}: is no UTF-8 text; save it as a csv in UTF-8, or as parquet") from None
    except Exception as error:  # pandas and pyarrow raise many kinds; each means the file cannot be read
        raise InputError(f"{path}: cannot be read as a table ({str(error).splitlines()[0]})") from None
    if table.empty:
        raise InputError(f"{path}: has no rows")
    repeated = pd.Index(names)[pd.Index(names).duplicated()]
    if len(repeated):
        raise InputError(f"{path}: column {repeated[0]!r} occurs twice; rename or drop one of the two")
    return table


def _refuse_no_text(path: Path) -> None:
    """Damaged texts of a parquet file are read, and fail where they are used; pyarrow tells when it is asked."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    texts = [field.name for field in pq.read_schema(path) if field.type in (pa.string(), pa.large_string())]
    pq.read_table(path, columns=texts, partitioning=None).validate(full=True)


def column_names(path: Path) -> list[str]:
    """Names of the columns of a csv, parquet or ARFF file.

    Raises
    ------
    InputError
        The file cannot be read.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "x.csv")
    ...     _ = path.write_text("utt;f1\\na;1\\n")
    ...     column_names(path)
    ['utt', 'f1']
    """
    if path.suffix.lower() == ".arff":
        return list(read_arff(path).columns)
    try:
        if path.suffix.lower() in {".parquet", ".pq"}:
            import pyarrow.parquet as pq

            return list(pq.read_schema(path).names)
        return [from_cell(name.strip()) for name in layout_of(path).names]
    except InputError:
        raise
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read as a table ({error})") from None


def _read_csv(path: Path, layout: Layout, text: Collection[str], ids: Collection[str], codes: bool) -> pd.DataFrame:
    how = {
        "sep": layout.separator,
        "encoding": "utf-8-sig",
        "skiprows": layout.skipped,
        "index_col": False if layout.trailing else None,
        "compression": "gzip" if is_gzip(path) else None,
        "low_memory": False,
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pd.errors.ParserWarning)  # the empty cell after a separator at the end
        as_written = [number for number, name in enumerate(layout.names) if name.strip() in {*ids, ""}]
        words = [name for name in layout.names if name.strip() in {*text, *ids, *SEGMENT[:1]}]
        nameless = [f"Unnamed: {number}" for number, name in enumerate(layout.names) if not name.strip()]
        table = pd.read_csv(path, dtype=dict.fromkeys([*words, *nameless], str), **how)
        for number in as_written:
            if table.iloc[:, number].isna().any():  # a clip may be called NA
                column = pd.read_csv(path, dtype=str, keep_default_na=False, usecols=[number], **how)
                table = table.assign(**{str(table.columns[number]): column.iloc[:, 0]})
        table.columns = table.columns.str.strip()
        if codes:
            table = _with_codes(table, pd.read_csv(path, dtype=str, **how))
    empty = [name for name in table if is_unnamed(name) and (table[name].isna() | (table[name] == "")).all()]
    return table.drop(columns=empty)


def _from_cells(table: pd.DataFrame) -> pd.DataFrame:
    """Texts without the mark that keeps a spreadsheet from running them, see `avbaselines.safe_text.cell`."""
    texts = [n for n, kind in enumerate(table.dtypes) if kind.kind not in "biufcMm"]
    marked = [n for n in texts if table.iloc[:, n].map(lambda value: isinstance(value, str) and value[:1] == "'").any()]
    for n in marked:
        column = table.iloc[:, n].map(lambda value: from_cell(value) if isinstance(value, str) else value)
        table.isetitem(n, column)
    return table.rename(columns=lambda name: from_cell(name) if isinstance(name, str) else name)


def _with_codes(table: pd.DataFrame, written: pd.DataFrame) -> pd.DataFrame:
    """The table with columns that hold values such as ``01`` (speakers, sessions, partitions) as they are written."""
    written.columns = written.columns.str.strip()
    numbers = table.select_dtypes("number").columns
    found = [name for name in numbers if written[name].str.fullmatch(r"\s*0\d+\s*").any()]
    return table.assign(**{name: written[name] for name in found})


def _with_index(table: pd.DataFrame) -> pd.DataFrame:
    """The table with the named levels of its index, and a nameless index of ids, as columns."""
    if table.index.nlevels == 1 and table.index.name is None:
        if pd.api.types.is_integer_dtype(table.index.dtype):
            return table
        table = table.rename_axis(index="Unnamed: 0")
    own = [name for name in table.index.names if name is not None and name not in table.columns]
    return table.reset_index(level=own).reset_index(drop=True)


def is_unnamed(name: object) -> bool:
    """Whether a column has no name in its file.

    Examples
    --------
    >>> is_unnamed("Unnamed: 0"), is_unnamed("f0")
    (True, False)
    """
    return str(name).startswith("Unnamed: ")


def id_column(table: pd.DataFrame, wanted: str) -> str | None:
    """The column that holds the ids: the one wanted, else the index that a table was written with; None where unclear.

    A first column without a name is that index unless it counts the rows; ``file`` is it beside ``start`` and ``end``,
    as openSMILE's Python package writes it, or alone, as audformat does; ``name`` is it in openSMILE's own files.

    Examples
    --------
    >>> id_column(pd.DataFrame({"Unnamed: 0": ["a", "b"], "f0": [1, 2]}), "clip_id")
    'Unnamed: 0'
    >>> id_column(pd.DataFrame({"Unnamed: 0": ["0", "1"], "f0": [1, 2]}), "clip_id") is None
    True
    """
    if wanted in table.columns:
        return wanted
    first = str(table.columns[0])
    if is_unnamed(first):
        counted = [as_text(range(begin, begin + len(table))).tolist() for begin in (0, 1)]
        return None if as_text(table[first]).tolist() in counted else first
    if first == SEGMENT[0] and set(SEGMENT) <= set(table.columns):
        return first
    is_words = not pd.api.types.is_numeric_dtype(table[first].dtype)
    if first == FRAME[0] and is_words and set(FRAME) <= set(table.columns) and table[first].nunique() > 1:
        return first
    return first if first in (FRAME[0], SEGMENT[0]) and is_words and table[first].is_unique else None


def index_by_id(table: pd.DataFrame, column: str, source: object) -> pd.DataFrame:
    """The table indexed by clip id (text); empty and repeated ids are refused.

    Raises
    ------
    InputError

    Examples
    --------
    >>> index_by_id(pd.DataFrame({"clip_id": [7, 8]}), "clip_id", "clips.csv").index.tolist()
    ['7', '8']
    """
    ids = table[column]
    missing = ids.isna() | (ids.astype(str).str.strip() == "")
    if missing.any():
        raise InputError(
            f"{source}: row {int(missing.to_numpy().argmax()) + 2} has no {column}; every clip needs an id"
        )
    ids = as_text(ids)
    repeated = ids[ids.duplicated()]
    if len(repeated):
        raise InputError(f"{source}: clip id {repeated.iloc[0]!r} occurs {int((ids == repeated.iloc[0]).sum())} times")
    return table.assign(**{column: ids.to_numpy()}).set_index(column, drop=False).rename_axis("clip_id")


def with_id(table: pd.DataFrame, column: str, source: object, key: str) -> pd.DataFrame:
    """The table with its ids in the wanted column, whatever column they are found in (see `id_column`).

    Raises
    ------
    InputError
        No column is known to hold ids.

    Examples
    --------
    >>> with_id(pd.DataFrame({"Unnamed: 0": ["a"], "f": [1]}), "clip_id", "x.csv", "modalities.x").columns.tolist()
    ['clip_id', 'f']
    """
    found = id_column(table, column)
    if found is None:
        raise InputError(
            f"{source}: {key} names column {column!r}, which is not there{nearest(column, table.columns)}; "
            f"columns: {_some(table.columns)}"
        )
    return table.rename(columns={found: column})


def _some(columns: Collection[object], most: int = 12) -> str:
    shown = [str(column) for column in columns]
    return ", ".join(shown[:most]) + (f" and {len(shown) - most} more" if len(shown) > most else "")
