"""Questions that comparisons answer, each with its own correction for their number, and the differences that matter."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

import numpy as np

from avbaselines.corpora.corpus import Target
from avbaselines.evaluation.metrics import METRICS
from avbaselines.evaluation.verdicts import DEFAULT_MARGIN, default_margin
from avbaselines.experiment.planning.system import ExternalSystem, FusionSystem
from avbaselines.experiment.scoring.scoreboard import Scoreboard, Scored


class QuestionKind(Enum):
    """What is asked; the value is how it is written, after the name of the system that it is asked about.

    Examples
    --------
    >>> QuestionKind.FUSION.value
    'against the mean'
    """

    PICKED = "picked against the others"
    EXTERNAL = "against ours"
    FUSION = "against the mean"
    TUNING = "tuned against defaults"
    FURTHER = "further comparisons"


@dataclass(frozen=True)
class Question:
    """One question, whose comparisons are corrected for their number together.

    Attributes
    ----------
    subject
        The system that it is asked about; empty where it is asked of all.

    Examples
    --------
    >>> Question(QuestionKind.EXTERNAL, "wav2vec").text
    'wav2vec against ours'
    """

    kind: QuestionKind
    subject: str = ""

    @property
    def text(self) -> str:
        """In words, as comparisons.csv has it."""
        return f"{self.subject} {self.kind.value}".strip()


TUNING = Question(QuestionKind.TUNING)


def question_of(a: Scored, b: Scored, picked: str | None) -> Question:
    """The question that a comparison of two rows belongs to.

    Whatever an external system is compared with answers the question about that system; a learnt fusion against a
    mean of predictions answers the one about that fusion, the picked one included.

    Examples
    --------
    >>> from avbaselines.experiment.planning.system import BaseSystem
    >>> systems = ExternalSystem(name="deep", source="deep"), BaseSystem(name="svr", learner="svr")
    >>> deep, ours = (Scored(system.rows[0], system, {}, {}) for system in systems)
    >>> question_of(ours, deep, picked="svr").text, question_of(ours, ours, picked="svr").text
    ('deep against ours', 'picked against the others')
    """
    for row in (b, a):
        if isinstance(row.system, ExternalSystem):
            return Question(QuestionKind.EXTERNAL, row.system.source)
    if is_mean(b) and a.system.stage and not is_mean(a):
        return Question(QuestionKind.FUSION, a.name)
    return Question(QuestionKind.PICKED if a.name == picked else QuestionKind.FURTHER)


def is_mean(row: Scored) -> bool:
    """Whether a row is a mean of other rows' predictions, which learns nothing from labels."""
    return isinstance(row.system, FusionSystem) and row.system.is_mean


@dataclass(frozen=True)
class Margins:
    """The difference that matters: of each target in its metric's own unit, and of what systems are compared by.

    Examples
    --------
    >>> Margins({"arousal": 0.02, "valence": 0.04}, overall=0.03).of_target["valence"]
    0.04
    """

    of_target: Mapping[str, float]
    overall: float

    @classmethod
    def of(cls, board: Scoreboard, given: float | None = None) -> "Margins":
        """Those of a scoreboard: the one given, or the default of each metric.

        Parameters
        ----------
        board
        given
            In the unit of the differences, whatever the metric.
        """
        targets = board.corpus.targets
        of_target = {target.name: _of_target(board, target) if given is None else given for target in targets}
        if given is not None:
            return cls(of_target, given)
        return cls(of_target, DEFAULT_MARGIN if board.corpus.combined else float(np.mean(list(of_target.values()))))


def _of_target(board: Scoreboard, target: Target) -> float:
    rows = np.unique(np.concatenate([split.test for split in board.splits]))
    return default_margin(METRICS[target.metric], float(np.nanstd(board.corpus.y[target.name][rows])))
