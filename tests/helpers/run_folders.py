"""Run folders as finished runs leave them, written by hand: for whatever reads runs back."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import tomli_w

from avbaselines.results_table import COLUMNS

ROW = {"protocol": "honest", "split": "all", "kind": "measured", "status": "ok", "metric": "ccc", "target": "mean"}


def row(system: str, value: float, **cells: Any) -> dict[str, Any]:
    """A row of results.csv: the mean CCC of a system, unless said otherwise."""
    return dict.fromkeys(COLUMNS, "") | ROW | {"system": system, "value": value} | cells


def picked(system: str, value: float, **cells: Any) -> dict[str, Any]:
    """The row that is handed over, with an interval."""
    return row(system, value, **{"picked": "yes", "ci_low": value - 0.1, "ci_high": value + 0.1} | cells)


def write_run(
    folder: Path,
    rows: list[dict[str, Any]],
    *,
    title: str = "A study",
    metrics: dict[str, str] | None = None,
    comparisons: list[dict[str, Any]] | None = None,
    version: str = "0.2.0",
    clips: str = "a1",
) -> Path:
    """A run folder with results.csv, study.toml, provenance.json, report.html and, if given, comparisons.csv."""
    folder.mkdir(parents=True, exist_ok=True)
    pd.DataFrame(rows, columns=list(COLUMNS)).to_csv(folder / "results.csv", index=False)
    targets = {name: {"metric": metric} for name, metric in (metrics or {"arousal": "ccc", "valence": "ccc"}).items()}
    (folder / "study.toml").write_text(tomli_w.dumps({"title": title, "seed": 3, "targets": targets}))
    provenance = {"avbaselines": version, "sha256": {"clips": clips}, "seconds": 1.5}
    (folder / "provenance.json").write_text(json.dumps(provenance))
    (folder / "report.html").write_text("<p>report</p>")
    if comparisons is not None:
        pd.DataFrame(comparisons).to_csv(folder / "comparisons.csv", index=False)
    return folder
