"""Two run folders of one study, before and after a change of the code: which tables are equal, which values moved.

    python benchmarks/compare_runs.py BEFORE AFTER [BEFORE AFTER ...]

Compares the csv tables (column ``seconds`` aside) and the leaderboards, exactly, and predictions.parquet whatever the
order of its rows; predictions that were written as float64 in one and as float32 in the other are compared as float32.
Exit status 1 where anything differs.
"""

import argparse
import sys
from pathlib import Path

import pandas as pd

TIMES = ["seconds"]
TEXTS = ("leaderboard.md", "leaderboard.tex")


def moved(before: pd.DataFrame, after: pd.DataFrame) -> str:
    """What differs between two tables, in words; empty where nothing does.

    Examples
    --------
    >>> table = pd.DataFrame({"value": [0.1, 0.2], "seconds": [3, 4]})
    >>> moved(table, table.assign(seconds=9)), moved(table, table.assign(value=[0.1, 0.25]))
    ('', 'value: 1 of 2 values, by up to 0.05')
    """
    before, after = (table.drop(columns=TIMES, errors="ignore") for table in (before, after))
    if list(before.columns) != list(after.columns):
        return f"columns: {sorted(set(before.columns) ^ set(after.columns)) or 'another order'}"
    if len(before) != len(after):
        return f"{len(before)} rows before, {len(after)} after"
    parts = []
    for column in before:
        old, new = before[column], after[column]
        different = (old != new) & ~(old.isna() & new.isna())
        if different.any():
            numeric = all(pd.api.types.is_numeric_dtype(values) for values in (old, new))
            size = f", by up to {(old - new).abs().max():.3g}" if numeric else f", such as {new[different].iloc[0]!r}"
            parts.append(f"{column}: {int(different.sum())} of {len(old)} values{size}")
    return "; ".join(parts)


def compare(before: Path, after: Path) -> dict[str, str]:
    """What differs by file of two run folders; an empty text where a file is equal."""
    names = sorted({path.name for folder in (before, after) for path in folder.iterdir()})
    differences = {}
    for name in names:
        paths = before / name, after / name
        if not (name.endswith(".csv") or name in TEXTS or name == "predictions.parquet"):
            continue
        if not all(path.is_file() for path in paths):
            differences[name] = f"only in {'the first' if paths[0].is_file() else 'the second'}"
        elif name in TEXTS:
            same = paths[0].read_bytes() == paths[1].read_bytes()
            differences[name] = "" if same else "another text"
        else:
            read = _predictions if name.endswith(".parquet") else pd.read_csv
            differences[name] = moved(*(read(path) for path in paths))
    return differences


def _predictions(path: Path) -> pd.DataFrame:
    """The table in one order, texts as texts, predictions as float32."""
    table = pd.read_parquet(path)
    texts = [column for column in table if column not in ("truth", "prediction")]
    table = table.astype(dict.fromkeys(texts, str) | {"truth": "float64", "prediction": "float32"})
    return table.sort_values(texts, ignore_index=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER")
    folders = parser.parse_args().folders
    if len(folders) % 2:
        parser.error("folders come in pairs: before, after")
    status = 0
    for before, after in zip(folders[::2], folders[1::2], strict=True):
        differences = compare(before, after)
        for name, difference in differences.items():
            print(f"{after.name:20} {name:22} {difference or 'identical'}")
        status |= any(differences.values())
    return status


if __name__ == "__main__":
    sys.exit(main())
