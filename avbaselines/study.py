"""Study files: the whole of their sections, inheritance between files, and the reported figures beside them."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal, Self

import tomli_w
from pydantic import Field, model_validator

from avbaselines import catalog
from avbaselines.corpora.modalities import ModalityOptions
from avbaselines.corpora.predictions import PredictionOptions
from avbaselines.corpora.splits import SplitOptions
from avbaselines.corpora.tables import read_table
from avbaselines.corpora.targets import TargetOptions
from avbaselines.errors import InputError
from avbaselines.evaluation.combined import COMBINED, Combined
from avbaselines.evaluation.metrics import METRICS
from avbaselines.schema import Name, NoTomlError, Section, locate, nearest, parse_toml, read_toml, texts_in, validate
from avbaselines.study_sections import CombinedOptions, ComparisonOptions, CorpusSection, Paper, Protocols, Reported
from avbaselines.systems import SPEAKER, Identity, Masking, Systems, Tuning


class Study(Section):
    """A study: one corpus, its targets, the systems fitted to them and the figures beside them.

    Attributes
    ----------
    title
        One line, the head of every report.
    paper
        The published work that the study stands beside.
    notes
        Sentences that stand under the leaderboard.
    corpus
        Where clips, labels and groups are read.
    split
        Who is learnt from, and who is evaluated.
    targets
        What is predicted: attributes and classes.
    modalities
        Feature tables, or the recipes that make them.
    predictions
        Predictions of other systems: they are compared, and fusions may read them.
    systems
        What is fitted: learners, task modes, fusions.
    tuning
        How long parameters are searched, and which.
    identity
        How well speakers are told from features, and what erasing them costs.
    masking
        Scores of evaluated clips whose modalities are hidden.
    combined
        A class and an attribute scored as one.
    comparison
        How systems are compared.
    protocols
        What is different where a paper did otherwise.
    factors
        Set the base systems out by objective, task mode and modality, with paired tests.
    importance
        Tell what the best system of each set of modalities takes from each family of features.
    reported
        Figures of the literature: tables in the study file, or the name of a csv file beside it.
    seed
        What all random draws start from; fits repeat bit for bit.

    Examples
    --------
    >>> study = Study(
    ...     title="Mine",
    ...     corpus={"reader": "table", "clips": "clips.csv"},
    ...     split={"group_kfold": 5},
    ...     targets={"arousal": {"metric": "ccc"}},
    ...     modalities={"audio": "audio.csv"},
    ... )
    >>> study.systems.learners
    ['ridge', 'svr', 'lightgbm']
    """

    title: str = Field(pattern=r"\S")
    paper: Paper | None = None
    notes: list[str] = []
    corpus: CorpusSection
    split: SplitOptions
    targets: dict[Name, TargetOptions] = Field(min_length=1)
    modalities: dict[Name, ModalityOptions] = {}
    predictions: dict[Name, PredictionOptions] = {}
    systems: Systems = Systems()
    tuning: Tuning = Tuning()
    identity: Identity | None = None
    factors: bool = False
    importance: bool = False
    masking: Masking | None = None
    combined: CombinedOptions | None = None
    comparison: ComparisonOptions = ComparisonOptions()
    reported: list[Reported] = []
    protocols: Protocols = Protocols()
    seed: int = Field(default=0, ge=0, lt=2**31)

    def _reserved_names(self) -> set[str]:
        """Names of rows that stand among the targets of the results."""
        return {"mean"} | ({SPEAKER} if self.identity else set()) | ({COMBINED} if self.combined else set())

    @model_validator(mode="after")
    def _known_reported_targets(self) -> Self:
        others = self._reserved_names()
        for figure in self.reported:
            if figure.target not in self.targets and figure.target not in others:
                raise ValueError(
                    f"reported figure of {figure.system!r} names target {figure.target!r}"
                    f"{nearest(figure.target, self.targets)}, which this study does not have"
                )
        return self

    @model_validator(mode="after")
    def _targets_without_reserved_names(self) -> Self:
        for name in self._reserved_names() & set(self.targets):
            raise ValueError(
                f"targets.{name}: this name is kept for a row of its own in the results; choose another, with "
                f"column = {self.targets[name].column or name!r}"
            )
        return self

    @model_validator(mode="after")
    def _terms_that_combine(self) -> Self:
        if self.combined is None:
            return self
        for key in ("label", "value"):
            name = getattr(self.combined, key)
            if name not in self.targets:
                raise ValueError(f"combined.{key}: no target {name!r}{nearest(name, self.targets)}")
            metric = METRICS[self.targets[name].metric]
            if (metric.kind == "classes") != (key == "label") or metric.higher_is_better != (key == "label"):
                needed = "a class metric" if key == "label" else "an error: mse, rmse or mae"
                raise ValueError(f"combined.{key}: target {name!r} has metric {metric.name!r}; needed is {needed}")
        return self

    @model_validator(mode="after")
    def _paths_below_data(self) -> Self:
        """Before anything below ``${data}`` is looked at, no path leads out of it."""
        tables = (*self.modalities.values(), *self.predictions.values())
        for section in (self.corpus.options, *(part.model_dump() for part in tables)):
            for text in texts_in(section):
                if "${data}" in text:
                    locate(text, Path(), Path())
        return self

    @model_validator(mode="after")
    def _something_to_learn_from(self) -> Self:
        if not self.modalities and not self.predictions:
            raise ValueError("needs [modalities] to learn from, or [predictions] to fuse")
        return self


def combined_of(study: Study) -> Combined | None:
    """The score that a study's ``[combined]`` asks for, or None.

    Examples
    --------
    >>> from avbaselines.catalog import find
    >>> combined_of(load_study(find("studies", "quickstart"))) is None
    True
    """
    if study.combined is None:
        return None
    label, value = study.combined.label, study.combined.value
    metrics = study.targets[label].metric, study.targets[value].metric
    return Combined(label, value, *metrics, study.combined.weight)


def under_protocol(study: Study, protocol: Literal["honest", "paper"], source: str | Path) -> Study:
    """The study as a protocol runs it.

    Parameters
    ----------
    source
        The study file, for errors.

    Raises
    ------
    InputError
        Where the study has no paper protocol.

    Examples
    --------
    >>> from avbaselines.catalog import find
    >>> path = find("studies", "multistage-fusion")
    >>> study = load_study(path)
    >>> under_protocol(study, "honest", path) is study, under_protocol(study, "paper", path) == study
    (True, False)
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


def load_study(path: str | Path, overrides: Iterable[str] = ()) -> Study:
    """Read and validate a study file with everything it extends.

    Parameters
    ----------
    path
        A study file, or the name of a shipped study.
    overrides
        ``key=value`` texts, keys dotted, values TOML (or else plain text).

    Raises
    ------
    InputError
        Naming file, line where it can be told, key, and what to do.

    Examples
    --------
    >>> study = load_study("quickstart", ["seed=3", "systems.learners=['ridge']"])
    >>> study.seed, study.systems.learners
    (3, ['ridge'])
    """
    path = catalog.find("studies", path)
    content = _inherit(path, [])
    for text in overrides:
        _override(content, text)
    content["reported"] = _reported(content.get("reported", []))
    return validate(Study, content, path)


def dump_study(study: Study, path: str | Path) -> None:
    """Write a study with every default filled in.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "study.toml")
    ...     dump_study(load_study("quickstart"), path)
    ...     load_study(path) == load_study("quickstart")
    True
    """
    content = study.model_dump(mode="json", exclude_none=True)
    # A path may hold bytes that are no UTF-8, for which TOML has no spelling.
    Path(path).write_text(tomli_w.dumps(content), encoding="utf-8", errors="replace")


MOST_EXTENDED = 16
"""Studies that one may extend, each by way of the next."""


def _inherit(path: Path, seen: list[Path]) -> dict[str, Any]:
    path = path.resolve()
    if len(seen) > MOST_EXTENDED:
        raise InputError(f"{seen[0]}: extends goes through more than {MOST_EXTENDED} studies")
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
    beside = (path.parent / parent, path.parent / f"{parent}.toml")
    source = next((file for file in beside if catalog.is_file(file)), None)
    return _merge(_inherit(source or catalog.find("studies", parent), [*seen, path]), content)


# Sections whose keys exclude one another are taken whole from the study that names them last.
WHOLE = {"split"}


def _merge(parent: dict[str, Any], child: dict[str, Any]) -> dict[str, Any]:
    merged = dict(parent)
    for key, value in child.items():
        if isinstance(value, dict) and isinstance(parent.get(key), dict) and key not in WHOLE:
            merged[key] = _merge(parent[key], value)
        else:
            merged[key] = value
    return merged


def _override(content: dict[str, Any], text: str) -> None:
    key, separator, value = text.partition("=")
    if not separator or not key.strip():
        raise InputError(f"--set {text!r}: expected key=value, such as seed=1 or systems.learners=['svr']")
    parsed: Any
    try:
        parsed = parse_toml(f"value = {value}", f"--set {key.strip()}")["value"]
    except NoTomlError:
        parsed = value
    *sections, last = key.strip().split(".")
    for section in sections:
        content = content.setdefault(section, {})
        if not isinstance(content, dict):
            raise InputError(f"--set {text!r}: {section!r} is no section")
    content[last] = parsed


def _absolute_reported(content: dict[str, Any], path: Path) -> dict[str, Any]:
    """A file of reported figures is named relative to the study that names it."""
    if isinstance(content.get("reported"), str):
        content["reported"] = str(locate(content["reported"], None, path.parent))
    return content


def _reported(reported: Any) -> Any:
    if not isinstance(reported, str):
        return reported
    table = read_table(Path(reported), key="reported", text=["split", "note", "source", "system", "target", "metric"])
    rows = table.to_dict("records")
    for number, row in enumerate(rows, 2):
        validate(Reported, _without_missing(row), f"{reported}, line {number}")
    return [_without_missing(row) for row in rows]


def _without_missing(row: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in row.items() if value == value and value is not None}
