"""A finished run written into MLflow: parameters, metrics and artifacts."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from avbaselines.errors import InputError
from avbaselines.finished_run import STUDY, FinishedRun, read_run

__all__ = ["to_mlflow"]

# Signs that MLflow takes in names, and the lengths that it takes at most.
_OTHER_SIGNS = re.compile(r"[^\w\-. /]")
LONGEST_NAME, LONGEST_VALUE = 250, 6000
LEFT_OUT = {"work", "tuning"}


def to_mlflow(
    run: str | Path, *, experiment: str | None = None, tracking_uri: str | None = None, models: bool = False
) -> str:
    """Write a finished run into MLflow.

    Parameters
    ----------
    run
        The run folder.
    experiment
        Name of the experiment; by default the one that MLflow is set to.
    tracking_uri
        Where to; by default where MLflow is set to.
    models
        Whether fitted models are artifacts, too.

    Returns
    -------
    str
        Id of the run in MLflow.

    Raises
    ------
    InputError
        Where the folder holds no finished run, or MLflow is not installed.

    Examples
    --------
    >>> to_mlflow("nowhere")
    Traceback (most recent call last):
    avbaselines.errors.InputError: nowhere: no finished run, which has a results.csv; run the study first
    """
    finished = read_run(run)
    try:
        import mlflow
    except ModuleNotFoundError:
        raise InputError("MLflow is not installed; pip install 'avbaselines[mlflow]'") from None
    client = mlflow.MlflowClient(tracking_uri=tracking_uri)
    place = _experiment(client, mlflow, experiment)
    tags = {"avbaselines.version": finished.version, "avbaselines.folder": str(finished.folder.resolve())}
    entry = client.create_run(place, run_name=finished.key, tags={**tags, "avbaselines.title": finished.title})
    run_id = str(entry.info.run_id)
    params = [mlflow.entities.Param(name, value) for name, value in _parameters(finished).items()]
    metrics = [mlflow.entities.Metric(name, value, 0, 0) for name, value in metrics_of(finished).items()]
    # As many at a time as every server takes.
    for first in range(0, len(params), 100):
        client.log_batch(run_id, params=params[first : first + 100])
    for first in range(0, len(metrics), 1000):
        client.log_batch(run_id, metrics=metrics[first : first + 1000])
    for path, below in _artifacts(finished.folder, models):
        client.log_artifact(run_id, str(path), below)
    client.set_terminated(run_id)
    return run_id


def metrics_of(run: FinishedRun) -> dict[str, float]:
    """Figures of a run by ``protocol/system/target/metric``; of the picked system also by ``picked/target/metric``.

    Only figures over all splits (or the only one) count, and of two protocols that pick a system the first.

    Examples
    --------
    >>> import pandas as pd
    >>> row = {"protocol": "honest", "split": "all", "system": "a+b", "picked": "yes", "kind": "measured", "value": 0.5}
    >>> row |= {"target": "mood", "metric": "uar", "ci_low": 0.4, "ci_high": 0.6, "status": "ok"}
    >>> metrics_of(FinishedRun(Path("x"), "x", "X", {}, pd.DataFrame([row]), pd.DataFrame()))
    {'honest/a_b/mood/uar': 0.5, 'picked/mood/uar': 0.5, 'picked/mood/uar/ci_low': 0.4, 'picked/mood/uar/ci_high': 0.6}
    """
    table = run.results
    splits = list(dict.fromkeys(table.loc[table["kind"] == "measured", "split"]))
    whole = "all" if "all" in splits or len(splits) != 1 else splits[0]
    found: dict[str, float] = {}
    for row in table[(table["split"] == whole) & table["value"].notna()].to_dict("records"):
        figure = f"{row['target']}/{row['metric']}"
        own = {f"{row['protocol']}/{row['system']}/{figure}": row["value"]}
        if row["picked"] == "yes":
            own[f"picked/{figure}"] = row["value"]
            own |= {f"picked/{figure}/{end}": row[end] for end in ("ci_low", "ci_high") if row[end] == row[end]}
        for name, value in own.items():
            found.setdefault(_name(name), float(value))
    return found


def _experiment(client: Any, mlflow: Any, name: str | None) -> str:
    if name is None:
        return str(mlflow.tracking.fluent._get_experiment_id())
    known = client.get_experiment_by_name(name)
    return str(known.experiment_id if known is not None else client.create_experiment(name))


def _parameters(run: FinishedRun) -> dict[str, str]:
    """Keys of the study as run, dotted, with their values as text."""
    path = run.folder / STUDY
    study = tomllib.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return {_name(key): text[:LONGEST_VALUE] for key, text in _flat(study) if text}


def _flat(value: Any, key: str = "") -> Iterator[tuple[str, str]]:
    """Dotted keys and texts; lists are one text, reported figures are left to the metrics."""
    if isinstance(value, Mapping):
        for name, part in value.items():
            if key or name != "reported":
                yield from _flat(part, f"{key}.{name}" if key else str(name))
    else:
        yield key, str(value)


def _name(text: str) -> str:
    return _OTHER_SIGNS.sub("_", text)[:LONGEST_NAME]


def _artifacts(folder: Path, models: bool) -> Iterator[tuple[Path, str | None]]:
    """Files of a run, and the folder that each lies in."""
    for path in sorted(folder.rglob("*")):
        below = path.relative_to(folder).parts
        if path.is_file() and below[0] not in LEFT_OUT and (models or below[0] != "models"):
            yield path, "/".join(below[:-1]) or None
