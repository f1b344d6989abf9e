"""Finished fits: where a system's predictions in a split come from, and how deep stacks are."""

from dataclasses import replace

import numpy as np
import pytest

from avbaselines.corpora.corpus import ImportedPrediction, Split, SplitId, Target
from avbaselines.experiment.fitting.fitted_run import FittedRun, part_of_deep_stacks, stack_depths
from avbaselines.experiment.fitting.oof import Direct, Imported, Nested, Part
from avbaselines.experiment.fitting.split_task import SplitTask
from avbaselines.experiment.fitting.store import Fitted, Store
from avbaselines.experiment.planning.system import BaseSystem, ExternalSystem, FusionSystem
from avbaselines.systems import Stage, Tuning

NOBODY = np.array([], int)
X, INNER = SplitId("x"), SplitId("x", 1)
BASE = [BaseSystem(name=name, learner="ridge", raw_label=f"{name}-raw") for name in "ab"]
DEEP = ExternalSystem(name="deep", source="wav2vec")


def late(name, parts, method="ridge", **options):
    tuning = options.pop("tuning", None)
    return FusionSystem(name=name, fusion=Stage(method=method, **options), depth=1, parts=tuple(parts), tuning=tuning)


TOP = late("top", ["learnt", "a"])
SYSTEMS = [*BASE, late("mean", "ab", "mean"), late("learnt", "ab"), TOP]


@pytest.fixture
def run(tmp_path):
    y, groups = np.arange(12.0), np.arange(12) // 2
    task = SplitTask([Target("arousal", "ccc")], {"arousal": y}, groups, NOBODY, groups % 2, matching=True, seed=0)
    whole = Split("x", np.arange(12), NOBODY, np.arange(2))
    inner = Split("x", np.flatnonzero(groups % 2 == 0), NOBODY, np.flatnonzero(groups % 2), fold=1)
    outside = ImportedPrediction("wav2vec", {"arousal": y[:, None]})
    return FittedRun(
        Store(tmp_path), X, {X: whole, INNER: inner}, {X: task}, {"wav2vec": outside}, {"wav2vec": "content"},
        stack_depths([DEEP, *SYSTEMS]), keys={(place, name): f"{name}-{place.fold}" for place in (X, INNER)
                                              for name in ("a", "b", "mean", "learnt", "top")},
    )  # fmt: skip


def test_depths_count_what_is_learnt():
    assert stack_depths(SYSTEMS) == {"a": 0, "b": 0, "mean": 0, "learnt": 1, "top": 2}
    choosing = [late("best", "ab", "mean", best=1), late("searched", "ab", tuning=Tuning(trials=2))]
    assert [stack_depths([*BASE, system])[system.name] for system in choosing] == [2, 2]


def test_deep_stacks_take_in_what_they_learn_from():
    assert [system.name for system in part_of_deep_stacks(SYSTEMS, stack_depths(SYSTEMS))] == ["learnt", "top"]
    assert part_of_deep_stacks(SYSTEMS[:-1], stack_depths(SYSTEMS)) == []


def test_predictions_come_from_where_they_are_honest(run):
    assert isinstance(run.source(X, DEEP), Imported) and run.source(X, DEEP).identity() == "content"
    assert run.source(X, BASE[0]) == Direct("a-None") and run.source(X, SYSTEMS[3]) == Direct("learnt-None")
    part = run.source(INNER, BASE[0])
    assert isinstance(part, Part) and part.test.tolist() == [2, 3, 6, 7, 10, 11] and len(part.train) == 6
    assert run.source(INNER, SYSTEMS[3]) == Direct("learnt-1")
    nested = run.source(X, TOP)
    assert isinstance(nested, Nested) and not nested.rescaled and nested.folds[0][0] == Direct("top-1")
    assert run.source(X, late("top", "ab", tuning=Tuning(trials=2))).rescaled
    del run.splits[INNER]
    assert run.source(X, TOP) == Direct("top-None")


def test_what_is_there_and_what_failed(run):
    assert run.has(X, DEEP) and run.has(X, TOP) and not run.has(SplitId("y"), TOP)
    run.failures[X, "a"] = "broken"
    assert run.failed_splits(BASE[0]) == {X: "broken"} and run.failed_splits(TOP) == {}


def test_predictions_are_scored_as_they_are_matched(run):
    y = np.arange(12.0)[:, None]
    run.store.save("a-None", Fitted({"arousal": y / 2}, {"arousal": y[:2] / 2}))
    assert run.load(X, BASE[0]).test["arousal"].tolist() == [[0.0], [0.5]]
    np.testing.assert_allclose(run.finished(X, BASE[0]).test["arousal"], y[:2], atol=1e-6)


def test_predictions_are_known_again_by_what_the_fits_hold_and_all_that_they_are_finished_by(run):
    """Without reading one; a fit that was done again with another outcome is another."""

    def identity(tasks=None, system=BASE[0], content="content"):
        again = replace(run, tasks=tasks or run.tasks, contents={"wav2vec": content})
        return again.identity(X, system)

    run.store.save("a-None", Fitted(test={"arousal": np.zeros((2, 1))}))
    before, task = identity(), run.tasks[X]
    assert identity() == before and run.identity(X, BASE[0]) == before
    for changed in (
        replace(task, strength=0.5), replace(task, matching=False), replace(task, y={"arousal": task.y["arousal"] + 1}),
        replace(task, folds=1 - task.folds), replace(task, targets=[replace(task.targets[0], range=(1, 5))]),
    ):  # fmt: skip
        assert identity({X: changed}) != before
    run.store.save("a-None", Fitted(test={"arousal": np.ones((2, 1))}))
    assert identity() != before
    assert identity(system=DEEP) != identity(system=DEEP, content="another")
