"""Trials of a run as tables."""

import json
from dataclasses import replace
from types import SimpleNamespace

from avbaselines.corpora.corpus import SplitId
from avbaselines.experiment.fitting.store import Trial
from avbaselines.experiment.planning.system import BaseSystem, FusionSystem
from avbaselines.experiment.trial_tables import COLUMNS, trial_tables
from avbaselines.systems import Stage, Tuning

TRIAL = Trial(0, 0.5, "complete", {"cost": 2.0})
SYSTEMS = [
    BaseSystem(name="ridge", learner="ridge"),
    BaseSystem(name="ridge-tuned", learner="ridge", tuning=Tuning(trials=2)),
    FusionSystem(name="late-tuned", fusion=Stage(method="greedy"), depth=1, parts=("ridge",), tuning=Tuning(trials=2)),
]


def tables(protocol, keys):
    pruned = replace(TRIAL, number=1, value=None, state="pruned")
    fit = SimpleNamespace(trials=[TRIAL, pruned], importance={"cost": 1.0})
    run = SimpleNamespace(protocol=protocol, systems=SYSTEMS)
    fitted = SimpleNamespace(keys=dict.fromkeys(keys, "key"), store=SimpleNamespace(load=lambda key: fit))
    return trial_tables([run], [fitted])


def test_every_trial_of_tuned_systems_is_a_row():
    trials, importance = tables("honest", [(SplitId("0"), "ridge-tuned"), (SplitId("0", 2), "late-tuned")])
    assert list(trials.columns) == COLUMNS and len(trials) == 4
    assert trials["system"].tolist() == ["ridge-tuned"] * 2 + ["late-tuned"] * 2
    assert trials["split"].tolist() == ["0", "0", "0~2", "0~2"] and set(trials["protocol"]) == {"honest"}
    assert json.loads(trials["params"][0]) == {"cost": 2.0} and trials["value"].isna().tolist() == [False, True] * 2
    assert importance.to_dict("records")[0] == {
        "protocol": "honest", "split": "0", "system": "ridge-tuned", "parameter": "cost", "importance": 1.0,
    }  # fmt: skip


def test_what_was_not_tuned_has_none():
    trials, importance = tables("honest", [(SplitId("0"), "ridge")])
    assert trials.empty and importance.empty and list(trials.columns) == COLUMNS
