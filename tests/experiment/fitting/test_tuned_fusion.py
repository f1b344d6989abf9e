"""Searches of fusions: the method and inputs that score best, from the default on."""

from dataclasses import replace

import numpy as np
import pytest
from small_task import small_task

from avbaselines.corpora.corpus import Target
from avbaselines.estimators.tuned.search_space import Drawn
from avbaselines.experiment.fitting.fusion import fit_fusion
from avbaselines.experiment.fitting.optuna_search import Search
from avbaselines.experiment.fitting.split_task import SplitTask
from avbaselines.experiment.fitting.store import Fitted
from avbaselines.experiment.fitting.tuned import out_of_fold_score
from avbaselines.experiment.fitting.tuned_fusion import as_drawn, fit_searched_fusion, fusion_space
from avbaselines.experiment.planning.system import FusionSystem
from avbaselines.systems import Stage, Tuning


def test_a_searched_fusion_takes_what_scores_best(tmp_path):
    task, _ = small_task()
    y, rng = task.y["arousal"], np.random.default_rng(0)
    told = [*(y + rng.normal(size=(3, 90))), *rng.normal(size=(5, 90))]
    inputs = [Fitted({"arousal": values[:, None]}, {"arousal": np.zeros((1, 1))}) for values in told]
    tuning = Tuning(trials=20, search=["fusion"])
    system = FusionSystem(
        name="late-tuned",
        raw_label="late-tuned-raw",
        fusion=Stage(method="mean"),
        depth=1,
        parts=tuple("abcdefgh"),
        tuning=tuning,
    )
    where = Search("late", str(tmp_path / "j"))
    fitted, _ = fit_searched_fusion(system, task, inputs, [()] * 8, where)
    plain, _ = fit_fusion(replace(system, tuning=None), task, inputs)
    assert fitted.trials[0].value == pytest.approx(out_of_fold_score(plain, task), abs=1e-12)
    best = max(row.value for row in fitted.trials)
    assert out_of_fold_score(fitted, task) == best > fitted.trials[0].value + 0.05
    assert "tuned: trial" in fitted.note


def test_a_drawn_joint_method_reads_the_other_targets_predictions():
    system = FusionSystem(name="late-tuned", fusion=Stage(method="greedy"), depth=1, parts=("a", "b"))
    space = fusion_space("greedy", 2, ["regression", "regression"])
    drawn = as_drawn(system, Drawn(space, {"method": "joint-mean", "best": 2}))
    assert (drawn.method, drawn.fusion.targets, drawn.fusion.best) == ("joint-mean", "all", None)
    rng = np.random.default_rng(0)
    y = rng.normal(size=(2, 90))
    groups, nobody = np.arange(90) // 6, np.array([], int)
    targets = [Target("p", "ccc"), Target("q", "ccc")]
    task = SplitTask(targets, {"p": y[0], "q": y[1]}, groups, nobody, groups % 3, matching=True, seed=0)
    # Each system's prediction of q tells p, and that of p tells nothing: only joint decoding can use it.
    told = [{"p": rng.normal(size=(90, 1)), "q": (y[0] + 0.1 * rng.normal(size=90))[:, None]} for _ in range(2)]
    inputs = [Fitted(oof, {name: values[:0] for name, values in oof.items()}) for oof in told]
    joint, _ = fit_fusion(drawn, task, inputs)
    alone, _ = fit_fusion(system, task, inputs)
    assert np.corrcoef(joint.oof["p"][:, 0], y[0])[0, 1] > 0.5 > np.corrcoef(alone.oof["p"][:, 0], y[0])[0, 1]
