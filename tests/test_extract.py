"""``python -m avbaselines.extract`` as a person or a script meets it."""

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pandas as pd
import pytest
import soundfile as sf

from avbaselines.extract import main
from avbaselines.extractors import FeatureCache, FeatureTable

RATE = 16000


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("AVBASELINES_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    made = tmp_path / "in"
    made.mkdir()
    for index in range(3):
        sf.write(made / f"c{index}.wav", 0.3 * np.sin(np.arange(RATE // 2) / (5 + index)), RATE)
    return made


def test_a_table_is_made_and_the_status_is_zero(folder, capsys):
    assert main(["egemaps", str(folder), "--out", "t.parquet", "--jobs", "1"]) == 0
    table = FeatureTable.load("t.parquet")
    assert table.clip_id.tolist() == ["c0", "c1", "c2"]
    said = capsys.readouterr()
    assert said.out == "t.parquet: 3 rows of 3 recordings (3 ok), 88 features\n"
    assert said.err == ""


def test_without_out_the_table_is_called_like_the_recipe(folder):
    assert main(["gemaps", str(folder / "c0.wav"), "--jobs", "1"]) == 0
    assert pd.read_parquet("gemaps.parquet")["clip_id"].tolist() == ["c0"]


def test_windows(folder):
    assert main(["egemaps", str(folder), "--window", "0.4", "--hop", "0.2", "--jobs", "1"]) == 0
    assert FeatureTable.load("egemaps.parquet").clip_id.tolist()[:3] == ["c0@0.00", "c0@0.20", "c0@0.40"]


def test_failures_are_told_and_give_status_one(folder, capsys):
    (folder / "bad.wav").write_bytes(b"")
    assert main(["egemaps", str(folder), "--max-failed", "0.5", "--jobs", "1"]) == 1
    said = capsys.readouterr()
    assert said.err == "failed: bad: the file is empty (0 bytes)\n"
    assert "(3 ok, 1 failed)" in said.out
    assert FeatureTable.load("egemaps.parquet").failed.index.tolist() == ["bad"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["egemap", "in"], "did you mean 'egemaps'"),
        (["egemaps", "nowhere"], "nowhere: no such file or folder"),
        (["egemaps"], "give a recipe and recordings"),
        (["egemaps", "in", "--window", "4"], "window and hop come together"),
        (["egemaps", "in", "--out", "t.xls"], "unknown table format"),
        (["egemaps", "in", "--jobs", "0"], "--jobs 0"),
        (["egemaps", "in", "--max-failed", "5"], "--max-failed 5"),
        (["openface", "in"], "no recordings found"),
        (["--prune", "-1"], "--prune -1"),
    ],
)
def test_bad_input_is_one_line_and_status_two(folder, capsys, arguments, told):
    assert main(arguments) == 2
    said = capsys.readouterr()
    assert told in said.err
    assert said.err.startswith("error: ")
    assert said.err.count("\n") <= 2
    assert "Traceback" not in said.err


def test_too_many_failures_give_status_two_and_no_table(folder, capsys):
    (folder / "bad.wav").write_bytes(b"")
    assert main(["egemaps", str(folder), "--jobs", "1"]) == 2
    assert "1 of 4 recordings failed" in capsys.readouterr().err
    assert not os.path.exists("egemaps.parquet")


def test_the_cache_is_reported_and_pruned(folder, capsys):
    main(["egemaps", str(folder), "--jobs", "1"])
    capsys.readouterr()
    assert main(["--cache-size"]) == 0
    assert "3 entries  egemaps" in capsys.readouterr().out
    assert main(["--prune", "0"]) == 0
    assert "removed 3 entries" in capsys.readouterr().out
    assert FeatureCache().usage() == []


def test_no_cache_leaves_none(folder, tmp_path):
    main(["egemaps", str(folder), "--no-cache", "--jobs", "1"])
    assert not (tmp_path / "cache").exists()


def test_recipes_are_listed(capsys):
    assert main(["--list"]) == 0
    listed = capsys.readouterr().out
    assert "egemaps-windows" in listed
    assert "broken" not in listed


def test_debug_shows_where_an_error_came_from(folder, capsys):
    assert main(["egemaps", "nowhere", "--debug"]) == 2
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.slow
def test_an_interrupt_gives_130_and_the_next_call_goes_on(folder, tmp_path):
    for index in range(1000):
        noise = 0.1 * np.random.default_rng(index).standard_normal(RATE)
        sf.write(folder / f"n{index}.wav", noise, RATE)
    command = [sys.executable, "-m", "avbaselines.extract", "egemaps", str(folder), "--jobs", "1"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    # A shell starts what runs in the background deaf to interrupts, and that is inherited; these tests may be run so.
    before = signal.signal(signal.SIGINT, signal.SIG_DFL)
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment)
    signal.signal(signal.SIGINT, before)
    deadline = time.monotonic() + 60
    while len(list((tmp_path / "cache").glob("features/*/*/*.row"))) < 5 and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == 130
    assert "interrupted" in process.stderr.read()
    assert not os.path.exists("egemaps.parquet")
    assert len(list((tmp_path / "cache").glob("features/*/*/*.row"))) >= 5
