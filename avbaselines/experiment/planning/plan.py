"""The systems of a study, in an order in which each comes after its inputs."""

from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from itertools import combinations

from avbaselines.errors import InputError
from avbaselines.experiment.fitting.base import CONCORDANCES
from avbaselines.experiment.planning.learners import learner_name
from avbaselines.experiment.planning.reserved_names import PICKED
from avbaselines.schema import nearest
from avbaselines.systems import Stage

# Of the name of a folder, on all common file systems.
LONGEST = 250


@dataclass(frozen=True)
class System:
    """One row (or, with its unmatched twin, two rows) of the leaderboard.

    Attributes
    ----------
    name : str
        Its row; with matching, the matched one.
    raw_name : str or None
        The row without matching, where matching applies.
    kind : {"measured", "imported"}
    modalities : tuple of str
    learner, task : str
        Empty for fusions and imported systems.
    method : str
        Fusion method; empty for base systems.
    stage : int
        0 for base systems, k for fusions of systems up to stage k - 1.
    inputs : tuple of str
        Names of the systems it fuses.
    settings : dict
        Further options of a fusion.
    matching : bool
        Whether its regressed targets judged by a concordance are matched.
    tuning : dict
        Of a tuned system: trials, search, pruning.
    transductive : bool
        Reads unlabelled clips of evaluated groups; never picked and never fused by default.
    """

    name: str
    raw_name: str | None = None
    kind: str = "measured"
    modalities: tuple[str, ...] = ()
    learner: str = ""
    task: str = ""
    method: str = ""
    stage: int = 0
    inputs: tuple[str, ...] = ()
    settings: dict = field(default_factory=dict)
    matching: bool = True
    tuning: dict = field(default_factory=dict)
    transductive: bool = False

    @property
    def rows(self):
        """Names under which this system appears."""
        return (self.name,) if self.raw_name is None else (self.name, self.raw_name)


def plan(study, targets, only=()):
    """All systems of a study.

    Parameters
    ----------
    study : Study
    targets : list of Target
    only : sequence of str
        Names (``*`` matches any text) to keep, with what they need.

    Returns
    -------
    list of System

    Raises
    ------
    InputError
        Unknown modality, learner, input or name in ``only``.
    """
    matching = bool(study.systems.matching) and any(target.metric in CONCORDANCES for target in targets)
    _refuse_few_targets(study, targets)
    _refuse_nothing_to_decode(study, targets)
    base = list(_base(study, targets, matching))
    systems = [*_imported(study, matching), *base, *_tuned(study, base)]
    systems += _searched_fusion(study, systems, matching)
    for stage in study.systems.fusion:
        inputs = _inputs(stage, systems)
        if len(inputs) > 1 or (inputs and stage.settings.keys() - {"best"}):
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


def _imported(study, matching):
    for name in study.predictions:
        # The figure under the system's own name is what its authors would report: nothing is matched in it.
        yield System(f"{name}-matched" if matching else name, name if matching else None, "imported", (name,))


def _base(study, targets, matching):
    sections = study.systems
    known = tuple(study.modalities)
    sets = [(name,) for name in known] + _early_sets(sections.early, known)
    learners = [learner_name(name) for name in sections.learners]
    trees = [name for name in learners if name.startswith("xgboost")] or ["xgboost"]
    for learner, mode, modalities, transductive in [
        *(
            (learner, task, part, False)
            for part in sets
            for task in sections.tasks
            # Jointly grown trees are XGBoost's; asked for beside other learners they come once.
            for learner in (trees if task == "joint" else learners)
        ),
        *((learner_name(name), "single", part, True) for part in sets for name in sections.transductive),
    ]:
        name = "-".join(filter(None, ["" if mode == "single" else mode, learner, "+".join(modalities)]))
        name += "-per-speaker" if transductive else ""
        yield System(
            name,
            f"{name}-raw" if matching else None,
            modalities=modalities,
            learner=learner,
            task=mode,
            settings=_task_settings(mode, sections, targets) | sections.timing,
            transductive=transductive,
        )


TUNED = "-tuned"


def _tuned(study, base):
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
    options = tuning.model_dump(exclude={"systems"})
    for system in able:
        if any(fnmatchcase(system.name, pattern) for pattern in tuning.systems):
            raw_name = f"{system.name}{TUNED}-raw" if system.raw_name else None
            yield replace(system, name=f"{system.name}{TUNED}", raw_name=raw_name, tuning=options)


def _searched_fusion(study, systems, matching):
    """One late fusion of which method and inputs are searched; it starts from the greedy one of all base systems."""
    if not study.tuning.trials or "fusion" not in study.tuning.search:
        return []
    stage = Stage(method="greedy", name=f"late{TUNED}")
    inputs = _inputs(stage, systems)
    if len(inputs) < 2:
        return []
    return [replace(_fusion(stage, inputs, matching), tuning=study.tuning.model_dump(exclude={"systems"}))]


def _task_settings(task, sections, targets):
    names = [target.name for target in targets]
    if task == "chain":
        order = sections.chain_order
        if isinstance(order, list):
            if sorted(order) != sorted(names):
                raise InputError(f"systems.chain_order: must name each target once ({', '.join(names)}); got {order}")
            order = [names.index(name) for name in order]
        return {"order": order}
    if task == "joint":
        weights = sections.target_weights
        if isinstance(weights, dict):
            regressed = [target.name for target in targets if target.kind == "regression"]
            if sorted(weights) != sorted(regressed):
                raise InputError(
                    f"systems.target_weights: must weigh each regressed target ({', '.join(regressed)}); "
                    f"got {', '.join(weights)}"
                )
            weights = [weights[name] for name in regressed]
        return {"target_weights": None if weights == "equal" else weights}
    return {}


def _refuse_few_targets(study, targets):
    regressed = sum(target.kind == "regression" for target in targets)
    if "chain" in study.systems.tasks and len(targets) < 2:
        raise InputError("systems.tasks: a chain needs two targets or more; this study has one - leave 'chain' out")
    if "joint" in study.systems.tasks and regressed < 2:
        raise InputError(
            f"systems.tasks: jointly grown trees need two regressed targets or more; this study has {regressed} - "
            "leave 'joint' out"
        )


def _refuse_nothing_to_decode(study, targets):
    for stage in study.systems.fusion:
        if stage.fit_method.startswith("joint-") and len(targets) < 2:
            raise InputError(
                f"systems.fusion {stage.name!r}: targets = 'all' decodes several targets together; this study has one "
                "- leave it out"
            )


def _early_sets(early, known):
    if early == "none" or len(known) < 2:
        return []
    if early == "all":
        return [known]
    if early == "pairs":
        return [*combinations(known, 2)] + ([known] if len(known) > 2 else [])
    for part in early:
        if len(set(part)) < len(part):
            raise InputError(f"systems.early: {part} names a modality twice; leave one out")
        for name in part:
            if name not in known:
                raise InputError(
                    f"systems.early: no modality {name!r}{nearest(name, known)}; known: {', '.join(known)}"
                )
    return [tuple(part) for part in early]


def _inputs(stage, systems):
    """Systems a fusion reads; a wildcard takes base systems only, names may be earlier fusions too.

    Of a system and its tuned twin a wildcard takes the twin: the two say nearly the same.
    """
    chosen = []
    twins = {system.name.removesuffix(TUNED): system for system in systems if system.tuning and system.learner}
    for pattern in stage.inputs:
        wild = "*" in pattern
        found = [
            system
            for system in systems
            if any(fnmatchcase(row, pattern) for row in system.rows)
            and not (wild and (system.stage or system.transductive))
        ]
        if not found and pattern != "*":
            names = [system.name for system in systems]
            raise InputError(
                f"systems.fusion {stage.name!r}: no system {pattern!r}{nearest(pattern, names)}; "
                f"known: {', '.join(names)}"
            )
        for system in found:
            system = twins.get(system.name, system) if wild else system
            if system not in chosen:
                chosen.append(system)
    return chosen


def _fusion(stage, inputs, matching):
    matching = matching and stage.matching
    names = (stage.name, f"{stage.name}-raw" if matching else None)
    if stage.fit_method == "mean" and matching:
        # The plain mean keeps its name; matched, it is a row with a name of its own.
        names = (
            stage.name.replace("mean", "matched-mean") if "mean" in stage.name else f"{stage.name}-matched",
            stage.name,
        )
    modalities = tuple(dict.fromkeys(name for system in inputs for name in system.modalities))
    return System(
        *names,
        modalities=modalities,
        method=stage.fit_method,
        stage=1 + max(system.stage for system in inputs),
        inputs=tuple(system.name for system in inputs),
        settings=stage.settings,
        matching=matching,
        transductive=any(system.transductive for system in inputs),
    )


def _refuse_bad_names(systems):
    rows = [row for system in systems for row in system.rows]
    for row in rows:
        if row == PICKED:
            raise InputError(f"a system is named {row!r}, as the row that is handed over; rename it")
        if len(row.encode()) > LONGEST:
            raise InputError(
                f"the name of {row[:60]!r}... becomes a folder and has {len(row.encode())} bytes, more than {LONGEST}; "
                "give modalities shorter names, or fuse fewer of them (systems.early)"
            )
        if rows.count(row) > 1:
            raise InputError(f"two systems are named {row!r}; rename the modality, prediction or fusion")


def _refuse_unknown_answer(answer, systems):
    able = [system.name for system in systems if system.kind == "measured" and not system.transductive]
    if answer is not None and answer not in able:
        raise InputError(
            f"systems.answer: no system {answer!r} that could be handed over{nearest(answer, able)}; known: "
            f"{', '.join(able)}"
        )


def _keep(systems, only):
    rows = {row: system for system in systems for row in system.rows}
    wanted = set()
    for pattern in only:
        found = [system.name for row, system in rows.items() if fnmatchcase(row, pattern)]
        if not found:
            raise InputError(f"--only: no system {pattern!r}{nearest(pattern, rows)}; known: {', '.join(rows)}")
        wanted.update(found)
    by_name = {system.name: system for system in systems}
    pending = list(wanted)
    while pending:
        new = [name for name in by_name[pending.pop()].inputs if name not in wanted]
        wanted.update(new)
        pending += new
    return [system for system in systems if system.name in wanted]


def without(system, failed):
    """A fusion with failed inputs left out, or None where fewer than two are left."""
    left = tuple(name for name in system.inputs if name not in failed)
    return replace(system, inputs=left) if len(left) > 1 else None
