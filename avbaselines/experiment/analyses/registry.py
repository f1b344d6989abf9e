"""All analyses in the order in which they are shown, and which of them a run does."""

from collections.abc import Collection, Sequence
from dataclasses import replace

from avbaselines.experiment.analyses.base import Analysis, Source
from avbaselines.experiment.analyses.external_systems import ExternalSystems
from avbaselines.experiment.analyses.factors import Factors
from avbaselines.experiment.analyses.feature_importance import FeatureImportance
from avbaselines.experiment.analyses.label_ceilings import LabelCeilings
from avbaselines.experiment.analyses.missing_modalities import MissingModalities
from avbaselines.experiment.analyses.searches import Searches
from avbaselines.experiment.analyses.speaker_identity.analysis import SpeakerIdentity
from avbaselines.experiment.protocol_run import ProtocolRun

__all__ = ["ANALYSES", "plan_analyses"]

ANALYSES: tuple[Analysis, ...] = (
    Searches(),
    FeatureImportance(),
    Factors(),
    SpeakerIdentity(),
    MissingModalities(),
    ExternalSystems(),
    LabelCeilings(),
)


def plan_analyses(
    runs: Sequence[ProtocolRun],
    source: Source,
    analyses: Sequence[Analysis],
    also: Collection[str] = (),
) -> list[ProtocolRun]:
    """Choose and check the analyses of a study under each protocol.

    Parameters
    ----------
    runs : sequence of ProtocolRun
        Of one study.
    source : Source
    analyses : sequence of Analysis
        To choose from: `ANALYSES`, as a rule.
    also : collection of str
        Names of analyses to do beside those that the study asks for.

    Returns
    -------
    list of ProtocolRun
        With the names of their analyses.

    Raises
    ------
    InputError
        An analysis refuses the study.

    Examples
    --------
    >>> from pathlib import Path
    >>> plan_analyses([], Source(Path("study.toml")), ANALYSES)
    []
    """
    planned = list(runs)
    for analysis in analyses:
        numbers = [
            number
            for number, run in enumerate(planned)
            if (analysis.wanted(run.study) or analysis.name in also)
            and (analysis.every_protocol or not run.resubstitution)
        ]
        for number in numbers if analysis.every_protocol else numbers[:1]:
            run = analysis.check(planned[number], source)
            planned[number] = replace(run, analyses=(*run.analyses, analysis.name))
    return planned
