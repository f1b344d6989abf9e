"""Trials of all searches as tables."""

import json
from types import SimpleNamespace

import pytest

from avbaselines.corpora.corpus import SplitId
from avbaselines.experiment.planning.system import BaseSystem, FusionSystem
from avbaselines.experiment.trial_tables import COLUMNS, trial_tables
from avbaselines.systems import Stage, Tuning


@pytest.fixture
def tables():
    systems = [
        BaseSystem(name="plain", learner="ridge"),
        BaseSystem(name="tuned", learner="ridge", tuning=Tuning(trials=2)),
        FusionSystem(name="late", fusion=Stage(method="ridge"), depth=1, parts=("plain", "tuned")),
    ]
    trial = {"trial": 0, "value": 0.5, "state": "complete", "params": {"alpha": 2.0}, "reason": ""}
    fitted = SimpleNamespace(trials=[trial], importance={"alpha": 1.0})
    keys = {(SplitId("0"), "tuned"): "k", (SplitId("0", 2), "tuned"): "k", (SplitId("0"), "plain"): "k",
            (SplitId("0"), "late"): "k"}  # fmt: skip
    fitted_run = SimpleNamespace(keys=keys, store=SimpleNamespace(load=lambda key: fitted))
    return trial_tables([SimpleNamespace(systems=systems, protocol="honest")], [fitted_run])


def test_only_searches_have_trials_inner_folds_included(tables):
    trials, importance = tables
    assert list(trials) == COLUMNS and set(trials["system"]) == {"tuned"}
    assert trials["split"].tolist() == ["0", "0~2"] and json.loads(trials["params"][0]) == {"alpha": 2.0}
    assert importance[["parameter", "importance"]].to_numpy().tolist() == [["alpha", 1.0]] * 2
