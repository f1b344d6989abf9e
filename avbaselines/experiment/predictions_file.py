"""predictions.parquet: every row's predictions of evaluated clips, and out-of-fold of the clips to learn from."""

from collections.abc import Iterable, Iterator, Sequence
from inspect import signature
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from avbaselines.corpora.corpus import Corpus, Split, Target
from avbaselines.errors import InputError
from avbaselines.experiment.fitting.store import replacing
from avbaselines.experiment.protocol_run import ProtocolRun
from avbaselines.experiment.scoring.scoreboard import Scored

__all__ = ["FILE", "ProtocolRows", "write_predictions"]

FILE = "predictions.parquet"
# Beyond this many rows the out-of-fold predictions of every split give way to those of the shipped split.
MOST_OOF_ROWS = 20_000_000
ROW_GROUP = 1_000_000
"""Rows that are compressed together, and held in memory until they are."""
PAGE = 2**22
"""Bytes of a page before it is compressed."""
PARTS = ("test", "dev", "train_oof")
ProtocolRows = tuple[ProtocolRun, Sequence[Scored], Sequence[Split]]
"""A protocol's run, its rows, and the splits that these have predictions of."""


def write_predictions(folder: Path, runs: Sequence[ProtocolRows]) -> None:
    """Write predictions.parquet: of each protocol first the evaluated clips, split by split, then the others.

    Class targets have a row a class: truth 1 for the clip's own class, else 0 (NaN where not labelled), and the
    posterior as prediction. The part of a clip to learn from is ``dev`` where the split says so, else ``train_oof``;
    both are out-of-fold predictions. Predictions are float32, texts are categories, and whatever repeats from system to
    system (clips, groups, truth) takes next to no room.

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
    with replacing(Path(folder) / FILE) as temporary, open(temporary, "wb") as sink:
        writer, waiting, n_waiting = None, [], 0
        for table in _tables(runs):
            writer = writer or pq.ParquetWriter(sink, table.schema, **_options(table.schema))
            waiting.append(table)
            n_waiting += len(table)
            if n_waiting >= ROW_GROUP:
                writer.write_table(pa.concat_tables(waiting), row_group_size=n_waiting)
                waiting, n_waiting = [], 0
        if writer is None:
            row = runs[0][1][0]
            reason = next(iter((row.failed or {}).values()))
            raise InputError(f"no system could be fitted, so there is nothing to write ({row.name}: {reason})")
        if waiting:
            writer.write_table(pa.concat_tables(waiting), row_group_size=n_waiting)
        writer.close()


def _options(schema: pa.Schema) -> dict[str, Any]:
    """Of the writer: the bytes of predictions stand in four streams, of which the first ones compress.

    Pages are long, as what repeats from system to system is seen within a page alone; releases of pyarrow that bound
    the rows of a page can be told otherwise, and the others have no such bound.
    """
    long_pages = {"max_rows_per_page": ROW_GROUP} if "max_rows_per_page" in signature(pq.write_table).parameters else {}
    return {
        **long_pages,
        "data_page_size": PAGE,
        "dictionary_pagesize_limit": PAGE,
        "compression": "zstd",
        "compression_level": 3,
        "use_dictionary": [name for name in schema.names if name != "prediction"],
        "column_encoding": {"prediction": "BYTE_STREAM_SPLIT"},
    }


def _tables(runs: Sequence[ProtocolRows]) -> Iterator[pa.Table]:
    """A table a row, split and part."""
    words = _words(runs)
    for run, rows, splits in runs:
        width = sum(target.width for target in run.corpus.targets)
        every_oof = len(rows) * width * sum(len(split.fit) for split in splits) <= MOST_OOF_ROWS
        places = [(split, row) for split in splits for row in rows if split.name in row.test]
        of_run = _RunTables(run, words)
        for split, row in places:
            part = np.full(len(split.test), PARTS.index("test"))
            yield of_run.table(row.name, split.name, part, split.test, row.test[split.name])
        for split, row in places:
            if every_oof or split is splits[-1]:
                part = np.where(np.isin(split.fit, split.dev), PARTS.index("dev"), PARTS.index("train_oof"))
                yield of_run.table(row.name, split.name, part, split.fit, row.oof[split.name])


def _words(runs: Sequence[ProtocolRows]) -> dict[str, list[str]]:
    """The texts of each column, over all protocols: there are millions of rows, which hold numbers of texts."""
    targets = [target for run, _, _ in runs for target in run.corpus.targets]
    texts: dict[str, Iterable[str]] = {
        "protocol": (run.protocol for run, _, _ in runs),
        "split": (split.name for *_, splits in runs for split in splits),
        "part": PARTS,
        "system": (row.name for _, rows, _ in runs for row in rows),
        "target": (target.name for target in targets),
        "class": ["", *(str(label) for target in targets for label in target.classes)],
    }
    return {name: list(dict.fromkeys(own)) for name, own in texts.items()}


class _RunTables:
    """Tables of the predictions under one protocol; what they share is set out once."""

    def __init__(self, run: ProtocolRun, words: dict[str, list[str]]):
        corpus, self.words = run.corpus, words
        self.protocol = run.protocol
        self.blocks = [(target, column) for target in corpus.targets for column in range(target.width)]
        self.truth = [_truth(corpus, target, column) for target, column in self.blocks]
        groups, self.groups = np.unique(corpus.groups.astype(str), return_inverse=True)
        texts = {**words, "clip_id": corpus.ids.astype(str), "group": groups}
        self.texts = {name: pa.array(own, pa.string()) for name, own in texts.items()}

    def table(
        self, system: str, split: str, part: np.ndarray, clips: np.ndarray, predictions: dict[str, np.ndarray]
    ) -> pa.Table:
        """One row's predictions of some clips of a split, target by target and class by class."""
        n_blocks, n = len(self.blocks), len(clips) * len(self.blocks)
        targets = [self.words["target"].index(target.name) for target, _ in self.blocks]
        classes = [
            self.words["class"].index(str(target.classes[column])) if target.classes else 0
            for target, column in self.blocks
        ]
        codes = {
            "protocol": np.full(n, self.words["protocol"].index(self.protocol)),
            "split": np.full(n, self.words["split"].index(split)),
            "part": np.tile(part, n_blocks),
            "system": np.full(n, self.words["system"].index(system)),
            "target": np.repeat(targets, len(clips)),
            "class": np.repeat(classes, len(clips)),
            "clip_id": np.tile(clips, n_blocks),
            "group": np.tile(self.groups[clips], n_blocks),
        }
        columns: dict[str, Any] = {name: self._coded(name, own) for name, own in codes.items()}
        values = [predictions[target.name][:, column] for target, column in self.blocks]
        truth = np.concatenate([own[clips] for own in self.truth])
        return pa.table(columns | {"truth": truth, "prediction": np.concatenate(values).astype(np.float32)})

    def _coded(self, name: str, codes: np.ndarray) -> pa.DictionaryArray:
        return pa.DictionaryArray.from_arrays(pa.array(codes.astype(np.int32)), self.texts[name])


def _truth(corpus: Corpus, target: Target, column: int) -> np.ndarray:
    truth = corpus.y[target.name].astype(float)
    return np.where(np.isnan(truth), np.nan, truth == column) if target.classes else truth
