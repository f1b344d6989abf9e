"""All trials of a run as tables: tuning.csv, and the importances of parameters for the report."""

import json
from collections.abc import Sequence
from typing import Any

import pandas as pd

from avbaselines.experiment.fitting.fitted_run import FittedRun
from avbaselines.experiment.fitting.store import Trial
from avbaselines.experiment.planning.system import BaseSystem, FusionSystem
from avbaselines.experiment.protocol_run import ProtocolRun

COLUMNS = ["protocol", "split", "system", "trial", "value", "state", "params", "reason"]


def trial_tables(
    runs: Sequence[ProtocolRun], fitted_runs: Sequence[FittedRun]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Trials and importances of every tuned system in every split.

    Parameters
    ----------
    runs, fitted_runs
        By protocol.

    Returns
    -------
    trials : DataFrame
        Columns `COLUMNS`; ``params`` is JSON.
    importance : DataFrame
        Columns protocol, split, system, parameter, importance.

    Examples
    --------
    >>> trials, importance = trial_tables([], [])
    >>> len(trials), list(importance)
    (0, ['protocol', 'split', 'system', 'parameter', 'importance'])
    """
    trials, importance = [], []
    for run, fitted_run in zip(runs, fitted_runs, strict=True):
        tuned = {
            system.name for system in run.systems if isinstance(system, BaseSystem | FusionSystem) and system.tuning
        }
        for (split, system), key in fitted_run.keys.items():
            if system not in tuned:
                continue
            name = str(split) if split.fold is None else f"{split.outer}~{split.fold}"
            place, fitted = {"protocol": run.protocol, "split": name, "system": system}, fitted_run.store.load(key)
            trials += [place | _row(trial) for trial in fitted.trials]
            importance += [
                place | {"parameter": name, "importance": share} for name, share in fitted.importance.items()
            ]
    columns = [*COLUMNS[:3], "parameter", "importance"]
    return pd.DataFrame(trials, columns=COLUMNS), pd.DataFrame(importance, columns=columns)


def _row(trial: Trial) -> dict[str, Any]:
    return {
        "trial": trial.number,
        "value": trial.value,
        "state": trial.state,
        "params": json.dumps(trial.params),
        "reason": trial.reason,
    }
