"""What the report page draws beside the results: predictions of the picked rows, and what feeds them."""

from collections import Counter
from pathlib import Path

import pandas as pd

from avbaselines.experiment.planning.reserved_names import PICKED
from avbaselines.experiment.scoring.comparisons import fusion_weights


def predictions_shown(folder, parts, results):
    """Test predictions that the page draws: of the picked rows and their unmatched twins; all, where none was picked.

    Where the splits disagree, the twin ``picked-raw`` is put together from those of each split's system. Corpora that
    are continuous in time have the columns recording and time (seconds) too.

    Parameters
    ----------
    folder : Path
        Of the run, its ``predictions.parquet`` written.
    parts : list of (Side, list of Scored, list of Split)
        By protocol.
    results : pandas.DataFrame
        Rows of results.csv.

    Returns
    -------
    pandas.DataFrame
    """
    picked = set(results.loc[results["picked"] == "yes", "system"])
    raw_of, wanted = {}, set(picked)
    for side, rows, _ in parts:
        by_name = {system.name: system for system in side.systems}
        composed = next((row.system.inputs for row in rows if row.name == PICKED), ())
        raw_of[side.protocol] = [
            (split.name, by_name[name].raw_name or name)
            for split, name in zip(side.corpus.splits, composed, strict=False)  # none, where one row was picked
            if any(by_name[other].raw_name for other in composed)
        ]
        wanted |= {name for _, name in raw_of[side.protocol]}
        wanted |= {row for system in side.systems if picked & set(system.rows) for row in system.rows}
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


def _in_time(table, corpus):
    if corpus.recordings is None or corpus.times is None:
        return table
    row = pd.Index(corpus.ids.astype(str)).get_indexer(table["clip_id"])
    return table.assign(recording=corpus.recordings[row], time=corpus.times[row])


def weights_shown(parts, outcomes):
    """What each fusion takes of each input by protocol; a row put together takes of each system its share of splits.

    Parameters
    ----------
    parts : list of (Side, list of Scored, list of Split)
    outcomes : list of Outcome

    Returns
    -------
    pandas.DataFrame
        protocol, system, target, input, weight.
    """
    found = []
    for (side, rows, _), outcome in zip(parts, outcomes, strict=True):
        splits = side.corpus.splits
        weights = fusion_weights(side.systems, outcome, splits)
        composed = next((row.system.inputs for row in rows if row.name == PICKED), ())
        shares = [
            (PICKED, target.name, name, count / len(composed))
            for target in side.corpus.targets
            for name, count in Counter(composed).items()
        ]
        shares = pd.DataFrame(shares, columns=["system", "target", "input", "weight"])
        found.append(pd.concat([weights, shares] if len(shares) else [weights]).assign(protocol=side.protocol))
    return pd.concat(found, ignore_index=True)
