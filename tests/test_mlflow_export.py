"""Finished runs in MLflow: names and figures always, a store of its own where MLflow is installed."""

import math
import sys

import pytest
from run_folders import picked, row, write_run

import avbaselines
from avbaselines.errors import InputError
from avbaselines.finished_run import read_run
from avbaselines.mlflow_export import metrics_of

ROWS = [
    picked("late+all", 0.5),
    row("late+all", 0.4, split="0", target="arousal"),
    row("svr", "", status="failed"),
    row("LSTM (paper)", 0.6, kind="reported"),
    picked("late", 0.9, protocol="paper"),
]


def test_figures_over_all_splits_are_metrics(tmp_path):
    metrics = metrics_of(read_run(write_run(tmp_path / "mine", ROWS)))
    assert metrics == {
        "honest/late_all/mean/ccc": 0.5,
        "picked/mean/ccc": 0.5,
        "picked/mean/ccc/ci_low": 0.4,
        "picked/mean/ccc/ci_high": 0.6,
        "honest/LSTM _paper_/mean/ccc": 0.6,
        "paper/late/mean/ccc": 0.9,
    }
    assert not any(math.isnan(value) for value in metrics.values())


def test_without_mlflow_it_says_what_to_install(tmp_path, monkeypatch):
    folder = write_run(tmp_path / "mine", ROWS)
    monkeypatch.setitem(sys.modules, "mlflow", None)
    with pytest.raises(InputError, match=r"pip install 'avbaselines\[mlflow\]'"):
        avbaselines.to_mlflow(folder)


def test_a_run_is_written_whole(tmp_path):
    mlflow = pytest.importorskip("mlflow", reason="MLflow is not installed: pip install 'avbaselines[mlflow]'")
    folder = write_run(tmp_path / "mine", ROWS)
    for name in ("models/late/model.skops", "work/fit.npz"):
        (folder / name).parent.mkdir(parents=True)
        (folder / name).write_text("x")
    uri = f"sqlite:///{tmp_path / 'store.db'}"
    client = mlflow.MlflowClient(tracking_uri=uri)
    client.create_experiment("mine", artifact_location=(tmp_path / "artifacts").as_uri())
    run_id = avbaselines.to_mlflow(folder, experiment="mine", tracking_uri=uri)
    entry = client.get_run(run_id)
    assert entry.data.metrics["picked/mean/ccc"] == 0.5 and entry.info.status == "FINISHED"
    assert entry.data.params["title"] == "A study" and entry.data.params["targets.arousal.metric"] == "ccc"
    assert {item.path for item in client.list_artifacts(run_id)} == {
        "results.csv", "study.toml", "provenance.json", "report.html",
    }  # fmt: skip
    again = avbaselines.to_mlflow(folder, experiment="mine", tracking_uri=uri, models=True)
    assert "models" in {item.path for item in client.list_artifacts(again)}
