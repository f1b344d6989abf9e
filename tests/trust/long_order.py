"""The same study told in another order, and whether it gave the same results."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from small_study import SmallStudy, read_table, write_features

KEYS = ["protocol", "split", "part", "system", "target", "class", "clip_id"]


def shuffle_rows(study: SmallStudy, seed: int) -> None:
    """Rewrite clips.csv and every table of features with their rows in a random order."""
    rng = np.random.default_rng(seed)
    clips = study.clips()
    clips.iloc[rng.permutation(len(clips))].to_csv(study.folder / "clips.csv", index=False)
    for path in study.folder.glob("*.npz"):
        with np.load(path) as stored:
            content = dict(stored)
        order = rng.permutation(len(content["clip_id"]))
        np.savez(path, **content | {name: content[name][order] for name in ("clip_id", "X")})
    for path in set(study.folder.glob("*.csv")) - {study.folder / "clips.csv"}:
        table = pd.read_csv(path, dtype={"clip_id": str})
        table.iloc[rng.permutation(len(table))].to_csv(path, index=False)


def add_unrelated_column(study: SmallStudy, seed: int) -> None:
    """Give clips.csv a column of random numbers in front of the others."""
    clips = study.clips()
    clips.insert(0, "unrelated", np.random.default_rng(seed).normal(size=len(clips)))
    clips.to_csv(study.folder / "clips.csv", index=False)


def differences(one: Path, other: Path) -> list[str]:
    """What differs between the results of two runs, bit for bit, but for the time that fits took."""
    found = []
    for name in ("results.csv", "comparisons.csv", "splits.csv"):
        tables = [read_table(run / name).drop(columns="seconds", errors="ignore") for run in (one, other)
                  if (run / name).is_file()]  # fmt: skip
        if tables and (len(tables) < 2 or not tables[0].equals(tables[1])):
            told = f"{_cells(tables)} cells differ" if len(tables) == 2 else "only one run has it"
            found.append(f"{name}: {told}")
    first, second = (
        pd.read_parquet(run / "predictions.parquet").astype(dict.fromkeys(KEYS, str)).set_index(KEYS).sort_index()
        for run in (one, other)
    )
    if not first.equals(second.reindex(columns=first.columns)):
        same = first.index.equals(second.index)
        far = float((first["prediction"] - second["prediction"]).abs().max()) if same else float("nan")
        found.append(f"predictions.parquet: by up to {far:g}" if same else "predictions.parquet: other rows")
    return found


def _cells(tables: list[pd.DataFrame]) -> int:
    first, second = tables
    if first.shape != second.shape:
        return max(first.size, second.size)
    return int((~(first.eq(second) | (first.isna() & second.isna()))).to_numpy().sum())


def changed(study: SmallStudy, folder: Path, change: Callable[[SmallStudy, int], None], seed: int) -> SmallStudy:
    """A copy of a study in another folder, without its runs, told in another way."""
    copy = study.copy(folder)
    change(copy, seed)
    return copy


__all__ = ["add_unrelated_column", "changed", "differences", "shuffle_rows", "write_features"]
