"""What a study file may say: sections, defaults, inheritance and the reported figures beside it."""

import tomllib
from pathlib import Path
from typing import Annotated, Literal

import tomli_w
from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, model_validator

from avbaselines import catalog
from avbaselines.corpora.modalities import ModalityOptions
from avbaselines.corpora.predictions import PredictionOptions
from avbaselines.corpora.splits import SplitOptions
from avbaselines.corpora.table import read_table
from avbaselines.corpora.targets import TargetOptions
from avbaselines.errors import InputError
from avbaselines.schema import Section, nearest, read_toml, validate

FUSION_METHODS = (
    *("best-single", "mean", "greedy", "ridge", "correlation"),
    *("non-negative", "linear-svr", "linear-svr-dual", "rbf-svr", "lightgbm"),
)


def _plain_name(value):
    if not value or any(character in value for character in '/\\:*?"<>|') or value != value.strip() or value[0] == ".":
        raise ValueError('a name becomes a folder: no / \\ : * ? " < > |, no leading dot, no spaces around it')
    return value


Name = Annotated[str, AfterValidator(_plain_name)]


class Paper(Section):
    """The published work a study stands beside."""

    title: str
    authors: str = ""
    year: int | None = None
    venue: str = ""
    arxiv: str = ""


class CorpusSection(Section):
    """The ``[corpus]`` section; keys beyond these belong to the reader, which checks them."""

    model_config = ConfigDict(extra="allow", frozen=True)

    reader: str
    group: str | None = None
    recording: str | None = None
    time: str | None = None
    where: dict[str, list[str | int | float | bool]] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _empty_is_none(cls, value):
        if isinstance(value, dict):
            return {
                key: (None if part == "" and key in {"group", "recording", "time"} else part)
                for key, part in value.items()
            }
        return value

    @property
    def options(self):
        """The reader's own keys."""
        return dict(self.model_extra or {})


class Stage(Section):
    """One late fusion.

    Attributes
    ----------
    method : str
        One of `FUSION_METHODS`.
    name : str
        By default ``late-<method>``.
    inputs : list of str
        Names of systems or earlier stages (``*`` matches any text, of base systems); by default all base systems that
        keep their evaluated clips apart.
    targets : {"own", "all"}
        Whether a target is fused from its own predictions, or from those of all targets.
    context : list of int
        Frames before and after that stand beside a frame's own predictions; one is chosen out-of-fold.
    layout : {"centred", "avec"}
        How context is laid out; ``avec`` is the scripts' of the AVEC challenges, which crosses recordings in fitting.
    recording_means : bool
        Weigh a recording's mean prediction apart from what moves within it.
    onset : list of float
        Time constants in seconds of how weights differ at the beginning of a recording.
    penalties : list of float, optional
        Ridge penalties per clip, or C of the SVRs; one is chosen out-of-fold.
    matching : bool
        Mean/std matching of its output (where the study has matching at all).
    """

    method: Literal[FUSION_METHODS]
    name: Name = ""
    inputs: list[str] = Field(default=["*"], min_length=1)
    targets: Literal["own", "all"] = "own"
    context: list[int] = Field(default=[0], min_length=1)
    layout: Literal["centred", "avec"] = "centred"
    recording_means: bool = False
    onset: list[float] = []
    penalties: list[float] | None = None
    matching: bool = True

    @model_validator(mode="before")
    @classmethod
    def _method_alone(cls, value):
        value = {"method": value} if isinstance(value, str) else dict(value)
        method = value.get("method", "")
        value.setdefault("name", method if method == "best-single" else f"late-{method}")
        return value

    @model_validator(mode="after")
    def _options_of_the_method(self):
        around = self.context != [0] or self.layout != "centred" or self.recording_means or self.onset
        if around and self.method not in ("ridge", "non-negative", "linear-svr", "linear-svr-dual"):
            raise ValueError(f"context, layout, recording_means and onset do not go with method {self.method!r}")
        if self.targets == "all" and self.method in ("best-single", "mean", "greedy", "correlation"):
            raise ValueError(f"method {self.method!r} fuses a target's own predictions only")
        if any(frames < 0 for frames in self.context) or any(constant <= 0 for constant in self.onset):
            raise ValueError("context takes frames of 0 or more, onset seconds above 0")
        return self

    @property
    def settings(self):
        """What shapes the fit beyond method and inputs; empty for a plain fusion of own predictions."""
        names = ("targets", "context", "layout", "recording_means", "onset", "penalties")
        given = {name: getattr(self, name) for name in names}
        return {name: value for name, value in given.items() if value != Stage.model_fields[name].default}


def _modality_sets(value):
    if value in ("all", "pairs", "none"):
        return value
    if isinstance(value, list) and all(isinstance(part, list) and len(part) > 1 for part in value):
        return value
    raise ValueError('must be "all", "pairs", "none" or a list of lists of two or more modalities')


class Systems(Section):
    """The ``[systems]`` section: what is fitted.

    Attributes
    ----------
    learners : list of str
        Base estimator families.
    tasks : list of {"single", "chain", "joint"}
        How several targets are learnt: one at a time; in a chain, each step seeing out-of-fold predictions of earlier
        targets; by XGBoost trees with a value for every regressed target in each leaf (``xgboost`` learners).
    chain_order : {"ensemble", "search", "given"} or list of str
        Order of the targets in chains: averaged over several, searched out-of-fold, as in the study, or as listed.
    target_weights : {"equal", "search"} or dict of str to float
        Weights of the regressed targets in the joint objective (a paper's alpha, beta, gamma).
    early : "all", "pairs", "none" or list of lists of str
        Modalities concatenated for early fusion.
    transductive : list of str
        Learners for which a row of its own normalises features per speaker, by the evaluated speakers' own unlabelled
        clips too.
    fusion : list of str or Stage
        Late fusions, in order.
    matching : bool
        Mean/std matching of regressed targets judged by a concordance.
    inner_folds : int
        Group folds inside every training part.
    """

    learners: list[str] = Field(default=["ridge", "svr", "lightgbm"])
    tasks: list[Literal["single", "chain", "joint"]] = Field(default=["single"], min_length=1)
    chain_order: Literal["ensemble", "search", "given"] | list[str] = "ensemble"
    target_weights: Literal["equal", "search"] | dict[str, Annotated[float, Field(ge=0)]] = "equal"
    early: Annotated[str | list[list[str]], BeforeValidator(_modality_sets)] = "all"
    transductive: list[str] = []
    fusion: list[Stage] = [Stage(method=method) for method in ("best-single", "mean", "greedy", "ridge")]
    matching: bool = True
    inner_folds: int = Field(default=5, ge=2, le=50)

    @model_validator(mode="after")
    def _distinct_names(self):
        names = [stage.name for stage in self.fusion]
        twice = [name for name in names if names.count(name) > 1]
        if twice:
            raise ValueError(f"two fusions are named {twice[0]!r}; give each a name of its own")
        return self


SPEAKER = "speaker"
"""Name under which identity stands among the targets of results and of reported figures."""


class Identity(Section):
    """The ``[identity]`` section: how well the speaker can be told, before and after erasures.

    Attributes
    ----------
    erasures : list of {"leace", "nullspace", "per-speaker", "per-speaker-rank"}
        What takes the speaker out of features, fitted on training speakers.
    strengths : list of float
        Shares of what can be erased, 0 to 1, that are tried.
    speaker : str
        Column of the clips table; by default the corpus' group.
    content : str
        Column of what is said: no content is on both sides of a probe. By default the recording, where there is one.
    max_loss : float
        Out-of-fold score, in units of the study's metric, that an erasure may cost.
    probes : list of {"linear", "boosted"}
    learner : {"svr", "ridge"}
        Learns the targets from erased features.
    """

    erasures: list[Literal["leace", "nullspace", "per-speaker", "per-speaker-rank"]] = ["leace", "per-speaker-rank"]
    strengths: list[Annotated[float, Field(gt=0, le=1)]] = Field(default=[0.25, 0.5, 0.75, 1.0], min_length=1)
    speaker: str | None = None
    content: str | None = None
    max_loss: float = Field(default=0.02, ge=0)
    probes: list[Literal["linear", "boosted"]] = Field(default=["linear", "boosted"], min_length=1)
    learner: Literal["svr", "ridge"] = "svr"

    @model_validator(mode="after")
    def _linear_is_needed(self):
        if "linear" not in self.probes:
            raise ValueError('probes needs "linear": strengths are compared by it')
        return self


class Reported(Section):
    """One figure that somebody reported, and where it was read."""

    system: str
    target: str
    metric: str
    value: float
    split: str = "all"
    protocol: Literal["honest", "paper"] = "paper"
    source: str
    note: str = ""


class PaperProtocol(Section):
    """How the paper did it, where that differs: sections that replace the study's own for the protocol ``paper``.

    Attributes
    ----------
    note : str
        What is different, in words; printed under the leaderboard.
    resubstitution : bool
        Fusions are fitted, tuned and scored on the same clips, as the paper did.
    split, systems : sections
        As in the study itself; keys of ``systems`` that are not named keep the study's values.
    """

    note: str
    resubstitution: bool = False
    split: SplitOptions | None = None
    systems: dict = {}


class Protocols(Section):
    """The ``[protocols]`` section."""

    paper: PaperProtocol | None = None


class Study(Section):
    """A study: one corpus, its targets, the systems fitted to them and the figures beside them."""

    title: str
    paper: Paper | None = None
    notes: list[str] = []
    corpus: CorpusSection
    split: SplitOptions
    targets: dict[Name, TargetOptions] = Field(min_length=1)
    modalities: dict[Name, ModalityOptions] = {}
    predictions: dict[Name, PredictionOptions] = {}
    systems: Systems = Systems()
    identity: Identity | None = None
    reported: list[Reported] = []
    protocols: Protocols = Protocols()
    seed: int = Field(default=0, ge=0)

    @model_validator(mode="after")
    def _known_reported_targets(self):
        others = {"mean", SPEAKER} if self.identity else {"mean"}
        for figure in self.reported:
            if figure.target not in self.targets and figure.target not in others:
                raise ValueError(
                    f"reported figure of {figure.system!r} names target {figure.target!r}"
                    f"{nearest(figure.target, self.targets)}, which this study does not have"
                )
        return self

    @model_validator(mode="after")
    def _something_to_learn_from(self):
        if not self.modalities and not self.predictions:
            raise ValueError("needs [modalities] to learn from, or [predictions] to fuse")
        return self


def under_protocol(study, protocol, source):
    """The study as a protocol runs it.

    Parameters
    ----------
    study : Study
    protocol : {"honest", "paper"}
    source : Path
        The study file, for errors.

    Raises
    ------
    InputError
        Where the study has no paper protocol.
    """
    if protocol == "honest":
        return study
    paper = study.protocols.paper
    if paper is None:
        raise InputError(f"{source}: has no [protocols.paper]; run it with --protocol honest")
    content = study.model_dump(exclude_none=True)
    if paper.split is not None:
        content["split"] = paper.split.model_dump(exclude_none=True)
    content["systems"] = study.systems.model_dump(exclude_unset=True) | paper.systems
    return validate(Study, content, source, prefix="protocols.paper")


def load_study(path, overrides=()):
    """Read and validate a study file with everything it extends.

    Parameters
    ----------
    path : Path
    overrides : sequence of str
        ``key=value`` texts, keys dotted, values TOML (or else plain text).

    Returns
    -------
    Study

    Raises
    ------
    InputError
        Naming file, line where it can be told, key, and what to do.
    """
    content = _inherit(Path(path), [])
    for text in overrides:
        _override(content, text)
    content["reported"] = _reported(content.get("reported", []), Path(path))
    return validate(Study, content, path)


def dump_study(study, path):
    """Write a study with every default filled in.

    Parameters
    ----------
    study : Study
    path : Path
    """
    content = study.model_dump(mode="json", exclude_none=True)
    Path(path).write_text(tomli_w.dumps(content), encoding="utf-8")


def _inherit(path, seen):
    path = path.resolve()
    if path in seen:
        chain = " -> ".join(part.stem for part in [*seen, path])
        raise InputError(f"{path}: extends goes round in a circle: {chain}")
    content = read_toml(path)
    content = _absolute_reported(content, path)
    parent = content.pop("extends", None)
    if parent is None:
        return content
    if not isinstance(parent, str):
        raise InputError(f"{path}: key 'extends' must be the name or path of one study")
    beside = path.parent / parent
    found = (
        beside if beside.is_file() else beside.with_suffix(".toml") if beside.with_suffix(".toml").is_file() else None
    )
    return _merge(_inherit(found or catalog.find("studies", parent), [*seen, path]), content)


# Sections whose keys exclude one another are taken whole from the study that names them last.
WHOLE = {"split"}


def _merge(parent, child):
    merged = dict(parent)
    for key, value in child.items():
        if isinstance(value, dict) and isinstance(parent.get(key), dict) and key not in WHOLE:
            merged[key] = _merge(parent[key], value)
        else:
            merged[key] = value
    return merged


def _override(content, text):
    key, separator, value = text.partition("=")
    if not separator or not key.strip():
        raise InputError(f"--set {text!r}: expected key=value, such as seed=1 or systems.learners=['svr']")
    try:
        parsed = tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        parsed = value
    *sections, last = key.strip().split(".")
    for section in sections:
        content = content.setdefault(section, {})
        if not isinstance(content, dict):
            raise InputError(f"--set {text!r}: {section!r} is no section")
    content[last] = parsed


def _absolute_reported(content, path):
    """A file of reported figures is named relative to the study that names it."""
    if isinstance(content.get("reported"), str):
        content["reported"] = str(path.parent / content["reported"])
    return content


def _reported(reported, path):
    if not isinstance(reported, str):
        return reported
    table = read_table(reported, key="reported", text=["split", "note", "source", "system", "target", "metric"])
    rows = table.to_dict("records")
    for number, row in enumerate(rows, 2):
        validate(Reported, _without_missing(row), f"{reported}, line {number}")
    return [_without_missing(row) for row in rows]


def _without_missing(row):
    return {key: value for key, value in row.items() if value == value and value is not None}
