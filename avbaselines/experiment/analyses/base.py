"""The interface of an analysis: when it is wanted, what it checks beforehand, and what it adds to a run."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import pandas as pd
from rich.console import RenderableType

from avbaselines.experiment.fitting.fitted_run import FittedRun
from avbaselines.experiment.fitting.run_options import RunOptions
from avbaselines.experiment.protocol_run import ProtocolRun
from avbaselines.experiment.scoring.kept import Kept, typed
from avbaselines.experiment.scoring.scoreboard import Scoreboard, Scored
from avbaselines.reports.drawing import Drawing
from avbaselines.reports.heading import Heading
from avbaselines.results_table import ResultRow
from avbaselines.study import Study

__all__ = ["Analysis", "AnalysisContext", "AnalysisResult", "LazyTable", "ScoredRun", "Source", "drawn"]


@dataclass(frozen=True)
class Source:
    """Where a study was read from.

    Attributes
    ----------
    study_path : Path
        The study file; relative paths in it are relative to its folder.
    data : Path or None
        The corpus' root as given by the user.

    Examples
    --------
    >>> Source(Path("studies/quickstart.toml")).study_path.stem
    'quickstart'
    """

    study_path: Path
    data: Path | None = None


@dataclass(frozen=True)
class ScoredRun:
    """A study under one protocol once it is fitted and scored.

    Attributes
    ----------
    run : ProtocolRun
    fitted : FittedRun
    scoreboard : Scoreboard
    rows : list of Scored
        Rows of the leaderboard, the one put together from the picks of each split included.
    picked : str or None
        Name of the row that is handed over.
    """

    run: ProtocolRun
    fitted: FittedRun
    scoreboard: Scoreboard
    rows: list[Scored]
    picked: str | None

    @property
    def content(self) -> list[Any] | None:
        """What anything made of the predictions of its rows depends on; None where a row cannot be told again."""
        if any(row.identity is None and not row.failed for row in self.rows):
            return None
        rows = [[row.name, row.identity, repr(row.id), repr(row.system), repr(row.failed)] for row in self.rows]
        return [self.scoreboard.identity, self.run.protocol, self.picked, rows]


@dataclass(frozen=True)
class AnalysisContext:
    """All that an analysis may read.

    Attributes
    ----------
    scored : sequence of ScoredRun
        The study under each protocol in which the analysis is wanted, at least one.
    comparisons : pandas.DataFrame
        comparisons.csv of the whole run.
    heading : Heading
        Title, targets and protocols, as the reports name them.
    options : RunOptions
    """

    scored: Sequence[ScoredRun]
    comparisons: pd.DataFrame
    heading: Heading
    options: RunOptions


@dataclass(frozen=True)
class LazyTable:
    """A long table that is made only where the run folder lacks it.

    Attributes
    ----------
    content : list or None
        What it depends on beside the code, see `Kept`; None: it is made each time.
    make : callable
    module : str
        That makes it.

    Examples
    --------
    >>> LazyTable(["a"], lambda: pd.DataFrame({"clip_id": ["c0"]}), __name__).make()["clip_id"].tolist()
    ['c0']
    """

    content: list[Any] | None
    make: Callable[[], pd.DataFrame]
    module: str


@dataclass
class AnalysisResult:
    """All that an analysis adds to a run.

    Attributes
    ----------
    files : dict of str to DataFrame, LazyTable or str
        Tables and texts for the run folder, by file name.
    rows : list of ResultRow
        Rows of results.csv.
    drawings : list of Drawing
        Figures of the report.
    terminal : list of renderables
        Shown after the leaderboard; a text is one line, which is never wrapped.
    computed : int
        Pieces of work that were not there before.
    failed : bool
        Whether any of them failed; the reasons are in the rows.

    Examples
    --------
    >>> AnalysisResult(files={"notes.md": "# Notes"}).failed
    False
    """

    files: dict[str, pd.DataFrame | LazyTable | str] = field(default_factory=dict)
    rows: list[ResultRow] = field(default_factory=list)
    drawings: list[Drawing] = field(default_factory=list)
    terminal: list[RenderableType] = field(default_factory=list)
    computed: int = 0
    failed: bool = False


class Analysis(ABC):
    """A question asked of a finished run beside its scores.

    Attributes
    ----------
    name : str
        Names it among all analyses.
    files : tuple of str
        Every file it may write into the run folder; those that a run does not write are removed from it.
    every_protocol : bool
        Whether it is done under each protocol; else under the first that scores nothing it was fitted on.

    Examples
    --------
    >>> class Longest(Analysis):
    ...     name, files = "longest", ("longest.txt",)
    ...
    ...     def wanted(self, study):
    ...         return True
    ...
    ...     def run(self, context):
    ...         names = [row.name for scored in context.scored for row in scored.rows]
    ...         return AnalysisResult(files={"longest.txt": max(names, key=len)})
    >>> Longest().every_protocol
    False
    """

    name: ClassVar[str]
    files: ClassVar[tuple[str, ...]] = ()
    every_protocol: ClassVar[bool] = False

    @abstractmethod
    def wanted(self, study: Study) -> bool:
        """Whether a study asks for it."""

    def check(self, run: ProtocolRun, source: Source) -> ProtocolRun:
        """Refuse what cannot be analysed, before anything is fitted.

        Returns
        -------
        ProtocolRun
            With what the analysis reads beside the corpus.

        Raises
        ------
        InputError
            Naming the key of the study file.
        """
        return run

    def pairs(self, scored: ScoredRun) -> list[tuple[str, str]]:
        """Names of rows (a, b) that it needs compared, corrected for together with all other comparisons."""
        return []

    @abstractmethod
    def run(self, context: AnalysisContext) -> AnalysisResult:
        """Do it, reusing whatever the run folder holds."""


def drawn(kept: Kept, module: str, shown: Sequence[Any], draw: Callable[[], list[Drawing]]) -> list[Drawing]:
    """Figures of tables, drawn once for the same tables.

    Parameters
    ----------
    kept
    module
        That draws them.
    shown : sequence of DataFrame or JSON-able value
        All that is drawn.
    draw

    Examples
    --------
    >>> from avbaselines.experiment.scoring.kept import UNKEPT
    >>> drawn(UNKEPT, "avbaselines.reports.masking", [], lambda: [Drawing("Nothing")])[0].title
    'Nothing'
    """
    content = [part.to_csv(index=False) if isinstance(part, pd.DataFrame) else part for part in shown]
    return kept.value(typed("drawn", list[Drawing], (module,)), content, draw)
