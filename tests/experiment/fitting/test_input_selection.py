"""Choice of a fusion's inputs: per target, on training groups."""

import numpy as np
import pytest

from avbaselines.corpora.corpus import Target
from avbaselines.experiment.fitting.fusion import fit_fusion
from avbaselines.experiment.fitting.input_selection import kept_inputs, selection_note, spread_weights
from avbaselines.experiment.fitting.split_task import SplitTask
from avbaselines.experiment.fitting.store import Fitted
from avbaselines.experiment.planning.system import FusionSystem
from avbaselines.systems import FUSION_METHODS, Stage

N = 90
GROUPS = np.repeat(np.arange(9), 10)


def task(targets, y):
    return SplitTask(targets, y, GROUPS, np.arange(0), GROUPS % 3, matching=True, seed=0)


def parts(qualities, classes=0, seed=0, y=None):
    """Inputs as good as asked, by target; their test predictions say the opposite of what is known of them."""
    rng = np.random.default_rng(seed)
    inputs = []
    for number in range(len(next(iter(qualities.values())))):
        item = Fitted()
        for name, shares in qualities.items():
            share = shares[number]
            noise = rng.normal(size=N)
            if name in ("mood",):
                values = np.eye(classes)[y[name].astype(int)] * share + rng.random((N, classes)) * (1 - share)
                item.oof[name] = values / values.sum(axis=1, keepdims=True)
            else:
                item.oof[name] = (share * y[name] + (1 - share) * noise)[:, None]
            item.test[name] = item.oof[name][:20] if share < 0.5 else np.zeros((20, item.oof[name].shape[1]))
        inputs.append(item)
    return inputs


@pytest.fixture
def setting():
    rng = np.random.default_rng(3)
    y = {"a": rng.normal(size=N), "b": rng.normal(size=N), "mood": rng.integers(0, 3, N).astype(float)}
    targets = [Target("a", "ccc"), Target("b", "rmse"), Target("mood", "uar", ("x", "y", "z"))]
    qualities = {"a": [0.1, 0.9, 0.8, 0.2], "b": [0.9, 0.1, 0.2, 0.8], "mood": [0.2, 0.7, 0.1, 0.8]}
    return task(targets, y), parts(qualities, 3, y=y)


def fusion(method="mean", **settings):
    stage = Stage(method=method, **settings)
    return FusionSystem(name="late", raw_label="late-raw", fusion=stage, depth=1, parts=("p", "q", "r", "s"))


def test_each_target_has_its_own_best_inputs(setting):
    job, inputs = setting
    assert kept_inputs(fusion(best=2), job, inputs) == {"a": [1, 2], "b": [0, 3], "mood": [1, 3]}
    assert [kept_inputs(fusion(best=1), job, inputs)[name] for name in ("a", "b")] == [[1], [0]]
    everything = [0, 1, 2, 3]
    assert kept_inputs(fusion(best=4), job, inputs) == {name: everything for name in ("a", "b", "mood")}
    assert kept_inputs(fusion(), job, inputs) == {name: everything for name in ("a", "b", "mood")}
    # Fused from all targets' predictions there is one choice, by mean rank.
    known = {"a": [0.1, 0.9, 0.5, 0.8], "b": [0.9, 0.5, 0.1, 0.8], "mood": [0.1, 0.8, 0.1, 0.8]}
    shared = kept_inputs(fusion("ridge", best=2, targets="all"), job, parts(known, 3, y=job.y))
    assert shared == {name: [1, 3] for name in ("a", "b", "mood")}


def test_an_input_that_lacks_most_clips_is_not_judged_by_the_few_it_has(setting):
    job, inputs = setting
    inputs[0].oof["a"] = np.where(np.arange(N)[:, None] < 8, job.y["a"][:, None], np.nan)
    inputs[3].oof["a"] = np.full((N, 1), np.nan)
    assert kept_inputs(fusion(best=2), job, inputs)["a"] == [1, 2]


def test_words_and_weights():
    assert selection_note({"a": ["x", "y"], "b": ["x", "y"]}, 5) == "fuses the best of 5: x, y"
    assert spread_weights({"a": [0.25, 0.75]}, {"a": [0, 2]}, 3) == {"a": [0.25, 0.0, 0.75]}


@pytest.mark.parametrize(
    "method", [name for name in FUSION_METHODS if name not in ("rbf-svr", "lightgbm", "linear-svr-dual")]
)
def test_every_method_fuses_the_best_alone(setting, method):
    job, inputs = setting
    fitted, _ = fit_fusion(fusion(method, best=2), job, inputs)
    assert fitted.selected == {"a": ["q", "r"], "b": ["p", "s"], "mood": ["q", "s"]}
    left_out = [
        Fitted({k: v * 1e3 for k, v in inputs[0].oof.items()}, inputs[0].test) if number == 0 else item
        for number, item in enumerate(inputs)
    ]
    left_out[0].oof["b"], left_out[0].oof["mood"] = inputs[0].oof["b"], inputs[0].oof["mood"]
    again, _ = fit_fusion(fusion(method, best=2), job, left_out)
    np.testing.assert_array_equal(again.test["a"], fitted.test["a"])
    for weights in fitted.weights.values():
        assert len(weights) in (4, 2)
    if method in ("mean", "greedy", "ridge", "non-negative"):
        assert np.shape(fitted.weights["a"])[0] == 4 and fitted.weights["a"][0] == fitted.weights["a"][3] == 0
    assert "fuses the best of 4: a: q, r; b: p, s; mood: q, s" in fitted.note
