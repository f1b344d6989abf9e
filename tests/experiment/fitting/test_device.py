"""A GPU that is asked for and not there: the run goes on without it and says why."""

import json

import pytest
import xgboost
from small_study import small_release

from avbaselines.experiment.fitting import device as device_module
from avbaselines.experiment.fitting.device import usable_device, why_no_gpu
from avbaselines.experiment.planning.system import BaseSystem
from avbaselines.run import main

XGBOOST = [BaseSystem(name="xgboost-audio", learner="xgboost")]


def test_a_device_is_checked_only_where_something_can_use_it():
    assert usable_device("cpu", XGBOOST) == ("cpu", "")
    used, why = usable_device("cuda", [BaseSystem(name="ridge-audio", learner="ridge")], lambda: [""])
    assert used == "cpu" and "no system here" in why
    assert usable_device("cuda", XGBOOST, lambda: ["", ""]) == ("cuda", "")
    assert usable_device("cuda", XGBOOST, lambda: ["", "the driver sees no GPU"]) == ("cpu", "the driver sees no GPU")


@pytest.mark.parametrize(
    ("built", "gpus", "words"),
    [(False, 1, "without CUDA"), (True, None, "driver is not installed"), (True, 0, "sees no GPU"), (True, 2, "")],
)
def test_the_reason_is_the_first_that_stands_in_the_way(monkeypatch, built, gpus, words):
    monkeypatch.setattr(xgboost, "build_info", lambda: {"USE_CUDA": built})
    monkeypatch.setattr(device_module, "_gpus", lambda: gpus)
    assert words in why_no_gpu() and bool(why_no_gpu()) == bool(words)


def test_a_run_without_gpu_goes_on_and_says_so(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(device_module, "_gpus", lambda: None)
    folder, made = tmp_path, small_release(tmp_path, speakers=6, clips=6)
    study = [str(made.path), "--jobs", "1", "--set", "systems.learners=['xgboost']"]
    study += ["systems.transductive=[]", "systems.fusion=[]", "systems.early='none'", "modalities={audio='audio.npz'}"]
    assert main([*study, "--out", str(folder / "gpu"), "--device", "cuda"]) == 0
    assert "--device cuda: running on cpu; " in " ".join(capsys.readouterr().err.split())
    provenance = json.loads((folder / "gpu" / "provenance.json").read_text())
    assert provenance["device"] == "cpu" and provenance["device_note"]
    assert main([*study, "--out", str(folder / "gpu")]) == 0
    assert "nothing computed anew" in capsys.readouterr().err
