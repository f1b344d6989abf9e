"""Flips: which clips an external system gets right, or closer, and which the picked one."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from avbaselines.corpora.corpus import Corpus, Target
from avbaselines.experiment.planning.system import ExternalSystem
from avbaselines.experiment.scoring.scoreboard import Scoreboard, Scored

COLUMNS = (
    *("clip_id", "group", "truth", "theirs", "ours", "better"),
    *("target", "system", "split", "protocol"),
)
"""Columns of flips.csv."""
THEIRS, OURS, NEITHER = "theirs", "ours", "neither"
ALIKE = 1e-9
"""Share of the labels' deviation below which two errors are the same."""
MOST_ROWS = 300_000
"""Of a protocol: time-continuous corpora have tens of thousands of frames, which nobody goes through one by one."""


def compared(board: Scoreboard, rows: Iterable[Scored], most: int = MOST_ROWS) -> tuple[list[Scored], list[Scored]]:
    """External rows whose clips are listed, and those left out, for the list would have over `most` rows.

    The first one is always listed.

    Examples
    --------
    >>> from avbaselines.corpora.corpus import Split
    >>> nobody, person = np.array([], dtype=int), np.array(["s"])
    >>> splits = [Split("test", nobody, nobody, np.array([0]))]
    >>> corpus = Corpus(person, person, [Target("arousal", "mae")], {"arousal": np.zeros(1)}, splits, once=True)
    >>> systems = [ExternalSystem(name=name, source=name) for name in ("one", "two")]
    >>> rows = [Scored(system.rows[0], system, {}, {}) for system in systems]
    >>> [[row.name for row in part] for part in compared(Scoreboard(corpus, splits), rows, most=1)]
    [['one'], ['two']]
    """
    tested = np.concatenate([split.test for split in board.splits])
    each = sum(int((~np.isnan(board.corpus.y[target.name][tested])).sum()) for target in board.corpus.targets)
    external = [
        row for row in rows if isinstance(row.system, ExternalSystem) and not row.id.matched and not row.failed
    ]
    listed = max(1, most // max(each, 1))
    return external[:listed], external[listed:]


def flips(board: Scoreboard, rows: Iterable[Scored], picked: str | None, protocol: str) -> pd.DataFrame:
    """The labelled evaluated clips with the truth, and what each external system and the picked row say.

    Parameters
    ----------
    board
    rows
        Of all systems.
    picked
        Name of the row that is ours.
    protocol

    Returns
    -------
    pandas.DataFrame
        `COLUMNS`, of the systems that `compared` lists. ``better`` is theirs or ours: of classes, who is right alone;
        of attributes, who is closer. Of several seeds, the mean prediction is theirs.

    Examples
    --------
    >>> from avbaselines.corpora.corpus import Split
    >>> from avbaselines.experiment.planning.system import BaseSystem
    >>> nobody, people, truth = np.array([], dtype=int), np.array(["s1", "s2", "s3"]), np.array([0.0, 1.0, 2.0])
    >>> splits = [Split("test", nobody, nobody, np.arange(3))]
    >>> corpus = Corpus(people, people, [Target("arousal", "mae")], {"arousal": truth}, splits, once=True)
    >>> systems = BaseSystem(name="svr", learner="svr"), ExternalSystem(name="deep", source="deep")
    >>> said = np.array([0.5, 1.0, 2.0]), np.array([0.1, 1.5, 2.0])
    >>> rows = [
    ...     Scored(system.rows[0], system, {"test": {"arousal": values[:, None]}}, {})
    ...     for system, values in zip(systems, said)
    ... ]
    >>> flips(Scoreboard(corpus, splits), rows, "svr", "honest")["better"].tolist()
    ['theirs', 'ours', 'neither']
    """
    rows = [row for row in rows if not row.failed]
    ours = next((row for row in rows if row.name == picked), None)
    external, _ = compared(board, rows)
    tables = [
        _table(board.corpus, ours, theirs, target).assign(target=target.name, system=theirs.name, protocol=protocol)
        for theirs in external
        for target in board.corpus.targets
        if ours is not None
    ]
    return pd.concat(tables, ignore_index=True)[list(COLUMNS)] if tables else pd.DataFrame(columns=list(COLUMNS))


def _table(corpus: Corpus, ours: Scored, theirs: Scored, target: Target) -> pd.DataFrame:
    deviation = float(np.nanstd(corpus.y[target.name])) or 1.0
    tables = []
    for split in corpus.splits:
        truth = corpus.y[target.name][split.test]
        labelled = ~np.isnan(truth)
        rows, truth = split.test[labelled], truth[labelled]
        their, our = (row.test[split.name][target.name][labelled] for row in (theirs, ours))
        if target.kind == "classes":
            their, our = their.argmax(axis=1), our.argmax(axis=1)
            lead = (their == truth).astype(int) - (our == truth)
            names = np.array(target.classes)
            truth, their, our = names[truth.astype(int)], names[their], names[our]
        else:
            their, our = their[:, 0], our[:, 0]
            gain = np.abs(our - truth) - np.abs(their - truth)
            lead = np.where(np.abs(gain) <= ALIKE * deviation, 0, np.sign(gain)).astype(int)
        better = np.array([OURS, NEITHER, THEIRS])[lead + 1]
        own = {"clip_id": corpus.ids[rows], "group": corpus.groups[rows], "truth": truth, "theirs": their, "ours": our}
        tables.append(pd.DataFrame(own | {"better": better, "split": split.name}))
    return pd.concat(tables, ignore_index=True)
