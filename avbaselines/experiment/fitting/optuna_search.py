"""A search by Optuna that goes on where it was cut: each trial depends on the seed, its number and those before it."""

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.storages import JournalStorage, RDBStorage
from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock
from optuna.trial import FrozenTrial, TrialState, create_trial

from avbaselines.errors import InputError
from avbaselines.estimators.tuned.search_space import NOTHING, Choice, Drawn, Real, Whole

JOURNAL = ".journal"
FIRST_PRUNED = 2  # folds that every trial gets
NUMBER, REASON, CHECKSUM = "number", "reason", "checksum"
LOCK_SECONDS = 5  # a journal is locked for milliseconds: a lock that has been there for so long is a dead process's

Space = Mapping[str, Real | Whole | Choice]
Watch = Callable[[int, float], None]
"""``watch(step, score)`` raises where a trial is hopeless."""

Evaluate = Callable[[Drawn, Watch], float]
"""``evaluate(drawn, watch)`` gives a score, larger is better."""


@dataclass(frozen=True)
class Search:
    """Where the trials of one search are kept.

    Attributes
    ----------
    name : str
        Of the Optuna study.
    storage : str
        Path of a journal file, or the URL of a database.
    fresh : bool
        Forget the trials that are there.

    Examples
    --------
    >>> Search("ridge-audio", "runs/trials.journal").fresh
    False
    """

    name: str
    storage: str
    fresh: bool = False


def check_storage(storage: str) -> None:
    """Open a storage and close it again, so that what is wrong with it is known before any fit.

    Raises
    ------
    InputError
        Naming the storage, what is wrong and what to do.

    Examples
    --------
    >>> check_storage("nosuch://host/db")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    avbaselines.errors.InputError: --storage nosuch://host/db: cannot be used ...
    """
    with _quiet():
        optuna.get_all_study_names(_opened(storage))


def search(
    where: Search, space: Space, trials: int, seed: int, evaluate: Evaluate, pruning: bool = True
) -> list[FrozenTrial]:
    """Try values of a space until there are so many trials in all.

    Trial 0 is the defaults. Every other is drawn by a sampler of its own, seeded by the seed and the trial's number,
    that knows the trials before it; a trial is written down once it has ended. So a search that was killed loses the
    running trial alone, and ends as if it had never been.

    Parameters
    ----------
    where
    space
    trials
        How many there shall be in all.
    seed
    evaluate
    pruning
        Whether a trial ends after a fold in which it is worse than half of those before it.

    Returns
    -------
    trials : list of FrozenTrial
        In order.

    Raises
    ------
    Exception
        Whatever `evaluate` raises on the defaults; in other trials that is the reason of a failed trial.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     where = Search("one", f"{folder}/trials.journal")
    ...     trials = search(where, {"x": Real(0.1, 10.0, 1.0)}, 2, 0, lambda drawn, watch: drawn.values.get("x", 1.0))
    >>> len(trials), trials[0].value
    (2, 1.0)
    """
    distributions = {name: _distribution(dimension) for name, dimension in space.items()}
    with _quiet():
        storage = _opened(where.storage)
        named: dict[str, Any] = {"study_name": where.name, "storage": storage}
        if where.fresh and where.name in optuna.get_all_study_names(storage):
            optuna.delete_study(**named)
        study = optuna.create_study(**named, direction="maximize", load_if_exists=True)
        while True:
            ended = _ended(study)
            if len(ended) >= trials:
                return ended[:trials]
            study.add_trial(_next_trial(ended, space, distributions, seed, evaluate, pruning))
            if len(_ended(study)) == len(ended):
                raise InputError(f"{_without_password(where.storage)}: trials do not come back as they were stored")


def drawn_of(trial: FrozenTrial, space: Space) -> Drawn:
    """Values of a trial; the defaults are the values of none.

    Examples
    --------
    >>> drawn_of(create_trial(value=0.5, user_attrs={NUMBER: 0}), {}) == NOTHING
    True
    """
    return Drawn(space, dict(trial.params)) if trial.user_attrs[NUMBER] else NOTHING


def value_of(trial: FrozenTrial) -> float:
    """Score of a trial that is complete.

    Examples
    --------
    >>> value_of(create_trial(value=0.5))
    0.5
    """
    assert trial.value is not None
    return trial.value


def importances(trials: Sequence[FrozenTrial]) -> dict[str, float]:
    """Share of each dimension in what sets good trials apart, falling; empty where trials are too few or all equal.

    Source: Watanabe, Bansal, Hutter 2023, PED-ANOVA: Efficiently Quantifying Hyperparameter Importance in Arbitrary
    Subspaces, IJCAI.

    Examples
    --------
    >>> importances([create_trial(value=0.5)])
    {}
    """
    complete = [trial for trial in trials if trial.state == TrialState.COMPLETE]
    if len({trial.value for trial in complete}) < 4 or not complete[0].params:
        return {}
    with _quiet():
        study = optuna.create_study(direction="maximize")
        study.add_trials(complete)
        evaluator = optuna.importance.PedAnovaImportanceEvaluator()
        shares = optuna.importance.get_param_importances(study, evaluator=evaluator)
    return {name: float(share) for name, share in shares.items()}


def _next_trial(
    ended: Sequence[FrozenTrial],
    space: Space,
    distributions: dict[str, BaseDistribution],
    seed: int,
    evaluate: Evaluate,
    pruning: bool,
) -> FrozenTrial:
    number = len(ended)
    study = optuna.create_study(
        direction="maximize",
        sampler=optuna.samplers.TPESampler(seed=int(np.random.SeedSequence([seed, number]).generate_state(1)[0])),
        pruner=optuna.pruners.MedianPruner(n_startup_trials=5, n_warmup_steps=FIRST_PRUNED),
    )
    study.add_trials(ended)
    if number == 0:
        study.enqueue_trial({name: dimension.default for name, dimension in space.items()})
    trial = study.ask(distributions)
    trial.set_user_attr(NUMBER, number)

    def watch(step: int, score: float) -> None:
        trial.report(score, step)
        if pruning and number and trial.should_prune():
            raise optuna.TrialPruned

    try:
        study.tell(trial, evaluate(Drawn(space, dict(trial.params)) if number else NOTHING, watch))
    except optuna.TrialPruned:
        study.tell(trial, state=TrialState.PRUNED)
    except Exception as error:  # values that a learner cannot be fitted with are no values to choose
        if number == 0:
            raise
        trial.set_user_attr(REASON, f"{type(error).__name__}: {' '.join(str(error).split())[:200]}")
        study.tell(trial, state=TrialState.FAIL)
    frozen = study.trials[-1]
    return create_trial(
        state=frozen.state,
        value=frozen.value,
        params=frozen.params,
        distributions=frozen.distributions,
        user_attrs=frozen.user_attrs | {CHECKSUM: _checksum(frozen)},
        intermediate_values=frozen.intermediate_values,
    )


def _checksum(trial: FrozenTrial) -> str:
    """Of what later trials go by; numbers are rounded, as databases may round them."""
    values = {"value": trial.value, **{str(step): value for step, value in trial.intermediate_values.items()}}
    numbers = values | {name: value for name, value in trial.params.items() if isinstance(value, float)}
    told = {name: value if name not in numbers else None for name, value in trial.params.items()}
    rounded = {name: None if value is None else f"{value:.9g}" for name, value in numbers.items()}
    content = [trial.user_attrs.get(NUMBER), trial.state.name, told, rounded]
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()[:16]


def _ended(study: optuna.Study) -> list[FrozenTrial]:
    """Trials by number; of two runs that shared a storage and ended the same trial, the first one's counts.

    One that is not as it was stored does not count: it is done again, to the same end.
    """
    by_number: dict[int | None, FrozenTrial] = {}
    for trial in study.get_trials(deepcopy=False):
        if trial.user_attrs.get(CHECKSUM) != _checksum(trial):
            continue
        by_number.setdefault(trial.user_attrs.get(NUMBER), trial)
    ended: list[FrozenTrial] = []
    while len(ended) in by_number:
        ended.append(by_number[len(ended)])
    return ended


def _distribution(dimension: Real | Whole | Choice) -> BaseDistribution:
    if isinstance(dimension, Choice):
        return CategoricalDistribution(list(dimension.options))
    if isinstance(dimension, Real):
        return FloatDistribution(dimension.low, dimension.high, log=dimension.log)
    return IntDistribution(dimension.low, dimension.high, log=True)


def _opened(storage: str) -> RDBStorage | JournalStorage:
    text = str(storage)
    try:
        if "://" in text:
            return RDBStorage(text)
        path = Path(text).expanduser().absolute()
        path.parent.mkdir(parents=True, exist_ok=True)
        _drop_torn_line(path)
        lock = path.with_name(f"{path.name}.lock")
        if lock.is_symlink():
            lock.unlink()  # of an earlier version; one that leads nowhere would be waited for without end
        return JournalStorage(JournalFileBackend(str(path), JournalFileOpenLock(str(path), LOCK_SECONDS)))
    except Exception as error:  # drivers raise whatever they like
        reason = " ".join(str(error).split())[:200]
        raise InputError(
            f"--storage {_without_password(text)}: cannot be used ({type(error).__name__}: {reason}); give a path of "
            "a journal file that can be written, or a database URL such as sqlite:///tuning.db"
        ) from None


def drop_damaged(journal: Path) -> bool:
    """Delete a run's own journal that cannot be read; its trials come out again as they were.

    Returns
    -------
    bool
        Whether there was such a journal.

    Examples
    --------
    >>> drop_damaged(Path("nowhere.journal"))
    False
    """
    if not journal.is_file():
        return False
    try:
        with _quiet():
            optuna.get_all_study_names(_opened(str(journal)))
        return False
    except InputError:
        journal.unlink()
        return True


def _drop_torn_line(path: Path) -> None:
    """Cut what a kill in the middle of writing left at the end of a journal; the next line would be glued to it."""
    if not path.is_file() or path.stat().st_size == 0:
        return
    with open(path, "rb+") as stream:
        stream.seek(-1, os.SEEK_END)
        if stream.read(1) != b"\n":
            stream.seek(0)
            stream.truncate(stream.read().rfind(b"\n") + 1)


def _without_password(url: str) -> str:
    head, separator, rest = url.partition("://")
    return f"{head}{separator}{rest.rpartition('@')[2]}"


@contextmanager
def _quiet() -> Iterator[None]:
    """Optuna tells of every study and trial on stderr; here the run's own progress and tables do."""
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        yield
    finally:
        optuna.logging.set_verbosity(before)
