"""All trials of a run as tables: tuning.csv, and what the report draws of them."""

import json

import pandas as pd

COLUMNS = ["protocol", "split", "system", "trial", "value", "state", "params", "reason"]


def trial_tables(sides, outcomes):
    """Trials and importances of every tuned system in every split.

    Parameters
    ----------
    sides : list of Side
    outcomes : list of Outcome

    Returns
    -------
    trials : DataFrame
        Columns `COLUMNS`; ``params`` is JSON.
    importance : DataFrame
        Columns protocol, split, system, parameter, importance.
    """
    trials, importance = [], []
    for side, outcome in zip(sides, outcomes, strict=True):
        tuned = [system.name for system in side.systems if system.tuning]
        for (split, system), key in outcome.keys.items():
            if system not in tuned:
                continue
            place, fitted = {"protocol": side.protocol, "split": split, "system": system}, outcome.store.load(key)
            trials += [place | row | {"params": json.dumps(row["params"])} for row in fitted.trials]
            importance += [
                place | {"parameter": name, "importance": share} for name, share in fitted.importance.items()
            ]
    columns = [*COLUMNS[:3], "parameter", "importance"]
    return pd.DataFrame(trials, columns=COLUMNS), pd.DataFrame(importance, columns=columns)
