"""Speaker identity: how well speakers are told from features and predictions, and the cost of erasing them."""

from dataclasses import replace
from typing import ClassVar

from avbaselines.experiment.analyses.base import Analysis, AnalysisContext, AnalysisResult, Source
from avbaselines.experiment.analyses.speaker_identity.people import people_of
from avbaselines.experiment.protocol_run import ProtocolRun
from avbaselines.study import Study

__all__ = ["SpeakerIdentity"]


class SpeakerIdentity(Analysis):
    """Identity in a study's representations (where it has ``[identity]``) and in its systems' predictions.

    Examples
    --------
    >>> SpeakerIdentity().files
    ('identity.csv', 'identity.md')
    """

    name: ClassVar[str] = "identity"
    files: ClassVar[tuple[str, ...]] = ("identity.csv", "identity.md")

    def wanted(self, study: Study) -> bool:
        """Where it has the section ``[identity]``."""
        return study.identity is not None

    def check(self, run: ProtocolRun, source: Source) -> ProtocolRun:
        """Read the speakers and contents of the clips."""
        return replace(run, people=people_of(run.study, source, run.corpus))

    def run(self, context: AnalysisContext) -> AnalysisResult:
        """Measure what is not there yet, and set it out as a table, a figure and rows of results."""
        # Probes and erasures are loaded where they measure: a study is planned without them.
        from avbaselines.experiment.analyses.speaker_identity.outcome import outcome

        return outcome(context)
