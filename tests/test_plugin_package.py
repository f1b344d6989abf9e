"""The template of a package with a learner and a reader: installed, and used in a study without a change here."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

TEMPLATE = Path(__file__).resolve().parents[1] / "examples" / "plugin"


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """An environment in which the template is installed beside avbaselines."""
    folder = tmp_path_factory.mktemp("plugin")
    shutil.copytree(TEMPLATE, folder / "plugin", ignore=shutil.ignore_patterns("build", "*.egg-info", "__pycache__"))
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    target = ["--target", str(folder / "site"), str(folder / "plugin")]
    done = subprocess.run([*pip, *target], capture_output=True, text=True)
    if "bdist_wheel" in done.stderr:
        pytest.skip("this setuptools builds no wheels; setuptools 70.1 or newer does")
    assert done.returncode == 0, done.stderr
    return os.environ | {"PYTHONPATH": str(folder / "site")}, folder


def command(installed, *words):
    environment, folder = installed
    done = subprocess.run(
        [sys.executable, "-m", "avbaselines", *words], env=environment, cwd=folder, capture_output=True, text=True
    )
    return done.returncode, done.stdout, done.stderr


def test_learner_and_reader_are_used_and_shipped(installed):
    _, folder = installed
    study, release = str(folder / "plugin" / "study.toml"), str(folder / "plugin" / "release")
    status, _, said = command(installed, "run", study, "--data", release, "--out", "run", "--jobs", "1")
    assert status == 0, said
    results = pd.read_csv(folder / "run" / "results.csv")
    scores = results[(results["split"] == "all") & (results["metric"] == "ccc")].groupby("system")["value"].first()
    assert scores["kernel-mean-audio"] > 0.4 and scores["late-matched-mean"] > 0.4
    assert not results["note"].astype(str).str.contains("cannot be loaded").any()
    clips = pd.read_csv(folder / "plugin" / "release" / "features.csv").head(4)
    clips.to_csv(folder / "new.csv", index=False)
    words = ("predict", "run", "--modality", "audio=new.csv", "--system", "kernel-mean-audio", "--out", "predicted.csv")
    status, _, said = command(installed, *words)
    assert status == 0, said
    assert len(pd.read_csv(folder / "predicted.csv")) == 4


def test_without_the_package_its_names_are_unknown(installed):
    environment, folder = installed
    bare = (environment | {"PYTHONPATH": ""}, folder)
    status, _, said = command(bare, "run", str(folder / "plugin" / "study.toml"), "--dry-run")
    assert status == 2 and "no reader 'raters'" in said
