"""The systems of a study, in an order in which each comes after its inputs."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from itertools import combinations

from avbaselines.corpora.corpus import Target
from avbaselines.errors import InputError
from avbaselines.evaluation.metrics import CONCORDANCES
from avbaselines.experiment.planning.learners import learner_name, outside_learner
from avbaselines.experiment.planning.outside_learners import OutsideLearner
from avbaselines.experiment.planning.reserved_names import PICKED
from avbaselines.experiment.planning.system import (
    BaseSystem,
    ChainOrder,
    ExternalSystem,
    FusionSystem,
    System,
    TargetWeights,
    TaskMode,
    Timing,
)
from avbaselines.learner_options import LearnerChoice, NamedLearner
from avbaselines.schema import nearest
from avbaselines.study import Study
from avbaselines.systems import Stage, Systems

# Of the name of a folder, on all common file systems.
LONGEST = 250


def plan(study: Study, targets: Sequence[Target], only: Sequence[str] = ()) -> list[System]:
    """All systems of a study.

    Parameters
    ----------
    study
    targets
    only
        Names (``*`` matches any text) to keep, with what they need.

    Raises
    ------
    InputError
        Unknown modality, learner, input or name in ``only``.

    Examples
    --------
    >>> from avbaselines.study import load_study
    >>> [system.name for system in plan(load_study("quickstart"), [Target("arousal", "ccc")], ["ridge-audio"])]
    ['ridge-audio']
    """
    matching = bool(study.systems.matching) and any(target.metric in CONCORDANCES for target in targets)
    _refuse_few_targets(study, targets)
    _refuse_nothing_to_decode(study, targets)
    base = list(_base(study, targets, matching))
    systems: list[System] = [*_external(study, matching), *base, *_tuned(study, base)]
    systems += _searched_fusion(study, systems, matching)
    for stage in study.systems.fusion:
        inputs = _blended(systems) if stage.blends_all else _inputs(stage, systems, study)
        if len(inputs) > 1 or (inputs and not (stage.is_plain and stage.missing is None and not stage.recording_share)):
            systems.append(_fusion(stage, inputs, matching))
        elif not any("*" in pattern for pattern in stage.inputs):
            raise InputError(
                f"systems.fusion {stage.name!r}: there is nothing to fuse in {inputs[0].name!r} alone; name two inputs "
                "or more, or leave it out"
            )
    if not systems:
        raise InputError("systems.learners: is empty, and no [predictions] are there to compare; name a learner")
    _refuse_bad_names(systems)
    _refuse_unknown_answer(study.systems.answer, systems)
    return _keep(systems, only) if only else systems


def _external(study: Study, matching: bool) -> Iterator[ExternalSystem]:
    for name in study.predictions:
        # The figure under the system's own name is what its authors would report: nothing is matched in it.
        label = f"{name}-matched" if matching else name
        yield ExternalSystem(name=label, raw_label=name if matching else None, modalities=(name,), source=name)


def _base(study: Study, targets: Sequence[Target], matching: bool) -> Iterator[BaseSystem]:
    sections = study.systems
    names = tuple(study.modalities)
    sets = [(name,) for name in names] + _early_sets(sections.early, names)
    learners = _learners(sections.learners, targets)
    own = [name for name, outside in learners.items() if outside is None and name.startswith("xgboost")]
    trees = dict.fromkeys(own or ["xgboost"])
    for part in sets:
        for task in sections.tasks:
            # Jointly grown trees are XGBoost's; asked for beside other learners they come once.
            for learner in (trees if task == "joint" else learners).items():
                yield _base_system(sections, targets, matching, learner, task, part)
    again = learners if sections.transductive == "allowed" else _again(sections.transductive, learners, targets)
    for part in sets:
        for learner in again.items():
            yield _base_system(sections, targets, matching, learner, "single", part, transductive=True)


def _again(
    names: Sequence[str], learners: dict[str, OutsideLearner | None], targets: Sequence[Target]
) -> dict[str, OutsideLearner | None]:
    """Learners by name, of those of the study the very ones."""
    named = {name: learners[name] for name in names if name in learners}
    return _learners([name for name in names if name not in named], targets) | named


def _learners(choices: Sequence[LearnerChoice], targets: Sequence[Target]) -> dict[str, OutsideLearner | None]:
    """Learners by name; None stands for one of ours."""
    found: dict[str, OutsideLearner | None] = {}
    for choice in choices:
        outside = outside_learner(choice, [target.kind for target in targets])
        name = choice.name if isinstance(choice, NamedLearner) else choice if outside else learner_name(choice)
        if name in found and (outside or found[name]):
            raise InputError(f"systems.learners: two learners are named {name!r}; rename one")
        found[name] = outside
    return found


def _base_system(
    sections: Systems,
    targets: Sequence[Target],
    matching: bool,
    learner: tuple[str, OutsideLearner | None],
    task: TaskMode,
    modalities: tuple[str, ...],
    transductive: bool = False,
) -> BaseSystem:
    label, outside = learner
    name = "-".join(filter(None, ["" if task == "single" else task, label, "+".join(modalities)]))
    name += "-per-speaker" if transductive else ""
    return BaseSystem(
        name=name,
        raw_label=f"{name}-raw" if matching else None,
        modalities=modalities,
        learner=label,
        outside=outside,
        task=task,
        chain_order=_chain_order(sections, targets) if task == "chain" else None,
        target_weights=_target_weights(sections, targets) if task == "joint" else None,
        timing=Timing(tuple(sections.delay), tuple(sections.smoothing)) if sections.timing else None,
        transductive=transductive,
        allowed=transductive and sections.transductive == "allowed",
    )


def _tuned(study: Study, base: Sequence[BaseSystem]) -> Iterator[BaseSystem]:
    """Tuned twins of base systems; whatever normalises by evaluated clips is left as it is."""
    tuning = study.tuning
    if not tuning.trials or set(tuning.search) == {"fusion"}:
        return
    able = [system for system in base if not system.transductive]
    for pattern in tuning.systems:
        if able and not any(fnmatchcase(system.name, pattern) for system in able):
            names = [system.name for system in able]
            raise InputError(
                f"tuning.systems: no base system {pattern!r}{nearest(pattern, names)}; known: {', '.join(names)}"
            )
    for system in able:
        if any(fnmatchcase(system.name, pattern) for pattern in tuning.systems):
            name = f"{system.name}-tuned"
            raw_label = f"{name}-raw" if system.matched else None
            yield replace(system, name=name, raw_label=raw_label, tuning=tuning, defaults=system.name)


def _searched_fusion(study: Study, systems: Sequence[System], matching: bool) -> list[FusionSystem]:
    """One late fusion of which method and inputs are searched; it starts from the greedy one of all base systems."""
    if not study.tuning.trials or "fusion" not in study.tuning.search:
        return []
    stage = Stage(method="greedy", name="late-tuned")
    inputs = _inputs(stage, systems, study)
    if len(inputs) < 2:
        return []
    return [replace(_fusion(stage, inputs, matching), tuning=study.tuning)]


def _chain_order(sections: Systems, targets: Sequence[Target]) -> ChainOrder:
    names, order = [target.name for target in targets], sections.chain_order
    if not isinstance(order, list):
        return order
    if sorted(order) != sorted(names):
        raise InputError(f"systems.chain_order: must name each target once ({', '.join(names)}); got {order}")
    return tuple(names.index(name) for name in order)


def _target_weights(sections: Systems, targets: Sequence[Target]) -> TargetWeights:
    weights = sections.target_weights
    if weights == "equal":
        return None
    if not isinstance(weights, dict):
        return "search"
    regressed = [target.name for target in targets if target.kind == "regression"]
    if sorted(weights) != sorted(regressed):
        raise InputError(
            f"systems.target_weights: must weigh each regressed target ({', '.join(regressed)}); "
            f"got {', '.join(weights)}"
        )
    return tuple(weights[name] for name in regressed)


def _refuse_few_targets(study: Study, targets: Sequence[Target]) -> None:
    regressed = sum(target.kind == "regression" for target in targets)
    if "chain" in study.systems.tasks and len(targets) < 2:
        raise InputError("systems.tasks: a chain needs two targets or more; this study has one - leave 'chain' out")
    if "joint" in study.systems.tasks and regressed < 2:
        raise InputError(
            f"systems.tasks: jointly grown trees need two regressed targets or more; this study has {regressed} - "
            "leave 'joint' out"
        )


def _refuse_nothing_to_decode(study: Study, targets: Sequence[Target]) -> None:
    for stage in study.systems.fusion:
        if stage.fit_method.startswith("joint-") and len(targets) < 2:
            raise InputError(
                f"systems.fusion {stage.name!r}: targets = 'all' decodes several targets together; this study has one "
                "- leave it out"
            )


def _early_sets(early: str | list[list[str]], modalities: tuple[str, ...]) -> list[tuple[str, ...]]:
    if early == "none" or len(modalities) < 2:
        return []
    if early == "all":
        return [modalities]
    if early == "pairs":
        return [*combinations(modalities, 2)] + ([modalities] if len(modalities) > 2 else [])
    for part in early:
        if len(set(part)) < len(part):
            raise InputError(f"systems.early: {part} names a modality twice; leave one out")
        for name in part:
            if name not in modalities:
                raise InputError(
                    f"systems.early: no modality {name!r}{nearest(name, modalities)}; "
                    f"known: {', '.join(modalities)}"
                )
    return [tuple(part) for part in early]


def _inputs(stage: Stage, systems: Sequence[System], study: Study) -> list[System]:
    """Systems a fusion reads; a wildcard takes base systems only, names may be earlier fusions too.

    Of a system and its tuned twin a wildcard takes the twin: the two say nearly the same. External systems that are
    not to be fused are taken by name only.
    """
    chosen: list[System] = []
    apart = {name for name, options in study.predictions.items() if not options.fuse}
    twins = {system.defaults: system for system in systems if isinstance(system, BaseSystem) and system.defaults}
    for pattern in stage.inputs:
        wild = "*" in pattern
        matches = [
            system
            for system in systems
            if any(fnmatchcase(label, pattern) for label in system.labels)
            and not (wild and (isinstance(system, FusionSystem) or not system.pickable))
            and not (wild and isinstance(system, ExternalSystem) and system.source in apart)
        ]
        if not matches and pattern != "*":
            names = [system.name for system in systems]
            raise InputError(
                f"systems.fusion {stage.name!r}: no system {pattern!r}{nearest(pattern, names)}; "
                f"known: {', '.join(names)}"
            )
        for system in matches:
            system = twins.get(system.name, system) if wild else system
            if system not in chosen:
                chosen.append(system)
    return chosen


def _blended(systems: Sequence[System]) -> list[System]:
    """What a blend takes unasked: fusions of all base systems."""
    fusions = [system for system in systems if isinstance(system, FusionSystem) and system.tuning is None]
    return [system for system in fusions if system.fusion.is_blended]


def _fusion(stage: Stage, inputs: Sequence[System], matching: bool) -> FusionSystem:
    matching = matching and stage.matching
    name, raw_label = stage.name, f"{stage.name}-raw" if matching else None
    if stage.fit_method == "mean" and matching:
        # The plain mean keeps its name; matched, it is a row with a name of its own.
        matched = stage.name.replace("mean", "matched-mean") if "mean" in stage.name else f"{stage.name}-matched"
        name, raw_label = matched, stage.name
    return FusionSystem(
        name=name,
        raw_label=raw_label,
        modalities=tuple(dict.fromkeys(name for system in inputs for name in system.modalities)),
        transductive=any(system.transductive for system in inputs),
        allowed=any(system.allowed for system in inputs),
        fusion=stage,
        depth=1 + max(system.stage for system in inputs),
        parts=tuple(system.name for system in inputs),
    )


def _refuse_bad_names(systems: Sequence[System]) -> None:
    labels = [label for system in systems for label in system.labels]
    for label in labels:
        if label == PICKED:
            raise InputError(f"a system is named {label!r}, as the row that is handed over; rename it")
        if len(label.encode()) > LONGEST:
            raise InputError(
                f"the name of {label[:60]!r}... becomes a folder and has {len(label.encode())} bytes, more than "
                f"{LONGEST}; give modalities shorter names, or fuse fewer of them (systems.early)"
            )
        if labels.count(label) > 1:
            raise InputError(f"two systems are named {label!r}; rename the modality, prediction or fusion")


def _refuse_unknown_answer(answer: str | None, systems: Sequence[System]) -> None:
    able = [system.name for system in systems if system.kind == "measured" and system.pickable]
    if answer is not None and answer not in able:
        raise InputError(
            f"systems.answer: no system {answer!r} that could be handed over{nearest(answer, able)}; known: "
            f"{', '.join(able)}"
        )


def _keep(systems: Sequence[System], only: Iterable[str]) -> list[System]:
    by_label = {label: system for system in systems for label in system.labels}
    wanted: set[str] = set()
    for pattern in only:
        matches = [system.name for label, system in by_label.items() if fnmatchcase(label, pattern)]
        if not matches:
            raise InputError(f"--only: no system {pattern!r}{nearest(pattern, by_label)}; known: {', '.join(by_label)}")
        wanted.update(matches)
    by_name = {system.name: system for system in systems}
    pending = list(wanted)
    while pending:
        new = [name for name in by_name[pending.pop()].inputs if name not in wanted]
        wanted.update(new)
        pending += new
    return [system for system in systems if system.name in wanted]
