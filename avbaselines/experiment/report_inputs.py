"""Tables that the report page draws beside the results: predictions of the picked rows, and weights of fusions."""

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import pandas as pd

from avbaselines.corpora.corpus import Corpus
from avbaselines.experiment.fitting.fitted_run import FittedRun
from avbaselines.experiment.planning.system import PickedSystem
from avbaselines.experiment.predictions_file import ProtocolRows
from avbaselines.experiment.scoring.comparisons import fusion_weights
from avbaselines.experiment.scoring.scoreboard import Scored
from avbaselines.results_table import ResultRow


def predictions_shown(folder: Path, parts: Sequence[ProtocolRows], results: Iterable[ResultRow]) -> pd.DataFrame:
    """Test predictions that the page draws: of the picked rows and their unmatched twins; all, where none was picked.

    Where the splits disagree, the twin of the picked row is put together from those of each split's system.

    Parameters
    ----------
    folder
        Of the run, its ``predictions.parquet`` written.
    parts
        By protocol.
    results
        All rows of results.csv.

    Returns
    -------
    pandas.DataFrame
        As predictions.parquet; of corpora that are continuous in time with the columns recording and time (seconds).
    """
    picked = {row.system for row in results if row.picked}
    wanted, composed = set(picked), []
    for run, rows, _ in parts:
        by_name = {system.name: system for system in run.systems}
        wanted |= {label for system in run.systems if picked & set(system.labels) for label in system.labels}
        system = _composed(rows)
        if system is None or system.raw_label is None:
            continue
        for split, name in zip(run.corpus.splits, system.choices, strict=True):
            composed.append((run.protocol, split.name, by_name[name].raw_label or name, system.raw_label))
    wanted |= {source for _, _, source, _ in composed}
    filters: list[tuple[str, str, object]] = [("part", "==", "test")]
    filters += [("system", "in", sorted(wanted))] if picked else []
    with open(Path(folder) / "predictions.parquet", "rb") as stream:
        table = pd.read_parquet(stream, filters=filters)
    table = table.astype(dict.fromkeys(["protocol", "split", "system", "clip_id"], str))
    twins = [
        table[(table["protocol"] == protocol) & (table["split"] == split) & (table["system"] == source)].assign(
            system=label
        )
        for protocol, split, source, label in composed
    ]
    return _in_time(pd.concat([table, *twins], ignore_index=True), parts[0][0].corpus)


def _composed(rows: Iterable[Scored]) -> PickedSystem | None:
    """The row that is another system in each split, where the splits disagree."""
    return next((row.system for row in rows if isinstance(row.system, PickedSystem)), None)


def _in_time(table: pd.DataFrame, corpus: Corpus) -> pd.DataFrame:
    if corpus.recordings is None or corpus.times is None:
        return table
    row = pd.Index(corpus.ids.astype(str)).get_indexer(table["clip_id"])
    return table.assign(recording=corpus.recordings[row], time=corpus.times[row])


def weights_shown(parts: Sequence[ProtocolRows], fitted_runs: Sequence[FittedRun]) -> pd.DataFrame:
    """The share of each input in each fusion by protocol; a row put together takes of each system its share of splits.

    Parameters
    ----------
    parts, fitted_runs
        By protocol.

    Returns
    -------
    pandas.DataFrame
        protocol, system, target, input, weight.
    """
    tables = []
    for (run, rows, _), fitted_run in zip(parts, fitted_runs, strict=True):
        weights = [fusion_weights(run.systems, fitted_run, run.corpus.splits).assign(protocol=run.protocol)]
        system = _composed(rows)
        if system is not None:
            shares = [
                (system.name, target.name, name, count / len(system.choices), run.protocol)
                for target in run.corpus.targets
                for name, count in Counter(system.choices).items()
            ]
            weights.append(pd.DataFrame(shares, columns=["system", "target", "input", "weight", "protocol"]))
        tables.append(pd.concat(weights))
    return pd.concat(tables, ignore_index=True)
