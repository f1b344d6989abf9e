"""The page on verdicts: its code and its commands, word for word."""

import re
import runpy
import shlex
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from small_study import people, write_study

from avbaselines.run import main
from avbaselines.study import load_study

PAGE = (Path(__file__).resolve().parents[1] / "docs" / "verdicts.md").read_text("utf-8")


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, flags=re.MULTILINE | re.DOTALL)


def test_the_recipe_ends_in_a_verdict_on_one_s_own_model(tmp_path, monkeypatch, capsys):
    rng, clips = np.random.default_rng(0), people(9, 10)
    arousal = rng.normal(size=len(clips))
    audio = pd.DataFrame(arousal[:, None] + rng.normal(size=(len(clips), 3)), clips["clip_id"], ["a", "b", "c"])
    write_study(tmp_path, clips.assign(arousal=arousal), {"audio.csv": audio}, targets={"arousal": {"metric": "ccc"}},
                systems={"fusion": ["mean"]})  # fmt: skip
    [code], [commands] = blocks("python"), blocks("sh")
    (tmp_path / "my_model.py").write_text(code, "utf-8")
    monkeypatch.chdir(tmp_path)
    for command in commands.splitlines():
        match shlex.split(command):
            case ["python", "-m", "avbaselines.run", *words]:
                assert main(words) == 0
            case ["python", script]:
                runpy.run_path(script)
            case _:
                pytest.fail(command)
    printed = capsys.readouterr().out
    assert re.search(r"^forest: best of ours \(.*\) minus it .*\(Holm\): [a-z ]+;", printed, re.MULTILINE)
    assert "over 3 seeds (deviation" in (tmp_path / "run" / "leaderboard.md").read_text("utf-8")
    tests = pd.read_csv(tmp_path / "run" / "comparisons.csv")
    asked = tests[tests["question"] == "forest against ours"]
    assert len(asked) and set(asked["margin"]) == {0.05}
    flips = pd.read_csv(tmp_path / "run" / "flips.csv")
    assert set(flips["clip_id"]) == set(clips["clip_id"]) and set(flips["better"]) <= {"theirs", "ours", "neither"}


def test_the_keys_that_the_page_shows_are_keys_of_a_study(tmp_path):
    audio = pd.DataFrame({"a": [0.0]}, index=["c0"])
    study = write_study(tmp_path, people(1, 1), {"audio": audio}, targets={"arousal": {"metric": "ccc"}})
    text = study.path.read_text("utf-8")
    margin, resample, reported = blocks("toml")
    study.path.write_text(f"{text}\n{margin}\n{reported}", "utf-8")
    loaded = study.load()
    assert loaded.comparison.margin == 0.03 and loaded.reported[0].aggregate == "mean"
    assert dict(line.split(" = ") for line in resample.split("\n")[1:-1]) == {
        "group": '"session"', "resample": '"speaker"',
    }  # fmt: skip
    assert load_study(study.path, ["corpus.group=session", "corpus.resample=speaker"]).corpus.resample == "speaker"
