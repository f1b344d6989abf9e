"""The same study told in another order, and whether it gave the same results."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from harness import Outcome
from small_study import SmallStudy, read_table, small_release

ROOT = Path(__file__).resolve().parents[2]
OVERRIDES = ("split={group_kfold=3, repeats=2}", "systems.learners=['ridge', 'lightgbm']", "systems.transductive=[]",
             "systems.fusion=['mean', 'ridge']")  # fmt: skip
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


CHANGES: dict[str, Callable[[SmallStudy, int], None]] = {
    "rows in another order": shuffle_rows,
    "an unrelated column": add_unrelated_column,
}
CASES = (*CHANGES, "two workers", "another folder", "another hash seed")


def as_command(study: SmallStudy, out: Path, jobs: int = 1, **environment: str) -> Path:
    """Run a study by the command, in a process of its own."""
    words = [sys.executable, "-m", "avbaselines.run", str(study.path), "--out", str(out), "--jobs", str(jobs)]
    done = subprocess.run(
        [*words, "--set", *OVERRIDES], cwd=ROOT, env=os.environ | environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return out


def told_otherwise(study: SmallStudy, whole: Path, case: str, seed: int) -> list[str]:
    """What differs between a study's results and those of the same study told in another way."""
    with tempfile.TemporaryDirectory(dir=study.folder.parent, ignore_cleanup_errors=True) as folder:
        if case in CHANGES:
            other = changed(study, Path(folder) / "other", CHANGES[case], seed)
            return differences(whole, other.run(*OVERRIDES).folder)
        if case == "another folder":
            other = changed(study, Path(folder) / "a b" / "c", lambda study, seed: None, seed)
            return differences(whole, other.run(*OVERRIDES, out=Path(folder) / "elsewhere").folder)
        if case == "two workers":
            return differences(whole, study.run(*OVERRIDES, out=Path(folder) / "run", jobs=2).folder)
        return differences(whole, as_command(study, Path(folder) / "run", PYTHONHASHSEED=str(seed)))


def trial(rounds: int, seed: int) -> list[Outcome]:
    """Tell small studies in other ways, so many times in all; each round of cases has a corpus of its own."""
    outcomes: list[Outcome] = []
    while len(outcomes) < rounds:
        drawn = seed + len(outcomes)
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            study = small_release(Path(folder) / "given", seed=drawn, speakers=7, clips=6)
            whole = study.run(*OVERRIDES).folder
            for case in CASES[: rounds - len(outcomes)]:
                wrong = told_otherwise(study, whole, case, drawn)
                outcomes.append(Outcome("order", case, not wrong, "; ".join(wrong)))
    return outcomes
