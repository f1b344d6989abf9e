"""The run folder: results, predictions, models, the study as run, and where it all came from."""

import json
import os
import platform
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import pandas as pd

from avbaselines.experiment.fitting.fitted_run import FittedRun
from avbaselines.experiment.fitting.store import digest, replacing
from avbaselines.experiment.protocol_run import ProtocolRun
from avbaselines.results_table import ResultRow, results_frame
from avbaselines.safe_text import as_cells
from avbaselines.study import Study, dump_study
from avbaselines.version import __version__

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
