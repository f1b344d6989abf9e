"""Finished runs read back from their folders: results, paired comparisons, and where they came from."""

import json
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from avbaselines.errors import InputError
from avbaselines.results_table import NUMBERS
from avbaselines.safe_text import from_cell

__all__ = ["FinishedRun", "find_runs", "read_run", "results"]

RESULTS, COMPARISONS, STUDY, PROVENANCE = "results.csv", "comparisons.csv", "study.toml", "provenance.json"
NEEDED = ("protocol", "split", "system", "picked", "kind", "target", "metric", "value", "ci_low", "ci_high", "status")
# Folders inside a run, in which no other run is looked for, and how deep runs may lie below a folder that is named.
INSIDE, DEEPEST = {"models", "work", "tuning"}, 4


@dataclass(frozen=True)
class FinishedRun:
    """What the files of a run folder say.

    Attributes
    ----------
    folder
    key
        Its name among other runs: its path below the folder that it was found in.
    title
        Of the study.
    metrics
        By target, the metric that the study is judged by.
    results, comparisons
        Tables as written; of a run without comparisons an empty one.
    provenance

    Examples
    --------
    >>> run = FinishedRun(Path("runs/mine"), "mine", "Mine", {"arousal": "ccc"}, pd.DataFrame(), pd.DataFrame())
    >>> run.version, run.report
    ('', None)
    """

    folder: Path
    key: str
    title: str
    metrics: dict[str, str]
    results: pd.DataFrame
    comparisons: pd.DataFrame
    provenance: dict[str, Any] = field(default_factory=dict)

    @property
    def version(self) -> str:
        """Of avbaselines, empty where it is not known."""
        return str(self.provenance.get("avbaselines", ""))

    @property
    def clips_digest(self) -> str:
        """Of its clips and groups, empty where it is not known."""
        digests = self.provenance.get("sha256", {})
        return str(digests.get("clips", "")) if isinstance(digests, dict) else ""

    @property
    def report(self) -> Path | None:
        """Its report page, where there is one."""
        page = self.folder / "report.html"
        return page if page.is_file() else None


def results(run: str | Path) -> pd.DataFrame:
    """The table ``results.csv`` of a finished run: a row a figure of a system.

    Parameters
    ----------
    run
        The run folder.

    Returns
    -------
    pandas.DataFrame
        Texts are never missing (an empty text is); numbers are NaN where there are none.

    Raises
    ------
    InputError
        Where the folder holds no finished run.

    Examples
    --------
    >>> import avbaselines
    >>> avbaselines.results("nowhere")
    Traceback (most recent call last):
    avbaselines.errors.InputError: nowhere: no finished run, which has a results.csv; run the study first
    """
    path = Path(run) / RESULTS
    if not path.is_file():
        raise InputError(f"{run}: no finished run, which has a {RESULTS}; run the study first")
    return _read_table(path, NEEDED)


def read_run(folder: str | Path, key: str | None = None) -> FinishedRun:
    """A finished run; a study file or provenance that is not there leaves title and metrics to the results.

    Raises
    ------
    InputError
        Where the folder holds no finished run, or one of its files cannot be read.

    Examples
    --------
    >>> import tempfile
    >>> head = "protocol,split,system,picked,kind,target,metric,value,ci_low,ci_high,status"
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = Path(folder, "results.csv").write_text(f"{head}\\nhonest,all,svr,yes,measured,mood,uar,.5,.4,.6,ok\\n")
    ...     run = read_run(folder, "mine")
    >>> run.title, run.metrics
    ('mine', {'mood': 'uar'})
    """
    folder = Path(folder)
    table = results(folder)
    key = folder.resolve().name if key is None else key
    study = _study(folder / STUDY)
    targets = study.get("targets", {})
    metrics = {name: str(target["metric"]) for name, target in targets.items()} if targets else _metrics(table)
    comparisons = pd.DataFrame()
    if (folder / COMPARISONS).is_file():
        comparisons = _read_table(folder / COMPARISONS, ("system_a", "system_b", "target", "ci_low", "ci_high"))
    title = str(study.get("title", key))
    return FinishedRun(folder, key, title, metrics, table, comparisons, _provenance(folder / PROVENANCE))


def find_runs(places: Iterable[str | Path]) -> list[FinishedRun]:
    """The runs in folders, each of which is a run or holds runs; in the order of the folders, then of the names.

    Raises
    ------
    InputError
        A folder that is not there or holds no run.

    Examples
    --------
    >>> find_runs(["nowhere"])
    Traceback (most recent call last):
    avbaselines.errors.InputError: nowhere: no such folder
    """
    found: dict[Path, FinishedRun] = {}
    for place in map(Path, places):
        if not place.is_dir():
            raise InputError(f"{place}: no such folder")
        folders = list(_runs_below(place, DEEPEST))
        if not folders:
            raise InputError(f"{place}: no finished run here or below, which has a {RESULTS}; run a study first")
        for folder in folders:
            key = folder.relative_to(place).as_posix() if folder != place else None
            found.setdefault(folder.resolve(), read_run(folder, key))
    return list(found.values())


def _runs_below(folder: Path, depth: int) -> Iterator[Path]:
    if (folder / RESULTS).is_file():
        yield folder
    elif depth:
        for child in sorted(path for path in folder.iterdir() if path.is_dir()):
            if child.name not in INSIDE and not child.name.startswith("."):
                yield from _runs_below(child, depth - 1)


def _read_table(path: Path, needed: Iterable[str]) -> pd.DataFrame:
    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False)
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read ({error}); run the study again") from None
    lacking = [name for name in needed if name not in table.columns]
    if lacking:
        raise InputError(f"{path}: lacks column {lacking[0]!r}; run the study again")
    table = table.apply(lambda column: column.map(from_cell))
    numbers = {*NUMBERS, "difference", "p_value", "p_holm", "p_floor", "margin"} & set(table.columns)
    return table.assign(**{name: pd.to_numeric(table[name], errors="coerce") for name in numbers})


def _study(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read ({error}); run the study again") from None


def _provenance(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read ({error}); run the study again") from None
    return content if isinstance(content, dict) else {}


def _metrics(table: pd.DataFrame) -> dict[str, str]:
    """The first metric of each target."""
    measured = table[(table["kind"] == "measured") & ~table["target"].isin(["mean", "combined"])]
    return dict(measured.groupby("target", sort=False)["metric"].first().items())
