"""Tables of clips: reading csv and parquet files, ids and labels as text, rows by clip id."""

from pathlib import Path

import pandas as pd

from avbaselines.errors import InputError


def read_table(path, *, key, text=(), codes=False):
    """Read a csv (any of ``, ; tab``) or parquet file.

    Parameters
    ----------
    path : Path
    key : str
        Key of the study file that names it, for errors.
    text : sequence of str
        Columns kept as text, so that ids such as ``007`` survive.
    codes : bool
        Whether any column with such a value is.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"{key}: no file {path}")
    try:
        if path.suffix.lower() in {".parquet", ".pq"}:
            table = pd.read_parquet(path)
            if table.index.name is not None and table.index.name not in table.columns:
                table = table.reset_index()  # written with the ids as its index
            names = table.columns
        else:
            layout = {"sep": _separator(path), "encoding": "utf-8-sig"}
            table = pd.read_csv(path, dtype=dict.fromkeys(text, str), low_memory=False, **layout)
            table.columns = table.columns.str.strip()
            if codes:
                table = _with_codes(table, path, layout)
            # As they stand in the file: pandas renames the second of two.
            names = pd.read_csv(path, header=None, nrows=1, dtype=str, **layout).iloc[0].dropna().str.strip()
    except UnicodeDecodeError:
        raise InputError(f"{path}: is no UTF-8 text; save it as a csv in UTF-8, or as parquet") from None
    except Exception as error:  # pandas and pyarrow raise many kinds; each means the file cannot be read
        raise InputError(f"{path}: cannot be read as a table ({str(error).splitlines()[0]})") from None
    if table.empty:
        raise InputError(f"{path}: has no rows")
    repeated = list(names[names.duplicated()])
    if repeated:
        raise InputError(f"{path}: column {repeated[0]!r} occurs twice; rename or drop one of the two")
    return table


def _with_codes(table, path, layout):
    """The table with columns that hold values such as ``01`` (speakers, sessions, partitions) as they are written."""
    numbers = set(table.select_dtypes("number").columns)
    written = pd.read_csv(path, dtype=str, usecols=lambda name: name.strip() in numbers, **layout)
    written.columns = written.columns.str.strip()
    found = [name for name in written.columns if written[name].str.fullmatch(r"\s*0\d+\s*").any()]
    return table.assign(**{name: written[name] for name in found})


def _separator(path):
    """The separator of a text table: the one of ``, ; tab`` that its header line has most of."""
    with open(path, encoding="utf-8-sig") as file:
        header = file.readline()
    return max(",;\t", key=header.count)


def index_by_id(table, column, source):
    """The table indexed by clip id (text); empty and repeated ids are refused."""
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


def as_text(column):
    """Ids, groups and labels as text: whole numbers without ``.0``, missing values as missing."""
    column = pd.Series(column)
    if pd.api.types.is_float_dtype(column):
        whole = column.dropna() % 1 == 0
        if whole.all():
            return column.astype("Int64").astype("string").astype(object)
    return column.map(lambda value: value if pd.isna(value) else str(value).strip()).astype(object)
