"""Sections of a study file for its systems: learners, task modes, early fusion, stages of late fusion, tuning."""

from typing import Annotated, Any, Literal, Self, get_args

from pydantic import BeforeValidator, Field, model_validator

from avbaselines.estimators.fusion.missing_strategies import METHODS, STRATEGIES
from avbaselines.learner_options import LearnerChoice
from avbaselines.schema import Name, Section

FusionMethod = Literal[
    "best-single", "mean", "greedy", "ridge", "blend", "correlation", "score-weighted",
    "non-negative", "linear-svr", "linear-svr-dual", "rbf-svr", "lightgbm",
]  # fmt: skip
FUSION_METHODS: tuple[str, ...] = get_args(FusionMethod)
PickRule = Literal["blend", "best"]
MissingStrategy = Literal[STRATEGIES]  # type: ignore[valid-type]  # named beside the estimators that have them
# Fused from the predictions of all targets, by translations of what the other targets' say.
JOINT_METHODS = ("mean", "greedy", "score-weighted")
DEFAULT_FUSIONS: tuple[FusionMethod, ...] = ("best-single", "mean", "score-weighted", "greedy", "ridge", "blend")
# What a blend is the mean of: each errs in a way of its own.
BLENDED = ("score-weighted", "greedy", "ridge")


def _shares(value: Any) -> Any:
    return [number / 10 for number in range(10)] if value == "search" else value


class Stage(Section):
    """One late fusion.

    Attributes
    ----------
    method
        How predictions are fused; ``blend`` is the mean of earlier fusions.
    name
        By default ``late-<method>``.
    inputs
        Names of systems or earlier stages (``*`` matches any text, of base systems); by default all base systems that
        keep their evaluated clips apart. A ``blend`` takes the earlier fusions of all base systems by the methods
        ``score-weighted``, ``greedy`` and ``ridge`` that have no further options.
    targets
        Whether a target is fused from its own predictions, or from those of all targets: jointly decoded. Methods
        ``mean``, ``greedy`` and ``score-weighted`` then count each system twice, by its own prediction and by what its
        predictions of the other targets say; learnt regressions and learners take all as inputs.
    context
        Frames before and after that stand beside a frame's own predictions; one is chosen out-of-fold.
    layout
        How context is laid out; ``avec`` is the scripts' of the AVEC challenges, which crosses recordings in fitting.
    recording_means
        Weigh a recording's mean prediction apart from what moves within it.
    onset
        Time constants in seconds of how weights differ at the beginning of a recording.
    penalties
        Ridge penalties per clip, or C of the SVRs; one is chosen out-of-fold.
    matching
        Mean/std matching of its output (where the study has matching at all).
    best
        Of the inputs, only so many are fused: those of the best out-of-fold score for the target, in each split anew
        (with ``targets = "all"`` those of the best mean rank over the targets).
    recording_share
        Shares, 0 to below 1, of a fused prediction that is the mean prediction of its recording; one is chosen for each
        target out-of-fold. For corpora whose recordings (videos, talks) have many clips. ``"search"`` tries 0 to .9.
    missing
        What to do for clips that lack inputs, see `MissingFusionRegressor`; ``best`` compares all out-of-fold on masked
        training clips. Left out, weights are shared among what is there.

    Examples
    --------
    >>> Stage(method="mean").name, Stage(method="mean", missing="impute").name
    ('late-mean', 'late-mean-impute')
    """

    method: FusionMethod
    name: Name = ""
    inputs: list[str] = Field(default=["*"], min_length=1)
    targets: Literal["own", "all"] = "own"
    context: list[int] = Field(default=[0], min_length=1)
    layout: Literal["centred", "avec"] = "centred"
    recording_means: bool = False
    onset: list[float] = []
    penalties: list[float] | None = None
    matching: bool = True
    best: int | None = Field(default=None, ge=1)
    recording_share: Annotated[list[Annotated[float, Field(ge=0, lt=1)]], BeforeValidator(_shares)] = []
    missing: MissingStrategy | None = None

    @model_validator(mode="before")
    @classmethod
    def _method_alone(cls, value: Any) -> Any:
        value = {"method": value} if isinstance(value, str) else value
        if not isinstance(value, dict) or not isinstance(value.get("method"), str):
            return value
        value, method = dict(value), value["method"]
        joint = "joint-" if value.get("targets") == "all" and method in JOINT_METHODS else ""
        name = method if method == "best-single" else f"late-{joint}{method}"
        value.setdefault("name", f"{name}-{value['missing']}" if value.get("missing") else name)
        return value

    @model_validator(mode="after")
    def _options_of_the_method(self) -> Self:
        around = self.context != [0] or self.layout != "centred" or self.recording_means or self.onset
        if around and self.method not in ("ridge", "non-negative", "linear-svr", "linear-svr-dual"):
            raise ValueError(f"context, layout, recording_means and onset do not go with method {self.method!r}")
        if self.targets == "all" and self.method in ("best-single", "correlation", "blend"):
            raise ValueError(f"method {self.method!r} fuses a target's own predictions only")
        if self.missing and (self.targets == "all" or around or self.method not in METHODS):
            raise ValueError(
                f"missing = {self.missing!r} goes with the methods {', '.join(METHODS)} on a frame's own predictions"
            )
        if self.missing and self.penalties is not None:
            raise ValueError("missing takes no penalties; leave them out")
        if any(frames < 0 for frames in self.context) or any(constant <= 0 for constant in self.onset):
            raise ValueError("context takes frames of 0 or more, onset seconds above 0")
        return self

    @property
    def fit_method(self) -> str:
        """The method that is fitted: ``joint-<method>`` where targets are decoded together by translations.

        Examples
        --------
        >>> Stage(method="mean", targets="all").fit_method
        'joint-mean'
        """
        return f"joint-{self.method}" if self.targets == "all" and self.method in JOINT_METHODS else self.method

    @property
    def is_plain(self) -> bool:
        """Whether a target is fused from its own predictions, clip by clip, with the method's default penalties.

        Examples
        --------
        >>> Stage(method="ridge").is_plain, Stage(method="ridge", context=[0, 10]).is_plain
        (True, False)
        """
        around = self.context != [0] or self.layout != "centred" or self.recording_means or self.onset
        return not (around or self.targets == "all" or self.penalties is not None)

    @property
    def is_blended(self) -> bool:
        """Whether a blend takes it unasked.

        Examples
        --------
        >>> Stage(method="greedy").is_blended, Stage(method="greedy", inputs=["svr-*"]).is_blended
        (True, False)
        """
        return self.method in BLENDED and self.inputs == ["*"] and not self.settings

    @property
    def blends_all(self) -> bool:
        """Whether it is a blend that names no inputs.

        Examples
        --------
        >>> Stage(method="blend").blends_all, Stage(method="blend", inputs=["late-greedy", "late-ridge"]).blends_all
        (True, False)
        """
        return self.method == "blend" and self.inputs == ["*"]

    @property
    def settings(self) -> dict[str, object]:
        """Options beyond method and inputs that differ from their defaults.

        Examples
        --------
        >>> Stage(method="ridge", best=3).settings
        {'best': 3}
        """
        names = ("targets", "context", "layout", "recording_means", "onset", "penalties")
        given = {name: getattr(self, name) for name in (*names, "best", "recording_share", "missing")}
        return {name: value for name, value in given.items() if value != Stage.model_fields[name].default}


def _modality_sets(value: Any) -> str | list[list[str]]:
    if value in ("all", "pairs", "none"):
        return value
    if isinstance(value, list) and all(isinstance(part, list) and len(part) > 1 for part in value):
        return value
    raise ValueError('must be "all", "pairs", "none" or a list of lists of two or more modalities')


Seconds = Annotated[list[Annotated[float, Field(ge=0, allow_inf_nan=False)]], Field(min_length=1)]


class Systems(Section):
    """The ``[systems]`` section: what is fitted.

    Attributes
    ----------
    learners
        Base estimator families, by name; a table with ``name`` and ``regressor`` or ``classifier`` is a learner of
        another package, see `NamedLearner`.
    tasks
        How several targets are learnt: one at a time; in a chain, each step seeing out-of-fold predictions of earlier
        targets; by XGBoost trees with a value for every regressed target in each leaf (``xgboost`` learners).
    chain_order
        Order of the targets in chains: averaged over several, searched out-of-fold, as in the study, or as listed.
    target_weights
        Weights of the regressed targets in the joint objective (a paper's alpha, beta, gamma).
    early
        Modalities concatenated for early fusion.
    transductive
        Learners for which a row of its own normalises features per speaker, by the evaluated speakers' own unlabelled
        clips too; it is never picked, and fused only by name. ``"allowed"``: of all learners, and they may be picked
        and fused as any other; for evaluated speakers who bring many clips. Every report says so.
    fusion
        Late fusions, in order.
    matching
        Mean/std matching of regressed targets judged by a concordance; a number below 1 matches to this share of the
        targets' deviation, which costs concordance and saves absolute error.
    inner_folds
        Group folds inside every training part.
    delay, smoothing
        Seconds, for corpora continuous in time: how far labels are moved to the front when base systems are fitted (and
        predictions back), and the width of a centred moving average over predictions. One of each is chosen per target
        by out-of-fold score; 0 changes nothing.
    answer
        Name of the system to hand over, chosen before anything was evaluated; by default `pick` decides.
    pick
        What is handed over where no ``answer`` is named: the ``blend`` of the study's fusions, if it has one, or the
        system of the best out-of-fold score (``best``). Among near equals that score chooses by luck, and it is lower
        for fusions, which learn from one fold less, than for the systems that they read.
    fits
        Whether evaluated clips are predicted by a fit to all training clips, or by the mean of the fits that each leave
        one inner fold out.

    Examples
    --------
    >>> systems = Systems(learners=["svr"], fusion=["mean", "greedy"])
    >>> [stage.name for stage in systems.fusion]
    ['late-mean', 'late-greedy']
    """

    learners: list[LearnerChoice] = Field(default=["ridge", "svr", "lightgbm"])
    tasks: list[Literal["single", "chain", "joint"]] = Field(default=["single"], min_length=1)
    chain_order: Literal["ensemble", "search", "given"] | list[str] = "ensemble"
    target_weights: Literal["equal", "search"] | dict[str, Annotated[float, Field(ge=0)]] = "equal"
    early: Annotated[str | list[list[str]], BeforeValidator(_modality_sets)] = "all"
    transductive: list[str] | Literal["allowed"] = []
    fusion: list[Stage] = [Stage(method=method) for method in DEFAULT_FUSIONS]
    matching: bool | Annotated[float, Field(gt=0, le=1)] = True
    inner_folds: int = Field(default=5, ge=2, le=50)
    delay: Seconds = [0.0]
    smoothing: Seconds = [0.0]
    answer: str | None = None
    pick: PickRule = "blend"
    fits: Literal["all", "folds"] = "all"

    @model_validator(mode="after")
    def _fits_of_whole_recordings(self) -> Self:
        if self.fits == "folds" and (any(self.delay) or any(self.smoothing)):
            raise ValueError("fits = 'folds' does not go with delay and smoothing, which move whole recordings in time")
        if self.fits == "folds" and self.inner_folds < 3:
            raise ValueError("fits = 'folds' averages over three inner_folds or more")
        return self

    @model_validator(mode="after")
    def _distinct_names(self) -> Self:
        names = [stage.name for stage in self.fusion]
        twice = [name for name in names if names.count(name) > 1]
        if twice:
            raise ValueError(f"two fusions are named {twice[0]!r}; give each a name of its own")
        return self

    @property
    def timing(self) -> dict[str, list[float]]:
        """Delay and smoothing where there is anything to move or smooth; empty for a plain study.

        Examples
        --------
        >>> Systems(delay=[0, 2.4]).timing
        {'delay': [0.0, 2.4], 'smoothing': [0.0]}
        """
        return {} if self.delay == self.smoothing == [0.0] else {"delay": self.delay, "smoothing": self.smoothing}


class Tuning(Section):
    """The ``[tuning]`` section: how long an Optuna search runs, for which systems, and what it may change.

    Attributes
    ----------
    trials
        Trials of each tuned system in each split, over all calls; the first is the defaults. 0 tunes nothing.
    systems
        Names of base systems that are tuned (``*`` matches any text).
    search
        The learner's own parameters; how features are scaled; which of them count, and how much each modality does; the
        order of a chain; the weights of jointly learnt targets; by which method base systems are fused, and how many of
        the best of them (the system ``late-tuned``).
    pruning
        Whether a trial ends after a fold in which it is worse than half of those before it.
    average
        So many of the best trials are fitted, and their predictions averaged with those of the defaults, which count as
        much as all of them; where the defaults alone score better out-of-fold, they stay. 1 takes the best trial alone,
        as do systems with delay or smoothing.

    Examples
    --------
    >>> Tuning(trials=30, search=["learner"]).systems
    ['*']
    """

    trials: int = Field(default=0, ge=0, le=100_000)
    systems: list[str] = Field(default=["*"], min_length=1)
    search: list[Literal["learner", "scaling", "features", "order", "weights", "fusion"]] = Field(
        default=["learner", "scaling", "features", "order", "weights", "fusion"], min_length=1
    )
    pruning: bool = True
    average: int = Field(default=8, ge=1, le=100)


SPEAKER = "speaker"
"""Name under which identity stands among the targets of results and of reported figures."""


class Identity(Section):
    """The ``[identity]`` section: how well the speaker can be told, before and after erasures.

    Attributes
    ----------
    erasures
        What takes the speaker out of features, fitted on training speakers.
    strengths
        Shares of what can be erased, 0 to 1, that are tried.
    speaker
        Column of the clips table; by default the corpus' group.
    content
        Column of what is said: no content is on both sides of a probe. By default the recording, where there is one.
    max_loss
        Out-of-fold score, in units of the study's metric, that an erasure may cost.
    probes
        What looks for the speaker: lines, and boosted trees.
    learner
        Learns the targets from erased features.

    Examples
    --------
    >>> Identity(strengths=[0.5, 1]).erasures
    ['leace', 'per-speaker-rank']
    """

    erasures: list[Literal["leace", "nullspace", "per-speaker", "per-speaker-rank"]] = ["leace", "per-speaker-rank"]
    strengths: list[Annotated[float, Field(gt=0, le=1)]] = Field(default=[0.25, 0.5, 0.75, 1.0], min_length=1)
    speaker: str | None = None
    content: str | None = None
    max_loss: float = Field(default=0.02, ge=0)
    probes: list[Literal["linear", "boosted"]] = Field(default=["linear", "boosted"], min_length=1)
    learner: Literal["svr", "ridge"] = "svr"

    @model_validator(mode="after")
    def _linear_is_needed(self) -> Self:
        if "linear" not in self.probes:
            raise ValueError('probes needs "linear": strengths are compared by it')
        return self


class Masking(Section):
    """The ``[masking]`` section: how systems do on evaluated clips whose modalities are hidden.

    Attributes
    ----------
    shares
        Shares of clips (or groups) that lose something, above 0 to 1; what each keeps is drawn at random, and a clip
        never loses all it has.
    by
        Whether clips lose modalities one by one, or all clips of a group the same.
    sources
        Modalities (or outside systems) that go missing together; others are sources of their own.
    systems
        Names of systems to show (``*`` matches any text); by default the picked one, all fusions and the best single
        system of each source.

    Examples
    --------
    >>> Masking(sources={"camera": ["face", "body"]}).shares
    [0.1, 0.3, 0.5, 0.7, 0.9]
    """

    shares: list[Annotated[float, Field(gt=0, le=1)]] = [0.1, 0.3, 0.5, 0.7, 0.9]
    by: list[Literal["clip", "group"]] = ["clip", "group"]
    sources: dict[Name, Annotated[list[str], Field(min_length=1)]] = {}
    systems: list[str] = []
