"""Predictions of a system's rows, read from finished work when they are first asked for."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

import numpy as np

from avbaselines.corpora.corpus import SplitId
from avbaselines.experiment.fitting.fitted_run import FittedRun
from avbaselines.experiment.fitting.postprocess import Finished
from avbaselines.experiment.planning.system import System

__all__ = ["ComposedPredictions", "LazyPredictions", "Predictions", "SystemPredictions"]

ByTarget = dict[str, np.ndarray]
Predictions = Mapping[str, ByTarget]
"""Split name to target name to array (n_clips, width), nothing missing."""
Part = Literal["test", "oof"]


class SystemPredictions:
    """Predictions of one system, matched and raw, of evaluated clips and out-of-fold; each split is read once.

    Parameters
    ----------
    fitted_run
    system
    splits
        Those in which it has predictions.

    Examples
    --------
    >>> SystemPredictions(fitted_run=None, system=None, splits=[SplitId("0")]).splits
    {'0': SplitId(outer='0', fold=None)}
    """

    def __init__(self, fitted_run: FittedRun, system: System, splits: Sequence[SplitId]):
        self.fitted_run, self.system = fitted_run, system
        self.splits = {split.outer: split for split in splits}
        self._read: dict[str, dict[tuple[bool, Part], ByTarget]] = {}

    def finished(self) -> list[Finished]:
        """What is finished in every split."""
        return [self._finished(name) for name in self.splits]

    def of(self, split: str, raw: bool, part: Part) -> ByTarget:
        """Predictions in a split."""
        if split not in self._read:
            self._finished(split)
        return self._read[split][raw, part]

    def _finished(self, split: str) -> Finished:
        item = self.fitted_run.finished(self.splits[split], self.system)
        if split not in self._read:
            self._read[split] = {
                (True, "test"): item.filled(item.raw.test),
                (True, "oof"): item.filled(item.raw.oof),
                (False, "test"): item.filled(item.test),
                (False, "oof"): item.filled(item.oof),
            }
        return item


class LazyPredictions(Mapping[str, ByTarget]):
    """One row's predictions by split, see `Predictions`.

    Parameters
    ----------
    system
    raw
        Whether before matching.
    part

    Examples
    --------
    >>> predictions = SystemPredictions(fitted_run=None, system=None, splits=[SplitId("0")])
    >>> list(LazyPredictions(predictions, raw=False, part="test"))
    ['0']
    """

    def __init__(self, system: SystemPredictions, raw: bool, part: Part):
        self.system, self.raw, self.part = system, raw, part

    def __getitem__(self, split: str) -> ByTarget:
        if split not in self.system.splits:
            raise KeyError(split)
        return self.system.of(split, self.raw, self.part)

    def __iter__(self) -> Iterator[str]:
        return iter(self.system.splits)

    def __len__(self) -> int:
        return len(self.system.splits)

    def __contains__(self, split: object) -> bool:
        return split in self.system.splits


class ComposedPredictions(Mapping[str, ByTarget]):
    """Predictions that are, in each split, another row's.

    Parameters
    ----------
    rows
        By split, all predictions of the row that is meant there.

    Examples
    --------
    >>> theirs = {"0": {"arousal": np.zeros((2, 1))}, "1": {"arousal": np.ones((2, 1))}}
    >>> ComposedPredictions({"0": theirs})["0"] is theirs["0"]
    True
    """

    def __init__(self, rows: Mapping[str, Predictions]):
        self.rows = rows

    def __getitem__(self, split: str) -> ByTarget:
        return self.rows[split][split]

    def __iter__(self) -> Iterator[str]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def __contains__(self, split: object) -> bool:
        return split in self.rows
