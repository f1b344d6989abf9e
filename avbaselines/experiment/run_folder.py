"""The run folder: results, predictions, models, the study as run, and where it all came from."""

import json
import os
import platform
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from avbaselines.corpora.corpus import Corpus, Split
from avbaselines.errors import InputError
from avbaselines.experiment.fitting.fitted_run import FittedRun
from avbaselines.experiment.fitting.store import digest, replacing
from avbaselines.experiment.protocol_run import ProtocolRun
from avbaselines.experiment.scoring.scoreboard import Scored
from avbaselines.results_table import ResultRow, results_frame
from avbaselines.safe_text import as_cells
from avbaselines.study import Study, dump_study
from avbaselines.version import __version__

# Beyond this many rows the out-of-fold predictions of every split give way to those of the shipped split.
MOST_OOF_ROWS = 20_000_000
ProtocolRows = tuple[ProtocolRun, Sequence[Scored], Sequence[Split]]
"""A protocol's run, its rows, and the splits that these have predictions of."""
LIBRARIES = (
    "numpy",
    "pandas",
    "scipy",
    "scikit-learn",
    "lightgbm",
    "xgboost",
    "opensmile",
    "optuna",
    "joblib",
    "skops",
)


def write_text(path: Path, text: str) -> None:
    """Write a text file, whole or not at all; of a path that is no UTF-8, the bytes that are none are spelt out.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_text(Path(folder) / "note.md", "# Notes")
    ...     (Path(folder) / "note.md").read_text()
    '# Notes'
    """
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8", errors="backslashreplace")


def write_results(folder: Path, results: Iterable[ResultRow], comparisons: pd.DataFrame) -> None:
    """Write results.csv, and comparisons.csv beside it.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_results(Path(folder), [], pd.DataFrame(columns=["system_a", "system_b"]))
    ...     sorted(path.name for path in Path(folder).iterdir())
    ['comparisons.csv', 'results.csv']
    """
    with replacing(Path(folder) / "results.csv") as temporary:
        as_cells(results_frame(results)).to_csv(temporary, index=False)
    with replacing(Path(folder) / "comparisons.csv") as temporary:
        as_cells(comparisons).to_csv(temporary, index=False)


def write_extras(folder: Path, files: Mapping[str, pd.DataFrame | str | None]) -> None:
    """Write tables and texts that only some runs have; where there is none, what an earlier run left goes.

    Parameters
    ----------
    folder
    files
        By file name.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_extras(Path(folder), {"masking.md": "# Missing modalities", "masking.csv": None})
    ...     [path.name for path in Path(folder).iterdir()]
    ['masking.md']
    """
    for name, content in files.items():
        path = Path(folder) / name
        if content is None:
            path.unlink(missing_ok=True)
        elif isinstance(content, str):
            write_text(path, content)
        else:
            with replacing(path) as temporary:
                as_cells(content).to_csv(temporary, index=False)


def write_study(folder: Path, study: Study) -> None:
    """Write study.toml with every default filled in."""
    with replacing(Path(folder) / "study.toml") as temporary:
        dump_study(study, temporary)


def write_predictions(folder: Path, runs: Sequence[ProtocolRows]) -> None:
    """Write predictions.parquet, a row group a system and split.

    Class targets have a row a class: truth 1 for the clip's own class, else 0 (NaN where not labelled), and the
    posterior as prediction. The part of a clip to learn from is ``dev`` where the split says so, else ``train_oof``;
    both are out-of-fold predictions.

    Parameters
    ----------
    folder
    runs
        Each protocol's rows, and its splits: the evaluated ones and the shipped one.

    Raises
    ------
    InputError
        No system could be fitted.
    """
    # An open file, for pyarrow knows no path that is no text.
    with replacing(Path(folder) / "predictions.parquet") as temporary, open(temporary, "wb") as sink:
        writer = None
        for run, rows, splits in runs:
            width = sum(target.width for target in run.corpus.targets)
            every_oof = len(rows) * width * sum(len(split.fit) for split in splits) <= MOST_OOF_ROWS
            for row in rows:
                for split in splits:
                    if split.name not in row.test:
                        continue
                    with_oof = every_oof or split is splits[-1]
                    table = _prediction_table(run.corpus, row, split, run.protocol, with_oof)
                    writer = writer or pq.ParquetWriter(sink, table.schema)
                    writer.write_table(table)
        if writer is None:
            row = runs[0][1][0]
            reason = next(iter((row.failed or {}).values()))
            raise InputError(f"no system could be fitted, so there is nothing to write ({row.name}: {reason})")
        writer.close()


def _prediction_table(corpus: Corpus, row: Scored, split: Split, protocol: str, with_oof: bool) -> pa.Table:
    """One system's predictions in one split; texts as codes into short dictionaries, as there are millions of them."""
    parts = [(split.test, np.zeros(len(split.test), int), row.test[split.name])]
    if with_oof:
        parts.append((split.fit, np.where(np.isin(split.fit, split.dev), 1, 2), row.oof[split.name]))
    classes = [""] + [label for target in corpus.targets for label in target.classes]
    blocks: list[tuple[np.ndarray, ...]] = []
    for rows, part, predictions in parts:
        first = 1
        for number, target in enumerate(corpus.targets):
            truth = corpus.y[target.name][rows]
            for column in range(target.width):
                own = np.where(np.isnan(truth), np.nan, truth == column) if target.classes else truth
                code = first + column if target.classes else 0
                codes = np.full(len(rows), number), np.full(len(rows), code)
                blocks.append((rows, part, *codes, own.astype(float), predictions[target.name][:, column]))
            first += len(target.classes)
    clips, which, target_codes, class_codes, truths, values = map(np.concatenate, zip(*blocks, strict=True))
    group_names, group_codes = np.unique(corpus.groups, return_inverse=True)
    constant = np.zeros(len(clips), int)
    texts: dict[str, tuple[np.ndarray, Iterable[object]]] = {
        "protocol": (constant, [protocol]),
        "split": (constant, [split.name]),
        "part": (which, ["test", "dev", "train_oof"]),
        "system": (constant, [row.name]),
        "target": (target_codes, [target.name for target in corpus.targets]),
        "class": (class_codes, classes),
        "clip_id": (clips, corpus.ids),
        "group": (group_codes[clips], group_names),
    }
    columns = {name: _coded(codes, words) for name, (codes, words) in texts.items()}
    return pa.table({**columns, "truth": truths, "prediction": values})


def _coded(codes: np.ndarray, words: Iterable[object]) -> pa.DictionaryArray:
    texts = pa.array([str(word) for word in words], pa.string())
    return pa.DictionaryArray.from_arrays(pa.array(codes.astype(np.int32)), texts)


def write_provenance(
    folder: Path,
    runs: Sequence[ProtocolRun],
    fitted_runs: Sequence[FittedRun],
    *,
    command: Sequence[str],
    jobs: int,
    seconds: float,
    device: tuple[str, str] = ("cpu", ""),
) -> dict[str, Any]:
    """Write provenance.json: versions, machine, inputs and splits by digest, seed, command line, commit, timings.

    Parameters
    ----------
    folder
    runs, fitted_runs
        Of each protocol.
    command
        The command line.
    jobs
        Processes at a time.
    seconds
        That the run took.
    device
        On which models were fitted, and why that is not the one asked for.

    Returns
    -------
    dict
        As written.
    """
    study, corpus = runs[0].study, runs[0].corpus
    provenance = {
        "avbaselines": __version__,
        "python": platform.python_version(),
        "libraries": {name: _version(name) for name in LIBRARIES},
        "machine": {"system": platform.platform(), "processor": platform.machine(), "cores": os.cpu_count()},
        "jobs": jobs,
        "threads_per_job": 1,
        "device": device[0],
        "device_note": device[1],
        "seed": study.seed,
        "command": command,
        **_commit(),
        "protocols": [run.protocol for run in runs],
        "sha256": _digests(runs),
        "modalities": {name: modality.info.described() for name, modality in corpus.modalities.items()},
        "shipped_split": fitted_runs[0].shipped.outer,
        "fits_computed": sum(fitted_run.computed for fitted_run in fitted_runs),
        "damaged": [path.name for fitted_run in fitted_runs for path in fitted_run.store.damaged],
        "seconds": round(seconds, 2),
        "notes": corpus.notes,
    }
    write_text(Path(folder) / "provenance.json", json.dumps(provenance, indent=1, default=str))
    return provenance


def _digests(runs: Sequence[ProtocolRun]) -> dict[str, Any]:
    """Digests of all inputs and splits."""
    corpus = runs[0].corpus
    return {
        "clips": digest(corpus.ids, corpus.groups),
        "targets": {name: digest(values) for name, values in corpus.y.items()},
        "modalities": {name: digest(modality.X) for name, modality in corpus.modalities.items()},
        "splits": {
            run.protocol: {split.name: digest(split.train, split.dev, split.test) for split in run.corpus.splits}
            for run in runs
        },
    }


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _commit() -> dict[str, Any]:
    """Commit of the checkout the package lies in, and whether it has changes.

    None for an installed package, and where there is no git to ask.
    """
    root = Path(__file__).resolve().parents[2]
    if not (root / ".git").exists():
        return {"commit": None, "dirty": None}

    def git(*words: str) -> str:
        return subprocess.run(
            ["git", "-C", str(root), *words], capture_output=True, text=True, check=False
        ).stdout.strip()

    try:
        return {"commit": git("rev-parse", "HEAD") or None, "dirty": bool(git("status", "--porcelain"))}
    except OSError:
        return {"commit": None, "dirty": None}
