"""Types of a study's systems: fitted to features, fused from other systems, or predicted by somebody else's model."""

from dataclasses import dataclass, replace
from typing import Any, Literal

from avbaselines.experiment.planning.outside_learners import OutsideLearner
from avbaselines.learner_options import NamedLearner
from avbaselines.systems import Stage, Tuning

__all__ = [
    *("BaseSystem", "ChainOrder", "ExternalSystem", "FusionSystem", "PickedSystem"),
    *("RowId", "System", "TargetWeights", "TaskMode", "Timing"),
]

TaskMode = Literal["single", "chain", "joint"]

ChainOrder = Literal["ensemble", "search", "given"] | tuple[int, ...]
"""Order of the targets in a chain: how it is found, or the targets' numbers in the order they are learnt."""

TargetWeights = Literal["search"] | tuple[float, ...] | None
"""Weight of each regressed target in a joint loss, or that weights are searched; None = all equal."""


@dataclass(frozen=True)
class RowId:
    """One row of the leaderboard: a system, and whether its predictions are matched to the targets.

    Attributes
    ----------
    system : str
        Name of the system.
    matched : bool
        Mean and deviation of its predictions are brought to those of the targets.

    Examples
    --------
    >>> RowId("late-ridge", matched=True)
    RowId(system='late-ridge', matched=True)
    """

    system: str
    matched: bool


@dataclass(frozen=True)
class Timing:
    """Annotation delays and smoothing widths, in seconds, of which one each is chosen per target out-of-fold.

    Examples
    --------
    >>> Timing((0.0, 2.0), (0.0,)).delays
    (0.0, 2.0)
    """

    delays: tuple[float, ...]
    smoothing: tuple[float, ...]


@dataclass(frozen=True, kw_only=True)
class System:
    """What all systems share.

    Attributes
    ----------
    name : str
        Names the system, its folder and the row that may be handed over.
    raw_label : str or None
        Label of the twin row without matching; None where nothing of the system is matched, and it has one row.
    modalities : tuple of str
        That it reads, by itself or through its inputs.
    transductive : bool
        Reads unlabelled clips of evaluated groups.
    allowed : bool
        The study allows transductive systems to be picked and fused; without it they never are, but by name.

    Examples
    --------
    >>> System(name="late-mean", raw_label="late-mean-raw").rows[1]
    RowId(system='late-mean', matched=False)
    """

    name: str
    raw_label: str | None = None
    modalities: tuple[str, ...] = ()
    transductive: bool = False
    allowed: bool = False

    @property
    def pickable(self) -> bool:
        """Whether it may be handed over, and wildcards fuse it."""
        return self.allowed or not self.transductive

    @property
    def matched(self) -> bool:
        """Whether its predictions are matched, where a target's metric is a concordance."""
        return self.raw_label is not None

    @property
    def rows(self) -> tuple[RowId, ...]:
        """Rows under which this system appears, the one that may be handed over first."""
        if self.raw_label is None:
            return (RowId(self.name, matched=False),)
        return RowId(self.name, matched=True), RowId(self.name, matched=False)

    def label(self, row: RowId) -> str:
        """What one of its rows is called in results and reports."""
        return self.name if row.matched or self.raw_label is None else self.raw_label

    @property
    def labels(self) -> tuple[str, ...]:
        """What its rows are called, in the order of `rows`."""
        return tuple(self.label(row) for row in self.rows)

    def is_twin(self, row: RowId) -> bool:
        """Whether a row is the unmatched twin of a matched one, there to show what matching does."""
        return self.raw_label is not None and not row.matched

    @property
    def kind(self) -> Literal["measured", "imported"]:
        """Whether it is fitted here (column ``kind`` of results.csv)."""
        return "measured"

    @property
    def stage(self) -> int:
        """0 for what is no fusion, k for fusions of systems up to stage k - 1."""
        return 0

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of the systems it is made of; empty for what is fitted to features or comes from outside."""
        return ()

    @property
    def learner_label(self) -> str:
        """Column ``learner`` of results.csv."""
        return ""

    @property
    def task_label(self) -> str:
        """Column ``task`` of results.csv."""
        return ""


@dataclass(frozen=True, kw_only=True)
class BaseSystem(System):
    """A learner fitted to the features of one or several modalities.

    Attributes
    ----------
    learner : str
        As :mod:`avbaselines.experiment.planning.learners` knows it, or the name of one from outside.
    outside : OutsideLearner or None
        The learner, where it is a class of another package.
    task : {"single", "chain", "joint"}
        How several targets are learnt.
    chain_order : see `ChainOrder`
        Of a chain; None for other task modes.
    target_weights : see `TargetWeights`
        Of jointly grown trees.
    timing : Timing or None
        Delay and smoothing, for corpora that are continuous in time.
    tuning : Tuning or None
        Options of its search; None = default parameters.
    defaults : str or None
        Of a tuned system, the name of its twin with default parameters.

    Examples
    --------
    >>> BaseSystem(name="svr-audio", raw_label="svr-audio-raw", learner="svr", modalities=("audio",)).labels
    ('svr-audio', 'svr-audio-raw')
    """

    learner: str
    outside: OutsideLearner | None = None
    task: TaskMode = "single"
    chain_order: ChainOrder | None = None
    target_weights: TargetWeights = None
    timing: Timing | None = None
    tuning: Tuning | None = None
    defaults: str | None = None

    @property
    def learner_key(self) -> str | NamedLearner:
        """What estimators are made by."""
        return self.learner if self.outside is None else self.outside.options

    @property
    def learner_label(self) -> str:
        """Name of its learner."""
        return self.learner

    @property
    def task_label(self) -> str:
        """Its task mode."""
        return self.task

    @property
    def mode_parameters(self) -> dict[str, Any]:
        """Constructor parameters that its task mode adds to the learner's."""
        if self.task == "chain":
            return {"order": list(self.chain_order) if isinstance(self.chain_order, tuple) else self.chain_order}
        if self.task == "joint":
            weights = self.target_weights
            return {"target_weights": list(weights) if isinstance(weights, tuple) else weights}
        return {}

    def shape(self) -> dict[str, Any]:
        """All that shapes its fits beside data, as plain values."""
        return {
            "name": self.name,
            "modalities": list(self.modalities),
            "learner": self.learner,
            "task": self.task,
            "mode": self.mode_parameters,
            "timing": None if self.timing is None else [list(self.timing.delays), list(self.timing.smoothing)],
            "tuning": None if self.tuning is None else self.tuning.model_dump(exclude={"systems"}),
            "transductive": self.transductive,
            **({} if self.outside is None else {"outside": self.outside.shape()}),
        }


@dataclass(frozen=True, kw_only=True)
class FusionSystem(System):
    """A late fusion of other systems' predictions.

    Attributes
    ----------
    fusion : Stage
        The study's word on it: method and options.
    depth : int
        Its stage: 1 + that of its deepest input.
    parts : tuple of str
        Names of the systems it fuses.
    tuning : Tuning or None
        Options of a search for method and number of inputs.

    Examples
    --------
    >>> from avbaselines.systems import Stage
    >>> late = FusionSystem(name="late-mean", fusion=Stage(method="mean"), depth=1, parts=("a", "b"))
    >>> late.learner_label, late.stage
    ('mean', 1)
    """

    fusion: Stage
    depth: int
    parts: tuple[str, ...]
    tuning: Tuning | None = None

    @property
    def stage(self) -> int:
        """Its depth."""
        return self.depth

    @property
    def inputs(self) -> tuple[str, ...]:
        """Its parts."""
        return self.parts

    @property
    def method(self) -> str:
        """The method that is fitted: ``joint-<method>`` where targets are decoded together by translations."""
        return self.fusion.fit_method

    @property
    def learner_label(self) -> str:
        """Its method."""
        return self.method

    @property
    def is_mean(self) -> bool:
        """Whether it is the plain mean of systems, what other fusions have to beat."""
        return self.method == "mean"

    @property
    def is_blend(self) -> bool:
        """Whether it is the mean of fusions."""
        return self.method == "blend"

    @property
    def learns(self) -> bool:
        """Whether it learns anything from labels, as a mean of its inputs does not."""
        return not (self.is_mean or self.is_blend)

    @property
    def decodes_jointly(self) -> bool:
        """Whether targets are decoded together by translations of one another's predictions."""
        return self.method != self.fusion.method

    @property
    def selects(self) -> bool:
        """Whether which inputs count is chosen out-of-fold."""
        return self.fusion.best is not None or self.tuning is not None

    def without(self, failed: set[str] | tuple[str, ...]) -> "FusionSystem | None":
        """The same with failed inputs left out, or None where fewer than two are left."""
        left = tuple(name for name in self.parts if name not in failed)
        return replace(self, parts=left) if len(left) > 1 else None

    def shape(self) -> dict[str, Any]:
        """All that shapes its fits beside its inputs' predictions, as plain values."""
        return {
            "name": self.name,
            "parts": list(self.parts),
            "fusion": self.fusion.model_dump(mode="json", exclude={"name", "inputs"}),
            "tuning": None if self.tuning is None else self.tuning.model_dump(exclude={"systems"}),
        }


@dataclass(frozen=True, kw_only=True)
class ExternalSystem(System):
    """Predictions of somebody else's model, as a study imports them.

    Attributes
    ----------
    source : str
        Name under ``[predictions]`` of the study.

    Examples
    --------
    >>> ExternalSystem(name="wav2vec-matched", raw_label="wav2vec", source="wav2vec").kind
    'imported'
    """

    source: str

    @property
    def kind(self) -> Literal["measured", "imported"]:
        """It is not fitted here."""
        return "imported"


@dataclass(frozen=True, kw_only=True)
class PickedSystem(System):
    """The row handed over where splits disagree: in each split, the system that is best out-of-fold there.

    Attributes
    ----------
    choices : tuple of str
        Name of the system chosen in each split, in the order of the splits.
    depth : int
        Of the deepest system chosen.

    Examples
    --------
    >>> PickedSystem(name="picked", choices=("svr-audio", "late-mean"), depth=1).learner_label
    'picked'
    """

    choices: tuple[str, ...]
    depth: int = 0

    @property
    def stage(self) -> int:
        """That of the deepest system chosen."""
        return self.depth

    @property
    def inputs(self) -> tuple[str, ...]:
        """The systems chosen."""
        return self.choices

    @property
    def learner_label(self) -> str:
        """Its name."""
        return self.name
