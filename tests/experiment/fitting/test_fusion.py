"""Late fusions in one split: by which kind of model, from which columns, and with what hidden."""

from dataclasses import replace

import numpy as np
import pytest

from avbaselines.corpora.corpus import Target
from avbaselines.experiment.fitting.clip_context import Frames
from avbaselines.experiment.fitting.fitted_system import FittedFusion
from avbaselines.experiment.fitting.fusion import fit_fusion, kind_of, needs_of
from avbaselines.experiment.fitting.predictions import bounded
from avbaselines.experiment.fitting.split_task import SplitTask
from avbaselines.experiment.fitting.store import Fitted
from avbaselines.experiment.planning.system import FusionSystem
from avbaselines.systems import Stage

N, GROUPS = 90, np.arange(90) // 6
AROUSAL, VALENCE, MOOD = Target("a", "ccc"), Target("v", "ccc"), Target("mood", "uar", ("x", "y", "z"))


def fusion(method="mean", **options):
    stage = Stage(method=method, **options)
    return FusionSystem(name="late", raw_label="late-raw", fusion=stage, depth=1, parts=("p", "q"))


@pytest.fixture
def job():
    """Two inputs that know something of three targets, and four evaluated clips."""
    rng = np.random.default_rng(0)
    y = {"a": rng.normal(size=N), "v": rng.normal(size=N), "mood": rng.integers(0, 3, N).astype(float)}
    task = SplitTask([AROUSAL, VALENCE, MOOD], y, GROUPS, np.arange(4), GROUPS % 3, matching=True, seed=0)
    inputs = []
    for _ in range(2):
        posteriors = np.eye(3)[y["mood"].astype(int)] + rng.random((N, 3))
        oof = {name: (y[name] + rng.normal(size=N))[:, None] for name in "av"}
        oof["mood"] = posteriors / posteriors.sum(axis=1, keepdims=True)
        inputs.append(Fitted(oof, {name: values[:4] for name, values in oof.items()}))
    return task, inputs


@pytest.mark.parametrize(
    ("system", "of_value", "of_class"),
    [
        (fusion("mean"), "average", "average"),
        (fusion("ridge"), "average", "average"),
        (fusion("ridge", targets="all"), "meta", "learner"),
        (fusion("non-negative"), "meta", "average"),
        (fusion("rbf-svr"), "learner", "learner"),
        (fusion("mean", targets="all"), "joint", "joint"),
        (fusion("greedy", missing="best"), "missing", "missing"),
    ],
)
def test_targets_are_fused_by_the_kind_that_the_stage_asks_for(job, system, of_value, of_class):
    assert (kind_of(system, AROUSAL), kind_of(system, MOOD)) == (of_value, of_class)
    task, inputs = job
    task = replace(task, sources={"p": ("p",), "q": ("q",)}, present={name: np.ones(N, bool) for name in "pq"},
                   test_present={name: np.ones(4, bool) for name in "pq"})  # fmt: skip
    fitted, models = fit_fusion(system, task, inputs, [("p",), ("q",)])
    assert set(models) == set(fitted.oof) == {"a", "v", "mood"} and fitted.test["mood"].shape == (4, 3)
    assert np.corrcoef(fitted.oof["a"][:, 0], task.y["a"])[0, 1] > 0.5
    assert (fitted.oof["mood"].argmax(axis=1) == task.y["mood"]).mean() > 0.6
    assert (models["a"] is models["v"]) == (of_value == "meta" and system.fusion.targets == "all")


def test_the_plain_mean_is_a_mean(job):
    task, inputs = job
    fitted, _ = fit_fusion(fusion(), task, inputs)
    mean = {"a": (inputs[0].test["a"] + inputs[1].test["a"]) / 2}
    np.testing.assert_allclose(fitted.test["a"], bounded(mean, task.bounds)["a"])
    assert fitted.weights["a"] == [0.5, 0.5] and not fitted.selected


def test_an_input_that_is_missing_leaves_its_weight_to_the_other(job):
    task, inputs = job
    inputs[0].test["a"][0] = np.nan
    inputs[0].oof["v"][:] = np.nan
    fitted, _ = fit_fusion(fusion(), task, inputs)
    assert fitted.test["a"][0, 0] == pytest.approx(inputs[1].test["a"][0, 0])
    np.testing.assert_allclose(fitted.oof["v"], task.bounded_oof(inputs[1].oof)["v"])


def test_classes_that_were_never_seen_are_not_weighed(job):
    task, inputs = job
    seen = replace(task, y=task.y | {"mood": np.where(task.y["mood"] == 2, np.nan, task.y["mood"])})
    fitted, _ = fit_fusion(fusion("greedy"), seen, inputs)
    assert (fitted.test["mood"][:, 2] == 0).all() and np.isnan(fitted.oof["mood"][task.y["mood"] == 2]).all()


def test_masks_hide_an_outside_system_whole(job):
    task, inputs = job
    masked = replace(task, masks={"q": ("p",)}, test_present={"p": np.ones(4, bool), "q": np.ones(4, bool)})
    fitted, models = fit_fusion(fusion(), masked, inputs, [("p",), ("q",)])
    np.testing.assert_allclose(fitted.masked["q"]["a"], bounded(inputs[1].test, task.bounds)["a"])
    whole = FittedFusion(task.targets, models, bounds=task.bounds)
    np.testing.assert_array_equal(whole.predict([item.test for item in inputs])["a"], fitted.test["a"])


def test_surroundings_in_time_are_read(job):
    task, inputs = job
    frames = Frames(GROUPS, np.tile(np.arange(6) * 0.5, 15))
    timed = replace(task, frames=frames, test_frames=Frames(np.zeros(4), np.arange(4) * 0.5))
    fitted, _ = fit_fusion(fusion("ridge", context=[0, 1]), timed, inputs)
    assert not np.isnan(fitted.test["a"]).any() and len(fitted.weights["a"]) == 2


def test_resubstitution_gives_fitted_values(job):
    task, inputs = job
    for method in ("mean", "non-negative"):
        fitted, _ = fit_fusion(fusion(method), replace(task, resubstitution=True), inputs)
        np.testing.assert_allclose(fitted.oof["a"][:4], fitted.test["a"], atol=1e-6)


def test_the_best_alone_are_fused_and_named(job):
    task, inputs = job
    worst = Fitted({name: values[::-1] for name, values in inputs[0].oof.items()}, inputs[0].test)
    system = replace(fusion(best=2), parts=("p", "q", "r"))
    fitted, _ = fit_fusion(system, task, [worst, *inputs])
    assert fitted.selected == dict.fromkeys(["a", "v", "mood"], ["q", "r"]) and fitted.weights["a"] == [0, 0.5, 0.5]
    assert "fuses the best of 3: q, r" in fitted.note


def test_what_clips_often_lack_is_no_need(job):
    present = {"p": np.arange(N) >= 10, "q": np.arange(N) >= 8}
    assert needs_of([("p", "q"), ("p",)], replace(job[0], present=present)) == [("q",), ()]
