"""What the report page draws beside the results: predictions of the picked rows, and what feeds them."""

from collections import Counter
from pathlib import Path

import pandas as pd

from avbaselines.experiment.planning.reserved_names import PICKED
from avbaselines.experiment.planning.system import PickedSystem
from avbaselines.experiment.scoring.comparisons import fusion_weights
from avbaselines.experiment.scoring.scoreboard import Scored


def predictions_shown(folder, parts, results):
    """Test predictions that the page draws: of the picked rows and their unmatched twins; all, where none was picked.

    Where the splits disagree, the twin ``picked-raw`` is put together from those of each split's system. Corpora that
    are continuous in time have the columns recording and time (seconds) too.

    Parameters
    ----------
    folder : Path
        Of the run, its ``predictions.parquet`` written.
    parts : list of (ProtocolRun, list of Scored, list of Split)
        By protocol.
    results : pandas.DataFrame
        Rows of results.csv.

    Returns
    -------
    pandas.DataFrame
    """
    picked = set(results.loc[results["picked"] == "yes", "system"])
    raw_of, wanted = {}, set(picked)
    for run, rows, _ in parts:
        by_name = {system.name: system for system in run.systems}
        composed = _choices(rows)
        raw_of[run.protocol] = [
            (split.name, by_name[name].raw_label or name)
            for split, name in zip(run.corpus.splits, composed, strict=False)  # none, where one row was picked
            if any(by_name[other].matched for other in composed)
        ]
        wanted |= {name for _, name in raw_of[run.protocol]}
        wanted |= {label for system in run.systems if picked & set(system.labels) for label in system.labels}
    filters = [("part", "==", "test"), *([("system", "in", sorted(wanted))] if picked else [])]
    table = pd.read_parquet(Path(folder) / "predictions.parquet", filters=filters)
    text = ["protocol", "split", "system", "clip_id"]
    table = table.astype(dict.fromkeys(text, str))
    twins = [
        table[(table["protocol"] == protocol) & (table["split"] == split) & (table["system"] == name)]
        for protocol, pairs in raw_of.items()
        for split, name in pairs
    ]
    table = pd.concat([table, *(twin.assign(system=f"{PICKED}-raw") for twin in twins)], ignore_index=True)
    return _in_time(table, parts[0][0].corpus)


def _choices(rows: list[Scored]) -> tuple[str, ...]:
    """System chosen in each split, where the splits disagree."""
    return next((row.system.choices for row in rows if isinstance(row.system, PickedSystem)), ())


def _in_time(table, corpus):
    if corpus.recordings is None or corpus.times is None:
        return table
    row = pd.Index(corpus.ids.astype(str)).get_indexer(table["clip_id"])
    return table.assign(recording=corpus.recordings[row], time=corpus.times[row])


def weights_shown(parts, fitted_runs):
    """What each fusion takes of each input by protocol; a row put together takes of each system its share of splits.

    Parameters
    ----------
    parts : list of (ProtocolRun, list of Scored, list of Split)
    fitted_runs : list of FittedRun

    Returns
    -------
    pandas.DataFrame
        protocol, system, target, input, weight.
    """
    found = []
    for (run, rows, _), fitted_run in zip(parts, fitted_runs, strict=True):
        splits = run.corpus.splits
        weights = fusion_weights(run.systems, fitted_run, splits)
        composed = _choices(rows)
        shares = [
            (PICKED, target.name, name, count / len(composed))
            for target in run.corpus.targets
            for name, count in Counter(composed).items()
        ]
        shares = pd.DataFrame(shares, columns=["system", "target", "input", "weight"])
        found.append(pd.concat([weights, shares] if len(shares) else [weights]).assign(protocol=run.protocol))
    return pd.concat(found, ignore_index=True)
