"""All trials of the searches of a run, as a table and drawn."""

from typing import ClassVar

from avbaselines.experiment.analyses.base import Analysis, AnalysisContext, AnalysisResult, drawn
from avbaselines.experiment.trial_tables import trial_tables
from avbaselines.reports.tuning import tuning_drawings
from avbaselines.study import Study

__all__ = ["Searches"]


class Searches(Analysis):
    """Trials of every tuned system, and what each searched parameter matters; nothing where none is tuned.

    Examples
    --------
    >>> Searches().files
    ('tuning.csv',)
    """

    name: ClassVar[str] = "tuning"
    files: ClassVar[tuple[str, ...]] = ("tuning.csv",)
    every_protocol: ClassVar[bool] = True

    def wanted(self, study: Study) -> bool:
        """Always: which systems are tuned is for the plan to say."""
        return True

    def run(self, context: AnalysisContext) -> AnalysisResult:
        """Collect the trials of all protocols."""
        trials, importance = trial_tables(
            [scored.run for scored in context.scored], [scored.fitted for scored in context.scored]
        )
        if trials.empty:
            return AnalysisResult()
        kept, tables = context.scored[0].scoreboard.kept, [trials, importance]
        drawings = drawn(kept, tuning_drawings.__module__, tables, lambda: tuning_drawings(trials, importance))
        return AnalysisResult({"tuning.csv": trials}, drawings=drawings)
